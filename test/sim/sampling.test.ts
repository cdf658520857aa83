import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Distribution } from "../../sim/distribution.ts";
import { streamFor } from "../../sim/random.ts";
import { compile, meanOf, minOf, quantileFunction } from "../../sim/sampling.ts";
import { kolmogorovSmirnov, kolmogorovSmirnovLimit } from "./kolmogorov-smirnov.ts";

const examples: Record<string, Distribution> = {
  constant: { kind: "constant", value: 25_000 },
  uniform: { kind: "uniform", low: 10_000, high: 30_000 },
  exponential: { kind: "exponential", mean: 8_000, floor: 20_000 },
  lognormal: { kind: "lognormal", median: 15_000, sigma: 0.6, floor: 5_000 },
  quantiles: { kind: "quantiles", probabilities: [0, 0.5, 0.5, 0.9, 1], values: [10, 20, 40, 40, 1_000] },
  mixture: {
    kind: "mixture",
    weights: [99, 0, 1],
    parts: [
      { kind: "exponential", mean: 10_000 },
      { kind: "constant", value: -1 },
      { kind: "uniform", low: 1_000_000, high: 2_000_000 },
    ],
  },
};

function draw(distribution: Distribution, count: number, seed = "s"): number[] {
  const sampler = compile(distribution);
  const stream = streamFor(seed, "sampling");
  return Array.from({ length: count }, () => sampler(stream));
}

describe("compile", () => {
  test.each(Object.entries(examples))(
    "%s has the mean and the minimum that are stated",
    (_, distribution) => {
      const draws = draw(distribution, 200_000);
      const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
      const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
      expect(Math.abs(mean - meanOf(distribution))).toBeLessThanOrEqual(
        4 * Math.sqrt(variance / draws.length),
      );
      for (const x of draws) if (x < minOf(distribution)) throw new Error(`${x} is below the minimum`);
    },
  );

  test.each(Object.entries(examples))("%s gives the same first draws forever", (_, distribution) => {
    expect(draw(distribution, 3)).toMatchSnapshot();
  });

  test.each(Object.entries(examples))("%s continues exactly from a saved stream", (_, distribution) => {
    const sampler = compile(distribution);
    const stream = streamFor(3, "sampling");
    for (let i = 0; i < 1_000; i++) sampler(stream);
    const saved = stream.save();
    const expected = Array.from({ length: 200 }, () => sampler(stream));
    const other = streamFor(4, "other");
    other.restore(saved);
    const again = compile(distribution);
    expect(Array.from({ length: 200 }, () => again(other))).toEqual(expected);
  });

  test("follows the distribution functions of uniform, exponential and lognormal", () => {
    const count = 100_000;
    const limit = kolmogorovSmirnovLimit(count);
    expect(kolmogorovSmirnov(draw(examples.uniform!, count), (x) => (x - 10_000) / 20_000)).toBeLessThan(
      limit,
    );
    expect(
      kolmogorovSmirnov(draw(examples.exponential!, count), (x) => 1 - Math.exp(-(x - 20_000) / 8_000)),
    ).toBeLessThan(limit);
    const lognormal = draw(examples.lognormal!, count).sort((a, b) => a - b);
    // Quantiles at the normal's -1.2816, 0 and 2.3263.
    for (const [probability, z] of [
      [0.1, -1.281552],
      [0.5, 0],
      [0.99, 2.326348],
    ] as const) {
      const expected = 5_000 + 15_000 * Math.exp(0.6 * z);
      expect(lognormal[Math.floor(count * probability)]! / expected).toBeCloseTo(1, 1.7);
    }
  });

  test("gives quantiles their atoms and never a value between equal probabilities", () => {
    const draws = draw(examples.quantiles!, 100_000);
    expect(draws.filter((x) => x === 40).length / draws.length).toBeCloseTo(0.4, 2);
    expect(draws.some((x) => x > 20 && x < 40)).toBe(false);
  });

  test("draws the parts of a mixture by weight, never one of weight 0", () => {
    const draws = draw(examples.mixture!, 100_000);
    expect(draws.filter((x) => x >= 1_000_000).length / draws.length).toBeCloseTo(0.01, 2);
    expect(draws.includes(-1)).toBe(false);
  });

  test("stays within the bounds of any uniform and quantile distribution", () => {
    const amount = fc.double({ min: -1e12, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(fc.array(amount, { minLength: 2, maxLength: 2 }), fc.string(), (ends, seed) => {
        const [low, high] = ends.sort((a, b) => a - b) as [number, number];
        for (const x of draw({ kind: "uniform", low, high }, 20, seed))
          expect(x >= low && x <= high).toBe(true);
      }),
    );
  });

  test.each<Distribution>([
    { kind: "constant", value: NaN },
    { kind: "uniform", low: 2, high: 1 },
    { kind: "exponential", mean: -1 },
    { kind: "lognormal", median: 1, sigma: Infinity },
    { kind: "quantiles", probabilities: [0, 1], values: [2, 1] },
    { kind: "quantiles", probabilities: [0, 0.9], values: [1, 2] },
    { kind: "quantiles", probabilities: [0, 1], values: [1] },
    { kind: "mixture", weights: [0], parts: [{ kind: "constant", value: 1 }] },
  ])("refuses $kind with impossible parameters", (distribution) => {
    expect(() => compile(distribution)).toThrow(
      /^distribution (constant|uniform|exponential|lognormal|quantiles|mixture): .*; found /,
    );
  });
});

describe("quantileFunction", () => {
  /** Ascending points from probability 0 to 1, some of them equal. */
  const points = fc
    .array(
      fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: -1e9, max: 1e9, noNaN: true })),
      {
        minLength: 2,
        maxLength: 30,
      },
    )
    .map((pairs) => ({
      probabilities: [
        0,
        ...pairs
          .map(([p]) => p)
          .sort((a, b) => a - b)
          .slice(1, -1),
        1,
      ],
      values: pairs.map(([, v]) => v).sort((a, b) => a - b),
    }));

  test("is monotone, within its values, and meets every point", () => {
    fc.assert(
      fc.property(
        points,
        fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        ({ probabilities, values }, probes) => {
          const valueAt = quantileFunction(probabilities, values);
          const sorted = [...probes, ...probabilities.filter((p) => p < 1)].sort((a, b) => a - b);
          let previous = values[0]!;
          for (const p of sorted) {
            const value = valueAt(p);
            expect(value).toBeGreaterThanOrEqual(previous);
            expect(value).toBeLessThanOrEqual(values.at(-1)!);
            previous = value;
          }
          probabilities.forEach((p, i) => {
            if (p < 1 && probabilities[i + 1]! > p) expect(valueAt(p) === values[i]).toBe(true);
          });
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
