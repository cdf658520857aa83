/**
 * The averages that a limit is made of, worked out once more from the arrivals and completions that an engine reports, by
 * their definition alone: what I13 is held against.
 */

import type { NightcoreConfig } from "../config.ts";

const MICROS_PER_SECOND = 1e6;

export interface ExpectedAverage {
  count: number;
  value: number;
}

const empty = (): ExpectedAverage => ({ count: 0, value: 0 });

export interface ExpectedAverages {
  readonly rate: ExpectedAverage;
  lastArrivalMicros: number | undefined;
  readonly running: ExpectedAverage;
  readonly processing: ExpectedAverage;
}

export function noAverages(): ExpectedAverages {
  return { rate: empty(), lastArrivalMicros: undefined, running: empty(), processing: empty() };
}

/** The plain mean of the first samples, from then on each new one counts with its weight. */
function take(average: ExpectedAverage, sample: number, weight: number, first: number): void {
  if (average.count < first) {
    average.value = (average.value * average.count + sample) / (average.count + 1);
    average.count++;
  } else average.value = (1 - weight) * average.value + weight * sample;
}

export function noteArrival(averages: ExpectedAverages, atNanos: number, settings: NightcoreConfig): void {
  const { rateExponent, averageWeight, rateTimeConstantNanos, averageSamplesMin } = settings;
  const last = averages.lastArrivalMicros;
  const now = Math.floor(atNanos / 1_000);
  if (last === undefined) {
    averages.lastArrivalMicros = now;
    return;
  }
  const at = Math.max(last + 1, now);
  averages.lastArrivalMicros = at;
  const instant = MICROS_PER_SECOND / (at - last);
  const weight =
    rateTimeConstantNanos > 0 ? 1 - Math.exp((-(at - last) * 1_000) / rateTimeConstantNanos) : averageWeight;
  take(
    averages.rate,
    rateExponent === 0 ? Math.log(instant) : instant ** rateExponent,
    weight,
    averageSamplesMin,
  );
}

export function noteCompletion(
  averages: ExpectedAverages,
  { receivedMicros, dispatchedMicros, finishedMicros, queueingMicros }: Completion,
  { averageWeight, averageSamplesMin }: NightcoreConfig,
): void {
  take(averages.running, finishedMicros - dispatchedMicros, averageWeight, averageSamplesMin);
  const processing = finishedMicros - receivedMicros - queueingMicros;
  if (processing > 0) take(averages.processing, processing, averageWeight, averageSamplesMin);
}

interface Completion {
  readonly receivedMicros: number;
  readonly dispatchedMicros: number;
  readonly finishedMicros: number;
  readonly queueingMicros: number;
}

/** Arrivals per second; 0: not known yet. */
export function rateOf({ rate }: ExpectedAverages, settings: NightcoreConfig): number {
  const { rateExponent, averageSamplesMin } = settings;
  if (rate.count < averageSamplesMin) return 0;
  return rateExponent === 0 ? Math.exp(rate.value) : rate.value ** (1 / rateExponent);
}

/** The time that a limit takes, in microseconds; 0: not known yet. */
export function delayOf({ running, processing }: ExpectedAverages, settings: NightcoreConfig): number {
  const average = settings.limitTime === "running" ? running : processing;
  return average.count < settings.averageSamplesMin ? 0 : average.value;
}

/** The limit that follows. Two values where rounding may go either way. */
export function limitsOf(
  averages: ExpectedAverages,
  settings: NightcoreConfig,
  min: number,
  max: number,
): readonly number[] {
  const { limitCoefficient, concurrencyLimiter, limitAtLeastOne, limitRounding } = settings;
  if (!concurrencyLimiter) return [max];
  const [rate, delay] = [rateOf(averages, settings), delayOf(averages, settings)];
  const load = (limitCoefficient * rate * delay) / MICROS_PER_SECOND;
  const bounded = (value: number) => {
    const within = rate === 0 || delay === 0 ? max : Math.min(max, Math.max(min, value));
    return limitAtLeastOne ? Math.max(1, within) : within;
  };
  const rounded = (value: number) => (limitRounding === "up" ? Math.ceil(value) : Math.floor(0.5 + value));
  return [...new Set([rounded(load * (1 - 1e-9)), rounded(load * (1 + 1e-9))].map(bounded))];
}
