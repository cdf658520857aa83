/** All records that a history of a log knows of, in the order of their seqnums. */

import { canonical } from "../canonical.ts";
import type { Operation } from "../history.ts";
import { HistoryError } from "../problems.ts";

/** A seqnum: a number where that is exact. Numbers and bigints compare with each other. */
export type Position = number | bigint;

export interface Book {
  readonly seqnums: readonly Position[];
  readonly data: readonly unknown[];
  /** How many records there are at the beginning. */
  readonly given: number;
  /** Rank of the record that an append wrote; none for an append that nobody can have seen. */
  readonly rankOf: ReadonlyMap<Operation, number>;
  /** Ranks of the records with a tag, ascending; all without one. */
  ranksOf(tag: unknown): readonly number[];
  /** Rank of a record that was read, or `UNREADABLE`. */
  rankOfAnswer(record: unknown): number;
  /** How many of these records have a seqnum below the given one, or not above it. */
  countBelow(ranks: readonly number[], seqnum: Position, orEqual: boolean): number;
}

/** Stands for a record that nobody wrote. */
export const UNREADABLE = -2;

export const tagName = (tag: unknown): string => (tag === undefined || tag === null ? "" : String(tag));

/** The tags of an append, each once; undefined when it is no list of numbers and texts. */
export function tagsOf(tags: unknown): string[] | undefined {
  if (tags === undefined) return [];
  if (!Array.isArray(tags)) return undefined;
  if (!tags.every((tag) => typeof tag === "number" || (typeof tag === "string" && tag !== "")))
    return undefined;
  return [...new Set(tags.map(String))];
}

/** Reads a seqnum; undefined when it is none. */
export function positionOf(value: unknown): Position | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  if (typeof value !== "string" || !/^(\d+|0x[\da-fA-F]+)$/.test(value)) return undefined;
  const exact = BigInt(value);
  return exact <= Number.MAX_SAFE_INTEGER ? Number(exact) : exact;
}

interface Entry {
  readonly seqnum: Position;
  readonly data: unknown;
  readonly tags: readonly string[];
  readonly append: Operation | undefined;
}

interface AnsweredRecord {
  readonly seqnum: Position;
  readonly data: unknown;
}

function recordOf(output: unknown): AnsweredRecord {
  if (typeof output !== "object" || output === null) return { seqnum: positionOf(output)!, data: undefined };
  const { seqnum, data } = output as { seqnum: unknown; data?: unknown };
  return { seqnum: positionOf(seqnum)!, data };
}

/** Collects the records; `given` is those that are there at the beginning. */
export function bookOf(operations: readonly Operation[], given: unknown): Book {
  const initial = (given ?? []) as readonly { seqnum: unknown; data: unknown; tags?: unknown }[];
  const entries = new Map<Position, Entry>();
  for (const { seqnum, data, tags } of initial) {
    const at = positionOf(seqnum)!;
    entries.set(at, { seqnum: at, data, tags: tagsOf(tags)!, append: undefined });
  }
  for (const operation of operations) {
    if (operation.name !== "append" || operation.outcome !== "ok") continue;
    const { seqnum } = recordOf(operation.output);
    // Of two appends that returned the same seqnum the second can never take effect.
    if (!entries.has(seqnum)) entries.set(seqnum, entryOf(seqnum, operation));
  }
  for (const entry of attributed(operations, entries)) entries.set(entry.seqnum, entry);
  return bound([...entries.values()].sort(bySeqnum), initial.length);
}

const bySeqnum = (a: { seqnum: Position }, b: { seqnum: Position }): number => (a.seqnum < b.seqnum ? -1 : 1);

function entryOf(seqnum: Position, append: Operation): Entry {
  const { data, tags } = append.input as { data: unknown; tags?: unknown };
  return { seqnum, data, tags: tagsOf(tags)!, append };
}

function bound(entries: readonly Entry[], given: number): Book {
  const seqnums = entries.map(({ seqnum }) => seqnum);
  const data = entries.map((entry) => entry.data);
  const rankOf = new Map<Operation, number>();
  const ranks = new Map<Position, number>();
  const byTag = new Map<string, number[]>();
  entries.forEach(({ seqnum, append, tags }, rank) => {
    if (append !== undefined) rankOf.set(append, rank);
    ranks.set(seqnum, rank);
    for (const tag of tags) {
      const tagged = byTag.get(tag);
      if (tagged === undefined) byTag.set(tag, [rank]);
      else tagged.push(rank);
    }
  });
  const all = entries.map((_, rank) => rank);
  const none: number[] = [];
  return {
    seqnums,
    data,
    given,
    rankOf,
    ranksOf: (tag) => (tagName(tag) === "" ? all : (byTag.get(tagName(tag)) ?? none)),
    rankOfAnswer(output) {
      const answer = recordOf(output);
      const rank = ranks.get(answer.seqnum);
      if (rank === undefined) return UNREADABLE;
      return answer.data === undefined || canonical(answer.data) === canonical(data[rank])
        ? rank
        : UNREADABLE;
    },
    countBelow(among, seqnum, orEqual) {
      let low = 0;
      let high = among.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        const there = seqnums[among[middle]!]!;
        if (there < seqnum || (orEqual && there === seqnum)) low = middle + 1;
        else high = middle;
      }
      return low;
    },
  };
}

/** Records that were read and whose append never returned, each with the append that wrote it. */
function attributed(operations: readonly Operation[], known: ReadonlyMap<Position, Entry>): Entry[] {
  const appends = operations.filter(({ name, outcome }) => name === "append" && outcome === "unknown");
  if (appends.length === 0) return [];
  const reads = new Map<Position, { reader: Operation; data: Set<string>; tags: Set<string> }>();
  for (const operation of operations) {
    const { name, outcome, output, input } = operation;
    if (name === "append" || name === "trim" || outcome !== "ok" || output === null) continue;
    const { seqnum, data } = recordOf(output);
    if (known.has(seqnum)) continue;
    const seen = reads.get(seqnum) ?? { reader: operation, data: new Set(), tags: new Set() };
    reads.set(seqnum, seen);
    if (data !== undefined) seen.data.add(canonical(data));
    const tag = tagName((input as { tag?: unknown } | undefined)?.tag);
    if (tag !== "") seen.tags.add(tag);
  }
  const byInvocation = [...appends].sort((a, b) => a.invoked - b.invoked);
  const taken = new Set<Operation>();
  const found: Entry[] = [];
  for (const [seqnum, { reader, data, tags }] of [...reads].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const candidates = byInvocation.filter((append) => {
      const entry = entryOf(seqnum, append);
      const itsData = canonical(entry.data);
      return (
        !taken.has(append) &&
        [...data].every((each) => each === itsData) &&
        [...tags].every((tag) => entry.tags.includes(tag))
      );
    });
    const [first] = candidates;
    if (first === undefined) continue;
    const other = candidates.find((append) => kindOf(append) !== kindOf(first));
    if (other !== undefined) throw new HistoryError([ambiguous(reader, seqnum, first, other)]);
    taken.add(first);
    found.push(entryOf(seqnum, first));
  }
  return found;
}

/** Appends are alike when they have the same data and tags. */
function kindOf({ input }: Operation): string {
  const { data, tags } = input as { data: unknown; tags?: unknown };
  return canonical([data, tagsOf(tags)!.sort()]);
}

function ambiguous(reader: Operation, seqnum: Position, a: Operation, b: Operation) {
  return {
    operation: reader.index,
    field: "output",
    message:
      `is the record ${seqnum}, which operation ${a.index} or ${b.index} may have appended, ` +
      "both with unknown outcome; give appends data that tell them apart",
  };
}
