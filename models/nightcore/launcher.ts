/**
 * The launcher of one function on one node: starts the function's workers when the engine asks for them
 * (docs/models/nightcore.md, "Workers").
 *
 * In C++ every worker is a process, forked from the launcher: here one of the node's dormant processes is told to be it. In the
 * other languages the first worker starts the function's only process, and each further one is one more of its slots. From the
 * engine's request to the worker's own word of it a drawn time goes by, for any number of workers at once.
 *
 * A launcher is the main process of its container. When its engine is gone, when it is refused, or when the process that all
 * workers share has died, it ends; its workers end with it, and the container starts it again. A C++ worker that dies is
 * forgotten: who needs another one is for the engine to say.
 */

import type { Distribution } from "../../sim/distribution.ts";
import type { Address, Effects, Machine } from "../../sim/machine.ts";
import { MILLISECOND, type Nanos } from "../../sim/units.ts";
import type { Language } from "../applications/application.ts";
import type { ClientId, NightcoreMessage } from "./messages.ts";

export interface LauncherConfig {
  readonly fn: number;
  readonly language: Language;
  readonly engine: Address;
  /** C++: as many as there can be workers. Otherwise: the only one. */
  readonly processes: readonly Address[];
  /** From a request for a worker to its start. */
  readonly launchDelay: Distribution;
  /** From the end of the launcher to its container having started it again. */
  readonly restartNanos: Nanos;
}

/** What a C++ worker's process is doing, unless it is a worker: then its number, which is positive. */
const DORMANT = 0;
/** It has ended. It is there again as soon as it lets itself be watched. */
const ENDED = -1;
/** It is watched again; if it is still down, word of that is on its way. */
const WATCHED = -2;

export interface LauncherState {
  readonly config: LauncherConfig;
  /** C++: of each process, the worker that it is, or why it is none. */
  readonly workers: ClientId[];
  /** C++: workers that are due and have found no process, the one that has waited longest first. */
  readonly waiting: ClientId[];
}

/** Looks for processes that have ended. A timer that is a number: the worker of this number starts. */
const PROBE = "probe";
type LauncherTimer = typeof PROBE | ClientId;
type LauncherEffects = Effects<NightcoreMessage, LauncherTimer>;

/** Far more than word of a process that is down takes. */
const PROBE_ANSWER_NANOS: Nanos = MILLISECOND;
/** A process that is down, as only a fault can keep it, is tried this often. */
const PROBE_NANOS: Nanos = 100 * MILLISECOND;

export const launcher: Machine<LauncherConfig, LauncherState, NightcoreMessage, LauncherTimer> = {
  start(config, out) {
    const { fn, engine, processes } = config;
    out.watch(engine);
    for (const process of processes) out.watch(process);
    out.send(engine, { kind: "launcherHello", fn }, fn);
    return { config, workers: processes.map(() => DORMANT), waiting: [] };
  },

  receive(state, from, message, out) {
    switch (message.kind) {
      case "launcherWelcome":
        if (!message.accepted) end(state, out);
        return;
      case "createWorker":
        out.setTimer(message.client, out.sample(state.config.launchDelay));
        return;
      case "stopWorker":
        stop(state, message.client, out);
        return;
      case "closed":
        takeClosed(state, from, out);
        return;
      default:
        throw new Error(`a launcher does not take ${message.kind}`);
    }
  },

  timeout(state, timer, out) {
    if (timer === PROBE) probe(state, out);
    else launch(state, timer, out);
  },
};

function launch(state: LauncherState, client: ClientId, out: LauncherEffects): void {
  const { language, processes } = state.config;
  if (language !== "cpp") {
    out.send(processes[0]!, { kind: "startWorker", client });
    return;
  }
  const process = state.workers.indexOf(DORMANT);
  if (process >= 0) {
    state.workers[process] = client;
    out.send(processes[process]!, { kind: "startWorker", client });
    return;
  }
  out.count("launcher.noProcess");
  state.waiting.push(client);
  // The engine does not wait for ever: whoever has waited longest is the first to be forgotten.
  if (state.waiting.length > processes.length) state.waiting.shift();
}

/** Only a C++ worker's process ends by it, and word of that will come. */
function stop({ config, workers, waiting }: LauncherState, client: ClientId, out: LauncherEffects): void {
  const { language, processes } = config;
  out.cancelTimer(client);
  const process = language === "cpp" ? workers.indexOf(client) : 0;
  if (process >= 0) out.send(processes[process]!, { kind: "stopWorker", client });
  const waits = waiting.indexOf(client);
  if (waits >= 0) waiting.splice(waits, 1);
}

function takeClosed(state: LauncherState, from: Address, out: LauncherEffects): void {
  const { engine, language, processes } = state.config;
  if (from === engine || language !== "cpp") {
    end(state, out);
    return;
  }
  const process = processes.indexOf(from);
  // A fork finds a process in any case, so one that has merely ended is soon dormant again.
  if (state.workers[process]! > 0) {
    state.workers[process] = WATCHED;
    out.watch(from);
    out.setTimer(PROBE, PROBE_ANSWER_NANOS);
  } else {
    state.workers[process] = ENDED;
    out.setTimer(PROBE, PROBE_NANOS);
  }
}

/** Who has been watched for a while without word of its end is up. */
function probe(state: LauncherState, out: LauncherEffects): void {
  const { workers, config } = state;
  let watched = false;
  for (let process = 0; process < workers.length; process++) {
    if (workers[process] === WATCHED) workers[process] = DORMANT;
    else if (workers[process] === ENDED) {
      workers[process] = WATCHED;
      out.watch(config.processes[process]!);
      watched = true;
    }
  }
  if (watched) out.setTimer(PROBE, PROBE_ANSWER_NANOS);
  for (const client of state.waiting.splice(0)) launch(state, client, out);
}

function end({ config }: LauncherState, out: LauncherEffects): void {
  out.count("launcher.ended");
  out.crash(config.restartNanos);
}
