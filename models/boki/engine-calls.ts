/**
 * Function calls at an engine: who runs what, and how far each call has seen the log (docs/models/boki.md, "Calls").
 *
 * A call from outside starts with a progress of 0. A nested call runs on the same engine and starts with a copy of its
 * parent's progress, so that it sees what the parent has seen. Nothing flows back when it ends: the published code does not
 * merge a child's progress into its parent's, and neither does this model.
 *
 * Calls take idle workers in the order they come. The runtime's concurrency control is a matter of the function runtime,
 * not of the log; here an engine has as many workers as the scenario says, and the rest of the calls queue.
 */

import type { Address } from "../../sim/machine.ts";
import type { CallContext, EngineEffects, EngineState } from "./engine-state.ts";
import type { MetalogProgress } from "./identifiers.ts";
import type { BokiMessage, CallId, CallInput } from "./messages.ts";
import { Mutation } from "./mutations.ts";
import type { Observation } from "./observations.ts";

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
    { call, logBook, parent: undefined, replyTo: from, client: undefined, progress: 0 },
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
  const parent = state.contexts.get(message.call);
  if (parent === undefined) {
    unknownCall(out);
    return;
  }
  const { child, client, input } = message;
  const progress = state.config.mutation === Mutation.childStartsAtZero ? 0 : parent.progress;
  const { logBook, call } = parent;
  startCall(state, { call: child, logBook, parent: call, replyTo: from, client, progress }, input, out);
}

function startCall(state: EngineState, context: CallContext, input: CallInput, out: EngineEffects): void {
  const { call, parent, progress, logBook } = context;
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
  else out.send(worker, { kind: "call", call, logBook, input });
}

/** The call's context ends with it, and its worker takes the next call. */
export function endCall(
  state: EngineState,
  worker: Address,
  message: MessageOf<"callDone">,
  out: EngineEffects,
): void {
  const context = state.contexts.get(message.call);
  if (context === undefined) {
    unknownCall(out);
    return;
  }
  state.contexts.delete(message.call);
  out.observe?.({ kind: "callEnded", call: message.call } satisfies Observation);
  const { replyTo, client } = context;
  if (client === undefined)
    out.send(replyTo, { kind: "complete", call: message.call, output: message.output });
  else out.send(replyTo, { kind: "invokeResult", client, output: message.output });
  const next = state.queuedCalls.shift();
  if (next === undefined) {
    state.idleWorkers.push(worker);
    return;
  }
  const { logBook } = state.contexts.get(next.call)!;
  out.send(worker, { kind: "call", call: next.call, logBook, input: next.input });
}

/** The context of a call that an operation names. An operation of an unknown call is dropped without a reply, as released. */
export function contextOf(state: EngineState, call: CallId, out: EngineEffects): CallContext | undefined {
  const context = state.contexts.get(call);
  if (context === undefined) unknownCall(out);
  return context;
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
