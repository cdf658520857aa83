import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createApplier, finish, provide } from "../../../models/boki/applier.ts";
import { logspaceId } from "../../../models/boki/identifiers.ts";
import {
  type CutEntry,
  cutEntry,
  indexInEntry,
  vectorAt,
  vectorOfZeros,
  vectorPlus,
} from "../../../models/boki/metalog.ts";
import { Mutation } from "../../../models/boki/mutations.ts";

const SHARDS = 5;
const LOGSPACE = logspaceId(1, 1);

/** A metalog in order: per entry, how many records of each shard. */
function metalogOf(deltasOfEntries: readonly (readonly number[])[]): CutEntry[] {
  let starts = vectorOfZeros(SHARDS);
  let seqnum = 0;
  return deltasOfEntries.map((all, position) => {
    const shards = all.flatMap((delta, shard) => (delta > 0 ? [shard] : []));
    const deltas = shards.map((shard) => all[shard]!);
    const entry = cutEntry(LOGSPACE, position, seqnum, starts, shards, deltas, SHARDS);
    starts = vectorPlus(starts, shards, deltas);
    seqnum += entry.total;
    return entry;
  });
}

const metalog: fc.Arbitrary<CutEntry[]> = fc
  .array(
    fc
      .array(fc.integer({ min: 0, max: 3 }), { minLength: SHARDS, maxLength: SHARDS })
      .filter((deltas) => deltas.some((delta) => delta > 0)),
    { minLength: 1, maxLength: 12 },
  )
  .map(metalogOf);

/** The elements in any order, some of them twice. */
function delivered(entries: readonly CutEntry[]): fc.Arbitrary<CutEntry[]> {
  return fc
    .subarray([...entries])
    .chain((again) =>
      fc.shuffledSubarray([...entries, ...again], { minLength: entries.length + again.length }),
    );
}

describe("a full applier", () => {
  test("applies each entry once and in order, however they arrive and how often", () => {
    fc.assert(
      fc.property(
        metalog.chain((entries) => fc.tuple(fc.constant(entries), delivered(entries))),
        ([entries, arrivals]) => {
          const state = createApplier(LOGSPACE, "full", [], Mutation.none);
          const applied: CutEntry[] = [];
          for (const entry of arrivals) provide(state, entry, (each) => applied.push(each));
          expect(applied).toEqual(entries);
          expect(state.metalogPosition).toBe(entries.length);
          expect(state.seqnumPosition).toBe(entries.reduce((sum, { total }) => sum + total, 0));
          expect(state.early.size).toBe(0);
        },
      ),
    );
  });

  test("stops in front of a gap, and goes on behind it when the gap closes", () => {
    const [first, second, third] = metalogOf([
      [1, 0, 0, 0, 0],
      [0, 2, 0, 0, 0],
      [1, 1, 0, 0, 0],
    ]) as [CutEntry, CutEntry, CutEntry];
    const state = createApplier(LOGSPACE, "full", [], Mutation.none);
    const applied: number[] = [];
    const apply = ({ position }: CutEntry) => applied.push(position);
    provide(state, third, apply);
    provide(state, first, apply);
    expect(applied).toEqual([0]);
    expect(state.seqnumPosition).toBe(1);
    provide(state, second, apply);
    expect(applied).toEqual([0, 1, 2]);
    expect(state.seqnumPosition).toBe(5);
  });
});

