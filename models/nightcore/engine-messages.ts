/** What an engine writes about calls, and over which connection (docs/models/nightcore.md, "Messages"). */

import type { Nanos } from "../../sim/units.ts";
import type { CallRecord, EngineEffects, EngineState } from "./engine-state.ts";
import type { CallOutput, ClientId, EngineToWorker } from "./messages.ts";
import { Bug } from "./mutations.ts";

export function dispatchMessage(
  state: EngineState,
  client: ClientId,
  { call, method, input, inputBytes, caller, async, session }: CallRecord,
  sentNanos: Nanos,
): EngineToWorker {
  // The message is recycled, and lacks what it should have been filled in with.
  const sent = state.config.mutation === Bug.messageNotCleared ? (state.lastInput ?? input) : input;
  if (state.config.mutation === Bug.messageNotCleared) state.lastInput = input;
  const from =
    state.config.settings.nestedPipes && caller !== 0 && !async ? state.workers[caller] : undefined;
  const message = { kind: "dispatch", client, call, method, input: sent, inputBytes, sentNanos } as const;
  if (from === undefined) return session === undefined ? message : { ...message, session };
  const replyTo = { process: from.process, client: caller };
  return session === undefined ? { ...message, replyTo } : { ...message, replyTo, session };
}

/** The output of a call that has none: it was given up, or goes on without its caller. */
export function emptyOutput({ call, input }: CallRecord): CallOutput {
  return { bytes: 0, of: call, request: input.request };
}

/**
 * The next of the connections to the gateway that the thread of this step owns: connection i belongs to thread i modulo their
 * number, and a thread uses its own in turn. Undefined: the gateway is not connected.
 */
export function replyConnection(state: EngineState, out: EngineEffects): number | undefined {
  if (!state.gatewayConnected) return undefined;
  const { engineThreads, connectionsPerThread } = state.config.settings;
  const thread = out.thread;
  const turn = state.replyTurns[thread]!;
  state.replyTurns[thread] = (turn + 1) % connectionsPerThread;
  return thread + engineThreads * turn;
}
