/** No false alarms where views end: the scenarios of view-scenarios.ts without a bug, and with changes that keep the promises. */

import { describe, expect, test } from "vitest";
import { Mutation } from "../../../models/boki/mutations.ts";
import { ALLOWED } from "../../../scenarios/campaign/bugs.ts";
import { type Run, run } from "./deployment.ts";
import { type ScenarioName, scenario } from "./scenarios.ts";
import { VIEW_SCENARIOS } from "./view-scenarios.ts";

const NAMES = Object.keys(VIEW_SCENARIOS) as ScenarioName[];

function messages({ invariants }: Run): string[] {
  return invariants.violations.map(({ invariant, message }) => `${invariant}: ${message}`);
}

describe("the protocol as designed breaks no invariant", () => {
  test.each(NAMES)("%s", (name) => {
    for (let seed = 1; seed <= 3; seed++) expect(messages(run(scenario(name, { seed })))).toEqual([]);
  });
});

describe("a change that keeps the promises breaks no invariant", () => {
  test.each(ALLOWED)("%s", (change) => {
    for (const name of NAMES) {
      const { abort, ...rest } = run(scenario(name, { mutation: Mutation[change] }));
      expect([name, abort, ...messages({ abort, ...rest })]).toEqual([name, undefined]);
    }
  });
});

describe("observing changes nothing", () => {
  test.each(NAMES)("%s", (name) => {
    const [observed, unobserved] = [true, false].map((check) => run(scenario(name, { check })).deployment);
    expect(observed!.simulation.digest.toString()).toBe(unobserved!.simulation.digest.toString());
    expect(observed!.simulation.recorder.history).toEqual(unobserved!.simulation.recorder.history);
  });
});
