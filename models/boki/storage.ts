/**
 * A storage node: holds records of the engines it serves, tells the primaries what it holds, and answers reads by seqnum
 * (docs/models/boki.md, "Storage"). What it does for one physical log is in log-storage.ts; here is what the node adds:
 * views, the two timers, and the aux data that readers have attached to records.
 */

import type { Effects, Machine } from "../../sim/machine.ts";
import { type Lru, lru, lruGet, lruPut } from "../../sim/structures/lru.ts";
import type { Bytes, Nanos } from "../../sim/units.ts";
import { MILLISECOND, SECOND } from "../../sim/units.ts";
import { highOf, type LogspaceId, type Seqnum, sequencerOf, viewOf, viewOfJoined } from "./identifiers.ts";
import {
  createLogStorage,
  evict,
  flush,
  holdRecord,
  type LogStorageState,
  orderRecords,
  type ParkedRead,
  progressVector,
  readAt,
  takeMisdirected,
  takeParked,
} from "./log-storage.ts";
import type { AuxData, BokiMessage, LogRecord, NodeConfig } from "./messages.ts";
import { Mutation } from "./mutations.ts";
import { type Observation, recordBytes } from "./observations.ts";
import type { View } from "./view.ts";
import {
  beforeAnyView,
  directoryOf,
  followZooKeeper,
  holdsFor,
  takeHeld,
  type ViewGate,
} from "./view-gate.ts";
import { PING, ping } from "./zookeeper-session.ts";

export interface StorageConfig extends NodeConfig {
  readonly localCutNanos: Nanos;
  readonly flushIntervalNanos: Nanos;
  readonly maxLiveRecords: number;
  readonly auxCacheBytes: Bytes;
  readonly databaseCacheBytes: Bytes;
  /** Aux data is left out of a result that would be larger than this with it. */
  readonly resultBytesMax: Bytes;
}

export interface StorageState extends ViewGate {
  readonly config: StorageConfig;
  readonly cutPhaseNanos: Nanos;
  readonly flushPhaseNanos: Nanos;
  /** By logspace; made at its first message, as it would be empty until then. */
  logs: Map<LogspaceId, LogStorageState>;
  /** Logs with progress to report, in the order they became so. */
  dirtyLogs: LogspaceId[];
  /** Logs with records that the database lacks. */
  unflushedLogs: LogspaceId[];
  aux: Lru<Seqnum, AuxData>;
}

/** The local cut runs on an I/O thread; the flush on a thread of its own. */
const LOCAL_CUT = "localCut";
export const FLUSH = "flush";
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
          { install: (view) => installView(state, view, out), freeze: () => {}, finalize: () => {} },
          out,
        );
        return;

      case "replicate": {
        if (holdsFor(state, viewOf(message.logspace), from, message, mutation)) return;
        const log = logOf(state, message.logspace);
        if (!holdRecord(log, message.record, out)) return;
        if (!state.dirtyLogs.includes(message.logspace)) state.dirtyLogs.push(message.logspace);
        out.setTimerAtTick(LOCAL_CUT, state.config.localCutNanos, state.cutPhaseNanos);
        return;
      }

      case "metalogs": {
        const { logspace } = message.entry;
        if (holdsFor(state, viewOf(logspace), from, message, mutation)) return;
        const log = logOf(state, logspace);
        const { positions, records } = orderRecords(log, message.entry, out);
        if (state.config.mutation === Mutation.oneReplicaAnnounces) {
          const own = records.map((record) => isFirstReplica(state, record));
          const [ownPositions, ownRecords] = [
            positions.filter((_, i) => own[i]),
            records.filter((_, i) => own[i]),
          ];
          announce(state, logspace, ownPositions, ownRecords, out);
        } else {
          announce(state, logspace, positions, records, out);
        }
        for (const { read, record } of takeParked(log, positions, records)) answer(state, read, record, out);
        for (const read of takeMisdirected(log)) answer(state, read, undefined, out);
        evict(log, state.config.maxLiveRecords, out);
        if (positions.length === 0) return;
        if (!state.unflushedLogs.includes(logspace)) state.unflushedLogs.push(logspace);
        out.setTimerAtTick(FLUSH, state.config.flushIntervalNanos, state.flushPhaseNanos);
        return;
      }

      case "readAt": {
        if (holdsFor(state, viewOfJoined(message.seqnum), from, message, mutation)) return;
        const log = state.logs.get(highOf(message.seqnum)) ?? logOf(state, highOf(message.seqnum));
        const result = readAt(log, message, state.config.databaseCacheBytes, out);
        if (result.kind === "parked") return;
        answer(state, message, result.kind === "found" ? result.record : undefined, out);
        return;
      }

      case "storeAux":
        // An attachment is a hint: the latest to arrive replaces what was there.
        lruPut(state.aux, message.seqnum, message.aux, message.aux.sizeBytes);
        return;

      default:
        throw new Error(`a storage node does not take ${message.kind}`);
    }
  },

  timeout(state, timer, out) {
    if (state.aborted !== undefined) return;
    if (timer === PING) {
      ping(state.session, out);
      return;
    }
    if (timer === FLUSH) {
      for (const logspace of state.unflushedLogs) {
        const log = state.logs.get(logspace)!;
        out.work("flushRecord", flush(log, out));
        evict(log, state.config.maxLiveRecords, out);
      }
      state.unflushedLogs = [];
      return;
    }
    const { config } = state;
    const directory = directoryOf(state);
    for (const logspace of state.dirtyLogs) {
      const log = state.logs.get(logspace)!;
      const address = directory?.sequencer[sequencerOf(logspace)];
      if (address === undefined || config.mutation === Mutation.dirtyClearedUnsent) continue;
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
    state.dirtyLogs = [];
  },
};

