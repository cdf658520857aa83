/** The wrong clock of a process (docs/kernel.md, "Faults"). A process whose clock is right has none of these. */

import { FOREVER, type Nanos, toNanos } from "../units.ts";

export interface Clock {
  /** At the true time t it shows t + offset + drift * t. */
  readonly offsetNanos: number;
  /** Above -1: however wrong, it goes forward. */
  readonly drift: number;
}

/** Clocks that together are slower than this are as slow as this: a clock that stands would never expire a timer. */
const DRIFT_MIN = -0.999;

/** What a clock shows on which several faults act, each since a moment of its own. Undefined: the true time. */
export function clockUnder(
  faults: readonly { readonly offsetNanos: number; readonly driftPpm: number; readonly sinceNanos: Nanos }[],
): Clock | undefined {
  if (faults.length === 0) return undefined;
  let [offsetNanos, drift] = [0, 0];
  for (const each of faults) {
    offsetNanos += each.offsetNanos - each.driftPpm * 1e-6 * each.sinceNanos;
    drift += each.driftPpm * 1e-6;
  }
  return { offsetNanos, drift: Math.max(DRIFT_MIN, drift) };
}

export function readingAt({ offsetNanos, drift }: Clock, trueNanos: Nanos): Nanos {
  return toNanos(trueNanos + offsetNanos + drift * trueNanos);
}

/**
 * How long it really takes until this clock has gone on by so much: at least a nanosecond, however fast it is, or who waits for
 * the rest of a time would wait again and again at the same moment.
 */
export function trueLength({ drift }: Clock, lengthNanos: Nanos): Nanos {
  const least = lengthNanos > 0 ? 1 : 0;
  return Math.min(FOREVER, Math.max(least, toNanos(lengthNanos / (1 + drift))));
}

/** The first moment from `nowNanos` on at which the clock shows at least `reading`. */
export function momentOf(clock: Clock, nowNanos: Nanos, reading: Nanos): Nanos {
  let at = nowNanos;
  for (;;) {
    const missing = reading - readingAt(clock, at);
    if (missing <= 0 || at >= FOREVER) return at;
    // Readings are rounded: one less than seems to be missing is never too much.
    at = Math.min(FOREVER, at + Math.max(1, Math.floor((missing - 1) / (1 + clock.drift))));
  }
}
