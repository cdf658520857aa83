/**
 * Calls at an engine: where they come from and where their results go (docs/models/nightcore.md, "Calls between functions").
 *
 * A call that a worker makes never leaves the node. It is taken over like one from the gateway, and its result goes back to the
 * worker's channel; the caller keeps its place in its own pool meanwhile. An asynchronous one is acknowledged as soon as it
 * has been taken over, and nobody gets its result.
 *
 * When a call ends, its worker's next call is written first, and then the result.
 */

import type { Address } from "../../sim/machine.ts";
import type { Bytes, Nanos } from "../../sim/units.ts";
import { arrive, becomeFree, type Drop } from "./dispatcher.ts";
import { emptyOutput, replyConnection } from "./engine-messages.ts";
import {
  type CallRecord,
  crash,
  type Dispatcher,
  ENGINE_WORK,
  type EngineEffects,
  type EngineState,
  NO_SLOT,
} from "./engine-state.ts";
import { microsOf } from "./estimator.ts";
import { type CallId, type CallOutput, INLINE_BYTES_MAX, type NightcoreMessage } from "./messages.ts";
import { Bug } from "./mutations.ts";
import type { DropReason, FileDirection, Observation } from "./observations.ts";
import { freeRecord, queueingOf, traceArrival, traceEnd } from "./tracer.ts";
import { writeTo } from "./worker-manager.ts";

type MessageOf<Kind> = Extract<NightcoreMessage, { kind: Kind }>;

export function takeExternalCall(
  state: EngineState,
  message: MessageOf<"externalCall">,
  out: EngineEffects,
): void {
  const { call, method, input, inputBytes, async } = message;
  // The gateway is there, and will be told of the next failure soon.
  state.reconnects = 0;
  const fn = state.config.functionOf[method];
  if (fn === undefined) {
    refuseExternal(state, message, out);
    return;
  }
  if (inputBytes > INLINE_BYTES_MAX) {
    out.work(ENGINE_WORK.createFile, inputBytes);
    const { node } = state.config;
    out.observe?.({
      kind: "fileCreated",
      node,
      call,
      direction: "input",
      sizeBytes: inputBytes,
    } satisfies Observation);
  }
  const arrived = { call, fn, method, input, inputBytes, async, caller: 0, parent: 0, parentSlot: NO_SLOT };
  arrive(state, traceArrival(state, arrived, out.now), giveUp, out);
}

/** The gateway knows which methods there are; a call of another one is answered all the same. */
function refuseExternal(
  state: EngineState,
  { call, method, input }: MessageOf<"externalCall">,
  out: EngineEffects,
): void {
  noteUnknownMethod(state, call, method, out);
  const connection = replyConnection(state, out);
  if (!state.config.settings.failureHandling || connection === undefined) return;
  const output = { bytes: 0, of: call, request: input.request };
  out.send(
    state.config.gateway,
    { kind: "externalDone", call, connection, ok: false, output, processingNanos: 0 },
    connection,
  );
}

/** A worker calls a method. */
export function takeInvoke(
  state: EngineState,
  from: Address,
  message: MessageOf<"invoke">,
  out: EngineEffects,
): void {
  const { client, call, parent, method, input, inputBytes, async } = message;
  const caller = state.workers[client];
  if (caller === undefined || caller.process !== from) {
    out.count("engine.strangeInvoke");
    return;
  }
  const fn = state.config.functionOf[method];
  if (fn === undefined) {
    noteUnknownMethod(state, call, method, out);
    if (!state.config.settings.failureHandling) return;
    const output = { bytes: 0, of: call, request: input.request };
    writeTo(caller, { kind: "returned", client, call, ok: false, output, sentNanos: out.now }, out);
    return;
  }
  const parentSlot = async ? NO_SLOT : slotOf(state, caller.slot, parent);
  const arrived = {
    call,
    fn,
    method,
    input,
    inputBytes,
    async,
    caller: client,
    parent: parentSlot === NO_SLOT ? 0 : parent,
    parentSlot,
  };
  arrive(state, traceArrival(state, arrived, out.now), giveUp, out);
  if (!async) return;
  const output = { bytes: 0, of: call, request: input.request };
  writeTo(caller, { kind: "returned", client, call, ok: true, output, sentNanos: out.now }, out);
}

