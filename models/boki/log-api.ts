/**
 * The function-side API of the log, for programs that run on function workers (docs/models/boki.md, "The API").
 *
 * A program is a generator function; each call here is used with `yield*` and gives the result, or throws a `LogError`
 * that the program may catch. For example, append and read back:
 *
 *     function* example() {
 *       const seqnum = yield* append([7], 1024, 1);
 *       const entry = yield* readPrev(7, seqnum);
 *       return entry?.record.data;
 *     }
 */

import type { Distribution } from "../../sim/distribution.ts";
import type { Bytes, Nanos } from "../../sim/units.ts";
import { SEQNUM_MAX, type Seqnum, type Tag } from "./identifiers.ts";
import type { AuxData, CallInput, LogRecord, OperationOutcome } from "./messages.ts";

/** What a program asks its worker for. */
export type LogRequest =
  | {
      readonly op: "append";
      readonly tags: readonly Tag[];
      readonly dataBytes: Bytes;
      readonly data?: number;
    }
  | {
      readonly op: "readNext" | "readPrev" | "checkTail" | "readNextBlock";
      readonly tag: Tag;
      readonly seqnum: Seqnum;
    }
  | { readonly op: "trim"; readonly tag: Tag; readonly seqnum: Seqnum }
  | { readonly op: "setAuxData"; readonly seqnum: Seqnum; readonly aux: AuxData }
  /** Calls a function on the same engine and waits for its output. */
  | { readonly op: "invoke"; readonly input: CallInput }
  | { readonly op: "sleep"; readonly nanos: Nanos }
  | { readonly op: "now" }
  /** An integer in [0, options). */
  | { readonly op: "choose"; readonly options: number }
  | { readonly op: "sample"; readonly distribution: Distribution }
  /** Several at once; the result is the list of their results. Requests in the list are log operations. */
  | { readonly op: "all"; readonly requests: readonly LogRequest[] };

/** How a log operation ended, as the worker hands it to the program. */
export interface LogResult {
  readonly outcome: OperationOutcome;
  readonly seqnum: Seqnum;
  readonly record: LogRecord | undefined;
  readonly aux: AuxData | undefined;
}

/** A log operation, an output, a time or a draw. */
export type RequestResult = LogResult | number | { readonly output: unknown } | readonly RequestResult[];

export type LogProgram<Args = unknown> = (args: Args) => Generator<LogRequest, ProgramEnd, RequestResult>;

/** A program ends with an output, or goes on anew with other arguments and an empty list of results. */
export type ProgramEnd = { readonly output: unknown } | { readonly again: unknown };

export interface LogEntry {
  readonly seqnum: Seqnum;
  readonly record: LogRecord;
  readonly aux: AuxData | undefined;
}

/** An operation that the log refused or could not carry out. */
export class LogError extends Error {
  readonly outcome: OperationOutcome;

  constructor(operation: string, outcome: OperationOutcome) {
    super(`${operation}: ${outcome}`);
    this.name = "LogError";
    this.outcome = outcome;
  }
}

type Steps<Result> = Generator<LogRequest, Result, RequestResult>;

/**
 * Appends a record; returns its seqnum. Tags are a set: duplicates count once, 0 and the invalid tag are refused.
 * `data` stands for the payload and is numbered by the worker when it is left out.
 */
export function* append(tags: readonly Tag[], dataBytes: Bytes, data?: number): Steps<Seqnum> {
  const result = (yield data === undefined
    ? { op: "append", tags, dataBytes }
    : { op: "append", tags, dataBytes, data }) as LogResult;
  if (result.outcome !== "ok") throw new LogError("append", result.outcome);
  return result.seqnum;
}

/** The record with the smallest seqnum at or after `seqnum` that carries the tag; tag 0: any record of the LogBook. */
export function* readNext(tag: Tag, seqnum: Seqnum): Steps<LogEntry | undefined> {
  return yield* read("readNext", tag, seqnum);
}

/** The record with the largest seqnum at or before `seqnum`. */
export function* readPrev(tag: Tag, seqnum: Seqnum): Steps<LogEntry | undefined> {
  return yield* read("readPrev", tag, seqnum);
}

/** The newest record the index knows of. Not linearizable: it may be older than the newest there is. */
export function* checkTail(tag: Tag): Steps<LogEntry | undefined> {
  return yield* read("checkTail", tag, SEQNUM_MAX);
}

/** Like readNext, but waits for a match until the limit of a second has passed. */
export function* readNextBlock(tag: Tag, seqnum: Seqnum): Steps<LogEntry | undefined> {
  return yield* read("readNextBlock", tag, seqnum);
}

function* read(
  op: "readNext" | "readPrev" | "checkTail" | "readNextBlock",
  tag: Tag,
  seqnum: Seqnum,
): Steps<LogEntry | undefined> {
  const result = (yield { op, tag, seqnum }) as LogResult;
  if (result.outcome === "empty") return undefined;
  if (result.outcome !== "ok") throw new LogError(op, result.outcome);
  return { seqnum: result.seqnum, record: result.record!, aux: result.aux };
}

/** Attaches a hint to a record: best effort, no order, no durability. */
export function* setAuxData(seqnum: Seqnum, aux: AuxData): Steps<void> {
  const result = (yield { op: "setAuxData", seqnum, aux }) as LogResult;
  if (result.outcome !== "ok") throw new LogError("setAuxData", result.outcome);
}

/**
 * Gives up the LogBook's records below `seqnum`: all of them for tag 0, or as far as the tag goes. Throws when the view is
 * about to end; the trim may have taken place all the same, and doing it again does no harm.
 */
export function* trim(tag: Tag, seqnum: Seqnum): Steps<void> {
  const result = (yield { op: "trim", tag, seqnum }) as LogResult;
  if (result.outcome !== "ok") throw new LogError("trim", result.outcome);
}

/** Calls a function on the same engine; it starts having seen all that this call has seen, and this call goes on having seen what it has. */
export function* invoke(input: CallInput): Steps<unknown> {
  return ((yield { op: "invoke", input }) as { output: unknown }).output;
}

export function* sleep(nanos: Nanos): Steps<void> {
  yield { op: "sleep", nanos };
}

export function* now(): Steps<Nanos> {
  return (yield { op: "now" }) as number;
}

export function* choose(options: number): Steps<number> {
  return (yield { op: "choose", options }) as number;
}

export function* sample(distribution: Distribution): Steps<number> {
  return (yield { op: "sample", distribution }) as number;
}

/** Carries out several log operations at once; the results are in the order of the requests. */
export function* all(requests: readonly LogRequest[]): Steps<readonly LogResult[]> {
  return (yield { op: "all", requests }) as readonly LogResult[];
}
