/**
 * Launchers, workers and their numbers (docs/models/nightcore.md, "Workers"): asking for a worker, taking it in, writing to it
 * and stopping it. What calls make of workers is the dispatcher's business.
 *
 * A worker's number is never used again in the life of an engine, so that nothing that comes late can be taken for another
 * worker's; 14 bits of them have to do.
 */

import type { Address } from "../../sim/machine.ts";
import type { Nanos } from "../../sim/units.ts";
import { SECOND } from "../../sim/units.ts";
import { CHANNELS_PER_PROCESS } from "./config.ts";
import {
  crash,
  type Dispatcher,
  ENGINE_WORK,
  type EngineEffects,
  type EngineState,
  hasRoom,
  LAUNCHES,
  NO_SLOT,
  type Worker,
} from "./engine-state.ts";
import { CLIENT_MAX, type ClientId, type EngineToWorker } from "./messages.ts";
import { Bug } from "./mutations.ts";
import type { Observation } from "./observations.ts";
import { pendingCount } from "./pending-calls.ts";

/** A worker that has not connected by then is not waited for. Of the published launches the slowest took 133 ms. */
export const LAUNCH_TIMEOUT_NANOS: Nanos = 5 * SECOND;

type Why = Extract<Observation, { kind: "workerRequested" }>["why"];

/** Asks the function's launcher for one more worker. False: there is no launcher, or no number left. */
export function requestWorker(
  state: EngineState,
  dispatcher: Dispatcher,
  why: Why,
  expected: number,
  out: EngineEffects,
): boolean {
  const { fn, workers, requested, max } = dispatcher;
  const { node, settings } = state.config;
  const launcher = state.launchers[fn];
  if (launcher === undefined) return false;
  if (state.workers.length > CLIENT_MAX) {
    out.count("engine.noClientLeft");
    if (!settings.failureHandling) crash(state, "no client number is left", out);
    return false;
  }
  const client = nextClient(state);
  out.count("engine.workerRequested");
  out.observe?.({
    kind: "workerRequested",
    node,
    fn,
    client,
    why,
    workers,
    requested: requested.size,
    max,
    expected,
  } satisfies Observation);
  // The release leaves a pool's first workers out of its count.
  if (why !== "initial" || settings.failureHandling) requested.set(client, out.now);
  out.work(ENGINE_WORK.createChannel, 1);
  out.send(launcher, { kind: "createWorker", client }, fn);
  if (settings.failureHandling && !state.launchesArmed) {
    state.launchesArmed = true;
    out.setTimer(LAUNCHES, LAUNCH_TIMEOUT_NANOS);
  }
  return true;
}

/** Numbers are given out in order, and never again. */
function nextClient({ config, workers, dispatchers }: EngineState): ClientId {
  if (config.mutation === Bug.numberReused) {
    const free = workers.findIndex(
      (worker, client) =>
        client > 0 && worker === undefined && dispatchers.every(({ requested }) => !requested.has(client)),
    );
    if (free > 0) return free;
  }
  return workers.push(undefined) - 1;
}

/** A launcher has come: the function's first workers are asked for. There is one of a function at a time. */
export function takeLauncher(state: EngineState, from: Address, fn: number, out: EngineEffects): void {
  const dispatcher = state.dispatchers[fn];
  const accepted = dispatcher !== undefined && state.launchers[fn] === undefined;
  out.send(from, { kind: "launcherWelcome", accepted }, fn);
  if (!accepted) {
    out.count("engine.launcherRefused");
    return;
  }
  state.launchers[fn] = from;
  out.watch(from);
  if (state.config.settings.failureHandling) {
    refillTo(
      state,
      dispatcher,
      Math.max(dispatcher.initial, leastWorkers(state, dispatcher)),
      "initial",
      out,
    );
  } else {
    for (let i = 0; i < dispatcher.initial; i++) requestWorker(state, dispatcher, "initial", 0, out);
  }
}

/** Asks for workers until the pool has what it should at least have. */
export function refill(state: EngineState, dispatcher: Dispatcher, out: EngineEffects): void {
  refillTo(state, dispatcher, leastWorkers(state, dispatcher), "refill", out);
}

