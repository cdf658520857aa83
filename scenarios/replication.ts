/**
 * One replication: a scenario run once with one seed, and what it leaves behind as plain data that crosses threads.
 */

import type { Histogram, JsHistogram } from "hdr-histogram-js";
import type { FaultPeriod, FaultPlan } from "../sim/faults/fault.ts";
import { installFaults } from "../sim/faults/injector.ts";
import type { Simulation } from "../sim/simulation.ts";
import { MILLISECOND, type Nanos, SECOND } from "../sim/units.ts";
import { faultsOf, hasFaults, type ReplicationFaults } from "./fault-results.ts";
import { historyLines } from "./history.ts";
import type { PoolSeries, ViolationResult } from "./result.ts";
import type { AnyScenario } from "./scenario.ts";
import { type StationRow, stationRows } from "./station-rows.ts";
import { startBoki } from "./systems/boki.ts";
import { type Running, type RunOptions, wasStruck } from "./systems/running.ts";
import { startRuntime } from "./systems/runtime.ts";
import { type Trace, type TraceRequest, traceRecorder } from "./tracing/trace.ts";

export interface ReplicationSpec {
  readonly scenario: AnyScenario;
  readonly seed: number;
  readonly replication: number;
  readonly mode: "fast" | "checked";
  /** Keep the history of what functions asked of the log and were given. */
  readonly history?: boolean;
  /** Record what causes what; carried out by whoever runs it (`runTraced`). */
  readonly trace?: TraceRequest | undefined;
  /** About how many intervals the series have; as many as charts need if absent. */
  readonly points?: number;
}

export interface ReplicationProgress {
  readonly simulatedNanos: Nanos;
  readonly events: number;
}

export interface ReplicationResult {
  readonly seed: number;
  readonly digest: string;
  readonly events: number;
  readonly operations: readonly {
    readonly operation: string;
    readonly count: number;
    readonly failed: number;
    readonly unknown: number;
    readonly meanNanos: number;
    readonly maxNanos: number;
    readonly p50Nanos: number;
    readonly p90Nanos: number;
    readonly p99Nanos: number;
    readonly p999Nanos: number;
    /** The whole distribution as ascending latencies and how many had each; parallel. */
    readonly latencies: readonly number[];
    readonly counts: readonly number[];
  }[];
  readonly stations: readonly StationRow[];
  readonly messages: readonly { readonly kind: string; readonly count: number; readonly bytes: number }[];
  readonly counters: Readonly<Record<string, number>>;
  readonly series: {
    readonly intervalNanos: Nanos;
    readonly operations: readonly {
      readonly operation: string;
      readonly completed: readonly number[];
      readonly p50Nanos: readonly (number | null)[];
      readonly p99Nanos: readonly (number | null)[];
    }[];
    readonly stations: readonly {
      readonly station: string;
      readonly role: string;
      readonly utilisation: readonly number[];
      readonly queueLength: readonly number[];
    }[];
    readonly pools: PoolSeries | undefined;
  };
  /** Phases of sampled appends, in nanoseconds; only from the first replication. */
  readonly anatomy:
    | { readonly phases: readonly string[]; readonly appends: readonly (readonly number[])[] }
    | undefined;
  readonly violations: readonly ViolationResult[];
  /** How many there were in all, by invariant. */
  readonly violationCounts: Readonly<Record<string, number>>;
  /** Undefined where nothing was to go wrong and nothing to be reconfigured. */
  readonly faults: ReplicationFaults | undefined;
  /** Operations that began more than a second before the end and have no result. */
  readonly stuck: readonly { readonly operation: string; readonly count: number }[];
  /** Operations whose function died before their result came. */
  readonly lost: readonly { readonly operation: string; readonly count: number }[];
  /** A line an operation (history.ts); undefined unless asked for. */
  readonly history: readonly string[] | undefined;
  /** What `ReplicationSpec.trace` asks for. */
  readonly trace?: Trace;
}

/** Steps of the clock between two reports of progress: often enough to see it move, seldom enough to cost nothing. */
const SLICES = 200;
/** Intervals of the series divide the start-up time, so that the first of them can be dropped whole. */
const INTERVALS_MILLIS = [1, 2, 5, 10, 20, 50, 100, 200, 400, 600, 1_200];
const POINTS_WANTED = 80;
/** A fault is short beside the run. */
const POINTS_WANTED_WITH_FAULTS = 300;
const STUCK_NANOS: Nanos = SECOND;

/** A replication that is built and has not begun: its simulation is to be started, and run from `startUpNanos` on. */
export interface Replication {
  readonly running: Running;
  readonly periods: readonly FaultPeriod[];
  readonly intervalNanos: Nanos;
}

