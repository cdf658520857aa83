/**
 * A slice of what `npm run mutations` does at length: the campaign finds bugs that are switched on, raises no alarm at the protocol
 * as designed nor at changes that keep its promises, and reaches every situation it has a mark for.
 */

import { describe, expect, test } from "vitest";
import { Mutation, type MutationName } from "../../../models/boki/mutations.ts";
import { runBatch } from "../../../scenarios/campaign/batch.ts";
import { ALLOWED, EXPECTED_OF_MUTATION } from "../../../scenarios/campaign/bugs.ts";
import { describeFailure } from "../../../scenarios/campaign/explain.ts";
import { hunt } from "../../../scenarios/campaign/hunt.ts";
import { MARKS } from "../../../scenarios/campaign/marks.ts";

const DESIGNED = { seed: 1, mutation: 0, defects: [] } as const;
const RUNS = 500;

describe("the protocol as designed", () => {
  const { failed, marks } = runBatch(DESIGNED, 0, RUNS);

  test("breaks nothing in a short campaign", () => {
    expect(failed.map(({ run, first }) => `run ${run}: ${describeFailure(first)}`)).toEqual([]);
  });

  test("reaches every situation that there is a mark for", () => {
    expect(Object.keys(MARKS).filter((name) => !Object.hasOwn(marks, name))).toEqual([]);
  });
});

describe("a change that keeps every promise raises no alarm", () => {
  test.each(ALLOWED)("%s", (name) => {
    const { failed } = runBatch({ ...DESIGNED, mutation: Mutation[name] }, 0, 60);
    expect(failed.map(({ run, first }) => `run ${run}: ${describeFailure(first)}`)).toEqual([]);
  });
});

describe("a bug is found, breaks what it is expected to break, and is made small", () => {
  const bugs = [
    "cutUsesMax",
    "propagatesOnCreation",
    "frozenBackupAcks",
    "finalizeSkippedWhenThere",
    "futureDropped",
    "sortedShardOrder",
    "appendProgressOffByOne",
    "indexPerRecord",
    "tagsSharedByLogBooks",
    "newerHitKept",
    "evictsUnflushed",
    "childStartsAtZero",
  ] as const satisfies readonly MutationName[];

  test.each(bugs)("%s", (name) => {
    const campaign = { ...DESIGNED, mutation: Mutation[name] };
    const { found } = hunt({ campaign, runs: 300, shrinkAttempts: 300 });
    expect(found?.names.filter((each) => EXPECTED_OF_MUTATION[name].includes(each))).not.toEqual([]);
    expect(found?.shrunk.faults).toBeLessThanOrEqual(5);
    expect(found?.shrunk.operations).toBeLessThanOrEqual(20);
  });
});

test("a blocking read that is answered empty without having waited breaks L2 (P17)", () => {
  const { found } = hunt({
    campaign: { ...DESIGNED, seed: 3, defects: ["P17"] },
    runs: 20,
    shrinkAttempts: 200,
  });
  expect(found?.first).toBe("L2");
  expect(found?.shrunk.operations).toBeLessThanOrEqual(4);
});
