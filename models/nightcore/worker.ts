/**
 * A function process: runs the handlers of one function (docs/models/nightcore.md, "Workers").
 *
 * It hosts slots, each of which is a worker for the engine: one in C++, where every worker is a process of its own, and all of
 * the function's on the node in the other languages. A slot executes one call at a time; what it is asked to run before it can
 * stays in its channel. Its code is run by models/applications/execution.ts; what that asks of others is in worker-requests.ts.
 *
 * A process is dormant until its launcher starts a worker in it. It ends with its engine or its launcher, as pipes and
 * containers have it, and lies dormant again. Whoever watches it hears of that.
 *
 * Why it is safe: a slot's run is in one place, and leaves it with the one `done` that it sends. A result is taken only by the run
 * that has the call it is of among its open ones, and takes it from there; exchanges are numbered and never used twice. So
 * every task is given one result of what it asked for, and what comes late or twice finds nothing.
 */

import type { Address, Machine } from "../../sim/machine.ts";
import { MICROSECOND } from "../../sim/units.ts";
import type { Code } from "../applications/application.ts";
import { advance, amountOf, fail, hasFailed, resume, startExecution } from "../applications/execution.ts";
import { firstNumber } from "../boki/identifiers.ts";
import { CHANNELS_PER_PROCESS } from "./config.ts";
import { type CallId, type ClientId, INLINE_BYTES_MAX, type NightcoreMessage } from "./messages.ts";
import { Bug } from "./mutations.ts";
import type { Observation } from "./observations.ts";
import { startSession, takeLogAnswer, takeLogTimer } from "./worker-log.ts";
import {
  closeCall,
  HOST,
  loseConnections,
  noteFile,
  noteFileRemoved,
  reconnect,
  takeAsk,
} from "./worker-requests.ts";
import {
  clock,
  type Dispatch,
  type OpenCall,
  type Slot,
  WORKER_WORK,
  type WorkerConfig,
  type WorkerEffects,
  type WorkerMessage,
  type WorkerState,
  type WorkerTimer,
} from "./worker-state.ts";

type Returned = Extract<NightcoreMessage, { kind: "returned" }>;

export const worker: Machine<WorkerConfig, WorkerState, WorkerMessage, WorkerTimer> = {
  start(config, out) {
    const { application, fn, services } = config;
    const { language } = application.functions[fn]!;
    if (language === "cpp") checkSequential(config);
    // The runtime of a new process has one thread until slots call for more.
    if (language === "go") out.setParallelism(0, 1);
    return {
      config,
      language,
      slots: new Map(),
      peers: new Array(1 + services.stores.length + services.queues.length).fill(undefined),
      asks: new Map(),
      bornNanos: out.now,
      // No two lives count from the same, so that an answer to an earlier one belongs to nothing of this.
      nextExchange: Math.max(0, Math.floor(out.now / MICROSECOND)),
      current: 0,
      parallelism: 1,
      operations: new Map(),
      nextLogNumber: firstNumber(out.now),
      logTimeoutArmed: false,
    };
  },

  receive(state, from, message, out) {
    switch (message.kind) {
      case "dispatch":
        takeDispatch(state, message, out);
        return;
      case "returned":
        takeReturned(state, message, out);
        return;
      case "storeReply": {
        const ask = takeAsk(state, message.exchange, out);
        if (ask !== undefined) goOn(state, ask.client, ask.task, true, message.last, out);
        return;
      }
      case "httpResponse": {
        const ask = takeAsk(state, message.exchange, out);
        if (ask === undefined) return;
        noteOutput(state.slots.get(ask.client), message.output);
        goOn(state, ask.client, ask.task, message.status === 200, false, out);
        return;
      }
      case "opResult": {
        const ended = takeLogAnswer(state, message, out);
        if (ended !== undefined) goOn(state, ended.client, ended.task, ended.ok, false, out);
        return;
      }
      case "startWorker":
        startSlot(state, message.client, out);
        return;
      case "workerWelcome": {
        const slot = state.slots.get(message.client);
        if (slot === undefined) {
          refuse(state, message.client, out);
          return;
        }
        slot.welcomed = true;
        beginHeld(state, slot, out);
        return;
      }
      case "stopWorker":
        if (state.language === "cpp") end(out);
        else state.slots.delete(message.client);
        return;
      case "closed":
        takeClosed(state, from, out);
        return;
      default:
        throw new Error(`a worker does not take ${message.kind}`);
    }
  },

  timeout(state, timer, out) {
    if (typeof timer === "string") {
      for (const { client, task, ok } of takeLogTimer(state, timer, out))
        goOn(state, client, task, ok, false, out);
    } else if (timer >= 0) reconnect(state, timer, out);
    else giveUpPipe(state, -timer, out);
  },
};

