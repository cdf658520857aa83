/** Runs a scenario: every variant, every replication, on as many threads as asked for, to one result. */

import {
  anatomyResults,
  bottleneckSentence,
  cacheResults,
  faultsResult,
  messageResults,
  operationResults,
  otherCounters,
  seriesResult,
  stationResults,
  violationCounts,
  warningsOf,
} from "./aggregate.ts";
import { evaluateExpectation } from "./expectations.ts";
import type { ReplicationResult } from "./replication.ts";
import { type Run, runAll, type ThreadOptions } from "./replications.ts";
import type { ScenarioResult, SettledSeries, VariantResult } from "./result.ts";
import type { AnyScenario } from "./scenario.ts";
import type { Trace, TraceRequest } from "./tracing/trace.ts";
import { variantsOf } from "./variants.ts";
import { BOKISIM_VERSION } from "./version.ts";
import { settleWarmup, unsettled } from "./warmup.ts";

export interface RunOptions extends ThreadOptions {
  /** Run in checked mode: slower by a factor of twenty or more, and every state is immutable. */
  readonly checked: boolean;
  /** Takes the history of the first replication of the first variant, a line an operation, once everything has run. */
  readonly onHistory?: ((lines: readonly string[]) => void) | undefined;
  /** What is traced of the first replication of the first variant; `onTrace` takes it once everything has run. */
  readonly trace?: TraceRequest | undefined;
  readonly onTrace?: ((trace: Trace) => void) | undefined;
}

/** Variants see the same seeds, so that their arrivals and link delays are the same and differences are paired. */
export async function runScenario(given: AnyScenario, options: RunOptions): Promise<ScenarioResult> {
  const { scenario, found } = await settleWarmup(given, options);
  const variants = variantsOf(scenario);
  const mode = options.checked ? "checked" : "fast";
  const runs: Run[] = variants.flatMap((variant, i) =>
    Array.from({ length: variant.scenario.replications }, (_, replication) => {
      // The variants of a scenario are not sent along with each of them.
      const alone: AnyScenario = { ...variant.scenario, variants: [] };
      const seed = variant.scenario.seed + replication;
      const isFirst = i === 0 && replication === 0;
      const history = isFirst && options.onHistory !== undefined;
      const trace = isFirst ? options.trace : undefined;
      return { variant: variant.name, spec: { scenario: alone, seed, replication, mode, history, trace } };
    }),
  );
  const results = await runAll(runs, options);
  options.onHistory?.(results[0]!.history!);
  if (options.trace !== undefined) options.onTrace?.(results[0]!.trace!);
  const variantResults = variants.map((variant) =>
    variantResult(
      variant.name,
      variant.settings,
      variant.scenario,
      results.filter((_, i) => runs[i]!.variant === variant.name),
      found,
    ),
  );
  return {
    format: "bokisim-result-1",
    bokisimVersion: BOKISIM_VERSION,
    scenario: scenario.name,
    summary: scenario.summary,
    file: scenario.file,
    ...(scenario.source === undefined ? {} : { source: scenario.source }),
    seed: scenario.seed,
    warmupNanos: scenario.warmupNanos,
    ...(found === undefined ? {} : { settled: found }),
    durationNanos: scenario.durationNanos,
    checked: options.checked,
    invariantsChecked: scenario.check,
    variants: variantResults,
    held: variantResults.every(
      ({ expectations, violations }) => violations.length === 0 && expectations.every(({ held }) => held),
    ),
  };
}

function variantResult(
  variant: string,
  settings: Readonly<Record<string, unknown>>,
  scenario: AnyScenario,
  replications: readonly ReplicationResult[],
  found: readonly SettledSeries[] | undefined,
): VariantResult {
  const seconds = scenario.durationNanos / 1e9;
  const operations = operationResults(replications, seconds);
  const stations = stationResults(replications);
  const faults = faultsResult(replications);
  return {
    variant,
    settings,
    replications: replications.length,
    digests: replications.map(({ digest }) => digest),
    seeds: replications.map(({ seed }) => seed),
    events: replications.reduce((sum, { events }) => sum + events, 0),
    operations,
    stations,
    bottleneck: bottleneckSentence(stations),
    messages: messageResults(replications, seconds),
    caches: cacheResults(replications),
    counters: otherCounters(replications),
    series: seriesResult(replications[0]!),
    anatomy: anatomyResults(replications),
    ...(faults === undefined ? {} : { faults }),
    ...measurementsOf(scenario, operations),
    expectations: scenario.expectations.map((expectation) =>
      evaluateExpectation(expectation, operations, faults),
    ),
    violations: replications.flatMap(({ violations }) => violations),
    violationCounts: violationCounts(replications),
    warnings: [
      ...unsettled(variant, scenario, found ?? []),
      ...warningsOf(replications, scenario.warmupNanos),
    ],
  };
}

/** What was measured of the real system, beside what the run had of the same operations. */
function measurementsOf(
  scenario: AnyScenario,
  operations: VariantResult["operations"],
): Pick<VariantResult, "measurements"> {
  if (scenario.system === "boki" || scenario.measurements.length === 0) return {};
  return {
    measurements: scenario.measurements.flatMap(({ operation, metric, nanos }) => {
      const result = operations.find((each) => each.operation === operation);
      if (result === undefined || result.count === 0) return [];
      const simulatedNanos = result[`${metric}Nanos`];
      const difference = simulatedNanos.mean / nanos - 1;
      return [{ operation, metric, measuredNanos: nanos, simulatedNanos, difference }];
    }),
  };
}
