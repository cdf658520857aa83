/** When clients of an application make their requests, as plain data, and the arithmetic of rates that change. */

import type { Distribution } from "../../sim/distribution.ts";
import { FOREVER, type Nanos, SECOND } from "../../sim/units.ts";

export interface RateStep {
  /** Counted from the beginning of the load; ascending. Before the first one nothing comes. */
  readonly fromNanos: Nanos;
  readonly perSecond: number;
}

/** Requests per second, over all connections: the same all the time, or in steps. */
export type Rate = number | readonly RateStep[];

export type Load =
  /** Each client makes a request, waits for its answer, thinks, and makes the next. */
  | { readonly kind: "closedLoop"; readonly clients: number; readonly think: Distribution }
  /** Requests come whether or not earlier ones are answered; one that finds every connection busy waits in the client. */
  | { readonly kind: "poisson" | "constantRate"; readonly rate: Rate; readonly connections: number }
  /** The same at given moments, counted from the beginning of the load; ascending, several may be the same. */
  | { readonly kind: "moments"; readonly atNanos: readonly Nanos[]; readonly connections: number }
  /** The published load generator (models/workloads/timetable.ts). */
  | {
      readonly kind: "timetable";
      readonly rate: Rate;
      readonly connections: number;
      readonly threads: number;
    };

/** When so many requests more have come since a moment, counted as the steps are; FOREVER: they never will. */
export function momentAfter(rate: Rate, sinceNanos: Nanos, requests: number): number {
  if (typeof rate === "number") return rate > 0 ? sinceNanos + (requests * SECOND) / rate : FOREVER;
  let at = sinceNanos;
  let left = requests;
  for (let i = 0; i < rate.length; i++) {
    const { fromNanos, perSecond } = rate[i]!;
    const endNanos = rate[i + 1]?.fromNanos ?? FOREVER;
    if (endNanos <= at) continue;
    at = Math.max(at, fromNanos);
    const meanwhile = ((endNanos - at) * perSecond) / SECOND;
    if (perSecond > 0 && meanwhile >= left) return at + (left * SECOND) / perSecond;
    left -= meanwhile;
    at = endNanos;
  }
  return FOREVER;
}

export function rateAt(rate: Rate, nanos: Nanos): number {
  if (typeof rate === "number") return rate;
  let perSecond = 0;
  for (const step of rate) if (step.fromNanos <= nanos) perSecond = step.perSecond;
  return perSecond;
}
