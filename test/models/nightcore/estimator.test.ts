import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { limitOf, littlesLaw } from "../../../models/nightcore/concurrency.ts";
import { NIGHTCORE_DEFAULTS } from "../../../models/nightcore/config.ts";
import {
  addArrival,
  addSample,
  emptyAverage,
  emptyRate,
  microsOf,
  readAverage,
} from "../../../models/nightcore/estimator.ts";
import { streamFor } from "../../../sim/random.ts";
import { compile } from "../../../sim/sampling.ts";
import { MICROSECOND, MILLISECOND, SECOND } from "../../../sim/units.ts";

const SETTINGS = NIGHTCORE_DEFAULTS;

/** Mean reading of the rate over Poisson arrivals, by the rate itself: long enough that the average has forgotten its start. */
function inflation({ exponent, ratePerSecond }: { exponent: number; ratePerSecond: number }): number {
  const settings = { ...SETTINGS, rateExponent: exponent };
  const gap = compile({ kind: "exponential", mean: SECOND / ratePerSecond });
  const stream = streamFor("1", `gaps ${exponent} ${ratePerSecond}`);
  const rate = emptyRate();
  let now = 0;
  let sum = 0;
  const [warmUp, arrivals] = [5_000, 300_000];
  for (let i = 0; i < warmUp + arrivals; i++) {
    now += gap(stream);
    addArrival(rate, microsOf(now), settings);
    if (i >= warmUp) sum += rate.perSecond;
  }
  return sum / arrivals / ratePerSecond;
}

/** Gamma(x) for x in (0, 1], by Lanczos' approximation. */
function gamma(x: number): number {
  const coefficients = [
    676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
    -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
  ];
  if (x < 0.5) return Math.PI / (Math.sin(Math.PI * x) * gamma(1 - x));
  const t = x + 6.5;
  const series = coefficients.reduce((sum, c, i) => sum + c / (x + i), 0.9999999999998099);
  return Math.sqrt(2 * Math.PI) * t ** (x - 0.5) * Math.exp(-t) * series;
}

describe("an average", () => {
  test("reads 0 until 128 samples are in, then their plain mean", () => {
    const average = emptyAverage();
    for (let i = 1; i <= 127; i++) {
      addSample(average, i, 0.001, 128);
      expect(readAverage(average, 128)).toBe(0);
    }
    addSample(average, 128, 0.001, 128);
    expect(readAverage(average, 128)).toBeCloseTo(64.5, 10);
  });

  test("moves by its weight towards each sample from the 129th on", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 129, maxLength: 400 }),
        fc.double({ min: 0.0001, max: 1, noNaN: true }),
        (samples, weight) => {
          const average = emptyAverage();
          for (const sample of samples) addSample(average, sample, weight, 128);
          let expected = samples.slice(0, 128).reduce((sum, each) => sum + each, 0) / 128;
          for (const sample of samples.slice(128)) expected = (1 - weight) * expected + weight * sample;
          expect(Math.abs(readAverage(average, 128) - expected)).toBeLessThan(1e-4);
        },
      ),
    );
  });
});

