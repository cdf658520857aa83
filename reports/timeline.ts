/** What happened in the run of a case, as a table for the terminal. */

import type { Happening } from "../scenarios/campaign/timeline.ts";
import { left, right, textTable } from "./text-table.ts";

/** Of a case that was not made small the beginning. */
const SHOWN_MAX = 60;

export function renderTimeline(timeline: readonly Happening[]): string {
  const rows = timeline
    .slice(0, SHOWN_MAX)
    .map(({ fromNanos, untilNanos, who, what, result }) => [
      millis(fromNanos),
      untilNanos === undefined ? "" : millis(untilNanos),
      who,
      what,
      result,
    ]);
  const columns = [right("from (ms)"), right("to (ms)"), left("who"), left("what"), left("result")];
  const more = timeline.length - rows.length;
  const table = textTable(columns, rows, (title) => title);
  return more > 0 ? `${table}\n  and ${more} more` : table;
}

const millis = (nanos: number): string => (nanos / 1e6).toFixed(3);
