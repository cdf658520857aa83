/** Running a scenario of an application. */

import { createNightcore, type NightcoreDeployment, START_UP_NANOS } from "../../models/nightcore/cluster.ts";
import { createRuntimeInvariants } from "../../models/nightcore/invariants/invariants.ts";
import { RUNTIME_INVARIANTS } from "../../models/nightcore/invariants/violations.ts";
import { playersOf } from "../../models/nightcore/parts.ts";
import type { RuntimeScenario } from "../scenario.ts";
import { observerOf, type Running, type RunOptions } from "./running.ts";

export function startRuntime(scenario: RuntimeScenario, options: RunOptions): Running {
  const { seed, mode, completions, history, seriesIntervalNanos, calmFromNanos } = options;
  const { application, nightcore, warmupNanos } = scenario;
  const invariants = scenario.check
    ? createRuntimeInvariants({
        settings: nightcore,
        functions: application.functions.map(({ name }) => name),
        calmFromNanos: START_UP_NANOS + calmFromNanos,
      })
    : undefined;
  const deployment: NightcoreDeployment = createNightcore({
    seed,
    mode,
    application,
    cluster: scenario.cluster,
    nightcore,
    network: scenario.network,
    costs: scenario.costs,
    clients: scenario.clients,
    mutation: scenario.mutation,
    completions,
    history,
    warmupNanos,
    seriesIntervalNanos,
    ...observerOf(invariants === undefined ? [] : [invariants.observe]),
  });
  return {
    simulation: deployment.simulation,
    startUpNanos: START_UP_NANOS,
    playersOf: (part) =>
      playersOf(
        part,
        deployment,
        application.functions.map(({ name }) => name),
      ),
    invariants: invariants && { ...invariants, rules: RUNTIME_INVARIANTS },
    viewChanges: [],
    anatomy: undefined,
    poolOf: runtimePool,
  };
}

/** `worker-2.Text.7/handlers` belongs to `node-2/Text`; launchers do nothing worth a row each. */
export function runtimePool(station: string, role: string): string | undefined {
  if (station.endsWith("/cores")) return undefined;
  const [, node, fn] = /^worker-(\d+)\.(.+)\.\d+\//.exec(station) ?? [];
  if (role === "worker" && fn !== undefined) return `node-${node}/${fn}`;
  const [, ofNode] = /^launcher-(\d+)\./.exec(station) ?? [];
  return role === "launcher" && ofNode !== undefined ? `node-${ofNode}/launchers` : undefined;
}
