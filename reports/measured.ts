/** The measured value of an expectation, in the unit its expression asks for. */

import type { ExpectationResult } from "../scenarios/result.ts";
import { formatNanos, formatNumber, formatPerSecond, formatShare } from "./format.ts";

/**
 * A result holds the bare number: nanoseconds, per second or a share. Which of them follows from the expression
 * (`append.p50 < 2ms`, `append.throughput > 10k/s`, `storage.utilisation < 80%`): first from the unit of its bound, then
 * from the name of the metric.
 */
export function formatMeasured({ expression, measured }: ExpectationResult): string {
  if (measured === null) return "nothing measured";
  const bound =
    expression
      .split(/[<>=]+/)
      .at(-1)
      ?.trim() ?? "";
  if (/\d\s*(ns|us|µs|ms|s|min|h)$/.test(bound)) return formatNanos(measured);
  if (/%$/.test(bound)) return formatShare(measured);
  if (/\/s$/.test(bound) || /throughput|perSecond/i.test(expression)) return formatPerSecond(measured);
  if (/utilisation|hitRate|share/i.test(expression)) return formatShare(measured);
  if (/\.(p\d+|mean|max|latency)/.test(expression)) return formatNanos(measured);
  return formatNumber(measured);
}
