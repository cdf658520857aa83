import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { streamFor } from "../../sim/random.ts";
import { batchMeans, estimate, TimeAverage, warmupEnd } from "../../sim/statistics.ts";
import { exponential, normal } from "../../sim/ziggurat.ts";

describe("estimate", () => {
  test("agrees with the tables of Student's t", () => {
    // Two values -1 and 1: standard error 1, so the bounds are the quantile itself.
    expect(estimate([-1, 1]).high).toBeCloseTo(12.7062, 4);
    // t(4) = 2.776445; mean 3, variance 2.5.
    const { mean, low, high } = estimate([1, 2, 3, 4, 5]);
    expect(mean).toBe(3);
    expect(high).toBeCloseTo(3 + 2.776445 * Math.sqrt(0.5), 5);
    expect(low).toBeCloseTo(3 - 2.776445 * Math.sqrt(0.5), 5);
  });

  test("says nothing it cannot know", () => {
    expect(() => estimate([])).toThrow("an estimate needs at least one value");
    expect(estimate([7])).toEqual({ mean: 7, low: null, high: null });
    expect(estimate([7, 7, 7])).toEqual({ mean: 7, low: 7, high: 7 });
  });

  test("covers the true mean in 95 of 100 experiments", () => {
    const stream = streamFor(1, "coverage");
    let covered = 0;
    for (let i = 0; i < 4_000; i++) {
      const { low, high } = estimate(Array.from({ length: 5 }, () => 10 + 3 * normal(stream)));
      if (low! <= 10 && 10 <= high!) covered++;
    }
    expect(Math.abs(covered / 4_000 - 0.95)).toBeLessThan(0.012);
  });
});

describe("batchMeans", () => {
  test("leaves out at the beginning what does not fill the batches", () => {
    expect(batchMeans([100, 1, 3, 5, 7], 2)).toEqual([2, 6]);
    expect(batchMeans([1, 2, 3], 3)).toEqual([1, 2, 3]);
  });

  test("has the mean of the values it keeps", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 100 }),
        fc.nat(),
        (values, n) => {
          const batches = 1 + (n % values.length);
          const kept = values.slice(values.length % batches);
          const means = batchMeans(values, batches);
          expect(means.length).toBe(batches);
          expect(estimate(means).mean).toBeCloseTo(estimate(kept).mean, 6);
        },
      ),
    );
  });

  test("refuses batches that cannot be", () => {
    expect(() => batchMeans([1], 2)).toThrow("1 values do not make 2 batches");
    expect(() => batchMeans([1], 0)).toThrow("batches must be a positive integer; found 0");
  });
});

describe("TimeAverage", () => {
  test("weighs values by how long they lasted", () => {
    const queue = new TimeAverage(100);
    queue.change(200, 4);
    queue.change(300, 1);
    expect(queue.average(300)).toBe(2);
    expect(queue.average(500)).toBe((0 * 100 + 4 * 100 + 1 * 200) / 400);
  });

  test("is the value itself while no time has passed, and time does not go back", () => {
    expect(new TimeAverage(5, 3).average(5)).toBe(3);
    expect(() => new TimeAverage(5).change(4, 1)).toThrow("time went back from 5 to 4");
  });
});

describe("warmupEnd", () => {
  const noise = (length: number, seed: number) => {
    const stream = streamFor(seed, "noise");
    return Array.from({ length }, () => exponential(stream));
  };

  test("keeps nearly all of a series that is steady from the start", () => {
    for (let seed = 1; seed <= 20; seed++) expect(warmupEnd(noise(1_000, seed))).toBeLessThan(350);
    expect(warmupEnd(new Array<number>(100).fill(3))).toBe(0);
  });

  test("leaves out a start that is far from the rest", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const series = noise(1_000, seed).map((x, i) => x + 20 * Math.exp(-i / 30));
      const end = warmupEnd(series)!;
      // After 90 values the bias is 1, the standard deviation of the noise.
      expect(end).toBeGreaterThanOrEqual(80);
      expect(end).toBeLessThanOrEqual(500);
    }
    expect(warmupEnd([...new Array<number>(30).fill(9), ...new Array<number>(100).fill(1)])).toBe(30);
  });

  test("leaves out no more than the half, and nothing is told from a few values", () => {
    expect(warmupEnd(noise(1_000, 3).map((x, i) => x + i / 50))).toBe(500);
    expect(warmupEnd(noise(24, 1))).toBeNull();
  });
});
