/**
 * Operations of the shared log that a worker's code asks for, where the runtime has a log (docs/models/stack.md, "Operations"):
 * what the log's own worker library does (models/boki/log-client.ts), for the slots of a process.
 *
 * An operation goes over the slot's channel as one message and its result comes back as one, told apart by a number that is
 * never used twice. An append that was discarded is certainly not in the log and is tried again, a few times. An operation that
 * takes too long ends without anybody knowing whether it took place.
 */

import type { Nanos } from "../../sim/units.ts";
import type { LogPlace } from "../applications/application.ts";
import type { LogStep } from "../applications/execution.ts";
import { join, SEQNUM_MAX, type Seqnum } from "../boki/identifiers.ts";
import type { LogResult } from "../boki/log-api.ts";
import {
  askOf,
  describeOperation,
  isRefused,
  LOOKS_PER_TIMEOUT,
  type LogOperation,
  outcomeOf,
  RETRY_SLEEPS,
} from "../boki/log-client.ts";
import type { CallId as LogCallId } from "../boki/messages.ts";
import type { Observation } from "../boki/observations.ts";
import { observeBegun, observeReturned } from "../boki/worker-observations.ts";
import { CHANNELS_PER_PROCESS } from "./config.ts";
import { type ClientId, callIdOf, clientOf, type LogAnswer, type LogSession } from "./messages.ts";
import {
  LOG_TIMEOUT,
  type LogTimer,
  type OpenLogOperation,
  RETRY,
  type Run,
  type SessionRun,
  type WorkerEffects,
  type WorkerState,
} from "./worker-state.ts";

/** A task of a slot has what it has asked the log for, or has not got it. */
export interface LogEnd {
  readonly client: ClientId;
  readonly task: number;
  readonly ok: boolean;
}

/** A body that has not asked the log for anything yet. */
export function startSession(session: LogSession | undefined): SessionRun | undefined {
  if (session === undefined) return undefined;
  return { session, request: 0, open: 0, appended: undefined, found: undefined };
}

/**
 * A number for what a body asks for. `request`: the number of the first thing it has asked for since it last waited for
 * nothing. Branches ask for things at once, and what one of them is given tells the others nothing yet.
 */
function ask(state: WorkerState, run: SessionRun): number {
  const number = state.nextLogNumber++;
  if (run.open === 0) run.request = number;
  run.open++;
  return number;
}

export function askLog(
  state: WorkerState,
  task: number,
  step: LogStep,
  amounts: { readonly tag: number; readonly bytes: number },
  out: WorkerEffects,
): void {
  const client = state.current;
  const { log: run } = state.slots.get(client)!.run!;
  const { log } = state.config;
  if (run === undefined || log === undefined) {
    const { name } = state.config.application.functions[state.config.fn]!;
    throw new Error(`${name} asks for ${step.operation}, and this runtime has no log`);
  }
  const { session } = run;
  const number = ask(state, run);
  const data = join(out.self, number);
  const request = requestOf(step, amounts, run, data);
  const measured = out.begin(
    request.op,
    describeOperation(request, session.call, session.logBook, request.op === "append" ? data : 0),
  );
  const operation: OpenLogOperation = {
    ...session,
    number: run.request,
    request,
    data,
    child: 0,
    client,
    task,
    measured,
    begunNanos: out.now,
    attempt: 0,
    refused: isRefused(request, log.appendBytesMax, log.auxBytesMax),
  };
  const id = callIdOf(client, number);
  state.operations.set(id, operation);
  // What the library refuses itself is answered in a step of its own: nothing is answered while it is asked.
  if (operation.refused) {
    out.setTimer(`${RETRY}${id}`, 0);
    return;
  }
  armTimeout(state, log.operationTimeoutNanos, out);
  observeBegun(operation, out);
  send(state, id, operation, out);
}

function requestOf(
  { operation, place }: LogStep,
  { tag, bytes }: { readonly tag: number; readonly bytes: number },
  run: SessionRun,
  data: number,
): LogOperation {
  switch (operation) {
    case "append":
      return { op: "append", tags: tag === 0 ? [] : [tag], dataBytes: bytes };
    case "readNext":
    case "readPrev":
    case "checkTail":
    case "readNextBlock":
      return { op: operation, tag, seqnum: seqnumAt(place, run) };
    case "setAuxData":
      return { op: "setAuxData", seqnum: seqnumAt(place, run), aux: { data, sizeBytes: bytes } };
    case "trim":
      return { op: "trim", tag, seqnum: seqnumAt(place, run) };
  }
}

