/**
 * What an engine knows (docs/models/nightcore.md, "Dispatch and concurrency"): a dispatcher for each function, the workers by
 * their numbers, and a record for each call that it has been given and has not answered.
 *
 * Records lie in places that are used again, so that what a step touches is an array element and what a long run keeps is what
 * is under way. A record is found through the worker that runs it or the queue it waits in; nothing else may hold its place
 * without the call's number beside it.
 */

import type { Address, Effects } from "../../sim/machine.ts";
import type { Bytes, Nanos } from "../../sim/units.ts";
import type { FunctionSpec } from "../applications/application.ts";
import type { CallInput } from "../applications/messages.ts";
import { INITIAL_WORKERS, type NightcoreConfig } from "./config.ts";
import { type Average, emptyAverage, emptyRate, type Micros, type RateEstimator } from "./estimator.ts";
import type { CallId, ClientId, EngineToWorker, LogSession, NightcoreMessage } from "./messages.ts";
import type { Observation } from "./observations.ts";
import { noPendingCalls, type PendingCalls, pendingCount } from "./pending-calls.ts";

export interface EngineConfig {
  /** Number of the node, by which the gateway knows it. */
  readonly node: number;
  readonly gateway: Address;
  readonly settings: NightcoreConfig;
  /** The application's; an engine has a dispatcher for each of them. */
  readonly functions: readonly FunctionSpec[];
  /** The function of each method of the application. */
  readonly functionOf: readonly number[];
  /** Number of a bug that is built in; 0: none. */
  readonly mutation: number;
}

export const RECONNECT = "reconnect";
export const LAUNCHES = "launches";
export type EngineTimer = typeof RECONNECT | typeof LAUNCHES;

export type EngineEffects = Effects<NightcoreMessage, EngineTimer>;

/** Kinds of work that an engine reports besides its messages; the amount of the files' is their bytes. */
export const ENGINE_WORK = {
  /** The two pipes of a worker. */
  createChannel: "createChannel",
  /** The input of a call from outside, into a file. */
  createFile: "createFile",
  /** The output of a call from outside, out of its file. */
  readFile: "readFile",
  removeFile: "removeFile",
} as const;

/** In the place of a record's place: none. */
export const NO_SLOT = -1;

/** A call from its arrival to its end. */
export interface CallRecord {
  /** 0: the place is free. */
  call: CallId;
  fn: number;
  method: number;
  input: CallInput;
  inputBytes: Bytes;
  async: boolean;
  /** The worker that made the call; 0: it came from the gateway. */
  caller: ClientId;
  /** Nobody waits for the result any more. */
  callerGone: boolean;
  /** The call that made it, 0 if none, and the place where its record was. */
  parent: CallId;
  parentSlot: number;
  /** The worker that runs it; 0: it waits. */
  client: ClientId;
  receivedMicros: Micros;
  dispatchedMicros: Micros;
  /** Queueing of the calls it made that have finished, and of those that they made. */
  childQueueingMicros: Micros;
  /** As the log knows it; undefined: there is no log. */
  session: LogSession | undefined;
}

export interface Worker {
  readonly fn: number;
  /** The function process that it lives in. */
  readonly process: Address;
  /** Its call's place; NO_SLOT: it is idle. */
  slot: number;
  /** What is written before the channel is open is held. */
  open: boolean;
  readonly held: EngineToWorker[];
  /** Calls that it was given so far, as far as anybody counts. */
  calls: number;
}

