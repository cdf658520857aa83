/**
 * Reads and aux data at an engine (docs/models/boki.md, "The read path").
 *
 * A read asks an index which record it wants: the local one, or one elsewhere when this engine has none. The engine that
 * holds the index then looks into its cache, and otherwise sends a storage node of the record's shard to answer the engine
 * whose worker asked. So the result arrives here from one of three places, and completes the operation whatever its path.
 */

import type { Address } from "../../sim/machine.ts";
import { lruGet, lruPeek, lruPut } from "../../sim/structures/lru.ts";
import { contextOf, raiseProgress } from "./engine-calls.ts";
import {
  cacheKey,
  cacheRecord,
  type EngineEffects,
  type EngineState,
  indexOf,
  indexSetOf,
  takeTurn,
} from "./engine-state.ts";
import { highOf, type LogspaceId, type NodeId, type Seqnum, viewOfJoined } from "./identifiers.ts";
import { type Answer, ask, expireBlocked, type IndexState, nextExpiryNanos } from "./log-index.ts";
import type { AuxData, BokiMessage, LogRecord, ReadQuery } from "./messages.ts";
import { Mutation } from "./mutations.ts";
import { type Observation, recordBytes } from "./observations.ts";
import { logspaceOfLogBook } from "./view.ts";
import { directoryOf } from "./view-gate.ts";

type MessageOf<Kind> = Extract<BokiMessage, { kind: Kind }>;
type ReadResult = Omit<MessageOf<"readResult">, "kind">;

/** An address that is not known uses up one of this many tries. */
const TRIES = 3;
/** Share of reads as an integer out of this many, to be drawn with `choose`. */
const SHARE_STEPS = 1_000_000;

export function startRead(
  state: EngineState,
  worker: Address,
  message: MessageOf<"read">,
  out: EngineEffects,
): void {
  const { call, client, direction, tag, seqnum } = message;
  const context = contextOf(state, call, out);
  if (context === undefined) return;
  const { logBook, progress } = context;
  const op = state.nextOp++;
  state.reads.set(op, { worker, client, call, logBook, direction, tag, seqnum, progress });
  const engine = state.config.id;
  out.observe?.({
    kind: "readStarted",
    engine,
    op,
    call,
    direction,
    logBook,
    tag,
    seqnum,
    progress,
  } satisfies Observation);
  resumeRead(state, op, out);
}

/** Takes a registered read to an index; it is held as long as its caller has seen a later view than this node. */
export function resumeRead(state: EngineState, op: number, out: EngineEffects): void {
  const { direction, logBook, tag, seqnum, progress } = state.reads.get(op)!;
  const { view, config } = state;
  if (view === undefined || viewOfJoined(progress) > view.viewId) {
    state.heldReads.push(op);
    return;
  }
  const logspace = logspaceOfLogBook(view, logBook);
  const query: ReadQuery = {
    direction,
    origin: config.id,
    op,
    logspace,
    logBook,
    tag,
    seqnum,
    progress,
    initial: true,
    foundBefore: undefined,
  };
  const index = indexOf(state, logspace);
  if (index !== undefined && !isForcedRemote(state, out)) {
    out.count("readIndex.local");
    serveAnswers(state, ask(index, query, out), out);
    armExpiry(state, logspace, out);
    return;
  }
  out.count("readIndex.remote");
  const target = remoteIndex(state, logspace);
  if (target === undefined) {
    finishRead(
      state,
      { op, outcome: "dataLost", seqnum: 0, record: undefined, aux: undefined, progress: 0 },
      out,
    );
  } else {
    out.send(target, { kind: "remoteRead", query });
  }
}

function isForcedRemote(state: EngineState, out: EngineEffects): boolean {
  const { remoteIndexShare } = state.config;
  return remoteIndexShare > 0 && out.choose(SHARE_STEPS) < remoteIndexShare * SHARE_STEPS;
}

/** An index engine of a log other than this one, by turns. */
function remoteIndex(state: EngineState, logspace: LogspaceId): Address | undefined {
  const indexSet = indexSetOf(state.view!, logspace);
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const node = indexSet[takeTurn(state, `index ${logspace}`, indexSet.length)]!;
    if (node === state.config.id) continue;
    const address = directoryOf(state)?.engine[node];
    if (address !== undefined) return address;
  }
  return undefined;
}

export function takeRemoteRead(state: EngineState, query: ReadQuery, out: EngineEffects): void {
  const index = indexOf(state, query.logspace);
  if (index === undefined)
    throw new Error(`engine ${state.config.id} was asked for an index it does not hold`);
  serveAnswers(state, ask(index, query, out), out);
  armExpiry(state, query.logspace, out);
}

/** Lets the local index of a log take something in, if there is one, and serves the reads that it answers thereby. */
export function updateIndex(
  state: EngineState,
  logspace: LogspaceId,
  update: (index: IndexState) => Answer[],
  out: EngineEffects,
): void {
  const index = indexOf(state, logspace);
  if (index === undefined) return;
  const timed = index.blocked.length > 0;
  serveAnswers(state, update(index), out);
  // A blocking read that had to wait for the index first may begin to block only now.
  if (!timed) armExpiry(state, logspace, out);
}

