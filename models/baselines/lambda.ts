/**
 * Builds a deployment like AWS Lambda (docs/models/baselines.md, "Lambda"): a front that every call passes, those of functions as
 * those from outside, and behind it an environment of its own for each call. What happens inside the front nobody outside knows: it
 * is one delay.
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
  type ServicesPlan,
  serviceAddresses,
  servicesOf,
} from "../applications/services.ts";
import { type BaselineConfig, type LambdaConfig, methodsOf } from "./config.ts";
import { costsOf, httpCosts, unknownCosts } from "./costs.ts";
import { proxy } from "./proxy.ts";

export interface LambdaDeployment {
  readonly simulation: Simulation;
  readonly gateway: Address;
  /** By function: a process stands for all its environments. */
  readonly workers: readonly Address[];
  readonly webServers: readonly Address[];
  readonly clients: readonly Address[];
}

/** Calls that there may be at a time of a function before one waits for another: the service's limit of environments (1,000). */
const ENVIRONMENTS_MAX = 1_000;

export function createLambda(config: BaselineConfig & { readonly lambda: LambdaConfig }): LambdaDeployment {
  const { application, cluster, network, free = false, callTimeoutNanos, lambda } = config;
  const { functions, methods } = application;
  const builder = createBuilder(config, network, createTcpRouting(network), free);
  const plan: ServicesPlan = { ...builder, config, applicationCosts: applicationCostsOf(config) };
  const costs = costsOf(config);
  const { gatewayCores } = cluster;
  const kept = { connections: Math.max(ENVIRONMENTS_MAX, connectionsKept(cluster)), index: 0 };

  const gatewayAddress: Address = 0;
  const workers = functions.map((_, fn) => 1 + fn);
  const services = serviceAddresses(application, 1 + functions.length);
  const frontEnds = {
    runtimes: [{ address: gatewayAddress, connections: ENVIRONMENTS_MAX }],
    methods: methods.map((_, target) => ({ runtime: 0, target })),
    ...servicesOf(config, services),
    callTimeoutNanos,
  };
  plan.add(
    "gateway",
    plan.machine("service", 1),
    {
      name: "gateway",
      machine: proxy,
      config: {
        upstreams: workers.map((address) => ({ address, connections: ENVIRONMENTS_MAX })),
        routes: methods.map(({ fn }) => [fn]),
        delay: lambda.delay,
      },
      costs: unknownCosts(),
    },
    kept,
  );
  functions.forEach(({ name, language }, fn) => {
    plan.add(
      "worker",
      plan.machine(`environments-${name}`, ENVIRONMENTS_MAX),
      {
        name: `worker-${name}`,
        machine: frontEnd,
        config: { ...frontEnds, ...methodsOf(application, fn), threads: ENVIRONMENTS_MAX },
        costs: httpCosts(costs, plan.applicationCosts, language),
        pools: [{ name: "environments", threads: ENVIRONMENTS_MAX, shared: true }],
      },
      kept,
    );
  });
  addServices(plan, frontEnds);
  const webServers = addWebServers(plan, plan.machine("gateway", gatewayCores, cluster), frontEnds);
  const atGateway = (method: number) => ({ targets: [gatewayAddress], number: method });
  const clients = addClients(plan, webServers, atGateway, 0);
  return { simulation: plan.simulation, gateway: gatewayAddress, workers, webServers, clients };
}