/** The place of a call that a worker says it runs; NO_SLOT: it does not. */
function slotOf(state: EngineState, slot: number, call: CallId): number {
  return slot !== NO_SLOT && state.records[slot]!.call === call ? slot : NO_SLOT;
}

function noteUnknownMethod(state: EngineState, call: CallId, method: number, out: EngineEffects): void {
  out.count("engine.unknownMethod");
  const { node } = state.config;
  out.observe?.({ kind: "methodUnknown", node, call, method } satisfies Observation);
}

/** A worker has ended its call. */
export function takeDone(
  state: EngineState,
  from: Address,
  message: MessageOf<"done">,
  out: EngineEffects,
): void {
  const { client, call, ok, output, processingNanos } = message;
  const worker = state.workers[client];
  const slot = worker === undefined || worker.process !== from ? NO_SLOT : slotOf(state, worker.slot, call);
  if (slot === NO_SLOT) {
    const { node } = state.config;
    out.count("engine.completionIgnored");
    out.observe?.({ kind: "completionIgnored", node, call, client } satisfies Observation);
    return;
  }
  const record = state.records[slot]!;
  const dispatcher = state.dispatchers[record.fn]!;
  const { mutation } = state.config;
  traceEnd(state, record, ok && mutation !== Bug.successAsFailure, processingNanos, out.now);
  observeEnd(state, record, ok, out);
  worker!.slot = NO_SLOT;
  if (mutation !== Bug.neverCountedDown) dispatcher.running--;
  becomeFree(state, dispatcher, client, giveUp, out);
  answer(state, record, ok, output, processingNanos, out);
  freeRecord(state, slot);
}

/** The worker of a call has died. The call comes to an end, and whoever asked for it is told that it has failed. */
export function failRunning(
  state: EngineState,
  dispatcher: Dispatcher,
  slot: number,
  out: EngineEffects,
): void {
  const record = state.records[slot]!;
  traceEnd(state, record, false, 0, out.now);
  dispatcher.running--;
  giveUp(state, slot, "workerLost", out);
}

/** A call will not run to its end. As designed, whoever waits for it is told. */
export const giveUp: Drop = (state, slot, reason, out) => {
  const record = state.records[slot]!;
  const { node, settings } = state.config;
  const { fn, call } = record;
  out.count(`engine.callDropped.${reason}`);
  out.observe?.({ kind: "callDropped", node, fn, call, reason } satisfies Observation);
  if (reason === "queueingLimit" && settings.droppedCalls === "stop") {
    crash(
      state,
      `call ${call} has waited too long, and nothing is there to tell worker ${record.caller}`,
      out,
    );
    return;
  }
  if (isTold(state, reason)) answerFailed(state, record, out);
  freeRecord(state, slot);
};

/** Whether who waits for a call that is given up hears of it. */
function isTold({ config }: EngineState, reason: DropReason): boolean {
  const { failureHandling, workerLost, droppedCalls } = config.settings;
  switch (reason) {
    case "callerGone":
      return failureHandling;
    case "workerLost":
      return workerLost === "fail";
    case "queueingLimit":
      return droppedCalls === "fail" && config.mutation !== Bug.dropSilent;
  }
}

function answerFailed(state: EngineState, record: CallRecord, out: EngineEffects): void {
  const { call, caller, async } = record;
  const output = emptyOutput(record);
  // With pipes of their own nobody else would tell the caller.
  const told =
    state.config.settings.nestedPipes && caller !== 0 && !async ? state.workers[caller] : undefined;
  if (told !== undefined) {
    writeTo(told, { kind: "returned", client: caller, call, ok: false, output, sentNanos: out.now }, out);
    return;
  }
  answer(state, record, false, output, 0, out);
}

