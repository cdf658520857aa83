/**
 * Builds a Nightcore deployment on the kernel: hosts, processes, links and costs (docs/models/nightcore.md, "The parts").
 *
 * Every node has a machine of its own, with its engine and all function processes. The web servers share the gateway's. Stores and
 * queues are on the machines that the application names, a queue's consumer beside it. Each client has a machine.
 */

import type { Address, Observed } from "../../sim/machine.ts";
import type { Pool } from "../../sim/process.ts";
import type { Host, Simulation } from "../../sim/simulation.ts";
import { type Nanos, SECOND } from "../../sim/units.ts";
import type { Application, FunctionSpec } from "../applications/application.ts";
import { type ClientConfig, client } from "../applications/client.ts";
import {
  COSTS as APPLICATION_COSTS,
  type Costs as ApplicationCosts,
  applicationNanos,
  clientCosts,
  consumerCosts,
  queueCosts,
  storeCosts,
  storePools,
  webServerCosts,
} from "../applications/costs.ts";
import { type FrontEndConfig, frontEnd } from "../applications/front-end.ts";
import type { Load } from "../applications/load.ts";
import type { ServiceAddresses } from "../applications/messages.ts";
import { queue } from "../applications/queue.ts";
import { store } from "../applications/store.ts";
import { type Builder, createBuilder } from "./builder.ts";
import { INITIAL_WORKERS, type NightcoreConfig } from "./config.ts";
import { COSTS, type Costs, engineCosts, gatewayCosts, launcherCosts, workerCosts } from "./costs.ts";
import { engine } from "./engine.ts";
import { gateway } from "./gateway.ts";
import { launcher } from "./launcher.ts";
import { createRouting, type NetworkConfig } from "./network.ts";
import { worker } from "./worker.ts";

/**
 * How long a deployment takes to come up: of hundreds of workers that are launched at once, the last has connected. A run's own
 * clock, its warm-up and its load begin after that.
 */
export const START_UP_NANOS: Nanos = SECOND;

/** Slots that there may be of a function whose pool has no bound: more than any machine runs with profit. */
const SLOTS_UNBOUNDED = 64;

/** Machines and what is kept between them. */
export interface NightcoreClusterConfig {
  /** Worker servers; each runs every function. */
  readonly nodes: number;
  /** A step takes so many times as long while both hyperthreads of a core are busy (docs/models/nightcore.md, "Costs"). */
  readonly siblingSlowdown: number;
  readonly coresPerNode: number;
  readonly gatewayCores: number;
  /** Of machines of stores and queues, by name; the others have `serviceCores`. */
  readonly machineCores: Readonly<Record<string, number>>;
  readonly serviceCores: number;
  /** Processes of the web server. */
  readonly webServers: number;
  /** Connections that a web server's process and a queue's consumer keep to the gateway. */
  readonly gatewayConnections: number;
  /** Connections that a process keeps to each store and queue. */
  readonly storeConnections: number;
  /** Messages that a queue's consumer may have without having acknowledged them. */
  readonly prefetch: number;
}

/** The published machines of one worker server: 8 processors each. */
export const NIGHTCORE_CLUSTER_DEFAULTS: NightcoreClusterConfig = {
  nodes: 1,
  siblingSlowdown: 1.6,
  coresPerNode: 8,
  gatewayCores: 8,
  machineCores: {},
  serviceCores: 8,
  webServers: 4,
  gatewayConnections: 512,
  storeConnections: 64,
  prefetch: 64,
};

export interface NightcoreClientConfig {
  readonly name: string;
  readonly load: Load;
  /** Instead of the application's: shares of its requests. */
  readonly mix?: readonly number[];
  /** The last request may begin so long after the end of the start-up; undefined: the load does not end. */
  readonly stopNanos?: Nanos;
}

