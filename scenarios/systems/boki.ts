/** Running a scenario of the log. */

import { APPEND_PHASES, createAppendAnatomy } from "../../models/boki/append-anatomy.ts";
import { createDeployment, type Deployment, START_UP_NANOS } from "../../models/boki/cluster.ts";
import { createInvariants } from "../../models/boki/invariants/invariants.ts";
import { INVARIANTS } from "../../models/boki/invariants/violations.ts";
import { playersOf } from "../../models/boki/parts.ts";
import { LOG_PHASES } from "../../models/boki/phases.ts";
import { createViewChanges } from "../../models/boki/view-changes.ts";
import { hasFaults } from "../fault-results.ts";
import type { Scenario } from "../scenario.ts";
import { observerOf, type Running, type RunOptions } from "./running.ts";

/** One append in so many is followed for the anatomy. */
const ANATOMY_EVERY = 16;

export function startBoki(scenario: Scenario, options: RunOptions): Running {
  const { seed, mode, completions, history, seriesIntervalNanos, calmFromNanos } = options;
  const { warmupNanos } = scenario;
  const anatomy = options.anatomy
    ? createAppendAnatomy(ANATOMY_EVERY, START_UP_NANOS + warmupNanos)
    : undefined;
  const invariants = scenario.check
    ? createInvariants({
        blockingReadLimitNanos: scenario.boki.blockingReadLimitNanos,
        inspected: (): Deployment => deployment,
        calmFromNanos: START_UP_NANOS + calmFromNanos,
      })
    : undefined;
  const viewChanges = hasFaults(scenario) ? createViewChanges() : undefined;
  const deployment = createDeployment({
    seed,
    mode,
    cluster: scenario.cluster,
    boki: scenario.boki,
    network: scenario.network,
    disk: scenario.disk,
    costs: scenario.costs,
    workloads: scenario.workloads,
    mutation: scenario.mutation,
    defects: scenario.defects,
    reconfigurations: scenario.reconfigurations,
    completions,
    history,
    warmupNanos,
    seriesIntervalNanos,
    ...observerOf(
      [anatomy, invariants, viewChanges].flatMap((each) => (each === undefined ? [] : [each.observe])),
    ),
  });
  return {
    simulation: deployment.simulation,
    startUpNanos: START_UP_NANOS,
    playersOf: (part) => playersOf(part, deployment),
    invariants: invariants && { ...invariants, rules: INVARIANTS },
    viewChanges: viewChanges?.changes ?? [],
    anatomy: anatomy && { phases: APPEND_PHASES, appends: anatomy.appends },
    pools: undefined,
    phases: LOG_PHASES,
    poolOf: (station, role) =>
      role === "worker" && !station.endsWith("/cores")
        ? `engine-${station.slice("worker-".length, station.indexOf("."))}/workers`
        : undefined,
  };
}
