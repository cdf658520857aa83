/**
 * `bokisim capacity`: the largest load at which a scenario keeps what is asked of it, for each of its variants, with a
 * confidence interval over seeds (docs/capacity.md).
 */

import { type Estimate, estimate } from "../../sim/statistics.ts";
import { parseExpectation } from "../expectation-text.ts";
import { evaluateExpectation } from "../expectations.ts";
import { loadAny } from "../load.ts";
import type { OperationResult, VariantResult } from "../result.ts";
import { runScenario } from "../run.ts";
import type { AnyScenario, Expectation, Metric } from "../scenario.ts";
import { variantsOf } from "../variants.ts";
import { type FoundWarmup, findWarmup, warmupSetting } from "../warmup.ts";
import { type RateField, rateFields, settingsFor, totalPerSecond } from "./load.ts";
import { type SearchResult, searchCapacity } from "./search.ts";

/** Of what was offered, this share must be answered: a queue that only grows may look fast for a while. */
const ANSWERED_SHARE_MIN = 0.95;
/** The load of the file is taken to be within this factor of the answer. */
const SPREAD = 64;
/** Loads of the curve, as shares of what was found. Behind the knee there is little to see: what waits there depends on how long the run is. */
const CURVE_SHARES = [0.1, 0.25, 0.4, 0.55, 0.7, 0.8, 0.88, 0.94, 1, 1.05];
const LATENCIES: ReadonlySet<Metric> = new Set(["p50", "p90", "p99", "p999", "mean", "max"]);
/** In the place of an operation: all of them. */
const EVERY = "*";

export interface CapacityOptions {
  /** What must hold, such as `p99<20ms` (of every operation) or `append.p99 < 2ms`. */
  readonly slo: readonly string[];
  /** The answer of one seed is known to this share of it. */
  readonly precision: number;
  /** Seeds, each with a search of its own: the interval comes from them. */
  readonly seeds: number;
  readonly jobs: number;
  readonly set: readonly string[];
  readonly seed?: number | undefined;
  /** Whether to run each variant at loads on both sides of what was found, for the curve of latency over throughput. */
  readonly curve?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProbe?: ((probe: ProbeProgress) => void) | undefined;
  readonly onCurve?: ((run: CurveProgress) => void) | undefined;
}

export interface CurveProgress {
  readonly variant: string;
  readonly seed: number;
  readonly perSecond: number;
  readonly runsDone: number;
  readonly runs: number;
}

export interface ProbeProgress {
  readonly variant: string;
  readonly seed: number;
  readonly perSecond: number;
  readonly held: boolean;
  /** Searches that are over, and all. */
  readonly searchesDone: number;
  readonly searches: number;
}

export interface CapacityProbe {
  readonly perSecond: number;
  readonly held: boolean;
  /** What was measured of each condition; null: nothing. */
  readonly measured: readonly { readonly expression: string; readonly value: number | null }[];
}

export interface CapacitySearch {
  readonly seed: number;
  readonly kind: "found" | "never" | "always";
  /** Where it lies, to the precision asked for; the largest load tried where all held, null where none did. */
  readonly perSecond: number | null;
  /** In the order they were run. */
  readonly probes: readonly CapacityProbe[];
}

/** One run at one load. */
export interface CurvePoint {
  readonly seed: number;
  readonly offeredPerSecond: number;
  readonly operations: readonly {
    readonly operation: string;
    readonly completedPerSecond: number;
    readonly p50Nanos: number;
    readonly p99Nanos: number;
  }[];
}

export interface CapacityVariant {
  readonly variant: string;
  /** Over the seeds, those that found an answer. Null: none did. */
  readonly perSecond: Estimate | null;
  readonly searches: readonly CapacitySearch[];
  /** With `curve`, in the order of loads and seeds; empty where no capacity was found. */
  readonly curve: readonly CurvePoint[];
}

export interface CapacityResult {
  readonly format: "bokisim-capacity-1";
  readonly bokisimVersion: string;
  readonly scenario: string;
  readonly file: string;
  readonly slo: readonly string[];
  /** Upper bounds of latencies among them. */
  readonly bounds: readonly { readonly expression: string; readonly latencyNanos: number }[];
  readonly precision: number;
  /** The fields that were multiplied, and what they are in the file. */
  readonly load: readonly RateField[];
  readonly variants: readonly CapacityVariant[];
  /** The warm-up at the load that is written, where it had to be found. */
  readonly warmup?: FoundWarmup;
}

/** A mistake of whoever asked, in words for them. */
export class CapacityError extends Error {
  override readonly name = "CapacityError";
}

interface Search {
  readonly variant: string;
  readonly settings: readonly string[];
  readonly fields: readonly RateField[];
  readonly seed: number;
  /** The factor it begins with. */
  readonly start: number;
}

