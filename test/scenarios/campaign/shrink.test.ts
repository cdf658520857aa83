/** A failing case is made small and still fails, in the same way. */

import { describe, expect, test } from "vitest";
import { Mutation, type MutationName } from "../../../models/boki/mutations.ts";
import { type Case, EMPTY_CASE, sizeOf } from "../../../scenarios/campaign/case.ts";
import { generateCase } from "../../../scenarios/campaign/generate.ts";
import { type FailureName, runCase } from "../../../scenarios/campaign/run-case.ts";
import { shrinkCase } from "../../../scenarios/campaign/shrink.ts";
import { simplerCases } from "../../../scenarios/campaign/simpler.ts";

function firstFailing(mutation: MutationName, name: FailureName): Case {
  for (let run = 0; run < 200; run++) {
    const subject = generateCase({ seed: 1, mutation: Mutation[mutation], defects: [], calm: true }, run);
    if (runCase(subject).counts[name] !== undefined) return subject;
  }
  throw new Error(`no run shows ${mutation}`);
}

describe("shrinking", () => {
  test.each([
    ["readPrevStrict", "R1"],
    ["childStartsAtZero", "R4"],
    ["indexWithoutDedup", "I1"],
    ["evictsUnflushed", "D3"],
    ["progressOverwrites", "M1"],
    ["blockingOnlyOnArrival", "L2"],
  ] as const)("%s, which breaks %s, comes down to a handful of operations", (mutation, name) => {
    const subject = firstFailing(mutation, name);
    const shrunk = shrinkCase(subject, name, { attempts: 1_000 });
    expect(shrunk.verdict.counts[name]).toBeGreaterThan(0);
    expect(runCase(shrunk.case)).toEqual(shrunk.verdict);
    expect(sizeOf(shrunk.case).operations).toBeLessThanOrEqual(6);
    expect(sizeOf(shrunk.case).nodes).toBeLessThanOrEqual(sizeOf(subject).nodes);
  });

  test("spends no more runs than it may", () => {
    const subject = firstFailing("readPrevStrict", "R1");
    expect(shrinkCase(subject, "R1", { attempts: 12 }).attempts).toBeLessThanOrEqual(12);
  });
});

test("no pass makes a case larger, whatever is taken", () => {
  for (let run = 0; run < 30; run++) {
    const subject = generateCase({ seed: 3, mutation: 0, defects: [] }, run);
    const size = sizeOf(subject);
    for (const pass of simplerCases) {
      for (const taken of [true, false]) {
        const candidates = pass(subject);
        let next = candidates.next(false);
        for (let i = 0; next.done !== true && i < 200; i++) {
          const made = sizeOf(next.value);
          expect(made.faults).toBeLessThanOrEqual(size.faults);
          expect(made.operations).toBeLessThanOrEqual(size.operations);
          expect(made.nodes).toBeLessThanOrEqual(size.nodes);
          next = candidates.next(taken);
        }
      }
    }
  }
});

test("of a list with one thing that matters, that thing is left", () => {
  const subject: Case = {
    ...EMPTY_CASE,
    mutation: Mutation.indexWithoutDedup,
    calls: Array.from({ length: 20 }, (_, i) => ({
      atNanos: 1_000 * i,
      logBook: 1,
      operations: [i === 13 ? { op: "append" as const, tags: [1] } : { op: "checkTail" as const, tag: 1 }],
    })),
  };
  expect(shrinkCase(subject, "I1", { attempts: 500 }).case.calls).toEqual([
    { atNanos: 0, logBook: 1, operations: [{ op: "append", tags: [] }] },
  ]);
});
