/**
 * Builds a Boki deployment on the kernel: hosts, processes, links and costs (docs/models/boki.md, "The deployment").
 *
 * Every engine, storage node and sequencer has a host of its own; the gateway, ZooKeeper and the controller share one, as
 * published; each workload's client has one. The function workers of an engine share its host's cores with it.
 */

import type { Distribution } from "../../sim/distribution.ts";
import type { Address, Observed } from "../../sim/machine.ts";
import type { Endpoint, LinkProfile } from "../../sim/network.ts";
import { type Host, Simulation } from "../../sim/simulation.ts";
import { SharedLists } from "../../sim/structures/int-list.ts";
import { MILLISECOND, type Nanos, SECOND } from "../../sim/units.ts";
import { client } from "../workloads/client.ts";
import type { WorkloadConfig } from "../workloads/config.ts";
import { createPrograms, PROGRAM_LOOP, PROGRAM_ONCE } from "../workloads/programs.ts";
import {
  AUX_BYTES_MAX,
  type BokiConfig,
  type ClusterConfig,
  type DiskConfig,
  type NetworkConfig,
} from "./config.ts";
import { controller } from "./controller.ts";
import {
  COSTS,
  type Costs,
  clientCosts,
  engineCosts,
  gatewayCosts,
  sequencerCosts,
  storageCosts,
  workerCosts,
} from "./costs.ts";
import { type DefectId, defectsOf } from "./defects.ts";
import { engine } from "./engine.ts";
import { gateway } from "./gateway.ts";
import type { LogProgram } from "./log-api.ts";
import type { NodeConfig } from "./messages.ts";
import { operator, type Reconfiguration } from "./operator.ts";
import { sequencer } from "./sequencer.ts";
import { storage } from "./storage.ts";
import { createWorker } from "./worker.ts";
import { zooKeeper } from "./zookeeper.ts";

/**
 * How long a cluster takes to come up: the cut timers first tick a second after their processes start, within one interval.
 * A run's own clock, its warm-up and its workloads begin after that.
 */
export const START_UP_NANOS: Nanos = SECOND + 200 * MILLISECOND;

/** A client gives a call of one operation up after so many times what the operation itself may take. */
const GIVE_UP_TIMEOUTS = 2;

export interface DeploymentConfig {
  readonly seed: number | string;
  readonly mode: "fast" | "checked";
  readonly cluster: ClusterConfig;
  readonly boki: BokiConfig;
  readonly network: NetworkConfig;
  readonly disk: DiskConfig;
  /** Overrides of COSTS by name, in nanoseconds. */
  readonly costs: Readonly<Partial<Record<string, number>>>;
  readonly workloads: readonly WorkloadConfig[];
  /** Programs that workers know besides those of the workloads. */
  readonly programs?: Readonly<Record<string, LogProgram<never>>>;
  readonly mutation: number;
  /** Defects of the released code that are switched on; default: none. */
  readonly defects?: readonly DefectId[];
  /** What the operator orders, counted from the end of the start-up. */
  readonly reconfigurations?: readonly Reconfiguration[];
  /** Without queueing and CPU costs a step takes no time; what remains are the delays of links and timers. */
  readonly free?: boolean;
  readonly history?: boolean;
  /** Simultaneous events take a random order, drawn from the seed. */
  readonly shuffleTies?: boolean;
  /** A run of more events throws. */
  readonly eventsMax?: number;
  /** Keep the moment and the latency of every completed operation. */
  readonly completions?: boolean;
  readonly warmupNanos?: Nanos;
  readonly seriesIntervalNanos?: Nanos;
  readonly observer?: (at: Address, observation: Observed, nowNanos: Nanos) => void;
}

export interface Deployment {
  readonly simulation: Simulation;
  readonly zooKeeper: Address;
  readonly gateway: Address;
  readonly engines: readonly Address[];
  readonly storages: readonly Address[];
  readonly sequencers: readonly Address[];
  readonly workers: readonly (readonly Address[])[];
  readonly clients: readonly Address[];
}

const ROLE_ZOOKEEPER = "zookeeper";
const ROLE_WORKER = "worker";
const ROLE_CLIENT = "client";

