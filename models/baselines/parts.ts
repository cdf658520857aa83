/**
 * Names of processes of the systems that Nightcore is compared with, and the parts that they play, as faults name them
 * (docs/models/baselines.md, "Faults").
 */

import type { Address } from "../../sim/machine.ts";
import type { Simulation } from "../../sim/simulation.ts";
import { numbered } from "../applications/services.ts";

export const BASELINES = ["rpc", "openfaas", "lambda"] as const;
export type Baseline = (typeof BASELINES)[number];

/** Kinds of processes that carry out calls; those of services, web servers and clients are the same in all systems. */
export const BASELINE_ROLES: Readonly<Record<Baseline, readonly string[]>> = {
  rpc: ["server"],
  openfaas: ["gateway", "watchdog", "worker"],
  lambda: ["gateway", "worker"],
};

/** Processes that carry out calls, in the order of their addresses. */
export function baselineProcesses(system: Baseline, functions: readonly string[], nodes: number): string[] {
  const onNodes = (...roles: string[]) =>
    functions.flatMap((name) =>
      numbered(nodes).flatMap((node) => roles.map((role) => `${role}-${node}.${name}`)),
    );
  switch (system) {
    case "rpc":
      return onNodes("server");
    case "openfaas":
      return ["gateway", ...onNodes("watchdog", "worker")];
    case "lambda":
      return ["gateway", ...functions.map((name) => `worker-${name}`)];
  }
}

/** The players of the only part that there is, `processes`: all that carry out calls. */
export function baselinePlayers({ processes }: Simulation, system: Baseline): Address[] {
  const roles = BASELINE_ROLES[system];
  return processes.filter(({ role }) => roles.includes(role)).map(({ address }) => address);
}
