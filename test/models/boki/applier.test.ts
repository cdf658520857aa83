import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createApplier, provide } from "../../../models/boki/applier.ts";
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
