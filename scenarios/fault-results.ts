/** What a replication with faults leaves behind: each fault and what it did, the ends of views, and close-ups. */

import type { Reconfiguration } from "../models/boki/operator.ts";
import type { ViewChange } from "../models/boki/view-changes.ts";
import type { FaultPeriod } from "../sim/faults/fault.ts";
import type { Recorder } from "../sim/recorder.ts";
import { MILLISECOND, type Nanos, SECOND } from "../sim/units.ts";
import { type Completions, firstAtOrAfter, impactOf, longestOutage, percentile } from "./fault-impact.ts";
import type { CloseUpResult, FaultPeriodResult, ViewChangeResult } from "./result.ts";
import type { AnyScenario } from "./scenario.ts";

export interface ReplicationFaults {
  readonly periods: readonly FaultPeriodResult[];
  readonly viewChanges: readonly ViewChangeResult[];
  readonly outages: readonly { readonly operation: string; readonly longestNanos: Nanos }[];
  readonly closeUps: readonly CloseUpResult[];
}

/** Faults that come by the thousand are alike; what the first ones did says it. */
const IMPACTS_MAX = 100;
const CLOSE_UPS_MAX = 3;
const CLOSE_UP_POINTS = 120;
/** Fewer completions in an interval show chance, not the fault. */
const CLOSE_UP_COMPLETIONS = 50;
/** Of a close-up's length, before and after what it is about. */
const CLOSE_UP_MARGIN = 0.2;
const CLOSE_UP_MARGIN_NANOS_MIN = 20 * MILLISECOND;

export interface FaultsSeen {
  readonly recorder: Recorder;
  /** In virtual time, as `changes`. */
  readonly periods: readonly FaultPeriod[];
  readonly changes: readonly ViewChange[];
  /** When the warm-up began. */
  readonly startNanos: Nanos;
}

/** Whether a run of the scenario has anything of this. */
export const hasFaults = (scenario: AnyScenario): boolean => {
  const { plan } = scenario.faults;
  return plan.timed.length + (plan.repeated?.length ?? 0) + ordersOf(scenario).length > 0;
};

/** Orders of an operator, in systems that have one. */
const ordersOf = (scenario: AnyScenario): readonly Reconfiguration[] =>
  scenario.system === "boki" ? scenario.reconfigurations : [];

export function faultsOf(scenario: AnyScenario, replication: number, seen: FaultsSeen): ReplicationFaults {
  const { warmupNanos, durationNanos } = scenario;
  const endNanos = warmupNanos + durationNanos;
  const completions = completionsOf(seen);
  const periods = [
    ...seen.periods.map((period) => spanOf(scenario, period, seen.startNanos)),
    ...ordersOf(scenario).map(orderOf),
  ].sort((a, b) => a.fromNanos - b.fromNanos);
  const results = periods.map((period, i): FaultPeriodResult => {
    const next = periods.find(({ fromNanos }) => fromNanos > period.fromNanos)?.fromNanos ?? endNanos;
    const horizonNanos = Math.min(next, loadEndOf(scenario, period.fromNanos));
    const span = { fromNanos: period.fromNanos, untilNanos: period.untilNanos ?? undefined };
    return {
      replication,
      ...period,
      operations:
        i < IMPACTS_MAX ? completions.map((each) => impactOf(each, span, warmupNanos, horizonNanos)) : [],
    };
  });
  const viewChanges = viewChangesOf(replication, results, seen);
  return {
    periods: results,
    viewChanges,
    outages: completions.map((each) => ({
      operation: each.operation,
      longestNanos: longestOutage(each, warmupNanos, loadEndOf(scenario, warmupNanos)).lengthNanos,
    })),
    closeUps: replication === 0 ? closeUpsOf(results, viewChanges, completions, endNanos) : [],
  };
}

/** Completions are recorded in the order of steps, which is nearly that of time. */
function completionsOf({ recorder, startNanos }: FaultsSeen): Completions[] {
  return recorder.results().map(({ name, completedAtNanos, latenciesNanos }) => {
    const order = Uint32Array.from(completedAtNanos.keys()).sort(
      (a, b) => completedAtNanos[a]! - completedAtNanos[b]! || a - b,
    );
    return {
      operation: name,
      atNanos: Array.from(order, (i) => completedAtNanos[i]! - startNanos),
      latenciesNanos: Array.from(order, (i) => latenciesNanos[i]!),
    };
  });
}

type Period = Omit<FaultPeriodResult, "replication" | "operations">;

function spanOf(
  { faults }: AnyScenario,
  { index, fault, struck, fromNanos, untilNanos }: FaultPeriod,
  startNanos: Nanos,
): Period {
  return {
    fault: faults.labels[index]!,
    kind: fault.kind,
    struck: withoutOwnWorkers(struck),
    fromNanos: fromNanos - startNanos,
    untilNanos: untilNanos === undefined ? null : untilNanos - startNanos,
  };
}

/** An order of the operator is no fault, but does the same to the clients. */
function orderOf({ atNanos }: Reconfiguration): Period {
  return {
    fault: "reconfiguration",
    kind: "reconfigure",
    struck: [],
    fromNanos: atNanos,
    untilNanos: atNanos,
  };
}