/** Throws a `ScenarioError` for a file that is wrong, and a `CapacityError` for a question that is. */
export async function findCapacity(
  text: string,
  file: string,
  version: string,
  options: CapacityOptions,
): Promise<CapacityResult> {
  const conditions = options.slo.map(conditionOf);
  const base = loadAny(text, file, overridesOf(options, []));
  const { jobs, signal } = options;
  // At the load that is written: it is looked for once, and not anew at every load.
  const warmup = await findWarmup(variantsOf(base), { jobs, ...(signal && { signal }) });
  const searches = searchesOf(base, options, warmup);
  let searchesDone = 0;
  const results: { search: Search; result: SearchResult<CapacityProbe["measured"]> }[] = [];
  await eachOf(searches, options.jobs, async (search, index) => {
    const result = await searchCapacity(
      async (factor) => {
        options.signal?.throwIfAborted();
        const probe = await probeAt(text, file, search, factor, conditions, options);
        const perSecond = totalPerSecond(search.fields, factor);
        const { variant, seed } = search;
        options.onProbe?.({
          variant,
          seed,
          perSecond,
          held: probe.held,
          searchesDone,
          searches: searches.length,
        });
        return probe;
      },
      { precision: options.precision, spread: SPREAD, start: search.start },
    );
    searchesDone++;
    results[index] = { search, result };
  });
  const variants = [...new Set(searches.map(({ variant }) => variant))].map((variant) => {
    const own = results.filter(({ search }) => search.variant === variant);
    const found = own
      .map(searchResult)
      .flatMap(({ kind, perSecond }) => (kind === "found" ? [perSecond!] : []));
    return { variant, own, perSecond: found.length === 0 ? null : estimate(found) };
  });
  const curves = options.curve === true ? await runCurves(text, file, variants, options) : undefined;
  return {
    format: "bokisim-capacity-1",
    bokisimVersion: version,
    scenario: base.name,
    file: base.file,
    slo: options.slo,
    bounds: conditions
      .filter(
        ({ expectation: { metric, comparison } }) => LATENCIES.has(metric) && comparison.startsWith("<"),
      )
      .map(({ expectation: { expression, value } }) => ({ expression, latencyNanos: value })),
    precision: options.precision,
    load: searches[0]!.fields,
    variants: variants.map(({ variant, own, perSecond }) => ({
      variant,
      perSecond,
      searches: own.map(searchResult),
      curve: curves?.get(variant) ?? [],
    })),
    ...(warmup === undefined ? {} : { warmup }),
  };
}

/** Each variant with an answer, at its share of it, with every seed. */
async function runCurves(
  text: string,
  file: string,
  variants: readonly {
    readonly variant: string;
    readonly own: readonly { readonly search: Search }[];
    readonly perSecond: Estimate | null;
  }[],
  options: CapacityOptions,
): Promise<Map<string, CurvePoint[]>> {
  const wanted = variants.flatMap(({ perSecond, own }) =>
    perSecond === null
      ? []
      : CURVE_SHARES.flatMap((share) =>
          own.map(({ search }) => ({ search, perSecond: share * perSecond.mean })),
        ),
  );
  const points: CurvePoint[] = [];
  let runsDone = 0;
  await eachOf(wanted, options.jobs, async ({ search, perSecond }, index) => {
    options.signal?.throwIfAborted();
    const factor = perSecond / totalPerSecond(search.fields);
    const { operations } = await runAt(text, file, search, factor, options.signal);
    const offeredPerSecond = totalPerSecond(search.fields, factor);
    points[index] = {
      seed: search.seed,
      offeredPerSecond,
      operations: operations.map(({ operation, throughputPerSecond, p50Nanos, p99Nanos }) => ({
        operation,
        completedPerSecond: throughputPerSecond.mean,
        p50Nanos: p50Nanos.mean,
        p99Nanos: p99Nanos.mean,
      })),
    };
    runsDone++;
    options.onCurve?.({
      variant: search.variant,
      seed: search.seed,
      perSecond: offeredPerSecond,
      runsDone,
      runs: wanted.length,
    });
  });
  const curves = new Map<string, CurvePoint[]>();
  for (const [index, point] of points.entries()) {
    const { variant } = wanted[index]!.search;
    curves.set(variant, [...(curves.get(variant) ?? []), point]);
  }
  return curves;
}

