/** A failing case is made small and still fails, in the same way. */

import { describe, expect, test } from "vitest";
import { Mutation, type MutationName } from "../../../models/boki/mutations.ts";
import { type Case, EMPTY_CASE, sizeOf } from "../../../scenarios/campaign/case.ts";
import { generateCase } from "../../../scenarios/campaign/generate.ts";
import { type FailureName, runCase } from "../../../scenarios/campaign/run-case.ts";
import { shrinkCase } from "../../../scenarios/campaign/shrink.ts";
import { simplerCases } from "../../../scenarios/campaign/simpler.ts";
import { namesIn } from "../../../scenarios/campaign/simpler-faults.ts";

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

describe("faults", () => {
  /** Makes a case small as long as something is true of it, without running it. */
  function reduced(subject: Case, fails: (of: Case) => boolean): Case {
    let best = subject;
    const tried = new Set<string>();
    for (let before: Case | undefined; before !== best; ) {
      before = best;
      for (const pass of simplerCases) {
        const candidates = pass(best);
        let next = candidates.next(false);
        while (next.done !== true) {
          const text = JSON.stringify(next.value);
          const isTaken = !tried.has(text) && fails(next.value);
          tried.add(text);
          if (isTaken) best = next.value;
          next = candidates.next(isTaken);
          if (sizeOf(best).faults > sizeOf(subject).faults) throw new Error("it grows");
        }
      }
    }
    return best;
  }
  const faultsOf = ({ faults }: Case) => [...faults.timed, ...(faults.repeated ?? [])];
  const DRAWN = Array.from({ length: 300 }, (_, run) =>
    generateCase({ seed: 5, mutation: 0, defects: [] }, run),
  );

  test("that come again and again come once if that does, with the number they had", () => {
    const subject = DRAWN.find(({ faults }) =>
      faults.repeated?.some(({ fault }) => fault.kind === "pause" && fault.of.names!.length > 1),
    )!;
    const pause = subject.faults.repeated!.find(({ fault }) => fault.kind === "pause")!;
    const { faults } = reduced(subject, (of) => faultsOf(of).some(({ number }) => number === pause.number));
    expect(faults.repeated ?? []).toEqual([]);
    expect(faults.timed).toEqual([
      {
        number: pause.number,
        atNanos: 0,
        forNanos: 0,
        fault: { kind: "pause", of: { names: [expect.any(String)] } },
      },
    ]);
  });

  test("that have to come again and again are left so", () => {
    const subject = DRAWN.find(({ faults }) => (faults.repeated?.length ?? 0) > 1)!;
    const { faults } = reduced(subject, (of) => (of.faults.repeated?.length ?? 0) > 0);
    expect(faults.timed).toEqual([]);
    expect(faults.repeated).toHaveLength(1);
    expect(faults.repeated![0]).toMatchObject({ fromNanos: 0, everyNanos: { kind: "constant" } });
  });

  test("of disks spoil everything if that does", () => {
    const isSpoiling = (of: Case) =>
      faultsOf(of).some(({ fault }) => fault.kind === "disk" && fault.rule.corruptShare !== undefined);
    const subject = DRAWN.find(isSpoiling)!;
    const [left, ...more] = faultsOf(reduced(subject, isSpoiling));
    expect(more).toEqual([]);
    expect(left!.fault).toMatchObject({ kind: "disk", rule: { corruptShare: 1 } });
  });

  test("strike only who is there, whatever nodes are left out", () => {
    for (const subject of DRAWN.slice(0, 60)) {
      const least = Math.max(1, faultsOf(subject).length - 1);
      const small = reduced(subject, (of) => faultsOf(of).length >= least || sizeOf(subject).faults < 2);
      const there = namesIn(small);
      for (const { fault } of faultsOf(small)) {
        for (const name of fault.of.names ?? []) expect(there).toContain(name);
      }
    }
  });
});
