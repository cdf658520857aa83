/**
 * The side of an engine that holds indexes: takes in what they are told, puts reads to them, its own and those of other
 * engines, and carries their answers on (docs/models/boki.md, "The read path"; docs/models/reconfiguration.md, "Reads across
 * views").
 *
 * A record that was found is looked up in the cache; otherwise a storage node of the record's shard, in the view the record
 * is of, sends it to the engine that asked. A read that is not through with the views goes on to the index of another.
 */

import type { Address } from "../../sim/machine.ts";
import { lruGet, lruPeek } from "../../sim/structures/lru.ts";
import { deliver, withoutRecord } from "./engine-results.ts";
import {
  armRepair,
  cacheKey,
  type EngineEffects,
  type EngineState,
  indexOf,
  indexSetOf,
  takeTurn,
} from "./engine-state.ts";
import { highOf, join, type LogspaceId, type Seqnum, viewOf, viewOfJoined } from "./identifiers.ts";
import { type Answer, ask, expireBlocked, nextExpiryNanos, takeBlocked } from "./index-reads.ts";
import type { IndexState } from "./index-state.ts";
import type { AuxData, FoundRecord, LogRecord, ReadQuery } from "./messages.ts";
import { Mutation } from "./mutations.ts";
import { recordBytes } from "./observations.ts";
import { logspaceOfLogBook } from "./view.ts";
import { abort, directoryOf } from "./view-gate.ts";

/** An address that is not known uses up one of this many tries. */
const TRIES = 3;

/** Puts a read to a local index. */
export function askIndex(state: EngineState, index: IndexState, query: ReadQuery, out: EngineEffects): void {
  const { logspace } = index.applier;
  if (query.initial && viewOfJoined(query.progress) > viewOf(logspace)) {
    const reason = `a read that begins in view ${viewOf(logspace)} has seen view ${viewOfJoined(query.progress)}`;
    abort(state, reason, out);
    return;
  }
  serve(state, ask(index, query, out), out);
  if (isBehind(index)) armRepair(state, out);
  if (index.blocked.length === 0) return;
  if (viewOf(logspace) < state.view!.viewId) putBlockedToCurrentView(state, index, out);
  else armExpiry(state, index, out);
}

/** Another engine puts a read to an index here, or passes one on that it could not answer. */
export function takeRemoteRead(state: EngineState, query: ReadQuery, out: EngineEffects): void {
  const index = indexOf(state, query.logspace);
  if (index === undefined) {
    passOn(state, query, out);
    return;
  }
  const { continuationTakenForInitial } = state.config.defects;
  askIndex(state, index, continuationTakenForInitial ? { ...query, initial: true } : query, out);
}

/**
 * This life of the engine was not there to index that view: another engine of the index may know. Were the read to begin anew
 * instead, one that has to go back over many views would hardly ever meet, in each of them, an engine that was there.
 */
function passOn(state: EngineState, query: ReadQuery, out: EngineEffects): void {
  const { logspace, origin, op, passedOn } = query;
  const indexSet = indexSetOf(state.views.get(viewOf(logspace))!, logspace);
  const self = indexSet.indexOf(state.config.id);
  // In a ring, so that all of them are asked before anybody gives up.
  for (let i = 1; i < indexSet.length - passedOn; i++) {
    const address = directoryOf(state)?.engine[indexSet[(self + i) % indexSet.length]!];
    if (address === undefined) continue;
    out.count("index.passedOn");
    out.send(address, { kind: "remoteRead", query: { ...query, passedOn: passedOn + i } });
    return;
  }
  deliver(state, origin, withoutRecord(op, "notHere"), out);
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
  serve(state, update(index), out);
  if (isBehind(index)) armRepair(state, out);
  // A blocking read that had to wait for the index first may begin to block only now.
  if (!timed && index.blocked.length > 0) armExpiry(state, index, out);
  else if (timed && expiresOnAdvance(state)) expire(state, index, out);
}

/** Whether an index lacks something that it knows of. */
export function isBehind({ complete, end, applier, cuts, received, waiting }: IndexState): boolean {
  if (complete) return false;
  return (
    cuts.length > 0 ||
    received.size > 0 ||
    applier.early.size > 0 ||
    waiting.size > 0 ||
    (end !== undefined && applier.metalogPosition < end.final)
  );
}

// ---- Carrying answers on -------------------------------------------------------------------------------------------

/** Carries answers of an index to who asked: from the cache, by way of a storage node, or as "no such record". */
export function serve(state: EngineState, answers: readonly Answer[], out: EngineEffects): void {
  for (const answer of answers) {
    if (answer.goesOn !== undefined) {
      goOn(state, answer, out);
      // The slip: the read is answered here all the same.
      if (state.config.mutation !== Mutation.foundAndEmptyBoth) continue;
    }
    const { query, found, progress } = answer;
    if (found === undefined) deliver(state, query.origin, withoutRecord(query.op, "empty", 0, progress), out);
    else fetchRecord(state, query, found, progress, out);
  }
}

function fetchRecord(
  state: EngineState,
  { origin, op }: ReadQuery,
  found: FoundRecord,
  progress: number,
  out: EngineEffects,
): void {
  const { seqnum } = found;
  const record = state.cache && (lruGet(state.cache, cacheKey(state, seqnum)) as LogRecord | undefined);
  out.count(record === undefined ? "engineCache.miss" : "engineCache.hit");
  if (record !== undefined) {
    const aux = auxThatFits(state, seqnum, record);
    deliver(state, origin, { op, outcome: "ok", seqnum, record, aux, progress }, out);
    return;
  }
  const storage = storageOf(state, found);
  if (storage !== undefined) out.send(storage, { kind: "readAt", seqnum, origin, op, progress });
  else deliver(state, origin, withoutRecord(op, "notHere", seqnum, progress), out);
}

