/** Published measurements beside what a run had: one table for the terminal and the page. */

import type { MeasurementResult, ScenarioResult } from "../scenarios/result.ts";
import { estimateNanos, formatNanos, onOneLine } from "./format.ts";

/** How close counts as close: medians are steadier than tails. */
export const CLOSE = { p50: 0.1, mean: 0.1, p90: 0.25, p99: 0.25, p999: 0.25 } as const;
const NAMES = { p50: "p50", mean: "mean", p90: "p90", p99: "p99", p999: "p99.9" } as const;

export interface MeasurementRow {
  readonly variant: string;
  readonly what: string;
  readonly measured: string;
  readonly simulated: string;
  readonly difference: string;
  readonly close: boolean;
}

export function measurementRows({ variants }: ScenarioResult): MeasurementRow[] {
  return variants.flatMap(({ variant, measurements = [] }) =>
    measurements.map((each, i) => ({
      variant: i === 0 ? variant : "",
      what: `${each.operation} ${NAMES[each.metric]}`,
      measured: formatNanos(each.measuredNanos),
      simulated: onOneLine(estimateNanos(each.simulatedNanos)),
      difference: signedPercent(each.difference),
      close: isClose(each),
    })),
  );
}

/** `10 of 14 medians within 10 %, 13 of 14 tails within 25 %`; empty where nothing was measured. */
export function measurementSummary({ variants }: ScenarioResult): string {
  const all = variants.flatMap(({ measurements = [] }) => measurements);
  const part = (name: string, percent: number, which: readonly MeasurementResult["metric"][]): string[] => {
    const these = all.filter(({ metric }) => which.includes(metric));
    if (these.length === 0) return [];
    return [`${these.filter(isClose).length} of ${these.length} ${name} within ${percent} %`];
  };
  return [
    ...part("medians and means", 10, ["p50", "mean"]),
    ...part("tails", 25, ["p90", "p99", "p999"]),
  ].join(", ");
}

function isClose({ metric, difference }: MeasurementResult): boolean {
  return Math.abs(difference) <= CLOSE[metric];
}

function signedPercent(difference: number): string {
  const percent = (100 * difference).toFixed(1);
  return `${difference >= 0 ? "+" : ""}${percent} %`;
}
