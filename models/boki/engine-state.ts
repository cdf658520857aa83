/** The state of an engine node, and what its parts share (docs/models/boki.md, "The engine"). */

import type { Address, Effects } from "../../sim/machine.ts";
import type { SharedLists } from "../../sim/structures/int-list.ts";
import { type Lru, lruPut } from "../../sim/structures/lru.ts";
import type { Bytes, Nanos } from "../../sim/units.ts";
import {
  type LogBookId,
  type LogspaceId,
  type MetalogProgress,
  type NodeId,
  positionOf,
  type Seqnum,
  sequencerOf,
  type Tag,
  viewOf,
} from "./identifiers.ts";
import { createIndex, type IndexState } from "./index-state.ts";
import type { ProducerState } from "./log-producer.ts";
import type {
  AuxData,
  BokiMessage,
  CallId,
  CallInput,
  LogRecord,
  NodeConfig,
  OperationOutcome,
  ReadDirection,
} from "./messages.ts";
import type { Trim } from "./metalog.ts";
import { Mutation } from "./mutations.ts";
import { recordBytes } from "./observations.ts";
import type { View } from "./view.ts";
import { belongsTo, type ViewGate } from "./view-gate.ts";

export interface EngineConfig extends NodeConfig {
  /** Function workers on this host. */
  readonly workers: readonly Address[];
  readonly cache: boolean;
  readonly cacheBytes: Bytes;
  readonly propagateAuxData: boolean;
  readonly blockingReadLimitNanos: Nanos;
  /** Share of reads sent to a remote index in spite of a local one, 0 to 1. */
  readonly remoteIndexShare: number;
  readonly resultBytesMax: Bytes;
  /** A read without a result for this long is asked again. */
  readonly readRetryNanos: Nanos;
  /** Workers do not wait longer for an operation. */
  readonly operationTimeoutNanos: Nanos;
  /** Memory that the indexes of one log share between engines. */
  readonly sharedLists: SharedLists;
}

export interface EngineState extends ViewGate {
  readonly config: EngineConfig;
  /** Whether appends are taken: in a view, and that view not frozen. */
  active: boolean;
  /** Made at the first append of this engine to a log. */
  producers: Map<LogspaceId, ProducerState>;
  /** For the logs whose index set has this engine. */
  indexes: Map<LogspaceId, IndexState>;
  contexts: Map<CallId, CallContext>;
  idleWorkers: Address[];
  queuedCalls: QueuedCall[];
  reads: Map<number, ReadOperation>;
  trims: Map<number, TrimOperation>;
  nextOp: number;
  /** Records by seqnum and aux data by its negative; undefined when the cache is off. */
  cache: Lru<number, LogRecord | AuxData> | undefined;
  /** Where the round-robin over storage sets and index sets stands. */
  turns: Map<string, number>;
  /** Reads that came before the first view, or from a view ahead of this node's. */
  heldReads: number[];
  /** The repair tick is set; see engine-repair.ts. */
  repairArmed: boolean;
}

export type EngineEffects = Effects<BokiMessage>;

export interface CallContext {
  readonly call: CallId;
  readonly logBook: LogBookId;
  readonly parent: CallId | undefined;
  /**
   * Where the output goes: the gateway, or the worker whose call this is nested in and its number for it. Undefined: a function
   * runtime runs the call, and this engine has nothing to do with its output.
   */
  readonly replyTo: Address | undefined;
  readonly client: number | undefined;
  /** Who carries it out; undefined while it waits for a worker. */
  worker: Address | undefined;
  /** How far this call has seen the log. Only ever raised. */
  progress: MetalogProgress;
}

export interface QueuedCall {
  readonly call: CallId;
  readonly input: CallInput;
}

/** A read of a worker of this engine that has no result yet. */
export interface ReadOperation {
  readonly worker: Address;
  readonly client: number;
  readonly call: CallId;
  readonly logBook: LogBookId;
  readonly direction: ReadDirection;
  readonly tag: Tag;
  readonly seqnum: Seqnum;
  /** What its call had seen when it began. */
  readonly progress: MetalogProgress;
  readonly begunNanos: Nanos;
  /** When it was put to an index last, */
  askedNanos: Nanos;
  /** and how often since then a node has answered that it cannot know. */
  turnedAway: number;
}

/** A trim that the metalog does not have yet, as far as this engine knows. */
export interface TrimOperation {
  readonly worker: Address;
  readonly client: number;
  readonly call: CallId;
  readonly logspace: LogspaceId;
  readonly trim: Trim;
  /** Whether the repair tick has seen it before. */
  seen: boolean;
}

/**
 * The local index of a log, if this engine is in its index set and has not lost its memory of it. It is made at the first
 * need: until then it is empty.
 */
export function indexOf(state: EngineState, logspace: LogspaceId): IndexState | undefined {
  const known = state.indexes.get(logspace);
  if (known !== undefined) return known;
  const { id, mutation, defects, sharedLists } = state.config;
  const view = state.views.get(viewOf(logspace));
  if (view === undefined || !indexSetOf(view, logspace).includes(id)) return undefined;
  if (!belongsTo(state, "engines", view)) return undefined;
  state.indexes.set(logspace, createIndex(logspace, id, sharedLists, mutation, defects));
  return state.indexes.get(logspace);
}

/** The engines that hold the index of a log. */
export function indexSetOf(view: View, logspace: LogspaceId): readonly NodeId[] {
  const position = view.sequencerPositions.get(sequencerOf(logspace));
  return position === undefined ? [] : view.indexSets[position]!;
}

/** The next of `count` in a round-robin of this process. */
export function takeTurn(state: EngineState, name: string, count: number): number {
  const turn = state.turns.get(name) ?? 0;
  state.turns.set(name, (turn + 1) % count);
  return turn % count;
}

export function cacheRecord(state: EngineState, seqnum: number, record: LogRecord): void {
  if (state.cache === undefined) return;
  lruPut(state.cache, cacheKey(state, seqnum), record, RECORD_HEADER_BYTES + recordBytes(record));
}

/** What the cache stores of a record besides tags and payload: the fields of a result's header. */
const RECORD_HEADER_BYTES: Bytes = 64;

/** The key of a record in the cache; aux data has its negative. Keys count from 1, as 0 has no negative. */
export function cacheKey(state: EngineState, seqnum: Seqnum): number {
  return (state.config.mutation === Mutation.cacheKeyedByPosition ? positionOf(seqnum) : seqnum) + 1;
}

/** The engine's timer for what is overdue. */
export const REPAIR = "repair";

/** Something is open, so a look after it will be due. */
export function armRepair(state: EngineState, out: EngineEffects): void {
  if (state.repairArmed || state.config.defects.noRetransmission) return;
  state.repairArmed = true;
  out.setTimer(REPAIR, state.config.repairIntervalNanos);
}

/** Answers an operation that has no record to show. */
export function answerPlainly(
  worker: Address,
  client: number,
  outcome: OperationOutcome,
  out: EngineEffects,
  progress = 0,
): void {
  out.send(worker, {
    kind: "opResult",
    client,
    outcome,
    seqnum: 0,
    record: undefined,
    aux: undefined,
    progress,
  });
}
