/**
 * A storage node's part of one physical log: the records of the shards it stores, from arrival to the database
 * (docs/models/boki.md, "Storage").
 *
 * A record comes in unordered and is filed under its localid. The node reports how long a gap-free run it holds of each
 * shard, because only that can be ordered. Once a cut orders it, a record is live under its seqnum, is announced to the
 * index, is written to the database by the flush thread, and may leave memory after that, oldest first.
 */

import { DISK_READ } from "../../sim/effects.ts";
import type { Effects } from "../../sim/machine.ts";
import { type GrowMap, get, growMap, has, remove, set } from "../../sim/structures/grow-map.ts";
import { append, at, type IntList, intList } from "../../sim/structures/int-list.ts";
import type { Bytes } from "../../sim/units.ts";
import { type ApplierState, createApplier, firstPosition, provide } from "./applier.ts";
import { highOf, join, type LogspaceId, type NodeId, positionOf, type Seqnum } from "./identifiers.ts";
import type { BokiMessage, LogRecord } from "./messages.ts";
import { indexInEntry, type MetalogEntry, vectorAt } from "./metalog.ts";
import { Mutation } from "./mutations.ts";
import { type Observation, recordBytes } from "./observations.ts";
import type { View } from "./view.ts";

/** A read that waits for its record to be ordered. */
export interface ParkedRead {
  readonly seqnum: Seqnum;
  readonly origin: NodeId;
  readonly op: number;
  readonly progress: number;
}

export interface LogStorageState {
  readonly applier: ApplierState;
  readonly storage: NodeId;
  readonly mutation: number;
  /** Positions in the engine list of the shards stored here, ascending; the order of progress vectors. */
  readonly sources: readonly number[];
  /** Engine ids, parallel to `sources`. */
  readonly sourceIds: readonly NodeId[];
  /** Parallel to `sources`: length of the gap-free prefix of localids held. */
  counts: number[];
  /** Held and not ordered, by localid. */
  unordered: Map<number, LogRecord>;
  /** Ordered and in memory, by position. */
  live: GrowMap<number, LogRecord>;
  /** Positions of ordered records in order; all before `evicted` have left memory, all before `flushed` are in the database. */
  ordered: IntList;
  evicted: number;
  flushed: number;
  /** Every ordered record below this position is in the database. */
  persistedPosition: number;
  /** Bytes flushed so far, and how many had been when each 1,024th record was: what the block cache still holds. */
  flushedBytes: Bytes;
  parked: Map<number, ParkedRead[]>;
}

export function createLogStorage(
  view: View,
  logspace: LogspaceId,
  storage: NodeId,
  sources: readonly number[],
  mutation: number,
): LogStorageState {
  return {
    applier: createApplier(logspace, "lite", sources, mutation),
    storage,
    mutation,
    sources,
    sourceIds: sources.map((position) => view.engines[position]!),
    counts: sources.map(() => 0),
    unordered: new Map(),
    live: growMap(),
    ordered: intList(),
    evicted: 0,
    flushed: 0,
    persistedPosition: 0,
    flushedBytes: 0,
    parked: new Map(),
  };
}

/** Files a record that an engine sent. Returns whether the report of progress has something new. */
export function holdRecord(state: LogStorageState, record: LogRecord, out: Effects<BokiMessage>): boolean {
  const engine = highOf(record.localid);
  const source = state.sourceIds.indexOf(engine);
  if (source < 0) return false;
  const counter = positionOf(record.localid);
  if (counter < state.counts[source]!) return false;
  state.unordered.set(record.localid, record);
  const before = state.counts[source]!;
  let count = before;
  while (state.unordered.has(join(engine, count))) count++;
  if (state.mutation === Mutation.reportsHighest) count = Math.max(count, counter + 1);
  if (count === before) return false;
  state.counts[source] = count;
  const { storage, applier } = state;
  const shard = state.sources[source]!;
  out.observe?.({
    kind: "stored",
    storage,
    logspace: applier.logspace,
    shard,
    engine,
    count,
  } satisfies Observation);
  return true;
}

/** What a progress report carries. */
export function progressVector(state: LogStorageState): number[] {
  if (state.mutation === Mutation.progressReversed) {
    return [...state.counts].reverse();
  }
  return [...state.counts];
}

/** Applies a metalog entry; returns positions and records that it, and entries it released, ordered here. */
export function orderRecords(
  state: LogStorageState,
  entry: MetalogEntry,
  out: Effects<BokiMessage>,
): { positions: number[]; records: LogRecord[] } {
  const positions: number[] = [];
  const records: LogRecord[] = [];
  const { storage } = state;
  provide(state.applier, entry, (applied) => {
    out.observe?.({ kind: "applied", role: "storage", node: storage, entry: applied } satisfies Observation);
    for (let i = 0; i < state.sources.length; i++) {
      const shard = state.sources[i]!;
      const index = indexInEntry(applied, shard);
      if (index < 0) continue;
      const start = vectorAt(applied.starts, shard);
      const first = firstOf(state, applied, index);
      for (let j = 0; j < applied.deltas[index]!; j++) {
        const localid = join(state.sourceIds[i]!, start + j);
        const record = state.unordered.get(localid);
        if (record === undefined) {
          // Ordered without being here: the released code aborts. The run goes on, and the checkers report it.
          out.count("storage.orderedButMissing");
          continue;
        }
        state.unordered.delete(localid);
        positions.push(first + j);
        records.push(record);
        const seqnum = join(state.applier.logspace, first + j);
        out.observe?.({
          kind: "ordered",
          role: "storage",
          node: storage,
          localid,
          seqnum,
        } satisfies Observation);
      }
    }
  });
  for (let i = 0; i < positions.length; i++) {
    append(state.ordered, positions[i]!);
    set(state.live, positions[i]!, records[i]!);
  }
  return { positions, records };
}