function installView(state: StorageState, view: View, out: Effects<BokiMessage>): void {
  state.view = view;
  for (const { from, message } of takeHeld(state, view.viewId)) storage.receive(state, from, message, out);
}

function logOf(state: StorageState, logspace: LogspaceId): LogStorageState {
  let log = state.logs.get(logspace);
  if (log === undefined) {
    const view = state.view!;
    const { id, mutation } = state.config;
    const sources = view.sourceEngines[view.storagePositions.get(id)!]!;
    state.logs.set(logspace, createLogStorage(view, logspace, id, sources, mutation));
    log = state.logs.get(logspace)!;
  }
  return log;
}

/** Tells every index engine of a physical log what was ordered. */
function announce(
  state: StorageState,
  logspace: LogspaceId,
  positions: readonly number[],
  records: readonly LogRecord[],
  out: Effects<BokiMessage>,
): void {
  if (positions.length === 0) return;
  const view = state.view!;
  const indexSet = view.indexSets[view.sequencerPositions.get(sequencerOf(logspace))!]!;
  let tagCount = 0;
  for (const record of records) tagCount += record.tags.length;
  for (const engine of indexSet) {
    const address = directoryOf(state)?.engine[engine];
    if (address !== undefined)
      out.send(address, { kind: "indexData", logspace, positions, records, tagCount });
  }
}

/** Whether this node is the first in the storage set of a record's shard. */
function isFirstReplica(state: StorageState, record: LogRecord): boolean {
  const view = state.view!;
  return view.storageSets[view.enginePositions.get(highOf(record.localid))!]![0] === state.config.id;
}

/** Answers the engine whose worker asked; `undefined` stands for a record that is lost. */
function answer(
  state: StorageState,
  read: ParkedRead,
  record: LogRecord | undefined,
  out: Effects<BokiMessage>,
): void {
  const address = directoryOf(state)?.engine[read.origin];
  if (address === undefined) return;
  const { op, seqnum, progress } = read;
  if (record === undefined) {
    out.send(address, {
      kind: "readResult",
      op,
      outcome: "dataLost",
      seqnum,
      record,
      aux: undefined,
      progress,
    });
    return;
  }
  const kept = lruGet(state.aux, seqnum);
  out.count(kept === undefined ? "storageAuxCache.miss" : "storageAuxCache.hit");
  const fits = kept !== undefined && recordBytes(record) + kept.sizeBytes <= state.config.resultBytesMax;
  const aux = fits ? kept : undefined;
  out.send(address, { kind: "readResult", op, outcome: "ok", seqnum, record, aux, progress });
}