export interface NightcoreDeploymentConfig {
  readonly seed: number | string;
  readonly mode: "fast" | "checked";
  readonly application: Application;
  readonly cluster: NightcoreClusterConfig;
  readonly nightcore: NightcoreConfig;
  readonly network: NetworkConfig;
  /** Overrides by name, in nanoseconds, of the costs of the runtime and of applications. */
  readonly costs: Readonly<Partial<Record<string, number>>>;
  readonly clients: readonly NightcoreClientConfig[];
  readonly mutation: number;
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
interface Plan extends Builder {
  readonly config: NightcoreDeploymentConfig;
  readonly functionOf: readonly number[];
  readonly costs: Costs;
  readonly applicationCosts: ApplicationCosts;
}

export function createNightcore(config: NightcoreDeploymentConfig): NightcoreDeployment {
  const { application, cluster, nightcore: settings, network, mutation, warmupNanos } = config;
  const { functions, methods } = application;
  const routing = createRouting(settings, network, functions.length);
  const builder = createBuilder(
    { ...config, warmupNanos: warmupNanos === undefined ? 0 : START_UP_NANOS + warmupNanos },
    network,
    routing,
    config.free ?? false,
  );
  const plan: Plan = {
    ...builder,
    config,
    functionOf: methods.map(({ fn }) => fn),
    costs: { ...COSTS, ...(config.costs as Partial<Costs>) },
    applicationCosts: { ...APPLICATION_COSTS, ...(config.costs as Partial<ApplicationCosts>) },
  };
  const { costs, functionOf } = plan;
  const front = plan.machine("gateway", cluster.gatewayCores, cluster.siblingSlowdown);
  const gatewayAddress = plan.add("gateway", front, {
    name: "gateway",
    machine: gateway,
    config: { settings, functionOf, mutation },
    costs: gatewayCosts(costs),
    pools: ioThreads(settings.gatewayThreads),
    handOffNanos: costs.handOff,
  });
  const stores = addStores(plan);
  const { queues, consumers, frontEnds } = addQueues(plan, gatewayAddress, stores);
  const nodes = numbered(cluster.nodes).map((node) =>
    addNode(plan, node, gatewayAddress, { stores, queues }),
  );
  const usesWeb = application.requests.some(({ entry }) => entry === "web");
  const webServers = numbered(usesWeb ? cluster.webServers : 0).map((number) =>
    plan.add(
      "web",
      front,
      {
        name: `web-${number}`,
        machine: frontEnd,
        config: { ...frontEnds, codes: application.requests.map(({ code }) => code), threads: 0 },
        costs: webServerCosts(plan.applicationCosts),
      },
      { connections: connectionsKept(cluster), index: number - 1 },
    ),
  );
  const clients = addClients(plan, webServers, gatewayAddress);
  const { simulation } = plan;
  return { simulation, gateway: gatewayAddress, nodes, webServers, stores, queues, consumers, clients };
}

function serviceMachine({ config, machine }: Plan, name: string): Host {
  const { machineCores, serviceCores, siblingSlowdown } = config.cluster;
  return machine(name, machineCores[name] ?? serviceCores, siblingSlowdown);
}

function addStores(plan: Plan): Address[] {
  return plan.config.application.stores.map(({ name, kind, machine }) => {
    const host = serviceMachine(plan, machine);
    return plan.add("store", host, {
      name: `store-${name}`,
      machine: store,
      config: undefined,
      costs: storeCosts(plan.applicationCosts, kind),
      pools: storePools(kind, host.cores.servers),
    });
  });
}

/** Queues, each with its consumer right behind it in the order of addresses; and what all front ends know of the others. */
function addQueues(
  plan: Plan,
  gatewayAddress: Address,
  stores: readonly Address[],
): {
  readonly queues: Address[];
  readonly consumers: Address[];
  readonly frontEnds: Omit<FrontEndConfig, "codes" | "threads">;
} {
  const { config, simulation, applicationCosts } = plan;
  const { application, cluster, nightcore } = config;
  const { gatewayConnections, storeConnections } = cluster;
  const first = simulation.processes.length;
  const queues = application.queues.map((_, i) => first + 2 * i);
  const frontEnds = {
    runtimes: [{ address: gatewayAddress, connections: gatewayConnections }],
    methods: application.methods.map((_, target) => ({ runtime: 0, target })),
    stores: application.stores.map(({ kind }, i) => ({
      address: stores[i]!,
      connections: storeConnections,
      kind,
    })),
    queues: queues.map((address) => ({ address, connections: storeConnections })),
    callTimeoutNanos: nightcore.callTimeoutNanos,
  };
  const consumers = application.queues.map(({ name, machine, consumer }, i) => {
    const host = serviceMachine(plan, machine);
    plan.add("queue", host, {
      name: `queue-${name}`,
      machine: queue,
      config: { consumers: [queues[i]! + 1], prefetch: cluster.prefetch },
      costs: queueCosts(applicationCosts),
      pools: storePools("rabbitmq", host.cores.servers),
    });
    const { threads, code } = consumer;
    return plan.add(
      "consumer",
      host,
      {
        name: `consumer-${consumer.name}`,
        machine: frontEnd,
        config: { ...frontEnds, codes: [code], threads },
        costs: consumerCosts(applicationCosts),
        pools: [{ name: "handlers", threads, shared: true }],
      },
      { connections: connectionsKept(cluster), index: i },
    );
  });
  return { queues, consumers, frontEnds };
}

function connectionsKept({ gatewayConnections, storeConnections }: NightcoreClusterConfig): number {
  return Math.max(gatewayConnections, storeConnections);
}

/** An engine, its launchers, and behind them function by function the processes. */
function addNode(
  plan: Plan,
  node: number,
  gatewayAddress: Address,
  services: ServiceAddresses,
): NodeAddresses {
  const { config, costs, functionOf, applicationCosts, simulation } = plan;
  const { application, nightcore: settings, mutation } = config;
  const { functions } = application;
  const host = plan.machine(`node-${node}`, config.cluster.coresPerNode, config.cluster.siblingSlowdown);
  const engineAddress = plan.add("engine", host, {
    name: `engine-${node}`,
    machine: engine,
    config: { node, gateway: gatewayAddress, settings, functions, functionOf, mutation },
    costs: engineCosts(costs, settings),
    pools: ioThreads(settings.engineThreads),
    handOffNanos: costs.handOff,
    urgent: settings.engineFirst,
  });
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
      plan.add(
        "worker",
        host,
        {
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
          },
          costs: workerCosts(costs, settings, language, applicationNanos(applicationCosts, language)),
          pools: [{ name: "handlers", threads, shared: true }],
        },
        { connections, index: i },
      );
    }
  }
  return { engine: engineAddress, launchers, processes };
}

