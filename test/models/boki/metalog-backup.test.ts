import { describe, expect, test } from "vitest";
import { createBackup, takeEntry } from "../../../models/boki/metalog-backup.ts";
import { fakeEffects } from "./fake-effects.ts";
import { cutsOf } from "./nodes.ts";

const TAIL = 4;
const ENTRIES = cutsOf(
  5,
  Array.from({ length: 8 }, (_, i) => [i + 1]),
);

/** What a backup acknowledges as entries arrive, by position. */
function acknowledgements(arrivals: readonly number[]): (number | undefined)[] {
  const [backup, out] = [createBackup(5, 0), fakeEffects()];
  return arrivals.map((position) => takeEntry(backup, 2, ENTRIES[position]!, TAIL, out));
}

describe("a metalog backup", () => {
  test("acknowledges the position behind each entry that arrives in order", () => {
    expect(acknowledgements([0, 1, 2])).toEqual([1, 2, 3]);
  });

  test("acknowledges nothing beyond a gap, and all of it when the gap is filled", () => {
    expect(acknowledgements([1, 3, 0, 2])).toEqual([undefined, undefined, 2, 4]);
  });

  test("does not acknowledge a duplicate", () => {
    expect(acknowledgements([0, 0, 2, 2, 1, 1])).toEqual([1, undefined, undefined, undefined, 3, undefined]);
  });

  test("keeps the newest entries, in order, as many as a seal report carries", () => {
    const [backup, out] = [createBackup(5, 0), fakeEffects()];
    for (const position of [1, 0, 2, 5, 4, 3, 7, 6]) takeEntry(backup, 2, ENTRIES[position]!, TAIL, out);
    expect(backup.recent.map(({ position }) => position)).toEqual([4, 5, 6, 7]);
  });
});
