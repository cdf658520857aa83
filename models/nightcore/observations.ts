/**
 * What the roles of the runtime report of their inner life to whoever observes a run: the invariant checkers and the anatomy of
 * a request. Nothing in the runtime depends on it, and a run that nobody observes does not even build these objects.
 */

import type { Bytes, Nanos } from "../../sim/units.ts";
import type { HttpStatus } from "../applications/messages.ts";
import type { CallId, ClientId } from "./messages.ts";

/** Why an engine gives up a call that has not run to its end. */
export const DROP_REASONS = [
  /** It has waited longer than the queueing limit. */
  "queueingLimit",
  /** Whoever asked for it is gone, and it had not begun. */
  "callerGone",
  /** Its worker has died. */
  "workerLost",
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Directions of a payload's file: into the call, and out of it. */
export type FileDirection = "input" | "output";

/** At the engine of a node, about a call of one of its functions. */
interface OfCall {
  readonly node: number;
  readonly fn: number;
  readonly call: CallId;
}

interface OfWorker {
  readonly node: number;
  readonly fn: number;
  readonly client: ClientId;
}

export type EngineObservation =
  /** The limit that an arrival or a look at the queue goes by, and what it was computed from; 0: not known yet. */
  | {
      readonly kind: "limitComputed";
      readonly node: number;
      readonly fn: number;
      readonly limit: number;
      readonly ratePerSecond: number;
      readonly delayMicros: number;
      readonly min: number;
      readonly max: number;
    }
  /** A call has come to its dispatcher. `parent`: the call that made it, 0 if it is from outside or asynchronous. */
  | (OfCall & { readonly kind: "callArrived"; readonly parent: CallId; readonly internal: boolean })
  /** It waits: no worker was free, or the limit did not allow one. `behind`: so many wait before it. */
  | (OfCall & { readonly kind: "callQueued"; readonly behind: number })
  /** A worker is told to run it. `running`, `workers`, `pending`: of the function, with this one running. */
  | (OfCall & {
      readonly kind: "callDispatched";
      readonly client: ClientId;
      readonly receivedMicros: number;
      /** Which decision it was: on arrival, or for one that waited. */
      readonly at: "arrival" | "queue";
      readonly running: number;
      readonly workers: number;
      readonly pending: number;
    })
  /** The worker has reported its end. Times as the engine measures them, in whole microseconds. */
  | (OfCall & {
      readonly kind: "callFinished";
      readonly client: ClientId;
      readonly ok: boolean;
      readonly receivedMicros: number;
      readonly dispatchedMicros: number;
      readonly finishedMicros: number;
      /** Its own queueing and that of the calls it made which have finished, theirs included. */
      readonly queueingMicros: number;
    })
  | (OfCall & { readonly kind: "callDropped"; readonly reason: DropReason })
  /** No function has such a method. */
  | { readonly kind: "methodUnknown"; readonly node: number; readonly call: CallId; readonly method: number }
  /** A completion of a call that its worker does not run. */
  | {
      readonly kind: "completionIgnored";
      readonly node: number;
      readonly call: CallId;
      readonly client: ClientId;
    }
  /** The result of a call goes to the worker that made it. */
  | (OfCall & { readonly kind: "resultForwarded"; readonly to: ClientId; readonly ok: boolean })
  /** The reply to a call from outside goes to the gateway. */
  | (OfCall & { readonly kind: "replySent"; readonly ok: boolean })
  /** There is nobody to reply to any more. */
  | (OfCall & { readonly kind: "replyDropped" })
  /** A step of the dispatcher is over. `idle`: connected workers that run nothing. */
  | {
      readonly kind: "dispatcherSettled";
      readonly node: number;
      readonly fn: number;
      readonly pending: number;
      readonly running: number;
      readonly idle: number;
      readonly workers: number;
      /** As it is now; Infinity: none. */
      readonly limit: number;
    }
  | (OfWorker & { readonly kind: "workerConnected" })
  | (OfWorker & {
      readonly kind: "workerDisconnected";
      readonly how: "died" | "stopped";
      /** The call it ran; 0: none. */
      readonly running: CallId;
    })
  /** A worker is asked for; `workers` and `requested` are counted before. */
  | (OfWorker & {
      readonly kind: "workerRequested";
      /** For the pool's first workers, to fill it up again, or because calls need it. */
      readonly why: "initial" | "refill" | "growth";
      readonly workers: number;
      readonly requested: number;
      readonly max: number;
      readonly expected: number;
    })
  | { readonly kind: "engineStarted"; readonly node: number }
  | { readonly kind: "engineCrashed"; readonly node: number; readonly why: string };

/** Files of payloads that do not fit a message, by whoever makes or removes them. */
export type FileObservation =
  | {
      readonly kind: "fileCreated";
      readonly node: number;
      readonly call: CallId;
      readonly direction: FileDirection;
      readonly sizeBytes: Bytes;
    }
  | {
      readonly kind: "fileRemoved";
      readonly node: number;
      readonly call: CallId;
      readonly direction: FileDirection;
    }
  /**
   * A worker has died: the files of calls that it made, which have its number in their names, are removed, but for those of calls
   * that are carried out all the same. And so is the output of the call that it ran, if it was written; 0: it ran none.
   */
  | {
      readonly kind: "filesSwept";
      readonly node: number;
      readonly client: ClientId;
      readonly output: CallId;
      readonly except: readonly CallId[];
    };

export type WorkerObservation =
  /** A worker begins the handler of a call, made for a client's request. */
  | (OfCall & {
      readonly kind: "callBegun";
      readonly client: ClientId;
      readonly method: number;
      readonly request: number;
    })
  /** The handler is through. `processingNanos`: what nested calls took included. */
  | (OfCall & {
      readonly kind: "callEnded";
      readonly client: ClientId;
      readonly ok: boolean;
      readonly processingNanos: Nanos;
    })
  /**
   * A worker takes a result for that of `call`, which it made for `parent`, or has waited long enough and takes it for failed. `of`: the call that it is of; `request`,
   * `outputRequest`: the client's requests that the caller and the output are for.
   */
  | {
      readonly kind: "resultTaken";
      readonly node: number;
      readonly client: ClientId;
      readonly parent: CallId;
      readonly call: CallId;
      readonly of: CallId;
      readonly request: number;
      readonly outputRequest: number;
      readonly ok: boolean;
    };

export type GatewayObservation =
  /** It knows of nothing. */
  | { readonly kind: "gatewayStarted" }
  /** A call from outside has a number now. */
  | {
      readonly kind: "externalReceived";
      readonly call: CallId;
      readonly method: number;
      readonly async: boolean;
    }
  /** As many run as may, or there is no node. `behind`: so many are before it in the queue, ended ones included. */
  | { readonly kind: "externalQueued"; readonly call: CallId; readonly behind: number }
  /** The client of an asynchronous call has been told that it is taken over. */
  | { readonly kind: "externalAccepted"; readonly call: CallId }
  | {
      readonly kind: "externalDispatched";
      readonly call: CallId;
      readonly node: number;
      readonly queueingNanos: Nanos;
    }
  /** A node's reply. `overheadNanos`: since the dispatch, without the time in the handler. */
  | {
      readonly kind: "externalReplied";
      readonly call: CallId;
      readonly ok: boolean;
      readonly overheadNanos: Nanos;
    }
  /** Once a call. `told`: the client gets this status; otherwise it is gone, or waits for no end. */
  | {
      readonly kind: "externalEnded";
      readonly call: CallId;
      readonly status: HttpStatus;
      readonly told: boolean;
    }
  | { readonly kind: "nodeListed"; readonly node: number }
  | { readonly kind: "nodeUnlisted"; readonly node: number }
  /** A step of the gateway is over. `inFlight`: calls of each node, in the order in which they first came. */
  | {
      readonly kind: "gatewaySettled";
      readonly running: number;
      readonly waiting: number;
      readonly limit: number;
      readonly inFlight: readonly number[];
    };

export type Observation = EngineObservation | FileObservation | WorkerObservation | GatewayObservation;
