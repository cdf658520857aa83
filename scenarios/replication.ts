/**
 * One replication: a scenario run once with one seed, and what it leaves behind as plain data that crosses threads.
 */

import type { Histogram, JsHistogram } from "hdr-histogram-js";
import { APPEND_PHASES, createAppendAnatomy } from "../models/boki/append-anatomy.ts";
import { createDeployment, type Deployment, START_UP_NANOS } from "../models/boki/cluster.ts";
import { createInvariants } from "../models/boki/invariants/invariants.ts";
import { INVARIANTS } from "../models/boki/invariants/violations.ts";
import { playersOf } from "../models/boki/parts.ts";
import { createViewChanges } from "../models/boki/view-changes.ts";
import type { FaultPeriod, FaultPlan } from "../sim/faults/fault.ts";
import { installFaults } from "../sim/faults/injector.ts";
import type { Address, Observed } from "../sim/machine.ts";
import { type Simulation, stationMeans } from "../sim/simulation.ts";
import { MILLISECOND, type Nanos, SECOND } from "../sim/units.ts";
import { faultsOf, hasFaults, type ReplicationFaults } from "./fault-results.ts";
import { historyLines } from "./history.ts";
import type { ViolationResult } from "./result.ts";
import type { Scenario } from "./scenario.ts";

export interface ReplicationSpec {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly replication: number;
  readonly mode: "fast" | "checked";
  /** Keep the history of what functions asked of the log and were given. */
  readonly history?: boolean;
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
  readonly stations: readonly {
    readonly station: string;
    readonly role: string;
    readonly kind: "threads" | "cores" | "disk" | "nic";
    readonly servers: number;
    readonly utilisation: number;
    readonly queueLength: number;
    readonly queueLengthMax: number;
    readonly waitMeanNanos: number;
    readonly jobsPerSecond: number;
  }[];
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
    }[];
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
}

/** Steps of the clock between two reports of progress: often enough to see it move, seldom enough to cost nothing. */
const SLICES = 200;
/** Intervals of the series divide the start-up time, so that the first of them can be dropped whole. */
const INTERVALS_MILLIS = [1, 2, 5, 10, 20, 50, 100, 200, 400, 600, 1_200];
const POINTS_WANTED = 80;
/** A fault is short beside the run. */
const POINTS_WANTED_WITH_FAULTS = 300;
/** One append in so many is followed for the anatomy. */
const ANATOMY_EVERY = 16;
const STUCK_NANOS: Nanos = SECOND;

