/**
 * The records of calls, and what they teach about their functions (docs/models/nightcore.md, "Dispatch and concurrency").
 *
 * An arrival feeds the rate. A successful completion feeds three averages: the running delay, which contains whatever nested
 * calls waited; the time in the handler, as the worker has measured it; and the processing time, which is the whole time less
 * what the call and all that it called have spent in queues. Failed calls feed none of these.
 */

import type { Nanos } from "../../sim/units.ts";
import type { CallInput } from "../applications/messages.ts";
import { type CallRecord, type Dispatcher, type EngineState, NO_SLOT } from "./engine-state.ts";
import { addArrival, addSample, microsOf } from "./estimator.ts";
import { Bug } from "./mutations.ts";

const NO_INPUT: CallInput = { request: 0, variables: [] };

/** The call as it comes, without what the tracer adds. */
export type NewCall = Pick<
  CallRecord,
  "call" | "fn" | "method" | "input" | "inputBytes" | "async" | "caller" | "parent" | "parentSlot"
>;

/** A place for the record of a call that arrives now; its arrival counts for the rate. */
export function traceArrival(state: EngineState, arrived: NewCall, now: Nanos): number {
  const receivedMicros = microsOf(now);
  if (state.config.mutation !== Bug.rateLate) traceRate(state, state.dispatchers[arrived.fn]!, now);
  const slot = state.freeSlots.pop() ?? state.records.push(emptyRecord()) - 1;
  const record = state.records[slot]!;
  record.call = arrived.call;
  record.fn = arrived.fn;
  record.method = arrived.method;
  record.input = arrived.input;
  record.inputBytes = arrived.inputBytes;
  record.async = arrived.async;
  record.caller = arrived.caller;
  record.callerGone = false;
  record.parent = arrived.parent;
  record.parentSlot = arrived.parentSlot;
  record.client = 0;
  record.receivedMicros = receivedMicros;
  record.dispatchedMicros = receivedMicros;
  record.childQueueingMicros = 0;
  record.session = state.arriving;
  state.arriving = undefined;
  return slot;
}

/** A call of the function has come. */
export function traceRate({ config }: EngineState, { rate }: Dispatcher, now: Nanos): void {
  const { settings, mutation } = config;
  addArrival(rate, microsOf(now), settings, mutation === Bug.zeroGap ? 0 : 1);
}

function emptyRecord(): CallRecord {
  return {
    call: 0,
    fn: 0,
    method: 0,
    input: NO_INPUT,
    inputBytes: 0,
    async: false,
    caller: 0,
    callerGone: false,
    parent: 0,
    parentSlot: NO_SLOT,
    client: 0,
    receivedMicros: 0,
    dispatchedMicros: 0,
    childQueueingMicros: 0,
    session: undefined,
  };
}

/** Nobody will ask for the record again. */
export function freeRecord(state: EngineState, slot: number): void {
  const record = state.records[slot]!;
  if (record.session !== undefined) state.ended.push(record.session);
  record.session = undefined;
  record.call = 0;
  record.input = NO_INPUT;
  state.freeSlots.push(slot);
}

/** Its own time in the queue, and that of the finished calls below it. */
export function queueingOf(record: CallRecord): number {
  return record.dispatchedMicros - record.receivedMicros + record.childQueueingMicros;
}

/** A call that ran has ended. `handlerNanos`: as its worker reports. */
export function traceEnd(
  state: EngineState,
  record: CallRecord,
  ok: boolean,
  handlerNanos: Nanos,
  now: Nanos,
): void {
  const finishedMicros = microsOf(now);
  const queueingMicros = queueingOf(record);
  if (record.parent !== 0) {
    const parent = state.records[record.parentSlot]!;
    // The place may have come to another call, if the caller did not wait for this one.
    const times = state.config.mutation === Bug.queueingTwice ? 2 : 1;
    if (parent.call === record.parent) parent.childQueueingMicros += times * queueingMicros;
  }
  if (ok) feed(state, record, finishedMicros, queueingMicros, handlerNanos);
}

function feed(
  state: EngineState,
  record: CallRecord,
  finishedMicros: number,
  queueingMicros: number,
  handlerNanos: Nanos,
): void {
  const { averageWeight, averageSamplesMin } = state.config.settings;
  const dispatcher: Dispatcher = state.dispatchers[record.fn]!;
  const runningMicros = finishedMicros - record.dispatchedMicros;
  addSample(dispatcher.runningMicros, runningMicros, averageWeight, averageSamplesMin);
  addSample(dispatcher.handlerMicros, microsOf(handlerNanos), averageWeight, averageSamplesMin);
  // Calls made at the same time may have waited longer together than their caller has lived.
  const processingMicros = finishedMicros - record.receivedMicros - queueingMicros;
  if (processingMicros > 0)
    addSample(dispatcher.processingMicros, processingMicros, averageWeight, averageSamplesMin);
}
