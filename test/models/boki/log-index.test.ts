import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NO_DEFECTS } from "../../../models/boki/defects.ts";
import { join, logspaceId, SEQNUM_MAX } from "../../../models/boki/identifiers.ts";
import {
  type Answer,
  ask,
  expireBlocked,
  lookUp,
  nextExpiryNanos,
} from "../../../models/boki/index-reads.ts";
import { createIndex, type IndexState } from "../../../models/boki/index-state.ts";
import { takeCut, takeIndexData } from "../../../models/boki/log-index.ts";
import type { LogRecord, ReadDirection, ReadQuery } from "../../../models/boki/messages.ts";
import { type CutEntry, cutEntry, vectorOfZeros, vectorPlus } from "../../../models/boki/metalog.ts";
import { Mutation } from "../../../models/boki/mutations.ts";
import { get } from "../../../sim/structures/grow-map.ts";
import { SharedLists } from "../../../sim/structures/int-list.ts";
import { type FakeEffects, fakeEffects } from "./fake-effects.ts";

const LOGSPACE = logspaceId(2, 1);
const ENGINE = 4;

function recordOf(counter: number, tags: readonly number[] = [], logBook = 1): LogRecord {
  return { localid: join(ENGINE, counter), logBook, tags, dataBytes: 100, data: counter };
}

/** Entries of one shard, with as many records as given. */
function cuts(...totals: number[]): CutEntry[] {
  let starts = vectorOfZeros(1);
  let seqnum = 0;
  return totals.map((total, position) => {
    const entry = cutEntry(LOGSPACE, position, seqnum, starts, [0], [total], 1);
    starts = vectorPlus(starts, [0], [total]);
    seqnum += total;
    return entry;
  });
}

function queryOf(query: Partial<ReadQuery> = {}): ReadQuery {
  return {
    direction: "next",
    origin: ENGINE,
    op: 1,
    logspace: LOGSPACE,
    logBook: 1,
    tag: 0,
    seqnum: 0,
    progress: 0,
    initial: true,
    foundBefore: undefined,
    passedOn: 0,
    bound: 0,
    ...query,
  };
}

function createTest() {
  const out = fakeEffects();
  const index = createIndex(LOGSPACE, ENGINE, new SharedLists(), Mutation.none, NO_DEFECTS);
  return {
    out,
    index,
    data: (...positions: number[]) =>
      takeIndexData(
        index,
        positions,
        positions.map((position) => recordOf(position)),
        out,
      ),
    cut: (entry: CutEntry) => takeCut(index, entry, out),
    ask: (query: Partial<ReadQuery>) => ask(index, queryOf(query), out),
  };
}

/** Positions of the records that answers found; undefined for one that found none. */
function positionsOf(answers: readonly Answer[]): (number | undefined)[] {
  return answers.map(({ found }) => found && found.seqnum - join(LOGSPACE, 0));
}

function shown(index: IndexState): number[] {
  return [index.indexedMetalog, index.indexedSeqnum];
}

describe("the index", () => {
  test("advances by whole cuts: when every record of a cut is known, and not before", () => {
    const { index, data, cut } = createTest();
    const [first, second] = cuts(2, 3) as [CutEntry, CutEntry];
    cut(first);
    data(0);
    expect(shown(index)).toEqual([0, 0]);
    data(1, 2, 3);
    expect(shown(index)).toEqual([1, 2]);
    cut(second);
    expect(shown(index)).toEqual([1, 2]);
    data(4);
    expect(shown(index)).toEqual([2, 5]);
  });

  test("does not show records of which it knows before their entry comes", () => {
    const { index, data, cut } = createTest();
    data(0, 1);
    expect(positionsOf([lookUp(index, queryOf())])).toEqual([undefined]);
    cut(cuts(2)[0]!);
    expect(positionsOf([lookUp(index, queryOf())])).toEqual([0]);
  });

  test("takes entries and records in any order, and ends at the same place", () => {
    const [first, second, third] = cuts(1, 2, 1) as [CutEntry, CutEntry, CutEntry];
    const { index, data, cut } = createTest();
    data(3);
    cut(third);
    data(1, 2);
    cut(second);
    expect(shown(index)).toEqual([0, 0]);
    cut(first);
    expect(shown(index)).toEqual([0, 0]);
    data(0);
    expect(shown(index)).toEqual([3, 4]);
    expect(index.received.size).toBe(0);
  });

  test("takes the copies of a record's replicas once, early, late and in between", () => {
    const { index, data, cut } = createTest();
    data(0, 1);
    data(0, 1);
    cut(cuts(2)[0]!);
    data(0, 1);
    expect(index.received.size).toBe(0);
    expect(index.engineOf.length).toBe(2);
    expect(get(index.books, 1)!.all.length).toBe(2);
    expect(shown(index)).toEqual([1, 2]);
  });

  test("names the engine whose shard holds a record, and the metalog position it shows", () => {
    const { index, data, cut } = createTest();
    data(0);
    cut(cuts(1)[0]!);
    expect(lookUp(index, queryOf())).toMatchObject({
      found: { seqnum: join(LOGSPACE, 0), engine: ENGINE },
      progress: join(LOGSPACE, 1),
    });
  });
});

