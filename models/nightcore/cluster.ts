/**
 * Builds a Nightcore deployment on the kernel: hosts, processes, links and costs (docs/models/nightcore.md, "The parts").
 *
 * Every node has a machine of its own, with its engine and all function processes. The web servers share the gateway's. Stores and
 * queues are on the machines that the application names, a queue's consumer beside it. Each client has a machine.
 */

import type { Address } from "../../sim/machine.ts";
import type { Pool, ProcessOptions } from "../../sim/process.ts";
import type { Host, Simulation } from "../../sim/simulation.ts";
import { type Nanos, SECOND } from "../../sim/units.ts";
import type { FunctionSpec } from "../applications/application.ts";
import { type Builder, createBuilder } from "../applications/builder.ts";
import { applicationNanos } from "../applications/costs.ts";
import type { DeploymentConfig } from "../applications/deployment.ts";
import type { ServiceAddresses } from "../applications/messages.ts";
import type { Routing } from "../applications/network.ts";
import {
  addClients,
  addServices,
  addWebServers,
  applicationCostsOf,
  numbered,
  type ServicesPlan,
  serviceAddresses,
  servicesOf,
} from "../applications/services.ts";
import { INITIAL_WORKERS, type NightcoreConfig } from "./config.ts";
import { COSTS, type Costs, engineCosts, gatewayCosts, launcherCosts, workerCosts } from "./costs.ts";
import { engine } from "./engine.ts";
import { gateway } from "./gateway.ts";
import { launcher } from "./launcher.ts";
import { createRouting } from "./network.ts";
import { worker } from "./worker.ts";
import type { WorkerConfig } from "./worker-state.ts";

/**
 * How long a deployment takes to come up: of hundreds of workers that are launched at once, the last has connected. A run's own
 * clock, its warm-up and its load begin after that.
 */
export const START_UP_NANOS: Nanos = SECOND;

/** Slots that there may be of a function whose pool has no bound: more than any machine runs with profit. */
const SLOTS_UNBOUNDED = 64;

export interface NightcoreDeploymentConfig extends DeploymentConfig {
  readonly nightcore: NightcoreConfig;
  readonly mutation: number;
  /** A shared log beside the runtime; default: none. */
  readonly beside?: LogBeside;
}

export type RoleOptions = Omit<ProcessOptions, "role" | "host" | "wakeLatency" | "cpuJitter">;

/** What a log needs of a deployment, and what it makes of the runtime's processes (models/stack/cluster.ts). */
export interface LogBeside {
  /** How long the log takes to come up, if that is longer. */
  readonly startUpNanos: Nanos;
  /** Links of the log's own processes as well. */
  routing(ofRuntime: Routing): Routing;
  /** Adds the log's own processes, `front` being the gateway's machine. */
  addNodes(builder: Builder, front: Host): void;
  /** The engine of a node with the log in it. */
  engine(node: number, ofRuntime: RoleOptions): RoleOptions;
  /** The gateway, with what it needs to know of the log's nodes. */
  gateway(ofRuntime: RoleOptions): RoleOptions;
  /** A function process whose code uses the log. */
  worker(ofRuntime: RoleOptions): RoleOptions;
}

/** A worker server of a deployment. */
export interface NodeAddresses {
  readonly engine: Address;
  /** By function. */
  readonly launchers: readonly Address[];
  /** By function: those of C++ functions are as many as there can be workers, most of them not in use. */
  readonly processes: readonly (readonly Address[])[];
}

export interface NightcoreDeployment {
  readonly simulation: Simulation;
  readonly gateway: Address;
  readonly nodes: readonly NodeAddresses[];
  readonly webServers: readonly Address[];
  readonly stores: readonly Address[];
  readonly queues: readonly Address[];
  readonly consumers: readonly Address[];
  readonly clients: readonly Address[];
}

/** Everything that building parts of a deployment needs. */
interface Plan extends ServicesPlan {
  readonly config: NightcoreDeploymentConfig;
  readonly functionOf: readonly number[];
  readonly costs: Costs;
}

