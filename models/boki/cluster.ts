/**
 * Builds a Boki deployment on the kernel: hosts, processes, links and costs (docs/models/boki.md, "The deployment").
 *
 * Every engine, storage node and sequencer has a host of its own; the gateway, ZooKeeper and the controller share one, as
 * published; each workload's client has one. The function workers of an engine share its host's cores with it.
 */

import type { Address, Observed } from "../../sim/machine.ts";
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
import { COSTS, type Costs, clientCosts, engineCosts, gatewayCosts, workerCosts } from "./costs.ts";
import { type DefectId, defectsOf } from "./defects.ts";
import { engine } from "./engine.ts";
import { gateway } from "./gateway.ts";
import type { LogProgram } from "./log-api.ts";
import {
  addControl,
  addSequencers,
  addStorages,
  engineConfig,
  ioThreads,
  type LogPlan,
  nodeConfig,
  numbered,
} from "./log-nodes.ts";
import { createLogRouting, ROLE_WORKER } from "./network.ts";
import type { Reconfiguration } from "./operator.ts";
import { createWorker } from "./worker.ts";

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

const ROLE_CLIENT = "client";

export function createDeployment(config: DeploymentConfig): Deployment {
  return createDeployments(config, [""])[0]!;
}

/**
 * Deployments that have nothing in common but the simulation that runs them, as a provider has many: all alike, with the workloads of
 * `config` each. The names of a deployment's hosts and processes begin with its prefix, and so do those of its random streams.
 */
export function createDeployments(config: DeploymentConfig, prefixes: readonly string[]): Deployment[] {
  const { cluster, boki, network, mutation } = config;
  const routing = createLogRouting(boki, network);
  const roles: string[] = [];
  const simulation = new Simulation({
    seed: config.seed,
    mode: config.mode,
    routing: (from, to) =>
      routing(
        roles[from.address]!,
        roles[to.address]!,
        simulation.processes[from.address]!.host === simulation.processes[to.address]!.host,
      ),
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
  const add = (prefix: string, role: string, options: Parameters<LogPlan["add"]>[1]): Address => {
    roles.push(role);
    const { costs: model, ...rest } = options;
    return simulation.addProcess({
      ...rest,
      name: `${prefix}${options.name}`,
      role,
      ...(config.free === true || model === undefined ? {} : { costs: model }),
      // The load generator keeps its timetable; what it measures is the system.
      ...(wakeLatency === undefined || role === ROLE_CLIENT ? {} : { wakeLatency }),
      ...(cpuJitter === undefined ? {} : { cpuJitter }),
    });
  };
  const host = (prefix: string, name: string, disk = false): Host =>
    simulation.addHost({
      name: `${prefix}${name}`,
      cores: cluster.coresPerHost,
      bitsPerSecond: network.bitsPerSecond,
      ...(disk ? { disk: config.disk } : {}),
    });
  const machine = createWorker({ ...config.programs, ...createPrograms(config.workloads) });
  return prefixes.map((prefix) => {
    const plan: LogPlan = {
      cluster,
      boki,
      costs,
      mutation,
      defects: defectsOf(config.defects ?? []),
      reconfigurations: (config.reconfigurations ?? []).map((each) => ({
        ...each,
        atNanos: START_UP_NANOS + each.atNanos,
      })),
      add: (role, options) => add(prefix, role, options),
      host: (name, disk) => host(prefix, name, disk),
    };
    return addDeployment(simulation, config, plan, machine);
  });
}

function addDeployment(
  simulation: Simulation,
  config: DeploymentConfig,
  plan: LogPlan,
  machine: ReturnType<typeof createWorker>,
): Deployment {
  const { boki, costs, mutation, defects, add, host } = plan;
  const { cluster } = config;
  const front = host("gateway-host");
  const zooKeeperAddress = addControl(plan, front);
  const gatewayAddress = add("gateway", {
    name: "gateway",
    machine: gateway,
    config: nodeConfig(plan, zooKeeperAddress, 0),
    host: front,
    costs: gatewayCosts(costs),
    pools: ioThreads(boki.gatewayThreads, "zookeeper"),
  });
  const sequencers = addSequencers(plan, zooKeeperAddress);
  const storages = addStorages(plan, zooKeeperAddress);
  const workers: Address[][] = [];
  const sharedLists = new SharedLists();
  const engines = numbered(cluster.engines + cluster.spareEngines).map((id) => {
    const engineHost = host(`engine-${id}`);
    // An engine's workers come right behind it in the order of addresses.
    const own = simulation.processes.length;
    const workerAddresses = numbered(cluster.workersPerEngine).map((number) => own + number);
    const address = add("engine", {
      name: `engine-${id}`,
      machine: engine,
      config: engineConfig(plan, zooKeeperAddress, id, workerAddresses, sharedLists),
      host: engineHost,
      costs: engineCosts(costs),
      pools: ioThreads(boki.engineThreads, "zookeeper"),
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
