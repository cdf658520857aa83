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
} from "./identifiers.ts";
import { createIndex, type IndexState } from "./log-index.ts";
import type { ProducerState } from "./log-producer.ts";
import type {
  AuxData,
  BokiMessage,
  CallId,
  CallInput,
  LogRecord,
  NodeConfig,
  ReadDirection,
} from "./messages.ts";
import { Mutation } from "./mutations.ts";
import { recordBytes } from "./observations.ts";
import type { View } from "./view.ts";
import type { ViewGate } from "./view-gate.ts";

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
  nextOp: number;
  /** Records by seqnum and aux data by its negative; undefined when the cache is off. */
  cache: Lru<number, LogRecord | AuxData> | undefined;
  /** Where the round-robin over storage sets and index sets stands. */
  turns: Map<string, number>;
  /** Reads that came before the first view, or from a view ahead of this node's. */
  heldReads: number[];
}

export type EngineEffects = Effects<BokiMessage>;

export interface CallContext {
  readonly call: CallId;
  readonly logBook: LogBookId;
  readonly parent: CallId | undefined;
  /** Where the output goes: the gateway, or the worker whose call this is nested in and its number for it. */
  readonly replyTo: Address;
  readonly client: number | undefined;
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
}

/** The local index of a log, if this engine is in its index set. It is made at the first need: until then it is empty. */
export function indexOf(state: EngineState, logspace: LogspaceId): IndexState | undefined {
  const known = state.indexes.get(logspace);
  if (known !== undefined) return known;
  const { id, mutation, sharedLists } = state.config;
  if (!indexSetOf(state.view!, logspace).includes(id)) return undefined;
  state.indexes.set(logspace, createIndex(logspace, id, sharedLists, mutation));
  return state.indexes.get(logspace);
}

export function indexSetOf(view: View, logspace: LogspaceId): readonly NodeId[] {
  return view.indexSets[view.sequencerPositions.get(sequencerOf(logspace))!]!;
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
