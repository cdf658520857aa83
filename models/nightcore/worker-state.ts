/**
 * What a function process knows (docs/models/nightcore.md, "Workers"): its slots, each of which is a worker of the engine, and
 * what their code has asked of others and waits for.
 */

import type { Address, Effects } from "../../sim/machine.ts";
import type { Bytes, Nanos } from "../../sim/units.ts";
import type { Application, Language } from "../applications/application.ts";
import type { Connections } from "../applications/connections.ts";
import type { Execution } from "../applications/execution.ts";
import type { ServiceAddresses } from "../applications/messages.ts";
import type { NightcoreConfig } from "./config.ts";
import type { CallId, ClientId, NightcoreMessage } from "./messages.ts";

export interface WorkerConfig {
  readonly node: number;
  readonly fn: number;
  readonly engine: Address;
  readonly launcher: Address;
  /** Whom calls are made over without the internal fast path. */
  readonly gateway: Address;
  readonly application: Application;
  readonly services: ServiceAddresses;
  /** Connections that the process keeps to each store and queue, and to the gateway: one for each slot there may be. */
  readonly connections: number;
  /** Go: threads of its pool, as many as the most slots call for. */
  readonly threads: number;
  readonly settings: NightcoreConfig;
  /** Number of a bug that is built in; 0: none. */
  readonly mutation: number;
}

export type Dispatch = Extract<NightcoreMessage, { kind: "dispatch" }>;

/** A call that a slot's code has made, and that has not come back. */
export interface OpenCall {
  readonly call: CallId;
  readonly task: number;
  readonly inputBytes: Bytes;
  readonly async: boolean;
}

/** A worker. */
export interface Slot {
  readonly client: ClientId;
  /** The engine has answered its handshake: from now on it reads its channel. */
  welcomed: boolean;
  /** What its channel has brought that it cannot begin yet. */
  readonly held: Dispatch[];
  /** The call that it executes; undefined: it is idle. */
  run: Run | undefined;
  /** Calls that it has made and waits for; C++ never has more than one. Empty while it is idle, as is `outputs`. */
  readonly open: OpenCall[];
  /** C++: calls whose outputs are in files, which it removes when its own call ends. */
  readonly outputs: CallId[];
  /** Calls that it has made in its life. */
  counter: number;
  /** It has executed a call. */
  used: boolean;
  /** Places of code that it has come to once. */
  readonly seen: Set<number>;
}

export interface Run {
  readonly call: CallId;
  readonly method: number;
  readonly replyTo: Dispatch["replyTo"];
  readonly execution: Execution;
  readonly startedNanos: Nanos;
  readonly dispatchDelayNanos: Nanos;
  /** For checkers: whose request its output comes from; another than its own if a call brought another's. */
  outputRequest: number;
}

/** A request to a service over a connection of the process. */
export interface Ask {
  readonly client: ClientId;
  readonly task: number;
  /** Index in `peers`. */
  readonly peer: number;
  connection: number;
  /** What is sent once there is a connection. */
  unsent: NightcoreMessage | undefined;
}

export interface WorkerState {
  readonly config: WorkerConfig;
  readonly language: Language;
  readonly slots: Map<ClientId, Slot>;
  /** The gateway, then the stores, then the queues; undefined: it has not been asked for anything. */
  readonly peers: (Connections | undefined)[];
  /** By exchange. */
  readonly asks: Map<number, Ask>;
  nextExchange: number;
  /** The slot whose code is executed in this step. */
  current: ClientId;
  /** Go: threads that may run handlers at a time. */
  parallelism: number;
}

/** 0 or more: time to connect to a peer again. Negative: the time that worker -n waits for a pipe of its own is over. */
export type WorkerTimer = number;

export type WorkerEffects = Effects<NightcoreMessage, WorkerTimer>;

/** Kinds of work that a worker reports besides its messages, its code and the files that it removes (`ENGINE_WORK.removeFile`). */
export const WORKER_WORK = {
  /** The first call of a worker: everything is touched for the first time. */
  firstCall: "firstCall",
  /** A pipe for one nested call: create, open, close and remove it. */
  nestedPipe: "nestedPipe",
} as const;

/** What a program reads that looks at its clock now. */
export function clock(out: Effects): Nanos {
  return out.now + out.spentNanos;
}
