/**
 * From replications and series to what may be said about them: confidence intervals, batch means, time averages, and
 * where the warm-up of a series ends (Law, Simulation Modeling and Analysis, chapter 9).
 */

import jstat from "jstat";
import type { Nanos } from "./units.ts";

/** A mean with its 95 % confidence interval; without bounds where there is but one value. */
export interface Estimate {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** The mean of independent values (one per replication, or batch means) with its 95 % interval by Student's t. */
export function estimate(values: readonly number[]): Estimate {
  const count = values.length;
  if (count === 0) throw new RangeError("an estimate needs at least one value");
  const mean = meanOfValues(values);
  if (count === 1) return { mean, low: null, high: null };
  const halfWidth = studentQuantile(count - 1) * Math.sqrt(sampleVariance(values, mean) / count);
  return { mean, low: mean - halfWidth, high: mean + halfWidth };
}

/**
 * The 0.975 quantile of Student's t. jstat is accurate to 8 digits and built on Math.log; cut to 6 digits, which is far more
 * than an interval needs, the result does not depend on the runtime.
 */
function studentQuantile(degreesOfFreedom: number): number {
  return Number(jstat.jStat.studentt.inv(0.975, degreesOfFreedom).toPrecision(6));
}

/**
 * The means of equally long consecutive batches of one long, autocorrelated series: where batches are long enough they are
 * nearly independent, and `estimate` applies to them. What does not fill the batches is left out at the beginning, where
 * a series is least settled.
 */
export function batchMeans(values: readonly number[], batches: number): number[] {
  if (!(Number.isInteger(batches) && batches >= 1)) {
    throw new RangeError(`batches must be a positive integer; found ${batches}`);
  }
  const size = Math.floor(values.length / batches);
  if (size === 0) throw new RangeError(`${values.length} values do not make ${batches} batches`);
  const start = values.length - size * batches;
  return Array.from({ length: batches }, (_, i) =>
    meanOfValues(values.slice(start + i * size, start + (i + 1) * size)),
  );
}

/** The average over virtual time of something that changes in steps: a queue length, busy cores. */
export class TimeAverage {
  private readonly startNanos: Nanos;
  private sinceNanos: Nanos;
  private value: number;
  private area = 0;

  constructor(startNanos: Nanos = 0, value = 0) {
    this.startNanos = startNanos;
    this.sinceNanos = startNanos;
    this.value = value;
  }

  /** From this moment on the value is another one. Moments must not go back. */
  change(nowNanos: Nanos, value: number): void {
    if (nowNanos < this.sinceNanos)
      throw new RangeError(`time went back from ${this.sinceNanos} to ${nowNanos}`);
    this.area += this.value * (nowNanos - this.sinceNanos);
    this.sinceNanos = nowNanos;
    this.value = value;
  }

  /** The average up to now, at or after the last change; the value itself when no time has passed. */
  average(nowNanos: Nanos): number {
    const elapsed = nowNanos - this.startNanos;
    return elapsed === 0 ? this.value : (this.area + this.value * (nowNanos - this.sinceNanos)) / elapsed;
  }
}

/**
 * Where the warm-up of a series ends, by MSER-5 (White 1997): of all beginnings one could leave out, in fives and up to the
 * half, the one after which the standard error of the mean is smallest. Returns the index of the first value to keep. It is an
 * answer for a series that becomes steady; whether this one did is another question. null: too short, fewer than 25 values.
 */
export function warmupEnd(series: readonly number[]): number | null {
  const groups = Math.floor(series.length / MSER_GROUP);
  if (groups < MSER_TAIL_GROUPS_MIN) return null;
  const means = Array.from({ length: groups }, (_, i) =>
    meanOfValues(series.slice(i * MSER_GROUP, (i + 1) * MSER_GROUP)),
  );
  let best = 0;
  let smallest = Infinity;
  // From the end, so that mean and sum of squares grow by one group at a time (Welford) and nothing cancels.
  let mean = 0;
  let squares = 0;
  for (let start = groups - 1; start >= 0; start--) {
    const kept = groups - start;
    const deviation = means[start]! - mean;
    mean += deviation / kept;
    squares += deviation * (means[start]! - mean);
    const errorSquared = squares / (kept * kept);
    // Tails of a few groups are nearly constant by chance: their tiny error says nothing.
    if (kept >= MSER_TAIL_GROUPS_MIN && start <= groups / 2 && errorSquared <= smallest) {
      smallest = errorSquared;
      best = start;
    }
  }
  return best * MSER_GROUP;
}
const MSER_GROUP = 5;
const MSER_TAIL_GROUPS_MIN = 5;

function meanOfValues(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function sampleVariance(values: readonly number[], mean: number): number {
  let squares = 0;
  for (const value of values) squares += (value - mean) * (value - mean);
  return squares / (values.length - 1);
}
