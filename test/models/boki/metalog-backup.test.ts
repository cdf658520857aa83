import { describe, expect, test } from "vitest";
import { logspaceId } from "../../../models/boki/identifiers.ts";
import { type CutEntry, cutEntry, vectorOfZeros, vectorPlus } from "../../../models/boki/metalog.ts";
import { createBackup, takeEntry } from "../../../models/boki/metalog-backup.ts";
import { Mutation } from "../../../models/boki/mutations.ts";
import { fakeEffects } from "./fake-effects.ts";

const TAIL_ENTRIES = 3;
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
  return { out, backup, take: (entry: CutEntry) => takeEntry(backup, 2, entry, TAIL_ENTRIES, out) };
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
    expect(backup.recent).toEqual([second, third, fourth]);
  });

  test("does not acknowledge a duplicate again, applied or waiting", () => {
    const { take, out } = createTest();
    const [first, second, third] = entries(3) as [CutEntry, CutEntry, CutEntry];
    take(first);
    expect(take(first)).toBeUndefined();
    take(third);
    expect(take(third)).toBeUndefined();
    expect(take(second)).toBe(3);
    expect(out.observed.filter(({ kind }) => kind === "applied")).toHaveLength(3);
  });

  test("keeps as many of the newest entries as a seal report carries", () => {
    const { take, backup } = createTest();
    const all = entries(10);
    all.forEach(take);
    expect(backup.recent).toEqual(all.slice(-TAIL_ENTRIES));
  });
});
