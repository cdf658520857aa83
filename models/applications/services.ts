/**
 * The parts of a deployment that every system has: stores and queues on the machines that the application names, with a queue's
 * consumer beside it, web servers, and clients, each on a machine of its own.
 *
 * Addresses are given in the order in which processes are added; who is added earlier and asks those who come later takes them
 * from `serviceAddresses`.
 */

import type { Address } from "../../sim/machine.ts";
import type { Host } from "../../sim/simulation.ts";
import type { Nanos } from "../../sim/units.ts";
import type { Application } from "./application.ts";
import type { Builder } from "./builder.ts";
import { type ClientConfig, client, type Entry } from "./client.ts";
import {
  COSTS,
  type Costs,
  clientCosts,
  consumerCosts,
  queueCosts,
  storeCosts,
  storePools,
  webServerCosts,
} from "./costs.ts";
import type { ClusterConfig, DeploymentConfig } from "./deployment.ts";
import { type FrontEndConfig, frontEnd } from "./front-end.ts";
import type { ServiceAddresses } from "./messages.ts";
import { queue } from "./queue.ts";
import { store } from "./store.ts";

export interface ServicesPlan extends Builder {
  readonly config: DeploymentConfig;
  readonly applicationCosts: Costs;
}

/** Of applications, with what the scenario overrides. */
export function applicationCostsOf({ costs }: Pick<DeploymentConfig, "costs">): Costs {
  return { ...COSTS, ...(costs as Partial<Costs>) };
}

/** Addresses of services whose first process has the address `first`: stores, then each queue with its consumer behind it. */
export function serviceAddresses(
  { stores, queues }: Pick<Application, "stores" | "queues">,
  first: Address,
): ServiceAddresses {
  const firstQueue = first + stores.length;
  return {
    stores: stores.map((_, i) => first + i),
    queues: queues.map((_, i) => firstQueue + 2 * i),
  };
}

/** What everybody who runs application code needs of stores and queues. */
export function servicesOf(
  { application, cluster }: Pick<DeploymentConfig, "application" | "cluster">,
  { stores, queues }: ServiceAddresses,
): Pick<FrontEndConfig, "stores" | "queues"> {
  const { storeConnections: connections } = cluster;
  return {
    stores: application.stores.map(({ kind }, i) => ({ address: stores[i]!, connections, kind })),
    queues: queues.map((address) => ({ address, connections })),
  };
}

/** Most connections that a web server's process, or whoever is like it, keeps to anybody. */
export function connectionsKept({ gatewayConnections, storeConnections }: ClusterConfig): number {
  return Math.max(gatewayConnections, storeConnections);
}

/** Adds stores, queues and consumers. `frontEnds`: what consumers need to make calls. */
export function addServices(
  plan: ServicesPlan,
  frontEnds: Omit<FrontEndConfig, "codes" | "threads">,
): ServiceAddresses & { readonly consumers: readonly Address[] } {
  const { config, applicationCosts } = plan;
  const { application, cluster } = config;
  const stores = application.stores.map(({ name, kind, machine }) => {
    const host = serviceMachine(plan, machine);
    return plan.add("store", host, {
      name: `store-${name}`,
      machine: store,
      config: undefined,
      costs: storeCosts(applicationCosts, kind),
      pools: storePools(kind, host.cores.servers),
    });
  });
  const queues: Address[] = [];
  const consumers: Address[] = [];
  application.queues.forEach(({ name, machine, consumer: { name: consumerName, threads, code } }, index) => {
    const host = serviceMachine(plan, machine);
    const consumer = plan.simulation.processes.length + 1;
    queues.push(
      plan.add("queue", host, {
        name: `queue-${name}`,
        machine: queue,
        config: { consumers: [consumer], prefetch: cluster.prefetch },
        costs: queueCosts(applicationCosts),
        pools: storePools("rabbitmq", host.cores.servers),
      }),
    );
    consumers.push(
      plan.add(
        "consumer",
        host,
        {
          name: `consumer-${consumerName}`,
          machine: frontEnd,
          config: { ...frontEnds, codes: [code], threads },
          costs: consumerCosts(applicationCosts),
          pools: [{ name: "handlers", threads, shared: true }],
        },
        { connections: connectionsKept(cluster), index },
      ),
    );
  });
  return { stores, queues, consumers };
}

function serviceMachine({ config, machine }: ServicesPlan, name: string): Host {
  const { machineCores, serviceCores } = config.cluster;
  return machine(name, machineCores[name] ?? serviceCores, config.cluster);
}

/** Adds web servers, if the application's requests go to any. */
export function addWebServers(
  plan: ServicesPlan,
  host: Host,
  frontEnds: Omit<FrontEndConfig, "codes" | "threads">,
): Address[] {
  const { application, cluster } = plan.config;
  const usesWeb = application.requests.some(({ entry }) => entry === "web");
  const codes = application.requests.map(({ code }) => code);
  return numbered(usesWeb ? cluster.webServers : 0).map((number) =>
    plan.add(
      "web",
      host,
      {
        name: `web-${number}`,
        machine: frontEnd,
        config: { ...frontEnds, codes, threads: 0 },
        costs: webServerCosts(plan.applicationCosts),
      },
      { connections: connectionsKept(cluster), index: number - 1 },
    ),
  );
}

const CLIENT_CORES = 8;

/** Adds the clients. `entryOf`: where a method's calls enter; the load begins at `startNanos`. */
export function addClients(
  plan: ServicesPlan,
  webServers: readonly Address[],
  entryOf: (method: number) => Entry,
  startNanos: Nanos,
): Address[] {
  const { clients, application } = plan.config;
  const { requests } = application;
  const [first] = requests;
  if (first === undefined || requests.some(({ entry }) => entry !== first.entry)) {
    throw new Error(`the requests of ${application.name} do not all go to web servers, or all to functions`);
  }
  const entries = requests.map(
    ({ entry, method }, number): Entry =>
      entry === "web" ? { targets: webServers, number } : entryOf(method),
  );
  return clients.map(({ name, load, mix, stopNanos }, index) => {
    const connections = load.kind === "closedLoop" ? load.clients : load.connections;
    const config: ClientConfig = {
      application: mix === undefined ? application : { ...application, mix },
      load,
      entries,
      startNanos,
      stopNanos: stopNanos === undefined ? undefined : startNanos + stopNanos,
      index,
      clients: clients.length,
    };
    const fewest = Math.min(...entries.map(({ targets }) => targets.length));
    return plan.add(
      "client",
      plan.machine(`client-${name}`, CLIENT_CORES),
      { name: `client-${name}`, machine: client, config, costs: clientCosts() },
      { connections: Math.ceil(connections / fewest), index },
    );
  });
}

/** Nodes and web servers count from 1. */
export function numbered(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}
