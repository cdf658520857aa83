/**
 * Appends at an engine (docs/models/boki.md, "The append path"): number the record, send it to every storage node of this
 * engine's set, and answer the worker when the metalog has given the record its place. There is no acknowledgement from
 * storage to engine; the metalog entry is the acknowledgement.
 */

import type { Address } from "../../sim/machine.ts";
import { contextOf, raiseProgress } from "./engine-calls.ts";
import { cacheRecord, type EngineEffects, type EngineState } from "./engine-state.ts";
import { type LogspaceId, positionOf, viewOf } from "./identifiers.ts";
import { createProducer, nextLocalid, orderAppends, type ProducerState } from "./log-producer.ts";
import type { BokiMessage, LogRecord } from "./messages.ts";
import type { MetalogEntry } from "./metalog.ts";
import type { Observation } from "./observations.ts";
import { logspaceOfLogBook } from "./view.ts";
import { directoryOf } from "./view-gate.ts";

type MessageOf<Kind> = Extract<BokiMessage, { kind: Kind }>;

export function startAppend(
  state: EngineState,
  worker: Address,
  message: MessageOf<"append">,
  out: EngineEffects,
): void {
  const { call, client, tags, dataBytes, data } = message;
  const context = contextOf(state, call, out);
  if (context === undefined) return;
  const { view } = state;
  if (view === undefined || !state.active) {
    out.send(worker, {
      kind: "opResult",
      client,
      outcome: "discarded",
      seqnum: 0,
      record: undefined,
      aux: undefined,
      progress: 0,
    });
    return;
  }
  const logspace = logspaceOfLogBook(view, context.logBook);
  const producer = producerOf(state, logspace);
  const localid = nextLocalid(producer);
  const record: LogRecord = { localid, logBook: context.logBook, tags, dataBytes, data };
  producer.pending.set(positionOf(localid), { worker, client, call, record });
  const engine = state.config.id;
  out.observe?.({ kind: "appendIssued", engine, logspace, record, call } satisfies Observation);
  for (const storage of view.storageSets[producer.shard]!) {
    const address = directoryOf(state)?.storage[storage];
    if (address !== undefined) out.send(address, { kind: "replicate", logspace, record });
  }
}

/** Completes the appends that an entry orders: the record is cached first, then the worker hears of it. */
export function doneAppends(state: EngineState, entry: MetalogEntry, out: EngineEffects): void {
  const { logspace } = entry;
  const producer = state.producers.get(logspace);
  if (producer === undefined) return;
  const ordered = orderAppends(producer, entry, out);
  out.work("complete", ordered.length);
  for (const { append, seqnum, progress } of ordered) {
    const { worker, client, call, record } = append;
    cacheRecord(state, seqnum, record);
    const outcome = "ok";
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
  }
}

function producerOf(state: EngineState, logspace: LogspaceId): ProducerState {
  const known = state.producers.get(logspace);
  if (known !== undefined) return known;
  const view = state.view!;
  if (viewOf(logspace) !== view.viewId)
    throw new Error(`an append to logspace ${logspace} in view ${view.viewId}`);
  const { id, mutation } = state.config;
  state.producers.set(logspace, createProducer(logspace, id, view.enginePositions.get(id)!, mutation));
  return state.producers.get(logspace)!;
}
