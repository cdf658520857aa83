/** A storage node under test: one machine with recorded effects, and short words for what is said to it. */

import { NO_DEFECTS } from "../../../models/boki/defects.ts";
import { join, type LogspaceId, logspaceId, viewOf } from "../../../models/boki/identifiers.ts";
import type { BokiMessage, FinalLog, LogRecord, ZooKeeperEvent } from "../../../models/boki/messages.ts";
import type { CutEntry } from "../../../models/boki/metalog.ts";
import { storage } from "../../../models/boki/storage.ts";
import type { StorageConfig, StorageState } from "../../../models/boki/storage-state.ts";
import type { View, ViewSpec } from "../../../models/boki/view.ts";
import type { TimerName } from "../../../sim/machine.ts";
import { MICROSECOND, MILLISECOND, SECOND } from "../../../sim/units.ts";
import { type FakeEffects, fakeEffects, takeSent } from "./fake-effects.ts";
import {
  cutsOf,
  directoryOf,
  engineAt,
  recordOf,
  sequencerAt,
  storageAt,
  told,
  viewWith,
  ZOOKEEPER,
} from "./nodes.ts";

export const LOG = logspaceId(0, 1);
/** The log of the view behind that. */
export const NEXT_LOG = logspaceId(1, 1);
export const CUT_NANOS = 300 * MICROSECOND;
export const REPAIR_NANOS = 20 * MILLISECOND;

export interface StorageNode {
  readonly state: StorageState;
  readonly out: FakeEffects;
  receive(from: number, message: BokiMessage): void;
  /** A timer that is set expires. */
  expire(timer: TimerName): void;
  /** ZooKeeper tells of something. */
  tell(...events: ZooKeeperEvent[]): void;
  install(view?: View): void;
  /** Ends a view whose log has the entries. */
  finalize(entries: readonly CutEntry[], changes?: Partial<FinalLog>): void;
  /** The tables of all views are there. */
  makeTables(): void;
  hold(...records: LogRecord[]): void;
  metalog(...entries: CutEntry[]): void;
  readAt(position: number, logspace?: LogspaceId): void;
}

export function storageNode(
  id = 1,
  changes: Partial<StorageConfig> = {},
  choices: number[] = [],
  disk: FakeEffects["disk"] = new Map(),
): StorageNode {
  const out = fakeEffects({ self: storageAt(id), choices });
  for (const [table, rows] of disk) out.disk.set(table, new Map(rows));
  const config: StorageConfig = {
    id,
    zooKeeper: ZOOKEEPER,
    sessionTimeoutNanos: 2 * SECOND,
    repairIntervalNanos: REPAIR_NANOS,
    mutation: 0,
    defects: NO_DEFECTS,
    journal: false,
    unflushedRecordsMax: 10_000,
    unflushedRecordsTarget: 1_000,
    localCutNanos: CUT_NANOS,
    flushIntervalNanos: MILLISECOND,
    maxLiveRecords: 100,
    auxCacheBytes: 1_000,
    databaseCacheBytes: 1_000_000,
    resultBytesMax: 500,
    ...changes,
  };
  const state = storage.start(config, out);
  takeSent(out);
  const receive = (from: number, message: BokiMessage) => storage.receive(state, from, message, out);
  const node: StorageNode = {
    state,
    out,
    receive,
    expire(timer) {
      if (!out.timers.delete(timer)) throw new Error(`timer ${timer} is not set`);
      storage.timeout(state, timer, out);
    },
    tell(...events) {
      receive(ZOOKEEPER, told(storageAt(id), events, state.session.seen));
      const at = out.sent.findIndex(({ message }) => message.kind === "zkFetched");
      out.sent.splice(at, 1);
    },
    install(view = viewWith()) {
      const version = (state.session.directory?.version ?? 0) + 1;
      node.tell(
        { topic: "node", directory: directoryOf(view, version) },
        { topic: "view", phase: "new", view },
      );
    },
    finalize(entries, log = {}) {
      const { logspace = LOG } = log;
      const final = { logspace, final: entries.length, tail: entries, ...log };
      node.tell({ topic: "view", phase: "finalize", viewId: viewOf(logspace), logs: [final] });
    },
    makeTables() {
      for (const timer of [...out.timers.keys()]) if (String(timer).startsWith("tables")) node.expire(timer);
    },
    hold(...records) {
      for (const record of records) receive(engineAt(1), { kind: "replicate", logspace: LOG, record });
    },
    metalog(...entries) {
      for (const entry of entries) receive(sequencerAt(1), { kind: "metalogs", entry });
    },
    readAt(position, logspace = LOG) {
      const seqnum = join(logspace, position);
      receive(engineAt(2), { kind: "readAt", seqnum, origin: 3, op: 40 + position, progress: 9 });
    },
  };
  return node;
}

/** A storage node in a view whose tables are there. */
export function installed(changes: Partial<StorageConfig> = {}, spec: Partial<ViewSpec> = {}): StorageNode {
  const node = storageNode(1, changes);
  node.install(viewWith(spec));
  node.makeTables();
  takeSent(node.out);
  return node;
}

/** Cuts of one record of engine 1 each. */
export function singles(count: number, logspace: LogspaceId = LOG): CutEntry[] {
  return cutsOf(
    logspace,
    Array.from({ length: count }, () => [1, 0, 0]),
  );
}

/** Has a node order one record of engine 1 after the other, from the first on. */
export function order(node: StorageNode, count: number): void {
  for (let i = 0; i < count; i++) node.hold(recordOf(1, i));
  node.metalog(...singles(count));
}
