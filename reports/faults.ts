/** What faults did, as rows that the terminal and the page both show. */

import type { Impact } from "../scenarios/fault-impact.ts";
import type { FaultPeriodResult, FaultsResult, ViewChangeResult } from "../scenarios/result.ts";
import { estimate } from "../sim/statistics.ts";
import { estimateNanos, formatDuration, formatNanos, formatPerSecond, onOneLine } from "./format.ts";

export interface Rows {
  readonly title: string;
  readonly columns: readonly { readonly title: string; readonly numeric: boolean }[];
  readonly rows: readonly (readonly string[])[];
}

/** Nothing was measured, or nothing can be said. */
const NONE = "–";
const NAMES_SHOWN_MAX = 2;

const text = (title: string) => ({ title, numeric: false });
const number = (title: string) => ({ title, numeric: true });

/** Periods of one fault of the scenario, in all replications, by their label in the order of time. */
export function faultGroups(
  periods: readonly FaultPeriodResult[],
): readonly { readonly fault: string; readonly periods: readonly FaultPeriodResult[] }[] {
  const groups = new Map<string, FaultPeriodResult[]>();
  for (const period of [...periods].sort((a, b) => a.fromNanos - b.fromNanos)) {
    const group = groups.get(period.fault);
    if (group === undefined) groups.set(period.fault, [period]);
    else group.push(period);
  }
  return [...groups].map(([fault, each]) => ({ fault, periods: each }));
}

/** When each fault struck whom, and how long it took to get over it. */
export function faultRows({ periods }: FaultsResult): Rows {
  return {
    title: "Faults",
    columns: [text("fault"), text("struck"), number("at"), number("lasted"), number("recovered after")],
    rows: faultGroups(periods).map(({ fault, periods: group }) => [
      fault,
      namesOf(group),
      whenOf(group),
      lengthOf(group),
      recoveryOf(group),
    ]),
  };
}

function namesOf(group: readonly FaultPeriodResult[]): string {
  const names = [...new Set(group.flatMap(({ struck }) => struck))].sort();
  if (names.length <= NAMES_SHOWN_MAX) return names.join(", ");
  const roles = new Set(names.map((name) => name.replace(/-.*/, "")));
  return `${names.length} ${roles.size === 1 ? [...roles][0] : "processe"}s`;
}

function whenOf(group: readonly FaultPeriodResult[]): string {
  const first = group[0]!.fromNanos;
  const isOneMoment = group.every(({ fromNanos }) => fromNanos === first);
  return isOneMoment ? formatDuration(first) : `${group.length} times`;
}

function lengthOf(group: readonly FaultPeriodResult[]): string {
  const lengths = group.map(({ fromNanos, untilNanos }) =>
    untilNanos === null ? null : untilNanos - fromNanos,
  );
  if (lengths.includes(null)) return "to the end";
  const known = lengths as number[];
  const isOne = known.every((each) => each === known[0]);
  if (isOne) return known[0] === 0 ? "at once" : formatDuration(known[0]!);
  return `${formatNanos(mean(known))} on average`;
}

/** The longest of all, with its operation. */
function recoveryOf(group: readonly FaultPeriodResult[]): string {
  const all = group.flatMap(({ operations }) => operations);
  const never = all.find(({ recovery }) => recovery.kind === "notRecovered");
  if (never !== undefined) return `not (${never.operation})`;
  let longest: { readonly operation: string; readonly nanos: number } | undefined;
  for (const { operation, recovery } of all) {
    if (recovery.kind !== "recovered") continue;
    if (longest === undefined || recovery.nanos > longest.nanos)
      longest = { operation, nanos: recovery.nanos };
  }
  if (longest === undefined) return NONE;
  return longest.nanos === 0 ? "not felt" : `${formatNanos(longest.nanos)} (${longest.operation})`;
}

/** Throughput and tail latency before, during and after each fault; means over its occurrences. */
export function impactRows({ periods }: FaultsResult): Rows {
  const rows = faultGroups(periods).flatMap(({ fault, periods: group }) => {
    const impacts = group.flatMap(({ operations }) => operations);
    const operations = [...new Set(impacts.map(({ operation }) => operation))];
    return operations.map((operation, index) => {
      const own = impacts.filter((each) => each.operation === operation);
      return [
        index === 0 ? fault : "",
        operation,
        ...STRETCHES.map((stretch) => rateOf(own, stretch)),
        ...STRETCHES.map((stretch) => tailOf(own, stretch)),
      ];
    });
  });
  return {
    title: "Before, during and after",
    columns: [
      text("fault"),
      text("operation"),
      number("before"),
      number("during"),
      number("after"),
      number("p99 before"),
      number("during"),
      number("after"),
    ],
    rows,
  };
}