export function createDeployment(config: DeploymentConfig): Deployment {
  const { cluster, boki, network, mutation } = config;
  const links = linkProfiles(boki, network);
  const roles: string[] = [];
  const simulation = new Simulation({
    seed: config.seed,
    mode: config.mode,
    routing: (from, to) => routeBetween(links, roles, simulation, from, to),
    history: config.history ?? false,
    shuffleTies: config.shuffleTies ?? false,
    ...(config.eventsMax === undefined ? {} : { eventsMax: config.eventsMax }),
    completions: config.completions ?? false,
    seriesIntervalNanos: config.seriesIntervalNanos ?? 0,
    warmupNanos: config.warmupNanos === undefined ? 0 : START_UP_NANOS + config.warmupNanos,
    ...(config.observer === undefined ? {} : { observer: config.observer }),
  });
  const costs: Costs = { ...COSTS, ...(config.costs as Partial<Costs>) };
  const wakeLatency = config.free === true ? undefined : network.wakeLatency;
  const cpuJitter = config.free === true ? undefined : network.cpuJitter;
  const add = (
    role: string,
    options: Omit<Parameters<Simulation["addProcess"]>[0], "role" | "wakeLatency" | "cpuJitter">,
  ): Address => {
    roles.push(role);
    const { costs: model, ...rest } = options;
    return simulation.addProcess({
      ...rest,
      role,
      ...(config.free === true || model === undefined ? {} : { costs: model }),
      // The load generator keeps its timetable; what it measures is the system.
      ...(wakeLatency === undefined || role === ROLE_CLIENT ? {} : { wakeLatency }),
      ...(cpuJitter === undefined ? {} : { cpuJitter }),
    });
  };
  const host = (name: string, disk = false): Host =>
    simulation.addHost({
      name,
      cores: cluster.coresPerHost,
      bitsPerSecond: network.bitsPerSecond,
      ...(disk ? { disk: config.disk } : {}),
    });
  const io = (threads: number, ...more: string[]) => [
    { name: "io", threads },
    ...more.map((name) => ({ name, threads: 1 })),
  ];
  const sessionTimeoutNanos = boki.zookeeperSessionTimeoutNanos;
  const defects = defectsOf(config.defects ?? []);
  const node = (id: number): NodeConfig => ({
    id,
    zooKeeper: zooKeeperAddress,
    sessionTimeoutNanos,
    repairIntervalNanos: boki.repairIntervalNanos,
    mutation,
    defects,
  });

  const front = host("gateway-host");
  const zooKeeperAddress = add(ROLE_ZOOKEEPER, {
    name: "zookeeper",
    machine: zooKeeper,
    config: { sessionTimeoutNanos },
    host: front,
  });
  const { metalogReplicas, userlogReplicas, indexReplicas, physicalLogs, hashTokens } = boki;
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
    host: front,
  });
  const engineCount = cluster.engines + cluster.spareEngines;
  const storageCount = cluster.storages + cluster.spareStorages;
  const sequencerCount = cluster.sequencers + cluster.spareSequencers;
  add("operator", {
    name: "operator",
    machine: operator,
    config: {
      zooKeeper: zooKeeperAddress,
      sessionTimeoutNanos,
      reconfigurations: (config.reconfigurations ?? []).map((each) => ({
        ...each,
        atNanos: START_UP_NANOS + each.atNanos,
      })),
      engines: engineCount,
      storages: storageCount,
      sequencers: sequencerCount,
    },
    host: front,
  });
  const gatewayAddress = add("gateway", {
    name: "gateway",
    machine: gateway,
    config: node(0),
    host: front,
    costs: gatewayCosts(costs),
    pools: io(boki.gatewayThreads, "zookeeper"),
  });
  const sequencers = numbered(sequencerCount).map((id) =>
    add("sequencer", {
      name: `sequencer-${id}`,
      machine: sequencer,
      config: {
        ...node(id),
        globalCutNanos: boki.globalCutNanos,
        sealTailEntries: boki.sealTailEntries,
        threads: boki.sequencerThreads,
      },
      host: host(`sequencer-${id}`),
      costs: sequencerCosts(costs),
      pools: io(boki.sequencerThreads, "zookeeper"),
      handOffNanos: costs.handOff,
    }),
  );
  const storages = numbered(storageCount).map((id) =>
    add("storage", {
      name: `storage-${id}`,
      machine: storage,
      config: {
        ...node(id),
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
      pools: io(boki.storageThreads, "zookeeper", "flush"),
      handOffNanos: costs.handOff,
    }),
  );
  const machine = createWorker({ ...config.programs, ...createPrograms(config.workloads) });
  const workers: Address[][] = [];
  const sharedLists = new SharedLists();
  const engines = numbered(engineCount).map((id) => {
    const engineHost = host(`engine-${id}`);
    // An engine's workers come right behind it in the order of addresses.
    const own = simulation.processes.length;
    const workerAddresses = numbered(cluster.workersPerEngine).map((number) => own + number);
    const address = add("engine", {
      name: `engine-${id}`,
      machine: engine,
      config: {
        ...node(id),
        workers: workerAddresses,
        cache: boki.engineCache,
        cacheBytes: boki.engineCacheBytes,
        propagateAuxData: boki.propagateAuxData,
        blockingReadLimitNanos: boki.blockingReadLimitNanos,
        remoteIndexShare: boki.remoteIndexShare,
        resultBytesMax: boki.appendBytesMax,
        readRetryNanos: boki.readRetryNanos,
        operationTimeoutNanos: boki.operationTimeoutNanos,
        sharedLists,
      },
      host: engineHost,
      costs: engineCosts(costs),
      pools: io(boki.engineThreads, "zookeeper"),
      handOffNanos: costs.handOff,
    });
    workers.push(
      numbered(cluster.workersPerEngine).map((number) =>
        add(ROLE_WORKER, {
          name: `worker-${id}.${number}`,
          machine,
          config: {
            engine: address,
            appendBytesMax: boki.appendBytesMax,
            auxBytesMax: AUX_BYTES_MAX,
            operationTimeoutNanos: boki.operationTimeoutNanos,
            mutation,
            defects,
          },
          host: engineHost,
          costs: workerCosts(costs),
        }),
      ),
    );
    return address;
  });
  const clients = config.workloads.map((workload) =>
    add(ROLE_CLIENT, {
      name: `client-${workload.name}`,
      machine: client,
      config: {
        gateway: gatewayAddress,
        workload,
        readyNanos: START_UP_NANOS,
        giveUpNanos: defects.noTimeouts ? undefined : GIVE_UP_TIMEOUTS * boki.operationTimeoutNanos,
        programs: { once: PROGRAM_ONCE, loop: PROGRAM_LOOP },
      },
      host: host(`client-${workload.name}`),
      costs: clientCosts(),
    }),
  );
  return {
    simulation,
    zooKeeper: zooKeeperAddress,
    gateway: gatewayAddress,
    engines,
    storages,
    sequencers,
    workers,
    clients,
  };
}

