/**
 * What an event costs in a simulation of 10 to 10,000 nodes.
 *
 * Many clusters of ten nodes show what memory costs: an event does the same work however many clusters there are, only what it
 * touches is less and less often in the processor's caches. One cluster that grows shows what the protocol adds: an engine has a shard
 * in every physical log, so entries, reports and states grow with it. Both at a load that the clusters carry. One cluster of 10,000
 * nodes is none that could run: a cut costs its primary time for every shard of the view, 2 ms with 6,500 engines, and entries come
 * in faster than anybody applies them.
 *
 * Each size is a process of its own, because what is compiled for one should not be for another, and because garbage of one is not to be
 * collected on the time of another.
 */

import { spawnSync } from "node:child_process";
import { createDeployments, START_UP_NANOS } from "../models/boki/cluster.ts";
import { CLUSTER_DEFAULTS, DISK_DEFAULTS, NETWORK_DEFAULTS } from "../models/boki/config.ts";
import { MILLISECOND } from "../sim/units.ts";
import { appendsOf, PUBLISHED, producers } from "./boki.ts";
import { cpuSecondsOf, median, type Options, type Row } from "./suite.ts";

interface Size {
  readonly clusters: number;
  readonly nodesEach: number;
}

interface Measured {
  readonly nanosPerEvent: number;
  readonly appends: number;
}

/** Until connections are made: a loop has appended eight times by then. And until the code is compiled. */
const WARM_NANOS = 40 * MILLISECOND;
const WARM_EVENTS = 500_000;
const SLICE_EVENTS = 400_000;

export async function run(options: Options): Promise<Row[]> {
  const sizes: Size[] = [
    { clusters: 1, nodesEach: 10 },
    { clusters: 10, nodesEach: 10 },
    { clusters: 100, nodesEach: 10 },
    ...(options.quick ? [] : [{ clusters: 1_000, nodesEach: 10 }]),
    { clusters: 1, nodesEach: 100 },
    { clusters: 1, nodesEach: 1_000 },
  ];
  const measured = sizes.map((size) => ({ size, ...measureIn(size, options.quick ? 3 : 7) }));
  const smallest = measured[0]!.nanosPerEvent;
  return measured.map(({ size: { clusters, nodesEach }, nanosPerEvent, appends }) => ({
    measure: `Boki, ${clusters.toLocaleString("en")} x ${nodesEach.toLocaleString("en")} nodes`,
    program: "bokisim",
    perSecond: 1e9 / nanosPerEvent,
    unit: "events",
    compared: `${(nanosPerEvent / smallest).toFixed(2)} x the cost of an event at 10 nodes`,
    check: `${appends > 0 ? "right" : "WRONG"}: ${appends} appended`,
  }));
}

function measureIn({ clusters, nodesEach }: Size, slices: number): Measured {
  const parameters = [import.meta.filename, clusters, nodesEach, slices].map(String);
  const { stdout, stderr, status } = spawnSync(process.execPath, parameters, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${clusters} clusters of ${nodesEach} nodes: ${stderr}`);
  return JSON.parse(stdout) as Measured;
}

/** A tenth of the nodes are sequencers with a physical log each, a quarter are storage nodes. Each engine has two clients. */
function measureHere(clusters: number, nodesEach: number, slices: number): Measured {
  const sequencers = Math.max(3, nodesEach / 10);
  const storages = Math.max(3, nodesEach / 4);
  const engines = nodesEach - sequencers - storages;
  const physicalLogs = nodesEach < 100 ? 1 : sequencers;
  const cluster = {
    ...CLUSTER_DEFAULTS,
    engines,
    storages,
    sequencers,
    workersPerEngine: 2,
    coresPerHost: 8,
  };
  const workload = {
    ...producers(2 * engines, 5 * MILLISECOND),
    logBooks: { count: 4 * physicalLogs, zipfExponent: 0 },
  };
  const deployment = createDeployments(
    {
      seed: 1,
      mode: "fast",
      cluster,
      boki: { ...PUBLISHED, indexReplicas: 3, physicalLogs },
      network: NETWORK_DEFAULTS,
      disk: DISK_DEFAULTS,
      costs: {},
      workloads: [workload],
      mutation: 0,
    },
    Array.from({ length: clusters }, (_, i) => `${i}/`),
  )[0]!;
  const { simulation } = deployment;
  simulation.start();
  simulation.run(START_UP_NANOS + WARM_NANOS);
  runEvents(WARM_EVENTS - simulation.events);
  const nanosPerEvent: number[] = [];
  for (let slice = 0; slice < slices; slice++) {
    const before = simulation.events;
    const cpuSeconds = cpuSecondsOf(() => runEvents(SLICE_EVENTS));
    nanosPerEvent.push((cpuSeconds * 1e9) / (simulation.events - before));
  }
  return { nanosPerEvent: median(nanosPerEvent), appends: appendsOf(deployment) };

  function runEvents(count: number): void {
    const until = simulation.events + count;
    while (simulation.events < until) simulation.run(simulation.nowNanos + 0.2 * MILLISECOND);
  }
}

if (process.argv[1] === import.meta.filename) {
  const [clusters, nodesEach, slices] = process.argv.slice(2).map(Number);
  console.log(JSON.stringify(measureHere(clusters!, nodesEach!, slices!)));
}