export function buildReplication(spec: ReplicationSpec): Replication {
  const { scenario, seed, replication, mode, history = false } = spec;
  if (scenario.detectWarmup) throw new Error("the scenario runs before anybody found its warm-up");
  const withFaults = hasFaults(scenario);
  const { points = withFaults ? POINTS_WANTED_WITH_FAULTS : POINTS_WANTED } = spec;
  const intervalNanos = intervalFor(scenario.warmupNanos + scenario.durationNanos, points);
  const running = startSystem(scenario, {
    seed,
    mode,
    completions: withFaults,
    history,
    seriesIntervalNanos: intervalNanos,
    anatomy: replication === 0,
    calmFromNanos: calmFrom(scenario),
  });
  const { periods } = installFaults(running.simulation, later(scenario.faults.plan, running.startUpNanos), {
    resolve: (part) => running.playersOf(part),
  });
  return { running, periods, intervalNanos };
}

/** `prepare` may look at what was built before it starts, and attach a tracer. */
export function runReplication(
  spec: ReplicationSpec,
  report: (progress: ReplicationProgress) => void = () => {},
  prepare: (running: Running, periods: readonly FaultPeriod[]) => void = () => {},
): ReplicationResult {
  const { scenario, seed, replication, history = false } = spec;
  const { warmupNanos, durationNanos } = scenario;
  const totalNanos = warmupNanos + durationNanos;
  const withFaults = hasFaults(scenario);
  const { running, periods, intervalNanos } = buildReplication(spec);
  const { simulation, startUpNanos, invariants, viewChanges, anatomy } = running;
  prepare(running, periods);
  simulation.start();
  simulation.run(startUpNanos);
  const pools = watchPools(running, Math.floor(totalNanos / SLICES));
  for (let slice = 1; slice <= SLICES; slice++) {
    simulation.run(startUpNanos + Math.floor((totalNanos * slice) / SLICES));
    pools?.look();
    report({ simulatedNanos: simulation.nowNanos - startUpNanos, events: simulation.events });
  }
  invariants?.finish(simulation.nowNanos);
  return {
    seed,
    digest: simulation.digest.toString(),
    events: simulation.events,
    operations: operationsOf(simulation),
    stations: stationRows(running, durationNanos),
    messages: simulation.messageCounts(),
    counters: Object.fromEntries(simulation.recorder.counts()),
    series: { ...seriesOf(running, intervalNanos), pools: pools?.series },
    anatomy,
    violations: (invariants?.violations ?? []).map(({ invariant, atNanos, message }) => ({
      invariant,
      rule: invariants!.rules[invariant]!,
      replication,
      atNanos: atNanos - startUpNanos,
      message,
    })),
    violationCounts: Object.fromEntries(invariants?.counts ?? []),
    faults: withFaults
      ? faultsOf(scenario, replication, {
          recorder: simulation.recorder,
          periods,
          changes: viewChanges,
          startNanos: startUpNanos,
        })
      : undefined,
    ...unfinished(running, periods),
    history: history ? linesOf(running) : undefined,
  };
}

/** The same, with the trace that the spec asks for. */
export function runTraced(
  spec: ReplicationSpec,
  report?: (progress: ReplicationProgress) => void,
): ReplicationResult {
  if (spec.trace === undefined) return runReplication(spec, report);
  const recorder = traceRecorder(spec.scenario, spec.seed, spec.trace);
  const result = runReplication(spec, report, recorder.attach);
  return { ...result, trace: recorder.trace() };
}

function startSystem(scenario: AnyScenario, options: RunOptions): Running {
  return scenario.system === "boki" ? startBoki(scenario, options) : startRuntime(scenario, options);
}

function linesOf({ simulation: { recorder, processes }, startUpNanos }: Running): string[] {
  return [...historyLines(recorder.history, startUpNanos, (process) => processes[process]!.name)];
}

/** Pools of workers from now on, as often as one looks at them; undefined where there are none. */
function watchPools({ pools }: Running, intervalNanos: Nanos) {
  if (pools === undefined) return undefined;
  const functions = pools.functions.map((name) => ({
    name,
    workers: [] as number[],
    running: [] as number[],
    waiting: [] as number[],
  }));
  const look = (): void => {
    pools.sizes().forEach(({ workers, running, waiting }, fn) => {
      const seen = functions[fn]!;
      seen.workers.push(workers);
      seen.running.push(running);
      seen.waiting.push(waiting);
    });
  };
  look();
  return { look, series: { intervalNanos, functions } };
}

/** A plan whose times are later by so much. */
function later({ timed, repeated = [], healAtNanos }: FaultPlan, byNanos: Nanos): FaultPlan {
  return {
    timed: timed.map((each) => ({ ...each, atNanos: each.atNanos + byNanos })),
    repeated: repeated.map((each) => ({
      ...each,
      fromNanos: each.fromNanos + byNanos,
      ...(each.untilNanos === undefined ? {} : { untilNanos: each.untilNanos + byNanos }),
    })),
    ...(healAtNanos === undefined ? {} : { healAtNanos: healAtNanos + byNanos }),
  };
}

