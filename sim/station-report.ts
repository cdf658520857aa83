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
  readonly servers: number;
  readonly counts: StationCounts;
}

export interface SeriesOfStation {
  readonly station: string;
  readonly role: string;
  /** Per interval: the share of its time that the station was busy, averaged over its servers. */
  readonly busyShare: number[];
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
        // Of a shared pool those that may work now: a utilisation of 1 is all that the pool can do.
        servers: pool.shared === true ? threads[0]!.limit : pool.threads,
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
      counts: host.cores.counts(nowNanos),
    });
  }
  return rows;
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

/** The share of its time a station was busy, and the means that Little's law ties together. */
export function stationMeans(counts: StationCounts, servers: number, windowNanos: Nanos) {
  return {
    utilisation: counts.busyNanos / (windowNanos * servers),
    queueLength: counts.queueAreaNanos / windowNanos,
    waitMeanNanos: counts.jobs === 0 ? 0 : counts.waitNanos / counts.jobs,
    jobsPerSecond: (counts.jobs * SECOND) / windowNanos,
  };
}

/** How busy every station was in each interval of a run. */
export class StationSeries {
  readonly all: SeriesOfStation[] = [];
  /** Busy time of each station at the beginning of the current interval, as its counters show it. */
  private readonly busyBefore: number[] = [];

  closeInterval(rows: readonly StationRow[], intervalNanos: Nanos): void {
    rows.forEach(({ station, role, servers, counts }, index) => {
      let series = this.all[index];
      if (series === undefined) {
        series = { station, role, busyShare: [] };
        this.all.push(series);
      }
      series.busyShare.push((counts.busyNanos - (this.busyBefore[index] ?? 0)) / (intervalNanos * servers));
      this.busyBefore[index] = counts.busyNanos;
    });
  }

  /** The counters are about to begin anew; what was done in this interval so far stays part of it. */
  beforeReset(rows: readonly StationRow[]): void {
    rows.forEach(({ counts }, index) => {
      this.busyBefore[index] = (this.busyBefore[index] ?? 0) - counts.busyNanos;
    });
  }

  save(): object {
    return {
      all: this.all.map((series) => ({ ...series, busyShare: [...series.busyShare] })),
      busyBefore: [...this.busyBefore],
    };
  }

  restore(saved: object): void {
    const { all, busyBefore } = saved as { all: SeriesOfStation[]; busyBefore: number[] };
    const copies = all.map((series) => ({ ...series, busyShare: [...series.busyShare] }));
    this.all.splice(0, this.all.length, ...copies);
    this.busyBefore.splice(0, this.busyBefore.length, ...busyBefore);
  }
}
