/**
 * A function worker: runs one call at a time as a sequential program, and carries its log operations to the engine through
 * a pair of pipes, as the worker library does (docs/models/boki.md, "The API").
 *
 * An operation is matched to its response by a number that this worker counts up. An append that the engine discards,
 * because its view is being replaced, is certainly not in the log, so it is retried: four times, after 5, 10, 20 and 40 ms.
 * Nothing else is retried. An operation that takes too long ends without anybody knowing whether it took place.
 *
 * When the engine does not know the call any more, it and what it has under way are given up: an engine that has booted says so,
 * or answers an operation as cancelled, or gives the worker another call.
 */

import type { Address, Effects, Machine, OperationId } from "../../sim/machine.ts";
import { type ProgramRun, type Progress, resumeProgram, startProgram } from "../../sim/program.ts";
import type { Bytes, Nanos } from "../../sim/units.ts";
import { MILLISECOND } from "../../sim/units.ts";
import type { Defects } from "./defects.ts";
import { firstNumber, join, type LogBookId } from "./identifiers.ts";
import type { LogProgram, LogRequest, LogResult, ProgramEnd, RequestResult } from "./log-api.ts";
import { LogError } from "./log-api.ts";
import {
  askOf,
  describeOperation,
  isRefused,
  LOOKS_PER_TIMEOUT,
  outcomeOf,
  RETRY_SLEEPS,
} from "./log-client.ts";
import type { BokiMessage, CallId, EngineToWorker } from "./messages.ts";
import { Mutation } from "./mutations.ts";
import {
  type ObservedOperation,
  observeBegun,
  observeInvoked,
  observeReturned,
} from "./worker-observations.ts";

export interface WorkerConfig {
  readonly engine: Address;
  readonly appendBytesMax: Bytes;
  readonly auxBytesMax: Bytes;
  readonly operationTimeoutNanos: Nanos;
  readonly mutation: number;
  readonly defects: Defects;
}

/** An operation that has no response yet. */
interface OpenOperation extends ObservedOperation {
  /** Its place in the list of an `all`, or 0. */
  readonly slot: number;
  readonly measured: OperationId;
  readonly begunNanos: Nanos;
  attempt: number;
}

interface RunningCall {
  readonly call: CallId;
  readonly logBook: LogBookId;
  readonly program: string;
  readonly run: ProgramRun<unknown, RequestResult>;
  /** Results of the operations of the current request, as they come in. */
  results: (RequestResult | undefined)[];
  missing: number;
  /** Whether the current request is an `all`. */
  several: boolean;
}

export interface WorkerState {
  readonly config: WorkerConfig;
  call: RunningCall | undefined;
  open: Map<number, OpenOperation>;
  nextClient: number;
  nextRun: number;
  nextChild: number;
  /** The timer that looks for operations that take too long is set. */
  timeoutArmed: boolean;
}

type WorkerEffects = Effects<BokiMessage>;

const WAKE = "sleep";
const TIMEOUT = "timeout";
/** After this long the slip `retriesSlowAppend` sends an append again. */
const SLOW_APPEND_NANOS: Nanos = MILLISECOND;