/** From when on everything is whole, in time since the start-up: what the model promises of liveness holds from there on. */
function calmFrom({ faults: { plan } }: AnyScenario): Nanos {
  const { timed, repeated = [], healAtNanos = Number.POSITIVE_INFINITY } = plan;
  if (timed.length + repeated.length === 0) return 0;
  const ends = [
    ...timed.map(({ atNanos, forNanos = Number.POSITIVE_INFINITY, fault }) =>
      fault.kind === "reset" ? atNanos : atNanos + forNanos,
    ),
    ...repeated.map(() => Number.POSITIVE_INFINITY),
  ];
  return Math.min(healAtNanos, Math.max(...ends));
}

function intervalFor(totalNanos: Nanos, points: number): Nanos {
  const millis = INTERVALS_MILLIS.find((each) => totalNanos / (each * MILLISECOND) <= points);
  return (millis ?? INTERVALS_MILLIS.at(-1)!) * MILLISECOND;
}

function operationsOf(simulation: Simulation): ReplicationResult["operations"] {
  return simulation.recorder.results().map((stats) => {
    const { latency } = stats;
    const { latencies, counts } = distributionOf(latency);
    // A histogram answers with the end of a bucket, which may lie beyond the largest value.
    const percentile = (percent: number) => Math.min(latency.getValueAtPercentile(percent), stats.maxNanos);
    return {
      operation: stats.name,
      count: stats.count,
      failed: stats.failed,
      unknown: stats.unknown,
      meanNanos: stats.count === 0 ? 0 : stats.sumNanos / stats.count,
      maxNanos: stats.maxNanos,
      p50Nanos: percentile(50),
      p90Nanos: percentile(90),
      p99Nanos: percentile(99),
      p999Nanos: percentile(99.9),
      latencies,
      counts,
    };
  });
}

/** The buckets of a histogram that hold something, ascending. */
function distributionOf(histogram: Histogram): { latencies: number[]; counts: number[] } {
  const latencies: number[] = [];
  const counts: number[] = [];
  // `build` returns this class when it is told not to use WebAssembly, as the recorder tells it.
  const { recordedValuesIterator: buckets } = histogram as JsHistogram;
  buckets.reset();
  while (buckets.hasNext()) {
    const bucket = buckets.next();
    latencies.push(bucket.valueIteratedTo);
    counts.push(bucket.countAddedInThisIterationStep);
  }
  return { latencies, counts };
}

function seriesOf(
  { simulation, startUpNanos, poolOf }: Running,
  intervalNanos: Nanos,
): Omit<ReplicationResult["series"], "pools"> {
  const startUp = Math.floor(startUpNanos / intervalNanos);
  const pools = new Map<string, { role: string; members: number; busy: number[]; queued: number[] }>();
  for (const { station, role, busyShare, queueAreaNanos } of simulation.stationSeries) {
    const name = poolOf(station, role) ?? station;
    const busy = busyShare.slice(startUp);
    const queued = queueAreaNanos.slice(startUp);
    const pool = pools.get(name);
    if (pool === undefined) pools.set(name, { role, members: 1, busy, queued });
    else {
      pool.members++;
      busy.forEach((share, i) => {
        pool.busy[i]! += share;
        pool.queued[i]! += queued[i]!;
      });
    }
  }
  return {
    intervalNanos,
    operations: simulation.recorder.results().map((stats) => ({
      operation: stats.name,
      completed: stats.completed.slice(startUp),
      p50Nanos: stats.p50Nanos.slice(startUp),
      p99Nanos: stats.p99Nanos.slice(startUp),
    })),
    stations: [...pools].map(([station, { role, members, busy, queued }]) => ({
      station,
      role,
      utilisation: busy.map((share) => share / members),
      queueLength: queued.map((areaNanos) => areaNanos / intervalNanos),
    })),
  };
}

/** What is still open at the end: with a function that waits for it, or with one that a fault has ended. */
function unfinished(
  { simulation, hasForgotten }: Running,
  periods: readonly FaultPeriod[],
): Pick<ReplicationResult, "stuck" | "lost"> {
  const stuck = new Map<string, number>();
  const lost = new Map<string, number>();
  for (const { name, process, startNanos, operation } of simulation.recorder.pending()) {
    const asking = simulation.processes[process]!.name;
    const isLost = wasStruck(periods, asking, startNanos) || (hasForgotten?.(process, operation) ?? false);
    if (isLost) lost.set(name, (lost.get(name) ?? 0) + 1);
    else if (simulation.nowNanos - startNanos > STUCK_NANOS) stuck.set(name, (stuck.get(name) ?? 0) + 1);
  }
  const rows = (counts: ReadonlyMap<string, number>) =>
    [...counts].map(([operation, count]) => ({ operation, count }));
  return { stuck: rows(stuck), lost: rows(lost) };
}
