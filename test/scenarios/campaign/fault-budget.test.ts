/** What counts as lost for good, and how much of it a case may lose. */

import { describe, expect, test } from "vitest";
import { type Case, EMPTY_CASE } from "../../../scenarios/campaign/case.ts";
import { isWithinBudget } from "../../../scenarios/campaign/fault-budget.ts";
import type { DiskRule, Fault } from "../../../sim/faults/fault.ts";

/** Three of each role, everything on three replicas: two storage nodes may lose what they hold. */
function within(faults: readonly Fault[], changes: Partial<Case> = {}): boolean {
  const timed = faults.map((fault) => ({ atNanos: 0, fault }));
  return isWithinBudget({ ...EMPTY_CASE, faults: { timed }, ...changes });
}

const disks = (count: number, rule: DiskRule): Fault[] =>
  Array.from({ length: count }, (_, i) => ({ kind: "disk", of: { names: [`storage-${i + 1}`] }, rule }));
const crashes = (...names: string[]): Fault[] =>
  names.map((name) => ({ kind: "crash", of: { names: [name] }, wholeHost: true }));
const JOURNAL: Partial<Case> = { boki: { journal: true } };

describe("of three storage nodes that hold a record", () => {
  test.each<[string, DiskRule]>([
    ["spoil writes", { corruptShare: 0.1 }],
    ["forget writes", { unsyncedLossShare: 1 }],
  ])("two disks may %s, with a journal as without, and three may not", (_, rule) => {
    for (const changes of [{}, JOURNAL]) {
      expect(within(disks(2, rule), changes)).toBe(true);
      expect(within(disks(3, rule), changes)).toBe(false);
    }
  });

  test.each<[string, DiskRule]>([
    ["are slow", { slowdown: 100 }],
    ["stand still", { stalled: true }],
    ["are full", { full: true }],
    ["refuse writes", { writeErrorShare: 1 }],
    ["fail to read", { readErrorShare: 1 }],
    ["tear what nobody counts on", { tornShare: 1 }],
  ])("all disks may be such that they %s", (_, rule) => {
    expect(within(disks(3, rule))).toBe(true);
  });

  test("none may put writes where others were: nobody would notice", () => {
    expect(within(disks(1, { misdirectedShare: 0.1 }))).toBe(false);
  });

  test("those that crash count with those whose disks spoil writes, unless a journal keeps what they had", () => {
    const spoilt = disks(2, { corruptShare: 1 });
    expect(within([...spoilt, ...crashes("storage-2")])).toBe(true);
    expect(within([...spoilt, ...crashes("storage-3")])).toBe(false);
    expect(within([...spoilt, ...crashes("storage-3")], JOURNAL)).toBe(true);
  });
});

test("what comes again and again counts like what comes once", () => {
  const repeated = crashes("sequencer-1", "sequencer-2").map((fault) => ({
    fromNanos: 0,
    everyNanos: { kind: "constant", value: 1 } as const,
    lengthNanos: { kind: "constant", value: 1 } as const,
    fault,
  }));
  expect(within([], { faults: { timed: [], repeated: repeated.slice(1) } })).toBe(true);
  expect(within([], { faults: { timed: [], repeated } })).toBe(false);
});
