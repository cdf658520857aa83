/**
 * What faults did to a run, from the moments at which its operations completed: throughput and latency before, during and
 * after each fault, how long it took to recover, and the longest outage (docs/scenarios.md, "What faults did").
 */

import type { Nanos } from "../sim/units.ts";
import { MILLISECOND, SECOND } from "../sim/units.ts";

/** Completions of one operation in the order of time, parallel. Times count from the start of the warm-up. */
export interface Completions {
  readonly operation: string;
  readonly atNanos: readonly Nanos[];
  readonly latenciesNanos: readonly Nanos[];
}

/** What completed in a stretch of time. */
export interface Stretch {
  readonly fromNanos: Nanos;
  readonly untilNanos: Nanos;
  readonly completed: number;
  readonly throughputPerSecond: number;
  /** null where nothing completed. */
  readonly p50Nanos: Nanos | null;
  readonly p99Nanos: Nanos | null;
  readonly maxNanos: Nanos | null;
}

export interface Impact {
  readonly operation: string;
  /** Up to a second before the fault, without the warm-up; null where that leaves nothing. */
  readonly before: Stretch | null;
  /** From the beginning of the fault to its end, or to the recovery where that is later or the fault has no end. */
  readonly during: Stretch;
  /** From there to the beginning of the next fault, or to the end of the run; null where that leaves nothing. */
  readonly after: Stretch | null;
  readonly recovery: Recovery;
}

export type Recovery =
  /** From the beginning of the fault; 0 when the throughput never fell. */
  | { readonly kind: "recovered"; readonly nanos: Nanos }
  /** Still below when the next fault began, or the run ended. */
  | { readonly kind: "notRecovered" }
  /** There was too little before the fault, or too little time after it, to tell. */
  | { readonly kind: "untold" };

/** The level before a fault is that of so much time at most. */
const BEFORE_NANOS: Nanos = SECOND;
/** An operation has recovered when this share of the level before is reached for good. */
const RECOVERED_SHARE = 0.9;
/** Throughput is judged over this much time, or more where that has fewer completions than a rate can be told from. */
const WINDOW_NANOS: Nanos = 100 * MILLISECOND;
const WINDOW_COMPLETIONS = 1_000;
/** What a tenth of a window counts for at most, in levels. */
const BURST_MOST = 1.5;

export interface FaultSpan {
  readonly fromNanos: Nanos;
  readonly untilNanos: Nanos | undefined;
}

/**
 * @param horizonNanos Until when the fault is looked at: the beginning of the next one or the end of the load.
 */
export function impactOf(
  completions: Completions,
  { fromNanos, untilNanos }: FaultSpan,
  warmupNanos: Nanos,
  horizonNanos: Nanos,
): Impact {
  const beforeNanos = Math.max(warmupNanos, fromNanos - BEFORE_NANOS);
  const before = beforeNanos < fromNanos ? stretchOf(completions, beforeNanos, fromNanos) : null;
  const recovery = recoveryOf(completions, before, fromNanos, horizonNanos);
  const isFelt = recovery.kind === "recovered" && recovery.nanos > 0;
  const recoveredNanos = isFelt ? fromNanos + recovery.nanos : undefined;
  const endNanos =
    untilNanos === undefined ? (recoveredNanos ?? horizonNanos) : Math.max(untilNanos, recoveredNanos ?? 0);
  return {
    operation: completions.operation,
    before,
    during: stretchOf(completions, fromNanos, endNanos),
    after: endNanos < horizonNanos ? stretchOf(completions, endNanos, horizonNanos) : null,
    recovery,
  };
}

/**
 * When the throughput was back: the first completion from which on every window, up to the horizon, has at least nine tenths
 * of the completions that the level before the fault would bring. A tenth of a window counts for no more than one and a half times
 * that level: the burst of what had to wait does not make up for the time of waiting.
 */
function recoveryOf(
  { atNanos }: Completions,
  before: Stretch | null,
  fromNanos: Nanos,
  horizonNanos: Nanos,
): Recovery {
  if (before === null || before.completed === 0) return { kind: "untold" };
  const perNano = before.completed / (before.untilNanos - before.fromNanos);
  const tenthNanos = Math.ceil(Math.max(WINDOW_NANOS, WINDOW_COMPLETIONS / perNano) / 10);
  const level = perNano * tenthNanos;
  const tenths = Math.floor((horizonNanos - fromNanos) / tenthNanos);
  if (tenths < 10) return { kind: "untold" };
  // Counted back from the horizon, so that the last window ends there.
  const startOf = (tenth: number): Nanos => horizonNanos - (tenths - tenth) * tenthNanos;
  const reached: number[] = [];
  for (let tenth = 0; tenth < tenths; tenth++) {
    const completed = firstAtOrAfter(atNanos, startOf(tenth + 1)) - firstAtOrAfter(atNanos, startOf(tenth));
    reached.push(Math.min(BURST_MOST * level, completed));
  }
  const isBelow = (tenth: number): boolean => {
    let sum = 0;
    for (let i = tenth; i < tenth + 10; i++) sum += reached[i]!;
    return sum < RECOVERED_SHARE * 10 * level;
  };
  let tenth = tenths - 10;
  if (isBelow(tenth)) return { kind: "notRecovered" };
  while (tenth > 0 && !isBelow(tenth - 1)) tenth--;
  if (tenth === 0) return { kind: "recovered", nanos: 0 };
  return { kind: "recovered", nanos: atNanos[firstAtOrAfter(atNanos, startOf(tenth))]! - fromNanos };
}

/** What completed in [from, until). */
export function stretchOf(
  { atNanos, latenciesNanos }: Completions,
  fromNanos: Nanos,
  untilNanos: Nanos,
): Stretch {
  const begin = firstAtOrAfter(atNanos, fromNanos);
  const end = firstAtOrAfter(atNanos, untilNanos);
  const latencies = Float64Array.from(latenciesNanos.slice(begin, end)).sort();
  const lengthNanos = untilNanos - fromNanos;
  return {
    fromNanos,
    untilNanos,
    completed: latencies.length,
    throughputPerSecond: lengthNanos === 0 ? 0 : (latencies.length * SECOND) / lengthNanos,
    p50Nanos: percentile(latencies, 0.5),
    p99Nanos: percentile(latencies, 0.99),
    maxNanos: latencies.at(-1) ?? null,
  };
}

/** The longest time between two completions, with the beginning and the end of the stretch as if they were some. */
export function longestOutage(
  { atNanos }: Completions,
  fromNanos: Nanos,
  untilNanos: Nanos,
): { readonly fromNanos: Nanos; readonly lengthNanos: Nanos } {
  let longest = { fromNanos, lengthNanos: 0 };
  let last = fromNanos;
  const consider = (nanos: Nanos): void => {
    if (nanos - last > longest.lengthNanos) longest = { fromNanos: last, lengthNanos: nanos - last };
    last = nanos;
  };
  const end = firstAtOrAfter(atNanos, untilNanos);
  for (let i = firstAtOrAfter(atNanos, fromNanos); i < end; i++) consider(atNanos[i]!);
  consider(untilNanos);
  return longest;
}

/** The value that the share of all values is at or below; null of none. */
export function percentile(ascending: ArrayLike<number>, share: number): number | null {
  if (ascending.length === 0) return null;
  return ascending[Math.max(0, Math.ceil(ascending.length * share) - 1)]!;
}

export function firstAtOrAfter(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
