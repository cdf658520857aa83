/** From replications to what a result says of a variant: estimates with intervals, distributions, verdicts, warnings. */

import { estimate } from "../sim/statistics.ts";
import type { ReplicationResult } from "./replication.ts";
import type {
  AnatomyResult,
  CacheResult,
  Estimate,
  FaultsResult,
  MessageResult,
  OperationResult,
  SeriesResult,
  StationResult,
} from "./result.ts";

const HIT = ".hit";
const MISS = ".miss";
/** Points of a distribution that reach a chart; more cannot be told apart. */
const CDF_POINTS = 400;

export function operationResults(
  replications: readonly ReplicationResult[],
  seconds: number,
): OperationResult[] {
  const names = namesInOrder(
    replications.map(({ operations }) => operations.map(({ operation }) => operation)),
  );
  return names.map((operation) => {
    const runs = replications.map((each) => each.operations.find((one) => one.operation === operation));
    const measured = runs.filter((run) => run !== undefined && run.count > 0) as NonNullable<
      (typeof runs)[number]
    >[];
    const of = (value: (run: (typeof measured)[number]) => number): Estimate =>
      measured.length === 0 ? { mean: 0, low: null, high: null } : estimate(measured.map(value));
    return {
      operation,
      count: sum(runs.map((run) => run?.count ?? 0)),
      failed: sum(runs.map((run) => run?.failed ?? 0)),
      unknown: sum(runs.map((run) => run?.unknown ?? 0)),
      throughputPerSecond: estimate(runs.map((run) => (run?.count ?? 0) / seconds)),
      meanNanos: of((run) => run.meanNanos),
      p50Nanos: of((run) => run.p50Nanos),
      p90Nanos: of((run) => run.p90Nanos),
      p99Nanos: of((run) => run.p99Nanos),
      p999Nanos: of((run) => run.p999Nanos),
      maxNanos: of((run) => run.maxNanos),
      cdf: distribution(measured),
    };
  });
}

/** The pooled distribution at points that keep the tail: every value of the rarest percent, and steps below. */
function distribution(
  runs: readonly { latencies: readonly number[]; counts: readonly number[] }[],
): { latencyNanos: number; share: number }[] {
  const pooled = new Map<number, number>();
  for (const { latencies, counts } of runs) {
    latencies.forEach((latency, i) => {
      pooled.set(latency, (pooled.get(latency) ?? 0) + counts[i]!);
    });
  }
  const ascending = [...pooled].sort((a, b) => a[0] - b[0]);
  const total = sum(ascending.map(([, count]) => count));
  const points: { latencyNanos: number; share: number }[] = [];
  let below = 0;
  let shown = -1;
  for (const [latencyNanos, count] of ascending) {
    below += count;
    const share = below / total;
    // Equal steps on the axis of the chart, which shows 1 - share on a logarithmic scale.
    const place = share === 1 ? Number.POSITIVE_INFINITY : -Math.log10(1 - share) * (CDF_POINTS / 6);
    if (points.length > 0 && Math.floor(place) === Math.floor(shown)) {
      points[points.length - 1] = { latencyNanos, share };
    } else {
      points.push({ latencyNanos, share });
      shown = place;
    }
  }
  return points;
}

export function stationResults(replications: readonly ReplicationResult[]): StationResult[] {
  const names = namesInOrder(replications.map(({ stations }) => stations.map(({ station }) => station)));
  return names.map((name) => {
    const runs = replications.flatMap(({ stations }) => stations.filter(({ station }) => station === name));
    const { station, role, kind, servers } = runs[0]!;
    return {
      station,
      role,
      kind,
      servers,
      utilisation: estimate(runs.map((run) => run.utilisation)),
      queueLength: estimate(runs.map((run) => run.queueLength)),
      queueLengthMax: Math.max(...runs.map((run) => run.queueLengthMax)),
      waitMeanNanos: estimate(runs.map((run) => run.waitMeanNanos)),
      jobsPerSecond: estimate(runs.map((run) => run.jobsPerSecond)),
    };
  });
}

