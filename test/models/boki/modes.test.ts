/**
 * One recipe, two interpreters: a deployment runs the same in place and on immutable states. Same digest, same history and
 * results, and at the end the same state of every process.
 */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Mutation } from "../../../models/boki/mutations.ts";
import { OPERATIONS, type WorkloadConfig } from "../../../models/workloads/config.ts";
import type { Fault } from "../../../sim/faults/fault.ts";
import { stateDifference } from "../../../sim/structures/clone.ts";
import { MICROSECOND, MILLISECOND } from "../../../sim/units.ts";
import { generatedSetup } from "./arbitrary.ts";
import { brokenBy, type Run, run, type Setup } from "./deployment.ts";
import { callsOf } from "./programs.ts";
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

  test("of views that end while things fail", () => {
    const fault = fc.constantFrom<Fault>(
      { kind: "crash", of: { names: ["engine-1"] }, wholeHost: true },
      { kind: "crash", of: { names: ["engine-2"] } },
      { kind: "crash", of: { names: ["worker-1.8"] } },
      { kind: "partition", shape: "symmetric", of: { names: ["engine-1"] } },
      { kind: "link", of: {}, rule: { lossShare: 0.05, duplicateShare: 0.1, reorder: true } },
    );
    const millis = (min: number, max: number) => fc.integer({ min, max }).map((n) => n * MILLISECOND);
    const setups = fc
      .tuple(fc.integer({ min: 1, max: 1_000_000 }), fault, millis(2, 20), millis(1, 15), millis(4, 12))
      .map(
        ([seed, strikes, atNanos, forNanos, firstNanos]): Setup => ({
          seed,
          calls: callsOf("mix", { rounds: 15, tags: 3, depth: 1, pauseNanos: MILLISECOND }),
          boki: {
            indexReplicas: 1 + (seed % 3),
            repairIntervalNanos: 3 * MILLISECOND,
            readRetryNanos: 5 * MILLISECOND,
            operationTimeoutNanos: 20 * MILLISECOND,
          },
          reconfigurations: [{ atNanos: firstNanos }, { atNanos: 2 * firstNanos }],
          faults: { timed: [{ atNanos, forNanos, fault: strikes }] },
          calmFromNanos: Number.POSITIVE_INFINITY,
          nanos: 40 * MILLISECOND,
        }),
      );
    fc.assert(fc.property(setups, expectSame), { numRuns: 25, seed: 4 });
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
    ["everything at random, with pauses", "8097c4aa91f72cae"],
    ["messages overtake each other", "3657d453d9c0f81f"],
    ["a workload of closed loops, on hosts with costs", "fc96a81b1e28273c"],
  ] as const;
  test.each(GOLDEN)("%s", (name, digest) => {
    expect(run(scenario(name)).deployment.simulation.digest.toString()).toBe(digest);
  });
});
