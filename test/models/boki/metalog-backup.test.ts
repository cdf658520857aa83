import { describe, expect, test } from "vitest";
import { logspaceId } from "../../../models/boki/identifiers.ts";
import { type CutEntry, cutEntry, vectorOfZeros, vectorPlus } from "../../../models/boki/metalog.ts";
import { createBackup, endBackup, takeEntry } from "../../../models/boki/metalog-backup.ts";
import { newest } from "../../../models/boki/metalog-window.ts";
import { Mutation } from "../../../models/boki/mutations.ts";
import { fakeEffects } from "./fake-effects.ts";

const LOGSPACE = logspaceId(0, 1);

/** Entries that order one record of the only shard each. */
function entries(count: number): CutEntry[] {
  let starts = vectorOfZeros(1);
  return Array.from({ length: count }, (_, position) => {
    const entry = cutEntry(LOGSPACE, position, position, starts, [0], [1], 1);
    starts = vectorPlus(starts, [0], [1]);
    return entry;
  });
}

function createTest() {
  const out = fakeEffects();
  const backup = createBackup(LOGSPACE, Mutation.none);
  return { out, backup, take: (entry: CutEntry) => takeEntry(backup, 2, entry, out) };
}

describe("a metalog backup", () => {
  test("acknowledges the position behind each entry that arrives in order", () => {
    const { take } = createTest();
    expect(entries(3).map(take)).toEqual([1, 2, 3]);
  });

  test("acknowledges nothing beyond a gap, and everything once it closes", () => {
    const { take, backup } = createTest();
    const [first, second, third, fourth] = entries(4) as [CutEntry, CutEntry, CutEntry, CutEntry];
    expect(take(first)).toBe(1);
    expect(take(fourth)).toBeUndefined();
    expect(take(third)).toBeUndefined();
    expect(take(second)).toBe(4);
    expect(newest(backup.window, 3)).toEqual([second, third, fourth]);
  });

  test("acknowledges a duplicate of what it has again, and nothing of what waits", () => {
    const { take, out } = createTest();
    const [first, second, third] = entries(3) as [CutEntry, CutEntry, CutEntry];
    take(first);
    expect(take(first)).toBe(1);
    take(third);
    expect(take(third)).toBeUndefined();
    expect(take(second)).toBe(3);
    expect(out.observed.filter(({ kind }) => kind === "applied")).toHaveLength(3);
  });

  test("comes to the end of its log by the tail, or by what it asks for", () => {
    const { take, backup, out } = createTest();
    const all = entries(6);
    take(all[0]!);
    const end = { logspace: LOGSPACE, final: 5, tail: all.slice(3, 5) };
    expect(endBackup(backup, 2, end, [], out)).toBe("behind");
    expect(endBackup(backup, 2, end, all.slice(1, 3), out)).toBe("there");
    expect(newest(backup.window, 10)).toEqual(all.slice(0, 5));
    expect(endBackup(backup, 2, end, all, out)).toBe("there");
  });

  test("may hold one entry that the seal dropped", () => {
    const { take, backup, out } = createTest();
    const all = entries(3);
    all.forEach(take);
    expect(endBackup(backup, 2, { logspace: LOGSPACE, final: 2, tail: [] }, [], out)).toBe("oneAhead");
    expect(endBackup(backup, 2, { logspace: LOGSPACE, final: 1, tail: [] }, [], out)).toBe("tooFarAhead");
  });
});
