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
import type { LogBookId, MetalogProgress } from "./identifiers.ts";
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
  const { logBook, call } = parent;
  const progress = progressForChild(state, parent);
  startCall(
    state,
    { call: child, logBook, parent: call, replyTo: from, client, worker: undefined, progress },
    input,
    out,
  );
}

/** A call has seen what its parent has seen by the time that it is made. */
function progressForChild({ config }: EngineState, parent: CallContext): MetalogProgress {
  return config.mutation === Mutation.childStartsAtZero ? 0 : parent.progress;
}

function startCall(state: EngineState, context: CallContext, input: CallInput, out: EngineEffects): void {
  const { call, parent } = context;
  if (state.contexts.has(call)) {
    out.count("engine.callAgain");
    return;
  }
  openContext(state, context, parent, out);
  const worker = state.idleWorkers.pop();
  if (worker === undefined) state.queuedCalls.push({ call, input });
  else run(state, worker, { call, input }, out);
}

function openContext(
  state: EngineState,
  context: CallContext,
  parent: CallId | undefined,
  out: EngineEffects,
): void {
  const { call, progress } = context;
  state.contexts.set(call, context);
  out.observe?.({
    kind: "callStarted",
    engine: state.config.id,
    call,
    parent,
    progress,
  } satisfies Observation);
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
  const { call, replyTo, client, progress } = context;
  closeContext(state, context, out);
  if (replyTo === undefined) return;
  if (client === undefined) out.send(replyTo, { kind: "complete", call, output });
  else out.send(replyTo, { kind: "invokeResult", client, output, progress });
}

/** A caller has seen what the calls that it waited for have seen. */
function closeContext(state: EngineState, { call, parent, progress }: CallContext, out: EngineEffects): void {
  state.contexts.delete(call);
  out.observe?.({ kind: "callEnded", call } satisfies Observation);
  if (parent !== undefined && !state.config.defects.childProgressNotMerged)
    raiseProgress(state, parent, progress);
}

// ---- Calls that a function runtime runs (docs/models/stack.md) -----------------------------------------------------------

/** A call from outside has come to the runtime of this node. */
export function openExternalCall(
  state: EngineState,
  call: CallId,
  logBook: LogBookId,
  out: EngineEffects,
): void {
  openContext(state, { ...OF_RUNTIME, call, logBook, parent: undefined, progress: 0 }, undefined, out);
}

/**
 * A call that the runtime runs makes another. An asynchronous one has seen what its parent has, and the parent is not shown
 * what it sees. False: the parent is not known.
 */
export function openNestedCall(
  state: EngineState,
  call: CallId,
  parentCall: CallId,
  async: boolean,
  out: EngineEffects,
): boolean {
  const context = state.contexts.get(parentCall);
  if (context === undefined) return false;
  const { logBook } = context;
  const parent = async ? undefined : parentCall;
  const progress = progressForChild(state, context);
  openContext(state, { ...OF_RUNTIME, call, logBook, parent, progress }, parentCall, out);
  return true;
}

/** The runtime's call has come to its end, whatever end that was. */
export function closeCall(state: EngineState, call: CallId, out: EngineEffects): void {
  const context = state.contexts.get(call);
  if (context !== undefined) closeContext(state, context, out);
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
  for (const { call, client, replyTo } of [...state.contexts.values()]) {
    // The runtime does not take them for lost.
    if (replyTo === undefined) continue;
    state.contexts.delete(call);
    out.count("engine.callLost");
    out.observe?.({ kind: "callEnded", call } satisfies Observation);
    if (client === undefined) out.send(replyTo, { kind: "complete", call, output: LOST });
  }
  state.queuedCalls = [];
  state.idleWorkers = [...state.config.workers];
  greetWorkers(state.config, out);
}

/** Tells the workers that no call is known: those that run one give it up. */
export function greetWorkers({ workers }: EngineConfig, out: EngineEffects): void {
  for (const worker of workers) out.send(worker, { kind: "engineStarted" });
}

/** What the engine knows of a call that the runtime runs besides its log and what it has seen. */
const OF_RUNTIME = { replyTo: undefined, client: undefined, worker: undefined };

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
