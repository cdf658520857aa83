/**
 * A storage node: holds records of the engines it serves, tells the primaries what it holds, and answers reads by seqnum
 * (docs/models/boki.md, "Storage"). What it does for one physical log is in log-storage.ts and the files it names; the state in
 * storage-state.ts, the flush in storage-flush.ts, the journal in storage-journal.ts, trims in storage-trims.ts; here are the
 * node's views, its report of progress, and who gets which message.
 *
 * It takes no notice of a freeze: until the end of a view it goes on storing and reporting. At the end it orders what the tail
 * orders, gives up what was not ordered, and answers the reads that still wait. A log that the tail does not bring to its end is
 * brought there by its sequencers, whatever view the node is in by then (docs/models/reconfiguration.md).
 */

import type { Machine } from "../../sim/machine.ts";
import { lru, lruPut } from "../../sim/structures/lru.ts";
import { MILLISECOND, type Nanos, SECOND } from "../../sim/units.ts";
import { type LogspaceId, logspaceId, sequencerOf, viewOf, viewOfJoined } from "./identifiers.ts";
import { evict } from "./log-database.ts";
import {
  holdRecord,
  type LogStorageState,
  type Ordered,
  orderRecords,
  orderTail,
  progressVector,
} from "./log-storage.ts";
import { takeMisdirected, takeParked } from "./log-storage-reads.ts";
import type { BokiMessage, FinalLog, LogRecord } from "./messages.ts";
import type { MetalogEntry } from "./metalog.ts";
import { Mutation } from "./mutations.ts";
import type { Observation } from "./observations.ts";
import { announce, answer, answerIndexFetch, answerRead } from "./storage-answers.ts";
import { flushLogs, makeTables, retireWhenFlushed, tablesMade, withholdsProgress } from "./storage-flush.ts";
import { JOURNAL, journalLog, journalSynced, recover, recoverFrom } from "./storage-journal.ts";
import { fetchEntries, isWaiting, repair } from "./storage-repair.ts";
import {
  armRepair,
  COLLECT,
  FLUSH,
  LOCAL_CUT,
  logOf,
  markDirty,
  markUnflushed,
  REPAIR,
  type StorageConfig,
  type StorageEffects,
  type StorageState,
} from "./storage-state.ts";
import { collectTrimmed, noteTrim } from "./storage-trims.ts";
import type { View } from "./view.ts";
import { abort, beforeAnyView, directoryOf, followZooKeeper, holdsFor, takeHeld } from "./view-gate.ts";
import { PING, ping } from "./zookeeper-session.ts";

/** The flush thread first wakes this long after the node's start. */
const FIRST_FLUSH_NANOS: Nanos = 100 * MILLISECOND;

export const storage: Machine<StorageConfig, StorageState, BokiMessage> = {
  start(config, out) {
    return {
      ...beforeAnyView("storage", config, out),
      config,
      cutPhaseNanos: out.now + SECOND + out.choose(config.localCutNanos),
      flushPhaseNanos: out.now + FIRST_FLUSH_NANOS + out.choose(config.flushIntervalNanos),
      logs: new Map(),
      dirtyLogs: [],
      unflushedLogs: [],
      tablesOf: -1,
      withholds: false,
      unsyncedLogs: [],
      syncingLogs: undefined,
      recoveries: new Map(),
      trims: new Map(),
      repairArmed: false,
      turn: 0,
      aux: lru(config.auxCacheBytes),
    };
  },

  receive(state, from, message, out) {
    if (state.aborted !== undefined) return;
    const { mutation } = state.config;
    switch (message.kind) {
      case "zkEvents":
      case "zkCreated":
      case "zkExpired":
        followZooKeeper(
          state,
          message,
          {
            install: (view) => installView(state, view, out),
            freeze: () => {},
            finalize: (_view, { logs }) => finalizeView(state, logs, out),
          },
          out,
        );
        return;

      case "replicate":
        if (holdsFor(state, viewOf(message.logspace), from, message, mutation)) return;
        hold(state, message.logspace, message.record, out);
        return;

      case "metalogs": {
        const { entry } = message;
        if (holdsFor(state, viewOf(entry.logspace), from, message, mutation)) return;
        if (viewOf(entry.logspace) === state.view!.viewId) takeEntry(state, entry, out);
        return;
      }
      case "metalogFetched":
        takeFetched(state, message.logspace, message.entries, out);
        return;

      case "readAt":
        if (holdsFor(state, viewOfJoined(message.seqnum), from, message, mutation)) return;
        answerRead(state, message, out);
        return;

      case "indexFetch":
        answerIndexFetch(state, from, message, out);
        return;

      case "storeAux":
        // An attachment is a hint: the latest to arrive replaces what was there.
        lruPut(state.aux, message.seqnum, message.aux, message.aux.sizeBytes);
        return;

      default:
        throw new Error(`a storage node does not take ${message.kind}`);
    }
  },

  timeout(state, timer, out) {
    if (state.aborted !== undefined || tablesMade(state, timer)) return;
    switch (timer) {
      case PING:
        ping(state.session, out);
        return;
      case LOCAL_CUT:
        reportProgress(state, out);
        return;
      case FLUSH:
        flushLogs(state, out);
        return;
      case JOURNAL:
        journalSynced(state, out);
        return;
      case COLLECT:
        collectTrimmed(state, out);
        return;
      case REPAIR:
        repair(state, out);
        return;
    }
  },
};

// ---- Records and entries -------------------------------------------------------------------------------------------

