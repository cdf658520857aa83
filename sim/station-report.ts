/**
 * What stations did: rows for the results, the means that Little's law ties together, and the series of how busy they were.
 */

import type { Host, Process } from "./process.ts";
import type { StationCounts } from "./station.ts";
import { type Nanos, SECOND } from "./units.ts";

export interface StationRow {
  /** `process/pool`, or `host/cores`. */
  readonly station: string;
  readonly role: string;
  readonly kind: "threads" | "cores";
  /** Of a shared pool those that may work at the end, else all. */
  readonly servers: number;
  /** How long the servers together could have worked while this was counted: of a shared pool, by its parallelism at the time. */
  readonly capacityNanos: number;
  readonly counts: StationCounts;
}

export interface SeriesOfStation {
  readonly station: string;
  readonly role: string;
  /** Per interval: the share of its time that the station was busy, averaged over its servers. */
  readonly busyShare: number[];
  /** Per interval: how long jobs waited in it, all together. Divided by the interval this is the mean number that waited. */
  readonly queueAreaNanos: number[];
}

/** Every station with what it did since the end of the warm-up. Pools are summed over their threads. */
export function stationRows(
  processes: readonly Process[],
  hosts: readonly Host[],
  nowNanos: Nanos,
): StationRow[] {
  const rows: StationRow[] = [];
  const roleOfHost = new Map<Host, string>();
  for (const process of processes) {
    if (process.costs === undefined) continue;
    if (!roleOfHost.has(process.host)) roleOfHost.set(process.host, process.role);
    process.pools.forEach((pool, index) => {
      const start = process.poolStart[index]!;
      const threads = process.threads.slice(start, start + process.poolStations[index]!);
      rows.push({
        station: `${process.name}/${pool.name}`,
        role: process.role,
        kind: "threads",
        servers: pool.shared === true ? threads[0]!.parallelism : pool.threads,
        capacityNanos: sumOf(threads, (thread) => thread.capacityNanos(nowNanos)),
        counts: sumCounts(threads.map((thread) => thread.counts(nowNanos))),
      });
    });
  }
  for (const host of hosts) {
    const role = roleOfHost.get(host);
    if (role === undefined) continue;
    rows.push({
      station: `${host.name}/cores`,
      role,
      kind: "cores",
      servers: host.cores.servers,
      capacityNanos: host.cores.capacityNanos(nowNanos),
      counts: host.cores.counts(nowNanos),
    });
  }
  return rows;
}

function sumOf<T>(all: readonly T[], value: (each: T) => number): number {
  return all.reduce((sum, each) => sum + value(each), 0);
}

function sumCounts(all: readonly StationCounts[]): StationCounts {
  let [busyNanos, jobs, waitNanos, queueAreaNanos, queueLengthMax] = [0, 0, 0, 0, 0];
  for (const counts of all) {
    busyNanos += counts.busyNanos;
    jobs += counts.jobs;
    waitNanos += counts.waitNanos;
    queueAreaNanos += counts.queueAreaNanos;
    queueLengthMax = Math.max(queueLengthMax, counts.queueLengthMax);
  }
  return { busyNanos, jobs, waitNanos, queueAreaNanos, queueLengthMax };
}

/**
 * The share of its time a station was busy, and the means that Little's law ties together. Jobs that began under a higher
 * parallelism of a shared pool can take the share above 1.
 */
export function stationMeans(counts: StationCounts, capacityNanos: number, windowNanos: Nanos) {
  return {
    utilisation: counts.busyNanos / capacityNanos,
    queueLength: counts.queueAreaNanos / windowNanos,
    waitMeanNanos: counts.jobs === 0 ? 0 : counts.waitNanos / counts.jobs,
    jobsPerSecond: (counts.jobs * SECOND) / windowNanos,
  };
}

/** How busy every station was in each interval of a run, and how much waited for it. */
export class StationSeries {
  readonly all: SeriesOfStation[] = [];
  /** Busy time and capacity of each station at the beginning of the current interval, as its counters show them. */
  private readonly busyBefore: number[] = [];
  private readonly capacityBefore: number[] = [];
  private readonly areaBefore: number[] = [];

  closeInterval(rows: readonly StationRow[]): void {
    const { busyBefore, capacityBefore, areaBefore } = this;
    rows.forEach(({ station, role, capacityNanos, counts }, index) => {
      let series = this.all[index];
      if (series === undefined) {
        series = { station, role, busyShare: [], queueAreaNanos: [] };
        this.all.push(series);
      }
      const busyNanos = counts.busyNanos - (busyBefore[index] ?? 0);
      series.busyShare.push(busyNanos / (capacityNanos - (capacityBefore[index] ?? 0)));
      series.queueAreaNanos.push(counts.queueAreaNanos - (areaBefore[index] ?? 0));
      busyBefore[index] = counts.busyNanos;
      capacityBefore[index] = capacityNanos;
      areaBefore[index] = counts.queueAreaNanos;
    });
  }

  /** The counters are about to begin anew; what was done in this interval so far stays part of it. */
  beforeReset(rows: readonly StationRow[]): void {
    rows.forEach(({ counts, capacityNanos }, index) => {
      this.busyBefore[index] = (this.busyBefore[index] ?? 0) - counts.busyNanos;
      this.capacityBefore[index] = (this.capacityBefore[index] ?? 0) - capacityNanos;
      this.areaBefore[index] = (this.areaBefore[index] ?? 0) - counts.queueAreaNanos;
    });
  }

  save(): object {
    return {
      all: this.all.map(copied),
      busyBefore: [...this.busyBefore],
      capacityBefore: [...this.capacityBefore],
      areaBefore: [...this.areaBefore],
    };
  }

  restore(saved: object): void {
    const { all, busyBefore, capacityBefore, areaBefore } = saved as {
      all: SeriesOfStation[];
      busyBefore: number[];
      capacityBefore: number[];
      areaBefore: number[];
    };
    this.all.splice(0, this.all.length, ...all.map(copied));
    this.busyBefore.splice(0, this.busyBefore.length, ...busyBefore);
    this.capacityBefore.splice(0, this.capacityBefore.length, ...capacityBefore);
    this.areaBefore.splice(0, this.areaBefore.length, ...areaBefore);
  }
}

const copied = (series: SeriesOfStation): SeriesOfStation => ({
  ...series,
  busyShare: [...series.busyShare],
  queueAreaNanos: [...series.queueAreaNanos],
});
