/**
 * What every worker library of the log does with an operation, whatever runs the function: it checks the arguments, makes the
 * message of it, and says how it ended (docs/models/boki.md, "The API").
 */

import type { Outcome } from "../../sim/machine.ts";
import type { Bytes, Nanos } from "../../sim/units.ts";
import { MILLISECOND } from "../../sim/units.ts";
import { type LogBookId, SEQNUM_MAX, TAG_ALL, TAG_INVALID } from "./identifiers.ts";
import type { LogRequest } from "./log-api.ts";
import type { CallId, OperationOutcome, WorkerToEngine } from "./messages.ts";

/** An append that the engine has discarded is tried again after each of these. */
export const RETRY_SLEEPS: readonly Nanos[] = [
  5 * MILLISECOND,
  10 * MILLISECOND,
  20 * MILLISECOND,
  40 * MILLISECOND,
];

/** How often operations that take too long are looked for, per time that they may take. */
export const LOOKS_PER_TIMEOUT = 4;

/** What a function asks the log for. */
export type LogOperation = Extract<
  LogRequest,
  { op: "append" | "readNext" | "readPrev" | "checkTail" | "readNextBlock" | "setAuxData" | "trim" }
>;

/** The message of an operation to the engine. */
export type LogAsk = Extract<WorkerToEngine, { kind: "append" | "read" | "setAux" | "trim" }>;

/** `client` numbers the operation at its worker, `data` stands for an appended payload. */
export function askOf(request: LogOperation, call: CallId, client: number, data: number): LogAsk {
  switch (request.op) {
    case "append": {
      // Tags are a set; the library drops duplicates before anything is sent.
      const tags =
        new Set(request.tags).size === request.tags.length ? request.tags : [...new Set(request.tags)];
      return { kind: "append", call, client, tags, dataBytes: request.dataBytes, data };
    }
    case "readNext":
      return { kind: "read", call, client, direction: "next", tag: request.tag, seqnum: request.seqnum };
    case "readNextBlock":
      return { kind: "read", call, client, direction: "nextBlock", tag: request.tag, seqnum: request.seqnum };
    case "readPrev":
      return { kind: "read", call, client, direction: "prev", tag: request.tag, seqnum: request.seqnum };
    case "checkTail":
      // Reading the tail is reading backwards from above every seqnum.
      return { kind: "read", call, client, direction: "prev", tag: request.tag, seqnum: SEQNUM_MAX };
    case "setAuxData":
      return { kind: "setAux", call, client, seqnum: request.seqnum, aux: request.aux };
    case "trim":
      return { kind: "trim", call, client, tag: request.tag, seqnum: request.seqnum };
  }
}

/** How an operation ended, for the history: a trim that failed may have taken place all the same. */
export function outcomeOf(outcome: OperationOutcome): Outcome {
  if (outcome === "ok" || outcome === "empty") return "ok";
  return outcome === "timedOut" || outcome === "trimFailed" ? "unknown" : "failed";
}

/** What the library refuses before it reaches the engine. */
export function isRefused(request: LogRequest, appendBytesMax: Bytes, auxBytesMax: Bytes): boolean {
  if (request.op === "append") {
    const tags = new Set(request.tags);
    if (tags.has(TAG_ALL) || tags.has(TAG_INVALID)) return true;
    return request.dataBytes < 1 || request.dataBytes + 8 * tags.size > appendBytesMax;
  }
  return request.op === "setAuxData" && (request.aux.sizeBytes < 1 || request.aux.sizeBytes > auxBytesMax);
}

/** What the history keeps of an invocation. */
export function describeOperation(
  request: LogRequest,
  call: CallId,
  logBook: LogBookId,
  data: number,
): object {
  return request.op === "append"
    ? { call, logBook, tags: request.tags, data }
    : { call, logBook, ...request };
}
