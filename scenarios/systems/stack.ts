/** Running a scenario of functions that use the shared log, on Nightcore. */

import { createInvariants } from "../../models/boki/invariants/invariants.ts";
import { INVARIANTS } from "../../models/boki/invariants/violations.ts";
import { playersOf as logPlayersOf, readPart as readLogPart } from "../../models/boki/parts.ts";
import { createViewChanges } from "../../models/boki/view-changes.ts";
import { createRuntimeInvariants } from "../../models/nightcore/invariants/invariants.ts";
import { RUNTIME_INVARIANTS } from "../../models/nightcore/invariants/violations.ts";
import { playersOf } from "../../models/nightcore/parts.ts";
import { poolSizes } from "../../models/nightcore/pools.ts";
import { createStack, START_UP_NANOS, type StackDeployment } from "../../models/stack/cluster.ts";
import { hasForgotten, isOfLog, logPart, runtimePart } from "../../models/stack/inspect.ts";
import { STACK_PHASES } from "../../models/stack/phases.ts";
import type { Violation } from "../../sim/violations.ts";
import { hasFaults } from "../fault-results.ts";
import type { RuntimeScenario } from "../scenario.ts";
import { deploymentOf, measureHandlers, type Observer, runtimePool } from "./application.ts";
import { observerOf, type Running, type RunOptions } from "./running.ts";

/** Both models number their invariants: those of the log are told by this word before them. */
const OF_LOG = "log ";

export function startStack(scenario: RuntimeScenario, options: RunOptions): Running {
  const { application, nightcore, mutation, log } = scenario;
  const functions = application.functions.map(({ name }) => name);
  const calmFromNanos = START_UP_NANOS + options.calmFromNanos;
  const ofRuntime = scenario.check
    ? createRuntimeInvariants({ settings: nightcore, functions, calmFromNanos })
    : undefined;
  const ofLog = scenario.check
    ? createInvariants({
        blockingReadLimitNanos: log.boki.blockingReadLimitNanos,
        inspected: () => logPart(deployment),
        calmFromNanos,
      })
    : undefined;
  const viewChanges = hasFaults(scenario) ? createViewChanges() : undefined;
  const handlers = measureHandlers(scenario, () => deployment.simulation);
  const logObservers = [ofLog, viewChanges].flatMap((each) => (each === undefined ? [] : [each.observe]));
  const runtimeObservers = [ofRuntime?.observe, handlers].filter((each) => each !== undefined);
  const observe: Observer = (at, observed, nowNanos) => {
    const observers = isOfLog(deployment, at, observed) ? logObservers : runtimeObservers;
    for (const each of observers) each(at, observed, nowNanos);
  };
  const deployment: StackDeployment = createStack({
    ...deploymentOf(scenario, options),
    nightcore,
    mutation,
    boki: log.boki,
    logCluster: log.cluster,
    disk: log.disk,
    zookeeperDelay: log.zookeeperDelay,
    defects: log.defects,
    ...observerOf(logObservers.length + runtimeObservers.length === 0 ? [] : [observe]),
  });
  return {
    simulation: deployment.simulation,
    startUpNanos: START_UP_NANOS,
    playersOf: (part) =>
      readLogPart(part) !== undefined && part !== "processes"
        ? logPlayersOf(part, deployment)
        : playersOf(part, runtimePart(deployment), functions),
    hasForgotten: (process, operation) => hasForgotten(deployment, process, operation),
    invariants: ofRuntime &&
      ofLog && {
        rules: { ...RUNTIME_INVARIANTS, ...named(INVARIANTS) },
        get violations(): readonly Violation[] {
          const named = ofLog.violations.map((each) => ({
            ...each,
            invariant: `${OF_LOG}${each.invariant}`,
          }));
          return [...ofRuntime.violations, ...named].sort((a, b) => a.atNanos - b.atNanos);
        },
        get counts(): ReadonlyMap<string, number> {
          const named = [...ofLog.counts].map(([name, count]) => [`${OF_LOG}${name}`, count] as const);
          return new Map<string, number>([...ofRuntime.counts, ...named]);
        },
        finish(nowNanos) {
          ofRuntime.finish(nowNanos);
          ofLog.finish(nowNanos);
        },
      },
    viewChanges: viewChanges?.changes ?? [],
    anatomy: undefined,
    pools: { functions, sizes: () => poolSizes(runtimePart(deployment), functions.length) },
    phases: STACK_PHASES,
    poolOf: runtimePool,
  };
}

const named = (rules: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(rules).map(([name, rule]) => [`${OF_LOG}${name}`, rule]));
