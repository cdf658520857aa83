/**
 * A LogBook's indexes over several views, read as one log: whatever was appended, trimmed and asked, a read that goes from view to
 * view finds what a plain list of all records would show.
 */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defectsOf, NO_DEFECTS } from "../../../models/boki/defects.ts";
import { join, logspaceId, positionOf, SEQNUM_MAX, viewOf } from "../../../models/boki/identifiers.ts";
import { type Answer, ask, lookUp } from "../../../models/boki/index-reads.ts";
import { createIndex, type IndexState } from "../../../models/boki/index-state.ts";
import { endIndex, takeCut, takeIndexData } from "../../../models/boki/log-index.ts";
import type { LogRecord, ReadDirection, ReadQuery } from "../../../models/boki/messages.ts";
import { type CutEntry, cutEntry, vectorOfZeros, vectorPlus } from "../../../models/boki/metalog.ts";
import { Mutation } from "../../../models/boki/mutations.ts";
import { SharedLists } from "../../../sim/structures/int-list.ts";
import { queryOf } from "./engine-node.ts";
import { type FakeEffects, fakeEffects } from "./fake-effects.ts";

const ENGINE = 4;

/** What happens to the LogBook, in order: a record with tags, or a trim of a tag that reaches so many places back. */
type Happening =
  | { readonly tags: readonly number[] }
  | { readonly trimmedTag: number; readonly back: number };

interface Known {
  readonly seqnum: number;
  readonly tags: readonly number[];
}

/** The log of a view; a LogBook moves from log to log. */
function logOf(view: number): number {
  return logspaceId(view, 1 + ((view * 2) % 3));
}

/** All views of a run: their indexes, and beside them the plain list and what was given up. */
function build(views: readonly (readonly Happening[])[], out: FakeEffects, mutation = 0) {
  const known: Known[] = [];
  const bounds = new Map<number, number>();
  const indexes = views.map((happenings, view) => {
    const logspace = logOf(view);
    const index = createIndex(logspace, ENGINE, new SharedLists(), mutation, NO_DEFECTS);
    const entries: CutEntry[] = [];
    let starts = vectorOfZeros(1);
    let position = 0;
    for (const each of happenings) {
      const isRecord = "tags" in each;
      const entry = cutEntry(
        logspace,
        entries.length,
        position,
        starts,
        isRecord ? [0] : [],
        isRecord ? [1] : [],
        1,
      );
      if (isRecord) {
        starts = vectorPlus(starts, [0], [1]);
        const localid = join(ENGINE, position);
        const record: LogRecord = { localid, logBook: 1, tags: each.tags, dataBytes: 1, data: 1 };
        takeIndexData(index, [position], [record], out);
        known.push({ seqnum: join(logspace, position), tags: each.tags });
        position++;
        entries.push(entry);
      } else {
        // Some reach back into older views, some beyond what there is.
        const target = known[known.length - each.back]?.seqnum ?? join(logspace, position + 3);
        const trim = { engine: ENGINE, op: 0, logBook: 1, tag: each.trimmedTag, seqnum: target };
        const bound = Math.min(target, join(logspace, position));
        bounds.set(each.trimmedTag, Math.max(bounds.get(each.trimmedTag) ?? 0, bound));
        entries.push({ ...entry, trim });
      }
    }
    const isLast = view === views.length - 1;
    const tail = entries.slice(-2);
    for (const entry of isLast ? entries : entries.slice(0, -2)) takeCut(index, entry, out);
    if (!isLast) endIndex(index, { logspace, final: entries.length, tail }, out);
    return index;
  });
  return { indexes, known, bounds };
}

/** Takes a read from the newest view to where it ends. */
function walk(indexes: readonly IndexState[], asked: ReadQuery, out: FakeEffects): Answer {
  let query: ReadQuery = asked;
  for (;;) {
    const [answer] = ask(indexes[viewOf(query.logspace)]!, query, out);
    if (answer === undefined)
      throw new Error("an ended view, or one without blocking reads, answers at once");
    if (answer.goesOn !== "older") return answer;
    const logspace = logOf(viewOf(query.logspace) - 1);
    const { found: foundBefore, progress, bound } = answer;
    query = { ...query, logspace, initial: false, foundBefore, progress, bound };
  }
}

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ tags: fc.uniqueArray(fc.integer({ min: 1, max: 2 })) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      trimmedTag: fc.integer({ min: 0, max: 2 }),
      back: fc.integer({ min: 0, max: 8 }),
    }),
  },
);
const views = fc.array(fc.array(happening, { maxLength: 8, size: "max" }), { minLength: 1, maxLength: 4 });
const question = fc.record({
  direction: fc.constantFrom<ReadDirection>("next", "prev"),
  tag: fc.integer({ min: 0, max: 3 }),
  view: fc.integer({ min: 0, max: 4 }),
  position: fc.integer({ min: 0, max: 9 }),
  atEnd: fc.boolean(),
});