describe("a read whose caller has seen more than the index", () => {
  test("waits until the index has reached that", () => {
    const { ask, data, cut, out } = createTest();
    const [first, second] = cuts(1, 1) as [CutEntry, CutEntry];
    expect(ask({ progress: join(LOGSPACE, 2), direction: "prev", seqnum: SEQNUM_MAX })).toEqual([]);
    expect(out.counters.get("index.readWaited")).toBe(1);
    cut(first);
    expect(data(0)).toEqual([]);
    cut(second);
    expect(positionsOf(data(1))).toEqual([1]);
  });

  test("is answered at once when what it has seen is of another view", () => {
    const { ask } = createTest();
    expect(ask({ progress: join(logspaceId(1, 1), 7) })).toHaveLength(1);
  });

  test("waits for its match after that, if it blocks", () => {
    const { ask, index, data, cut } = createTest();
    const [first, second] = cuts(1, 1) as [CutEntry, CutEntry];
    const seqnum = join(LOGSPACE, 1);
    ask({ progress: join(LOGSPACE, 1), direction: "nextBlock", seqnum });
    expect(index.blocked).toEqual([]);
    data(0);
    expect(cut(first)).toEqual([]);
    expect(index.blocked).toHaveLength(1);
    data(1);
    expect(positionsOf(cut(second))).toEqual([1]);
    expect(index.blocked).toEqual([]);
  });
});

describe("a blocking read", () => {
  test("is answered at once by what is there", () => {
    const { ask, data, cut } = createTest();
    data(0);
    cut(cuts(1)[0]!);
    expect(positionsOf(ask({ direction: "nextBlock" }))).toEqual([0]);
  });

  test("stays through advances that bring no match", () => {
    const { ask, index, out, cut } = createTest();
    const [first, second] = cuts(1, 1) as [CutEntry, CutEntry];
    ask({ direction: "nextBlock", tag: 9, seqnum: join(LOGSPACE, 0) });
    cut(first);
    expect(takeIndexData(index, [0], [recordOf(0, [8])], out)).toEqual([]);
    expect(out.worked.get("blockedReadCheck")).toBe(1);
    cut(second);
    expect(positionsOf(takeIndexData(index, [1], [recordOf(1, [8, 9])], out))).toEqual([1]);
  });

  test("does not wait behind the view: nothing can appear there in it", () => {
    const { ask, index } = createTest();
    expect(positionsOf(ask({ direction: "nextBlock", seqnum: SEQNUM_MAX }))).toEqual([undefined]);
    expect(positionsOf(ask({ direction: "nextBlock", seqnum: join(logspaceId(3, 1), 0) }))).toEqual([
      undefined,
    ]);
    expect(index.blocked).toEqual([]);
    expect(ask({ direction: "nextBlock", seqnum: join(LOGSPACE, 0xffffffff) })).toEqual([]);
    expect(index.blocked).toHaveLength(1);
  });

  test("ends with nothing at its limit, each at its own", () => {
    const { ask, index, out } = createTest();
    expect(nextExpiryNanos(index, 100)).toBeUndefined();
    out.now = 1_000;
    ask({ direction: "nextBlock", op: 1, seqnum: join(LOGSPACE, 0) });
    out.now = 1_030;
    ask({ direction: "nextBlock", op: 2, seqnum: join(LOGSPACE, 0) });
    expect(nextExpiryNanos(index, 100)).toBe(1_100);
    expect(expireBlocked(index, 100, 1_099)).toEqual([]);
    const expired = expireBlocked(index, 100, 1_100);
    expect(expired.map(({ query }) => query.op)).toEqual([1]);
    expect(positionsOf(expired)).toEqual([undefined]);
    expect(nextExpiryNanos(index, 100)).toBe(1_130);
  });
});

describe("what a read finds", () => {
  interface Written {
    readonly logBook: number;
    readonly tags: readonly number[];
  }
  const log: fc.Arbitrary<Written[]> = fc.array(
    fc.record({
      logBook: fc.integer({ min: 1, max: 2 }),
      tags: fc.uniqueArray(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
    }),
    { maxLength: 20, size: "max" },
  );
  const query = fc.record({
    direction: fc.constantFrom<ReadDirection>("next", "prev"),
    logBook: fc.integer({ min: 1, max: 3 }),
    tag: fc.integer({ min: 0, max: 4 }),
    seqnum: fc.oneof(
      fc.integer({ min: 0, max: 22 }).map((position) => join(LOGSPACE, position)),
      fc.constantFrom(0, SEQNUM_MAX, join(logspaceId(1, 1), 3), join(logspaceId(3, 1), 3)),
    ),
  });

  /** The log written down as a list, and read by looking at each. */
  function reference(written: readonly Written[], { direction, logBook, tag, seqnum }: ReadQuery) {
    const matching = written.flatMap((record, position) =>
      record.logBook === logBook && (tag === 0 || record.tags.includes(tag)) ? [position] : [],
    );
    return direction === "prev"
      ? matching.filter((position) => join(LOGSPACE, position) <= seqnum).at(-1)
      : matching.find((position) => join(LOGSPACE, position) >= seqnum);
  }

  function indexOf(written: readonly Written[], out: FakeEffects): IndexState {
    const index = createIndex(LOGSPACE, ENGINE, new SharedLists(), Mutation.none, NO_DEFECTS);
    const records = written.map(({ tags, logBook }, counter) => recordOf(counter, tags, logBook));
    takeIndexData(index, [...records.keys()], records, out);
    for (const entry of cuts(...records.map(() => 1))) takeCut(index, entry, out);
    return index;
  }

  test("is the nearest record of the LogBook with the tag, bound included, in either direction", () => {
    fc.assert(
      fc.property(log, fc.array(query, { minLength: 1, maxLength: 20, size: "max" }), (written, queries) => {
        const out = fakeEffects();
        const index = indexOf(written, out);
        for (const each of queries.map(queryOf)) {
          expect(positionsOf(ask(index, each, out))).toEqual([reference(written, each)]);
        }
      }),
    );
  });
});
