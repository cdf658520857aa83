/**
 * Builds a deployment of servers of remote procedure calls in containers (docs/models/baselines.md, "RPC servers"): on each worker
 * machine a server of each function, which runs its methods in threads of its own and calls other servers over the kernel's TCP.
 *
 * Nobody stands between: the overlay network spreads calls over all machines' replicas, the caller's own machine as any other.
 * Web servers and clients call the servers in the same way; there is no gateway.
 */

import type { Address } from "../../sim/machine.ts";
import type { Simulation } from "../../sim/simulation.ts";
import { createBuilder } from "../applications/builder.ts";
import { frontEnd } from "../applications/front-end.ts";
import { createTcpRouting } from "../applications/network.ts";
import {
  addClients,
  addServices,
  addWebServers,
  applicationCostsOf,
  connectionsKept,
  numbered,
  type ServicesPlan,
  serviceAddresses,
  servicesOf,
} from "../applications/services.ts";
import { type BaselineConfig, methodsOf, type RpcConfig } from "./config.ts";
import { costsOf, rpcCosts, threadsOf } from "./costs.ts";

export interface RpcDeployment {
  readonly simulation: Simulation;
  /** By function, then by node. */
  readonly servers: readonly (readonly Address[])[];
  readonly webServers: readonly Address[];
  readonly clients: readonly Address[];
}

export function createRpc(config: BaselineConfig & { readonly rpc: RpcConfig }): RpcDeployment {
  const { application, cluster, network, free = false, callTimeoutNanos, rpc } = config;
  const { functions, methods } = application;
  const builder = createBuilder(config, network, createTcpRouting(network), free);
  const plan: ServicesPlan = { ...builder, config, applicationCosts: applicationCostsOf(config) };
  const costs = costsOf(config);
  const { nodes, coresPerNode, gatewayCores } = cluster;
  const kept = { connections: Math.max(rpc.connections, connectionsKept(cluster)), index: 0 };

  // Servers come first, function by function: their addresses, and those of the services behind them, are known.
  const addresses = functions.map((_, fn) => numbered(nodes).map((node) => fn * nodes + node - 1));
  const services = serviceAddresses(application, functions.length * nodes);
  const frontEnds = {
    runtimes: addresses.flat().map((address) => ({ address, connections: rpc.connections })),
    methods: methods.map(({ fn }, target) => ({ runtime: fn * nodes, target, replicas: nodes })),
    ...servicesOf(config, services),
    callTimeoutNanos,
  };
  const servers = functions.map(({ name, language }, fn) =>
    numbered(nodes).map((node) =>
      plan.add(
        "server",
        plan.machine(`node-${node}`, coresPerNode, cluster),
        {
          name: `server-${node}.${name}`,
          machine: frontEnd,
          config: {
            ...frontEnds,
            ...methodsOf(application, fn),
            threads: language === "cpp" ? rpc.handlers : 0,
          },
          costs: rpcCosts(costs, plan.applicationCosts, language),
          pools: threadsOf(language, rpc.handlers, coresPerNode),
        },
        kept,
      ),
    ),
  );
  addServices(plan, frontEnds);
  const webServers = addWebServers(plan, plan.machine("gateway", gatewayCores, cluster), frontEnds);
  const entryOf = (method: number) => ({
    targets: servers[methods[method]!.fn]!,
    number: method,
  });
  const clients = addClients(plan, webServers, entryOf, 0);
  return { simulation: plan.simulation, servers, webServers, clients };
}
