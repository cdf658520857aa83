/** Runs a scenario: every variant, every replication, on as many threads as asked for, to one result. */

import { MessageChannel } from "node:worker_threads";
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
import type { ReplicationProgress, ReplicationResult, ReplicationSpec } from "./replication.ts";
import type { ScenarioResult, VariantResult } from "./result.ts";
import type { AnyScenario } from "./scenario.ts";
import { threadPool } from "./threads.ts";
import type { Trace, TraceRequest } from "./tracing/trace.ts";
import { BOKISIM_VERSION } from "./version.ts";

export interface Progress {
  readonly variant: string;
  readonly replication: number;
  readonly runs: number;
  readonly runsDone: number;
  /** Over all runs of the scenario; only grows. */
  readonly simulatedNanos: number;
  readonly totalNanos: number;
  readonly events: number;
}

export interface RunOptions {
  /** Threads. */
  readonly jobs: number;
  /** Run in checked mode: slower by a factor of twenty or more, and every state is immutable. */
  readonly checked: boolean;
  readonly onProgress?: (progress: Progress) => void;
  /** Takes the history of the first replication of the first variant, a line an operation, once everything has run. */
  readonly onHistory?: ((lines: readonly string[]) => void) | undefined;
  /** What is traced of the first replication of the first variant; `onTrace` takes it once everything has run. */
  readonly trace?: TraceRequest | undefined;
  readonly onTrace?: ((trace: Trace) => void) | undefined;
  readonly signal?: AbortSignal;
}

interface Run {
  readonly variant: string;
  readonly spec: ReplicationSpec;
}

/** Variants see the same seeds, so that their arrivals and link delays are the same and differences are paired. */
export async function runScenario(scenario: AnyScenario, options: RunOptions): Promise<ScenarioResult> {
  const variants =
    scenario.variants.length === 0 ? [{ name: "base", settings: {}, scenario }] : scenario.variants;
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
    durationNanos: scenario.durationNanos,
    checked: options.checked,
    invariantsChecked: scenario.check,
    variants: variantResults,
    held: variantResults.every(
      ({ expectations, violations }) => violations.length === 0 && expectations.every(({ held }) => held),
    ),
  };
}

async function runAll(runs: readonly Run[], options: RunOptions): Promise<ReplicationResult[]> {
  const pool = threadPool<{ spec: ReplicationSpec; port: unknown }, ReplicationResult>(
    new URL("./replication-worker.ts", import.meta.url),
    Math.min(options.jobs, runs.length),
  );
  const progress = runs.map(() => ({ simulatedNanos: 0, events: 0 }));
  const totalNanos = runs.reduce((sum, { spec }) => sum + lengthNanos(spec.scenario), 0);
  let runsDone = 0;
  const report = (run: Run): void => {
    options.onProgress?.({
      variant: run.variant,
      replication: run.spec.replication,
      runs: runs.length,
      runsDone,
      simulatedNanos: progress.reduce((sum, each) => sum + each.simulatedNanos, 0),
      totalNanos,
      events: progress.reduce((sum, each) => sum + each.events, 0),
    });
  };
  try {
    return await Promise.all(
      runs.map(async (run, i) => {
        const { port1, port2 } = new MessageChannel();
        port1.on("message", (state: ReplicationProgress) => {
          progress[i] = state;
          report(run);
        });
        try {
          const task = { spec: run.spec, port: port2 };
          const result = await pool.run(task, {
            transferList: [port2 as never],
            ...(options.signal === undefined ? {} : { signal: options.signal }),
          });
          runsDone++;
          progress[i] = { simulatedNanos: lengthNanos(run.spec.scenario), events: result.events };
          report(run);
          return result;
        } finally {
          port1.close();
        }
      }),
    );
  } finally {
    await pool.destroy();
  }
}

function lengthNanos(scenario: AnyScenario): number {
  return scenario.warmupNanos + scenario.durationNanos;
}

function variantResult(
  variant: string,
  settings: Readonly<Record<string, unknown>>,
  scenario: AnyScenario,
  replications: readonly ReplicationResult[],
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
    warnings: warningsOf(replications, scenario.warmupNanos),
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
