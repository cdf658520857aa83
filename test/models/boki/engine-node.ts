/** An engine under test: one machine with recorded effects, and short words for what is said to it. */

import { NO_DEFECTS } from "../../../models/boki/defects.ts";
import { engine } from "../../../models/boki/engine.ts";
import type { EngineConfig, EngineState } from "../../../models/boki/engine-state.ts";
import { join, logspaceId } from "../../../models/boki/identifiers.ts";
import type {
  BokiMessage,
  CallId,
  FinalLog,
  LogRecord,
  ReadDirection,
  ReadQuery,
  ZooKeeperEvent,
} from "../../../models/boki/messages.ts";
import type { CutEntry } from "../../../models/boki/metalog.ts";
import type { View, ViewSpec } from "../../../models/boki/view.ts";
import type { TimerName } from "../../../sim/machine.ts";
import { SharedLists } from "../../../sim/structures/int-list.ts";
import { MILLISECOND, SECOND } from "../../../sim/units.ts";
import { type FakeEffects, fakeEffects, takeKind, takeSent } from "./fake-effects.ts";
import { directoryOf, engineAt, sequencerAt, storageAt, told, viewWith, ZOOKEEPER } from "./nodes.ts";

export type MessageOf<Kind> = Extract<BokiMessage, { kind: Kind }>;

export const LOG = logspaceId(0, 1);
/** The log of the view behind that. */
export const NEXT_LOG = logspaceId(1, 1);
export const GATEWAY = 50;
export const WORKERS = [61, 62, 63];
export const CALL: CallId = 1_000;
export const LIMIT_NANOS = 5 * MILLISECOND;
export const REPAIR_NANOS = 20 * MILLISECOND;
export const RETRY_NANOS = 50 * MILLISECOND;

export interface EngineNode {
  readonly state: EngineState;
  readonly out: FakeEffects;
  readonly view: View;
  receive(from: number, message: BokiMessage): void;
  expire(timer: TimerName): void;
  /** ZooKeeper tells of something. */
  tell(...events: ZooKeeperEvent[]): void;
  install(view: View): void;
  freeze(viewId?: number): void;
  /** Ends a view whose log has the entries. */
  finalize(entries: readonly CutEntry[], changes?: Partial<FinalLog>): void;
  /** Time passes until the repair tick, if it is set. */
  repair(): void;
  /** Progress of a call. */
  progress(call?: CallId): number | undefined;
  append(data: number, call?: CallId): void;
  read(
    client: number,
    query?: { direction?: ReadDirection; tag?: number; seqnum?: number; call?: CallId },
  ): void;
  metalog(entry: CutEntry): void;
  /** What one storage node says of newly ordered records. */
  announce(positions: readonly number[], records: readonly LogRecord[], logspace?: number): void;
  results(): MessageOf<"opResult">[];
}

export function engineNode(
  id: number,
  changes: Partial<EngineConfig> = {},
  spec: Partial<ViewSpec> = {},
): EngineNode {
  const out = fakeEffects({ self: engineAt(id) });
  const view = viewWith(spec);
  const config: EngineConfig = {
    id,
    zooKeeper: ZOOKEEPER,
    sessionTimeoutNanos: SECOND,
    repairIntervalNanos: REPAIR_NANOS,
    mutation: 0,
    defects: NO_DEFECTS,
    workers: WORKERS,
    cache: true,
    cacheBytes: 1_000_000,
    propagateAuxData: true,
    blockingReadLimitNanos: LIMIT_NANOS,
    remoteIndexShare: 0,
    resultBytesMax: 500,
    readRetryNanos: RETRY_NANOS,
    operationTimeoutNanos: SECOND,
    sharedLists: new SharedLists(),
    ...changes,
  };
  const state = engine.start(config, out);
  const receive = (from: number, message: BokiMessage) => engine.receive(state, from, message, out);
  const node: EngineNode = {
    state,
    out,
    view,
    receive,
    expire(timer) {
      out.timers.delete(timer);
      engine.timeout(state, timer, out);
    },
    tell(...events) {
      receive(ZOOKEEPER, told(engineAt(id), events, state.session.seen));
      const at = out.sent.findIndex(({ message }) => message.kind === "zkFetched");
      out.sent.splice(at, 1);
    },
    install(next) {
      const version = (state.session.directory?.version ?? 0) + 1;
      node.tell(
        { topic: "node", directory: directoryOf(next, version) },
        { topic: "view", phase: "new", view: next },
      );
    },
    freeze: (viewId = 0) => node.tell({ topic: "view", phase: "freeze", viewId }),
    finalize(entries, log = {}) {
      const { logspace = LOG } = log;
      const final = { logspace, final: entries.length, tail: entries, ...log };
      node.tell({ topic: "view", phase: "finalize", viewId: Math.floor(logspace / 1_024), logs: [final] });
    },
    repair() {
      if (!out.timers.has("repair")) return;
      out.now += REPAIR_NANOS;
      node.expire("repair");
    },
    progress: (call = CALL) => state.contexts.get(call)?.progress,
    append(data, call = CALL) {
      receive(WORKERS[0]!, { kind: "append", call, client: data, tags: [1], dataBytes: 100, data });
    },
    read(client, { direction = "prev", tag = 0, seqnum = join(LOG, 1_000), call = CALL } = {}) {
      receive(WORKERS[0]!, { kind: "read", call, client, direction, tag, seqnum });
    },
    metalog: (entry) => receive(sequencerAt(1), { kind: "metalogs", entry }),
    announce(positions, records, logspace = LOG) {
      receive(storageAt(1), { kind: "indexData", logspace, positions, records, tagCount: 0 });
    },
    results: () => takeKind(out, "opResult").map(({ message }) => message),
  };
  dispatch(node, CALL);
  takeSent(out);
  return node;
}

export function dispatch(node: EngineNode, call: CallId): void {
  node.receive(GATEWAY, { kind: "dispatch", call, logBook: 1, input: { program: "p", args: null } });
}

/** An engine in a view, with a call running. */
export function installed(
  id = 1,
  changes: Partial<EngineConfig> = {},
  spec: Partial<ViewSpec> = {},
): EngineNode {
  const node = engineNode(id, changes, spec);
  node.install(node.view);
  return node;
}

/** A read of engine 1 as it is put to an index. */
export function queryOf(changes: Partial<ReadQuery> = {}): ReadQuery {
  return {
    direction: "prev",
    origin: 1,
    op: 8,
    logspace: LOG,
    logBook: 1,
    tag: 0,
    seqnum: join(LOG, 1_000),
    progress: 0,
    initial: true,
    foundBefore: undefined,
    passedOn: 0,
    bound: 0,
    ...changes,
  };
}

/** Three engines, of which only the second and third have the index. */
export const REMOTE: Partial<ViewSpec> = { engines: [2, 3, 1], indexReplicas: 2 };
