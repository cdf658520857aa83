/** Deployments of the systems that Nightcore is compared with, for tests. */

import { CLUSTER_DEFAULTS, type DeploymentConfig } from "../../../models/applications/deployment.ts";
import { NETWORK_DEFAULTS } from "../../../models/applications/network.ts";
import { LAMBDA_DEFAULTS, OPENFAAS_DEFAULTS, RPC_DEFAULTS } from "../../../models/baselines/config.ts";
import { createLambda } from "../../../models/baselines/lambda.ts";
import { createOpenFaas } from "../../../models/baselines/openfaas.ts";
import type { Baseline } from "../../../models/baselines/parts.ts";
import { createRpc } from "../../../models/baselines/rpc.ts";
import type { Simulation } from "../../../sim/simulation.ts";
import { MILLISECOND, type Nanos } from "../../../sim/units.ts";
import { noopApplication, ONE_AT_A_TIME } from "../nightcore/noop.ts";

/** A system that has not been started: `noop` called by one client at a time, if nothing else is said. */
export function createBaseline(system: Baseline, more: Partial<DeploymentConfig> = {}): Simulation {
  const config = {
    seed: 1,
    mode: "fast",
    application: noopApplication(0),
    cluster: CLUSTER_DEFAULTS,
    network: NETWORK_DEFAULTS,
    costs: {},
    clients: [{ name: "one", load: ONE_AT_A_TIME }],
    callTimeoutNanos: 5_000 * MILLISECOND,
    ...more,
  } as const;
  switch (system) {
    case "rpc":
      return createRpc({ ...config, rpc: RPC_DEFAULTS }).simulation;
    case "openfaas":
      return createOpenFaas({ ...config, openfaas: OPENFAAS_DEFAULTS }).simulation;
    case "lambda":
      return createLambda({ ...config, lambda: LAMBDA_DEFAULTS }).simulation;
  }
}

export function run(simulation: Simulation, forNanos: Nanos): Simulation {
  simulation.start();
  simulation.run(forNanos);
  return simulation;
}

export function requestsOf({ recorder }: Simulation) {
  return recorder.results().find(({ name }) => name === "request")!;
}