/** At this utilisation a station limits the system; from the lower one on it is worth a word. */
const LIMITING_SHARE = 0.9;
const NOTABLE_SHARE = 0.7;

/** One sentence on what limits the system. */
export function bottleneckSentence(stations: readonly StationResult[]): string {
  const busiest = stations.reduce<StationResult | undefined>(
    (best, each) => (best === undefined || each.utilisation.mean > best.utilisation.mean ? each : best),
    undefined,
  );
  if (busiest === undefined) return "No station did any work.";
  const share = `${(busiest.utilisation.mean * 100).toFixed(0)} %`;
  const peers = stations.filter(
    ({ role, kind, utilisation }) =>
      role === busiest.role && kind === busiest.kind && utilisation.mean > busiest.utilisation.mean * 0.9,
  ).length;
  const alike = peers > 1 ? `, as are ${peers - 1} more like it` : "";
  if (busiest.utilisation.mean >= LIMITING_SHARE) {
    const queue = busiest.queueLength.mean.toFixed(1);
    return `${busiest.station} limits the system: it is busy ${share} of the time${alike}, with ${queue} waiting on average.`;
  }
  if (busiest.utilisation.mean >= NOTABLE_SHARE) {
    return `${busiest.station} is the nearest to its limit: it is busy ${share} of the time${alike}.`;
  }
  return `Nothing is near its limit: the busiest station, ${busiest.station}, is busy ${share} of the time.`;
}

export function messageResults(replications: readonly ReplicationResult[], seconds: number): MessageResult[] {
  const kinds = namesInOrder(replications.map(({ messages }) => messages.map(({ kind }) => kind)));
  const measuredSeconds = seconds * replications.length;
  return kinds.map((kind) => {
    const rows = replications.flatMap(({ messages }) => messages.filter((each) => each.kind === kind));
    const count = sum(rows.map((row) => row.count));
    const bytes = Math.round(sum(rows.map((row) => row.bytes)));
    return {
      kind,
      count,
      bytes,
      countPerSecond: count / measuredSeconds,
      bytesPerSecond: bytes / measuredSeconds,
    };
  });
}

/** Counters named `<cache>.hit` and `<cache>.miss` are caches; the others are reported as they are. */
export function cacheResults(replications: readonly ReplicationResult[]): CacheResult[] {
  const counters = counterSums(replications);
  const caches = new Set(
    [...counters.keys()]
      .filter((name) => name.endsWith(HIT) || name.endsWith(MISS))
      .map((name) => name.slice(0, name.lastIndexOf("."))),
  );
  return [...caches].sort().map((cache) => {
    const hits = counters.get(cache + HIT) ?? 0;
    const misses = counters.get(cache + MISS) ?? 0;
    return { cache, hits, misses, hitRate: hits + misses === 0 ? null : hits / (hits + misses) };
  });
}

