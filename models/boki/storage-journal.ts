/**
 * The journal of a storage node (docs/models/reconfiguration.md, "Journal"): with it a record counts once it is on the disk. Records
 * are written as they come, and made durable together: while one sync is under way, those that come wait for the next.
 *
 * A node that has booted anew has its journal by localid, its database by position, and a mark up to which metalog entry the database is
 * complete. When a view that an earlier life of it was a member of has ended, it asks the sequencers for the entries from there
 * on, and what they order goes from the journal into the database.
 */

import { damageOf } from "../../sim/faults/damage.ts";
import type { Bytes } from "../../sim/units.ts";
import { join, type LogspaceId, viewOf } from "./identifiers.ts";
import { rowAt, tableOf } from "./log-database.ts";
import { journalTable, type LogStorageState, observeStored } from "./log-storage.ts";
import type { FinalLog, LogRecord } from "./messages.ts";
import { indexInEntry, type MetalogEntry, vectorAt } from "./metalog.ts";
import { recordBytes } from "./observations.ts";
import {
  armRepair,
  isJournalled,
  markDirty,
  type Recovery,
  type StorageEffects,
  type StorageState,
} from "./storage-state.ts";
import { METALOG_VIEWS_KEPT } from "./view.ts";

/** The sync of the journal; its expiry says that it is done. */
export const JOURNAL = "journal";

/** By logspace: before which metalog position everything is in the database. */
const MARKS = "flushed";
const MARK_BYTES: Bytes = 16;

/** A log has records that must become durable. */
export function journalLog(state: StorageState, logspace: LogspaceId, out: StorageEffects): void {
  if (!state.unsyncedLogs.includes(logspace)) state.unsyncedLogs.push(logspace);
  if (state.syncingLogs === undefined) startSync(state, out);
}

function startSync(state: StorageState, out: StorageEffects): void {
  const logs = state.unsyncedLogs;
  for (const logspace of logs) {
    const journal = state.logs.get(logspace)!.journal!;
    journal.syncing = [...journal.held];
  }
  state.syncingLogs = logs;
  state.unsyncedLogs = [];
  out.sync(JOURNAL);
}

/** The records of the sync that was under way are durable, and count. */
export function journalSynced(state: StorageState, out: StorageEffects): void {
  for (const logspace of state.syncingLogs!) {
    const log = state.logs.get(logspace)!;
    log.journal!.syncing.forEach((count, source) => {
      if (count <= log.counts[source]!) return;
      log.counts[source] = count;
      observeStored(log, source, count, out);
    });
    if (log.end === undefined) markDirty(state, logspace, out);
  }
  armRepair(state, out);
  state.syncingLogs = undefined;
  if (state.unsyncedLogs.length > 0) startSync(state, out);
}

/** Everything ordered here is in the database: marks how far that is. */
export function noteFlushed({ applier }: LogStorageState, out: StorageEffects): void {
  out.put(MARKS, applier.logspace, applier.metalogPosition, MARK_BYTES);
}

// ---- After a boot --------------------------------------------------------------------------------------------------

/**
 * A log of an earlier life has ended: what its database lacks is to come from the journal. Returns where the entries begin that
 * the tail does not have.
 */
export function recover(state: StorageState, end: FinalLog, out: StorageEffects): number | undefined {
  const { logspace } = end;
  const view = state.views.get(viewOf(logspace))!;
  if (!isJournalled(state) || !view.storagePositions.has(state.config.id)) return undefined;
  const mark = out.get(MARKS, logspace);
  const next = typeof mark === "number" ? mark : 0;
  if (next >= end.final) return undefined;
  state.recoveries.set(logspace, { end, next });
  recoverFrom(state, logspace, end.tail, out);
  return state.recoveries.get(logspace)?.next;
}

/** Goes through entries of such a log that follow those gone through. Returns whether there was one. */
export function recoverFrom(
  state: StorageState,
  logspace: LogspaceId,
  entries: readonly MetalogEntry[],
  out: StorageEffects,
): boolean {
  const recovery = state.recoveries.get(logspace);
  if (recovery === undefined) return false;
  const before = recovery.next;
  for (const entry of entries) {
    if (entry.position !== recovery.next || entry.position >= recovery.end.final) continue;
    if (!recoverEntry(state, entry, out)) break;
    recovery.next++;
  }
  if (recovery.next === recovery.end.final) {
    out.put(MARKS, logspace, recovery.next, MARK_BYTES);
    state.recoveries.delete(logspace);
  }
  return recovery.next > before;
}

/** Returns whether all is done that can be: what the disk fails to read or to take now, it may not at the next look. */
function recoverEntry(state: StorageState, entry: MetalogEntry, out: StorageEffects): boolean {
  const { id, mutation } = state.config;
  const { logspace } = entry;
  const view = state.views.get(viewOf(logspace))!;
  const table = tableOf(logspace, mutation);
  for (const shard of view.sourceEngines[view.storagePositions.get(id)!]!) {
    const index = indexInEntry(entry, shard);
    if (index < 0) continue;
    const start = vectorAt(entry.starts, shard);
    for (let j = 0; j < entry.deltas[index]!; j++) {
      const position = entry.firsts[index]! + j;
      const { kind } = rowAt(table, position, out);
      if (kind === "record" || kind === "collected") continue;
      const localid = join(view.engines[shard]!, start + j);
      const kept = out.get(journalTable(logspace), localid);
      if (damageOf(kept) === "unreadable") return false;
      if (kept === undefined || damageOf(kept) !== undefined) continue;
      const record = kept as LogRecord;
      // A write that landed on another key of the journal shows it.
      if (record.localid !== localid) continue;
      if (!out.put(table, position, record, recordBytes(record))) {
        out.count("storage.writeRefused");
        return false;
      }
      out.count("storage.recordRecovered");
      out.work("flushRecord", 1);
    }
  }
  return true;
}

/** The logs that still lack entries, those left out that no sequencer can tell of any more. */
export function openRecoveries(state: StorageState): [LogspaceId, Recovery][] {
  for (const logspace of [...state.recoveries.keys()]) {
    if (viewOf(logspace) <= state.view!.viewId - METALOG_VIEWS_KEPT) state.recoveries.delete(logspace);
  }
  return [...state.recoveries];
}
