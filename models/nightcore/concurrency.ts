/**
 * How many calls of a function may run at once, and how many workers it should have (docs/models/nightcore.md, "Dispatch and
 * concurrency"): Little's law on measured averages. What is not measured yet limits nothing and asks for nothing.
 */

import type { Nanos } from "../../sim/units.ts";
import { MICROSECOND, SECOND } from "../../sim/units.ts";
import type { GrowthThrottle, LimitRounding } from "./config.ts";
import type { Micros } from "./estimator.ts";

const MICROS_PER_SECOND = SECOND / MICROSECOND;

/** Calls under way on average, rounded, if so many come a second and each takes so long; 0: not known. */
export function littlesLaw(
  coefficient: number,
  ratePerSecond: number,
  delayMicros: Micros,
  rounding: LimitRounding,
): number {
  const load = (coefficient * delayMicros * ratePerSecond) / MICROS_PER_SECOND;
  return rounding === "up" ? Math.ceil(load) : Math.floor(0.5 + load);
}

/**
 * The limit: `running`, between the bounds of the pool. `known`: both averages have been measured; if not, the upper bound
 * holds. The upper bound wins where the two contradict each other.
 */
export function limitOf(running: number, known: boolean, min: number, max: number): number {
  return known ? Math.min(max, Math.max(min, running)) : max;
}

/**
 * Whether enough time has passed since the last demand for a worker, or, as shipped, little enough: the comparison is the
 * wrong way round, and a pool that once paused for the interval never grows again.
 */
export function mayGrowNow(
  throttle: GrowthThrottle,
  lastNanos: Nanos,
  nowNanos: Nanos,
  intervalNanos: Nanos,
): boolean {
  if (lastNanos < 0 || intervalNanos === 0) return true;
  switch (throttle) {
    case "none":
      return true;
    case "intended":
      return nowNanos >= lastNanos + intervalNanos;
    case "shipped":
      return nowNanos <= lastNanos + intervalNanos;
  }
}