export function runReplication(
  spec: ReplicationSpec,
  report: (progress: ReplicationProgress) => void = () => {},
): ReplicationResult {
  const { scenario, seed, replication, mode, history = false } = spec;
  const { warmupNanos, durationNanos } = scenario;
  const totalNanos = warmupNanos + durationNanos;
  const withFaults = hasFaults(scenario);
  const intervalNanos = intervalFor(totalNanos, withFaults ? POINTS_WANTED_WITH_FAULTS : POINTS_WANTED);
  const warmAtNanos = START_UP_NANOS + warmupNanos;
  const anatomy = replication === 0 ? createAppendAnatomy(ANATOMY_EVERY, warmAtNanos) : undefined;
  const observers: ((at: Address, observation: Observed, nowNanos: Nanos) => void)[] = [];
  if (anatomy !== undefined) observers.push(anatomy.observe);
  const invariants = scenario.check
    ? createInvariants({
        blockingReadLimitNanos: scenario.boki.blockingReadLimitNanos,
        inspected: (): Deployment => deployment,
        calmFromNanos: calmFrom(scenario),
      })
    : undefined;
  if (invariants !== undefined) observers.push(invariants.observe);
  const viewChanges = withFaults ? createViewChanges() : undefined;
  if (viewChanges !== undefined) observers.push(viewChanges.observe);
  const deployment = createDeployment({
    seed,
    mode,
    cluster: scenario.cluster,
    boki: scenario.boki,
    network: scenario.network,
    disk: scenario.disk,
    costs: scenario.costs,
    workloads: scenario.workloads,
    mutation: scenario.mutation,
    defects: scenario.defects,
    reconfigurations: scenario.reconfigurations,
    completions: withFaults,
    history,
    warmupNanos,
    seriesIntervalNanos: intervalNanos,
    ...(observers.length === 0
      ? {}
      : {
          observer: (at: Address, observation: Observed, nowNanos: Nanos) => {
            for (const observe of observers) observe(at, observation, nowNanos);
          },
        }),
  });
  const { simulation } = deployment;
  const { periods } = installFaults(simulation, later(scenario.faults.plan, START_UP_NANOS), {
    resolve: (part) => playersOf(part, deployment),
  });
  simulation.start();
  simulation.run(START_UP_NANOS);
  for (let slice = 1; slice <= SLICES; slice++) {
    simulation.run(START_UP_NANOS + Math.floor((totalNanos * slice) / SLICES));
    report({ simulatedNanos: simulation.nowNanos - START_UP_NANOS, events: simulation.events });
  }
  invariants?.finish(simulation.nowNanos);
  return {
    seed,
    digest: simulation.digest.toString(),
    events: simulation.events,
    operations: operationsOf(simulation),
    stations: stationsOf(simulation, durationNanos),
    messages: simulation.messageCounts(),
    counters: Object.fromEntries(simulation.recorder.counts()),
    series: seriesOf(simulation, intervalNanos),
    anatomy: anatomy && { phases: APPEND_PHASES, appends: anatomy.appends },
    violations: (invariants?.violations ?? []).map(({ invariant, atNanos, message }) => ({
      invariant,
      rule: INVARIANTS[invariant],
      replication,
      atNanos: atNanos - START_UP_NANOS,
      message,
    })),
    violationCounts: Object.fromEntries(invariants?.counts ?? []),
    faults:
      viewChanges &&
      faultsOf(scenario, replication, {
        recorder: simulation.recorder,
        periods,
        changes: viewChanges.changes,
        startNanos: START_UP_NANOS,
      }),
    ...unfinished(simulation, periods),
    history: history ? linesOf(simulation) : undefined,
  };
}

