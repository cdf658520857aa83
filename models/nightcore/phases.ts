/**
 * What the pieces of a request's critical path are called, by message and timer of the runtime and of the applications that run on it or
 * on one of its rivals (docs/models/nightcore.md, "Where the time of a request goes"), and which steps take up what has come before.
 */

import type { Tagged } from "../../sim/machine.ts";
import { createPhases, type PhaseRow, type Phases } from "../phases.ts";
import type { NightcoreMessage } from "./messages.ts";

const TO_GATEWAY = "engine to gateway";
const TO_WORKER = "engine to worker";
const TO_ENGINE = "worker to engine";
const FUNCTION = "code of functions";
const STORE = "stores";
const QUEUES = "queues";
const WORKERS = "growing and mending the pool of workers";
const WAIT_WORKER = "wait for a worker or the concurrency limit";
const WAIT_CONNECTION = "wait for a connection";
const FAILED = "time-outs and failures";

/** Who asked for something and got no connection goes on when one is given back. */
const CONNECTIONS = {
  waiting: WAIT_CONNECTION,
  takesUp: ["httpRequest", "dispatch", "returned", "storeReply", "httpResponse", "deliver"],
  // Only where the cause of the step leads nowhere: mostly it is the next thing that the same request asks for.
  sends: [],
} as const;
/** A call that waits is dispatched when another one has ended, or when a worker has come. */
const QUEUED = { waiting: WAIT_WORKER, takesUp: ["invoke", "externalCall"], sends: ["dispatch"] };

type Timer =
  | "arrival"
  | "callTimeout"
  | "reconnect"
  | "launches"
  | "probe"
  | "retry"
  | "log"
  | "#client"
  | "#worker"
  | "#launcher"
  | "#web"
  | "#consumer"
  | "#queue"
  | "#gateway"
  | "#watchdog"
  | "#server";

export const RUNTIME_ROWS: Readonly<
  Record<NightcoreMessage["kind"] | Timer, PhaseRow | readonly PhaseRow[]>
> = {
  // Requests.
  httpRequest: [
    { at: "gateway", way: "caller to gateway", waiting: "wait for the gateway's limit" },
    { at: "web", way: "client to web server", step: "code of the web server" },
    { at: "watchdog", way: "gateway to watchdog" },
    { way: "to the function", step: FUNCTION },
  ],
  httpResponse: [
    { at: "client", way: "response to the client" },
    { at: "web", way: "response to the web server", step: "code of the web server", ...CONNECTIONS },
    { way: "response to the caller", ...CONNECTIONS },
  ],
  externalCall: { way: "gateway to engine", ...QUEUED, sends: [] },
  externalDone: {
    way: TO_GATEWAY,
    waiting: "wait for the gateway's limit",
    takesUp: ["httpRequest"],
    sends: ["externalCall"],
  },
  engineHello: {
    way: TO_GATEWAY,
    waiting: "wait for a node",
    takesUp: ["httpRequest"],
    sends: ["externalCall"],
  },

  // Calls on a node.
  invoke: { way: TO_ENGINE, ...QUEUED, sends: [] },
  dispatch: { way: TO_WORKER, step: FUNCTION },
  done: { way: TO_ENGINE, ...QUEUED },
  returned: { way: TO_WORKER, step: FUNCTION, ...CONNECTIONS },

  // Stores and queues.
  storeRequest: { way: STORE },
  storeReply: { way: STORE, step: FUNCTION, ...CONNECTIONS },
  publish: { way: QUEUES },
  deliver: { way: QUEUES, step: "code of consumers" },
  acknowledge: { way: QUEUES, waiting: "wait for a consumer", takesUp: ["publish"], sends: ["deliver"] },

  // Workers come and go.
  workerHello: { way: WORKERS, ...QUEUED },
  workerWelcome: { way: WORKERS },
  workerGone: { way: WORKERS },
  launcherHello: { way: WORKERS },
  launcherWelcome: { way: WORKERS },
  createWorker: { way: WORKERS },
  stopWorker: { way: WORKERS },
  startWorker: { way: WORKERS },
  launches: { way: WORKERS, waiting: WORKERS },
  probe: { way: WORKERS, waiting: WORKERS },
  "#launcher": { way: WORKERS, waiting: "start of a worker" },
  closed: { way: FAILED, waiting: FAILED },
  callTimeout: { way: FAILED, waiting: "time-out of the call" },
  reconnect: { way: FAILED, waiting: FAILED },

  // Clients, and those between.
  arrival: { way: "client", waiting: "client" },
  "#client": { way: "client", waiting: "client" },
  "#worker": { way: FUNCTION, waiting: "workers' connections" },
  "#web": { way: FAILED, waiting: FAILED },
  "#consumer": { way: FAILED, waiting: FAILED },
  "#queue": { way: FAILED, waiting: FAILED },
  "#gateway": { way: "gateway", waiting: "delay of the service" },
  "#watchdog": { way: "watchdog", waiting: "delay of the watchdog" },
  "#server": { way: FAILED, waiting: FAILED },

  // The log, where functions have one.
  retry: { way: TO_ENGINE, waiting: "pause before the next try" },
  log: { way: FAILED, waiting: "time-out of the operation" },
};

/** A call has one number from who asks for it to who runs it. */
function keyOf(tagged: Tagged): number | undefined {
  const message = tagged as NightcoreMessage;
  switch (message.kind) {
    case "externalCall":
    case "invoke":
    case "dispatch":
      return message.call;
    default:
      return undefined;
  }
}

export const RUNTIME_PHASES: Phases = createPhases(RUNTIME_ROWS, keyOf);