/** One function at one engine. */
export interface Dispatcher {
  readonly fn: number;
  /** Bounds of the pool; `max` may be Infinity. */
  readonly min: number;
  readonly max: number;
  /** Workers at the start: another default than that of `min`. */
  readonly initial: number;
  /** Connected workers. */
  workers: number;
  /** Calls that were dispatched and not finished. The release does not count them down when a worker dies. */
  running: number;
  /** Connected workers that run nothing; the last that became idle is taken first. */
  readonly idle: ClientId[];
  /** Workers that were asked for and have not connected, and when. */
  readonly requested: Map<ClientId, Nanos>;
  readonly pending: PendingCalls;
  /** When calls last needed a further worker and it was asked for; -1: never. */
  lastGrowthNanos: Nanos;
  readonly rate: RateEstimator;
  /** From dispatch to completion, as the engine sees it, with all that nested calls waited. */
  readonly runningMicros: Average;
  /** In the handler, as the worker sees it. */
  readonly handlerMicros: Average;
  /** From arrival to completion without any queueing. */
  readonly processingMicros: Average;
}

export interface EngineState {
  readonly config: EngineConfig;
  readonly dispatchers: Dispatcher[];
  /** By client number, which are given out in order and never again. Undefined: not connected yet, or not any more. */
  readonly workers: (Worker | undefined)[];
  /** By function. */
  readonly launchers: (Address | undefined)[];
  readonly records: CallRecord[];
  readonly freeSlots: number[];
  gatewayConnected: boolean;
  /** Attempts to reach the gateway since it last sent something. */
  reconnects: number;
  /** By I/O thread: which of its connections to the gateway takes the next reply. */
  readonly replyTurns: number[];
  /** For the slip of recycled messages: the input that was sent last. */
  lastInput: CallInput | undefined;
  /** The timer for launches that have failed is set. */
  launchesArmed: boolean;
  /** Set by who has a log beside the engine: the session of the call that comes now; the record takes it. */
  arriving: LogSession | undefined;
  /** Sessions of calls that have come to an end, for the log to close. */
  readonly ended: LogSession[];
}

export function emptyEngine(config: EngineConfig): EngineState {
  return {
    config,
    dispatchers: config.functions.map(dispatcherFor),
    workers: [undefined],
    launchers: config.functions.map(() => undefined),
    records: [],
    freeSlots: [],
    gatewayConnected: true,
    reconnects: 0,
    replyTurns: new Array<number>(config.settings.engineThreads).fill(0),
    lastInput: undefined,
    launchesArmed: false,
    arriving: undefined,
    ended: [],
  };
}

function dispatcherFor({ minWorkers, maxWorkers }: FunctionSpec, fn: number): Dispatcher {
  return {
    fn,
    min: minWorkers !== undefined && minWorkers > 0 ? minWorkers : 0,
    max: maxWorkers !== undefined && maxWorkers > 0 ? maxWorkers : Infinity,
    initial: minWorkers ?? INITIAL_WORKERS,
    workers: 0,
    running: 0,
    idle: [],
    requested: new Map(),
    pending: noPendingCalls(),
    lastGrowthNanos: -1,
    rate: emptyRate(),
    runningMicros: emptyAverage(),
    handlerMicros: emptyAverage(),
    processingMicros: emptyAverage(),
  };
}

/** Whether another worker may be asked for, as far as the pool's bounds go. */
export function hasRoom({ workers, requested, max }: Dispatcher): boolean {
  return workers + requested.size < max;
}

/** Tells observers how a transition has left a dispatcher. */
export function settleObserved(
  state: EngineState,
  dispatcher: Dispatcher,
  limit: number,
  out: EngineEffects,
): void {
  const { fn, pending, running, idle, workers } = dispatcher;
  out.observe?.({
    kind: "dispatcherSettled",
    node: state.config.node,
    fn,
    pending: pendingCount(pending),
    running,
    idle: idle.length,
    workers,
    limit,
  } satisfies Observation);
}

/**
 * The engine process ends, as the release does where it comes upon what it did not reckon with; its container starts it again,
 * and it knows of nothing.
 */
export function crash(state: EngineState, why: string, out: EngineEffects): void {
  out.count("engine.crash");
  out.observe?.({ kind: "engineCrashed", node: state.config.node, why } satisfies Observation);
  out.crash(state.config.settings.restartNanos);
}
