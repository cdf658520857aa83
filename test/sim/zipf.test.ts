import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { streamFor } from "../../sim/random.ts";
import { ALIAS_TABLE_COUNT_MAX, zipf, zipfByRejection, zipfByTable } from "../../sim/zipf.ts";

function frequencies(sampler: ReturnType<typeof zipf>, count: number, draws: number): number[] {
  const stream = streamFor(5, "zipf");
  const seen = new Array<number>(count).fill(0);
  for (let i = 0; i < draws; i++) seen[sampler(stream)]!++;
  return seen;
}

describe.each([
  ["by table", zipfByTable],
  ["by rejection", zipfByRejection],
] as const)("zipf %s", (_, make) => {
  test.each([0, 0.5, 0.99, 1, 1.5, 3])("draws each rank with its probability, exponent %d", (exponent) => {
    const count = 40;
    const draws = 100_000;
    const weights = Array.from({ length: count }, (_, rank) => (rank + 1) ** -exponent);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    frequencies(make(count, exponent), count, draws).forEach((seen, rank) => {
      const probability = weights[rank]! / total;
      const sigma = Math.sqrt(draws * probability * (1 - probability));
      expect(Math.abs(seen - draws * probability)).toBeLessThan(4 * sigma + 1);
    });
  });

  test("stays in range for any count and exponent", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.double({ min: 0, max: 20, noNaN: true }),
        fc.string(),
        (count, exponent, seed) => {
          const sampler = make(count, exponent);
          const stream = streamFor(seed, "zipf");
          for (let i = 0; i < 20; i++) {
            const rank = sampler(stream);
            expect(Number.isInteger(rank) && rank >= 0 && rank < count).toBe(true);
          }
        },
      ),
    );
  });

  test("gives the same first draws forever", () => {
    const sampler = make(1_000, 0.99);
    const stream = streamFor(1, "golden");
    expect(Array.from({ length: 8 }, () => sampler(stream))).toMatchSnapshot();
  });
});

describe("zipf", () => {
  test("has the popular head expected of a billion things", () => {
    const sampler = zipf(1_000_000_000, 0.99);
    const stream = streamFor(9, "zipf");
    let first = 0;
    let far = 0;
    for (let i = 0; i < 50_000; i++) {
      const rank = sampler(stream);
      if (rank === 0) first++;
      if (rank >= 1_000_000) far++;
    }
    // The sum of k^-0.99 is 23.60 up to a billion and 15.39 up to a million.
    expect(first / 50_000).toBeCloseTo(1 / 23.6, 2);
    expect(far / 50_000).toBeCloseTo(1 - 15.39 / 23.6, 1.7);
  });

  test("switches methods beyond the largest table", () => {
    const stream = streamFor(9, "zipf");
    expect(zipf(ALIAS_TABLE_COUNT_MAX, 1)(stream)).toBeLessThan(ALIAS_TABLE_COUNT_MAX);
    expect(zipf(ALIAS_TABLE_COUNT_MAX + 1, 1)(stream)).toBeLessThan(ALIAS_TABLE_COUNT_MAX + 1);
  });

  test("refuses counts and exponents that make no sense", () => {
    expect(() => zipf(0, 1)).toThrow("count must be a positive integer; found 0");
    expect(() => zipf(10, -1)).toThrow("exponent must be finite, not negative; found -1");
  });
});
