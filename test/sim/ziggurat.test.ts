import { describe, expect, test } from "vitest";
import { streamFor } from "../../sim/random.ts";
import { exponential, normal } from "../../sim/ziggurat.ts";
import { kolmogorovSmirnov, kolmogorovSmirnovLimit } from "./kolmogorov-smirnov.ts";

const DRAWS = 400_000;

function draw(sampler: typeof normal, seed: string): number[] {
  const stream = streamFor(seed, "ziggurat");
  return Array.from({ length: DRAWS }, () => sampler(stream));
}

function moment(values: readonly number[], power: number): number {
  return values.reduce((sum, value) => sum + value ** power, 0) / values.length;
}

/** The normal distribution function by its continued fraction and series (Abramowitz and Stegun 26.2.10, 26.2.14). */
function normalCumulative(x: number): number {
  const z = Math.abs(x);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  let upper: number;
  if (z < 3) {
    let term = z;
    let sum = z;
    for (let n = 1; n < 60; n++) sum += term *= (z * z) / (2 * n + 1);
    upper = 0.5 - density * sum;
  } else {
    let fraction = z;
    for (let n = 60; n >= 1; n--) fraction = z + n / fraction;
    upper = density / fraction;
  }
  return x < 0 ? upper : 1 - upper;
}

describe("exponential", () => {
  const draws = draw(exponential, "e");

  test("follows its distribution", () => {
    expect(kolmogorovSmirnov(draws, (x) => 1 - Math.exp(-x))).toBeLessThan(kolmogorovSmirnovLimit(DRAWS));
  });

  test("has the first four moments: 1, 2, 6, 24", () => {
    // Four standard errors of each moment.
    for (const [power, expected, variance] of [
      [1, 1, 1],
      [2, 2, 20],
      [3, 6, 684],
      [4, 24, 39_744],
    ] as const) {
      expect(Math.abs(moment(draws, power) - expected)).toBeLessThan(4 * Math.sqrt(variance / DRAWS));
    }
  });

  test("is positive and has its tail beyond the last layer", () => {
    expect(Math.min(...draws.slice(0, 100_000))).toBeGreaterThan(0);
    const expected = DRAWS * Math.exp(-8);
    const beyond = draws.filter((x) => x > 8).length;
    expect(Math.abs(beyond - expected)).toBeLessThan(4 * Math.sqrt(expected));
  });

  test("gives independent successive draws", () => {
    let sum = 0;
    for (let i = 1; i < DRAWS; i++) sum += (draws[i]! - 1) * (draws[i - 1]! - 1);
    expect(Math.abs(sum / DRAWS)).toBeLessThan(4 / Math.sqrt(DRAWS));
  });
});

describe("normal", () => {
  const draws = draw(normal, "n");

  test("follows its distribution", () => {
    expect(kolmogorovSmirnov(draws, normalCumulative)).toBeLessThan(kolmogorovSmirnovLimit(DRAWS));
  });

  test("has the first four moments: 0, 1, 0, 3", () => {
    for (const [power, expected, variance] of [
      [1, 0, 1],
      [2, 1, 2],
      [3, 0, 15],
      [4, 3, 96],
    ] as const) {
      expect(Math.abs(moment(draws, power) - expected)).toBeLessThan(4 * Math.sqrt(variance / DRAWS));
    }
  });

  test("has both tails beyond the last layer", () => {
    for (const sign of [1, -1]) {
      const tail = draws.filter((x) => sign * x > 3.442619855899);
      const expected = DRAWS * normalCumulative(-3.442619855899);
      expect(Math.abs(tail.length - expected)).toBeLessThan(4 * Math.sqrt(expected));
      expect(Math.max(...tail.map(Math.abs))).toBeGreaterThan(3.9);
    }
  });
});

test("the first draws never change", () => {
  const stream = streamFor(1, "golden");
  expect([exponential(stream), exponential(stream), normal(stream), normal(stream)]).toMatchInlineSnapshot(`
    [
      0.5987447301538754,
      1.2877231499401935,
      -0.31075575605541095,
      -1.8588793933520316,
    ]
  `);
});
