/** What faults did, told from the moments of completions. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Completions,
  firstAtOrAfter,
  impactOf,
  longestOutage,
  percentile,
  stretchOf,
} from "../../scenarios/fault-impact.ts";
import { streamFor } from "../../sim/random.ts";
import { exponential } from "../../sim/ziggurat.ts";

const MILLISECOND = 1_000_000;
const SECOND = 1_000 * MILLISECOND;

/** One completion every so often, at the latency that a function of time gives; none where that is undefined. */
function steady(
  untilNanos: number,
  everyNanos: number,
  latencyAt: (nanos: number) => number | undefined,
): Completions {
  const atNanos: number[] = [];
  const latenciesNanos: number[] = [];
  for (let now = everyNanos; now <= untilNanos; now += everyNanos) {
    const latency = latencyAt(now);
    if (latency === undefined) continue;
    atNanos.push(now);
    latenciesNanos.push(latency);
  }
  return { operation: "append", atNanos, latenciesNanos };
}

const EVERY = 50_000;
const isIn = (now: number, from: number, until: number) => now >= from && now < until;

describe("recovery", () => {
  test("is the end of an outage, to the completion", () => {
    const outage = [2 * SECOND, 3.2 * SECOND] as const;
    const completions = steady(6 * SECOND, EVERY, (now) => (isIn(now, ...outage) ? undefined : MILLISECOND));
    const fault = { fromNanos: 2 * SECOND, untilNanos: 2.1 * SECOND };
    const { recovery, during, after, before } = impactOf(completions, fault, SECOND, 6 * SECOND);
    expect(recovery).toEqual({ kind: "recovered", nanos: 1.2 * SECOND });
    expect(before).toMatchObject({ fromNanos: SECOND, untilNanos: 2 * SECOND, throughputPerSecond: 20_000 });
    expect(during).toMatchObject({
      fromNanos: 2 * SECOND,
      untilNanos: 3.2 * SECOND,
      completed: 0,
      p50Nanos: null,
    });
    expect(after).toMatchObject({
      fromNanos: 3.2 * SECOND,
      untilNanos: 6 * SECOND,
      throughputPerSecond: 20_000,
    });
  });

  test("is not brought forward by the burst of what had to wait", () => {
    const completions = steady(6 * SECOND, EVERY, (now) =>
      isIn(now, 2 * SECOND, 3 * SECOND) ? undefined : 1,
    );
    const burst = Array.from({ length: 20_000 }, () => 3 * SECOND - MILLISECOND);
    const atNanos = [...completions.atNanos, ...burst].sort((a, b) => a - b);
    const all = { ...completions, atNanos, latenciesNanos: atNanos.map(() => 1) };
    const { recovery } = impactOf(all, { fromNanos: 2 * SECOND, untilNanos: undefined }, SECOND, 6 * SECOND);
    expect(recovery.kind).toBe("recovered");
    expect(recovery).toMatchObject({ nanos: expect.closeTo(SECOND, -8) });
  });

  test("is that for good: a second dip counts", () => {
    const completions = steady(6 * SECOND, EVERY, (now) =>
      isIn(now, 2 * SECOND, 2.5 * SECOND) || isIn(now, 3 * SECOND, 3.5 * SECOND) ? undefined : 1,
    );
    const fault = { fromNanos: 2 * SECOND, untilNanos: 2.5 * SECOND };
    expect(impactOf(completions, fault, SECOND, 6 * SECOND).recovery).toEqual({
      kind: "recovered",
      nanos: 1.5 * SECOND,
    });
    // Before the next fault the first dip was over.
    expect(impactOf(completions, fault, SECOND, 3 * SECOND).recovery).toEqual({
      kind: "recovered",
      nanos: 0.5 * SECOND,
    });
  });

  test("is nothing where throughput never fell, whatever latency did", () => {
    const completions = steady(4 * SECOND, EVERY, (now) => (now > 2 * SECOND ? 50 : 1) * MILLISECOND);
    const fault = { fromNanos: 2 * SECOND, untilNanos: 3 * SECOND };
    const { recovery, before, during } = impactOf(completions, fault, SECOND, 4 * SECOND);
    expect(recovery).toEqual({ kind: "recovered", nanos: 0 });
    expect([before?.p99Nanos, during.p50Nanos]).toEqual([MILLISECOND, 50 * MILLISECOND]);
  });

  test("has not come where throughput stays below nine tenths, and has at nine tenths", () => {
    const keeping = (share: number) => {
      let kept = 0;
      return steady(6 * SECOND, EVERY, (now) => {
        if (now < 2 * SECOND) return 1;
        kept += share;
        if (kept < 1) return undefined;
        kept -= 1;
        return 1;
      });
    };
    const fault = { fromNanos: 2 * SECOND, untilNanos: undefined };
    expect(impactOf(keeping(0.85), fault, SECOND, 6 * SECOND).recovery).toEqual({ kind: "notRecovered" });
    expect(impactOf(keeping(0.95), fault, SECOND, 6 * SECOND).recovery.kind).toBe("recovered");
  });

  test("cannot be told without a level before, or without time after", () => {
    const completions = steady(4 * SECOND, EVERY, () => 1);
    const fault = { fromNanos: 2 * SECOND, untilNanos: undefined };
    expect(impactOf(completions, fault, 2 * SECOND, 4 * SECOND)).toMatchObject({
      before: null,
      recovery: { kind: "untold" },
    });
    expect(impactOf(completions, fault, SECOND, 2.05 * SECOND).recovery).toEqual({ kind: "untold" });
    // A thousand completions take a hundred seconds here.
    const seldom = steady(4 * SECOND, 100 * MILLISECOND, () => 1);
    expect(impactOf(seldom, fault, SECOND, 4 * SECOND).recovery).toEqual({ kind: "untold" });
  });

  test("is found in spite of chance: independent completions recover with the outage, whatever the seed", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 150, max: 900 }), (seed, millis) => {
        const stream = streamFor(seed, "completions");
        const atNanos: number[] = [];
        for (let now = 0; now < 4 * SECOND; now += EVERY * exponential(stream)) {
          if (!isIn(now, 2 * SECOND, 2 * SECOND + millis * MILLISECOND)) atNanos.push(Math.floor(now));
        }
        const completions = { operation: "append", atNanos, latenciesNanos: atNanos.map(() => 1) };
        const fault = { fromNanos: 2 * SECOND, untilNanos: undefined };
        const { recovery } = impactOf(completions, fault, SECOND, 4 * SECOND);
        expect(recovery.kind).toBe("recovered");
        const { nanos } = recovery as Extract<typeof recovery, { kind: "recovered" }>;
        // A tenth of a window is the resolution.
        expect(Math.abs(nanos - millis * MILLISECOND)).toBeLessThanOrEqual(11 * MILLISECOND);
      }),
      { numRuns: 100 },
    );
  });
});