describe("a lite applier", () => {
  const interested = fc.subarray([0, 1, 2, 3, 4], { minLength: 1 });
  const concerns = (entry: CutEntry, shards: readonly number[]) =>
    shards.some((shard) => indexInEntry(entry, shard) >= 0);

  test("that is sent only what concerns its shards applies all of it, once and in order", () => {
    fc.assert(
      fc.property(
        fc
          .tuple(metalog, interested)
          .chain(([entries, shards]) =>
            fc.tuple(
              fc.constant(entries),
              fc.constant(shards),
              delivered(entries.filter((entry) => concerns(entry, shards))),
            ),
          ),
        ([entries, shards, arrivals]) => {
          const state = createApplier(LOGSPACE, "lite", shards, Mutation.none);
          const applied: CutEntry[] = [];
          for (const entry of arrivals) provide(state, entry, (each) => applied.push(each));
          expect(applied).toEqual(entries.filter((entry) => concerns(entry, shards)));
        },
      ),
    );
  });

  test("ends at the same progress whether it is sent what concerns it or everything", () => {
    fc.assert(
      fc.property(
        fc
          .tuple(metalog, interested)
          .chain(([entries, shards]) =>
            fc.tuple(
              fc.constant(shards),
              delivered(entries),
              delivered(entries.filter((entry) => concerns(entry, shards))),
              fc.constant(entries),
            ),
          ),
        ([shards, everything, relevant, entries]) => {
          const [all, some] = [everything, relevant].map((arrivals) => {
            const state = createApplier(LOGSPACE, "lite", shards, Mutation.none);
            for (const entry of arrivals) provide(state, entry, () => {});
            return state;
          });
          const last = entries.at(-1)!;
          const ends = vectorPlus(last.starts, last.shards, last.deltas);
          expect(some!.progress).toEqual(shards.map((shard) => vectorAt(ends, shard)));
          expect(all!.progress).toEqual(some!.progress);
        },
      ),
    );
  });

  test("holds an entry back until its shards stand where the entry says they start", () => {
    const [first, , third] = metalogOf([
      [0, 2, 0, 0, 0],
      [3, 0, 0, 0, 0],
      [1, 1, 0, 0, 0],
    ]) as [CutEntry, CutEntry, CutEntry];
    const state = createApplier(LOGSPACE, "lite", [1], Mutation.none);
    const applied: number[] = [];
    const apply = ({ position }: CutEntry) => applied.push(position);
    provide(state, third, apply);
    expect(applied).toEqual([]);
    provide(state, first, apply);
    // The entry between them orders nothing of shard 1, and need not come.
    expect(applied).toEqual([0, 2]);
    expect(state).toMatchObject({ metalogPosition: 3, seqnumPosition: 7, progress: [3] });
  });

  test("ignores an entry that it has passed over", () => {
    const [first, second, third] = metalogOf([
      [0, 2, 0, 0, 0],
      [3, 0, 0, 0, 0],
      [1, 1, 0, 0, 0],
    ]) as [CutEntry, CutEntry, CutEntry];
    const state = createApplier(LOGSPACE, "lite", [1], Mutation.none);
    const applied: number[] = [];
    for (const entry of [first, third, second])
      provide(state, entry, ({ position }) => applied.push(position));
    expect(applied).toEqual([0, 2]);
    expect(state).toMatchObject({ metalogPosition: 3, seqnumPosition: 7 });
    expect(state.early.size).toBe(0);
  });
});

describe("an applier that is sent the same entries in any order ends in the same state", () => {
  test.each(["full", "lite"] as const)("%s", (mode) => {
    const shards = mode === "lite" ? [1, 3] : [];
    fc.assert(
      fc.property(
        metalog.chain((entries) => fc.tuple(fc.constant(entries), delivered(entries))),
        ([entries, arrivals]) => {
          const [inOrder, shuffled] = [entries, arrivals].map((each) => {
            const state = createApplier(LOGSPACE, mode, shards, Mutation.none);
            for (const entry of each) provide(state, entry, () => {});
            return state;
          });
          expect(shuffled).toEqual(inOrder);
        },
      ),
    );
  });
});

/** The metalog with a trim in front of each entry at one of `places`, positions and all. */
function withTrims(entries: readonly CutEntry[], places: readonly number[]): CutEntry[] {
  const result: CutEntry[] = [];
  entries.forEach((entry, i) => {
    if (places.includes(i)) result.push(trimBefore(entry, result.length));
    result.push({ ...entry, position: result.length });
  });
  return result;
}

function trimBefore({ startSeqnum, starts }: CutEntry, position: number): CutEntry {
  const entry = cutEntry(LOGSPACE, position, startSeqnum, starts, [], [], SHARDS);
  return { ...entry, trim: { engine: 1, op: 1, logBook: 1, tag: 0, seqnum: startSeqnum } };
}