function hold(state: StorageState, logspace: LogspaceId, record: LogRecord, out: StorageEffects): void {
  const { viewId } = state.view!;
  let into = logspace;
  if (viewOf(logspace) < viewId) {
    if (state.config.mutation !== Mutation.oldReplicateAccepted) return;
    // The slip: the log of the same sequencer in this view takes it.
    into = logspaceId(viewId, sequencerOf(logspace));
  }
  const log = logOf(state, into);
  if (log === undefined || log.end !== undefined || !holdRecord(log, record, out)) return;
  if (log.journal === undefined) markDirty(state, into, out);
  else journalLog(state, into, out);
  armRepair(state, out);
}

/** Applies a committed entry, and does all that follows from it. */
function takeEntry(state: StorageState, entry: MetalogEntry, out: StorageEffects): void {
  const log = logOf(state, entry.logspace);
  if (log === undefined || log.complete) return;
  if (entry.trim !== undefined) noteTrim(state, entry, out);
  settle(state, log, orderRecords(log, entry, out), out);
  if (log.applier.early.size > 0) armRepair(state, out);
}

/** Carries on what has been ordered: to the indexes, to who waits for it, and to the flush thread. */
function settle(state: StorageState, log: LogStorageState, ordered: Ordered, out: StorageEffects): void {
  const { logspace } = log.applier;
  announce(state, logspace, ordered, out);
  for (const { read, record } of takeParked(log, ordered))
    answer(state, read, { kind: "found", record }, out);
  for (const read of takeMisdirected(log)) answer(state, read, { kind: "lost" }, out);
  evict(log, state.config.maxLiveRecords, out);
  if (ordered.positions.length > 0) markUnflushed(state, logspace, out);
}

/** Entries that were asked for have come; asks for those behind them at once as long as there is need of them. */
function takeFetched(
  state: StorageState,
  logspace: LogspaceId,
  entries: readonly MetalogEntry[],
  out: StorageEffects,
): void {
  if (recoverFrom(state, logspace, entries, out)) {
    const recovery = state.recoveries.get(logspace);
    if (recovery !== undefined) fetchEntries(state, logspace, recovery.next, out);
    return;
  }
  const log = logOf(state, logspace);
  if (log === undefined || log.complete) return;
  const before = log.applier.metalogPosition;
  for (const entry of entries) {
    if (log.end === undefined || entry.position < log.end.final) takeEntry(state, entry, out);
  }
  const { metalogPosition } = log.applier;
  if (log.end !== undefined && metalogPosition === log.end.final) completeLog(state, log, log.end, out);
  else if (metalogPosition > before && (log.end !== undefined || isWaiting(log)))
    fetchEntries(state, logspace, metalogPosition, out);
}

/** The local cut: tells each primary how much this node holds, where that has changed. */
function reportProgress(state: StorageState, out: StorageEffects): void {
  if (withholdsProgress(state, out)) return;
  const { config, dirtyLogs } = state;
  const directory = directoryOf(state);
  state.dirtyLogs = [];
  for (const logspace of dirtyLogs) {
    const log = state.logs.get(logspace)!;
    const address = directory?.sequencer[sequencerOf(logspace)];
    if (log.end !== undefined || address === undefined) continue;
    if (config.mutation === Mutation.dirtyClearedUnsent) continue;
    const counts = progressVector(log);
    out.observe?.({
      kind: "progressSent",
      storage: config.id,
      logspace,
      engines: log.sourceIds,
      counts,
    } satisfies Observation);
    out.send(address, { kind: "shardProgress", logspace, storage: config.id, counts });
  }
}

// ---- Views ---------------------------------------------------------------------------------------------------------

function installView(state: StorageState, view: View, out: StorageEffects): void {
  makeTables(view.viewId, out);
  for (const { from, message } of takeHeld(state, view.viewId, out))
    storage.receive(state, from, message, out);
}

function finalizeView(state: StorageState, logs: readonly FinalLog[], out: StorageEffects): void {
  for (const end of logs) {
    const log = logOf(state, end.logspace);
    if (log === undefined) recoverLog(state, end, out);
    else endLog(state, log, end, out);
    if (state.aborted !== undefined) return;
  }
}

/** A log that this life of the node has no part in. */
function recoverLog(state: StorageState, end: FinalLog, out: StorageEffects): void {
  const next = recover(state, end, out);
  if (next === undefined) return;
  fetchEntries(state, end.logspace, next, out);
  armRepair(state, out);
}

function endLog(state: StorageState, log: LogStorageState, end: FinalLog, out: StorageEffects): void {
  const { mutation, defects } = state.config;
  const { applier } = log;
  // The slip: who has every entry already does nothing.
  if (mutation === Mutation.finalizeSkippedWhenThere && applier.metalogPosition === end.final) return;
  for (const entry of end.tail) {
    if (entry.trim !== undefined && entry.position < end.final) noteTrim(state, entry, out);
  }
  const { standing, ordered } = orderTail(log, end, out);
  settle(state, log, ordered, out);
  const isBehind = standing === "behind";
  if (standing === "there" || standing === "reached") {
    completeLog(state, log, end, out);
  } else if (!isBehind || defects.noFetchAtFinalize) {
    const { logspace, metalogPosition } = applier;
    abort(state, `storage of log ${logspace} is at ${metalogPosition}, the end is at ${end.final}`, out);
  } else {
    fetchEntries(state, applier.logspace, applier.metalogPosition, out);
    armRepair(state, out);
  }
}

/** Everything before the end is applied: what is not ordered now never will be. */
function completeLog(state: StorageState, log: LogStorageState, end: FinalLog, out: StorageEffects): void {
  log.complete = true;
  log.unordered.clear();
  log.applier.early.clear();
  for (const read of takeMisdirected(log)) answer(state, read, { kind: "lost" }, out);
  const { id } = state.config;
  const position = log.applier.metalogPosition;
  out.observe?.({ kind: "ended", role: "storage", node: id, log: end, position } satisfies Observation);
  retireWhenFlushed(state, log, out);
}
