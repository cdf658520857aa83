/**
 * `bokisim sweep`: a scenario at every combination of some fields' values, with several seeds each (docs/experiments.md, "Sweeps"). Every
 * point has the same seeds, so points differ by what was varied and not by chance.
 */

import { type Estimate, estimate } from "../../sim/statistics.ts";
import { loadAny } from "../load.ts";
import { suggestion } from "../problems.ts";
import { runScenario } from "../run.ts";
import { openJournal } from "./journal.ts";
import type { Swept } from "./over.ts";

export const SWEEP_METRICS = ["throughput", "mean", "p50", "p90", "p99", "p999", "max"] as const;
export type SweepMetric = (typeof SWEEP_METRICS)[number];

/** Combinations of values: more are a mistake. */
export const POINTS_MAX = 100_000;

export interface SweepOptions {
  readonly over: readonly Swept[];
  readonly seeds: number;
  readonly seed?: number | undefined;
  /** For all runs. */
  readonly set: readonly string[];
  readonly jobs: number;
  /** Where finished runs are kept. */
  readonly journal: string;
  readonly signal?: AbortSignal | undefined;
  readonly onRun?: ((run: SweepProgress) => void) | undefined;
}

export interface SweepProgress {
  /** `boki.globalCut=100us cluster.storages=3` */
  readonly point: string;
  readonly seed: number;
  readonly runsDone: number;
  readonly runs: number;
}

/** One run, by operation. */
export interface SweepRun {
  readonly digest: string;
  readonly operations: readonly ({
    readonly operation: string;
    readonly count: number;
    readonly failed: number;
    readonly unknown: number;
    readonly throughputPerSecond: number;
  } & Readonly<Record<`${Exclude<SweepMetric, "throughput">}Nanos`, number>>)[];
}

export interface SweepPoint {
  /** Parallel to `over`. */
  readonly values: readonly string[];
  /** Parallel to `seeds`; undefined: not run yet. */
  readonly runs: readonly (SweepRun | undefined)[];
}

export interface SweepResult {
  readonly format: "bokisim-sweep-1";
  readonly bokisimVersion: string;
  readonly scenario: string;
  readonly file: string;
  readonly over: readonly Swept[];
  readonly seeds: readonly number[];
  readonly points: readonly SweepPoint[];
  /** Runs that had been finished before. */
  readonly resumed: number;
  /** Not all runs were made. */
  readonly stopped: boolean;
}

/** A mistake of whoever asked, in words for them. */
export class SweepError extends Error {
  override readonly name = "SweepError";
}

/** Throws a `ScenarioError` for a file, or a value, that is wrong, a `SweepError` for a question that is, and a `JournalError`. */
export async function runSweep(
  text: string,
  file: string,
  version: string,
  options: SweepOptions,
): Promise<SweepResult> {
  const { over, set, jobs, signal, onRun } = options;
  const base = loadAny(text, file, { set: [...set] });
  if (base.variants.length > 0) {
    throw new SweepError(
      `${file} has variants or a sweep of its own: sweep one of them, with --set 'variants=[]' and what it sets`,
    );
  }
  const repeated = over.find(({ path }, i) => over.findIndex((each) => each.path === path) !== i);
  if (repeated !== undefined) throw new SweepError(`--over ${repeated.path} is there twice`);
  const combinations = over.reduce((product, { values }) => product * values.length, 1);
  if (combinations > POINTS_MAX)
    throw new SweepError(`${combinations} combinations are more than ${POINTS_MAX}`);
  const points = grid(over);
  // What is wrong with a value is said before hours are spent on others.
  for (const values of points) loadAny(text, file, { set: settingsOf(options, values) });
  const seeds = Array.from({ length: options.seeds }, (_, i) => (options.seed ?? base.seed) + i);
  const journal = await openJournal(options.journal, {
    format: "bokisim-sweep-journal-1",
    bokisimVersion: version,
    ...{ text, set },
  });
  const keyOf = (values: readonly string[], seed: number): string =>
    `${over
      .map(({ path }, i) => `${path}=${values[i]}`)
      .sort()
      .join(" ")} seed ${seed}`;
  const wanted = seeds.flatMap((seed) =>
    points.map((values) => ({ seed, values, key: keyOf(values, seed) })),
  );
  const missing = wanted.filter(({ key }) => !journal.finished.has(key));
  const resumed = wanted.length - missing.length;
  let next = 0;
  let runsDone = resumed;
  const lane = async (): Promise<void> => {
    while (next < missing.length && signal?.aborted !== true) {
      const { seed, values, key } = missing[next++]!;
      const scenario = loadAny(text, file, { set: [...settingsOf(options, values), "replications=1"], seed });
      const result = await runScenario(scenario, { jobs: 1, checked: false, ...(signal && { signal }) });
      const [variant] = result.variants;
      await journal.append(key, {
        digest: variant!.digests[0]!,
        operations: variant!.operations.map(({ operation, count, failed, unknown, ...each }) => ({
          ...{ operation, count, failed, unknown },
          throughputPerSecond: each.throughputPerSecond.mean,
          meanNanos: each.meanNanos.mean,
          p50Nanos: each.p50Nanos.mean,
          p90Nanos: each.p90Nanos.mean,
          p99Nanos: each.p99Nanos.mean,
          p999Nanos: each.p999Nanos.mean,
          maxNanos: each.maxNanos.mean,
        })),
      });
      runsDone++;
      onRun?.({
        point: over.map(({ path }, i) => `${path}=${values[i]}`).join(" "),
        seed,
        runsDone,
        runs: wanted.length,
      });
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(jobs, Math.max(1, missing.length)) }, lane));
  } catch (error) {
    // A run that was cut short is not finished; what was, is kept.
    if (signal?.aborted !== true) throw error;
  } finally {
    await journal.close();
  }
  return {
    format: "bokisim-sweep-1",
    bokisimVersion: version,
    scenario: base.name,
    ...{ file, over, seeds, resumed },
    points: points.map((values) => ({
      values,
      runs: seeds.map((seed) => journal.finished.get(keyOf(values, seed))),
    })),
    stopped: wanted.some(({ key }) => !journal.finished.has(key)),
  };
}

