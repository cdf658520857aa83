/** Running a scenario of an application, on whichever system it names. */

import type { DeploymentConfig } from "../../models/applications/deployment.ts";
import { createLambda } from "../../models/baselines/lambda.ts";
import { createOpenFaas } from "../../models/baselines/openfaas.ts";
import { type Baseline, baselinePlayers } from "../../models/baselines/parts.ts";
import { createRpc } from "../../models/baselines/rpc.ts";
import { createNightcore, type NightcoreDeployment, START_UP_NANOS } from "../../models/nightcore/cluster.ts";
import { createRuntimeInvariants } from "../../models/nightcore/invariants/invariants.ts";
import { RUNTIME_INVARIANTS } from "../../models/nightcore/invariants/violations.ts";
import { playersOf } from "../../models/nightcore/parts.ts";
import { RUNTIME_PHASES } from "../../models/nightcore/phases.ts";
import { poolSizes } from "../../models/nightcore/pools.ts";
import type { Simulation } from "../../sim/simulation.ts";
import type { RuntimeScenario } from "../scenario.ts";
import { deploymentOf, measureHandlers, runtimePool } from "./application.ts";
import { observerOf, type Running, type RunOptions } from "./running.ts";
import { startStack } from "./stack.ts";

export function startRuntime(scenario: RuntimeScenario, options: RunOptions): Running {
  const { system } = scenario;
  if (system === "nightcore-boki") return startStack(scenario, options);
  return system === "nightcore"
    ? startNightcore(scenario, options)
    : startBaseline(scenario, system, deploymentOf(scenario, options));
}

function startNightcore(scenario: RuntimeScenario, options: RunOptions): Running {
  const { application, nightcore, mutation } = scenario;
  const functions = application.functions.map(({ name }) => name);
  const invariants = scenario.check
    ? createRuntimeInvariants({
        settings: nightcore,
        functions,
        calmFromNanos: START_UP_NANOS + options.calmFromNanos,
      })
    : undefined;
  const handlers = measureHandlers(scenario, () => deployment.simulation);
  const deployment: NightcoreDeployment = createNightcore({
    ...deploymentOf(scenario, options),
    nightcore,
    mutation,
    ...observerOf([
      ...(invariants === undefined ? [] : [invariants.observe]),
      ...(handlers === undefined ? [] : [handlers]),
    ]),
  });
  return {
    simulation: deployment.simulation,
    startUpNanos: START_UP_NANOS,
    playersOf: (part) => playersOf(part, deployment, functions),
    invariants: invariants && { ...invariants, rules: RUNTIME_INVARIANTS },
    viewChanges: [],
    anatomy: undefined,
    pools: { functions, sizes: () => poolSizes(deployment, functions.length) },
    phases: RUNTIME_PHASES,
    poolOf: runtimePool,
  };
}

/** Servers are up from the start, so nothing comes before the scenario's times. */
function startBaseline(scenario: RuntimeScenario, system: Baseline, config: DeploymentConfig): Running {
  const simulation = createBaseline(scenario, system, config);
  return {
    simulation,
    startUpNanos: 0,
    playersOf: () => baselinePlayers(simulation, system),
    invariants: undefined,
    viewChanges: [],
    anatomy: undefined,
    pools: undefined,
    phases: RUNTIME_PHASES,
    poolOf: runtimePool,
  };
}

function createBaseline(scenario: RuntimeScenario, system: Baseline, config: DeploymentConfig): Simulation {
  const { rpc, openfaas, lambda } = scenario;
  const common = { ...config, callTimeoutNanos: scenario.nightcore.callTimeoutNanos };
  switch (system) {
    case "rpc":
      return createRpc({ ...common, rpc }).simulation;
    case "openfaas":
      return createOpenFaas({ ...common, openfaas }).simulation;
    case "lambda":
      return createLambda({ ...common, lambda }).simulation;
  }
}
