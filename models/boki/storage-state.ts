/** The state of a storage node, and what its parts share (docs/models/boki.md, "Storage"). */

import type { Effects } from "../../sim/machine.ts";
import type { Lru } from "../../sim/structures/lru.ts";
import type { Bytes, Nanos } from "../../sim/units.ts";
import { type LogBookId, type LogspaceId, type Seqnum, type ViewId, viewOf } from "./identifiers.ts";
import { createLogStorage, type LogStorageState, orderedCount } from "./log-storage.ts";
import type { AuxData, BokiMessage, FinalLog, NodeConfig } from "./messages.ts";
import { belongsTo, type ViewGate } from "./view-gate.ts";

export interface StorageConfig extends NodeConfig {
  readonly localCutNanos: Nanos;
  readonly flushIntervalNanos: Nanos;
  readonly maxLiveRecords: number;
  readonly auxCacheBytes: Bytes;
  readonly databaseCacheBytes: Bytes;
  /** Aux data is left out of a result that would be larger than this with it. */
  readonly resultBytesMax: Bytes;
  /** Whether records count only once they are on the disk. */
  readonly journal: boolean;
  /** Progress is withheld from this many records that the database lacks, */
  readonly unflushedRecordsMax: number;
  /** until only this many are left. */
  readonly unflushedRecordsTarget: number;
}

export interface StorageState extends ViewGate {
  readonly config: StorageConfig;
  readonly cutPhaseNanos: Nanos;
  readonly flushPhaseNanos: Nanos;
  /** By logspace; made at its first message, as it would be empty until then, or at the end of its view. */
  logs: Map<LogspaceId, LogStorageState>;
  /** Logs with progress to report, in the order they became so. */
  dirtyLogs: LogspaceId[];
  /** Logs with records that the database lacks, and those that may retire. */
  unflushedLogs: LogspaceId[];
  /** The newest view whose logs have their tables in the database; -1: none. */
  tablesOf: ViewId;
  /** Too many records wait for the flush: nothing is reported. */
  withholds: boolean;
  /** Logs with records in the journal that are not durable yet, and those a sync is under way for. */
  unsyncedLogs: LogspaceId[];
  syncingLogs: LogspaceId[] | undefined;
  /** Logs of an earlier life of this node that are put together again from its disk. */
  recoveries: Map<LogspaceId, Recovery>;
  /** By LogBook: below which seqnum it has been given up, where that is not collected yet. */
  trims: Map<LogBookId, Seqnum>;
  /** The repair tick is set; see storage-repair.ts. */
  repairArmed: boolean;
  /** Where the turns over whom to ask for missing entries stand. */
  turn: number;
  aux: Lru<Seqnum, AuxData>;
}

/** Entries before `next` have been gone through. */
export interface Recovery {
  readonly end: FinalLog;
  next: number;
}

export type StorageEffects = Effects<BokiMessage>;

/** The local cut and the repair tick run on an I/O thread; flush and collection on a thread of their own. */
export const LOCAL_CUT = "localCut";
export const FLUSH = "flush";
export const COLLECT = "collect";
export const REPAIR = "repair";

/** The part of a node in a log, if it is a member of the log's view in this life of it. */
export function logOf(state: StorageState, logspace: LogspaceId): LogStorageState | undefined {
  const known = state.logs.get(logspace);
  if (known !== undefined) return known;
  const view = state.views.get(viewOf(logspace));
  if (view === undefined || !view.logspaces.includes(logspace)) return undefined;
  if (!belongsTo(state, "storages", view)) return undefined;
  const { id, mutation, defects } = state.config;
  const journal = isJournalled(state);
  state.logs.set(logspace, createLogStorage(view, logspace, id, { mutation, defects, journal }));
  return state.logs.get(logspace);
}

export function isJournalled({ config }: StorageState): boolean {
  return config.journal && !config.defects.acknowledgesFromMemory;
}

/** A log's progress goes out with the next local cut. */
export function markDirty(state: StorageState, logspace: LogspaceId, out: StorageEffects): void {
  if (!state.dirtyLogs.includes(logspace)) state.dirtyLogs.push(logspace);
  out.setTimerAtTick(LOCAL_CUT, state.config.localCutNanos, state.cutPhaseNanos);
}

/** A log has something for the flush thread. */
export function markUnflushed(state: StorageState, logspace: LogspaceId, out: StorageEffects): void {
  if (!state.unflushedLogs.includes(logspace)) state.unflushedLogs.push(logspace);
  out.setTimerAtTick(FLUSH, state.config.flushIntervalNanos, state.flushPhaseNanos);
}

/** Something is open, so a look after it will be due. */
export function armRepair(state: StorageState, out: StorageEffects): void {
  if (state.repairArmed || state.config.defects.noRetransmission) return;
  state.repairArmed = true;
  out.setTimer(REPAIR, state.config.repairIntervalNanos);
}

/** How many records wait for the flush. */
export function unflushedRecords(state: StorageState): number {
  let records = 0;
  for (const logspace of state.unflushedLogs) {
    const log = state.logs.get(logspace)!;
    records += orderedCount(log) - log.flushed;
  }
  return records;
}