/** A C++ worker is one thread that blocks while it waits: it has no way to run branches at the same time. */
function checkSequential({ application, fn }: WorkerConfig): void {
  for (const method of application.methods) {
    if (method.fn !== fn || method.code.every(({ op }) => op !== "parallel")) continue;
    throw new Error(`${method.name} is written in C++ and has parallel branches, which a worker cannot run`);
  }
}

// ---- Slots -----------------------------------------------------------------------------------------------------------

function startSlot(state: WorkerState, client: ClientId, out: WorkerEffects): void {
  const { config, language, slots } = state;
  const { engine, launcher, fn } = config;
  if (language === "cpp" && slots.size > 0) {
    throw new Error(`worker ${client} is to be a process that is worker ${[...slots.keys()].join()} already`);
  }
  if (slots.size === 0) {
    out.watch(engine);
    out.watch(launcher);
  }
  const slot: Slot = {
    client,
    welcomed: false,
    held: [],
    run: undefined,
    open: [],
    outputs: [],
    counter: 0,
    used: false,
    seen: new Set(),
  };
  slots.set(client, slot);
  if (language === "go") raiseParallelism(state, out);
  out.send(engine, { kind: "workerHello", client, fn }, client % CHANNELS_PER_PROCESS);
}

/** Go: some slots share a thread. There are never fewer threads than there were. */
function raiseParallelism(state: WorkerState, out: WorkerEffects): void {
  const { settings, threads } = state.config;
  const wanted = Math.min(threads, Math.floor((state.slots.size - 1) / settings.goSlotsPerThread) + 1);
  if (wanted <= state.parallelism) return;
  state.parallelism = wanted;
  out.setParallelism(0, wanted);
}

/** The engine and the launcher are what a process lives by. */
function takeClosed(state: WorkerState, from: Address, out: WorkerEffects): void {
  const { engine, launcher } = state.config;
  if (from === engine || from === launcher) {
    if (state.slots.size > 0) end(out);
    return;
  }
  for (const { client, task } of loseConnections(state, from, out))
    goOn(state, client, task, false, false, out);
}

/** The process ends, with all that it had open. Another one is there to be started in its place. */
function end(out: WorkerEffects): void {
  out.count("worker.ended");
  out.crash(0);
}

// ---- Calls -----------------------------------------------------------------------------------------------------------

function takeDispatch(state: WorkerState, message: Dispatch, out: WorkerEffects): void {
  const slot = state.slots.get(message.client);
  if (slot === undefined) {
    out.count("worker.strangeDispatch");
    refuse(state, message.client, out);
    return;
  }
  if (slot.welcomed && slot.run === undefined) begin(state, slot, message, out);
  else {
    if (slot.welcomed) out.count("worker.dispatchedWhileBusy");
    slot.held.push(message);
  }
}

/** The engine takes this process for a worker that was in an earlier life of it, or has been stopped. */
function refuse({ config }: WorkerState, client: ClientId, out: WorkerEffects): void {
  out.send(config.engine, { kind: "workerGone", client }, client % CHANNELS_PER_PROCESS);
}

function beginHeld(state: WorkerState, slot: Slot, out: WorkerEffects): void {
  if (slot.held.length > 0 && slot.run === undefined) begin(state, slot, slot.held.shift()!, out);
}

function begin(state: WorkerState, slot: Slot, message: Dispatch, out: WorkerEffects): void {
  const { client } = slot;
  const { call, method, input, replyTo, session, sentNanos } = message;
  if (!slot.used) {
    slot.used = true;
    out.work(WORKER_WORK.firstCall, 1);
  }
  const startedNanos = clock(out);
  slot.run = {
    call,
    method,
    replyTo,
    execution: startExecution(input),
    startedNanos,
    dispatchDelayNanos: startedNanos - sentNanos,
    outputRequest: input.request,
    log: startSession(session),
  };
  const { node, fn } = state.config;
  const { request } = input;
  out.observe?.({ kind: "callBegun", node, fn, client, call, method, request } satisfies Observation);
  state.current = client;
  if (advance(slot.run.execution, 0, codeOf(state, method), HOST, state, out)) finish(state, slot, out);
}

function codeOf({ config }: WorkerState, method: number): Code {
  return config.application.methods[method]!.code;
}

