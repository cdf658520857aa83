/**
 * The flush thread of a storage node (docs/models/boki.md, "Storage"): every flush interval, while there is something to write, it
 * puts the records that the database lacks there. A log's table takes a while to be made after its view began.
 *
 * When it cannot keep up, the node withholds its progress, so that no more is ordered until it has
 * (docs/models/reconfiguration.md, "Disks of storage nodes"). And a log that has ended leaves memory once it is written.
 */

import type { Nanos } from "../../sim/units.ts";
import { MILLISECOND } from "../../sim/units.ts";
import { type LogspaceId, type ViewId, viewOf } from "./identifiers.ts";
import { evict, flush, retire } from "./log-database.ts";
import { type LogStorageState, orderedCount } from "./log-storage.ts";
import { noteFlushed } from "./storage-journal.ts";
import {
  isJournalled,
  markDirty,
  markUnflushed,
  type StorageEffects,
  type StorageState,
  unflushedRecords,
} from "./storage-state.ts";

/** A table of the database is made in one to so many milliseconds: its files are created and synced. */
const TABLE_MILLISECONDS_MAX = 8;

/** The timer of the tables of a view. */
const TABLES = "tables ";

/** A view has been installed: its tables are being made. */
export function makeTables(view: ViewId, out: StorageEffects): void {
  const afterNanos: Nanos = (1 + out.choose(TABLE_MILLISECONDS_MAX)) * MILLISECOND;
  out.setTimer(`${TABLES}${view}`, afterNanos);
}

/** Whether it is the timer of tables that has expired; then they are there. */
export function tablesMade(state: StorageState, timer: string | number): boolean {
  if (typeof timer !== "string" || !timer.startsWith(TABLES)) return false;
  state.tablesOf = Math.max(state.tablesOf, Number(timer.slice(TABLES.length)));
  return true;
}

export function flushLogs(state: StorageState, out: StorageEffects): void {
  const { maxLiveRecords, defects } = state.config;
  const left: LogspaceId[] = [];
  for (const logspace of state.unflushedLogs) {
    const log = state.logs.get(logspace)!;
    const hasTable = viewOf(logspace) <= state.tablesOf;
    if (hasTable || defects.flushesBeforeTableExists) {
      out.work("flushRecord", flush(log, hasTable, out));
      evict(log, maxLiveRecords, out);
    }
    const isFlushed = log.flushed === orderedCount(log);
    if (!isFlushed) left.push(logspace);
    else if (log.complete && !defects.finalizedNeverEntered) retire(log, out);
    if (isFlushed && isJournalled(state)) noteFlushed(log, out);
  }
  state.unflushedLogs = [];
  for (const logspace of left) markUnflushed(state, logspace, out);
  if (!state.withholds || unflushedRecords(state) > state.config.unflushedRecordsTarget) return;
  state.withholds = false;
  for (const logspace of state.dirtyLogs) markDirty(state, logspace, out);
}

/** A log has ended: it may leave memory now, or with the next flush. */
export function retireWhenFlushed(state: StorageState, log: LogStorageState, out: StorageEffects): void {
  if (!log.retired && !state.config.defects.finalizedNeverEntered)
    markUnflushed(state, log.applier.logspace, out);
}

/** Whether progress is withheld, because too much waits for the flush. */
export function withholdsProgress(state: StorageState, out: StorageEffects): boolean {
  const { config } = state;
  if (!state.withholds) {
    if (config.defects.noBackPressure || unflushedRecords(state) <= config.unflushedRecordsMax) return false;
    state.withholds = true;
    out.count("storage.progressWithheld");
  }
  return true;
}
