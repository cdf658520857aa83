/**
 * Appends at an engine (docs/models/boki.md, "The append path"): number the record, send it to every storage node of this
 * engine's set, and answer the worker when the metalog has given the record its place. There is no acknowledgement from
 * storage to engine; the metalog entry is the acknowledgement.
 *
 * At the end of a view the tail of the metalog is applied first. Only then is what has no place certainly not in the log, and
 * discarded: its worker may try again (docs/models/reconfiguration.md, "Phases of a view").
 */

import type { Address } from "../../sim/machine.ts";
import { contextOf, raiseProgress } from "./engine-calls.ts";
import { fetchEntries } from "./engine-fetch.ts";
import {
  answerPlainly,
  armRepair,
  cacheRecord,
  type EngineEffects,
  type EngineState,
} from "./engine-state.ts";
import { type LogspaceId, positionOf, viewOf } from "./identifiers.ts";
import {
  createProducer,
  nextLocalid,
  type OrderedAppend,
  orderAppends,
  orderTail,
  type ProducerState,
  takePending,
} from "./log-producer.ts";
import type { BokiMessage, FinalLog, LogRecord } from "./messages.ts";
import type { MetalogEntry } from "./metalog.ts";
import { Mutation } from "./mutations.ts";
import type { Observation } from "./observations.ts";
import { logspaceOfLogBook } from "./view.ts";
import { abort, directoryOf } from "./view-gate.ts";

/** Records sent again at a time. */
const RESENT_MAX = 64;

export function startAppend(
  state: EngineState,
  worker: Address,
  message: Extract<BokiMessage, { kind: "append" }>,
  out: EngineEffects,
): void {
  const { call, client, tags, dataBytes, data } = message;
  const context = contextOf(state, worker, call, client, out);
  if (context === undefined) return;
  const { view } = state;
  if (view === undefined || !state.active) {
    answerPlainly(worker, client, "discarded", out);
    return;
  }
  const logspace = logspaceOfLogBook(view, context.logBook);
  const producer = producerOf(state, logspace);
  const localid = nextLocalid(producer);
  const record: LogRecord = { localid, logBook: context.logBook, tags, dataBytes, data };
  producer.pending.set(positionOf(localid), { worker, client, call, record });
  const engine = state.config.id;
  out.observe?.({ kind: "appendIssued", engine, logspace, record, call } satisfies Observation);
  replicate(state, producer, record, out);
  armRepair(state, out);
}

function replicate(state: EngineState, producer: ProducerState, record: LogRecord, out: EngineEffects): void {
  const { logspace } = producer.applier;
  const directory = directoryOf(state);
  const view = state.views.get(viewOf(logspace))!;
  for (const storage of view.storageSets[producer.shard]!) {
    const address = directory?.storage[storage];
    if (address !== undefined) out.send(address, { kind: "replicate", logspace, record });
  }
}

function producerOf(state: EngineState, logspace: LogspaceId): ProducerState {
  const known = state.producers.get(logspace);
  if (known !== undefined) return known;
  const { id, mutation, defects } = state.config;
  const shard = state.view!.enginePositions.get(id)!;
  const producer = createProducer(logspace, id, shard, mutation, defects);
  if (mutation === Mutation.countersCarriedOver) {
    for (const { nextCounter } of state.producers.values())
      producer.nextCounter = Math.max(producer.nextCounter, nextCounter);
  }
  state.producers.set(logspace, producer);
  return state.producers.get(logspace)!;
}

/** Completes the appends that an entry orders: the record is cached first, then the worker hears of it. */
export function doneAppends(state: EngineState, entry: MetalogEntry, out: EngineEffects): void {
  const producer = state.producers.get(entry.logspace);
  if (producer === undefined) return;
  completeAppends(state, producer, orderAppends(producer, entry, out), out);
  const { end, complete, applier } = producer;
  // An entry that was still missing at the end of the view; what is missing beyond it is asked for once a message, not here.
  if (end !== undefined && !complete && applier.metalogPosition >= end.final)
    endAppends(state, producer, end, out);
}

