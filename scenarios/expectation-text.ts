/** Reads what a scenario expects: `append.p50 < 2ms`. */

import { suggestion } from "./problems.ts";
import { type Parsed, parseQuantity, RATE, TIME } from "./quantity.ts";
import {
  COMPARISONS,
  type Comparison,
  type Expectation,
  FAULT_METRICS,
  METRICS,
  type Metric,
} from "./scenario.ts";
import type { ScenarioFields } from "./schema.ts";

const EXPRESSION = /^\s*(?:(\S(?:.*\S)?)\.)?(\w+)\s*(<=|>=|==|<|>|=)\s*(\S.*?)\s*$/;
const EXAMPLE = '"append.p50 < 2ms"';

/** The operations that a run of these workloads measures. */
export function operationsOf(workloads: ScenarioFields["workload"]): string[] {
  const operations = new Set<string>();
  for (const { name, mix, arrival } of workloads) {
    for (const [operation, weight] of Object.entries(mix)) {
      if (weight !== undefined && weight > 0) operations.add(operation);
    }
    // Calls of their own are measured from outside as well.
    if (arrival.closedLoop === undefined && arrival.paced === undefined) operations.add(`call ${name}`);
  }
  return [...operations];
}

/** Without a list of operations any name is taken for one. */
export function parseExpectation(expression: string, operations?: readonly string[]): Parsed<Expectation> {
  const match = EXPRESSION.exec(expression);
  if (match === null) {
    return wrong(
      `an expectation looks like ${EXAMPLE}: operation, dot, metric, one of ${COMPARISONS.join(" ")}, value`,
    );
  }
  const [, operation, metric = "", sign = "", limit = ""] = match;
  if (operation === undefined && !isFaultMetric(metric)) {
    return wrong(`${METRIC_ALONE}; "${metric}" needs an operation before it, as in ${EXAMPLE}`);
  }
  if (operations !== undefined && operation !== undefined && !operations.includes(operation)) {
    return wrong(
      `the workload has no operation "${operation}"${suggestion(operation, operations, "it has")}`,
    );
  }
  if (!isMetric(metric))
    return wrong(`there is no metric "${metric}"${suggestion(metric, METRICS, "metrics")}`);
  const value = parseLimit(metric, limit);
  if (!value.ok) return wrong(`"${limit}" ${value.reason}`);
  const comparison = (sign === "==" ? "=" : sign) as Comparison;
  return { ok: true, value: { expression, operation, metric, comparison, value: value.value } };
}

function parseLimit(metric: Metric, limit: string): Parsed<number> {
  switch (metric) {
    case "failed":
    case "unknown":
    case "count":
      return /^\d{1,15}$/.test(limit) ? { ok: true, value: Number(limit) } : wrong("is not a whole number");
    case "throughput":
      return parseQuantity(RATE, limit);
    default:
      return parseQuantity(TIME, limit);
  }
}

const METRIC_ALONE = `only ${FAULT_METRICS.join(" and ")} can stand alone, for all operations`;
export const isFaultMetric = (name: string): boolean => (FAULT_METRICS as readonly string[]).includes(name);
const isMetric = (name: string): name is Metric => (METRICS as readonly string[]).includes(name);
const wrong = (reason: string): { readonly ok: false; readonly reason: string } => ({ ok: false, reason });
