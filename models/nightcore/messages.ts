/** Messages of the runtime (docs/models/nightcore.md, "Messages"). */

import type { Bytes, Nanos } from "../../sim/units.ts";
import type { ApplicationMessage, CallInput } from "../applications/messages.ts";
import type { LogBookId } from "../boki/identifiers.ts";
import type { LogAsk } from "../boki/log-client.ts";
import type { CallId as LogCallId, EngineToWorker as LogToWorker } from "../boki/messages.ts";

/** Number of a worker on its engine, from 1, never used twice; 0 stands for the gateway. */
export type ClientId = number;

/** `client * 2^32 + counter`: unique on an engine; those of client 0 everywhere, within one life of the gateway. */
export type CallId = number;

/** The largest worker number that 14 bits hold. */
export const CLIENT_MAX: ClientId = 16_383;
/** Payload that fits the 1,024 bytes of a channel's message; a larger one travels in a file. */
export const INLINE_BYTES_MAX: Bytes = 960;
export const CHANNEL_MESSAGE_BYTES: Bytes = 1_024;
/** Header of a message between gateway and engine. */
export const GATEWAY_HEADER_BYTES: Bytes = 16;

/** A call as the log knows it, where there is one: calls have numbers there that are unique everywhere. */
export interface LogSession {
  readonly call: LogCallId;
  readonly logBook: LogBookId;
}

/** Operations of the log go through the engine and come back over the worker's channel; `client` is `callIdOf` worker and count. */
export type LogAnswer = Extract<LogToWorker, { kind: "opResult" }>;

/** What a call came to, for whoever asked for it. */
export interface CallOutput {
  readonly bytes: Bytes;
  /** For checkers: the call that made it. */
  readonly of: CallId;
  /** For checkers: the client's request it was made for. */
  readonly request: number;
}

export type GatewayToEngine = {
  readonly kind: "externalCall";
  readonly call: CallId;
  /** Connection between gateway and engine that it uses. */
  readonly connection: number;
  readonly method: number;
  readonly input: CallInput;
  readonly inputBytes: Bytes;
  readonly async: boolean;
};

export type EngineToGateway =
  /** First on each connection; the gateway learns the node by it. */
  | { readonly kind: "engineHello"; readonly node: number; readonly connection: number }
  | {
      readonly kind: "externalDone";
      readonly call: CallId;
      readonly connection: number;
      readonly ok: boolean;
      readonly output: CallOutput;
      /** Time in the handler, as the worker reported it. */
      readonly processingNanos: Nanos;
    };

export type LauncherMessage =
  /** Launcher to engine. */
  | { readonly kind: "launcherHello"; readonly fn: number }
  /** Engine to launcher; refused: there is one for this function already. */
  | { readonly kind: "launcherWelcome"; readonly accepted: boolean }
  | { readonly kind: "createWorker"; readonly client: ClientId }
  /** The design's; the release has no way to stop a worker. */
  | { readonly kind: "stopWorker"; readonly client: ClientId }
  /** Launcher to a function process: be this worker, or one more. */
  | { readonly kind: "startWorker"; readonly client: ClientId };

export type WorkerToEngine =
  | { readonly kind: "workerHello"; readonly client: ClientId; readonly fn: number }
  /** The system's answer to what is written to a channel that nobody reads: there is no such worker in the process. */
  | { readonly kind: "workerGone"; readonly client: ClientId }
  | {
      readonly kind: "invoke";
      readonly client: ClientId;
      readonly call: CallId;
      /** The call that the worker executes. */
      readonly parent: CallId;
      readonly method: number;
      readonly input: CallInput;
      readonly inputBytes: Bytes;
      readonly async: boolean;
      readonly sentNanos: Nanos;
      /** The log's numbers of the call that is made and of the one that makes it; where there is a log. */
      readonly session?: { readonly call: LogCallId; readonly parent: LogCallId };
    }
  | {
      readonly kind: "done";
      readonly client: ClientId;
      readonly call: CallId;
      readonly ok: boolean;
      readonly output: CallOutput;
      readonly processingNanos: Nanos;
      /** From the engine's write to the worker's read. */
      readonly dispatchDelayNanos: Nanos;
      readonly sentNanos: Nanos;
    };

export type EngineToWorker =
  | { readonly kind: "workerWelcome"; readonly client: ClientId }
  | {
      readonly kind: "dispatch";
      readonly client: ClientId;
      readonly call: CallId;
      readonly method: number;
      readonly input: CallInput;
      readonly inputBytes: Bytes;
      readonly sentNanos: Nanos;
      /** Where to write the output to directly; only with `nestedPipes`. */
      readonly replyTo?: { readonly process: number; readonly client: ClientId };
      /** Where there is a log. */
      readonly session?: LogSession;
    }
  /** The result of a call that the worker made; the completion, forwarded. */
  | {
      readonly kind: "returned";
      readonly client: ClientId;
      readonly call: CallId;
      readonly ok: boolean;
      readonly output: CallOutput;
      readonly sentNanos: Nanos;
    };

export type NightcoreMessage =
  | ApplicationMessage
  | GatewayToEngine
  | EngineToGateway
  | LauncherMessage
  | WorkerToEngine
  | EngineToWorker;

/** What else goes over the channel of a worker whose runtime has a log. */
export type LogMessage = LogAsk | LogAnswer;

const COUNTER = 2 ** 32;

/** The id of a client's n-th call; counters wrap after 2^32. */
export function callIdOf(client: ClientId, counter: number): CallId {
  return client * COUNTER + (counter % COUNTER);
}

export function clientOf(call: CallId): ClientId {
  return Math.floor(call / COUNTER);
}