function linesOf({ recorder, processes }: Simulation): string[] {
  return [...historyLines(recorder.history, START_UP_NANOS, (process) => processes[process]!.name)];
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

/** From when on everything is whole, in virtual time: what the model promises of liveness holds from there on. */
function calmFrom({ faults: { plan } }: Scenario): Nanos {
  const { timed, repeated = [], healAtNanos = Number.POSITIVE_INFINITY } = plan;
  if (timed.length + repeated.length === 0) return 0;
  const ends = [
    ...timed.map(({ atNanos, forNanos = Number.POSITIVE_INFINITY, fault }) =>
      fault.kind === "reset" ? atNanos : atNanos + forNanos,
    ),
    ...repeated.map(() => Number.POSITIVE_INFINITY),
  ];
  return START_UP_NANOS + Math.min(healAtNanos, Math.max(...ends));
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

/** The workers of an engine are one row: as stations they are its function processes. */
function stationsOf(simulation: Simulation, windowNanos: Nanos): ReplicationResult["stations"] {
  const rows: ReplicationResult["stations"][number][] = [];
  const pools = new Map<
    string,
    {
      role: string;
      servers: number;
      busyNanos: number;
      jobs: number;
      waitNanos: number;
      area: number;
      max: number;
    }
  >();
  for (const { station, role, kind, servers, counts } of simulation.stations()) {
    if (role !== "worker" || kind !== "threads") {
      rows.push({
        station,
        role,
        kind,
        servers,
        queueLengthMax: counts.queueLengthMax,
        ...stationMeans(counts, servers, windowNanos),
      });
      continue;
    }
    const name = workerPool(station);
    const pool = pools.get(name) ?? {
      role,
      servers: 0,
      busyNanos: 0,
      jobs: 0,
      waitNanos: 0,
      area: 0,
      max: 0,
    };
    pool.servers += servers;
    pool.busyNanos += counts.busyNanos;
    pool.jobs += counts.jobs;
    pool.waitNanos += counts.waitNanos;
    pool.area += counts.queueAreaNanos;
    pool.max = Math.max(pool.max, counts.queueLengthMax);
    pools.set(name, pool);
  }
  for (const [station, { role, servers, busyNanos, jobs, waitNanos, area, max }] of pools) {
    const counts = { busyNanos, jobs, waitNanos, queueAreaNanos: area, queueLengthMax: max };
    rows.push({
      station,
      role,
      kind: "threads",
      servers,
      queueLengthMax: max,
      ...stationMeans(counts, servers, windowNanos),
    });
  }
  for (const host of simulation.hosts) {
    const role = simulation.processes.find((process) => process.host === host)?.role ?? host.name;
    const { nic, disk } = host;
    for (const [direction, line] of Object.entries(nic)) {
      if (line.nanosPerByte === 0 || line.frames === 0) continue;
      rows.push({
        station: `${host.name}/nic-${direction}`,
        role,
        kind: "nic",
        servers: 1,
        utilisation: line.busyNanos(simulation.nowNanos) / windowNanos,
        queueLength: line.waitNanos / windowNanos,
        queueLengthMax: 0,
        waitMeanNanos: line.waitNanos / line.frames,
        jobsPerSecond: (line.frames * SECOND) / windowNanos,
      });
    }
    if (disk !== undefined) {
      rows.push({
        station: `${host.name}/disk`,
        role,
        kind: "disk",
        servers: 1,
        utilisation: disk.busyNanos(simulation.nowNanos) / windowNanos,
        queueLength: 0,
        queueLengthMax: 0,
        waitMeanNanos: 0,
        jobsPerSecond: ((disk.reads + disk.syncs) * SECOND) / windowNanos,
      });
    }
  }
  return rows;
}

/** `worker-3.17/main` belongs to `engine-3/workers`. */
function workerPool(station: string): string {
  return `engine-${station.slice("worker-".length, station.indexOf("."))}/workers`;
}

function seriesOf(simulation: Simulation, intervalNanos: Nanos): ReplicationResult["series"] {
  const startUp = START_UP_NANOS / intervalNanos;
  const pools = new Map<string, { role: string; members: number; sum: number[] }>();
  for (const { station, role, busyShare } of simulation.stationSeries) {
    const name = role === "worker" && !station.endsWith("/cores") ? workerPool(station) : station;
    const shares = busyShare.slice(startUp);
    const pool = pools.get(name);
    if (pool === undefined) pools.set(name, { role, members: 1, sum: shares });
    else {
      pool.members++;
      shares.forEach((share, i) => {
        pool.sum[i]! += share;
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
    stations: [...pools].map(([station, { role, members, sum }]) => ({
      station,
      role,
      utilisation: sum.map((share) => share / members),
    })),
  };
}

/** What is still open at the end: with a function that waits for it, or with one that a fault has ended. */
function unfinished(
  simulation: Simulation,
  periods: readonly FaultPeriod[],
): Pick<ReplicationResult, "stuck" | "lost"> {
  const stuck = new Map<string, number>();
  const lost = new Map<string, number>();
  for (const { name, process, startNanos } of simulation.recorder.pending()) {
    const asking = simulation.processes[process]!.name;
    const isLost = periods.some(
      ({ fault, struck, fromNanos }) =>
        fault.kind === "crash" && fromNanos >= startNanos && struck.includes(asking),
    );
    if (isLost) lost.set(name, (lost.get(name) ?? 0) + 1);
    else if (simulation.nowNanos - startNanos > STUCK_NANOS) stuck.set(name, (stuck.get(name) ?? 0) + 1);
  }
  const rows = (counts: ReadonlyMap<string, number>) =>
    [...counts].map(([operation, count]) => ({ operation, count }));
  return { stuck: rows(stuck), lost: rows(lost) };
}
