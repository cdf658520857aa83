/** How busy everything was where work queues, as rows of a result: pools, single processes, cores, lines, disks. */

import { stationMeans } from "../sim/simulation.ts";
import { type Nanos, SECOND } from "../sim/units.ts";
import type { Running } from "./systems/running.ts";

export interface StationRow {
  readonly station: string;
  readonly role: string;
  readonly kind: "threads" | "cores" | "disk" | "nic";
  readonly servers: number;
  readonly utilisation: number;
  readonly queueLength: number;
  readonly queueLengthMax: number;
  readonly waitMeanNanos: number;
  readonly jobsPerSecond: number;
}

/** Stations of one pool are one row. */
export function stationRows({ simulation, poolOf }: Running, windowNanos: Nanos): StationRow[] {
  const rows: StationRow[] = [];
  const pools = new Map<
    string,
    {
      role: string;
      servers: number;
      capacityNanos: number;
      busyNanos: number;
      jobs: number;
      waitNanos: number;
      area: number;
      max: number;
    }
  >();
  for (const { station, role, kind, servers, capacityNanos, counts } of simulation.stations()) {
    const name = poolOf(station, role);
    if (name === undefined) {
      rows.push({
        station,
        role,
        kind,
        servers,
        queueLengthMax: counts.queueLengthMax,
        ...stationMeans(counts, capacityNanos, windowNanos),
      });
      continue;
    }
    const pool = pools.get(name) ?? {
      role,
      servers: 0,
      capacityNanos: 0,
      busyNanos: 0,
      jobs: 0,
      waitNanos: 0,
      area: 0,
      max: 0,
    };
    pool.servers += servers;
    pool.capacityNanos += capacityNanos;
    pool.busyNanos += counts.busyNanos;
    pool.jobs += counts.jobs;
    pool.waitNanos += counts.waitNanos;
    pool.area += counts.queueAreaNanos;
    pool.max = Math.max(pool.max, counts.queueLengthMax);
    pools.set(name, pool);
  }
  for (const [station, { role, servers, capacityNanos, busyNanos, jobs, waitNanos, area, max }] of pools) {
    const counts = { busyNanos, jobs, waitNanos, queueAreaNanos: area, queueLengthMax: max };
    rows.push({
      station,
      role,
      kind: "threads",
      servers,
      queueLengthMax: max,
      ...stationMeans(counts, capacityNanos, windowNanos),
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