test("a fault that takes no time and is felt counts until it is over", () => {
  const completions = steady(4 * SECOND, EVERY, (now) =>
    isIn(now, 2 * SECOND, 2.3 * SECOND) ? undefined : 1,
  );
  const fault = { fromNanos: 2 * SECOND, untilNanos: 2 * SECOND };
  const { during } = impactOf(completions, fault, SECOND, 4 * SECOND);
  expect(during).toMatchObject({ untilNanos: 2.3 * SECOND, completed: 0 });
});

test("stretches that follow each other have every completion once", () => {
  const times = fc
    .array(fc.nat(1_000), { minLength: 1, maxLength: 200 })
    .map((list) => list.sort((a, b) => a - b));
  fc.assert(
    fc.property(times, fc.array(fc.nat(1_001), { maxLength: 5 }), (atNanos, cuts) => {
      const completions = { operation: "append", atNanos, latenciesNanos: atNanos.map((each) => each % 7) };
      const ends = [0, ...cuts.sort((a, b) => a - b), 1_001];
      const parts = ends.slice(1).map((end, i) => stretchOf(completions, ends[i]!, end));
      expect(parts.reduce((sum, { completed }) => sum + completed, 0)).toBe(atNanos.length);
      expect(Math.max(...parts.map(({ maxNanos }) => maxNanos ?? 0))).toBe(
        Math.max(...completions.latenciesNanos),
      );
    }),
  );
});

test("the longest outage is the greatest gap, the ends counted", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { maxLength: 50 }), (list) => {
      const atNanos = list.sort((a, b) => a - b);
      const completions = { operation: "append", atNanos, latenciesNanos: atNanos };
      const inside = [100, ...atNanos.filter((each) => each >= 100 && each < 900), 900];
      const gaps = inside.slice(1).map((each, i) => each - inside[i]!);
      const { fromNanos, lengthNanos } = longestOutage(completions, 100, 900);
      expect(lengthNanos).toBe(Math.max(...gaps));
      expect(inside).toContain(fromNanos);
    }),
  );
});

test("a percentile is the least value that the share of all is at or below", () => {
  expect(percentile([], 0.5)).toBe(null);
  expect(percentile([1], 0.99)).toBe(1);
  expect(percentile([1, 2, 3, 4], 0.5)).toBe(2);
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1);
  expect([percentile(hundred, 0.99), percentile(hundred, 1)]).toEqual([99, 100]);
});

test("the first at or after a moment is found among equal ones", () => {
  expect([0, 1, 2, 3, 4].map((value) => firstAtOrAfter([1, 1, 3, 3], value))).toEqual([0, 0, 2, 2, 4]);
});
