/** Judging what a scenario expects of its operations. */

import type { ExpectationResult, FaultsResult, OperationResult } from "./result.ts";
import type { Expectation, FaultMetric } from "./scenario.ts";

/**
 * Compares the mean over replications with what was expected. An operation that was never carried out has a count and a
 * throughput of 0 and no latency, so an expectation of its latency does not hold. Of outages and recoveries the longest of
 * all replications counts; an operation that did not recover has none.
 */
export function evaluateExpectation(
  { expression, operation, metric, comparison, value }: Expectation,
  operations: readonly OperationResult[],
  faults?: FaultsResult,
): ExpectationResult {
  const result = operations.find((each) => each.operation === operation);
  const measured =
    metric === "outage" || metric === "recovery"
      ? measureFaults(faults, metric, operation)
      : measure(result, metric);
  return { expression, measured, held: measured !== null && holds(measured, comparison, value) };
}

function measureFaults(
  faults: FaultsResult | undefined,
  metric: FaultMetric,
  operation: string | undefined,
): number | null {
  if (faults === undefined) return null;
  const isMeant = (each: { readonly operation: string }) =>
    operation === undefined || each.operation === operation;
  if (metric === "outage") {
    const outages = faults.outages.filter(isMeant).map(({ maxNanos }) => maxNanos);
    return outages.length === 0 ? null : Math.max(...outages);
  }
  const recoveries = faults.periods.flatMap(({ operations }) =>
    operations.filter(isMeant).map(({ recovery }) => recovery),
  );
  if (recoveries.some(({ kind }) => kind === "notRecovered")) return null;
  const nanos = recoveries.flatMap((each) => (each.kind === "recovered" ? [each.nanos] : []));
  return nanos.length === 0 ? null : Math.max(...nanos);
}

function measure(
  result: OperationResult | undefined,
  metric: Exclude<Expectation["metric"], FaultMetric>,
): number | null {
  if (metric === "count" || metric === "failed" || metric === "unknown") return result?.[metric] ?? 0;
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
