/**
 * The engine of a node: takes calls from the gateway and from workers, hands each to a worker of its function, and results back
 * (docs/models/nightcore.md, "Calls between functions").
 *
 * Who runs when is decided in dispatcher.ts, from what tracer.ts has measured. Workers are asked for and known in
 * worker-manager.ts, calls begin and end in engine-calls.ts, and what becomes of them when others die is in
 * engine-failures.ts; here is who gets which message.
 *
 * Why it is safe: a call's record is in one place, either its function's queue or the worker that runs it, and leaves it with
 * the one answer that the call gets. A completion counts only from the worker that runs the call. Worker numbers are never
 * used twice, so a result cannot reach another than who asked for it.
 */

import type { Machine } from "../../sim/machine.ts";
import { becomeFree } from "./dispatcher.ts";
import { giveUp, takeDone, takeExternalCall, takeInvoke } from "./engine-calls.ts";
import { greetGateway, takeClosed, takeGone } from "./engine-failures.ts";
import {
  type EngineConfig,
  type EngineEffects,
  type EngineState,
  type EngineTimer,
  emptyEngine,
  LAUNCHES,
  RECONNECT,
} from "./engine-state.ts";
import type { NightcoreMessage } from "./messages.ts";
import type { Observation } from "./observations.ts";
import { expireLaunches, openChannel, takeLauncher, takeWorker } from "./worker-manager.ts";

export const engine: Machine<EngineConfig, EngineState, NightcoreMessage, EngineTimer> = {
  start(config, out) {
    const state = emptyEngine(config);
    out.observe?.({ kind: "engineStarted", node: config.node } satisfies Observation);
    greetGateway(state, out);
    return state;
  },

  receive(state, from, message, out) {
    switch (message.kind) {
      case "externalCall":
        takeExternalCall(state, message, out);
        return;
      case "invoke":
        takeInvoke(state, from, message, out);
        return;
      case "done":
        takeDone(state, from, message, out);
        return;
      case "launcherHello":
        takeLauncher(state, from, message.fn, out);
        return;
      case "workerHello":
        greetWorker(state, from, message, out);
        return;
      case "workerGone":
        takeGone(state, from, message.client, out);
        return;
      case "closed":
        takeClosed(state, from, out);
        return;
      default:
        throw new Error(`an engine does not take ${message.kind}`);
    }
  },

  timeout(state, timer, out) {
    switch (timer) {
      case RECONNECT:
        greetGateway(state, out);
        return;
      case LAUNCHES:
        expireLaunches(state, out);
        return;
    }
  },
};

/** The pool has the worker before its channel is open, so its first call may be written before its welcome and is held. */
function greetWorker(
  state: EngineState,
  from: number,
  { client, fn }: Extract<NightcoreMessage, { kind: "workerHello" }>,
  out: EngineEffects,
): void {
  const worker = takeWorker(state, from, client, fn, out);
  if (worker === undefined) return;
  becomeFree(state, state.dispatchers[fn]!, client, giveUp, out);
  openChannel(worker, client, out);
}