function refillTo(
  state: EngineState,
  dispatcher: Dispatcher,
  target: number,
  why: Why,
  out: EngineEffects,
): void {
  while (dispatcher.workers + dispatcher.requested.size < target && hasRoom(dispatcher)) {
    if (!requestWorker(state, dispatcher, why, 0, out)) return;
  }
}

/** The pool's minimum; and somebody has to be there for calls that wait. */
function leastWorkers(state: EngineState, { min, pending }: Dispatcher): number {
  return state.config.settings.limitAtLeastOne && pendingCount(pending) > 0 ? Math.max(min, 1) : min;
}

/**
 * A worker says that it is there. It is part of the pool from now on; its channel is opened by `openChannel`. Undefined: nobody
 * has asked for it, or not any more and there is no room.
 */
export function takeWorker(
  state: EngineState,
  from: Address,
  client: ClientId,
  fn: number,
  out: EngineEffects,
): Worker | undefined {
  const dispatcher = state.dispatchers[fn];
  const asked = client > 0 && client < state.workers.length;
  if (dispatcher === undefined || !asked || state.workers[client] !== undefined) {
    out.count("engine.strangeWorker");
    return undefined;
  }
  const { failureHandling } = state.config.settings;
  const waited = dispatcher.requested.delete(client);
  if (failureHandling && !waited && !hasRoom(dispatcher)) {
    out.count("engine.workerTooLate");
    tellToStop(state, fn, client, out);
    return undefined;
  }
  const worker: Worker = { fn, process: from, slot: NO_SLOT, open: false, held: [], calls: 0 };
  state.workers[client] = worker;
  dispatcher.workers++;
  out.watch(from);
  out.observe?.({ kind: "workerConnected", node: state.config.node, fn, client } satisfies Observation);
  return worker;
}

/** The channel is open: the worker is greeted, and gets what was written before. */
export function openChannel(worker: Worker, client: ClientId, out: EngineEffects): void {
  const connection = client % CHANNELS_PER_PROCESS;
  worker.open = true;
  out.send(worker.process, { kind: "workerWelcome", client }, connection);
  for (const message of worker.held) out.send(worker.process, message, connection);
  worker.held.length = 0;
}

export function writeTo(worker: Worker, message: EngineToWorker, out: EngineEffects): void {
  if (worker.open) out.send(worker.process, message, message.client % CHANNELS_PER_PROCESS);
  else worker.held.push(message);
}

/** An idle worker is not needed. It is gone for the engine at once; nothing can be under way from it. */
export function stopWorker(
  state: EngineState,
  dispatcher: Dispatcher,
  client: ClientId,
  out: EngineEffects,
): void {
  const { fn } = dispatcher;
  state.workers[client] = undefined;
  dispatcher.workers--;
  out.count("engine.workerStopped");
  out.observe?.({
    kind: "workerDisconnected",
    node: state.config.node,
    fn,
    client,
    how: "stopped",
    running: 0,
  } satisfies Observation);
  tellToStop(state, fn, client, out);
}

/** Without a launcher there is nobody to tell; its workers end with it. */
function tellToStop(state: EngineState, fn: number, client: ClientId, out: EngineEffects): void {
  const launcher = state.launchers[fn];
  if (launcher !== undefined) out.send(launcher, { kind: "stopWorker", client }, fn);
}

/** Launches that have taken too long are given up, and others take their place where the pool is below its least. */
export function expireLaunches(state: EngineState, out: EngineEffects): void {
  state.launchesArmed = false;
  for (const dispatcher of state.dispatchers) {
    const { requested } = dispatcher;
    for (const [client, sinceNanos] of requested) {
      if (sinceNanos + LAUNCH_TIMEOUT_NANOS > out.now || state.config.mutation === Bug.requestKept) continue;
      requested.delete(client);
      out.count("engine.launchFailed");
    }
    refill(state, dispatcher, out);
  }
  if (!state.launchesArmed && state.dispatchers.some(({ requested }) => requested.size > 0)) {
    state.launchesArmed = true;
    out.setTimer(LAUNCHES, LAUNCH_TIMEOUT_NANOS / 5);
  }
}