/** Every combination, the last field's values changing first. */
function grid(over: readonly Swept[]): string[][] {
  return over.reduce<string[][]>(
    (points, { values }) => points.flatMap((point) => values.map((value) => [...point, value])),
    [[]],
  );
}

function settingsOf({ over, set }: SweepOptions, values: readonly string[]): string[] {
  return [...set, ...over.map(({ path }, i) => `${path}=${values[i]}`)];
}

export interface SweepQuestion {
  readonly operation: string;
  readonly metric: SweepMetric;
}

/** What people ask of first: all requests of an application, or appends. */
const USUAL = ["request", "append"] as const;

/** `append.p99`; undefined: the p99 of all requests, of appends, or of the first operation. */
export function questionOf({ points }: SweepResult, text: string | undefined): SweepQuestion {
  const names = [
    ...new Set(
      points.flatMap(({ runs }) =>
        runs.flatMap((run) => run?.operations.map(({ operation }) => operation) ?? []),
      ),
    ),
  ];
  if (text === undefined)
    return { operation: USUAL.find((each) => names.includes(each)) ?? names[0] ?? USUAL[0], metric: "p99" };
  const [, operation, metric = ""] = /^\s*(\S(?:.*\S)?)\.(\w+)\s*$/.exec(text) ?? [];
  if (operation === undefined)
    throw new SweepError(
      `--metric ${JSON.stringify(text)}: an operation, a dot and a metric are wanted, such as append.p99`,
    );
  const known = SWEEP_METRICS.find((each) => each === metric);
  if (known === undefined)
    throw new SweepError(
      `--metric ${JSON.stringify(text)}: there is no metric "${metric}"${suggestion(metric, SWEEP_METRICS, "metrics")}`,
    );
  if (names.length > 0 && !names.includes(operation)) {
    throw new SweepError(
      `--metric ${JSON.stringify(text)}: there is no operation "${operation}"${suggestion(operation, names, "there are")}`,
    );
  }
  return { operation, metric: known };
}

/** What was measured at a point, over seeds; undefined where the operation never completed. */
export function measuredAt({ runs }: SweepPoint, question: SweepQuestion): Estimate | undefined {
  const values = valuesAt(runs, question);
  return values.length === 0 ? undefined : estimate(values);
}

function valuesAt(runs: SweepPoint["runs"], { operation, metric }: SweepQuestion): number[] {
  return runs.flatMap((run) => {
    const found = run?.operations.find((each) => each.operation === operation);
    if (found === undefined || found.count === 0) return [];
    return [metric === "throughput" ? found.throughputPerSecond : found[`${metric}Nanos`]];
  });
}

/** How far a field moves what was asked for: the means at each of its values, over everything else. */
export interface Effect {
  readonly path: string;
  readonly levels: readonly { readonly value: string; readonly mean: number }[];
  /** From the least to the greatest of them, as a share of the mean of all. */
  readonly range: number;
}

/** Fields by how far they move it, the furthest first. */
export function effectsOf(result: SweepResult, question: SweepQuestion): Effect[] {
  const measured = result.points.flatMap(({ values, runs }) =>
    valuesAt(runs, question).map((value) => ({ values, value })),
  );
  if (measured.length === 0) return [];
  const meanOf = (all: readonly { readonly value: number }[]): number =>
    all.reduce((sum, { value }) => sum + value, 0) / all.length;
  const overall = meanOf(measured);
  return result.over
    .map(({ path, values }, place): Effect => {
      const levels = values.flatMap((value) => {
        const there = measured.filter((each) => each.values[place] === value);
        return there.length === 0 ? [] : [{ value, mean: meanOf(there) }];
      });
      const means = levels.map(({ mean }) => mean);
      return { path, levels, range: (Math.max(...means) - Math.min(...means)) / overall };
    })
    .sort((a, b) => b.range - a.range);
}