describe("the rate", () => {
  test.each([-1, 0, 0.5, 0.7, 0.8, 1])(
    "of evenly spaced arrivals is their rate with exponent %d",
    (exponent) => {
      const settings = { ...SETTINGS, rateExponent: exponent };
      const rate = emptyRate();
      for (let i = 0; i <= 2_000; i++) addArrival(rate, i * 250, settings);
      expect(rate.perSecond).toBeCloseTo(4_000, 6);
    },
  );

  test("reads 0 until there have been 128 gaps", () => {
    const rate = emptyRate();
    for (let i = 0; i < 128; i++) addArrival(rate, i * 1_000, SETTINGS);
    expect(rate.perSecond).toBe(0);
    addArrival(rate, 128_000, SETTINGS);
    expect(rate.perSecond).toBeCloseTo(1_000, 9);
  });

  test("takes arrivals of one microsecond to be a microsecond apart, on a clock that runs ahead", () => {
    const settings = { ...SETTINGS, averageSamplesMin: 1, averageWeight: 1 };
    const rate = emptyRate();
    for (let i = 0; i < 11; i++) addArrival(rate, 500, settings);
    expect(rate.perSecond).toBe(1_000_000);
    expect(rate.lastMicros).toBe(510);
    // A gap of 20 from the true moment of the burst, of 10 from where the clock is.
    addArrival(rate, 520, settings);
    expect(rate.perSecond).toBeCloseTo(100_000, 6);
  });

  test("forgets by time, not by arrivals, with a time constant", () => {
    const settings = { ...SETTINGS, rateTimeConstantNanos: 100 * MILLISECOND, averageSamplesMin: 1 };
    const rate = emptyRate();
    for (let i = 0; i <= 1_000; i++) addArrival(rate, i * 1_000, settings);
    expect(rate.perSecond).toBeCloseTo(1_000, 6);
    // One time constant of arrivals twice as often: what is left of the difference is 1/e.
    for (let i = 1; i <= 200; i++) addArrival(rate, 1_000_000 + i * 500, settings);
    expect(rate.perSecond).toBeCloseTo(2_000 - 1_000 / Math.E, 0);
  });

  // With exponent p the mean of gap^-p is Gamma(1 - p) times the rate's p-th power, for exponential gaps.
  test.each([-0.5, 0.3, 0.5])(
    "of Poisson arrivals is Gamma(1-p)^(1/p) too high with exponent %d",
    (exponent) => {
      const theory = gamma(1 - exponent) ** (1 / exponent);
      expect(inflation({ exponent, ratePerSecond: 100 }) / theory).toBeGreaterThan(0.96);
      expect(inflation({ exponent, ratePerSecond: 100 }) / theory).toBeLessThan(1.04);
    },
  );

  test("of Poisson arrivals is e^0.577 too high as a geometric mean", () => {
    expect(inflation({ exponent: 0, ratePerSecond: 1_000 })).toBeCloseTo(1.781, 1);
  });

  // The floor of a microsecond on gaps bounds what the power mean would make of short ones.
  test.each([
    [1, 100, 9.5],
    [1, 1_000, 7.4],
    [1, 5_000, 5.8],
    [0.8, 100, 5.5],
    [0.8, 1_000, 5.0],
    [0.8, 5_000, 4.3],
    [0.7, 100, 4.4],
    [0.7, 1_000, 4.2],
    [0.7, 5_000, 3.7],
    [0.5, 100, 3.1],
    [0.5, 1_000, 3.0],
    [0.5, 5_000, 2.9],
    [0, 100, 1.78],
    [0, 5_000, 1.78],
  ])(
    "with exponent %d of %d Poisson arrivals a second is %d times too high",
    (exponent, ratePerSecond, times) => {
      const measured = inflation({ exponent, ratePerSecond });
      expect(measured / times).toBeGreaterThan(0.94);
      expect(measured / times).toBeLessThan(1.06);
    },
  );
});

describe("the limit", () => {
  test("is the rounded product of rate and delay for evenly spaced arrivals, within its bounds", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 10, max: 100_000 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.integer({ min: 0, max: 10 }),
        fc.integer({ min: 10, max: 50 }),
        (gapMicros, delayMicros, min, max) => {
          const rate = emptyRate();
          for (let i = 0; i < 200; i++) addArrival(rate, i * gapMicros, SETTINGS);
          const delay = emptyAverage();
          for (let i = 0; i < 128; i++) addSample(delay, delayMicros, 0.001, 128);
          const exact = delayMicros / gapMicros;
          // On the border between two integers, rounding of the average decides.
          fc.pre(Math.abs((exact % 1) - 0.5) > 1e-6);
          const running = littlesLaw(1, rate.perSecond, readAverage(delay, 128), "nearest");
          expect(running).toBe(Math.round(exact));
          expect(limitOf(running, true, min, max)).toBe(Math.min(max, Math.max(min, Math.round(exact))));
        },
      ),
    );
  });

  test("is the upper bound while anything is unknown, and where the bounds contradict each other", () => {
    expect(limitOf(0, false, 2, 8)).toBe(8);
    expect(limitOf(0, false, 0, Infinity)).toBe(Infinity);
    expect(limitOf(3, true, 9, 8)).toBe(8);
  });
});

test("times are measured in whole microseconds", () => {
  expect(microsOf(1_999)).toBe(1);
  expect(microsOf(3 * MICROSECOND)).toBe(3);
});
