/**
 * The dispatcher of one function at one engine: which call runs when, on which worker, and when the pool grows or shrinks
 * (docs/models/nightcore.md, "Dispatch and concurrency").
 *
 * A call runs if a worker is idle and fewer run than the limit; otherwise it waits. The worker that became idle last is taken
 * first. A call that finds no idle worker asks for one more, if the pool is smaller than what Little's law expects to run and
 * the last demand is long enough ago.
 *
 * What the release does differently is a switch each. As released, the limit holds only for calls that arrive: they overtake
 * those that wait, a worker that becomes free takes the next whatever the limit says, and workers stay idle beside a queue when
 * the limit has risen since. With the limit's lower bound at 0 a queue may stay for ever.
 */

import { limitOf, littlesLaw, mayGrowNow } from "./concurrency.ts";
import { dispatchMessage } from "./engine-messages.ts";
import {
  type CallRecord,
  type Dispatcher,
  type EngineEffects,
  type EngineState,
  hasRoom,
  NO_SLOT,
  settleObserved,
} from "./engine-state.ts";
import { microsOf, readAverage } from "./estimator.ts";
import type { ClientId } from "./messages.ts";
import { Bug } from "./mutations.ts";
import type { DropReason, Observation } from "./observations.ts";
import { dropHead, headOf, pendingCount, pushPending } from "./pending-calls.ts";
import { traceRate } from "./tracer.ts";
import { requestWorker, stopWorker, writeTo } from "./worker-manager.ts";

/** What a dispatcher has decided not to run: whoever asked for it has to be told, or not. */
export type Drop = (state: EngineState, slot: number, reason: DropReason, out: EngineEffects) => void;

/** How many calls may run now. */
export function currentLimit(state: EngineState, dispatcher: Dispatcher): number {
  const {
    limitTime,
    limitCoefficient,
    averageSamplesMin,
    concurrencyLimiter,
    limitAtLeastOne,
    limitRounding,
  } = state.config.settings;
  const { min, max, rate, runningMicros, processingMicros } = dispatcher;
  if (!concurrencyLimiter) return max;
  const { mutation } = state.config;
  const delayMicros = readAverage(
    limitTime === "running" ? runningMicros : processingMicros,
    averageSamplesMin,
  );
  const known = rate.perSecond > 0 && delayMicros > 0;
  const running = littlesLaw(limitCoefficient, rate.perSecond, delayMicros, limitRounding);
  const limit =
    mutation === Bug.clampLost && known ? Math.max(min, running) : limitOf(running, known, min, max);
  return limitAtLeastOne ? Math.max(1, limit) : limit;
}

/** Calls that should be running by Little's law; 0: not known. */
export function expectedConcurrency(state: EngineState, { rate, processingMicros }: Dispatcher): number {
  const { expectedCoefficient, averageSamplesMin, limitRounding } = state.config.settings;
  const delayMicros = readAverage(processingMicros, averageSamplesMin);
  return littlesLaw(expectedCoefficient, rate.perSecond, delayMicros, limitRounding);
}

/** A call has come; the tracer has counted it. */
export function arrive(state: EngineState, slot: number, drop: Drop, out: EngineEffects): void {
  const { settings } = state.config;
  const record = state.records[slot]!;
  const dispatcher = state.dispatchers[record.fn]!;
  const { pending, idle } = dispatcher;
  const limit = currentLimit(state, dispatcher);
  observeArrival(state, record, dispatcher, limit, out);
  if (state.config.mutation === Bug.rateLate) traceRate(state, dispatcher, out.now);
  if (dispatcher.running >= limit) {
    enqueue(state, dispatcher, slot, out);
  } else if (idle.length === 0) {
    grow(state, dispatcher, out);
    enqueue(state, dispatcher, slot, out);
  } else if (settings.fifo && pendingCount(pending) > 0) {
    enqueue(state, dispatcher, slot, out);
    const first = takePending(state, dispatcher, drop, out);
    if (first !== NO_SLOT) dispatch(state, dispatcher, idle.pop()!, first, "queue", out);
  } else {
    dispatch(state, dispatcher, idle.pop()!, slot, "arrival", out);
  }
  if (settings.limitOnDrain) drain(state, dispatcher, drop, out);
  if (out.observe !== undefined) settleObserved(state, dispatcher, currentLimit(state, dispatcher), out);
}

/** A worker has connected, or has ended a call: it takes the call that waits longest, or is idle. */
export function becomeFree(
  state: EngineState,
  dispatcher: Dispatcher,
  client: ClientId,
  drop: Drop,
  out: EngineEffects,
): void {
  const { settings, mutation } = state.config;
  if (mutation === Bug.freedIdle) {
    dispatcher.idle.push(client);
  } else if (settings.limitOnDrain) {
    dispatcher.idle.push(client);
    drain(state, dispatcher, drop, out);
  } else {
    const next = takePending(state, dispatcher, drop, out);
    if (next === NO_SLOT) dispatcher.idle.push(client);
    else dispatch(state, dispatcher, client, next, "queue", out);
  }
  if (settings.shrinking) shrink(state, dispatcher, out);
  if (out.observe !== undefined) settleObserved(state, dispatcher, currentLimit(state, dispatcher), out);
}

