/**
 * One recipe, two interpreters: a deployment runs the same in place and on immutable states. Same digest, same history and
 * results, and at the end the same state of every process.
 */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Mutation } from "../../../models/boki/mutations.ts";
import { OPERATIONS, type WorkloadConfig } from "../../../models/workloads/config.ts";
import { stateDifference } from "../../../sim/structures/clone.ts";
import { MICROSECOND, MILLISECOND } from "../../../sim/units.ts";
import { generatedSetup } from "./arbitrary.ts";
import { brokenBy, type Run, run, type Setup } from "./deployment.ts";
import { scenario } from "./scenarios.ts";

/** What a run leaves behind that people look at. */
function resultsOf({ deployment }: Run): unknown {
  const { recorder } = deployment.simulation;
  return {
    history: recorder.history,
    counts: [...recorder.counts()],
    messages: deployment.simulation.messageCounts(),
    operations: recorder.results().map((each) => ({
      name: each.name,
      count: each.count,
      failed: each.failed,
      sumNanos: each.sumNanos,
      p99Nanos: each.latency.getValueAtPercentile(99),
    })),
  };
}

function expectSame(setup: Setup): void {
  const fast = run({ ...setup, mode: "fast" });
  const checked = run({ ...setup, mode: "checked" });
  const [left, right] = [fast.deployment.simulation, checked.deployment.simulation];
  for (const { address, name } of left.processes) {
    const difference = stateDifference(left.stateOf(address), right.stateOf(address));
    expect(difference && `${name}${difference}`).toBeUndefined();
  }
  expect(resultsOf(checked)).toEqual(resultsOf(fast));
  expect(right.digest.toString()).toBe(left.digest.toString());
  expect(checked.invariants.violations).toEqual(fast.invariants.violations);
}

const workload: fc.Arbitrary<WorkloadConfig> = fc
  .record({
    weights: fc.array(fc.integer({ min: 0, max: 3 }), {
      minLength: OPERATIONS.length,
      maxLength: OPERATIONS.length,
    }),
    arrival: fc.constantFrom<WorkloadConfig["arrival"]>(
      { kind: "closedLoop", clients: 4, think: { kind: "constant", value: 0 } },
      { kind: "paced", clients: 4, intervalNanos: 500 * MICROSECOND },
      { kind: "poisson", perSecond: 10_000 },
      { kind: "constantRate", perSecond: 10_000 },
      { kind: "timetable", perSecond: 5_000, connections: 4, threads: 2 },
    ),
    books: fc.integer({ min: 1, max: 3 }),
    tags: fc.integer({ min: 1, max: 4 }),
    tagsPerRecord: fc.integer({ min: 0, max: 2 }),
    readPosition: fc.constantFrom<WorkloadConfig["readPosition"]>(
      { kind: "recent", records: 10 },
      { kind: "anywhere" },
      { kind: "next" },
    ),
    keepRecords: fc.integer({ min: 1, max: 20 }),
    nestedShare: fc.constantFrom(0, 0.3),
  })
  .map(({ weights, arrival, books, tags, tagsPerRecord, readPosition, keepRecords, nestedShare }) => ({
    name: "generated",
    arrival,
    // A mix of nothing is no workload: appends are always in it.
    mix: Object.fromEntries(OPERATIONS.map((name, i) => [name, weights[i]! + (name === "append" ? 1 : 0)])),
    logBooks: { count: books, zipfExponent: 0.5 },
    tags: { count: tags, zipfExponent: 0.9 },
    tagsPerRecord,
    recordBytes: { kind: "uniform", low: 1, high: 2_000 },
    auxBytes: { kind: "constant", value: 64 },
    readPosition,
    keepRecords,
    nestedShare,
    startNanos: 0,
  }));

describe("fast and checked mode give the same run", () => {
  test("of generated clusters under the program that does everything", () => {
    const shortened = generatedSetup.map((setup) => ({ ...setup, nanos: 10 * MILLISECOND }));
    fc.assert(fc.property(shortened, expectSame), { numRuns: 120, seed: 2 });
  }, 60_000);

  test("of generated workloads on hosts with costs", () => {
    const setups = fc.tuple(generatedSetup, workload).map(([setup, drawn]) => ({
      ...setup,
      calls: [],
      workloads: [drawn],
      free: false,
      nanos: 10 * MILLISECOND,
    }));
    fc.assert(fc.property(setups, expectSame), { numRuns: 120, seed: 3 });
  }, 60_000);

  test("of mutants, with the same violations", () => {
    for (const mutation of [Mutation.indexWithoutDedup, Mutation.cutUsesMax, Mutation.evictsUnflushed]) {
      const setup = scenario("records read from the database", { mutation, nanos: 10 * MILLISECOND });
      expectSame(setup);
      expect(brokenBy(run(setup))).not.toEqual([]);
    }
  });
});

describe("a run has the digest it always had", () => {
  const GOLDEN = [
    ["everything at random, with pauses", "3649ad4a11ed4d6a"],
    ["messages overtake each other", "c17574e846228325"],
    ["a workload of closed loops, on hosts with costs", "f0aa62c0bbf27da7"],
  ] as const;
  test.each(GOLDEN)("%s", (name, digest) => {
    expect(run(scenario(name)).deployment.simulation.digest.toString()).toBe(digest);
  });
});
