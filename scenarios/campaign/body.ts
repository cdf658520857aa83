/** The body of a case's calls: a program that carries out a list of operations and remembers the records it has met. */

import { SEQNUM_MAX, type Seqnum } from "../../models/boki/identifiers.ts";
import type {
  LogProgram,
  LogRequest,
  LogResult,
  ProgramEnd,
  RequestResult,
} from "../../models/boki/log-api.ts";
import type { LogOperation, Operation, Place } from "./case.ts";

export interface BodyArgs {
  readonly operations: readonly Operation[];
  /** Records this call has met, oldest first. */
  readonly known: readonly Seqnum[];
}

export const BODY = "case";

const DATA_BYTES = 100;
const AUX_BYTES = 50;
/** How many records a call remembers. */
const KNOWN_MAX = 32;

type Steps<Result> = Generator<LogRequest, Result, RequestResult>;

/** Operations that fail are passed over: what a call was refused is no reason to stop asking. */
export const body: LogProgram<BodyArgs> = function* ({ operations, known }): Steps<ProgramEnd> {
  const met = [...known];
  for (const operation of operations) yield* carryOut(operation, met);
  return { output: { known: met } };
};

function* carryOut(operation: Operation, met: Seqnum[]): Steps<void> {
  switch (operation.op) {
    case "sleep":
      yield operation.nanos > 0 ? { op: "sleep", nanos: operation.nanos } : { op: "now" };
      return;
    case "invoke": {
      const input = { program: BODY, args: { operations: operation.operations, known: [...met] } };
      const { output } = (yield { op: "invoke", input }) as { output: Partial<BodyArgs> | null };
      for (const seqnum of output?.known ?? []) meet(met, seqnum);
      return;
    }
    case "all": {
      const requests = operation.operations.flatMap((each) => requestOf(each, met) ?? []);
      if (requests.length === 0) return;
      const results = (yield { op: "all", requests }) as readonly LogResult[];
      for (const [i, result] of results.entries()) learn(met, result, requests[i]!);
      return;
    }
    default: {
      const request = requestOf(operation, met);
      if (request !== undefined) learn(met, (yield request) as LogResult, request);
    }
  }
}

/** What gave a record is worth remembering; a trim gives none. */
function learn(met: Seqnum[], { outcome, seqnum, record }: LogResult, request: LogRequest): void {
  if (outcome === "ok" && (record !== undefined || request.op === "append")) meet(met, seqnum);
}

/** Keeps `met` ascending and without duplicates. */
function meet(met: Seqnum[], seqnum: Seqnum): void {
  let at = met.length;
  while (at > 0 && met[at - 1]! > seqnum) at--;
  if (met[at - 1] === seqnum) return;
  met.splice(at, 0, seqnum);
  if (met.length > KNOWN_MAX) met.shift();
}

/** Undefined: there is nothing to do it to. */
function requestOf(operation: LogOperation, met: readonly Seqnum[]): LogRequest | undefined {
  switch (operation.op) {
    case "append":
      return { op: "append", tags: operation.tags, dataBytes: operation.dataBytes ?? DATA_BYTES };
    case "checkTail":
      return { op: "checkTail", tag: operation.tag, seqnum: SEQNUM_MAX };
    case "setAuxData": {
      const seqnum = recordAt(operation.at, met);
      if (seqnum === undefined) return undefined;
      // The data says which record it was set for and by whom it was known, which is all that a reader can check.
      return { op: "setAuxData", seqnum, aux: { data: seqnum, sizeBytes: AUX_BYTES } };
    }
    default:
      return { op: operation.op, tag: operation.tag, seqnum: placeOf(operation.at, met) };
  }
}

function placeOf(at: Place, met: readonly Seqnum[]): Seqnum {
  if (at === "start") return 0;
  if (at === "end") return SEQNUM_MAX;
  const seqnum = recordAt(at, met);
  return seqnum === undefined ? 0 : Math.max(0, seqnum + (at.plus ?? 0));
}

function recordAt(at: Place, met: readonly Seqnum[]): Seqnum | undefined {
  if (at === "start") return met[0];
  if (at === "end") return met.at(-1);
  return met[met.length - 1 - at.back];
}
