/** Running a scenario of an application, on whichever system it names. */

import type { DeploymentConfig } from "../../models/applications/deployment.ts";
import { createLambda } from "../../models/baselines/lambda.ts";
import { createOpenFaas } from "../../models/baselines/openfaas.ts";
import { type Baseline, baselinePlayers } from "../../models/baselines/parts.ts";
import { createRpc } from "../../models/baselines/rpc.ts";
import { createNightcore, type NightcoreDeployment, START_UP_NANOS } from "../../models/nightcore/cluster.ts";
import { createRuntimeInvariants } from "../../models/nightcore/invariants/invariants.ts";
import { RUNTIME_INVARIANTS } from "../../models/nightcore/invariants/violations.ts";
import type { Observation } from "../../models/nightcore/observations.ts";
import { playersOf } from "../../models/nightcore/parts.ts";
import { RUNTIME_PHASES } from "../../models/nightcore/phases.ts";
import { poolSizes } from "../../models/nightcore/pools.ts";
import type { Address, Observed } from "../../sim/machine.ts";
import type { Simulation } from "../../sim/simulation.ts";
import type { Nanos } from "../../sim/units.ts";
import { handlerOperation } from "../resolve-runtime.ts";
import type { RuntimeScenario } from "../scenario.ts";
import { observerOf, type Running, type RunOptions } from "./running.ts";

type Observer = (at: Address, observation: Observed, nowNanos: Nanos) => void;

export function startRuntime(scenario: RuntimeScenario, options: RunOptions): Running {
  const { system } = scenario;
  return system === "nightcore"
    ? startNightcore(scenario, options)
    : startBaseline(scenario, system, deploymentOf(scenario, options));
}

function deploymentOf(scenario: RuntimeScenario, options: RunOptions): DeploymentConfig {
  const { application, cluster, network, costs, clients, warmupNanos } = scenario;
  const { seed, mode, completions, history, seriesIntervalNanos } = options;
  return {
    ...{ application, cluster, network, costs, clients, warmupNanos },
    ...{ seed, mode, completions, history, seriesIntervalNanos },
  };
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
  const measured = functions.map((name) => {
    const operation = handlerOperation(name);
    return scenario.measurements.some((each) => each.operation === operation) ? operation : undefined;
  });
  const measureHandler: Observer = (at, observed, nowNanos) => {
    const observation = observed as Observation;
    const name = observation.kind === "callEnded" ? measured[observation.fn] : undefined;
    if (observation.kind !== "callEnded" || name === undefined) return;
    const { recorder } = deployment.simulation;
    const operation = recorder.begin(name, at, nowNanos - observation.processingNanos, undefined);
    recorder.complete(operation, nowNanos, observation.ok ? "ok" : "failed", undefined);
  };
  const deployment: NightcoreDeployment = createNightcore({
    ...deploymentOf(scenario, options),
    nightcore,
    mutation,
    ...observerOf([
      ...(invariants === undefined ? [] : [invariants.observe]),
      ...(measured.some((each) => each !== undefined) ? [measureHandler] : []),
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

/**
 * `worker-2.Text.7/handlers` and `server-2.Text/handlers` belong to `node-2/Text`, all watchdogs of a machine to one row. Launchers
 * do nothing worth a row each.
 */
export function runtimePool(station: string, role: string): string | undefined {
  if (station.endsWith("/cores")) return undefined;
  const [, kind, node, fn] =
    /^(worker|server|watchdog|launcher)-(\d+)\.([^/]+?)(?:\.\d+)?\//.exec(station) ?? [];
  if (kind === undefined || kind !== role) return undefined;
  return kind === "worker" || kind === "server" ? `node-${node}/${fn}` : `node-${node}/${kind}s`;
}