describe("a read from view to view", () => {
  test("finds what a list of all records shows, without what has been given up", () => {
    fc.assert(
      fc.property(
        views,
        fc.array(question, { minLength: 1, maxLength: 12, size: "max" }),
        (happenings, asked) => {
          const out = fakeEffects();
          const { indexes, known, bounds } = build(happenings, out);
          const logspace = logOf(happenings.length - 1);
          for (const { direction, tag, view, position, atEnd } of asked) {
            const seqnum = atEnd ? SEQNUM_MAX : join(logOf(view), position);
            const bound = Math.max(bounds.get(0) ?? 0, bounds.get(tag) ?? 0);
            const shown = known.filter(
              ({ seqnum: at, tags }) => at >= bound && (tag === 0 || tags.includes(tag)),
            );
            const expected =
              direction === "prev"
                ? shown.filter((each) => each.seqnum <= seqnum).at(-1)
                : shown.find((each) => each.seqnum >= seqnum);
            const answer = walk(indexes, queryOf({ direction, tag, seqnum, logspace }), out);
            expect(answer.found?.seqnum).toBe(expected?.seqnum);
            expect(answer.progress).toBe(join(logspace, happenings.at(-1)!.length));
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("a trim", () => {
  const records = (count: number): Happening[] => Array.from({ length: count }, () => ({ tags: [1] }));
  const newest = (mutation = 0, late = false) => {
    const out = fakeEffects();
    const { indexes } = build([[...records(3), { trimmedTag: 0, back: 1 }]], out, mutation);
    const index = indexes[0]!;
    if (late)
      takeCut(index, { ...cutEntry(logOf(0), 4, 3, vectorOfZeros(1), [0], [1], 1), ...trimAt(9) }, out);
    return { index, first: () => first(index) };
  };
  const trimAt = (position: number) => ({
    trim: { engine: ENGINE, op: 1, logBook: 1, tag: 0, seqnum: join(logOf(0), position) },
  });
  const first = (index: IndexState) => {
    const { found } = lookUp(index, queryOf({ direction: "next", seqnum: 0, logspace: logOf(0) }));
    return found && positionOf(found.seqnum);
  };

  test("takes effect in the order of the metalog: behind a cut whose records are not known, not yet", () => {
    expect(newest().first()).toBe(2);
    expect(newest(Mutation.none, true).first()).toBe(2);
  });

  test("takes effect early and in full by the slip", () => {
    expect(newest(Mutation.trimBoundEarly, true).first()).toBeUndefined();
  });

  test("gives up no more than the index shows by then", () => {
    const out = fakeEffects();
    const { indexes } = build([[...records(2), { trimmedTag: 0, back: 0 }, ...records(1)]], out);
    expect(first(indexes[0]!)).toBe(2);
  });
});

describe("the end of an index", () => {
  test("comes when all is indexed that the tail orders, and frees the reads from newer views", () => {
    const out = fakeEffects();
    const index = createIndex(logOf(0), ENGINE, new SharedLists(), Mutation.none, NO_DEFECTS);
    const onward = queryOf({
      direction: "prev",
      logspace: logOf(0),
      initial: false,
      progress: join(logOf(1), 3),
    });
    expect(ask(index, onward, out)).toEqual([]);
    const tail = [cutEntry(logOf(0), 0, 0, vectorOfZeros(1), [0], [1], 1)];
    const { standing, answers } = endIndex(index, { logspace: logOf(0), final: 1, tail }, out);
    expect([standing, answers, index.complete]).toEqual(["reached", [], false]);
    const record = { localid: join(ENGINE, 0), logBook: 1, tags: [], dataBytes: 1, data: 1 };
    const [answer] = takeIndexData(index, [0], [record], out);
    expect(answer).toMatchObject({ found: { seqnum: join(logOf(0), 0) }, progress: join(logOf(1), 3) });
    expect(index.complete).toBe(true);
  });

  test("releases whatever waits in the release, finished or not (P3)", () => {
    const out = fakeEffects();
    const index = createIndex(logOf(0), ENGINE, new SharedLists(), Mutation.none, defectsOf(["P3"]));
    ask(index, queryOf({ logspace: logOf(0), initial: false, progress: join(logOf(1), 3) }), out);
    ask(index, queryOf({ logspace: logOf(0), progress: join(logOf(0), 1), op: 9 }), out);
    const tail = [cutEntry(logOf(0), 0, 0, vectorOfZeros(1), [0], [1], 1)];
    const { answers } = endIndex(index, { logspace: logOf(0), final: 1, tail }, out);
    expect(answers.map(({ query, found }) => [query.op, found])).toEqual([
      [9, undefined],
      [8, undefined],
    ]);
  });
});
