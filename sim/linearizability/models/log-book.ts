/** All records that a history of a log knows of, in the order of their seqnums. */

import { canonical } from "../canonical.ts";
import { hasReturned, type Operation } from "../history.ts";

/** A seqnum: a number where that is exact. Numbers and bigints compare with each other. */
export type Position = number | bigint;

export interface Book {
  readonly seqnums: readonly Position[];
  readonly data: readonly unknown[];
  /** How many records there are at the beginning. */
  readonly given: number;
  /** Rank of the record that an append wrote; none for an append that nobody can have seen, or whose record is not certain. */
  readonly rankOf: ReadonlyMap<Operation, number>;
  /** By rank, the appends that may have written a record, where it is not certain which did. */
  readonly candidates: ReadonlyMap<number, readonly Operation[]>;
  /** Ranks of the records that have a tag or may have it, ascending; all without one. */
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
  readonly candidates?: readonly Operation[];
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
    if (operation.name !== "append" || !hasReturned(operation)) continue;
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
  const candidates = new Map<number, readonly Operation[]>();
  const ranks = new Map<Position, number>();
  const byTag = new Map<string, number[]>();
  entries.forEach(({ seqnum, append, tags, candidates: possible }, rank) => {
    if (append !== undefined) rankOf.set(append, rank);
    if (possible !== undefined) candidates.set(rank, possible);
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
    candidates,
    ranksOf: (tag) => (tagName(tag) === "" ? all : (byTag.get(tagName(tag)) ?? none)),
    rankOfAnswer(output) {
      const answer = recordOf(output);
      const rank = ranks.get(answer.seqnum);
      if (rank === undefined) return UNREADABLE;
      if (answer.data === undefined || candidates.has(rank)) return rank;
      return canonical(answer.data) === canonical(data[rank]) ? rank : UNREADABLE;
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

/** What readers know of a record whose append never returned. */
interface Seen {
  readonly seqnum: Position;
  readonly data: Set<string>;
  readonly tags: Set<string>;
}

/**
 * Records that were read and whose append never returned. Where all appends that may have written a record are alike, they get
 * their records in the order of their invocation; where they are not, the search has to try.
 */
function attributed(operations: readonly Operation[], known: ReadonlyMap<Position, Entry>): Entry[] {
  const appends = operations
    .filter((operation) => operation.name === "append" && !hasReturned(operation))
    .sort((a, b) => a.invoked - b.invoked);
  if (appends.length === 0) return [];
  const possible = seenRecords(operations, known)
    .sort(bySeqnum)
    .map((seen) => ({ seen, candidates: appends.filter((append) => canBe(append, seen)) }))
    .filter(({ candidates }) => candidates.length > 0);
  if (possible.some(({ candidates }) => new Set(candidates.map(kindOf)).size > 1)) {
    return possible.map(({ seen: { seqnum, data }, candidates }) => ({
      seqnum,
      data: data.size === 0 ? undefined : JSON.parse([...data][0]!),
      tags: [...new Set(candidates.flatMap(tagsOfAppend))],
      append: undefined,
      candidates,
    }));
  }
  const taken = new Set<Operation>();
  return possible.flatMap(({ seen, candidates }) => {
    const first = candidates.find((append) => !taken.has(append));
    if (first === undefined) return [];
    taken.add(first);
    return [entryOf(seen.seqnum, first)];
  });
}

function seenRecords(operations: readonly Operation[], known: ReadonlyMap<Position, Entry>): Seen[] {
  const records = new Map<Position, Seen>();
  for (const operation of operations) {
    const { name, output, input } = operation;
    if (name === "append" || name === "trim" || !hasReturned(operation) || output === null) continue;
    const { seqnum, data } = recordOf(output);
    if (known.has(seqnum)) continue;
    const seen = records.get(seqnum) ?? { seqnum, data: new Set(), tags: new Set() };
    records.set(seqnum, seen);
    if (data !== undefined) seen.data.add(canonical(data));
    const tag = tagName((input as { tag?: unknown } | undefined | null)?.tag);
    if (tag !== "") seen.tags.add(tag);
  }
  return [...records.values()];
}

/** Whether the append can have written a record that readers saw like this. */
function canBe(append: Operation, { seqnum, data, tags }: Seen): boolean {
  if (append.outcome === "ok" && recordOf(append.output).seqnum !== seqnum) return false;
  const itsData = canonical((append.input as { data: unknown }).data);
  const itsTags = tagsOfAppend(append);
  return [...data].every((each) => each === itsData) && [...tags].every((tag) => itsTags.includes(tag));
}

/** The tags of an append, each once. */
export const tagsOfAppend = ({ input }: Operation): string[] => tagsOf((input as { tags?: unknown }).tags)!;

/** Appends are alike when they have the same data and tags, and what they would return is equally known. */
export const kindOf = (append: Operation): string =>
  canonical([(append.input as { data: unknown }).data, tagsOfAppend(append).sort(), append.output]);
