/**
 * A shared log: `append` returns the seqnum of the record, `read`, `readNext`, `readPrev` and `checkTail` return a record or
 * `null`, `trim` drops records below a seqnum.
 *
 * The log chooses seqnums: each is above all before, and there may be gaps. Hence the order in which appends take effect is known, it
 * is that of their seqnums, and a state is how many records there are and where the log is trimmed.
 *
 * An append whose outcome is unknown took effect if somebody read its record: a record that was read, and that no append returned
 * the seqnum of, is one with the same data. Alike appends of unknown outcome get such seqnums in the order of their invocation,
 * which is as good as any other order, as none of them has to take effect before any moment.
 */

import { canonical } from "../canonical.ts";
import type { Operation } from "../history.ts";
import type { Model, OperationProblem, Trace } from "../model.ts";
import { IMPOSSIBLE, type Specification } from "../specification.ts";
import type { Timeline } from "../timeline.ts";
import { type Book, bookOf, type Position, positionOf, tagName, tagsOf, UNREADABLE } from "./log-book.ts";

/** The log after some of its records were appended. */
export interface LogState {
  readonly book: Book;
  /** The first so many records of the book. */
  readonly length: number;
  /** By tag, `""` for all: records with seqnums below are gone. */
  readonly bounds: ReadonlyMap<string, Position>;
}

const READS = ["read", "readNext", "readPrev", "checkTail"];

export const log: Model<LogState> = {
  name: "log",
  operations: ["append", ...READS, "trim"],
  problem: problemOf,
  initial(operations, given) {
    const book = bookOf(operations, given);
    return { book, length: book.given, bounds: new Map() };
  },
  step(state, operation) {
    const { book, length, bounds } = state;
    switch (operation.name) {
      case "append":
        return book.rankOf.get(operation) === length ? { book, length: length + 1, bounds } : undefined;
      case "trim": {
        const { seqnum, tag } = operation.input as { seqnum: unknown; tag?: unknown };
        const below = positionOf(seqnum)!;
        const name = tagName(tag);
        const bound = bounds.get(name);
        if (bound !== undefined && bound >= below) return state;
        return { book, length, bounds: new Map(bounds).set(name, below) };
      }
      default:
        return operation.outcome === "unknown" || found(state, operation) === answerOf(book, operation)
          ? state
          : undefined;
    }
  },
  isReadOnly: ({ name }) => READS.includes(name),
  identify: ({ length, bounds }) =>
    bounds.size === 0 ? length : `${length} ${[...bounds].map(String).sort().join(" ")}`,
  describe({ book, length, bounds }) {
    const tail = length === 0 ? "no record" : `records up to ${book.seqnums[length - 1]}`;
    const trims = [...bounds].map(
      ([tag, below]) => `, trimmed below ${below}${tag === "" ? "" : ` for tag ${tag}`}`,
    );
    return tail + trims.join("");
  },
  expected(state, operation) {
    const { book, length } = state;
    if (operation.name === "append") {
      return length === 0 ? "any seqnum" : `a seqnum above ${book.seqnums[length - 1]}`;
    }
    if (operation.name === "trim") return "nothing";
    const rank = found(state, operation);
    return rank === NOTHING
      ? "null"
      : canonical({ seqnum: String(book.seqnums[rank]), data: book.data[rank] }).replaceAll(
          /"(\d+)"(?=})/g,
          "$1",
        );
  },
  traces,
  specify,
};

const NOTHING = -1;

/** Rank of the record that a read finds. */
function found({ book, length, bounds }: LogState, { name, input }: Operation): number {
  const { seqnum, tag } = (input ?? {}) as { seqnum?: unknown; tag?: unknown };
  const ranks = book.ranksOf(tag);
  const all = bounds.get("");
  const tagged = bounds.get(tagName(tag));
  const bound = all === undefined || (tagged !== undefined && tagged > all) ? tagged : all;
  const isThere = (rank: number | undefined): rank is number =>
    rank !== undefined && rank < length && (bound === undefined || book.seqnums[rank]! >= bound);
  switch (name) {
    case "read": {
      const rank = ranks[book.countBelow(ranks, positionOf(seqnum)!, false)];
      return isThere(rank) && book.seqnums[rank] === positionOf(seqnum) ? rank : NOTHING;
    }
    case "readNext": {
      const from = positionOf(seqnum)!;
      const rank = ranks[book.countBelow(ranks, bound !== undefined && bound > from ? bound : from, false)];
      return isThere(rank) ? rank : NOTHING;
    }
    default: {
      const upTo = name === "checkTail" ? undefined : positionOf(seqnum)!;
      const below = upTo === undefined ? ranks.length : book.countBelow(ranks, upTo, true);
      const rank = ranks[Math.min(below, countBelowRank(ranks, length)) - 1];
      return isThere(rank) ? rank : NOTHING;
    }
  }
}

/** Rank of the record that a read returned; `UNREADABLE` when there cannot be such a record. */
function answerOf(book: Book, { output }: Operation): number {
  return output === null ? NOTHING : book.rankOfAnswer(output);
}

