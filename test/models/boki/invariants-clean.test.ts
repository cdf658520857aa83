/**
 * No false alarms: the protocol as designed breaks no invariant, whatever the cluster, the timing and the operations; nor
 * does a change of it that keeps its promises. And looking changes nothing.
 */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Mutation } from "../../../models/boki/mutations.ts";
import { MILLISECOND } from "../../../sim/units.ts";
import { generatedSetup } from "./arbitrary.ts";
import { type Run, run } from "./deployment.ts";
import { SCENARIOS, type ScenarioName, scenario } from "./scenarios.ts";

const NAMES = Object.keys(SCENARIOS) as ScenarioName[];

function messages({ invariants }: Run): string[] {
  return invariants.violations.map(({ invariant, message }) => `${invariant}: ${message}`);
}

describe("the protocol as designed breaks no invariant", () => {
  test.each(NAMES)("%s", (name) => {
    for (let seed = 1; seed <= 5; seed++) expect(messages(run(scenario(name, { seed })))).toEqual([]);
  });

  test.each(["everything at random, without pauses", "two physical logs", "aux data"] as const)(
    "%s, in checked mode",
    (name) => {
      const setup = scenario(name, { mode: "checked", nanos: 4 * MILLISECOND });
      expect(messages(run(setup))).toEqual([]);
    },
  );
});

describe("a change that keeps the promises breaks no invariant", () => {
  const changes = [Mutation.acknowledgesTwice, Mutation.propagatesToAll, Mutation.oneReplicaAnnounces];
  test.each(changes)("change %i", (mutation) => {
    for (const name of NAMES) {
      const { abort, ...rest } = run(scenario(name, { mutation }));
      expect([abort, ...messages({ abort, ...rest })]).toEqual([undefined]);
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

test("no generated deployment breaks an invariant", () => {
  fc.assert(
    fc.property(generatedSetup, (setup) => {
      expect(messages(run(setup))).toEqual([]);
    }),
    { numRuns: 150, seed: 1 },
  );
});