function firstOf(state: LogStorageState, entry: MetalogEntry, index: number): number {
  if (state.mutation === Mutation.sortedShardOrder && state.storage === 1) {
    // The slip: shards are walked from the last engine to the first.
    let running = entry.startSeqnum;
    for (let k = entry.shards.length - 1; k > index; k--) running += entry.deltas[k]!;
    return running;
  }
  return firstPosition(state.applier, entry, index);
}

/** Drops the oldest records from memory as long as there are too many and they are in the database. */
export function evict(state: LogStorageState, maxLiveRecords: number, out: Effects<BokiMessage>): void {
  while (state.live.size > maxLiveRecords && state.evicted < state.ordered.length) {
    const position = at(state.ordered, state.evicted);
    if (position >= state.persistedPosition && state.mutation !== Mutation.evictsUnflushed) return;
    remove(state.live, position);
    state.evicted++;
    const seqnum = join(state.applier.logspace, position);
    out.observe?.({ kind: "evicted", storage: state.storage, seqnum } satisfies Observation);
  }
}

/** Writes every live record that is not in the database yet; returns how many. */
export function flush(state: LogStorageState, out: Effects<BokiMessage>): number {
  let end = state.ordered.length;
  if (state.mutation === Mutation.persistedPastWritten) end--;
  const table = tableOf(state);
  let records = 0;
  for (; state.flushed < end; state.flushed++) {
    const position = at(state.ordered, state.flushed);
    const record = get(state.live, position);
    if (record === undefined) continue;
    const sizeBytes = recordBytes(record);
    out.put(table, position, record, sizeBytes);
    state.flushedBytes += sizeBytes;
    records++;
  }
  state.flushed = state.ordered.length;
  if (state.flushed > 0) state.persistedPosition = at(state.ordered, state.flushed - 1) + 1;
  return records;
}

export type ReadOutcome =
  | { readonly kind: "found"; readonly record: LogRecord }
  | { readonly kind: "parked" }
  | { readonly kind: "lost" };

/** Looks a record up: parked until it is ordered, live, in the database, or lost. */
export function readAt(
  state: LogStorageState,
  read: ParkedRead,
  cacheBytes: Bytes,
  out: Effects<BokiMessage>,
): ReadOutcome {
  const position = positionOf(read.seqnum);
  if (position >= state.applier.seqnumPosition) {
    if (state.mutation === Mutation.lateReadIsLost) return { kind: "lost" };
    const waiting = state.parked.get(position);
    if (waiting === undefined) state.parked.set(position, [read]);
    else waiting.push(read);
    out.count("storage.readParked");
    return { kind: "parked" };
  }
  const record = get(state.live, position);
  if (record !== undefined) {
    out.count("storageMemory.hit");
    return { kind: "found", record };
  }
  out.count("storageMemory.miss");
  if (position >= state.persistedPosition) return { kind: "lost" };
  return readDatabase(state, position, cacheBytes, out);
}

function readDatabase(
  state: LogStorageState,
  position: number,
  cacheBytes: Bytes,
  out: Effects<BokiMessage>,
): ReadOutcome {
  const record = out.get(tableOf(state), position) as LogRecord | undefined;
  out.work("databaseRead", 1);
  if (record === undefined) return { kind: "lost" };
  // The block cache is taken to hold the newest `cacheBytes` of what was flushed (docs/models/boki.md, "The database").
  const meanBytes = state.flushedBytes / state.flushed;
  const newerRecords = state.ordered.length - indexOfPosition(state.ordered, position);
  if (newerRecords * meanBytes > cacheBytes) {
    out.count("databaseCache.miss");
    out.work(DISK_READ, Math.max(4_096, recordBytes(record)));
  } else {
    out.count("databaseCache.hit");
  }
  return { kind: "found", record };
}

/** Takes out the reads that waited for the positions just ordered, with their records. */
export function takeParked(
  state: LogStorageState,
  positions: readonly number[],
  records: readonly LogRecord[],
): { read: ParkedRead; record: LogRecord }[] {
  if (state.parked.size === 0) return [];
  const released: { read: ParkedRead; record: LogRecord }[] = [];
  positions.forEach((position, i) => {
    const waiting = state.parked.get(position);
    if (waiting === undefined) return;
    if (state.mutation === Mutation.wakesOneParkedRead)
      released.push({ read: waiting[0]!, record: records[i]! });
    else for (const read of waiting) released.push({ read, record: records[i]! });
    state.parked.delete(position);
  });
  return released;
}

/** Parked reads below what is now ordered that found no record here: they were sent to the wrong node. */
export function takeMisdirected(state: LogStorageState): ParkedRead[] {
  if (state.parked.size === 0) return [];
  const misdirected: ParkedRead[] = [];
  for (const [position, waiting] of state.parked) {
    if (position >= state.applier.seqnumPosition || has(state.live, position)) continue;
    misdirected.push(...waiting);
    state.parked.delete(position);
  }
  return misdirected;
}

function tableOf(state: LogStorageState): string {
  return state.mutation === Mutation.databaseKeyWithoutLogspace ? "log" : `log ${state.applier.logspace}`;
}

function indexOfPosition(list: IntList, position: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(list, middle) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
