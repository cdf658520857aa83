/**
 * `bokisim compare`: variants of a scenario, or scenarios, side by side (docs/experiments.md, "Comparing variants").
 *
 * All of them are run with the same seeds. A seed's named random streams give each of them the same arrivals, sizes and delays, as far as
 * what they do is the same; so what a replication of one measured is held against the same replication of the other, and what both have in common by
 * chance drops out of the difference. Replications are added until the interval of every difference is narrow enough, or there are as many as
 * were allowed.
 */

import { type Estimate, estimate } from "../../sim/statistics.ts";
import { loadAny } from "../load.ts";
import { suggestion } from "../problems.ts";
import type { OperationResult, VariantResult } from "../result.ts";
import { runScenario } from "../run.ts";
import { type FoundWarmup, findWarmup, warmupSetting } from "../warmup.ts";

export const COMPARED_METRICS = ["p50", "p90", "p99", "p999", "mean", "max", "throughput"] as const;
export type ComparedMetric = (typeof COMPARED_METRICS)[number];

/** What is told of every operation, besides what was asked for. */
const TOLD: readonly ComparedMetric[] = ["throughput", "p50", "p99"];

export interface ScenarioText {
  readonly text: string;
  readonly file: string;
}

export interface ComparisonOptions {
  /** `append.p99`; undefined: the p99 of all requests, of appends, or of the first operation. */
  readonly metric: string | undefined;
  /** Half the width of an interval that is narrow enough, as a share of the first variant's value. */
  readonly precision: number;
  readonly replicationsMin: number;
  readonly replicationsMax: number;
  readonly jobs: number;
  readonly set: readonly string[];
  readonly seed?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onRun?: ((run: ComparisonProgress) => void) | undefined;
}

export interface ComparisonProgress {
  readonly variant: string;
  readonly seed: number;
  readonly runsDone: number;
  /** Of the round; there may be another. */
  readonly runs: number;
}

/** One metric of one operation. */
export interface ComparedValue {
  readonly operation: string;
  readonly metric: ComparedMetric;
  /** Over replications: nanoseconds, or per second. */
  readonly value: Estimate;
  /** By replication, in the order of seeds. */
  readonly values: readonly number[];
  /** Against the first variant, as a share of its value, from pairs of replications; null for the first. */
  readonly difference: Estimate | null;
}

export interface ComparedVariant {
  readonly variant: string;
  readonly file: string;
  /** What differs from the file, as a variant sets it. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What was asked for first. Operations that not every variant has in every replication are left out. */
  readonly compared: readonly ComparedValue[];
  readonly digests: readonly string[];
}

export interface ComparisonResult {
  readonly format: "bokisim-comparison-1";
  readonly bokisimVersion: string;
  readonly scenario: string;
  readonly metric: { readonly operation: string; readonly metric: ComparedMetric };
  readonly precision: number;
  /** One replication of each variant for each. */
  readonly seeds: readonly number[];
  /** Whether every interval came out as narrow as asked for. */
  readonly precise: boolean;
  readonly variants: readonly ComparedVariant[];
  /** The warm-up of all of them, where it had to be found. */
  readonly warmup?: FoundWarmup;
}

/** A mistake of whoever asked, in words for them. */
export class ComparisonError extends Error {
  override readonly name = "ComparisonError";
}

interface Contender extends ScenarioText {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** As `--set` takes them. */
  readonly set: readonly string[];
}

/** Throws a `ScenarioError` for a file that is wrong, and a `ComparisonError` for a question that is. */
export async function compareScenarios(
  texts: readonly ScenarioText[],
  version: string,
  options: ComparisonOptions,
): Promise<ComparisonResult> {
  const { replicationsMin, replicationsMax, precision } = options;
  const base = loadAny(texts[0]!.text, texts[0]!.file, overridesOf(options));
  const planned = contendersOf(texts, options).map((contender) => ({
    contender,
    name: contender.name,
    scenario: loadAny(contender.text, contender.file, { ...overridesOf(options), set: contender.set }),
  }));
  const { jobs, signal } = options;
  const warmup = await findWarmup(planned, { jobs, ...(signal && { signal }) });
  const contenders = planned.map(({ contender, scenario }) =>
    warmup !== undefined && scenario.detectWarmup
      ? { ...contender, set: [...contender.set, warmupSetting(warmup.nanos)] }
      : contender,
  );
  const asked = options.metric === undefined ? undefined : readMetric(options.metric);
  const firstSeed = options.seed ?? base.seed;
  const results: VariantResult[][] = contenders.map(() => []);
  let seeds: number[] = [];
  for (;;) {
    const more =
      seeds.length === 0 ? replicationsMin : Math.min(replicationsMin, replicationsMax - seeds.length);
    const fresh = Array.from({ length: more }, (_, i) => firstSeed + seeds.length + i);
    await runRound(contenders, fresh, results, options);
    seeds = [...seeds, ...fresh];
    const metric = asked ?? defaultMetric(results);
    const variants = summarise(contenders, results, metric);
    const precise = variants.slice(1).every(({ compared }) => isNarrow(compared[0]!.difference!, precision));
    if (!precise && seeds.length < replicationsMax) continue;
    return {
      format: "bokisim-comparison-1",
      bokisimVersion: version,
      scenario: texts.length === 1 ? base.name : contenders.map(({ name }) => name).join(" and "),
      ...{ metric, precision, seeds, precise, variants },
      ...(warmup === undefined ? {} : { warmup }),
    };
  }
}

function isNarrow({ low, high }: Estimate, precision: number): boolean {
  return low !== null && high !== null && (high - low) / 2 <= precision;
}

