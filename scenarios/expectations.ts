/** Judging what a scenario expects of its operations. */

import type { ExpectationResult, OperationResult } from "./result.ts";
import type { Expectation } from "./scenario.ts";

/**
 * Compares the mean over replications with what was expected. An operation that was never carried out has a count and a
 * throughput of 0 and no latency, so an expectation of its latency does not hold.
 */
export function evaluateExpectation(
  { expression, operation, metric, comparison, value }: Expectation,
  operations: readonly OperationResult[],
): ExpectationResult {
  const result = operations.find((each) => each.operation === operation);
  const measured = measure(result, metric);
  return { expression, measured, held: measured !== null && holds(measured, comparison, value) };
}

function measure(result: OperationResult | undefined, metric: Expectation["metric"]): number | null {
  if (metric === "count" || metric === "failed") return result?.[metric] ?? 0;
  if (metric === "throughput") return result?.throughputPerSecond.mean ?? 0;
  if (result === undefined || result.count === 0) return null;
  return result[`${metric}Nanos`].mean;
}

function holds(measured: number, comparison: Expectation["comparison"], value: number): boolean {
  switch (comparison) {
    case "<":
      return measured < value;
    case "<=":
      return measured <= value;
    case ">":
      return measured > value;
    case ">=":
      return measured >= value;
    case "=":
      return measured === value;
  }
}
