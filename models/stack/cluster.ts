/**
 * Builds a deployment of functions that use the shared log (docs/models/stack.md, "The deployment"): Nightcore's, in which every node's engine
 * has Boki's in it, and Boki's own nodes beside it, each on a machine of its own. ZooKeeper and the controller share the gateway's.
 */

import type { Address } from "../../sim/machine.ts";
import { SharedLists } from "../../sim/structures/int-list.ts";
import type { Nanos } from "../../sim/units.ts";
import type { Routing } from "../applications/network.ts";
import { START_UP_NANOS as LOG_START_UP_NANOS } from "../boki/cluster.ts";
import { AUX_BYTES_MAX, type BokiConfig, type ClusterConfig, type DiskConfig } from "../boki/config.ts";
import {
  COSTS,
  type Costs,
  engineCosts as logEngineCosts,
  gatewayCosts as logGatewayCosts,
  workerCosts as logWorkerCosts,
} from "../boki/costs.ts";
import { type DefectId, defectsOf } from "../boki/defects.ts";
import { addControl, addSequencers, addStorages, engineConfig, type LogPlan } from "../boki/log-nodes.ts";
import { createLogRouting } from "../boki/network.ts";
import type { Reconfiguration } from "../boki/operator.ts";
import {
  createNightcore,
  type LogBeside,
  type NightcoreDeployment,
  type NightcoreDeploymentConfig,
  type RoleOptions,
  START_UP_NANOS as RUNTIME_START_UP_NANOS,
} from "../nightcore/cluster.ts";
import type { EngineConfig as RuntimeEngineConfig } from "../nightcore/engine-state.ts";
import type { GatewayConfig } from "../nightcore/gateway.ts";
import type { WorkerConfig } from "../nightcore/worker-state.ts";
import { joinedCosts, workerCosts } from "./costs.ts";
import { type StackEngineConfig, stackEngine } from "./engine.ts";
import { type StackGatewayConfig, stackGateway } from "./gateway.ts";

/** A run's own clock, its warm-up and its load begin after that. */
export const START_UP_NANOS: Nanos = Math.max(LOG_START_UP_NANOS, RUNTIME_START_UP_NANOS);

export interface StackDeploymentConfig extends Omit<NightcoreDeploymentConfig, "beside"> {
  readonly boki: BokiConfig;
  /** The log's nodes besides the engines, of which every worker server has one. */
  readonly logCluster: Pick<
    ClusterConfig,
    "storages" | "sequencers" | "spareStorages" | "spareSequencers" | "coresPerHost"
  >;
  /** Of storage nodes. */
  readonly disk: DiskConfig;
  readonly zookeeperDelay: Parameters<typeof createLogRouting>[1]["zookeeperDelay"];
  /** Defects of the released log that are switched on; default: none. */
  readonly defects?: readonly DefectId[];
  /** What the operator orders, counted from the end of the start-up. */
  readonly reconfigurations?: readonly Reconfiguration[];
}

export interface StackDeployment extends NightcoreDeployment {
  readonly zooKeeper: Address;
  readonly engines: readonly Address[];
  readonly storages: readonly Address[];
  readonly sequencers: readonly Address[];
}

/** Bugs that are switched on are those of the runtime. */
const NO_MUTATION = 0;

/** Processes of the log's own. */
const LOG_ROLES: ReadonlySet<string> = new Set([
  "zookeeper",
  "controller",
  "operator",
  "sequencer",
  "storage",
]);

export function createStack(config: StackDeploymentConfig): StackDeployment {
  const { boki, logCluster, network, zookeeperDelay } = config;
  const { storages, sequencers, spareStorages, spareSequencers } = logCluster;
  const costs: Costs = { ...COSTS, ...(config.costs as Partial<Costs>) };
  const defects = defectsOf(config.defects ?? []);
  const ofLog = createLogRouting(boki, { ...network, zookeeperDelay });
  const ofLogWorker = logWorkerCosts(costs);
  const sharedLists = new SharedLists();
  let zooKeeper: Address = -1;
  let storageAddresses: readonly Address[] = [];
  let sequencerAddresses: readonly Address[] = [];
  const beside: LogBeside = {
    startUpNanos: START_UP_NANOS,
    routing:
      (ofRuntime: Routing): Routing =>
      (from, to) => {
        const isOfLog =
          LOG_ROLES.has(from.role) ||
          LOG_ROLES.has(to.role) ||
          (from.role === "engine" && to.role === "engine");
        return isOfLog ? ofLog(from.role, to.role, from.host === to.host) : ofRuntime(from, to);
      },
    addNodes({ simulation, add }, front) {
      const plan: LogPlan = {
        cluster: {
          ...{ storages, sequencers, spareStorages, spareSequencers },
          engines: config.cluster.nodes,
          spareEngines: 0,
        },
        boki,
        costs,
        mutation: NO_MUTATION,
        defects,
        reconfigurations: (config.reconfigurations ?? []).map((each) => ({
          ...each,
          atNanos: START_UP_NANOS + each.atNanos,
        })),
        add: (role, { host, ...options }) => add(role, host!, options),
        host: (name, disk = false) =>
          simulation.addHost({
            name,
            cores: logCluster.coresPerHost,
            bitsPerSecond: config.free === true ? 0 : network.bitsPerSecond,
            ...(disk ? { disk: config.disk } : {}),
          }),
      };
      zooKeeper = addControl(plan, front);
      sequencerAddresses = addSequencers(plan, zooKeeper);
      storageAddresses = addStorages(plan, zooKeeper);
    },
    engine: (node, ofRuntime): RoleOptions => ({
      ...ofRuntime,
      machine: stackEngine,
      config: {
        runtime: ofRuntime.config as RuntimeEngineConfig,
        log: engineConfig({ boki, mutation: NO_MUTATION, defects }, zooKeeper, node, [], sharedLists),
        logBook: config.application.logBook,
      } satisfies StackEngineConfig,
      costs: joinedCosts(ofRuntime.costs!, logEngineCosts(costs)),
      pools: [...ofRuntime.pools!, { name: "zookeeper", threads: 1 }],
    }),
    gateway: (ofRuntime): RoleOptions =>
      config.nightcore.membership === "connections"
        ? ofRuntime
        : {
            ...ofRuntime,
            machine: stackGateway,
            config: {
              runtime: ofRuntime.config as GatewayConfig,
              zooKeeper,
              sessionTimeoutNanos: boki.zookeeperSessionTimeoutNanos,
            } satisfies StackGatewayConfig,
            costs: joinedCosts(ofRuntime.costs!, logGatewayCosts(costs)),
            pools: [...ofRuntime.pools!, { name: "zookeeper", threads: 1 }],
          },
    worker: (ofRuntime): RoleOptions => ({
      ...ofRuntime,
      config: {
        ...(ofRuntime.config as WorkerConfig),
        log: {
          appendBytesMax: boki.appendBytesMax,
          auxBytesMax: AUX_BYTES_MAX,
          operationTimeoutNanos: boki.operationTimeoutNanos,
        },
      } satisfies WorkerConfig,
      costs: workerCosts(ofRuntime.costs!, ofLogWorker),
    }),
  };
  const deployment = createNightcore({ ...config, beside });
  return {
    ...deployment,
    zooKeeper,
    engines: deployment.nodes.map(({ engine }) => engine),
    storages: storageAddresses,
    sequencers: sequencerAddresses,
  };
}
