/** From the fields of a file, which are right, to what the models take. */

import type { BokiConfig } from "../models/boki/config.ts";
import { DEFECT_IDS, type DefectId, PUBLISHED_DEFECTS } from "../models/boki/defects.ts";
import { Mutation } from "../models/boki/mutations.ts";
import type { Arrival, ReadPosition, WorkloadConfig } from "../models/workloads/config.ts";
import { operationsOf, parseExpectation } from "./expectation-text.ts";
import { resolveFaults } from "./resolve-faults.ts";
import type { Expectation, Scenario } from "./scenario.ts";
import type { ScenarioFields } from "./schema.ts";
import { WARMUP_AUTO } from "./schema-common.ts";

type WorkloadFields = ScenarioFields["workload"][number];

export function resolve(
  fields: ScenarioFields,
  file: string,
  written: Readonly<Record<string, unknown>>,
): Scenario {
  const { name, summary, seed, replications, check, profile, cluster, network, disk, costs } = fields;
  return {
    system: "boki",
    name,
    summary,
    file,
    seed,
    durationNanos: fields.duration,
    ...resolveWarmup(fields),
    replications,
    check,
    profile,
    defects: resolveDefects(fields),
    mutation: Mutation[fields.mutation],
    cluster,
    boki: resolveBoki(fields.boki),
    network: {
      latency: network.latency,
      bitsPerSecond: network.bandwidth,
      pipeLatency: network.pipeLatency,
      zookeeperDelay: network.zookeeperDelay,
      wakeLatency: network.wakeLatency,
      cpuJitter: network.cpuJitter,
    },
    disk: {
      readLatency: disk.readLatency,
      syncLatency: disk.syncLatency,
      bytesPerSecond: disk.bandwidth,
    },
    costs: withoutUndefined(costs),
    workloads: fields.workload.map(resolveWorkload),
    faults: resolveFaults(fields),
    reconfigurations: fields.reconfigure.map(({ at, sequencers }) => ({
      atNanos: at,
      ...(sequencers === undefined ? {} : { sequencers }),
    })),
    expectations: resolveExpectations(fields.expect, operationsOf(fields.workload)),
    variants: [],
    written,
  };
}

export function resolveWarmup({
  warmup,
}: Pick<ScenarioFields, "warmup">): Pick<Scenario, "warmupNanos" | "detectWarmup"> {
  return warmup === WARMUP_AUTO
    ? { warmupNanos: 0, detectWarmup: true }
    : { warmupNanos: warmup, detectWarmup: false };
}

function resolveDefects({ profile, defects }: ScenarioFields): DefectId[] {
  const on = new Set([...(profile === "published" ? PUBLISHED_DEFECTS : []), ...defects]);
  return DEFECT_IDS.filter((id) => on.has(id));
}

export function resolveBoki(boki: ScenarioFields["boki"]): BokiConfig {
  return {
    localCutNanos: boki.localCut,
    globalCutNanos: boki.globalCut,
    metalogReplicas: boki.metalogReplicas,
    userlogReplicas: boki.userlogReplicas,
    indexReplicas: boki.indexReplicas,
    physicalLogs: boki.physicalLogs,
    hashTokens: boki.hashTokens,
    sealTailEntries: boki.sealTailEntries,
    flushIntervalNanos: boki.flushInterval,
    maxLiveRecords: boki.maxLiveRecords,
    engineCache: boki.engineCache,
    engineCacheBytes: boki.engineCacheSize,
    propagateAuxData: boki.propagateAuxData,
    storageAuxCacheBytes: boki.storageAuxCacheSize,
    databaseCacheBytes: boki.databaseCacheSize,
    blockingReadLimitNanos: boki.blockingReadLimit,
    engineThreads: boki.engineThreads,
    storageThreads: boki.storageThreads,
    sequencerThreads: boki.sequencerThreads,
    gatewayThreads: boki.gatewayThreads,
    connectionsPerPeer: boki.connectionsPerPeer,
    remoteIndexShare: boki.remoteIndexShare,
    zookeeperSessionTimeoutNanos: boki.zookeeperSessionTimeout,
    journal: boki.journal,
    repairIntervalNanos: boki.repairInterval,
    readRetryNanos: boki.readRetry,
    operationTimeoutNanos: boki.operationTimeout,
    unflushedRecordsMax: boki.unflushedRecordsMax,
    unflushedRecordsTarget: boki.unflushedRecordsTarget,
    appendBytesMax: boki.appendSizeLimit,
  };
}

function resolveWorkload(fields: WorkloadFields): WorkloadConfig {
  const { name, logBooks, tags, tagsPerRecord, recordSize, auxSize, keepRecords, nested, start, stop } =
    fields;
  return {
    name,
    arrival: resolveArrival(fields.arrival),
    mix: withoutUndefined(fields.mix),
    logBooks: { count: logBooks.count, zipfExponent: logBooks.zipf },
    tags: { count: tags.count, zipfExponent: tags.zipf },
    tagsPerRecord,
    recordBytes: recordSize,
    auxBytes: auxSize,
    readPosition: resolveRead(fields.read),
    keepRecords,
    nestedShare: nested,
    startNanos: start,
    ...(stop === undefined ? {} : { stopNanos: stop }),
  };
}

function resolveArrival(arrival: WorkloadFields["arrival"]): Arrival {
  const { closedLoop, paced, poisson, constantRate, timetable } = arrival;
  if (closedLoop !== undefined) return { kind: "closedLoop", ...closedLoop };
  if (paced !== undefined) return { kind: "paced", clients: paced.clients, intervalNanos: paced.interval };
  if (poisson !== undefined) return { kind: "poisson", perSecond: poisson.rate };
  if (constantRate !== undefined) return { kind: "constantRate", perSecond: constantRate.rate };
  if (timetable !== undefined) {
    const { rate, connections, threads } = timetable;
    return { kind: "timetable", perSecond: rate, connections, threads };
  }
  throw new Error("an arrival that the format accepted has no kind");
}

function resolveRead(read: WorkloadFields["read"]): ReadPosition {
  if (typeof read === "string") return { kind: read };
  return { kind: "recent", records: read.recent! };
}

/** The expectations of a file, which are right. */
export function resolveExpectations(expect: readonly string[], operations: readonly string[]): Expectation[] {
  return expect.map((expression) => {
    const parsed = parseExpectation(expression, operations);
    if (!parsed.ok) throw new Error(`an expectation that the rules accepted ${parsed.reason}`);
    return parsed.value;
  });
}

type Defined<T> = { [Name in keyof T]: Exclude<T[Name], undefined> };

export function withoutUndefined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