function searchesOf(
  base: AnyScenario,
  { set, seed, seeds }: CapacityOptions,
  warmup: FoundWarmup | undefined,
): Search[] {
  return variantsOf(base).flatMap(({ name, settings, scenario }) => {
    const load = rateFields(scenario.written);
    if (!load.ok) throw new CapacityError(load.reason);
    const own = [
      ...set,
      ...(base.variants.length === 0 ? [] : ["variants=[]", "sweep="]),
      ...Object.entries(settings).map(([path, value]) => `${path}=${JSON.stringify(value)}`),
      ...(warmup !== undefined && scenario.detectWarmup ? [warmupSetting(warmup.nanos)] : []),
      // A run of its own for each seed; what the file expects is not what is asked here.
      "replications=1",
      "expect=[]",
    ];
    return Array.from({ length: seeds }, (_, i) => ({
      variant: name,
      settings: own,
      fields: load.fields,
      seed: (seed ?? base.seed) + i,
      start: 2 ** (i / seeds),
    }));
  });
}

/** The scenario at `factor` times its load, once. */
async function runAt(
  text: string,
  file: string,
  { settings, fields, seed }: Search,
  factor: number,
  signal: AbortSignal | undefined,
): Promise<VariantResult> {
  const scenario = loadAny(text, file, { set: [...settings, ...settingsFor(fields, factor)], seed });
  const result = await runScenario(scenario, { jobs: 1, checked: false, ...(signal && { signal }) });
  return result.variants[0]!;
}

async function probeAt(
  text: string,
  file: string,
  search: Search,
  factor: number,
  conditions: readonly Condition[],
  { signal }: CapacityOptions,
): Promise<{ held: boolean; evidence: CapacityProbe["measured"] }> {
  const { operations, faults } = await runAt(text, file, search, factor, signal);
  const judged = conditions.flatMap((condition) =>
    operationsMeant(condition, operations).map((operation) =>
      evaluateExpectation({ ...condition.expectation, operation }, operations, faults),
    ),
  );
  const answered = isAnswered(operations, totalPerSecond(search.fields, factor));
  return {
    held: judged.length > 0 && judged.every(({ held }) => held) && answered,
    evidence: judged.map(({ expression, measured }, i) => ({
      expression: conditions.length === judged.length ? expression : `${expression} #${i + 1}`,
      value: measured,
    })),
  };
}

interface Condition {
  readonly expectation: Expectation;
  readonly everyOperation: boolean;
}

/** `p99<20ms` is said of every operation. */
function conditionOf(text: string): Condition {
  const everyOperation = /^\s*\w+\s*[<>=]/.test(text);
  const parsed = parseExpectation(everyOperation ? `${EVERY}.${text.trim()}` : text);
  if (!parsed.ok) throw new CapacityError(`--slo ${JSON.stringify(text)}: ${parsed.reason}`);
  return { expectation: { ...parsed.value, expression: text.trim() }, everyOperation };
}

/**
 * A condition of no operation in particular is for the calls of clients, which is what the load is counted in: all of them
 * together where they are counted so, and otherwise every operation.
 */
function operationsMeant(
  { expectation, everyOperation }: Condition,
  operations: readonly OperationResult[],
): (string | undefined)[] {
  if (!everyOperation) return [expectation.operation];
  const names = operations.map(({ operation }) => operation);
  return names.includes(ALL_REQUESTS) ? [ALL_REQUESTS] : names;
}

/** What all requests of an application together are measured as. */
const ALL_REQUESTS = "request";

/** Whether the answers keep up with the calls. */
function isAnswered(operations: readonly OperationResult[], offeredPerSecond: number): boolean {
  const calls = operations.filter(
    ({ operation }) => operation === ALL_REQUESTS || operation.startsWith("call "),
  );
  const answered = calls.reduce((sum, { throughputPerSecond }) => sum + throughputPerSecond.mean, 0);
  return calls.length === 0 || answered >= ANSWERED_SHARE_MIN * offeredPerSecond;
}

function searchResult({
  search,
  result,
}: {
  search: Search;
  result: SearchResult<CapacityProbe["measured"]>;
}): CapacitySearch {
  const { kind, probes } = result;
  const held = probes.filter((each) => each.held).map(({ factor }) => factor);
  const largest = held.length === 0 ? null : totalPerSecond(search.fields, Math.max(...held));
  return {
    seed: search.seed,
    kind,
    perSecond: kind === "found" ? totalPerSecond(search.fields, result.factor) : largest,
    probes: probes.map(({ factor, held, evidence }) => ({
      perSecond: totalPerSecond(search.fields, factor),
      held,
      measured: evidence,
    })),
  };
}

function overridesOf({ set, seed }: CapacityOptions, more: readonly string[]) {
  return { set: [...set, ...more], ...(seed === undefined ? {} : { seed }) };
}

/** Carries out the work for each item, so many at a time, in order. */
async function eachOf<T>(
  items: readonly T[],
  atATime: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      await work(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atATime, items.length) }, lane));
}
