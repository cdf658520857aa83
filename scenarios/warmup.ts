/** `warmup: auto`: how long a scenario takes to settle, found in runs made for that alone (docs/experiments.md, "Warm-up"). */

import { warmupEnd } from "../sim/statistics.ts";
import type { Nanos } from "../sim/units.ts";
import { formatQuantity, TIME } from "./quantity.ts";
import type { ReplicationResult } from "./replication.ts";
import { type Run, runAll, type ThreadOptions } from "./replications.ts";
import type { SettledSeries } from "./result.ts";
import type { AnyScenario, VariantOf } from "./scenario.ts";
import { variantsOf } from "./variants.ts";

/** Narrow intervals: a warm-up is a whole number of fives of them. */
const PILOT_POINTS = 300;
/** What a beginning, or a half, must differ by from the rest to count: of the rest's mean, and in standard errors. */
const DIFFERENCE_MIN = 0.02;
const DRIFT_MIN = 0.1;
const ERRORS_MIN = 3;

/** A warm-up, and what its length was found from. */
export interface FoundWarmup {
  readonly nanos: Nanos;
  readonly settled: readonly SettledSeries[];
}

export interface Settled {
  readonly scenario: AnyScenario;
  /** What was looked at; undefined where the scenario says how long its warm-up is. */
  readonly found: readonly SettledSeries[] | undefined;
}

/**
 * The scenario and its variants with the warm-up they need: the longest of all, so that variants stay paired. Each is run once, without a
 * warm-up, for as long as it will be measured. Where something does not settle in that time, half of it is taken.
 */
export async function settleWarmup(scenario: AnyScenario, options: ThreadOptions): Promise<Settled> {
  const warmup = await findWarmup(variantsOf(scenario), options);
  if (warmup === undefined) return { scenario, found: undefined };
  return { scenario: withWarmup(scenario, warmup.nanos), found: warmup.settled };
}

/** The warm-up that those need that do not say, the longest of all; undefined: all of them say. */
export async function findWarmup(
  variants: readonly Pick<VariantOf<AnyScenario>, "name" | "scenario">[],
  options: ThreadOptions,
): Promise<FoundWarmup | undefined> {
  const open = variants.filter(({ scenario }) => scenario.detectWarmup);
  if (open.length === 0) return undefined;
  const pilots = open.map(({ name, scenario }): Run => {
    const alone: AnyScenario = { ...scenario, variants: [], detectWarmup: false };
    return {
      variant: name,
      spec: { scenario: alone, seed: alone.seed, replication: 0, mode: "fast", points: PILOT_POINTS },
    };
  });
  const results = await runAll(pilots, options);
  const settled = results.flatMap((result, i) => settledSeries(pilots[i]!.variant, result));
  const halfNanos = Math.max(...open.map(({ scenario }) => Math.floor(scenario.durationNanos / 2)));
  return { nanos: Math.max(0, ...settled.map(({ endNanos }) => endNanos ?? halfNanos)), settled };
}

/** `warmup=120ms`, as `--set` takes it. */
export const warmupSetting = (nanos: Nanos): string => `warmup=${formatQuantity(TIME, nanos)}`;

/** With the warm-up wherever it was left open; a result can be had again from its source without looking for it once more. */
function withWarmup<S extends AnyScenario>(scenario: S, warmupNanos: Nanos): S {
  const { source } = scenario;
  const found = { warmupNanos, detectWarmup: false };
  return {
    ...scenario,
    ...(scenario.detectWarmup ? found : {}),
    ...(scenario.detectWarmup && source !== undefined
      ? { source: { ...source, set: [...source.set, warmupSetting(warmupNanos)] } }
      : {}),
    variants: scenario.variants.map((each) =>
      each.scenario.detectWarmup ? { ...each, scenario: { ...each.scenario, ...found } } : each,
    ),
  };
}

/** What the median and the throughput of each operation say; operations too rare to say anything are left out. */
function settledSeries(variant: string, { series }: ReplicationResult): SettledSeries[] {
  const { intervalNanos, operations } = series;
  return operations.flatMap(({ operation, p50Nanos, completed }) =>
    (["p50", "throughput"] as const).flatMap((of) => {
      const end = endOfWarmup(of === "p50" ? p50Nanos : completed);
      if (end === undefined) return [];
      return [{ variant, operation, of, endNanos: end === null ? null : end * intervalNanos }];
    }),
  );
}

/**
 * The index of the first value that belongs to the steady part: where MSER-5 puts it, if what comes before is another thing and not
 * another draw. null: what is left still drifts; undefined: there are too few values.
 */
export function endOfWarmup(series: readonly (number | null)[]): number | null | undefined {
  const known = series.flatMap((value, index) => (value === null ? [] : [{ value, index }]));
  const values = known.map(({ value }) => value);
  const end = warmupEnd(values);
  if (end === null) return undefined;
  const [before, rest] = [values.slice(0, end), values.slice(end)];
  const half = Math.floor(rest.length / 2);
  if (differ(rest.slice(0, half), rest.slice(half), DRIFT_MIN)) return null;
  return end > 0 && differ(before, rest, DIFFERENCE_MIN) ? known[end]!.index : 0;
}

/** Whether the means of two stretches differ by more than that share of the second, and by more than chance. */
function differ(before: readonly number[], after: readonly number[], share: number): boolean {
  const [first, rest] = [mean(before), mean(after)];
  const variance = mean(after.map((value) => (value - rest) ** 2));
  const error = Math.sqrt(variance / before.length + variance / after.length);
  return Math.abs(first - rest) > Math.max(share * Math.abs(rest), ERRORS_MIN * error);
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** What a reader must know of a variant that did not settle. */
export function unsettled(
  variant: string,
  { durationNanos }: Pick<AnyScenario, "durationNanos">,
  found: readonly SettledSeries[],
): string[] {
  const named = { p50: "median latency", throughput: "throughput" };
  return found.flatMap(({ variant: whose, operation, of, endNanos }) =>
    whose === variant && endNanos === null
      ? [
          `the ${named[of]} of ${operation} never became steady in ${formatQuantity(TIME, durationNanos)} without a warm-up: half of that was left out, and means describe no steady state.`,
        ]
      : [],
  );
}
