/**
 * The parts of a deployment that are the log's own, whoever runs the functions: ZooKeeper, the controller and the operator,
 * sequencers and storage nodes, and how an engine is told of them (docs/models/boki.md, "The deployment").
 */

import type { Address } from "../../sim/machine.ts";
import type { Pool, ProcessOptions } from "../../sim/process.ts";
import type { Host } from "../../sim/simulation.ts";
import type { SharedLists } from "../../sim/structures/int-list.ts";
import type { BokiConfig, ClusterConfig } from "./config.ts";
import { controller } from "./controller.ts";
import { type Costs, sequencerCosts, storageCosts } from "./costs.ts";
import type { Defects } from "./defects.ts";
import type { EngineConfig } from "./engine-state.ts";
import type { NodeConfig } from "./messages.ts";
import { ROLE_ZOOKEEPER } from "./network.ts";
import { operator, type Reconfiguration } from "./operator.ts";
import { sequencer } from "./sequencer.ts";
import { storage } from "./storage.ts";
import { zooKeeper } from "./zookeeper.ts";

/** How many nodes there are. */
export type LogCluster = Pick<
  ClusterConfig,
  "engines" | "storages" | "sequencers" | "spareEngines" | "spareStorages" | "spareSequencers"
>;

export interface LogPlan {
  readonly cluster: LogCluster;
  readonly boki: BokiConfig;
  readonly costs: Costs;
  readonly mutation: number;
  readonly defects: Defects;
  readonly reconfigurations: readonly Reconfiguration[];
  add(role: string, options: Omit<ProcessOptions, "role" | "wakeLatency" | "cpuJitter">): Address;
  /** A machine of its own. */
  host(name: string, disk?: boolean): Host;
}

/** Adds ZooKeeper and those who decide: all on one machine, as published. ZooKeeper's address. */
export function addControl(plan: LogPlan, host: Host): Address {
  const { cluster, boki, mutation, defects, reconfigurations, add } = plan;
  const { metalogReplicas, userlogReplicas, indexReplicas, physicalLogs, hashTokens } = boki;
  const sessionTimeoutNanos = boki.zookeeperSessionTimeoutNanos;
  const zooKeeperAddress = add(ROLE_ZOOKEEPER, {
    name: "zookeeper",
    machine: zooKeeper,
    config: { sessionTimeoutNanos },
    host,
  });
  add("controller", {
    name: "controller",
    machine: controller,
    config: {
      zooKeeper: zooKeeperAddress,
      sessionTimeoutNanos,
      metalogReplicas,
      userlogReplicas,
      indexReplicas,
      physicalLogs,
      hashTokens,
      engines: cluster.engines,
      storages: cluster.storages,
      sequencers: cluster.sequencers,
      mutation,
      defects,
    },
    host,
  });
  add("operator", {
    name: "operator",
    machine: operator,
    config: {
      zooKeeper: zooKeeperAddress,
      sessionTimeoutNanos,
      reconfigurations,
      engines: cluster.engines + cluster.spareEngines,
      storages: cluster.storages + cluster.spareStorages,
      sequencers: cluster.sequencers + cluster.spareSequencers,
    },
    host,
  });
  return zooKeeperAddress;
}

/** What every node of the log is told, by its number within its role. */
export function nodeConfig(
  { boki, mutation, defects }: Pick<LogPlan, "boki" | "mutation" | "defects">,
  zooKeeperAddress: Address,
  id: number,
): NodeConfig {
  return {
    id,
    zooKeeper: zooKeeperAddress,
    sessionTimeoutNanos: boki.zookeeperSessionTimeoutNanos,
    repairIntervalNanos: boki.repairIntervalNanos,
    mutation,
    defects,
  };
}

export function addSequencers(plan: LogPlan, zooKeeperAddress: Address): Address[] {
  const { cluster, boki, costs, add, host } = plan;
  return numbered(cluster.sequencers + cluster.spareSequencers).map((id) =>
    add("sequencer", {
      name: `sequencer-${id}`,
      machine: sequencer,
      config: {
        ...nodeConfig(plan, zooKeeperAddress, id),
        globalCutNanos: boki.globalCutNanos,
        sealTailEntries: boki.sealTailEntries,
        threads: boki.sequencerThreads,
      },
      host: host(`sequencer-${id}`),
      costs: sequencerCosts(costs),
      pools: ioThreads(boki.sequencerThreads, "zookeeper"),
      handOffNanos: costs.handOff,
    }),
  );
}

export function addStorages(plan: LogPlan, zooKeeperAddress: Address): Address[] {
  const { cluster, boki, costs, add, host } = plan;
  return numbered(cluster.storages + cluster.spareStorages).map((id) =>
    add("storage", {
      name: `storage-${id}`,
      machine: storage,
      config: {
        ...nodeConfig(plan, zooKeeperAddress, id),
        localCutNanos: boki.localCutNanos,
        flushIntervalNanos: boki.flushIntervalNanos,
        maxLiveRecords: boki.maxLiveRecords,
        auxCacheBytes: boki.storageAuxCacheBytes,
        databaseCacheBytes: boki.databaseCacheBytes,
        resultBytesMax: boki.appendBytesMax,
        journal: boki.journal,
        unflushedRecordsMax: boki.unflushedRecordsMax,
        unflushedRecordsTarget: boki.unflushedRecordsTarget,
      },
      host: host(`storage-${id}`, true),
      costs: storageCosts(costs),
      pools: ioThreads(boki.storageThreads, "zookeeper", "flush"),
      handOffNanos: costs.handOff,
    }),
  );
}

export function engineConfig(
  plan: Pick<LogPlan, "boki" | "mutation" | "defects">,
  zooKeeperAddress: Address,
  id: number,
  workers: readonly Address[],
  sharedLists: SharedLists,
): EngineConfig {
  const { boki } = plan;
  return {
    ...nodeConfig(plan, zooKeeperAddress, id),
    workers,
    cache: boki.engineCache,
    cacheBytes: boki.engineCacheBytes,
    propagateAuxData: boki.propagateAuxData,
    blockingReadLimitNanos: boki.blockingReadLimitNanos,
    remoteIndexShare: boki.remoteIndexShare,
    resultBytesMax: boki.appendBytesMax,
    readRetryNanos: boki.readRetryNanos,
    operationTimeoutNanos: boki.operationTimeoutNanos,
    sharedLists,
  };
}

/** I/O threads, and a thread each for what else a node does. */
export function ioThreads(threads: number, ...more: string[]): readonly Pool[] {
  return [{ name: "io", threads }, ...more.map((name) => ({ name, threads: 1 }))];
}

/** Node ids count from 1, as deployed. */
export function numbered(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}