/** A task of a slot's run has what it has waited for, or has not got it. */
function goOn(
  state: WorkerState,
  client: ClientId,
  task: number,
  ok: boolean,
  last: boolean,
  out: WorkerEffects,
): void {
  const slot = state.slots.get(client);
  // It was stopped meanwhile.
  if (slot === undefined) return;
  const { execution, method } = slot.run!;
  const code = codeOf(state, method);
  state.current = client;
  const ended = ok
    ? resume(execution, task, last, code, HOST, state, out)
    : fail(execution, task, code, HOST, state, out);
  if (ended) finish(state, slot, out);
}

/** The handler is through: its output is written, and the channel may have the next call. */
function finish(state: WorkerState, slot: Slot, out: WorkerEffects): void {
  const { client, outputs } = slot;
  const { call, method, replyTo, execution, startedNanos, dispatchDelayNanos, outputRequest } = slot.run!;
  const { engine, application, node, fn } = state.config;
  const ok = !hasFailed(execution);
  const { outputBytes } = application.methods[method]!;
  const bytes = ok ? Math.round(amountOf(outputBytes, execution.variables)) : 0;
  const output = { bytes, of: call, request: outputRequest };
  if (bytes > INLINE_BYTES_MAX) noteFile(state, call, "output", bytes, out);
  for (const each of outputs) noteFileRemoved(state, each, "output", out);
  outputs.length = 0;
  const sentNanos = clock(out);
  const processingNanos = sentNanos - startedNanos;
  if (replyTo !== undefined) {
    const to = replyTo.client;
    const connection = to % CHANNELS_PER_PROCESS;
    out.send(replyTo.process, { kind: "returned", client: to, call, ok, output, sentNanos }, connection);
  }
  out.send(
    engine,
    { kind: "done", client, call, ok, output, processingNanos, dispatchDelayNanos, sentNanos },
    client % CHANNELS_PER_PROCESS,
  );
  out.observe?.({ kind: "callEnded", node, fn, client, call, ok, processingNanos } satisfies Observation);
  slot.run = undefined;
  beginHeld(state, slot, out);
}

// ---- Results ---------------------------------------------------------------------------------------------------------

function takeReturned(state: WorkerState, message: Returned, out: WorkerEffects): void {
  const { client, call, ok, output } = message;
  const { node, settings } = state.config;
  const slot = state.slots.get(client);
  const at = slot === undefined ? -1 : placeOf(state, slot.open, call);
  if (at < 0) {
    out.count("worker.strangeResult");
    // Its own pipe was given up, and nobody else knows of the file.
    if (settings.nestedPipes && output.bytes > INLINE_BYTES_MAX) noteFileRemoved(state, call, "output", out);
    return;
  }
  const taken = closeCall(state, slot!, at, out);
  noteOutput(slot, output.request);
  const run = slot!.run!;
  out.observe?.({
    kind: "resultTaken",
    node,
    client,
    parent: run.call,
    call: taken.call,
    of: output.of,
    request: run.execution.request,
    outputRequest: output.request,
    ok,
  } satisfies Observation);
  if (output.bytes > INLINE_BYTES_MAX) {
    if (state.language === "cpp") slot!.outputs.push(output.of);
    else noteFileRemoved(state, output.of, "output", out);
  }
  goOn(state, client, taken.task, ok, false, out);
}

/** Which of the open calls a result is of; -1: none. The release's C++ library takes whatever comes for what it waits for. */
function placeOf({ language, config }: WorkerState, open: readonly OpenCall[], call: CallId): number {
  if (language === "cpp" && config.mutation === Bug.resultUncompared) return open.length - 1;
  for (let i = 0; i < open.length; i++) if (open[i]!.call === call) return i;
  return -1;
}

/** For checkers: a run hands on whose output it was given, if it was another request's. */
function noteOutput(slot: Slot | undefined, request: number): void {
  const run = slot?.run;
  if (run !== undefined && run.execution.request !== request) run.outputRequest = request;
}

/** C++: a pipe of a call's own has brought nothing in time. The call has failed for who made it, whatever becomes of it. */
function giveUpPipe(state: WorkerState, client: ClientId, out: WorkerEffects): void {
  const slot = state.slots.get(client);
  if (slot === undefined || slot.open.length === 0) return;
  out.count("worker.pipeTimeout");
  const given = closeCall(state, slot, 0, out);
  const { call, execution } = slot.run!;
  out.observe?.({
    kind: "resultTaken",
    node: state.config.node,
    client,
    parent: call,
    call: given.call,
    of: given.call,
    request: execution.request,
    outputRequest: execution.request,
    ok: false,
  } satisfies Observation);
  goOn(state, client, given.task, false, false, out);
}