function completeAppends(
  state: EngineState,
  producer: ProducerState,
  ordered: readonly OrderedAppend[],
  out: EngineEffects,
): void {
  const { logspace } = producer.applier;
  const outcome = "ok";
  out.work("complete", ordered.length);
  ordered.forEach(({ append, seqnum, progress }, i) => {
    const { worker, client, call, record } = append;
    // The slip: by the time the record is cached, the next operation has taken the place of this one.
    const next = ordered[i + 1]?.append ?? append;
    const { record: cached } = state.config.mutation === Mutation.cachedAfterRecycle ? next : append;
    cacheRecord(state, seqnum, cached);
    out.observe?.({
      kind: "appendDone",
      engine: state.config.id,
      call,
      outcome,
      logspace,
      record,
      seqnum,
      progress,
    } satisfies Observation);
    out.send(worker, {
      kind: "opResult",
      client,
      outcome,
      seqnum,
      record: undefined,
      aux: undefined,
      progress,
    });
    raiseProgress(state, call, progress);
  });
}

// ---- The end of a view ---------------------------------------------------------------------------------------------

/** Comes to the end of a log: completes what the tail orders and discards the rest, or asks for what is missing. */
export function endAppends(
  state: EngineState,
  producer: ProducerState,
  end: FinalLog,
  out: EngineEffects,
): void {
  const { mutation, defects, id } = state.config;
  if (mutation === Mutation.failsBeforeTail) discardAppends(state, producer, out);
  const { standing, ordered } = orderTail(producer, end, out);
  completeAppends(state, producer, ordered, out);
  const { metalogPosition: position, logspace } = producer.applier;
  // The slip: who has every entry already does nothing, and leaves its open appends open.
  if (standing === "there" && mutation === Mutation.finalizeSkippedWhenThere) return;
  if (standing === "behind" && !defects.noFetchAtFinalize) {
    fetchEntries(state, logspace, position, out);
    return;
  }
  if (standing !== "there" && standing !== "reached") {
    abort(state, `producer of log ${logspace} is at ${position}, the end is at ${end.final}`, out);
    return;
  }
  producer.complete = true;
  discardAppends(state, producer, out);
  out.observe?.({ kind: "ended", role: "producer", node: id, log: end, position } satisfies Observation);
}

function discardAppends(state: EngineState, producer: ProducerState, out: EngineEffects): void {
  const { logspace } = producer.applier;
  for (const { worker, client, call, record } of takePending(producer)) {
    out.observe?.({
      kind: "appendDone",
      engine: state.config.id,
      call,
      outcome: "discarded",
      logspace,
      record,
      seqnum: 0,
      progress: 0,
    } satisfies Observation);
    out.count("engine.appendDiscarded");
    answerPlainly(worker, client, "discarded", out);
  }
}

// ---- Catching up ---------------------------------------------------------------------------------------------------

/**
 * Looks after the appends to one log that have been open since before the last look: their records may have got lost on the
 * way to storage, or their entries on the way here. Returns whether any append is open.
 */
export function repairAppends(state: EngineState, producer: ProducerState, out: EngineEffects): boolean {
  const { pending, end, complete, lastLook, applier } = producer;
  if (complete) return false;
  let resent = 0;
  for (const [counter, { record }] of pending) {
    // The slip of exchanged pairs apart, the oldest come first.
    if (counter >= lastLook || resent === RESENT_MAX) break;
    resent++;
    if (end !== undefined) continue;
    out.count("engine.recordSentAgain");
    replicate(state, producer, record, out);
  }
  producer.lastLook = producer.nextCounter;
  if (resent > 0 || end !== undefined) fetchEntries(state, applier.logspace, applier.metalogPosition, out);
  return pending.size > 0 || end !== undefined;
}

/** Whether appends wait for entries that were asked for. */
export function lacksEntries({ pending, end, complete, lastLook }: ProducerState): boolean {
  if (complete) return false;
  if (end !== undefined) return true;
  for (const counter of pending.keys()) return counter < lastLook;
  return false;
}