/** Node ids count from 1, as deployed. */
function numbered(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

interface Links {
  readonly network: LinkProfile;
  readonly pipe: LinkProfile;
  readonly zooKeeper: LinkProfile;
  /** From one process to another of ZooKeeper's own host: no partition comes between them. */
  readonly zooKeeperLocal: LinkProfile;
  readonly local: LinkProfile;
}

const NOTHING: Distribution = { kind: "constant", value: 0 };

function linkProfiles(boki: BokiConfig, network: NetworkConfig): Links {
  return {
    network: { name: "network", latency: network.latency, connections: boki.connectionsPerPeer },
    pipe: { name: "pipe", latency: network.pipeLatency, connections: 1, pinned: true, local: true },
    zooKeeper: { name: "zookeeper", latency: network.zookeeperDelay, connections: 1 },
    zooKeeperLocal: { name: "zookeeper", latency: network.zookeeperDelay, connections: 1, local: true },
    local: { name: "local", latency: NOTHING, connections: 1, local: true },
  };
}

function routeBetween(
  links: Links,
  roles: readonly string[],
  simulation: Simulation,
  from: Endpoint,
  to: Endpoint,
): LinkProfile {
  const [sender, receiver] = [roles[from.address], roles[to.address]];
  const sameHost = simulation.processes[from.address]!.host === simulation.processes[to.address]!.host;
  if (sender === ROLE_ZOOKEEPER || receiver === ROLE_ZOOKEEPER) {
    return sameHost ? links.zooKeeperLocal : links.zooKeeper;
  }
  if (sender === ROLE_WORKER || receiver === ROLE_WORKER) return links.pipe;
  return sameHost ? links.local : links.network;
}
