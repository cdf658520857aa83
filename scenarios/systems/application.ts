/** What running a scenario of an application needs, on Nightcore with a log or without, and on its rivals. */

import type { DeploymentConfig } from "../../models/applications/deployment.ts";
import type { Observation } from "../../models/nightcore/observations.ts";
import type { Address, Observed } from "../../sim/machine.ts";
import type { Simulation } from "../../sim/simulation.ts";
import type { Nanos } from "../../sim/units.ts";
import { handlerOperation } from "../resolve-runtime.ts";
import type { RuntimeScenario } from "../scenario.ts";
import type { RunOptions } from "./running.ts";

export type Observer = (at: Address, observation: Observed, nowNanos: Nanos) => void;

export function deploymentOf(scenario: RuntimeScenario, options: RunOptions): DeploymentConfig {
  const { application, cluster, network, costs, clients, warmupNanos } = scenario;
  const { seed, mode, completions, history, seriesIntervalNanos } = options;
  return {
    ...{ application, cluster, network, costs, clients, warmupNanos },
    ...{ seed, mode, completions, history, seriesIntervalNanos },
  };
}

/** What handlers take is measured where a measurement is of that. */
export function measureHandlers(
  { application, measurements }: RuntimeScenario,
  simulationOf: () => Simulation,
): Observer | undefined {
  const measured = application.functions.map(({ name }) => {
    const operation = handlerOperation(name);
    return measurements.some((each) => each.operation === operation) ? operation : undefined;
  });
  if (measured.every((each) => each === undefined)) return undefined;
  return (at, observed, nowNanos) => {
    const observation = observed as Observation;
    const name = observation.kind === "callEnded" ? measured[observation.fn] : undefined;
    if (observation.kind !== "callEnded" || name === undefined) return;
    const { recorder } = simulationOf();
    const operation = recorder.begin(name, at, nowNanos - observation.processingNanos, undefined);
    recorder.complete(operation, nowNanos, observation.ok ? "ok" : "failed", undefined);
  };
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