function seqnumAt(place: LogPlace, { appended, found }: SessionRun): Seqnum {
  switch (place) {
    case "start":
      return 0;
    case "tail":
      return SEQNUM_MAX;
    case "appended":
      return appended ?? 0;
    case "found":
      return found ?? 0;
    case "behindFound":
      return found === undefined ? 0 : found + 1;
  }
}

function send({ config }: WorkerState, id: number, operation: OpenLogOperation, out: WorkerEffects): void {
  const { request, call, data, client } = operation;
  out.send(config.engine, askOf(request, call, id, data), client % CHANNELS_PER_PROCESS);
}

/** Undefined: nobody waits for it any more, or it is not over. */
export function takeLogAnswer(
  state: WorkerState,
  { client: id, outcome, seqnum, record, aux, progress }: LogAnswer,
  out: WorkerEffects,
): LogEnd | undefined {
  const operation = state.operations.get(id);
  if (operation === undefined) {
    out.count("worker.unknownResult");
    return undefined;
  }
  if (outcome === "discarded" && operation.attempt < RETRY_SLEEPS.length) {
    out.setTimer(`${RETRY}${id}`, RETRY_SLEEPS[operation.attempt]!);
    operation.attempt++;
    return undefined;
  }
  return end(state, id, operation, { outcome, seqnum, record, aux }, progress, out);
}

/** A timer of the log's has expired: what has ended by it. */
export function takeLogTimer(state: WorkerState, timer: LogTimer, out: WorkerEffects): readonly LogEnd[] {
  if (timer === LOG_TIMEOUT) return endOverdue(state, out);
  const id = Number(timer.slice(RETRY.length));
  const operation = state.operations.get(id);
  if (operation === undefined) return [];
  if (operation.refused) return [end(state, id, operation, withoutRecord("badArguments"), 0, out)];
  send(state, id, operation, out);
  return [];
}

function endOverdue(state: WorkerState, out: WorkerEffects): LogEnd[] {
  const { operationTimeoutNanos } = state.config.log!;
  state.logTimeoutArmed = false;
  const ended: LogEnd[] = [];
  for (const [id, operation] of [...state.operations]) {
    if (out.now - operation.begunNanos < operationTimeoutNanos) continue;
    ended.push(end(state, id, operation, withoutRecord("timedOut"), 0, out));
  }
  if (state.operations.size > 0) armTimeout(state, operationTimeoutNanos, out);
  return ended;
}

function armTimeout(state: WorkerState, operationTimeoutNanos: Nanos, out: WorkerEffects): void {
  if (state.logTimeoutArmed) return;
  state.logTimeoutArmed = true;
  out.setTimer(LOG_TIMEOUT, Math.ceil(operationTimeoutNanos / LOOKS_PER_TIMEOUT));
}

function withoutRecord(outcome: LogResult["outcome"]): LogResult {
  return { outcome, seqnum: 0, record: undefined, aux: undefined };
}

function end(
  state: WorkerState,
  id: number,
  operation: OpenLogOperation,
  result: LogResult,
  progress: number,
  out: WorkerEffects,
): LogEnd {
  const { request, measured, task, refused } = operation;
  const { outcome, seqnum } = result;
  const ok = outcome === "ok" || outcome === "empty";
  const client = clientOf(id);
  state.operations.delete(id);
  out.complete(measured, outcomeOf(outcome), { ...result, progress });
  if (!refused) observeReturned(operation, result, out);
  // A slot is stopped only while it is idle.
  const run = state.slots.get(client)!.run!.log!;
  run.open--;
  if (outcome === "ok" && request.op === "append") run.appended = seqnum;
  else if (outcome === "ok" && result.record !== undefined) run.found = seqnum;
  return { client, task, ok };
}

// ---- Calls that carry what has been seen -----------------------------------------------------------------------------

/** The log's numbers for a call that a body makes; undefined: there is no log. */
export function sessionForCall(
  state: WorkerState,
  run: Run,
  out: WorkerEffects,
): { readonly call: LogCallId; readonly parent: LogCallId } | undefined {
  const { log } = run;
  if (log === undefined) return undefined;
  const child = join(out.self, ask(state, log));
  const { call } = log.session;
  out.observe?.({ kind: "invokeBegun", call, request: log.request, child } satisfies Observation);
  return { call: child, parent: call };
}

/** A call that a body made is over for it. Of an asynchronous one it is shown nothing. */
export function endCallOf(
  run: Run,
  { session, async }: { readonly session: LogCallId | undefined; readonly async: boolean },
  out: WorkerEffects,
): void {
  const { log } = run;
  if (log === undefined || session === undefined) return;
  log.open--;
  if (async) return;
  const { call } = log.session;
  out.observe?.({ kind: "invokeReturned", call, request: log.request, child: session } satisfies Observation);
}
