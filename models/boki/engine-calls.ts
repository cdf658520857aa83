/**
 * Function calls at an engine: who runs what, and how far each call has seen the log (docs/models/boki.md, "Calls").
 *
 * A call from outside starts with a progress of 0. A nested call runs on the same engine and starts with a copy of its
 * parent's progress, so that it sees what the parent has seen; when it ends, its caller has seen what it has.
 *
 * Calls take idle workers in the order they come. The runtime's concurrency control is a matter of the function runtime,
 * not of the log; here an engine has as many workers as the scenario says, and the rest of the calls queue.
 *
 * An engine that has booted knows of no call. It tells its workers, which give up what they run, and takes all of them to
 * be idle; a worker that is given a call has given up the one before. A worker that boots says so as well, and the call it had
 * is lost (docs/models/reconfiguration.md, "Failures").
 */

import type { Address } from "../../sim/machine.ts";
import {
  answerPlainly,
  type CallContext,
  type EngineConfig,
  type EngineEffects,
  type EngineState,
  type QueuedCall,
} from "./engine-state.ts";
import type { MetalogProgress } from "./identifiers.ts";
import type { BokiMessage, CallId, CallInput } from "./messages.ts";
import { Mutation } from "./mutations.ts";
import type { Observation } from "./observations.ts";
import { abort } from "./view-gate.ts";

type MessageOf<Kind> = Extract<BokiMessage, { kind: Kind }>;

export function startExternalCall(
  state: EngineState,
  from: Address,
  message: MessageOf<"dispatch">,
  out: EngineEffects,
): void {
  const { call, logBook, input } = message;
  startCall(
    state,
    { call, logBook, parent: undefined, replyTo: from, client: undefined, worker: undefined, progress: 0 },
    input,
    out,
  );
}

export function startNestedCall(
  state: EngineState,
  from: Address,
  message: MessageOf<"invoke">,
  out: EngineEffects,
): void {
  const { child, client, input } = message;
  const parent = contextOf(state, from, message.call, client, out);
  if (parent === undefined) return;
  const progress = state.config.mutation === Mutation.childStartsAtZero ? 0 : parent.progress;
  const { logBook, call } = parent;
  startCall(
    state,
    { call: child, logBook, parent: call, replyTo: from, client, worker: undefined, progress },
    input,
    out,
  );
}

function startCall(state: EngineState, context: CallContext, input: CallInput, out: EngineEffects): void {
  const { call, parent, progress } = context;
  if (state.contexts.has(call)) {
    out.count("engine.callAgain");
    return;
  }
  state.contexts.set(call, context);
  out.observe?.({
    kind: "callStarted",
    engine: state.config.id,
    call,
    parent,
    progress,
  } satisfies Observation);
  const worker = state.idleWorkers.pop();
  if (worker === undefined) state.queuedCalls.push({ call, input });
  else run(state, worker, { call, input }, out);
}

function run(state: EngineState, worker: Address, { call, input }: QueuedCall, out: EngineEffects): void {
  const context = state.contexts.get(call)!;
  context.worker = worker;
  out.send(worker, { kind: "call", call, logBook: context.logBook, input });
}

/** The call's context ends with it, and its worker takes the next call. */
export function endCall(
  state: EngineState,
  worker: Address,
  message: MessageOf<"callDone">,
  out: EngineEffects,
): void {
  const context = state.contexts.get(message.call);
  if (context === undefined || context.worker !== worker) {
    unknownCall(out);
    return;
  }
  finishCall(state, context, message.output, out);
  const next = state.queuedCalls.shift();
  if (next === undefined) state.idleWorkers.push(worker);
  else run(state, worker, next, out);
}

function finishCall(state: EngineState, context: CallContext, output: unknown, out: EngineEffects): void {
  const { call, parent, replyTo, client, progress } = context;
  state.contexts.delete(call);
  out.observe?.({ kind: "callEnded", call } satisfies Observation);
  if (client === undefined) {
    out.send(replyTo, { kind: "complete", call, output });
    return;
  }
  if (parent !== undefined && !state.config.defects.childProgressNotMerged)
    raiseProgress(state, parent, progress);
  out.send(replyTo, { kind: "invokeResult", client, output, progress });
}

/** A worker has booted: the call it ran has come to nothing, and nobody knows what became of what it had asked for. */
export function takeWorkerStarted(state: EngineState, worker: Address, out: EngineEffects): void {
  for (const context of state.contexts.values()) {
    if (context.worker !== worker) continue;
    if (state.config.defects.noFailureDetection) {
      abort(state, `worker ${worker} exited while it ran call ${context.call}`, out);
      return;
    }
    out.count("engine.callLost");
    finishCall(state, context, LOST, out);
    const next = state.queuedCalls.shift();
    if (next === undefined) state.idleWorkers.push(worker);
    else run(state, worker, next, out);
    return;
  }
}

/**
 * ZooKeeper has taken this engine for dead, and whoever waits for its calls has been told so, or will be: they end here. What
 * their workers go on to ask for is answered as that of unknown calls.
 */
export function loseCalls(state: EngineState, out: EngineEffects): void {
  if (state.config.defects.noFailureDetection) return;
  for (const { call, client, replyTo } of state.contexts.values()) {
    out.count("engine.callLost");
    out.observe?.({ kind: "callEnded", call } satisfies Observation);
    if (client === undefined) out.send(replyTo, { kind: "complete", call, output: LOST });
  }
  state.contexts.clear();
  state.queuedCalls = [];
  state.idleWorkers = [...state.config.workers];
  greetWorkers(state.config, out);
}

/** Tells the workers that no call is known: those that run one give it up. */
export function greetWorkers({ workers }: EngineConfig, out: EngineEffects): void {
  for (const worker of workers) out.send(worker, { kind: "engineStarted" });
}

/** The output of a call of which nobody knows what it did. */
const LOST = { error: "lost" };

/**
 * The context of a call that an operation names. An operation of an unknown call is answered as cancelled; the release drops
 * it without an answer.
 */
export function contextOf(
  state: EngineState,
  worker: Address,
  call: CallId,
  client: number,
  out: EngineEffects,
): CallContext | undefined {
  const context = state.contexts.get(call);
  if (context !== undefined) return context;
  unknownCall(out);
  if (!state.config.defects.unknownCallNotAnswered) answerPlainly(worker, client, "cancelled", out);
  return undefined;
}

function unknownCall(out: EngineEffects): void {
  out.count("engine.unknownCall");
}

/** A result shows the log up to `progress`: its call has seen that much from now on. */
export function raiseProgress(state: EngineState, call: CallId, progress: MetalogProgress): void {
  const context = state.contexts.get(call);
  if (context === undefined) return;
  if (progress > context.progress || state.config.mutation === Mutation.progressNotMax)
    context.progress = progress;
}
