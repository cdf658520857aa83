/**
 * What an engine makes of the end of others (docs/models/nightcore.md, "Failures").
 *
 * As designed, a call whose worker has died fails, the pool is filled up again, what was asked for by somebody who is gone is
 * not begun, and the gateway is looked for until it is back. As released, an engine only forgets who is gone: a call that ran
 * is never answered and keeps its place under the limit, and without its gateway an engine stays alone.
 */

import type { Address } from "../../sim/machine.ts";
import type { Nanos } from "../../sim/units.ts";
import { MILLISECOND } from "../../sim/units.ts";
import { currentLimit, drain } from "./dispatcher.ts";
import { failRunning, giveUp } from "./engine-calls.ts";
import {
  crash,
  type Dispatcher,
  ENGINE_WORK,
  type EngineEffects,
  type EngineState,
  NO_SLOT,
  RECONNECT,
  settleObserved,
  type Worker,
} from "./engine-state.ts";
import type { ClientId } from "./messages.ts";
import { Bug } from "./mutations.ts";
import type { Observation } from "./observations.ts";
import { freeRecord } from "./tracer.ts";
import { refill } from "./worker-manager.ts";

const RECONNECT_NANOS_MIN: Nanos = 100 * MILLISECOND;
const RECONNECT_NANOS_MAX: Nanos = 3_200 * MILLISECOND;

/** Opens all connections to the gateway; it learns the node by the first thing that comes over each. */
export function greetGateway(state: EngineState, out: EngineEffects): void {
  const { node, gateway, settings } = state.config;
  const connections = settings.engineThreads * settings.connectionsPerThread;
  state.gatewayConnected = true;
  out.watch(gateway);
  for (let connection = 0; connection < connections; connection++)
    out.send(gateway, { kind: "engineHello", node, connection }, connection);
}

/** A connection has broken: of the gateway, of a launcher, or of a function process with all its workers. */
export function takeClosed(state: EngineState, from: Address, out: EngineEffects): void {
  if (from === state.config.gateway) {
    loseGateway(state, out);
    return;
  }
  const fn = state.launchers.indexOf(from);
  if (fn >= 0) loseLauncher(state, fn, out);
  for (let client = 1; client < state.workers.length; client++) {
    const worker = state.workers[client];
    if (worker?.process === from) loseWorker(state, client, worker, out);
  }
}

/**
 * A worker of an earlier life of its process. The process had ended by the time that its hello was read, so that nobody has
 * brought word of that.
 */
export function takeGone(state: EngineState, from: Address, client: ClientId, out: EngineEffects): void {
  const worker = state.workers[client];
  if (worker?.process === from) loseWorker(state, client, worker, out);
}

function loseGateway(state: EngineState, out: EngineEffects): void {
  state.gatewayConnected = false;
  out.count("engine.gatewayLost");
  const { gatewayLost } = state.config.settings;
  if (gatewayLost === "stop") crash(state, "the gateway is gone", out);
  if (gatewayLost !== "reconnect") return;
  // A gateway that boots again counts its calls from the start: nothing that it did not ask for may reach it.
  for (const record of state.records) {
    if (record.call !== 0 && record.caller === 0) record.callerGone = true;
  }
  const wait = Math.min(RECONNECT_NANOS_MAX, RECONNECT_NANOS_MIN * 2 ** state.reconnects);
  state.reconnects++;
  out.setTimer(RECONNECT, wait);
}

function loseLauncher(state: EngineState, fn: number, out: EngineEffects): void {
  state.launchers[fn] = undefined;
  out.count("engine.launcherLost");
  if (state.config.mutation === Bug.requestKept) return;
  if (state.config.settings.failureHandling) state.dispatchers[fn]!.requested.clear();
}

function loseWorker(state: EngineState, client: ClientId, worker: Worker, out: EngineEffects): void {
  const { fn, slot } = worker;
  const { node, settings } = state.config;
  const dispatcher = state.dispatchers[fn]!;
  if (state.config.mutation === Bug.zombieWorker && worker.calls === 0) return;
  state.workers[client] = undefined;
  dispatcher.workers--;
  out.count("engine.workerLost");
  out.observe?.({
    kind: "workerDisconnected",
    node,
    fn,
    client,
    how: "died",
    running: slot === NO_SLOT ? 0 : state.records[slot]!.call,
  } satisfies Observation);
  if (slot === NO_SLOT) {
    const at = dispatcher.idle.indexOf(client);
    if (at >= 0) dispatcher.idle.splice(at, 1);
  } else if (settings.workerLost === "stop") {
    crash(state, `worker ${client} has gone while it ran a call`, out);
    return;
  } else if (settings.workerLost === "forget") {
    // Nobody will hear of the call again, but it counts as running for ever.
    freeRecord(state, slot);
  } else if (!settings.failureHandling) {
    failRunning(state, dispatcher, slot, out);
  }
  const failing = settings.workerLost === "fail" ? slot : NO_SLOT;
  if (settings.failureHandling) makeUpFor(state, dispatcher, client, failing, out);
  if (out.observe !== undefined) settleObserved(state, dispatcher, currentLimit(state, dispatcher), out);
}

/** The call of a worker that has died fails, those that it made are for nobody, and another worker takes its place. */
function makeUpFor(
  state: EngineState,
  dispatcher: Dispatcher,
  client: ClientId,
  slot: number,
  out: EngineEffects,
): void {
  for (const record of state.records) {
    if (record.call !== 0 && record.caller === client) record.callerGone = true;
  }
  sweepFiles(state, client, slot, out);
  if (slot !== NO_SLOT && state.config.mutation === Bug.deadWorkerRuns) freeRecord(state, slot);
  else if (slot !== NO_SLOT) failRunning(state, dispatcher, slot, out);
  refill(state, dispatcher, out);
  if (state.config.settings.limitOnDrain) drain(state, dispatcher, giveUp, out);
}

/**
 * What a dead worker has made and cannot remove any more; those of asynchronous calls belong to the engine. The output of the call that
 * it ran may be written, with no word of it: nobody else knows of the file. With pipes of their own callers may have that word.
 */
function sweepFiles(
  { config, records }: EngineState,
  client: ClientId,
  slot: number,
  out: EngineEffects,
): void {
  const ran = slot === NO_SLOT ? undefined : records[slot]!;
  const byPipe = config.settings.nestedPipes && ran !== undefined && ran.caller !== 0 && !ran.async;
  const output = ran === undefined || byPipe ? 0 : ran.call;
  out.work(ENGINE_WORK.removeFile, output === 0 ? 1 : 2);
  if (out.observe === undefined) return;
  const except = records.filter(({ caller, async }) => caller === client && async).map(({ call }) => call);
  out.observe({ kind: "filesSwept", node: config.node, client, output, except } satisfies Observation);
}