/** The result goes to whoever asked for the call. */
function answer(
  state: EngineState,
  record: CallRecord,
  ok: boolean,
  output: CallOutput,
  processingNanos: Nanos,
  out: EngineEffects,
): void {
  if (record.caller === 0) answerGateway(state, record, ok, output, processingNanos, out);
  else if (record.async) removeFiles(state, record, output.bytes, out);
  else if (!state.config.settings.nestedPipes) answerCaller(state, record, ok, output, out);
  else if (record.callerGone) removeFiles(state, record, output.bytes, out);
}

function answerGateway(
  state: EngineState,
  record: CallRecord,
  ok: boolean,
  output: CallOutput,
  processingNanos: Nanos,
  out: EngineEffects,
): void {
  const { call } = record;
  const connection = record.callerGone ? undefined : replyConnection(state, out);
  if (connection === undefined) {
    noteReplyDropped(state, record, out);
  } else {
    if (output.bytes > INLINE_BYTES_MAX) out.work(ENGINE_WORK.readFile, output.bytes);
    out.send(
      state.config.gateway,
      { kind: "externalDone", call, connection, ok, output, processingNanos },
      connection,
    );
    const { node } = state.config;
    out.observe?.({ kind: "replySent", node, fn: record.fn, call, ok } satisfies Observation);
  }
  removeFiles(state, record, output.bytes, out);
}

/** Between workers, whoever reads a payload's file removes it. Only what has nobody left is for the engine. */
function answerCaller(
  state: EngineState,
  record: CallRecord,
  ok: boolean,
  output: CallOutput,
  out: EngineEffects,
): void {
  const { fn, call, caller: client } = record;
  const { node, settings } = state.config;
  const caller = state.workers[client];
  if (caller === undefined) {
    if (!settings.callerChecked || state.config.mutation === Bug.callerUnchecked) {
      crash(state, `call ${call} has ended, and worker ${client}, which made it, is gone`, out);
      return;
    }
    noteReplyDropped(state, record, out);
    removeFiles(state, record, output.bytes, out);
    return;
  }
  const returned = { kind: "returned", client, call, ok, output, sentNanos: out.now } as const;
  writeTo(caller, returned, out);
  if (state.config.mutation === Bug.resultUncompared) writeTo(caller, returned, out);
  out.observe?.({ kind: "resultForwarded", node, fn, call, to: client, ok } satisfies Observation);
}

function noteReplyDropped(state: EngineState, { fn, call }: CallRecord, out: EngineEffects): void {
  out.count("engine.replyDropped");
  out.observe?.({ kind: "replyDropped", node: state.config.node, fn, call } satisfies Observation);
}

function removeFiles(
  state: EngineState,
  { call, inputBytes }: CallRecord,
  outputBytes: Bytes,
  out: EngineEffects,
): void {
  if (inputBytes > INLINE_BYTES_MAX) removeFile(state, call, "input", out);
  if (outputBytes > INLINE_BYTES_MAX) removeFile(state, call, "output", out);
}

function removeFile(state: EngineState, call: CallId, direction: FileDirection, out: EngineEffects): void {
  out.work(ENGINE_WORK.removeFile, 1);
  out.observe?.({ kind: "fileRemoved", node: state.config.node, call, direction } satisfies Observation);
}

function observeEnd(state: EngineState, record: CallRecord, ok: boolean, out: EngineEffects): void {
  out.observe?.({
    kind: "callFinished",
    node: state.config.node,
    fn: record.fn,
    call: record.call,
    client: record.client,
    ok,
    receivedMicros: record.receivedMicros,
    dispatchedMicros: record.dispatchedMicros,
    finishedMicros: microsOf(out.now),
    queueingMicros: queueingOf(record),
  } satisfies Observation);
}
