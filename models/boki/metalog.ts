/**
 * The metalog's entries: what the primary sequencer decides and everybody applies (docs/models/boki.md, "The metalog").
 *
 * A cut says, for each shard, which run of its records is ordered next. The order inside a cut is fixed by rule: shards in
 * the engine-list order of the view, then by localid. So an entry of a few numbers orders any number of records, and every
 * node computes the same seqnums from it without asking.
 */

import type { LogBookId, LogspaceId, NodeId, Seqnum, Tag } from "./identifiers.ts";

/** One value per shard, by position in the engine list; see `vectorAt`. A new version shares the chunks that did not change. */
export type ShardVector = readonly (readonly number[])[];

export interface CutEntry {
  readonly kind: "newLogs";
  readonly logspace: LogspaceId;
  /** Position in the metalog, from 0. */
  readonly position: number;
  /** Seqnum position of the first record it orders. */
  readonly startSeqnum: number;
  /** Records of each shard ordered by earlier entries: makes an entry self-contained for who skips entries. */
  readonly starts: ShardVector;
  /** Shards with new records, ascending; the others have a delta of 0. */
  readonly shards: readonly number[];
  /** Parallel to `shards`: how many records. */
  readonly deltas: readonly number[];
  /** Parallel to `shards`: seqnum position of the shard's first record in this cut. */
  readonly firsts: readonly number[];
  /** Sum of the deltas; above 0 unless the entry is a trim. */
  readonly total: number;
  /** Shards in the view, for the size on the wire: the real entry carries all starts and deltas. */
  readonly shardCount: number;
  /** An entry that orders no record but says from where on a LogBook, or one tag of it, is still wanted. */
  readonly trim: Trim | undefined;
}

/** Records of the LogBook below `seqnum` are no longer wanted: all of them (tag 0), or as far as the tag goes. */
export interface Trim {
  readonly engine: NodeId;
  readonly op: number;
  readonly logBook: LogBookId;
  readonly tag: Tag;
  readonly seqnum: Seqnum;
}

export type MetalogEntry = CutEntry;

const CHUNK_BITS = 6;
const CHUNK = 1 << CHUNK_BITS;

export function vectorOfZeros(length: number): ShardVector {
  const zeros: readonly number[] = new Array<number>(Math.min(length, CHUNK)).fill(0);
  return Array.from({ length: Math.ceil(length / CHUNK) }, () => zeros);
}

export function vectorAt(vector: ShardVector, shard: number): number {
  return vector[shard >> CHUNK_BITS]![shard & (CHUNK - 1)]!;
}

/** The vector with `deltas` added at `shards`; copies the chunks it touches. */
export function vectorPlus(
  vector: ShardVector,
  shards: readonly number[],
  deltas: readonly number[],
): ShardVector {
  const next = [...vector];
  let copied = -1;
  shards.forEach((shard, i) => {
    const chunk = shard >> CHUNK_BITS;
    if (chunk !== copied) {
      next[chunk] = [...next[chunk]!];
      copied = chunk;
    }
    (next[chunk] as number[])[shard & (CHUNK - 1)]! += deltas[i]!;
  });
  return next;
}

/** Where a shard stands among an entry's shards with new records, or -1. */
export function indexInEntry(entry: CutEntry, shard: number): number {
  const { shards } = entry;
  let [low, high] = [0, shards.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shards[middle]! < shard) low = middle + 1;
    else high = middle;
  }
  return shards[low] === shard ? low : -1;
}

/** Builds the entry that orders `deltas` records of `shards` (ascending) next. */
export function cutEntry(
  logspace: LogspaceId,
  position: number,
  startSeqnum: number,
  starts: ShardVector,
  shards: readonly number[],
  deltas: readonly number[],
  shardCount: number,
): CutEntry {
  const firsts: number[] = [];
  let running = startSeqnum;
  for (const delta of deltas) {
    firsts.push(running);
    running += delta;
  }
  const total = running - startSeqnum;
  return {
    kind: "newLogs",
    logspace,
    position,
    startSeqnum,
    starts,
    shards,
    deltas,
    firsts,
    total,
    shardCount,
    trim: undefined,
  };
}

/**
 * Size of an entry on the wire: a fixed part and, per shard, a start and a delta as varints of 4 and 1 bytes.
 * Source: the serialised entry of the release, "tens of bytes, two varints an engine" (docs/models/boki.md, "Sizes").
 */
export function entryBytes(entry: MetalogEntry): number {
  return 20 + 5 * entry.shardCount;
}