/** The variants of a file, or files, each of which has none. */
function contendersOf(texts: readonly ScenarioText[], options: ComparisonOptions): Contender[] {
  if (texts.length > 1) {
    const names = new Set<string>();
    return texts.map(({ text, file }) => {
      const { name, variants } = loadAny(text, file, overridesOf(options));
      if (variants.length > 0) {
        throw new ComparisonError(`${file} has variants: compare them by themselves, or files without`);
      }
      const own = names.has(name) ? file : name;
      names.add(name);
      return { name: own, text, file, settings: {}, set: options.set };
    });
  }
  const { text, file } = texts[0]!;
  const { variants } = loadAny(text, file, overridesOf(options));
  if (variants.length < 2) {
    throw new ComparisonError(
      `${file} has ${variants.length === 0 ? "no variants" : "one variant"}: name another file to compare it with, or add "variants"`,
    );
  }
  return variants.map(({ name, settings }) => ({
    ...{ name, text, file, settings },
    set: [
      ...options.set,
      ...["variants=[]", "sweep="],
      ...Object.entries(settings).map(([path, value]) => `${path}=${JSON.stringify(value)}`),
    ],
  }));
}

async function runRound(
  contenders: readonly Contender[],
  seeds: readonly number[],
  results: VariantResult[][],
  { jobs, signal, onRun }: ComparisonOptions,
): Promise<void> {
  const before = results[0]!.length;
  // One replication of each after the other: what is stopped early has pairs.
  const wanted = seeds.flatMap((seed, i) =>
    contenders.map((contender, which) => ({ seed, i, contender, which })),
  );
  let next = 0;
  let runsDone = 0;
  const lane = async (): Promise<void> => {
    while (next < wanted.length) {
      const { seed, i, contender, which } = wanted[next++]!;
      signal?.throwIfAborted();
      const { text, file, set, name } = contender;
      // A run of its own for each seed; what the file expects is not what is asked here.
      const scenario = loadAny(text, file, { set: [...set, "replications=1", "expect=[]"], seed });
      const result = await runScenario(scenario, { jobs: 1, checked: false, ...(signal && { signal }) });
      results[which]![before + i] = result.variants[0]!;
      runsDone++;
      onRun?.({ variant: name, seed, runsDone, runs: wanted.length });
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, wanted.length) }, lane));
}

const METRIC = /^\s*(\S(?:.*\S)?)\.(\w+)\s*$/;

function readMetric(text: string): ComparisonResult["metric"] {
  const [, operation, metric = ""] = METRIC.exec(text) ?? [];
  if (operation === undefined) {
    throw new ComparisonError(
      `--metric ${JSON.stringify(text)}: an operation, a dot and a metric are wanted, such as append.p99`,
    );
  }
  if (!isMetric(metric)) {
    throw new ComparisonError(
      `--metric ${JSON.stringify(text)}: there is no metric "${metric}"${suggestion(metric, COMPARED_METRICS, "metrics")}`,
    );
  }
  return { operation, metric };
}

function isMetric(text: string): text is ComparedMetric {
  return (COMPARED_METRICS as readonly string[]).includes(text);
}

/** What people ask of first: all requests of an application, or appends. */
const USUAL = ["request", "append"];

function defaultMetric(results: readonly (readonly VariantResult[])[]): ComparisonResult["metric"] {
  const names = commonOperations(results);
  const operation = USUAL.find((each) => names.includes(each)) ?? names[0];
  if (operation === undefined)
    throw new ComparisonError("no operation completed in all runs: there is nothing to compare");
  return { operation, metric: "p99" };
}

/** Operations that completed in every replication of every variant, in the first one's order. */
function commonOperations(results: readonly (readonly VariantResult[])[]): string[] {
  const runs = results.flat();
  const completed = ({ operations }: VariantResult): string[] =>
    operations.filter(({ count }) => count > 0).map(({ operation }) => operation);
  return completed(runs[0]!).filter((name) => runs.every((run) => completed(run).includes(name)));
}

function summarise(
  contenders: readonly Contender[],
  results: readonly (readonly VariantResult[])[],
  asked: ComparisonResult["metric"],
): ComparedVariant[] {
  const names = commonOperations(results);
  if (!names.includes(asked.operation)) {
    throw new ComparisonError(
      `--metric: no operation "${asked.operation}" completed in all runs${suggestion(asked.operation, names, "there are")}`,
    );
  }
  const others = names.flatMap((operation) => TOLD.map((metric) => ({ operation, metric })));
  const wanted = [
    asked,
    ...others.filter(({ operation, metric }) => operation !== asked.operation || metric !== asked.metric),
  ];
  const valuesOf = (which: number, { operation, metric }: ComparisonResult["metric"]): number[] =>
    results[which]!.map(({ operations }) =>
      measured(operations.find((each) => each.operation === operation)!, metric),
    );
  return contenders.map(({ name, file, settings }, which) => ({
    variant: name,
    file,
    settings,
    compared: wanted.map(({ operation, metric }): ComparedValue => {
      const values = valuesOf(which, { operation, metric });
      const reference = valuesOf(0, { operation, metric });
      const difference = which === 0 ? null : estimate(values.map((value, i) => value / reference[i]! - 1));
      return { operation, metric, value: estimate(values), values, difference };
    }),
    digests: results[which]!.flatMap(({ digests }) => digests),
  }));
}

function measured(operation: OperationResult, metric: ComparedMetric): number {
  return metric === "throughput" ? operation.throughputPerSecond.mean : operation[`${metric}Nanos`].mean;
}

function overridesOf({ set, seed }: ComparisonOptions) {
  return { set: [...set], ...(seed === undefined ? {} : { seed }) };
}
