/**
 * A function worker: runs one call at a time as a sequential program, and carries its log operations to the engine through
 * a pair of pipes, as the worker library does (docs/models/boki.md, "The API").
 *
 * An operation is matched to its response by a number that this worker counts up. An append that the engine discards,
 * because its view is being replaced, is certainly not in the log, so it is retried: four times, after 5, 10, 20 and 40 ms.
 * Nothing else is retried.
 */

import type { Address, Effects, Machine, OperationId } from "../../sim/machine.ts";
import { type ProgramRun, type Progress, resumeProgram, startProgram } from "../../sim/program.ts";
import type { Bytes, Nanos } from "../../sim/units.ts";
import { MILLISECOND } from "../../sim/units.ts";
import { join, SEQNUM_MAX, TAG_ALL, TAG_INVALID } from "./identifiers.ts";
import type { LogProgram, LogRequest, LogResult, ProgramEnd, RequestResult } from "./log-api.ts";
import { LogError } from "./log-api.ts";
import type { BokiMessage, CallId } from "./messages.ts";
import { Mutation } from "./mutations.ts";
import type { Observation } from "./observations.ts";

export interface WorkerConfig {
  readonly engine: Address;
  readonly appendBytesMax: Bytes;
  readonly auxBytesMax: Bytes;
  readonly mutation: number;
}

/** An operation that has no response yet. */
interface OpenOperation {
  readonly request: LogRequest;
  /** Its place in the list of an `all`, or 0. */
  readonly slot: number;
  readonly measured: OperationId;
  /** Identity of an appended payload, the same in every attempt. */
  readonly data: number;
  attempt: number;
}

interface RunningCall {
  readonly call: CallId;
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
}

type WorkerEffects = Effects<BokiMessage>;

const RETRY_SLEEPS: readonly Nanos[] = [
  5 * MILLISECOND,
  10 * MILLISECOND,
  20 * MILLISECOND,
  40 * MILLISECOND,
];
const WAKE = "sleep";
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

  function begin(state: WorkerState, call: CallId, program: string, args: unknown, out: WorkerEffects): void {
    const run: ProgramRun<unknown, RequestResult> = { id: state.nextRun++, args, results: [] };
    state.call = { call, program, run, results: [], missing: 0, several: false };
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
          begin(state, running.call, running.program, end.again, out);
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

  return {
    start: (config) => ({
      config,
      call: undefined,
      open: new Map(),
      nextClient: 0,
      nextRun: 0,
      nextChild: 0,
    }),

    receive(state, _from, message, out) {
      switch (message.kind) {
        case "call":
          begin(state, message.call, message.input.program, message.input.args, out);
          return;

        case "opResult": {
          const open = state.open.get(message.client);
          if (open === undefined) {
            out.count("worker.unknownResult");
            return;
          }
          if (message.outcome === "discarded" && open.attempt < RETRY_SLEEPS.length) {
            out.setTimer(`retry ${message.client}`, RETRY_SLEEPS[open.attempt]!);
            open.attempt++;
            return;
          }
          const { slot } = open;
          const { outcome, seqnum, record, aux } = message;
          const result: LogResult = { outcome, seqnum, record, aux };
          const ended = outcome === "ok" || outcome === "empty" ? "ok" : "failed";
          out.complete(open.measured, ended, { ...result, progress: message.progress });
          if (open.request.op === "append") {
            out.observe?.({ kind: "appendReturned", data: open.data } satisfies Observation);
          }
          state.open.delete(message.client);
          finish(state, slot, result, out);
          return;
        }

        case "invokeResult": {
          const open = state.open.get(message.client)!;
          const { slot } = open;
          out.complete(open.measured, "ok", message.output);
          state.open.delete(message.client);
          finish(state, slot, { output: message.output }, out);
          return;
        }

        default:
          throw new Error(`a worker does not take ${message.kind}`);
      }
    },

    timeout(state, timer, out) {
      if (timer === WAKE) {
        finish(state, 0, 0, out);
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
    const { call } = running;
    const { engine, appendBytesMax, auxBytesMax, mutation } = state.config;
    if (request.op === "sleep" && !running.several) {
      out.setTimer(WAKE, request.nanos);
      return;
    }
    const client = state.nextClient++;
    const refused = isRefused(request, appendBytesMax, auxBytesMax);
    const data = request.op === "append" ? (request.data ?? join(out.self, client)) : 0;
    const measured = out.begin(request.op, describe(request, call, data));
    if (refused) {
      const result: LogResult = { outcome: "badArguments", seqnum: 0, record: undefined, aux: undefined };
      out.complete(measured, "failed", result);
      running.results[slot] = result;
      running.missing--;
      return;
    }
    const open: OpenOperation = { request, slot, measured, data, attempt: 0 };
    state.open.set(client, open);
    switch (request.op) {
      case "append":
        out.observe?.({ kind: "appendBegun", data } satisfies Observation);
        sendAppend(state, client, open, out);
        if (mutation === Mutation.retriesSlowAppend) out.setTimer(`retry ${client}`, SLOW_APPEND_NANOS);
        return;
      case "readNext":
      case "readPrev":
      case "checkTail":
      case "readNextBlock": {
        const direction =
          request.op === "readNext" ? "next" : request.op === "readNextBlock" ? "nextBlock" : "prev";
        // Reading the tail is reading backwards from above every seqnum.
        const seqnum = request.op === "checkTail" ? SEQNUM_MAX : request.seqnum;
        out.send(engine, { kind: "read", call, client, direction, tag: request.tag, seqnum });
        return;
      }
      case "setAuxData":
        out.send(engine, { kind: "setAux", call, client, seqnum: request.seqnum, aux: request.aux });
        return;
      case "invoke":
        out.send(engine, {
          kind: "invoke",
          call,
          client,
          child: join(out.self, state.nextChild++),
          input: request.input,
        });
        return;
      default:
        throw new Error(`${request.op} is no operation that can be one of several`);
    }
  }

  function sendAppend(state: WorkerState, client: number, open: OpenOperation, out: WorkerEffects): void {
    const { request, data } = open;
    if (request.op !== "append") return;
    // Tags are a set; the library drops duplicates before anything is sent.
    const tags =
      new Set(request.tags).size === request.tags.length ? request.tags : [...new Set(request.tags)];
    const { call } = state.call!;
    out.send(state.config.engine, { kind: "append", call, client, tags, dataBytes: request.dataBytes, data });
  }
}

/** What the library refuses before it reaches the engine. */
function isRefused(request: LogRequest, appendBytesMax: Bytes, auxBytesMax: Bytes): boolean {
  if (request.op === "append") {
    const tags = new Set(request.tags);
    if (tags.has(TAG_ALL) || tags.has(TAG_INVALID)) return true;
    return request.dataBytes < 1 || request.dataBytes + 8 * tags.size > appendBytesMax;
  }
  return request.op === "setAuxData" && (request.aux.sizeBytes < 1 || request.aux.sizeBytes > auxBytesMax);
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

/** What the history keeps of an invocation. */
function describe(request: LogRequest, call: CallId, data: number): object {
  return request.op === "append" ? { call, tags: request.tags, data } : { call, ...request };
}