/** The workers of an engine go with it: to name them all would say nothing. */
function withoutOwnWorkers(struck: readonly string[]): string[] {
  const engines = new Set(struck.filter((name) => name.startsWith("engine-")));
  return struck.filter((name) => {
    const [, engine] = /^worker-(\d+)\./.exec(name) ?? [];
    return engine === undefined || !engines.has(`engine-${engine}`);
  });
}

/** When the first workload ends that is at work at a moment: from then on throughput falls without a fault. */
function loadEndOf(scenario: AnyScenario, atNanos: Nanos): Nanos {
  const { warmupNanos, durationNanos } = scenario;
  const loads = scenario.system === "boki" ? scenario.workloads : scenario.clients;
  const stops = loads.flatMap(({ stopNanos }) =>
    stopNanos === undefined || stopNanos <= atNanos ? [] : [stopNanos],
  );
  return Math.min(warmupNanos + durationNanos, ...stops);
}

function viewChangesOf(
  replication: number,
  periods: readonly FaultPeriodResult[],
  { changes, startNanos }: FaultsSeen,
): ViewChangeResult[] {
  const since = (nanos: Nanos | undefined): Nanos | null => (nanos === undefined ? null : nanos - startNanos);
  return changes.map((change) => {
    const frozenNanos = change.frozenNanos - startNanos;
    const cause = periods.findLast(({ fromNanos }) => fromNanos <= frozenNanos);
    return {
      replication,
      viewId: change.viewId,
      cause: cause?.fault ?? null,
      causeNanos: cause?.fromNanos ?? null,
      frozenNanos,
      sealedNanos: since(change.sealedNanos),
      nextViewNanos: since(change.nextViewNanos),
      firstAppendNanos: since(change.firstAppendNanos),
    };
  });
}

/** The first faults that were not in the picture of the one before. */
function closeUpsOf(
  periods: readonly FaultPeriodResult[],
  changes: readonly ViewChangeResult[],
  completions: readonly Completions[],
  endNanos: Nanos,
): CloseUpResult[] {
  const closeUps: CloseUpResult[] = [];
  let seenNanos = 0;
  for (const period of periods) {
    if (closeUps.length === CLOSE_UPS_MAX) break;
    if (period.fromNanos < seenNanos) continue;
    const recovered = period.operations.map(({ recovery }) =>
      recovery.kind === "recovered" ? period.fromNanos + recovery.nanos : 0,
    );
    const followed = changes
      .filter(({ causeNanos }) => causeNanos === period.fromNanos)
      .map((each) => each.firstAppendNanos ?? each.frozenNanos);
    const overNanos = Math.max(
      period.untilNanos ?? 0,
      period.fromNanos + CLOSE_UP_MARGIN_NANOS_MIN,
      ...recovered,
      ...followed,
    );
    const marginNanos = Math.max(
      CLOSE_UP_MARGIN_NANOS_MIN,
      Math.ceil((overNanos - period.fromNanos) * CLOSE_UP_MARGIN),
    );
    const fromNanos = Math.max(0, period.fromNanos - marginNanos);
    const untilNanos = Math.min(endNanos, overNanos + marginNanos);
    closeUps.push(closeUpOf(period, completions, fromNanos, untilNanos));
    seenNanos = untilNanos;
  }
  return closeUps;
}

function closeUpOf(
  { fault, fromNanos: atNanos }: FaultPeriodResult,
  completions: readonly Completions[],
  fromNanos: Nanos,
  untilNanos: Nanos,
): CloseUpResult {
  const busiest = Math.max(
    0,
    ...completions.map(
      ({ atNanos: each }) => firstAtOrAfter(each, untilNanos) - firstAtOrAfter(each, fromNanos),
    ),
  );
  const points = Math.min(
    CLOSE_UP_POINTS,
    Math.max(CLOSE_UP_POINTS / 4, Math.floor(busiest / CLOSE_UP_COMPLETIONS)),
  );
  const intervalNanos = Math.ceil((untilNanos - fromNanos) / points);
  return {
    fault,
    atNanos,
    fromNanos,
    intervalNanos,
    operations: completions.map(({ operation, atNanos, latenciesNanos }) => {
      const completedPerSecond: number[] = [];
      const p50Nanos: (number | null)[] = [];
      const maxNanos: (number | null)[] = [];
      for (let i = 0; i < points; i++) {
        const begin = firstAtOrAfter(atNanos, fromNanos + i * intervalNanos);
        const end = firstAtOrAfter(atNanos, fromNanos + (i + 1) * intervalNanos);
        const latencies = Float64Array.from(latenciesNanos.slice(begin, end)).sort();
        completedPerSecond.push((latencies.length * SECOND) / intervalNanos);
        p50Nanos.push(percentile(latencies, 0.5));
        maxNanos.push(latencies.at(-1) ?? null);
      }
      return { operation, completedPerSecond, p50Nanos, maxNanos };
    }),
  };
}
