/**
 * Averages that an engine keeps of each function: how often it is called and how long its calls take
 * (docs/models/nightcore.md, "Dispatch and concurrency").
 *
 * Every estimator begins with the plain mean of a number of samples, and reads as 0, which means "not known", until all of
 * them are in. From then on it is an exponential average. The rate is a power mean of instant rates, one over the gap
 * between two arrivals, and so reads more than arrivals per second unless arrivals are evenly spaced.
 *
 * Hot code: every call feeds four of these. Powers come from sim/deterministic-math.ts, as the language leaves their last
 * bits open.
 */

import { exp, log, pow } from "../../sim/deterministic-math.ts";
import type { Nanos } from "../../sim/units.ts";
import { MICROSECOND, SECOND } from "../../sim/units.ts";
import type { NightcoreConfig } from "./config.ts";

/** A time as the runtime measures it: in whole microseconds. */
export type Micros = number;

const MICROS_PER_SECOND = SECOND / MICROSECOND;

export function microsOf(timeNanos: Nanos): Micros {
  return Math.floor(timeNanos / MICROSECOND);
}

/** An average of samples, in their unit. */
export interface Average {
  samples: number;
  mean: number;
}

export function emptyAverage(): Average {
  return { samples: 0, mean: 0 };
}

/** Takes in a sample. `weight`: of a sample once the first `samplesMin` are in. */
export function addSample(average: Average, sample: number, weight: number, samplesMin: number): void {
  const known = average.samples >= samplesMin;
  if (!known) average.samples++;
  average.mean += (sample - average.mean) * (known ? weight : 1 / average.samples);
}

/** The average, or 0 while it is not known. */
export function readAverage(average: Average, samplesMin: number): number {
  return average.samples < samplesMin ? 0 : average.mean;
}

export interface RateEstimator {
  /** Of instant rates, per second, to the power of the exponent; of their logarithms if that is 0. */
  readonly powers: Average;
  /** When the last arrival was, on a clock that advances by a microsecond at least from one to the next; -1: none yet. */
  lastMicros: Micros;
  /** Arrivals per second as last worked out: a reading costs nothing. */
  perSecond: number;
}

export function emptyRate(): RateEstimator {
  return { powers: emptyAverage(), lastMicros: -1, perSecond: 0 };
}

type RateSettings = Pick<
  NightcoreConfig,
  "rateExponent" | "averageWeight" | "rateTimeConstantNanos" | "averageSamplesMin"
>;

/** An arrival. The first one has no gap before it and only sets the clock. `gapMicrosMin`: 1, but for a slip. */
export function addArrival(
  rate: RateEstimator,
  nowMicros: Micros,
  settings: RateSettings,
  gapMicrosMin = 1,
): void {
  const { lastMicros, powers } = rate;
  if (lastMicros < 0) {
    rate.lastMicros = nowMicros;
    return;
  }
  // Arrivals of one microsecond are taken to be a microsecond apart: a gap of 0 would be an infinite rate.
  const at = Math.max(nowMicros, lastMicros + gapMicrosMin);
  const gapMicros = at - lastMicros;
  rate.lastMicros = at;
  const { rateExponent, averageWeight, rateTimeConstantNanos, averageSamplesMin } = settings;
  const weight =
    rateTimeConstantNanos > 0 ? 1 - exp((-gapMicros * MICROSECOND) / rateTimeConstantNanos) : averageWeight;
  addSample(powers, powerOf(MICROS_PER_SECOND / gapMicros, rateExponent), weight, averageSamplesMin);
  if (powers.samples >= averageSamplesMin) rate.perSecond = rootOf(powers.mean, rateExponent);
}

function powerOf(instantRate: number, exponent: number): number {
  if (exponent === 1) return instantRate;
  return exponent === 0 ? log(instantRate) : pow(instantRate, exponent);
}

function rootOf(mean: number, exponent: number): number {
  if (exponent === 1) return mean;
  return exponent === 0 ? exp(mean) : pow(mean, 1 / exponent);
}
