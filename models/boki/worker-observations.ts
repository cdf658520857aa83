/**
 * What a worker tells observers of the operations of its function: what is asked for, and what comes of it. It is all that
 * function code sees of the log, and what the checks of sessions go by (invariants/session-checks.ts).
 */

import type { Effects } from "../../sim/machine.ts";
import { type LogBookId, SEQNUM_MAX } from "./identifiers.ts";
import type { LogRequest, LogResult } from "./log-api.ts";
import type { CallId } from "./messages.ts";
import type { Observation } from "./observations.ts";

/** An operation, as far as observers are told of it. */
export interface ObservedOperation {
  readonly call: CallId;
  readonly logBook: LogBookId;
  /** The number of the first operation that its function asked for at the same time. */
  readonly number: number;
  readonly request: LogRequest;
  /** Identity of an appended payload. */
  readonly data: number;
  /** The call that an `invoke` makes. */
  readonly child: CallId;
}

type Out = Pick<Effects, "observe">;

export function observeBegun(operation: ObservedOperation, out: Out): void {
  const { call, logBook, number, request, data, child } = operation;
  switch (request.op) {
    case "append":
      out.observe?.({ kind: "appendBegun", logBook, data, tags: request.tags } satisfies Observation);
      return;
    case "trim": {
      const { tag, seqnum } = request;
      out.observe?.({ kind: "trimBegun", logBook, tag, seqnum } satisfies Observation);
      return;
    }
    case "invoke":
      out.observe?.({ kind: "invokeBegun", call, request: number, child } satisfies Observation);
      return;
  }
}

/** An append with an unknown outcome has not returned: its record may still come to be in the log. */
export function observeReturned(
  operation: ObservedOperation,
  { outcome, seqnum, record }: LogResult,
  out: Out,
): void {
  const { call, logBook, number, request, data } = operation;
  switch (request.op) {
    case "append":
      if (outcome === "timedOut") return;
      out.observe?.({
        kind: "appendReturned",
        call,
        request: number,
        data,
        outcome,
        seqnum,
      } satisfies Observation);
      return;
    case "readNext":
    case "readPrev":
    case "checkTail":
    case "readNextBlock":
      out.observe?.({
        kind: "readReturned",
        call,
        request: number,
        logBook,
        op: request.op,
        tag: request.tag,
        // Reading the tail is reading backwards from above every seqnum.
        asked: request.op === "checkTail" ? SEQNUM_MAX : request.seqnum,
        outcome,
        seqnum,
        record,
      } satisfies Observation);
      return;
    case "trim": {
      const { tag, seqnum: bound } = request;
      out.observe?.({
        kind: "trimReturned",
        call,
        request: number,
        tag,
        seqnum: bound,
        outcome,
      } satisfies Observation);
      return;
    }
  }
}

export function observeInvoked({ call, number, child }: ObservedOperation, out: Out): void {
  out.observe?.({ kind: "invokeReturned", call, request: number, child } satisfies Observation);
}
