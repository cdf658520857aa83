/**
 * Records of one physical log on their way out of memory: flush, eviction, and reads of the database (docs/models/boki.md,
 * "The database"); and, once the log has ended and all of it is written, its retirement from memory.
 *
 * What the disk refuses stays in memory and is tried again with the next flush, so nothing counts as written that is not.
 */

import { DISK_READ } from "../../sim/effects.ts";
import { damageOf } from "../../sim/faults/damage.ts";
import type { Effects } from "../../sim/machine.ts";
import { get, growMap, remove } from "../../sim/structures/grow-map.ts";
import { at, intList, lowerBound, slice } from "../../sim/structures/int-list.ts";
import type { Bytes } from "../../sim/units.ts";
import { join, type LogspaceId } from "./identifiers.ts";
import { type CollectedRecord, type LogStorageState, orderedCount } from "./log-storage.ts";
import type { BokiMessage, LogRecord } from "./messages.ts";
import { Mutation } from "./mutations.ts";
import { type Observation, recordBytes } from "./observations.ts";

/** What the database has under a position. */
export type Row =
  | { readonly kind: "record"; readonly record: LogRecord }
  | { readonly kind: "collected"; readonly collected: CollectedRecord }
  /** Something that its checksum does not fit. */
  | { readonly kind: "damaged" }
  | { readonly kind: "nothing" };

export function tableOf(logspace: LogspaceId, mutation: number): string {
  return mutation === Mutation.databaseKeyWithoutLogspace ? "log" : `log ${logspace}`;
}

export function rowAt(table: string, position: number, out: Effects<BokiMessage>): Row {
  const value = out.get(table, position);
  if (value === undefined) return { kind: "nothing" };
  if (damageOf(value) !== undefined) return { kind: "damaged" };
  const collected = value as CollectedRecord;
  return collected.kind === "collected"
    ? { kind: "collected", collected }
    : { kind: "record", record: value as LogRecord };
}

/** Drops the oldest records from memory as long as there are too many and they are in the database. */
export function evict(state: LogStorageState, maxLiveRecords: number, out: Effects<BokiMessage>): void {
  if (state.live.size <= maxLiveRecords) return;
  const end = orderedCount(state);
  while (state.live.size > maxLiveRecords && state.evicted < end) {
    const position = at(state.ordered, state.evicted - state.forgotten);
    if (position >= state.persistedPosition && state.mutation !== Mutation.evictsUnflushed) break;
    state.evicted++;
    if (!remove(state.live, position)) continue;
    const seqnum = join(state.applier.logspace, position);
    out.observe?.({ kind: "evicted", storage: state.storage, seqnum } satisfies Observation);
  }
  forgetPositions(state);
}

/** Positions are dropped only when they are at least so many, and half of all. */
const FORGOTTEN_MIN = 4_096;

/** Drops the positions of records that are neither in memory nor still to be flushed. */
export function forgetPositions(state: LogStorageState): void {
  const done = Math.min(state.evicted, state.flushed) - state.forgotten;
  if (done < FORGOTTEN_MIN || 2 * done < state.ordered.length) return;
  state.ordered = intList(slice(state.ordered, done));
  state.forgotten += done;
}

/**
 * Writes every live record that is not in the database yet; returns how many. `hasTable`: otherwise the log's table is still being
 * made, and the released code drops what it writes meanwhile (P7).
 */
export function flush(state: LogStorageState, hasTable: boolean, out: Effects<BokiMessage>): number {
  let end = orderedCount(state);
  if (state.mutation === Mutation.persistedPastWritten) end--;
  const table = tableOf(state.applier.logspace, state.mutation);
  let records = 0;
  for (; state.flushed < end; state.flushed++) {
    const position = at(state.ordered, state.flushed - state.forgotten);
    const record = get(state.live, position);
    if (record === undefined) continue;
    const sizeBytes = recordBytes(record);
    if (!hasTable) {
      out.count("storage.writeDropped");
    } else if (!out.put(table, position, record, sizeBytes)) {
      out.count("storage.writeRefused");
      break;
    }
    state.flushedBytes += sizeBytes;
    records++;
  }
  if (state.mutation === Mutation.persistedPastWritten) state.flushed = orderedCount(state);
  if (state.flushed > state.forgotten) {
    state.persistedPosition = at(state.ordered, state.flushed - 1 - state.forgotten) + 1;
  }
  return records;
}

/** Frees what memory has of a log that has ended and is in the database altogether. */
export function retire(state: LogStorageState, out: Effects<BokiMessage>): void {
  evict(state, 0, out);
  state.live = growMap();
  state.forgotten = orderedCount(state);
  // What a trim had collected was not in memory any more to be evicted.
  state.evicted = state.forgotten;
  state.flushed = state.forgotten;
  state.ordered = intList();
  state.persistedPosition = state.applier.seqnumPosition;
  state.retired = true;
}

/** A row of the database, for the time that takes. */
export function readDatabase(
  state: LogStorageState,
  position: number,
  cacheBytes: Bytes,
  out: Effects<BokiMessage>,
): Row {
  const row = rowAt(tableOf(state.applier.logspace, state.mutation), position, out);
  out.work("databaseRead", 1);
  if (row.kind !== "record") return row;
  // The block cache is taken to hold the newest `cacheBytes` of what was flushed (docs/models/boki.md, "The database").
  const meanBytes = state.flushedBytes / state.flushed;
  const newerRecords = orderedCount(state) - rankOf(state, position);
  if (newerRecords * meanBytes > cacheBytes) {
    out.count("databaseCache.miss");
    out.work(DISK_READ, Math.max(4_096, recordBytes(row.record)));
  } else {
    out.count("databaseCache.hit");
  }
  return row;
}

/** How many records ordered here precede a position. Among the forgotten ones they are taken to lie evenly. */
function rankOf({ ordered, forgotten, applier }: LogStorageState, position: number): number {
  const firstKept = ordered.length > 0 ? at(ordered, 0) : applier.seqnumPosition;
  if (position >= firstKept) return forgotten + lowerBound(ordered, position);
  return Math.floor((position * forgotten) / firstKept);
}

/** The record at a position, from wherever this node has it. */
export function recordAt(state: LogStorageState, position: number, out: Effects<BokiMessage>): Row {
  const live = get(state.live, position);
  if (live !== undefined) return { kind: "record", record: live };
  return rowAt(tableOf(state.applier.logspace, state.mutation), position, out);
}