/** A storage node that holds a record, by turns. */
function storageOf(state: EngineState, { seqnum, engine }: FoundRecord): Address | undefined {
  // The slip asks the storage nodes that the engine has now.
  const isNow = state.config.mutation === Mutation.readsFromCurrentView;
  const view = isNow ? state.view! : state.views.get(viewOfJoined(seqnum))!;
  const shard = view.enginePositions.get(engine);
  if (shard === undefined) return undefined;
  const set = view.storageSets[shard]!;
  const name = `storage ${view.viewId}.${engine}`;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const address = directoryOf(state)?.storage[set[takeTurn(state, name, set.length)]!];
    if (address !== undefined) return address;
  }
  return undefined;
}

/** An index engine of a log other than this one, by turns. */
export function remoteIndex(state: EngineState, logspace: LogspaceId): Address | undefined {
  const view = state.views.get(viewOf(logspace))!;
  const indexSet = indexSetOf(view, logspace);
  for (let attempt = 0; attempt < TRIES && indexSet.length > 0; attempt++) {
    const node = indexSet[takeTurn(state, `index ${logspace}`, indexSet.length)]!;
    if (node === state.config.id) continue;
    const address = directoryOf(state)?.engine[node];
    if (address !== undefined) return address;
  }
  return undefined;
}

function auxThatFits(state: EngineState, seqnum: Seqnum, record: LogRecord): AuxData | undefined {
  const aux = lruPeek(state.cache!, -cacheKey(state, seqnum)) as AuxData | undefined;
  if (aux === undefined || recordBytes(record) + aux.sizeBytes > state.config.resultBytesMax)
    return undefined;
  return aux;
}

// ---- From view to view ---------------------------------------------------------------------------------------------

function goOn(
  state: EngineState,
  { query, found, progress, goesOn, bound }: Answer,
  out: EngineEffects,
): void {
  const { config } = state;
  if (goesOn === "newest") {
    // Nothing in all older views, and nothing will appear there: what is waited for can only come in the first view asked.
    const logspace = highOf(progress);
    const seqnum = Math.max(query.seqnum, join(logspace, 0));
    put(
      state,
      { ...query, logspace, seqnum, progress, initial: true, foundBefore: undefined, bound, passedOn: 0 },
      out,
    );
    return;
  }
  const older = state.views.get(viewOf(query.logspace) - 1)!;
  const ceasesToBlock = config.defects.olderBlockingReadDoesNotBlock && query.direction === "nextBlock";
  put(
    state,
    {
      ...query,
      direction: ceasesToBlock ? "next" : query.direction,
      logspace: logspaceOfLogBook(older, query.logBook),
      progress,
      initial: config.mutation === Mutation.continuationIsInitial,
      foundBefore: found,
      bound,
      passedOn: 0,
    },
    out,
  );
}

/** Puts a query to the index of its log, here or elsewhere. */
function put(state: EngineState, query: ReadQuery, out: EngineEffects): void {
  const index = indexOf(state, query.logspace);
  if (index !== undefined) {
    out.work("indexSearch", 1);
    askIndex(state, index, query, out);
    return;
  }
  const target = remoteIndex(state, query.logspace);
  if (target !== undefined) out.send(target, { kind: "remoteRead", query });
  else if (!state.config.defects.failedContinuationNotAnswered)
    deliver(state, query.origin, withoutRecord(query.op, "notHere"), out);
}

/** Blocking reads of an older view can be matched in the current one only; they are put to that from its beginning. */
export function putBlockedToCurrentView(state: EngineState, index: IndexState, out: EngineEffects): void {
  if (state.config.defects.blockedReadForgotten) return;
  const view = state.view!;
  for (const query of takeBlocked(index)) {
    out.count("index.blockedReadMoved");
    const logspace = logspaceOfLogBook(view, query.logBook);
    put(state, { ...query, logspace, initial: true, foundBefore: undefined, passedOn: 0 }, out);
  }
}

// ---- The limit of blocking reads -----------------------------------------------------------------------------------

/** The slip and the release look at the limit only when the index advances. */
function expiresOnAdvance({ config }: EngineState): boolean {
  return config.defects.blockedReadForgotten || config.mutation === Mutation.blockingLimitOnAdvance;
}

/** Sets the timer for the first blocking read that will reach its limit. */
function armExpiry(state: EngineState, index: IndexState, out: EngineEffects): void {
  const at = nextExpiryNanos(index, state.config.blockingReadLimitNanos);
  if (at === undefined || expiresOnAdvance(state)) return;
  out.setTimer(index.applier.logspace, Math.max(0, at - out.now));
}

export function expireReads(state: EngineState, logspace: LogspaceId, out: EngineEffects): void {
  const index = state.indexes.get(logspace);
  if (index === undefined) return;
  expire(state, index, out);
  armExpiry(state, index, out);
}

function expire(state: EngineState, index: IndexState, out: EngineEffects): void {
  serve(state, expireBlocked(index, state.config.blockingReadLimitNanos, out.now), out);
}
