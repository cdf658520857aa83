import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { momentAfter, type RateStep, rateAt } from "../../../models/applications/load.ts";
import { FOREVER, MILLISECOND, SECOND } from "../../../sim/units.ts";

const STEPS: readonly RateStep[] = [
  { fromNanos: 0, perSecond: 100 },
  { fromNanos: SECOND, perSecond: 1_000 },
  { fromNanos: 2 * SECOND, perSecond: 0 },
  { fromNanos: 3 * SECOND, perSecond: 10 },
];

describe("a rate in steps", () => {
  test.each([
    [0, 0, 0],
    [0, 50, 500 * MILLISECOND],
    [0, 100, SECOND],
    [0, 101, SECOND + MILLISECOND],
    [0, 1_100, 2 * SECOND],
    [0, 1_101, 3 * SECOND + 100 * MILLISECOND],
    [2.5 * SECOND, 1, 3 * SECOND + 100 * MILLISECOND],
  ])("from %d on, %d requests have come at %d", (since, requests, at) => {
    expect(momentAfter(STEPS, since, requests)).toBeCloseTo(at, 3);
  });

  test("that ends with nothing never gets there", () => {
    expect(momentAfter([{ fromNanos: 0, perSecond: 0 }], 0, 1)).toBe(FOREVER);
    expect(momentAfter(0, 0, 1)).toBe(FOREVER);
  });

  test("does not begin before its first step", () => {
    expect(momentAfter([{ fromNanos: SECOND, perSecond: 1 }], 0, 1)).toBe(2 * SECOND);
    expect(rateAt([{ fromNanos: SECOND, perSecond: 1 }], 0)).toBe(0);
  });

  test("has the rate of the step that it is in", () => {
    const moments = [0, SECOND - 1, SECOND, 2 * SECOND, 9 * SECOND];
    expect(moments.map((at) => rateAt(STEPS, at))).toEqual([100, 100, 1_000, 0, 10]);
    expect(rateAt(7, 5)).toBe(7);
  });

  test("adds up: so many requests and then so many more are as many together", () => {
    const step = fc.record({ lengthNanos: fc.integer({ min: 1, max: SECOND }), perSecond: fc.nat(5_000) });
    fc.assert(
      fc.property(fc.array(step), fc.nat(999), fc.nat(999), (steps, some, more) => {
        let fromNanos = 0;
        const rate = steps.map(({ lengthNanos, perSecond }) => {
          fromNanos += lengthNanos;
          return { fromNanos, perSecond };
        });
        rate.push({ fromNanos: fromNanos + 1, perSecond: 1 });
        const together = momentAfter(rate, 0, some + more);
        expect(Math.abs(momentAfter(rate, momentAfter(rate, 0, some), more) / together - 1)).toBeLessThan(
          1e-6,
        );
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});
