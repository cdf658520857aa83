/**
 * A shared log: `append` returns the seqnum of the record, `read`, `readNext`, `readPrev` and `checkTail` return a record or
 * `null`, `trim` drops records below a seqnum.
 *
 * The log chooses seqnums: each is above all before, and there may be gaps. Hence the order in which appends take effect is known, it
 * is that of their seqnums, and a state is how many records there are and where the log is trimmed.
 *
 * An append whose outcome is unknown took effect if somebody read its record: a record that was read, and that no append returned
 * the seqnum of, is one with the same data and tags. Appends that are alike get such seqnums in the order of their invocation,
 * which is as good as any other order, as none of them has to take effect before any moment. One whose record nobody read may
 * as well never have taken effect.
 */

import { canonical } from "../canonical.ts";
import type { Operation } from "../history.ts";
import type { Model, OperationProblem, Trace } from "../model.ts";
import { IMPOSSIBLE, type Specification } from "../specification.ts";
import type { Timeline } from "../timeline.ts";
import {
  type Book,
  bookOf,
  kindOf,
  type Position,
  positionOf,
  tagName,
  tagsOf,
  tagsOfAppend,
  UNREADABLE,
} from "./log-book.ts";

/** The log after some of its records were appended. */
export interface LogState {
  readonly book: Book;
  /** The first so many records of the book. */
  readonly length: number;
  /** By tag, `""` for all: records with seqnums below are gone. */
  readonly bounds: ReadonlyMap<string, Position>;
  /** By rank, the append that wrote a record which several may have written. */
  readonly chosen: ReadonlyMap<number, Operation>;
}

const READS = ["read", "readNext", "readPrev", "checkTail"];

export const log: Model<LogState> = {
  name: "log",
  operations: ["append", ...READS, "trim"],
  problem: problemOf,
  initialProblem,
  initial(operations, given) {
    const book = bookOf(operations, given);
    return { book, length: book.given, bounds: new Map(), chosen: new Map() };
  },
  step(state, operation) {
    const { book, length, bounds, chosen } = state;
    switch (operation.name) {
      case "append":
        if (book.rankOf.get(operation) === length) return { ...state, length: length + 1 };
        if (!book.candidates.get(length)?.includes(operation)) return undefined;
        return { ...state, length: length + 1, chosen: new Map(chosen).set(length, operation) };
      case "trim": {
        const { seqnum, tag } = operation.input as { seqnum: unknown; tag?: unknown };
        const below = positionOf(seqnum)!;
        const name = tagName(tag);
        const bound = bounds.get(name);
        if (bound !== undefined && bound >= below) return state;
        return { ...state, bounds: new Map(bounds).set(name, below) };
      }
      default:
        return operation.outcome === "unknown" || found(state, operation) === answerOf(book, operation)
          ? state
          : undefined;
    }
  },
  isReadOnly: ({ name }) => READS.includes(name),
  identify({ length, bounds, chosen }) {
    if (bounds.size === 0 && chosen.size === 0) return length;
    const kinds = [...chosen].map(([rank, append]) => `${rank} ${kindOf(append)}`);
    return `${length} ${[...bounds].map(String).sort().join(" ")} ${kinds.join(" ")}`;
  },
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
function found(state: LogState, { name, input }: Operation): number {
  const { book, length, bounds, chosen } = state;
  const { seqnum, tag } = (input ?? {}) as { seqnum?: unknown; tag?: unknown };
  const ranks = book.ranksOf(tag);
  const bound = boundFor(bounds, tagName(tag));
  const isThere = (rank: number): boolean => rank < length && book.seqnums[rank]! >= bound;
  // A record that several appends may have written has the tags of the one that did.
  const isTagged = (rank: number): boolean => {
    const append = chosen.get(rank);
    return tagName(tag) === "" || append === undefined || tagsOfAppend(append).includes(tagName(tag));
  };
  if (name === "read" || name === "readNext") {
    const from = positionOf(seqnum)!;
    let place = book.countBelow(ranks, name === "readNext" && bound > from ? bound : from, false);
    while (place < ranks.length && isThere(ranks[place]!) && !isTagged(ranks[place]!)) place++;
    const rank = ranks[place];
    if (rank === undefined || !isThere(rank)) return NOTHING;
    return name === "readNext" || book.seqnums[rank] === from ? rank : NOTHING;
  }
  const upTo = name === "checkTail" ? undefined : positionOf(seqnum)!;
  const below = upTo === undefined ? ranks.length : book.countBelow(ranks, upTo, true);
  let place = Math.min(below, countBelowRank(ranks, length)) - 1;
  while (place >= 0 && isThere(ranks[place]!) && !isTagged(ranks[place]!)) place--;
  const rank = ranks[place];
  return rank === undefined || !isThere(rank) ? NOTHING : rank;
}

/** Records with seqnums below are gone for readers of the tag. */
function boundFor(bounds: ReadonlyMap<string, Position>, tag: string): Position {
  const all = bounds.get("") ?? 0;
  const tagged = bounds.get(tag) ?? 0;
  if (tagged > all) return tagged;
  return all;
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
  if (book.candidates.size > 0) return undefined;
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
function traces(operations: readonly Operation[], given: unknown): Trace[] {
  const book = bookOf(operations, given);
  return operations.map((operation) => {
    const { name, input, output } = operation;
    if (name === "trim") return { writes: ["trim"], reads: [] };
    if (name === "append") {
      const certain = book.rankOf.get(operation);
      const possible = [...book.candidates].filter(([, appends]) => appends.includes(operation));
      const ranks = certain === undefined ? possible.map(([rank]) => rank) : [certain];
      return { writes: ranks.map((rank) => `record ${book.seqnums[rank]}`), reads: [] };
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

function initialProblem(given: unknown): string | undefined {
  const records = (Array.isArray(given) ? given : [undefined]) as (
    | { seqnum: unknown; data: unknown; tags?: unknown }
    | undefined
  )[];
  const seqnums = records.map((record) => positionOf(record?.seqnum));
  const right = records.every(
    (record, i) =>
      seqnums[i] !== undefined &&
      (i === 0 || seqnums[i - 1]! < seqnums[i]!) &&
      record?.data !== undefined &&
      tagsOf(record.tags) !== undefined,
  );
  return right
    ? undefined
    : 'a list of {"seqnum": ..., "data": any, "tags": [...]} with ascending seqnums is wanted';
}

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