/** Workers that a function may have at a time on a node. */
function slotsOf({ minWorkers, maxWorkers }: FunctionSpec): number {
  const most = maxWorkers === undefined || maxWorkers === 0 ? SLOTS_UNBOUNDED : maxWorkers;
  return Math.max(1, most, minWorkers ?? INITIAL_WORKERS);
}

function addClients(plan: Plan, webServers: readonly Address[], gatewayAddress: Address): Address[] {
  const { clients, application } = plan.config;
  const { requests } = application;
  const [first] = requests;
  if (first === undefined || requests.some(({ entry }) => entry !== first.entry)) {
    throw new Error(`the requests of ${application.name} do not all go to web servers, or all to functions`);
  }
  const targets = first.entry === "web" ? webServers : [gatewayAddress];
  const targetNumbers = requests.map(({ entry, method }, number) => (entry === "web" ? number : method));
  return clients.map(({ name, load, mix, stopNanos }, index) => {
    const connections = load.kind === "closedLoop" ? load.clients : load.connections;
    const config: ClientConfig = {
      application: mix === undefined ? application : { ...application, mix },
      load,
      targets,
      targetNumbers,
      startNanos: START_UP_NANOS,
      stopNanos: stopNanos === undefined ? undefined : START_UP_NANOS + stopNanos,
      index,
      clients: clients.length,
    };
    return plan.add(
      "client",
      plan.machine(`client-${name}`, CLIENT_CORES),
      { name: `client-${name}`, machine: client, config, costs: clientCosts() },
      { connections: Math.ceil(connections / targets.length), index },
    );
  });
}
const CLIENT_CORES = 8;

function ioThreads(threads: number): readonly Pool[] {
  return [{ name: "io", threads }];
}

/** Nodes and web servers count from 1. */
function numbered(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}
