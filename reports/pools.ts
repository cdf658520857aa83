/** What became of the pools of workers: rows for the terminal and for the page. */

import type { ScenarioResult, VariantResult } from "../scenarios/result.ts";
import { formatCount, formatNumber } from "./format.ts";

export const POOL_TITLES = [
  "function",
  "workers at first",
  "after warm-up",
  "at the end",
  "most",
  "calls running",
  "calls waiting",
  "most waiting",
];

/** A row for each function; none where there are no pools. Of calls the means over the measured part. */
export function poolRows(
  { warmupNanos }: Pick<ScenarioResult, "warmupNanos">,
  { series: { pools } }: VariantResult,
): readonly (readonly string[])[] {
  if (pools === undefined) return [];
  const from = Math.ceil(warmupNanos / pools.intervalNanos);
  return pools.functions.map(({ name, workers, running, waiting }) => [
    name,
    formatCount(workers[0] ?? 0),
    formatCount(workers[from] ?? 0),
    formatCount(workers.at(-1) ?? 0),
    formatCount(Math.max(0, ...workers)),
    formatNumber(mean(running.slice(from))),
    formatNumber(mean(waiting.slice(from))),
    formatCount(Math.max(0, ...waiting.slice(from))),
  ]);
}

const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
