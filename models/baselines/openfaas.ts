/**
 * Builds a deployment like OpenFaaS (docs/models/baselines.md, "OpenFaaS"): a gateway that passes every call on to a watchdog, one for
 * each function and machine in turn, which passes it on to the function's process beside it. All of it is HTTP, and calls
 * of functions enter by the gateway as those from outside do.
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
import { type BaselineConfig, methodsOf, type OpenFaasConfig } from "./config.ts";
import { costsOf, httpCosts, proxyCosts, threadsOf } from "./costs.ts";
import { proxy } from "./proxy.ts";

export interface OpenFaasDeployment {
  readonly simulation: Simulation;
  readonly gateway: Address;
  /** By function, then by node. */
  readonly watchdogs: readonly (readonly Address[])[];
  readonly workers: readonly (readonly Address[])[];
  readonly webServers: readonly Address[];
  readonly clients: readonly Address[];
}

/** Threads of a C++ function's process: one for each connection, of which as many run as there are cores. */
const HANDLERS_CPP = 64;

export function createOpenFaas(
  config: BaselineConfig & { readonly openfaas: OpenFaasConfig },
): OpenFaasDeployment {
  const { application, cluster, network, free = false, callTimeoutNanos, openfaas } = config;
  const { functions, methods } = application;
  const builder = createBuilder(config, network, createTcpRouting(network), free);
  const plan: ServicesPlan = { ...builder, config, applicationCosts: applicationCostsOf(config) };
  const { applicationCosts } = plan;
  const costs = costsOf(config);
  const { nodes, coresPerNode, gatewayCores, gatewayConnections } = cluster;
  const kept = { connections: connectionsKept(cluster), index: 0 };

  // The gateway is first; behind it each watchdog with its function's process, function by function.
  const gatewayAddress: Address = 0;
  const pairs = functions.map((_, fn) => numbered(nodes).map((node) => fn * nodes + node - 1));
  const watchdogs = pairs.map((each) => each.map((pair) => 1 + 2 * pair));
  const workers = pairs.map((each) => each.map((pair) => 2 + 2 * pair));
  const services = serviceAddresses(application, 1 + 2 * functions.length * nodes);
  const frontEnds = {
    runtimes: [{ address: gatewayAddress, connections: gatewayConnections }],
    methods: methods.map((_, target) => ({ runtime: 0, target })),
    ...servicesOf(config, services),
    callTimeoutNanos,
  };

  const front = plan.machine("gateway", gatewayCores, cluster);
  plan.add(
    "gateway",
    front,
    {
      name: "gateway",
      machine: proxy,
      config: {
        upstreams: watchdogs.flat().map((address) => ({ address, connections: gatewayConnections })),
        routes: methods.map(({ fn }) => pairs[fn]!),
        delay: openfaas.gatewayDelay,
      },
      costs: proxyCosts(costs, applicationCosts),
      pools: threadsOf("go", 0, gatewayCores),
    },
    kept,
  );
  for (const [fn, { name, language }] of functions.entries()) {
    for (const node of numbered(nodes)) {
      const host = plan.machine(`node-${node}`, coresPerNode, cluster);
      const worker = workers[fn]![node - 1]!;
      plan.add(
        "watchdog",
        host,
        {
          name: `watchdog-${node}.${name}`,
          machine: proxy,
          config: {
            upstreams: [{ address: worker, connections: gatewayConnections }],
            routes: methods.map((method) => (method.fn === fn ? [0] : [])),
            delay: undefined,
          },
          costs: proxyCosts(costs, applicationCosts),
          pools: threadsOf("go", 0, coresPerNode),
        },
        kept,
      );
      plan.add(
        "worker",
        host,
        {
          name: `worker-${node}.${name}`,
          machine: frontEnd,
          config: { ...frontEnds, ...methodsOf(application, fn), threads: 0 },
          costs: httpCosts(costs, applicationCosts, language),
          pools: threadsOf(language, HANDLERS_CPP, coresPerNode),
        },
        kept,
      );
    }
  }
  addServices(plan, frontEnds);
  const webServers = addWebServers(plan, front, frontEnds);
  const atGateway = (method: number) => ({ targets: [gatewayAddress], number: method });
  const clients = addClients(plan, webServers, atGateway, 0);
  return { simulation: plan.simulation, gateway: gatewayAddress, watchdogs, workers, webServers, clients };
}
