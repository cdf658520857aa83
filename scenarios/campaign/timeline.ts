/** What happened in the run of a case, as a person follows it: operations, faults and orders of the operator, in order of time. */

import { formatSeqnum, SEQNUM_MAX, type Seqnum, TAG_ALL, type Tag } from "../../models/boki/identifiers.ts";
import type { LogResult } from "../../models/boki/log-api.ts";
import type { FaultPeriod } from "../../sim/faults/fault.ts";
import type { OperationId } from "../../sim/machine.ts";
import type { HistoryEvent } from "../../sim/recorder.ts";
import type { Nanos } from "../../sim/units.ts";
import type { Case } from "./case.ts";

/** Times count from the moment the cluster is up. */
export interface Happening {
  readonly fromNanos: Nanos;
  /** Undefined: it is a moment, or had no end. */
  readonly untilNanos: Nanos | undefined;
  /** A function worker, or what a fault struck. */
  readonly who: string;
  /** `append [2, 3]` */
  readonly what: string;
  /** `0000000100000001`, or how it ended otherwise. */
  readonly result: string;
  /** Of an operation. */
  readonly operation?: OperationId;
}

export interface Seen {
  readonly history: readonly HistoryEvent[];
  readonly periods: readonly FaultPeriod[];
  readonly startNanos: Nanos;
  readonly nameOf: (process: number) => string;
}

/** What a worker puts down of an operation. */
interface Asked {
  readonly logBook?: number;
  readonly tag?: Tag;
  readonly tags?: readonly Tag[];
  readonly seqnum?: Seqnum;
}

export function timelineOf({ reconfigurations }: Case, seen: Seen): Happening[] {
  const { history, periods, startNanos, nameOf } = seen;
  const endings = new Map<OperationId, HistoryEvent>();
  for (const event of history) if (event.type !== "invoke") endings.set(event.operation, event);
  const operations = history.flatMap(({ type, operation, name, process, timeNanos, value }): Happening[] => {
    const asked = value as Asked | undefined;
    // Calls from outside are begun and ended by the operations in them.
    if (type !== "invoke" || asked?.logBook === undefined) return [];
    const ending = endings.get(operation);
    return [
      {
        fromNanos: timeNanos - startNanos,
        untilNanos: ending && ending.timeNanos - startNanos,
        who: nameOf(process),
        what: describeAsked(name, asked),
        result: describeEnding(name, ending),
        operation,
      },
    ];
  });
  const faults = periods.map(({ fault, struck, fromNanos, untilNanos }) => ({
    fromNanos: fromNanos - startNanos,
    untilNanos: untilNanos === undefined || untilNanos === fromNanos ? undefined : untilNanos - startNanos,
    who: struck.join(", "),
    what: `fault: ${fault.kind}`,
    result: "",
  }));
  const orders = reconfigurations.map(({ atNanos }) => ({
    ...{
      fromNanos: atNanos,
      untilNanos: undefined,
      who: "operator",
      what: "orders the next view",
      result: "",
    },
  }));
  return [...operations, ...faults, ...orders].sort((a, b) => a.fromNanos - b.fromNanos);
}

function describeAsked(name: string, { logBook, tag, tags, seqnum }: Asked): string {
  const where = ` in LogBook ${logBook}`;
  if (tags !== undefined) return `${name} [${tags.join(", ")}]${where}`;
  const place = seqnum === undefined || name === "checkTail" ? "" : ` from ${describePlace(seqnum)}`;
  return `${name}${place}${tag === undefined || tag === TAG_ALL ? "" : ` with tag ${tag}`}${where}`;
}

function describePlace(seqnum: Seqnum): string {
  if (seqnum === 0) return "the start";
  return seqnum === SEQNUM_MAX ? "the end" : formatSeqnum(seqnum);
}

function describeEnding(name: string, ending: HistoryEvent | undefined): string {
  if (ending === undefined) return "has not ended";
  if (ending.type === "unknown") return "outcome unknown";
  // What a nested call returns is not an answer of the log.
  const { outcome = "ok", seqnum, record } = ending.value as Partial<LogResult>;
  if (outcome === "empty") return "nothing";
  if (outcome !== "ok") return outcome;
  return (name === "append" && seqnum !== undefined) || record !== undefined ? formatSeqnum(seqnum!) : "done";
}