/** A worker that knows the given programs. They are code, so they are no part of its state. */
export function createWorker(
  programs: Readonly<Record<string, LogProgram<never>>>,
): Machine<WorkerConfig, WorkerState, BokiMessage> {
  function programOf(name: string): LogProgram {
    const program = programs[name];
    if (program === undefined) throw new Error(`a worker has no program ${name}`);
    return program as LogProgram;
  }

  function begin(
    state: WorkerState,
    of: Pick<RunningCall, "call" | "logBook" | "program">,
    args: unknown,
    out: WorkerEffects,
  ): void {
    const { call, logBook, program } = of;
    const run: ProgramRun<unknown, RequestResult> = { id: state.nextRun++, args, results: [] };
    state.call = { call, logBook, program, run, results: [], missing: 0, several: false };
    follow(state, startProgram(programOf(program), run, out.programs), out);
  }

  /** Carries out what the program asks for, until it has to wait. */
  function follow(state: WorkerState, first: Progress<LogRequest, ProgramEnd>, out: WorkerEffects): void {
    let progress = first;
    for (;;) {
      const running = state.call!;
      if (progress.done) {
        const end = progress.answer;
        if ("again" in end) {
          begin(state, running, end.again, out);
          return;
        }
        state.call = undefined;
        out.send(state.config.engine, { kind: "callDone", call: running.call, output: end.output });
        return;
      }
      const { request } = progress;
      const immediate = immediateResult(request, out);
      if (immediate === undefined) {
        running.several = request.op === "all";
        const requests = request.op === "all" ? request.requests : [request];
        running.results = requests.map(() => undefined);
        running.missing = requests.length;
        requests.forEach((each, slot) => {
          issue(state, each, slot, out);
        });
        if (running.missing > 0) return;
      }
      const result =
        immediate ?? (running.several ? (running.results as RequestResult[]) : running.results[0]!);
      progress = resume(state, result, out);
    }
  }

  function resume(
    state: WorkerState,
    result: RequestResult,
    out: WorkerEffects,
  ): Progress<LogRequest, ProgramEnd> {
    const running = state.call!;
    try {
      return resumeProgram(programOf(running.program), running.run, result, out.programs);
    } catch (error) {
      // A program that does not catch an error of the log fails its call; any other error is a bug of the program.
      if (!(error instanceof LogError)) throw error;
      out.programs.delete(running.run.id);
      return { done: true, answer: { output: { error: error.outcome } } };
    }
  }

  function finish(state: WorkerState, slot: number, result: RequestResult, out: WorkerEffects): void {
    const running = state.call!;
    running.results[slot] = result;
    running.missing--;
    if (running.missing > 0) return;
    const all = running.results as RequestResult[];
    follow(state, resume(state, running.several ? [...all] : all[0]!, out), out);
  }

  /** Ends the running call: nobody waits for its output any more, and what it had under way may or may not take place. */
  function giveUp(state: WorkerState, out: WorkerEffects): void {
    if (state.call === undefined) return;
    for (const { measured } of state.open.values()) out.complete(measured, "unknown");
    state.open.clear();
    out.cancelTimer(WAKE);
    out.programs.delete(state.call.run.id);
    state.call = undefined;
    out.count("worker.callGivenUp");
  }

  function takeResult(
    state: WorkerState,
    message: Extract<EngineToWorker, { kind: "opResult" }>,
    out: WorkerEffects,
  ): void {
    const { client, outcome, seqnum, record, aux, progress } = message;
    const open = state.open.get(client);
    if (open === undefined) {
      out.count("worker.unknownResult");
      return;
    }
    if (outcome === "cancelled") {
      giveUp(state, out);
      return;
    }
    if (outcome === "discarded" && open.attempt < RETRY_SLEEPS.length) {
      out.setTimer(`retry ${client}`, RETRY_SLEEPS[open.attempt]!);
      open.attempt++;
      return;
    }
    end(state, client, open, { outcome, seqnum, record, aux }, progress, out);
  }

  /** Ends an operation with its result. */
  function end(
    state: WorkerState,
    client: number,
    open: OpenOperation,
    result: LogResult,
    progress: number,
    out: WorkerEffects,
  ): void {
    const { slot, measured } = open;
    out.complete(measured, outcomeOf(result.outcome), { ...result, progress });
    observeReturned(open, result, out);
    state.open.delete(client);
    finish(state, slot, result, out);
  }

  /** Gives up the operations that have taken too long, and looks again as long as there are others. */
  function endOverdue(state: WorkerState, out: WorkerEffects): void {
    const { operationTimeoutNanos, defects } = state.config;
    state.timeoutArmed = false;
    for (const [client, open] of [...state.open]) {
      const { request, begunNanos } = open;
      if (request.op === "invoke" || out.now - begunNanos < operationTimeoutNanos) continue;
      // The program may have ended its call because of the one before.
      if (!state.open.has(client)) continue;
      const looksEmpty = defects.cancelledReadLooksEmpty && isRead(request);
      const outcome = looksEmpty ? "empty" : "timedOut";
      end(state, client, open, { outcome, seqnum: 0, record: undefined, aux: undefined }, 0, out);
    }
    if (state.open.size > 0) armTimeout(state, out);
  }

  function armTimeout(state: WorkerState, out: WorkerEffects): void {
    const { operationTimeoutNanos, defects } = state.config;
    if (state.timeoutArmed || defects.noTimeouts) return;
    state.timeoutArmed = true;
    out.setTimer(TIMEOUT, Math.ceil(operationTimeoutNanos / LOOKS_PER_TIMEOUT));
  }

  return {
    start(config, out) {
      out.send(config.engine, { kind: "workerStarted" });
      // No two lives count from the same: what comes late for an earlier one belongs to nothing here.
      const first = firstNumber(out.now);
      return {
        config,
        call: undefined,
        open: new Map(),
        nextClient: first,
        nextRun: first,
        nextChild: first,
        timeoutArmed: false,
      };
    },

    receive(state, _from, message, out) {
      switch (message.kind) {
        case "call":
          if (state.call?.call === message.call) {
            out.count("worker.callAgain");
            return;
          }
          giveUp(state, out);
          begin(state, { ...message, program: message.input.program }, message.input.args, out);
          return;

        case "opResult":
          takeResult(state, message, out);
          return;

        case "invokeResult": {
          const open = state.open.get(message.client);
          if (open === undefined) {
            out.count("worker.unknownResult");
            return;
          }
          const { slot } = open;
          out.complete(open.measured, "ok", message.output);
          observeInvoked(open, out);
          state.open.delete(message.client);
          finish(state, slot, { output: message.output }, out);
          return;
        }

        case "engineStarted":
          giveUp(state, out);
          return;

        default:
          throw new Error(`a worker does not take ${message.kind}`);
      }
    },

    timeout(state, timer, out) {
      if (timer === WAKE) {
        finish(state, 0, 0, out);
        return;
      }
      if (timer === TIMEOUT) {
        endOverdue(state, out);
        return;
      }
      const client = Number(String(timer).slice("retry ".length));
      const open = state.open.get(client);
      if (open !== undefined) sendAppend(state, client, open, out);
    },
  };

  /** Carries out one operation of a request; what needs no answer from elsewhere is answered at once. */
  function issue(state: WorkerState, request: LogRequest, slot: number, out: WorkerEffects): void {
    const running = state.call!;
    const { call, logBook } = running;
    const { engine, appendBytesMax, auxBytesMax, mutation } = state.config;
    if (request.op === "sleep" && !running.several) {
      out.setTimer(WAKE, request.nanos);
      return;
    }
    const client = state.nextClient++;
    const refused = isRefused(request, appendBytesMax, auxBytesMax);
    const data = request.op === "append" ? (request.data ?? join(out.self, client)) : 0;
    const measured = out.begin(request.op, describeOperation(request, call, logBook, data));
    if (refused) {
      const result: LogResult = { outcome: "badArguments", seqnum: 0, record: undefined, aux: undefined };
      out.complete(measured, "failed", result);
      running.results[slot] = result;
      running.missing--;
      return;
    }
    const child = request.op === "invoke" ? join(out.self, state.nextChild++) : 0;
    const number = client - slot;
    const open: OpenOperation = {
      call,
      logBook,
      number,
      request,
      data,
      child,
      slot,
      measured,
      begunNanos: out.now,
      attempt: 0,
    };
    state.open.set(client, open);
    armTimeout(state, out);
    observeBegun(open, out);
    switch (request.op) {
      case "append":
        sendAppend(state, client, open, out);
        if (mutation === Mutation.retriesSlowAppend) out.setTimer(`retry ${client}`, SLOW_APPEND_NANOS);
        return;
      case "readNext":
      case "readPrev":
      case "checkTail":
      case "readNextBlock":
      case "setAuxData":
      case "trim":
        out.send(engine, askOf(request, call, client, data));
        return;
      case "invoke":
        out.send(engine, { kind: "invoke", call, client, child, input: request.input });
        return;
      default:
        throw new Error(`${request.op} is no operation that can be one of several`);
    }
  }

  function sendAppend(state: WorkerState, client: number, open: OpenOperation, out: WorkerEffects): void {
    const { request, data } = open;
    if (request.op !== "append") return;
    out.send(state.config.engine, askOf(request, state.call!.call, client, data));
  }
}

function isRead({ op }: LogRequest): boolean {
  return op === "readNext" || op === "readPrev" || op === "checkTail" || op === "readNextBlock";
}

function immediateResult(request: LogRequest, out: WorkerEffects): RequestResult | undefined {
  switch (request.op) {
    case "now":
      return out.now;
    case "choose":
      return out.choose(request.options);
    case "sample":
      return out.sample(request.distribution);
    default:
      return undefined;
  }
}