/** Carries answers of the index to who asked: from the cache, by way of a storage node, or as "no such record". */
function serveAnswers(state: EngineState, answers: readonly Answer[], out: EngineEffects): void {
  for (const { query, found, progress } of answers) {
    const { op, origin } = query;
    if (found === undefined) {
      deliver(
        state,
        origin,
        { op, outcome: "empty", seqnum: 0, record: undefined, aux: undefined, progress },
        out,
      );
      continue;
    }
    const { seqnum, engine } = found;
    const record = state.cache && (lruGet(state.cache, cacheKey(state, seqnum)) as LogRecord | undefined);
    out.count(record === undefined ? "engineCache.miss" : "engineCache.hit");
    if (record !== undefined) {
      const aux = auxThatFits(state, seqnum, record);
      deliver(state, origin, { op, outcome: "ok", seqnum, record, aux, progress }, out);
      continue;
    }
    const storage = storageOf(state, engine);
    if (storage === undefined) {
      deliver(state, origin, { op, outcome: "dataLost", seqnum, record, aux: undefined, progress }, out);
    } else {
      out.send(storage, { kind: "readAt", seqnum, origin, op, progress });
    }
  }
}

/** A storage node that holds an engine's records, by turns. */
function storageOf(state: EngineState, engine: NodeId): Address | undefined {
  const view = state.view!;
  const set = view.storageSets[view.enginePositions.get(engine)!]!;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const address = directoryOf(state)?.storage[set[takeTurn(state, `storage ${engine}`, set.length)]!];
    if (address !== undefined) return address;
  }
  return undefined;
}

function deliver(state: EngineState, origin: NodeId, result: ReadResult, out: EngineEffects): void {
  if (origin === state.config.id) {
    finishRead(state, result, out);
    return;
  }
  const address = directoryOf(state)?.engine[origin];
  if (address !== undefined) out.send(address, { kind: "readResult", ...result });
}

/** Completes a read of a worker of this engine. A result for an operation that is not known any more is counted. */
export function finishRead(state: EngineState, result: ReadResult, out: EngineEffects): void {
  const { op, outcome, seqnum, record, aux, progress } = result;
  const read = state.reads.get(op);
  if (read === undefined) {
    out.count("engine.unknownRead");
    return;
  }
  if (outcome === "notHere") return;
  state.reads.delete(op);
  out.observe?.({
    kind: "readDone",
    engine: state.config.id,
    op,
    outcome,
    seqnum,
    record,
    aux,
    progress,
  } satisfies Observation);
  out.send(read.worker, { kind: "opResult", client: read.client, outcome, seqnum, record, aux, progress });
  if (outcome === "dataLost") return;
  raiseProgress(state, read.call, progress);
  if (record === undefined) return;
  cacheRecord(state, seqnum, record);
  if (aux !== undefined && state.cache !== undefined)
    lruPut(state.cache, -cacheKey(state, seqnum), aux, aux.sizeBytes);
}

/** Aux data goes into this engine's cache at once, and to the storage nodes of the record when that is switched on. */
export function setAux(
  state: EngineState,
  worker: Address,
  message: MessageOf<"setAux">,
  out: EngineEffects,
): void {
  const { call, client, seqnum, aux } = message;
  if (contextOf(state, call, out) === undefined) return;
  const { cache, config, view } = state;
  out.observe?.({ kind: "auxSet", seqnum, aux } satisfies Observation);
  // The slip files aux data under the seqnum that follows.
  const filed = config.mutation === Mutation.auxOffByOne ? seqnum + 1 : seqnum;
  if (cache !== undefined) lruPut(cache, -cacheKey(state, filed), aux, aux.sizeBytes);
  const done = {
    kind: "opResult",
    client,
    outcome: "ok",
    seqnum,
    record: undefined,
    aux: undefined,
    progress: 0,
  } as const;
  out.send(worker, done);
  if (!config.propagateAuxData || cache === undefined || view === undefined) return;
  const record = lruPeek(cache, cacheKey(state, seqnum)) as LogRecord | undefined;
  if (record === undefined) return;
  const shard = view.enginePositions.get(highOf(record.localid))!;
  for (const storage of view.storageSets[shard]!) {
    const address = directoryOf(state)?.storage[storage];
    if (address !== undefined) out.send(address, { kind: "storeAux", seqnum, aux });
  }
}

function auxThatFits(state: EngineState, seqnum: Seqnum, record: LogRecord): AuxData | undefined {
  const aux = lruPeek(state.cache!, -cacheKey(state, seqnum)) as AuxData | undefined;
  if (aux === undefined || recordBytes(record) + aux.sizeBytes > state.config.resultBytesMax)
    return undefined;
  return aux;
}

/** Sets the timer for the first blocking read that will reach its limit. */
function armExpiry(state: EngineState, logspace: LogspaceId, out: EngineEffects): void {
  const index = state.indexes.get(logspace)!;
  const at = nextExpiryNanos(index, state.config.blockingReadLimitNanos);
  if (at === undefined || state.config.mutation === Mutation.blockingLimitOnAdvance) return;
  out.setTimer(logspace, Math.max(0, at - out.now));
}

export function expireReads(state: EngineState, logspace: LogspaceId, out: EngineEffects): void {
  const index = state.indexes.get(logspace);
  if (index === undefined) return;
  serveAnswers(state, expireBlocked(index, state.config.blockingReadLimitNanos, out.now), out);
  armExpiry(state, logspace, out);
}