export function otherCounters(replications: readonly ReplicationResult[]): Record<string, number> {
  const others = [...counterSums(replications)].filter(
    ([name]) => !name.endsWith(HIT) && !name.endsWith(MISS),
  );
  return Object.fromEntries(others.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function counterSums(replications: readonly ReplicationResult[]): Map<string, number> {
  return sumsByName(replications.map(({ counters }) => counters));
}

/** How often each invariant was broken, in all replications together. */
export function violationCounts(replications: readonly ReplicationResult[]): Record<string, number> {
  return Object.fromEntries(sumsByName(replications.map((each) => each.violationCounts)));
}

function sumsByName(lists: readonly Readonly<Record<string, number>>[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const list of lists) {
    for (const [name, amount] of Object.entries(list)) sums.set(name, (sums.get(name) ?? 0) + amount);
  }
  return sums;
}

/** What faults did in all replications; undefined where there were none to come. */
export function faultsResult(replications: readonly ReplicationResult[]): FaultsResult | undefined {
  const runs = replications.flatMap(({ faults }) => (faults === undefined ? [] : [faults]));
  if (runs.length === 0) return undefined;
  const operations = namesInOrder(runs.map(({ outages }) => outages.map(({ operation }) => operation)));
  return {
    periods: runs.flatMap(({ periods }) => periods),
    viewChanges: runs.flatMap(({ viewChanges }) => viewChanges),
    outages: operations.map((operation) => {
      const longest = runs.flatMap(({ outages }) =>
        outages.filter((each) => each.operation === operation).map((each) => each.longestNanos),
      );
      return { operation, longestNanos: estimate(longest), maxNanos: Math.max(...longest) };
    }),
    closeUps: runs[0]!.closeUps,
  };
}

export function seriesResult({ series }: ReplicationResult): SeriesResult {
  const { intervalNanos, operations, stations, pools } = series;
  const perSecond = 1e9 / intervalNanos;
  return {
    intervalNanos,
    operations: operations.map(({ operation, completed, p50Nanos, p99Nanos }) => ({
      operation,
      completedPerSecond: completed.map((count) => count * perSecond),
      p50Nanos,
      p99Nanos,
    })),
    stations,
    ...(pools === undefined ? {} : { pools }),
  };
}

export function anatomyResults(replications: readonly ReplicationResult[]): AnatomyResult[] {
  const anatomy = replications[0]?.anatomy;
  if (anatomy === undefined || anatomy.appends.length === 0) return [];
  const { phases, appends } = anatomy;
  return [
    {
      operation: "append",
      sampled: appends.length,
      phases: phases.map((phase, i) => {
        const ascending = appends.map((each) => each[i]!).sort((a, b) => a - b);
        return {
          phase,
          meanNanos: sum(ascending) / ascending.length,
          p99Nanos: ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * 0.99))]!,
        };
      }),
    },
  ];
}

/** The median of an operation may differ by this between the halves of the measured part of a steady run. */
const DRIFT_MAX = 0.25;

/** What a reader must know before believing the figures. */
export function warningsOf(replications: readonly ReplicationResult[], warmupNanos: number): string[] {
  const warnings: string[] = [];
  const { series, faults } = replications[0]!;
  const from = Math.ceil(warmupNanos / series.intervalNanos);
  // With faults nobody expects a steady state.
  for (const { operation, p50Nanos } of faults === undefined ? series.operations : []) {
    const medians = p50Nanos.slice(from).filter((value) => value !== null);
    if (medians.length < 8) continue;
    const half = Math.floor(medians.length / 2);
    const [before, after] = [mean(medians.slice(0, half)), mean(medians.slice(half))];
    if (Math.abs(after - before) > DRIFT_MAX * Math.min(before, after)) {
      warnings.push(
        `${operation} did not reach a steady state: its median latency went from ${micros(before)} in the first half ` +
          `of the measured time to ${micros(after)} in the second.`,
      );
    }
  }
  const sums = (list: "stuck" | "lost") =>
    sumsByName(
      replications.map((each) =>
        Object.fromEntries(each[list].map(({ operation, count }) => [operation, count])),
      ),
    );
  for (const [operation, count] of sums("stuck")) {
    warnings.push(`${count} ${operation} began more than a second before the end and had no result by then.`);
  }
  for (const [operation, count] of sums("lost")) {
    warnings.push(`${count} ${operation} were under way for functions that a fault ended.`);
  }
  for (const operation of namesInOrder(
    replications.map((each) => each.operations.map((one) => one.operation)),
  )) {
    const count = sum(
      replications.flatMap((each) =>
        each.operations.flatMap((one) => (one.operation === operation ? [one.unknown] : [])),
      ),
    );
    if (count > 0) warnings.push(`${count} ${operation} ended without anybody knowing what became of them.`);
  }
  const failed = replications.flatMap(({ operations }) => operations.filter((each) => each.failed > 0));
  for (const operation of new Set(failed.map((each) => each.operation))) {
    const count = sum(failed.filter((each) => each.operation === operation).map((each) => each.failed));
    warnings.push(`${count} ${operation} failed.`);
  }
  return warnings;
}

function namesInOrder(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())];
}

function micros(nanos: number): string {
  return `${Math.round(nanos / 1_000)} us`;
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
