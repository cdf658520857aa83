/** From the fields of a scenario of an application, which are right, to what the models take. */

import type { Application } from "../models/applications/application.ts";
import type { ClientsConfig } from "../models/applications/deployment.ts";
import type { Load, Rate } from "../models/applications/load.ts";
import { BOKI_DEFAULTS } from "../models/boki/config.ts";
import { PUBLISHED_DEFECTS } from "../models/boki/defects.ts";
import {
  DESIGNED_WITH_BOKI,
  NIGHTCORE_DEFAULTS,
  type NightcoreConfig,
  RELEASED,
  RELEASED_WITH_BOKI,
} from "../models/nightcore/config.ts";
import { SWITCHED } from "../models/nightcore/mutations.ts";
import { resolveBoki, resolveExpectations, resolveWarmup, withoutUndefined } from "./resolve.ts";
import { resolveFaults } from "./resolve-faults.ts";
import type { LogBesideScenario, Measurement, RuntimeScenario } from "./scenario.ts";
import type { Runtime, RuntimeFields } from "./schema-runtime.ts";

/** What all requests together are measured as; those of a kind, where there are several, have its name behind it. */
export const ALL_REQUESTS = "request";

export const MEASURED_METRICS = ["p50", "p90", "p99", "p999", "mean"] as const;

/** `applications`: that of each workload, which differ in their mixes. */
export function resolveRuntime(
  fields: RuntimeFields,
  applications: readonly Application[],
  file: string,
  written: Readonly<Record<string, unknown>>,
): RuntimeScenario {
  const { system, name, summary, seed, replications, check, profile, cluster, network, mutation } = fields;
  const application = withWorkers(applications[0]!, fields);
  return {
    system,
    name,
    summary,
    file,
    seed,
    durationNanos: fields.duration,
    ...resolveWarmup(fields),
    replications,
    check,
    profile,
    mutation,
    costs: Object.fromEntries(Object.entries(fields.costs).map(([name, { value }]) => [name, value])),
    faults: resolveFaults(fields),
    expectations: resolveExpectations(fields.expect, requestOperations(application)),
    written,
    application,
    cluster,
    nightcore: resolveNightcore(fields),
    log: resolveLog(fields),
    rpc: fields.rpc,
    openfaas: fields.openfaas,
    lambda: fields.lambda,
    network: {
      latency: network.latency,
      bitsPerSecond: network.bandwidth,
      loopbackLatency: network.loopbackLatency,
      pipeLatency: network.pipeLatency,
      wakeLatency: network.wakeLatency,
      cpuJitter: network.cpuJitter,
      keepAliveNanos: network.keepAlive,
    },
    clients: fields.workload.map(
      (workload, i): ClientsConfig => ({
        name: workload.name,
        load: resolveLoad(workload.arrival),
        mix: applications[i]!.mix,
        ...(workload.stop === undefined ? {} : { stopNanos: workload.stop }),
      }),
    ),
    measurements: Object.entries(fields.measured).map(([path, nanos]): Measurement => {
      const { operation, metric } = readMeasured(path)!;
      return { operation, metric, nanos };
    }),
    variants: [],
  };
}

/** What the log of `nightcore-boki` is like. */
function resolveLog({ log, boki, disk, cluster, profile }: RuntimeFields): LogBesideScenario {
  const { zookeeperDelay, ...nodes } = log;
  const { indexReplicas = Math.min(BOKI_DEFAULTS.indexReplicas, cluster.nodes) } = boki;
  return {
    cluster: nodes,
    boki: resolveBoki({ ...boki, indexReplicas }),
    disk: { readLatency: disk.readLatency, syncLatency: disk.syncLatency, bytesPerSecond: disk.bandwidth },
    zookeeperDelay,
    defects: profile === "published" ? PUBLISHED_DEFECTS : [],
  };
}

/** `request.p50`, `request compose_post.p99`; undefined for anything else. */
export function readMeasured(path: string): Pick<Measurement, "operation" | "metric"> | undefined {
  const dot = path.lastIndexOf(".");
  const metric = MEASURED_METRICS.find((each) => each === path.slice(dot + 1));
  return dot < 1 || metric === undefined ? undefined : { operation: path.slice(0, dot), metric };
}

/** What the handlers of a function take, from call to result, where a measurement is of that. */
export function handlerOperation(name: string): string {
  return `handler ${name}`;
}

/** The operations that a run measures. */
export function requestOperations({ requests }: Application): string[] {
  if (requests.length === 1) return [ALL_REQUESTS];
  return [ALL_REQUESTS, ...requests.map(({ name }) => `${ALL_REQUESTS} ${name}`)];
}

function withWorkers(application: Application, { workers, pools }: RuntimeFields): Application {
  const { min, max } = workers;
  const functions = application.functions.map((each) => {
    const size = pools[each.name];
    if (size !== undefined) return { ...each, minWorkers: size, maxWorkers: size };
    return {
      ...each,
      ...(min === undefined ? {} : { minWorkers: min }),
      ...(max === undefined ? {} : { maxWorkers: max }),
    };
  });
  return { ...application, functions };
}

/** What the system's runtime has otherwise than Nightcore as designed. */
function ofProfile(system: Runtime, profile: RuntimeFields["profile"]): Partial<NightcoreConfig> {
  if (system === "nightcore-boki") return profile === "published" ? RELEASED_WITH_BOKI : DESIGNED_WITH_BOKI;
  return profile === "published" ? RELEASED : {};
}

function resolveNightcore({ system, nightcore, profile, mutation }: RuntimeFields): NightcoreConfig {
  const { rateTimeConstant, growthInterval, callTimeout, restart, ...same } = nightcore;
  return {
    ...NIGHTCORE_DEFAULTS,
    ...ofProfile(system, profile),
    ...withoutUndefined(same),
    ...withoutUndefined({
      rateTimeConstantNanos: rateTimeConstant,
      growthIntervalNanos: growthInterval,
      callTimeoutNanos: callTimeout,
      restartNanos: restart,
    }),
    ...SWITCHED[mutation],
  } as NightcoreConfig;
}

function resolveLoad(arrival: RuntimeFields["workload"][number]["arrival"]): Load {
  const { timetable, poisson, constantRate, closedLoop } = arrival;
  if (closedLoop !== undefined) return { kind: "closedLoop", ...closedLoop };
  if (timetable !== undefined) return { kind: "timetable", ...timetable, rate: resolveRate(timetable.rate) };
  if (poisson !== undefined) return { kind: "poisson", ...poisson, rate: resolveRate(poisson.rate) };
  return { kind: "constantRate", ...constantRate!, rate: resolveRate(constantRate!.rate) };
}

function resolveRate(rate: number | readonly { readonly from: number; readonly rate: number }[]): Rate {
  if (typeof rate === "number") return rate;
  return rate.map(({ from, rate: perSecond }) => ({ fromNanos: from, perSecond }));
}