const STRETCHES = ["before", "during", "after"] as const;
type StretchName = (typeof STRETCHES)[number];

function rateOf(impacts: readonly Impact[], stretch: StretchName): string {
  const rates = impacts.flatMap(({ [stretch]: each }) =>
    each === null || each.untilNanos === each.fromNanos ? [] : [each.throughputPerSecond],
  );
  return rates.length === 0 ? NONE : formatPerSecond(mean(rates));
}

function tailOf(impacts: readonly Impact[], stretch: StretchName): string {
  const tails = impacts.flatMap((each) => each[stretch]?.p99Nanos ?? []);
  return tails.length === 0 ? NONE : formatNanos(mean(tails));
}

/** The longest time without a completion, per operation. */
export function outageRows({ outages }: FaultsResult): Rows {
  return {
    title: "Longest outage",
    columns: [text("operation"), number("longest outage"), number("of all replications")],
    rows: outages.map(({ operation, longestNanos, maxNanos }) => [
      operation,
      onOneLine(estimateNanos(longestNanos)),
      formatNanos(maxNanos),
    ]),
  };
}

/** The phases between a fault and the first append of the next view. */
export const CHANGE_PHASES = ["detection", "seal", "next view"] as const;
export type ChangePhase = (typeof CHANGE_PHASES)[number];

/** How long each phase of a change took, in nanoseconds; undefined for one that did not come to its end. */
export function phasesOf(change: ViewChangeResult): Readonly<Record<ChangePhase, number | undefined>> {
  const between = (from: number | null, until: number | null): number | undefined =>
    from === null || until === null ? undefined : until - from;
  return {
    detection: between(change.causeNanos, change.frozenNanos),
    seal: between(change.frozenNanos, change.sealedNanos),
    "next view": between(change.sealedNanos, change.firstAppendNanos),
  };
}

/** Changes of the same view for the same reason, in all replications. */
export function changeGroups(changes: readonly ViewChangeResult[]): readonly {
  readonly name: string;
  readonly cause: string;
  readonly changes: readonly ViewChangeResult[];
}[] {
  const groups = new Map<string, ViewChangeResult[]>();
  for (const change of changes) {
    const key = `${change.viewId} ${change.cause}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [change]);
    else group.push(change);
  }
  return [...groups.values()].map((group) => {
    const { viewId, cause } = group[0]!;
    return { name: `view ${viewId} to ${viewId + 1}`, cause: cause ?? NONE, changes: group };
  });
}

/** What each end of a view consisted of. */
export function changeRows({ viewChanges }: FaultsResult): Rows {
  return {
    title: "Reconfigurations",
    columns: [text("view"), text("after"), ...CHANGE_PHASES.map(number), number("together")],
    rows: changeGroups(viewChanges).map(({ name, cause, changes }) => {
      const all = changes.map(phasesOf);
      const shown = (values: readonly (number | undefined)[]): string => {
        const known = values.filter((each) => each !== undefined);
        if (known.length < values.length)
          return known.length === 0 ? "never" : `${onOneLine(estimateNanos(estimate(known)))}, or never`;
        return onOneLine(estimateNanos(estimate(known)));
      };
      const together = all.map((phases) =>
        CHANGE_PHASES.reduce<number | undefined>(
          (sum, phase) =>
            sum === undefined || phases[phase] === undefined ? undefined : sum + phases[phase],
          0,
        ),
      );
      return [
        name,
        cause,
        ...CHANGE_PHASES.map((phase) => shown(all.map((phases) => phases[phase]))),
        shown(together),
      ];
    }),
  };
}

/** All tables about faults that have something in them. */
export function faultTables(faults: FaultsResult | undefined): readonly Rows[] {
  if (faults === undefined) return [];
  return [faultRows(faults), impactRows(faults), outageRows(faults), changeRows(faults)].filter(
    ({ rows }) => rows.length > 0,
  );
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
