/** Messages of a node of the stack: the runtime's, and the log's but for those of its own runtime (docs/models/stack.md). */

import type { BokiMessage, CallMessage, EngineToWorker, WorkerToEngine } from "../boki/messages.ts";
import type { NightcoreMessage } from "../nightcore/messages.ts";

/** What Boki's own runtime, which is Nightcore's here, says to workers and gateway. */
type OwnRuntime =
  | CallMessage
  | Exclude<EngineToWorker, { kind: "opResult" }>
  | Extract<WorkerToEngine, { kind: "invoke" | "callDone" | "workerStarted" }>;

export type LogPartMessage = Exclude<BokiMessage, OwnRuntime>;

export type StackMessage = NightcoreMessage | LogPartMessage;

type OfRuntime = Exclude<NightcoreMessage, { kind: LogPartMessage["kind"] }>;

/** Kinds of the runtime: all others are the log's. A table, as every message of an engine is looked up, several times. */
const OF_RUNTIME: { readonly [Kind in OfRuntime["kind"]]: true } = {
  acknowledge: true,
  closed: true,
  createWorker: true,
  deliver: true,
  dispatch: true,
  done: true,
  engineHello: true,
  externalCall: true,
  externalDone: true,
  httpRequest: true,
  httpResponse: true,
  invoke: true,
  launcherHello: true,
  launcherWelcome: true,
  publish: true,
  returned: true,
  startWorker: true,
  stopWorker: true,
  storeReply: true,
  storeRequest: true,
  workerGone: true,
  workerHello: true,
  workerWelcome: true,
};

/** Whether a message of an engine, in or out, is the runtime's. */
export function isOfRuntime(message: StackMessage): message is OfRuntime {
  return Object.hasOwn(OF_RUNTIME, message.kind);
}
