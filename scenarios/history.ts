/**
 * The history of a run as lines that `bokisim check --model log` reads (docs/histories.md): what function code asked of the log
 * and was given, a line an operation, in the order in which they were begun.
 *
 * The object is the LogBook and the process the function worker. Aux data and calls are left out: the model of a log has none.
 */

import type { LogBookId, Seqnum, Tag } from "../models/boki/identifiers.ts";
import { TAG_ALL } from "../models/boki/identifiers.ts";
import type { LogResult } from "../models/boki/log-api.ts";
import type { OperationId, Outcome } from "../sim/machine.ts";
import type { HistoryEvent } from "../sim/recorder.ts";
import type { Nanos } from "../sim/units.ts";

/** What a worker puts down of an invocation, as far as it matters here. */
interface Asked {
  readonly logBook: LogBookId;
  readonly tag?: Tag;
  readonly tags?: readonly Tag[];
  readonly seqnum?: Seqnum;
  readonly data?: number;
}

/** Names of operations, as the model of a log has them: a read that blocks is one that had to wait for its moment. */
const NAMES: Readonly<Record<string, string>> = {
  append: "append",
  readNext: "readNext",
  readNextBlock: "readNext",
  readPrev: "readPrev",
  checkTail: "checkTail",
  trim: "trim",
};

/** The lines of a history, without their ends. Times count from `startNanos`; `nameOf` names a worker. */
export function* historyLines(
  events: readonly HistoryEvent[],
  startNanos: Nanos,
  nameOf: (process: number) => string,
): Generator<string> {
  const endings = new Map<OperationId, HistoryEvent>();
  for (const event of events) if (event.type !== "invoke") endings.set(event.operation, event);
  for (const { type, operation, name, process, timeNanos, value } of events) {
    if (type !== "invoke" || NAMES[name] === undefined) continue;
    const asked = value as Asked;
    const ending = endings.get(operation);
    yield JSON.stringify({
      process: nameOf(process),
      operation: NAMES[name],
      key: asked.logBook,
      input: inputOf(name, asked),
      invokedNanos: timeNanos - startNanos,
      ...endingOf(name, ending, startNanos),
    });
  }
}

function inputOf(name: string, { tag, tags, seqnum, data }: Asked): object {
  if (name === "append") return { data, tags };
  const ofTag = tag === TAG_ALL ? {} : { tag };
  return name === "checkTail" ? ofTag : { seqnum, ...ofTag };
}

/** An operation that has not ended may still take effect. */
function endingOf(name: string, ending: HistoryEvent | undefined, startNanos: Nanos): object {
  const outcome = (ending?.type ?? "unknown") as Outcome;
  if (ending === undefined || outcome === "unknown") return { outcome: "unknown" };
  const returnedNanos = ending.timeNanos - startNanos;
  if (outcome !== "ok") return { outcome, returnedNanos };
  return { output: outputOf(name, ending.value as LogResult), returnedNanos };
}

function outputOf(name: string, { seqnum, record }: LogResult): unknown {
  if (name === "append") return seqnum;
  if (name === "trim") return undefined;
  return record === undefined ? null : { seqnum, data: record.data };
}