export function createNightcore(config: NightcoreDeploymentConfig): NightcoreDeployment {
  const { application, cluster, nightcore: settings, network, mutation, warmupNanos, beside } = config;
  const { functions, methods } = application;
  const startUpNanos = Math.max(START_UP_NANOS, beside?.startUpNanos ?? 0);
  const routing = createRouting(settings, network, functions.length);
  const builder = createBuilder(
    { ...config, warmupNanos: warmupNanos === undefined ? 0 : startUpNanos + warmupNanos },
    network,
    beside === undefined ? routing : beside.routing(routing),
    config.free ?? false,
  );
  const plan: Plan = {
    ...builder,
    config,
    functionOf: methods.map(({ fn }) => fn),
    costs: { ...COSTS, ...(config.costs as Partial<Costs>) },
    applicationCosts: applicationCostsOf(config),
  };
  const { costs, functionOf, simulation } = plan;
  const front = plan.machine("gateway", cluster.gatewayCores, cluster);
  beside?.addNodes(builder, front);
  const ofRuntime: RoleOptions = {
    name: "gateway",
    machine: gateway,
    config: { settings, functionOf, mutation },
    costs: gatewayCosts(costs),
    pools: ioThreads(settings.gatewayThreads),
    handOffNanos: costs.handOff,
  };
  const gatewayAddress = plan.add("gateway", front, beside?.gateway(ofRuntime) ?? ofRuntime);
  const services = serviceAddresses(application, simulation.processes.length);
  const frontEnds = {
    runtimes: [{ address: gatewayAddress, connections: cluster.gatewayConnections }],
    methods: methods.map((_, target) => ({ runtime: 0, target })),
    ...servicesOf(config, services),
    callTimeoutNanos: settings.callTimeoutNanos,
  };
  const { stores, queues, consumers } = addServices(plan, frontEnds);
  const nodes = numbered(cluster.nodes).map((node) => addNode(plan, node, gatewayAddress, services));
  const webServers = addWebServers(plan, front, frontEnds);
  const atGateway = (method: number) => ({ targets: [gatewayAddress], number: method });
  const clients = addClients(plan, webServers, atGateway, startUpNanos);
  return { simulation, gateway: gatewayAddress, nodes, webServers, stores, queues, consumers, clients };
}

/** An engine, its launchers, and behind them function by function the processes. */
function addNode(
  plan: Plan,
  node: number,
  gatewayAddress: Address,
  services: ServiceAddresses,
): NodeAddresses {
  const { config, costs, functionOf, applicationCosts, simulation } = plan;
  const { application, nightcore: settings, mutation, beside } = config;
  const { functions } = application;
  const host = plan.machine(`node-${node}`, config.cluster.coresPerNode, config.cluster);
  const ofRuntime: RoleOptions = {
    name: `engine-${node}`,
    machine: engine,
    config: { node, gateway: gatewayAddress, settings, functions, functionOf, mutation },
    costs: engineCosts(costs, settings),
    pools: ioThreads(settings.engineThreads),
    handOffNanos: costs.handOff,
    urgent: settings.engineFirst,
  };
  const engineAddress = plan.add(
    "engine",
    host,
    beside === undefined ? ofRuntime : beside.engine(node, ofRuntime),
  );
  let next = simulation.processes.length + functions.length;
  const processes = functions.map((spec) => {
    const first = next;
    next += spec.language === "cpp" ? slotsOf(spec) : 1;
    return Array.from({ length: next - first }, (_, i) => first + i);
  });
  const launchers = functions.map(({ name, language }, fn) =>
    plan.add("launcher", host, {
      name: `launcher-${node}.${name}`,
      machine: launcher,
      config: {
        fn,
        language,
        engine: engineAddress,
        processes: processes[fn]!,
        launchDelay: settings.launchDelay[language],
        restartNanos: settings.restartNanos,
      },
      costs: launcherCosts(costs),
    }),
  );
  for (const [fn, spec] of functions.entries()) {
    const { name, language } = spec;
    const slots = slotsOf(spec);
    const threads = language === "go" ? Math.floor((slots - 1) / settings.goSlotsPerThread) + 1 : 1;
    const connections = language === "cpp" ? 1 : slots;
    for (const [i] of processes[fn]!.entries()) {
      const process: RoleOptions = {
        name: `worker-${node}.${name}.${i + 1}`,
        machine: worker,
        config: {
          node,
          fn,
          engine: engineAddress,
          launcher: launchers[fn]!,
          gateway: gatewayAddress,
          application,
          services,
          connections,
          threads,
          settings,
          mutation,
        } satisfies WorkerConfig,
        costs: workerCosts(costs, settings, language, applicationNanos(applicationCosts, language)),
        pools: [{ name: "handlers", threads, shared: true }],
      };
      plan.add("worker", host, beside?.worker(process) ?? process, { connections, index: i });
    }
  }
  return { engine: engineAddress, launchers, processes };
}

/** Workers that a function may have at a time on a node. */
function slotsOf({ minWorkers, maxWorkers }: FunctionSpec): number {
  const most = maxWorkers === undefined || maxWorkers === 0 ? SLOTS_UNBOUNDED : maxWorkers;
  return Math.max(1, most, minWorkers ?? INITIAL_WORKERS);
}

function ioThreads(threads: number): readonly Pool[] {
  return [{ name: "io", threads }];
}
