/**
 * The engine of a node of the stack: Nightcore's and Boki's in one process (docs/models/stack.md). Each keeps its state, its
 * messages and its timers; what connects them is that every call that the runtime takes has a context in the log, from its
 * arrival to its end, whatever end that is.
 *
 * A call from outside has seen nothing of the log. One that a worker makes has seen what its caller has by then, and when it ends,
 * its caller has seen what it has. An asynchronous call takes along what its caller has seen, and nothing comes back from it.
 *
 * Why it is safe: the context of a call is there before the call can be given to a worker, and what a call has seen is its
 * caller's in the step in which the caller's result leaves for its channel. So no operation of either is early.
 */

import type { Effects, Machine } from "../../sim/machine.ts";
import type { Amount } from "../applications/application.ts";
import { amountOf } from "../applications/execution.ts";
import { engine as logEngine } from "../boki/engine.ts";
import { closeCall, openExternalCall, openNestedCall } from "../boki/engine-calls.ts";
import type { EngineConfig as LogEngineConfig, EngineState as LogEngineState } from "../boki/engine-state.ts";
import { firstNumber, join } from "../boki/identifiers.ts";
import { engine as runtimeEngine } from "../nightcore/engine.ts";
import type {
  EngineTimer,
  EngineEffects as RuntimeEffects,
  EngineConfig as RuntimeEngineConfig,
  EngineState as RuntimeEngineState,
} from "../nightcore/engine-state.ts";
import { LogEffects } from "./log-effects.ts";
import { isOfRuntime, type StackMessage } from "./messages.ts";
import { isRuntimeTimer } from "./timers.ts";

export interface StackEngineConfig {
  readonly runtime: RuntimeEngineConfig;
  /** Without workers of its own: the runtime's ask. */
  readonly log: LogEngineConfig;
  /** The LogBook of a call from outside, by its request's variables. */
  readonly logBook: Amount | undefined;
}

export interface StackEngineState {
  readonly config: StackEngineConfig;
  readonly runtime: RuntimeEngineState;
  readonly log: LogEngineState;
  /** Numbers calls from outside for the log, in all lives of this process. */
  nextCall: number;
}

type StackEffects = Effects<StackMessage>;

export const stackEngine: Machine<StackEngineConfig, StackEngineState, StackMessage> = {
  start(config, out) {
    return {
      config,
      runtime: runtimeEngine.start(config.runtime, out as RuntimeEffects),
      log: logEngine.start(config.log, new LogEffects(out)),
      nextCall: firstNumber(out.now),
    };
  },

  receive(state, from, message, out) {
    if (!isOfRuntime(message)) {
      logEngine.receive(state.log, from, message, new LogEffects(out));
      return;
    }
    const { runtime, log } = state;
    if (message.kind === "externalCall" || message.kind === "invoke") openSession(state, message, out);
    runtimeEngine.receive(runtime, from, message, out as RuntimeEffects);
    // A call that it has refused.
    if (runtime.arriving !== undefined) {
      runtime.ended.push(runtime.arriving);
      runtime.arriving = undefined;
    }
    closeSessions(runtime, log, out);
  },

  timeout(state, timer, out) {
    if (!isRuntimeTimer(timer)) {
      logEngine.timeout(state.log, timer, new LogEffects(out));
      return;
    }
    runtimeEngine.timeout(state.runtime, timer as EngineTimer, out as RuntimeEffects);
    closeSessions(state.runtime, state.log, out);
  },
};

function openSession(
  state: StackEngineState,
  message: Extract<StackMessage, { kind: "externalCall" | "invoke" }>,
  out: StackEffects,
): void {
  const { config, runtime, log } = state;
  const effects = new LogEffects(out);
  if (message.kind === "externalCall") {
    const call = join(out.self, state.nextCall++);
    const { logBook: amount } = config;
    const logBook = amount === undefined ? 0 : Math.floor(amountOf(amount, message.input.variables));
    openExternalCall(log, call, logBook, effects);
    runtime.arriving = { call, logBook };
    return;
  }
  // A worker of the stack names both.
  const { call, parent } = message.session!;
  openNestedCall(log, call, parent, message.async, effects);
  // What the engine has forgotten has no context, and its operations are answered as cancelled.
  runtime.arriving = { call, logBook: log.contexts.get(call)?.logBook ?? 0 };
}

function closeSessions({ ended }: RuntimeEngineState, log: LogEngineState, out: StackEffects): void {
  if (ended.length === 0) return;
  const effects = new LogEffects(out);
  for (const { call } of ended) closeCall(log, call, effects);
  ended.length = 0;
}