describe("a trim in the metalog", () => {
  test("changes nothing about which cuts a lite applier applies, in any order of arrival", () => {
    fc.assert(
      fc.property(
        metalog
          .chain((entries) => fc.tuple(fc.constant(entries), fc.subarray(entries.map((_, i) => i))))
          .map(([entries, places]) => withTrims(entries, places))
          .chain((entries) => fc.tuple(fc.constant(entries), delivered(entries))),
        ([entries, arrivals]) => {
          const state = createApplier(LOGSPACE, "lite", [0, 3], Mutation.none);
          const applied: CutEntry[] = [];
          for (const entry of arrivals) provide(state, entry, (each) => applied.push(each));
          const concerned = (entry: CutEntry) => indexInEntry(entry, 0) >= 0 || indexInEntry(entry, 3) >= 0;
          expect(applied.filter(concerned)).toEqual(entries.filter(concerned));
          expect(state.metalogPosition).toBe(entries.length);
          expect(state.early.size).toBe(0);
        },
      ),
    );
  });

  const [first, second] = metalogOf([
    [1, 0, 0, 0, 0],
    [1, 0, 0, 0, 0],
  ]) as [CutEntry, CutEntry];
  const end = { logspace: LOGSPACE, final: 2, tail: [first, trimBefore(second, 1)] };

  test("in front of the end of a log is moved over like a cut", () => {
    const state = createApplier(LOGSPACE, "lite", [0], Mutation.none);
    provide(state, first, () => {});
    expect(finish(state, end, () => {})).toBe("reached");
    expect(state).toMatchObject({ metalogPosition: 2, seqnumPosition: 1 });
  });

  test.each<["lite" | "full", string, number, boolean, string]>([
    ["lite", "the slip", Mutation.liteIgnoresTrim, false, "behind"],
    ["lite", "P20", Mutation.none, true, "behind"],
    ["full", "the slip", Mutation.liteIgnoresTrim, false, "reached"],
    ["full", "P20", Mutation.none, true, "reached"],
  ])("leaves a %s applier under %s where it stands: %s", (mode, _, mutation, liteIgnoresTrim, standing) => {
    const state = createApplier(LOGSPACE, mode, [0], mutation, liteIgnoresTrim);
    expect(finish(state, end, () => {})).toBe(standing);
  });
});

describe("the end of a log", () => {
  const entries = metalogOf([
    [1, 0, 0, 0, 0],
    [0, 2, 0, 0, 0],
    [1, 1, 0, 0, 0],
    [0, 0, 1, 0, 0],
  ]);
  const ends = (final: number, from = 0) => ({ logspace: LOGSPACE, final, tail: entries.slice(from, final) });

  function applierAt(position: number, mutation: number = Mutation.none) {
    const state = createApplier(LOGSPACE, "full", [], mutation);
    for (const entry of entries.slice(0, position)) provide(state, entry, () => {});
    return state;
  }

  test.each([
    ["there", 3, ends(3), []],
    ["reached", 1, ends(3, 1), [1, 2]],
    ["reached", 1, ends(3), [1, 2]],
    ["behind", 0, ends(3, 1), []],
    ["oneAhead", 3, ends(2), []],
    ["tooFarAhead", 4, ends(2), []],
  ] as const)("finds an applier %s that stands at %i", (standing, position, end, expected) => {
    const applied: number[] = [];
    expect(finish(applierAt(position), end, (entry) => applied.push(entry.position))).toBe(standing);
    expect(applied).toEqual(expected);
  });

  test("finds a lite applier there by entries that order nothing of its shards", () => {
    const state = createApplier(LOGSPACE, "lite", [3], Mutation.none);
    expect(finish(state, ends(4, 3), () => {})).toBe("reached");
  });

  test("keeps what is behind a gap for the entries that are asked for", () => {
    const state = applierAt(0);
    finish(state, ends(3, 1), () => {});
    provide(state, entries[0]!, () => {});
    expect(state.metalogPosition).toBe(3);
  });

  test("is applied once more under the slip that does not look what is there", () => {
    const applied: number[] = [];
    const state = applierAt(2, Mutation.tailWithoutDuplicateCheck);
    finish(state, ends(3), (entry) => applied.push(entry.position));
    expect(applied).toEqual([0, 1, 2]);
  });
});
