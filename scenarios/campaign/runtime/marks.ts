/**
 * Coverage marks of the runtime's campaign (the counterpart of scenarios/campaign/marks.ts): situations that it has to reach, or it
 * has shown little. Each is noticed in what roles observe and count anyway.
 */

import type { Observation } from "../../../models/nightcore/observations.ts";
import type { FaultPeriod } from "../../../sim/faults/fault.ts";

/** By name, what it means. */
export const RUNTIME_MARKS = {
  queuedAtGateway: "a call from outside waited at the gateway because as many ran as may",
  queuedAtEngine: "a call waited at its engine",
  heldByLimit: "a call waited beside an idle worker because the limit did not allow it to run",
  begunFromQueue: "a call that had waited began",
  poolGrew: "a pool asked for a worker because calls needed one",
  poolRefilled: "a pool replaced a worker that had gone",
  poolShrank: "a worker was stopped because its pool had become too large",
  payloadInFile: "a payload did not fit its message and went by a file",
  waitedTooLong: "a call was given up because it had waited longer than the queueing limit",
  timedOut: "the gateway answered a call whose time was over",
  clientGone: "a call ended whose client was gone",
  idleWorkerLost: "a worker died while it ran nothing",
  runningWorkerLost: "a worker died in the middle of a call",
  callerGone: "a call was given up before it began because the worker that had made it was gone",
  calleeLost: "a caller was told that the call it had made failed",
  launcherLost: "an engine lost a launcher",
  gatewayLost: "an engine lost its gateway",
  nodeLost: "the gateway lost a node",
  replyDropped: "the result of a call found nobody to go to",
  lateReply: "a reply reached the gateway after its call had been answered otherwise",
  filesSwept: "the files of a dead worker's calls were removed",
  wholeHostLost: "a host with its engine, launchers and workers was gone at once",
  requestFailed: "a request was answered with an error",
} as const;

export type RuntimeMark = keyof typeof RUNTIME_MARKS;

/** Counters of the model that are marks. */
const COUNTERS: Readonly<Record<string, RuntimeMark>> = {
  "gateway.queued": "queuedAtGateway",
  "gateway.timeout": "timedOut",
  "gateway.clientGone": "clientGone",
  "gateway.nodeLost": "nodeLost",
  "gateway.lateReply": "lateReply",
  "engine.replyDropped": "replyDropped",
  "engine.launcherLost": "launcherLost",
  "engine.gatewayLost": "gatewayLost",
  "engine.workerStopped": "poolShrank",
};

export interface RuntimeMarks {
  observe(observation: Observation): void;
  /** To be called once, with the counters of the run, the faults that happened, and how many requests failed. */
  finish(counters: ReadonlyMap<string, number>, faults: readonly FaultPeriod[], failed: number): void;
  readonly counts: Partial<Record<RuntimeMark, number>>;
}

export function createRuntimeMarks(): RuntimeMarks {
  const counts: Partial<Record<RuntimeMark, number>> = {};
  const mark = (name: RuntimeMark, times = 1): void => {
    counts[name] = (counts[name] ?? 0) + times;
  };
  return {
    counts,
    observe(observation) {
      switch (observation.kind) {
        case "callQueued":
          return mark("queuedAtEngine");
        case "callDispatched":
          return observation.at === "queue" ? mark("begunFromQueue") : undefined;
        case "callDropped":
          if (observation.reason === "queueingLimit") mark("waitedTooLong");
          else if (observation.reason === "callerGone") mark("callerGone");
          return;
        case "dispatcherSettled": {
          const { pending, running, idle, limit } = observation;
          return pending > 0 && idle > 0 && running >= limit ? mark("heldByLimit") : undefined;
        }
        case "resultForwarded":
          return observation.ok ? undefined : mark("calleeLost");
        case "workerRequested":
          if (observation.why === "growth") mark("poolGrew");
          else if (observation.why === "refill") mark("poolRefilled");
          return;
        case "workerDisconnected":
          if (observation.how === "died")
            mark(observation.running === 0 ? "idleWorkerLost" : "runningWorkerLost");
          return;
        case "fileCreated":
          return mark("payloadInFile");
        case "filesSwept":
          return mark("filesSwept");
        default:
      }
    },
    finish(counters, faults, failed) {
      for (const [counter, name] of Object.entries(COUNTERS)) {
        const times = counters.get(counter) ?? 0;
        if (times > 0) mark(name, times);
      }
      for (const { fault } of faults)
        if (fault.kind === "crash" && fault.wholeHost === true) mark("wholeHostLost");
      if (failed > 0) mark("requestFailed", failed);
    },
  };
}