/** Calls that wait run on idle workers, as far as the limit allows. */
export function drain(state: EngineState, dispatcher: Dispatcher, drop: Drop, out: EngineEffects): void {
  const { pending, idle } = dispatcher;
  if (pendingCount(pending) === 0 || idle.length === 0) return;
  const limit = currentLimit(state, dispatcher);
  while (idle.length > 0 && dispatcher.running < limit) {
    const next = takePending(state, dispatcher, drop, out);
    if (next === NO_SLOT) return;
    dispatch(state, dispatcher, idle.pop()!, next, "queue", out);
  }
}

function dispatch(
  state: EngineState,
  dispatcher: Dispatcher,
  client: ClientId,
  slot: number,
  at: "arrival" | "queue",
  out: EngineEffects,
): void {
  const record = state.records[slot]!;
  const worker = state.workers[client]!;
  worker.calls++;
  if (state.config.mutation === Bug.newWorkerTwice && worker.calls === 1) dispatcher.idle.unshift(client);
  record.client = client;
  record.dispatchedMicros = microsOf(out.now);
  worker.slot = slot;
  dispatcher.running++;
  writeTo(worker, dispatchMessage(state, client, record, out.now), out);
  out.observe?.({
    kind: "callDispatched",
    node: state.config.node,
    fn: dispatcher.fn,
    call: record.call,
    client,
    receivedMicros: record.receivedMicros,
    at,
    running: dispatcher.running,
    workers: dispatcher.workers,
    pending: pendingCount(dispatcher.pending),
  } satisfies Observation);
}

function enqueue(state: EngineState, { fn, pending }: Dispatcher, slot: number, out: EngineEffects): void {
  out.observe?.({
    kind: "callQueued",
    node: state.config.node,
    fn,
    call: state.records[slot]!.call,
    behind: pendingCount(pending),
  } satisfies Observation);
  pushPending(pending, slot);
}

/** The next call that waits and is still worth running; NO_SLOT: none. */
function takePending(
  state: EngineState,
  { pending, handlerMicros }: Dispatcher,
  drop: Drop,
  out: EngineEffects,
): number {
  const { queueingLimit, averageSamplesMin, failureHandling } = state.config.settings;
  const nowMicros = microsOf(out.now);
  while (pendingCount(pending) > 0) {
    const slot = headOf(pending);
    const { callerGone, async, caller, receivedMicros } = state.records[slot]!;
    dropHead(pending);
    if (callerGone && !async) {
      drop(state, slot, "callerGone", out);
      continue;
    }
    if (queueingLimit > 0 && caller !== 0) {
      const handlerTime = readAverage(handlerMicros, averageSamplesMin);
      // The release takes a time that it has not measured yet for 0.
      const known = handlerTime > 0 || !failureHandling;
      if (known && nowMicros - receivedMicros > queueingLimit * handlerTime) {
        drop(state, slot, "queueingLimit", out);
        continue;
      }
    }
    return slot;
  }
  return NO_SLOT;
}

/** No worker was idle: perhaps there should be more. */
function grow(state: EngineState, dispatcher: Dispatcher, out: EngineEffects): void {
  const { alwaysGrow, growthThrottle, growthIntervalNanos, limitAtLeastOne } = state.config.settings;
  if (!hasRoom(dispatcher)) return;
  if (!mayGrowNow(growthThrottle, dispatcher.lastGrowthNanos, out.now, growthIntervalNanos)) return;
  const expected = expectedConcurrency(state, dispatcher);
  // An empty pool measures nothing that would let it grow.
  const target = limitAtLeastOne ? Math.max(1, expected) : expected;
  if (!alwaysGrow && dispatcher.workers + dispatcher.requested.size >= target) return;
  if (requestWorker(state, dispatcher, "growth", expected, out)) dispatcher.lastGrowthNanos = out.now;
}

/** Stops the worker that has been idle longest, if the pool is more than twice what should be running. */
function shrink(state: EngineState, dispatcher: Dispatcher, out: EngineEffects): void {
  const { fn, min, workers, idle } = dispatcher;
  if (workers <= min || idle.length === 0 || state.launchers[fn] === undefined) return;
  const expected = expectedConcurrency(state, dispatcher);
  if (expected === 0 || workers <= 2 * expected) return;
  stopWorker(state, dispatcher, idle.shift()!, out);
}

function observeArrival(
  state: EngineState,
  record: CallRecord,
  dispatcher: Dispatcher,
  limit: number,
  out: EngineEffects,
): void {
  if (out.observe === undefined) return;
  const { limitTime, averageSamplesMin } = state.config.settings;
  const { fn, rate, runningMicros, processingMicros, min, max } = dispatcher;
  const { node } = state.config;
  const { call, parent, caller } = record;
  out.observe({ kind: "callArrived", node, fn, call, parent, internal: caller !== 0 } satisfies Observation);
  const delay = limitTime === "running" ? runningMicros : processingMicros;
  out.observe({
    kind: "limitComputed",
    node,
    fn,
    limit,
    ratePerSecond: rate.perSecond,
    delayMicros: readAverage(delay, averageSamplesMin),
    min,
    max,
  } satisfies Observation);
}
