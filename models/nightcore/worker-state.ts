/**
 * What a function process knows (docs/models/nightcore.md, "Workers"): its slots, each of which is a worker of the engine, and
 * what their code has asked of others and waits for.
 */

import type { Address, Effects, OperationId } from "../../sim/machine.ts";
import type { Bytes, Nanos } from "../../sim/units.ts";
import type { Application, Language } from "../applications/application.ts";
import type { Connections } from "../applications/connections.ts";
import type { Execution } from "../applications/execution.ts";
import type { ServiceAddresses } from "../applications/messages.ts";
import type { Seqnum } from "../boki/identifiers.ts";
import type { LogOperation } from "../boki/log-client.ts";
import type { CallId as LogCallId } from "../boki/messages.ts";
import type { ObservedOperation } from "../boki/worker-observations.ts";
import type { NightcoreConfig } from "./config.ts";
import type { CallId, ClientId, LogMessage, LogSession, NightcoreMessage } from "./messages.ts";

/** What the library of the shared log goes by. */
export interface LogSettings {
  readonly appendBytesMax: Bytes;
  readonly auxBytesMax: Bytes;
  /** A function stops waiting for an operation after this long, and does not know what became of it. */
  readonly operationTimeoutNanos: Nanos;
}

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
  /** Undefined: the runtime has no log, and its code must not ask for any. */
  readonly log?: LogSettings | undefined;
}

export type Dispatch = Extract<NightcoreMessage, { kind: "dispatch" }>;

/** A call that a slot's code has made, and that has not come back. */
export interface OpenCall {
  readonly call: CallId;
  readonly task: number;
  readonly inputBytes: Bytes;
  readonly async: boolean;
  /** As the log knows it; undefined: there is no log. */
  readonly session: LogCallId | undefined;
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
  /** Undefined: there is no log. */
  readonly log: SessionRun | undefined;
}

/** What a body has to do with the log. */
export interface SessionRun {
  readonly session: LogSession;
  /** Operations and calls that it waits for, and the number of the first that it has asked for since it waited for none. */
  open: number;
  request: number;
  /** The record that it has appended last, and the one that it was shown last. */
  appended: Seqnum | undefined;
  found: Seqnum | undefined;
}

/** An operation of the log that has no result yet. */
export interface OpenLogOperation extends ObservedOperation {
  readonly request: LogOperation;
  readonly client: ClientId;
  readonly task: number;
  readonly measured: OperationId;
  readonly begunNanos: Nanos;
  /** How often it was tried again. */
  attempt: number;
  /** Its arguments are not valid, so it never reaches the engine. */
  readonly refused: boolean;
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
  /** When this life began. */
  readonly bornNanos: Nanos;
  nextExchange: number;
  /** The slot whose code is executed in this step. */
  current: ClientId;
  /** Go: threads that may run handlers at a time. */
  parallelism: number;
  /** Operations of the log by their numbers, which name the slot as well. */
  readonly operations: Map<number, OpenLogOperation>;
  nextLogNumber: number;
  /** The timer that looks for operations that take too long is set. */
  logTimeoutArmed: boolean;
}

export const LOG_TIMEOUT = "log";
/** `retry 17`: an append that was discarded is tried again. */
export const RETRY = "retry ";
export type LogTimer = typeof LOG_TIMEOUT | `${typeof RETRY}${number}`;

/** 0 or more: time to connect to a peer again. Negative: the time that worker -n waits for a pipe of its own is over. Words: the log's. */
export type WorkerTimer = number | LogTimer;

/** The runtime's, and where there is a log those of its operations. */
export type WorkerMessage = NightcoreMessage | LogMessage;

export type WorkerEffects = Effects<WorkerMessage, WorkerTimer>;

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
