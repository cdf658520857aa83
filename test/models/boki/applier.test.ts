import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ApplierState, createApplier, provide } from "../../../models/boki/applier.ts";
import type { CutEntry } from "../../../models/boki/metalog.ts";
import { cutsOf } from "./nodes.ts";

const LOG = 5;

/** Provides entries one after the other; returns the positions applied by each. */
function applyAll(state: ApplierState, entries: readonly CutEntry[]): number[][] {
  return entries.map((entry) => {
    const applied: number[] = [];
    provide(state, entry, (each) => applied.push(each.position));
    return applied;
  });
}

const full = () => createApplier(LOG, "full", [], 0);
const lite = (...shards: number[]) => createApplier(LOG, "lite", shards, 0);

describe("a full applier", () => {
  const [first, second, third] = cutsOf(LOG, [
    [1, 0],
    [0, 2],
    [3, 1],
  ]) as [CutEntry, CutEntry, CutEntry];

  test("applies entries in the order of their positions, and keeps those that come early", () => {
    const state = full();
    expect(applyAll(state, [third, second, first])).toEqual([[], [], [0, 1, 2]]);
    expect(state).toMatchObject({ metalogPosition: 3, seqnumPosition: 7 });
    expect(state.early.size).toBe(0);
  });

  test("stops at a gap", () => {
    const state = full();
    expect(applyAll(state, [first, third])).toEqual([[0], []]);
    expect(state).toMatchObject({ metalogPosition: 1, seqnumPosition: 1 });
  });

  test("ignores what it has applied or keeps already", () => {
    const state = full();
    expect(applyAll(state, [first, first, third, third, second, third])).toEqual([
      [0],
      [],
      [],
      [],
      [1, 2],
      [],
    ]);
  });
});

describe("a lite applier", () => {
  const entries = cutsOf(LOG, [
    [1, 0, 0],
    [0, 4, 0],
    [0, 0, 2],
    [2, 0, 1],
  ]);

  test("passes over entries that order nothing of its shards without having seen them", () => {
    const state = lite(0);
    expect(applyAll(state, [entries[0]!, entries[3]!])).toEqual([[0], [3]]);
    expect(state).toMatchObject({ metalogPosition: 4, seqnumPosition: 10, progress: [3] });
  });

  test("does not pass over an entry that orders records of its shards", () => {
    const state = lite(0, 2);
    expect(applyAll(state, [entries[3]!, entries[0]!, entries[2]!])).toEqual([[], [0], [2, 3]]);
  });

  test("ignores an entry it has passed over", () => {
    const state = lite(0);
    applyAll(state, [entries[0]!, entries[3]!]);
    expect(applyAll(state, [entries[1]!, entries[2]!])).toEqual([[], []]);
    expect(state).toMatchObject({ metalogPosition: 4, seqnumPosition: 10 });
  });

  test("knows the seqnum position behind an entry although it has not counted what it passed over", () => {
    const state = lite(1);
    applyAll(state, [entries[1]!]);
    expect(state.seqnumPosition).toBe(5);
  });
});

describe("any order of arrival, with duplicates, leads to the same state and the same calls", () => {
  const SHARDS = 4;
  const row = fc
    .array(fc.nat(3), { minLength: SHARDS, maxLength: SHARDS })
    .filter((deltas) => deltas.some((delta) => delta > 0));
  const scenario = fc
    .record({
      rows: fc.array(row, { minLength: 1, maxLength: 10 }),
      interested: fc.subarray([0, 1, 2, 3], { minLength: 1 }),
    })
    .chain(({ rows, interested }) => {
      const entries = cutsOf(LOG, rows);
      const order = fc
        .tuple(
          fc.shuffledSubarray(entries, { minLength: entries.length }),
          fc.array(fc.constantFrom(...entries), { maxLength: 10 }),
          fc.infiniteStream(fc.nat()),
        )
        .map(([all, again, places]) => {
          const arrivals = [...all];
          for (const entry of again) arrivals.splice(places.next().value % (arrivals.length + 1), 0, entry);
          return arrivals;
        });
      return fc.record({ entries: fc.constant(entries), interested: fc.constant(interested), order });
    });

  test("at a full applier", () => {
    fc.assert(
      fc.property(scenario, ({ entries, order }) => {
        const [inOrder, shuffled] = [full(), full()];
        expect(applyAll(shuffled, order).flat()).toEqual(applyAll(inOrder, entries).flat());
        expect(shuffled).toEqual(inOrder);
      }),
    );
  });

  test("at a lite applier that is sent what concerns it", () => {
    fc.assert(
      fc.property(scenario, ({ entries, interested, order }) => {
        const concerns = (entry: CutEntry) => entry.shards.some((shard) => interested.includes(shard));
        const [inOrder, shuffled] = [lite(...interested), lite(...interested)];
        expect(applyAll(shuffled, order.filter(concerns)).flat()).toEqual(
          applyAll(inOrder, entries.filter(concerns)).flat(),
        );
        expect(shuffled).toEqual(inOrder);
      }),
    );
  });

  test("at a lite applier that is sent everything: of what concerns it, nothing is left out", () => {
    fc.assert(
      fc.property(scenario, ({ entries, interested, order }) => {
        const state = lite(...interested);
        const applied = new Set(applyAll(state, order).flat());
        for (const entry of entries) {
          if (entry.shards.some((shard) => interested.includes(shard)))
            expect(applied).toContain(entry.position);
        }
        expect(state).toMatchObject({ metalogPosition: entries.length, early: new Map() });
        expect(state.progress).toEqual(
          interested.map((shard) =>
            entries.reduce((sum, { shards, deltas }) => sum + (deltas[shards.indexOf(shard)] ?? 0), 0),
          ),
        );
      }),
    );
  });
});