function countBelowRank(ranks: readonly number[], limit: number): number {
  let low = 0;
  let high = ranks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranks[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Without trims the log only grows, so a read is possible in an interval of lengths: from where its record is appended to
 * where one is appended that it would have returned instead.
 */
function specify({ operations, count }: Timeline, given: unknown): Specification | undefined {
  if (operations.some(({ name }) => name === "trim")) return undefined;
  const book = bookOf(operations, given);
  const from = new Int32Array(count);
  const until = new Int32Array(count);
  const readOnly = new Uint8Array(count);
  operations.forEach((operation, number) => {
    if (operation.name === "append") {
      const rank = book.rankOf.get(operation);
      if (rank !== undefined) {
        from[number] = rank;
        until[number] = rank + 1;
      }
      return;
    }
    readOnly[number] = 1;
    if (operation.outcome === "unknown") return;
    const answer = answerOf(book, operation);
    if (answer === UNREADABLE) return;
    const { seqnum, tag } = (operation.input ?? {}) as { seqnum?: unknown; tag?: unknown };
    const ranks = book.ranksOf(tag);
    const upTo = operation.name === "checkTail" ? undefined : positionOf(seqnum)!;
    if (operation.name === "readNext" || operation.name === "read") {
      const first = ranks[book.countBelow(ranks, upTo!, false)];
      const match =
        first !== undefined && (operation.name === "readNext" || book.seqnums[first] === upTo)
          ? first
          : undefined;
      if (answer === NOTHING) until[number] = match === undefined ? ALWAYS : match + 1;
      else if (answer === match) {
        from[number] = answer + 1;
        until[number] = ALWAYS;
      }
      return;
    }
    const below = upTo === undefined ? ranks.length : book.countBelow(ranks, upTo, true);
    const place = answer === NOTHING ? -1 : countBelowRank(ranks, answer);
    if (place >= below || (place >= 0 && ranks[place] !== answer)) return;
    from[number] = answer + 1;
    until[number] = place + 1 < below ? ranks[place + 1]! + 1 : ALWAYS;
  });
  return {
    initial: book.given,
    step(state, operation) {
      if (state < from[operation]! || state >= until[operation]!) return IMPOSSIBLE;
      return readOnly[operation] === 1 ? state : state + 1;
    },
    readOnly,
  };
}
const ALWAYS = 0x7fffffff;

/** What a read returned is what an append wrote; whether it would have returned something older but for a trim depends on all trims. */
function traces(operations: readonly Operation[]): Trace[] {
  const book = bookOf(operations, undefined);
  return operations.map((operation) => {
    const { name, input, output } = operation;
    if (name === "trim") return { writes: ["trim"], reads: [] };
    if (name === "append") {
      const rank = book.rankOf.get(operation);
      return { writes: rank === undefined ? [] : [`record ${book.seqnums[rank]}`], reads: [] };
    }
    const returned = output === null || output === undefined ? undefined : seqnumOf(output);
    const asked = positionOf((input as { seqnum?: unknown } | undefined)?.seqnum);
    const skipped =
      returned === undefined || (name === "readNext" && asked !== undefined && returned > asked);
    return {
      writes: [],
      reads: [...(returned === undefined ? [] : [`record ${returned}`]), ...(skipped ? ["trim"] : [])],
    };
  });
}

const seqnumOf = (record: unknown): Position | undefined =>
  positionOf(typeof record === "object" && record !== null ? (record as { seqnum: unknown }).seqnum : record);

const SEQNUM = "a whole number from 0 on, or one as text when it is above 2^53";

function problemOf({ name, input, output, outcome }: Operation): OperationProblem | undefined {
  const given = (input ?? {}) as { data?: unknown; tags?: unknown; seqnum?: unknown; tag?: unknown };
  if (name === "append") {
    if (typeof given !== "object" || given.data === undefined) {
      return { field: "input.data", message: 'is missing; an append has {"data": any, "tags": [...]}' };
    }
    if (given.tags !== undefined && tagsOf(given.tags) === undefined) {
      return {
        field: "input.tags",
        message: `is ${canonical(given.tags)}; it is a list of numbers or texts`,
      };
    }
    if (outcome === "ok" && seqnumOf(output) === undefined) return notSeqnum("output", output);
    return undefined;
  }
  if (name !== "checkTail" && positionOf(given.seqnum) === undefined)
    return notSeqnum("input.seqnum", given.seqnum);
  if (name === "trim" || outcome !== "ok" || output === null) return undefined;
  if (seqnumOf(output) !== undefined) return undefined;
  return {
    field: "output",
    message: `is ${output === undefined ? "missing" : canonical(output)}; an ok ${name} has {"seqnum": ${SEQNUM}, "data": any}, or null when there was no record`,
  };
}

const notSeqnum = (field: OperationProblem["field"], found: unknown): OperationProblem => ({
  field,
  message: `is ${found === undefined ? "missing" : canonical(found)}; a seqnum is ${SEQNUM}`,
});
