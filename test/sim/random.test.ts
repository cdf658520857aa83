import fc from "fast-check";
import alea from "seedrandom/lib/alea.js";
import { describe, expect, test } from "vitest";
import { RandomStream, streamFor } from "../../sim/random.ts";

/** Pearson's statistic of counts that should all be equal. */
function chiSquared(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

describe("streamFor", () => {
  test("gives the same numbers for the same seed and name, forever", () => {
    const stream = streamFor(42, "link 3 > 7");
    expect([
      stream.next32(),
      stream.next32(),
      stream.uniform(),
      stream.uniform53(),
      stream.below(1000),
    ]).toMatchInlineSnapshot(`
      [
        -1346580495,
        1254493235,
        0.4244197588413954,
        0.4575370462293662,
        920,
      ]
    `);
  });

  test("takes a number and its digits for the same seed", () => {
    expect(streamFor(7, "a").save()).toEqual(streamFor("7", "a").save());
  });

  test("keeps seed and name apart", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string(), (seed, name, otherSeed, otherName) => {
        fc.pre(seed !== otherSeed || name !== otherName);
        expect(streamFor(seed, name).save()).not.toEqual(streamFor(otherSeed, otherName).save());
      }),
    );
    expect(streamFor("1", "1:x").save()).not.toEqual(streamFor("1:1", "x").save());
  });

  test("gives first numbers that are uniform and independent over neighbouring names and seeds", () => {
    const firstOf = [
      (i: number) => streamFor(1, `link ${i}`).uniform(),
      (i: number) => streamFor(i, "workload").uniform(),
    ];
    for (const first of firstOf) {
      const counts = new Array<number>(256).fill(0);
      let previous = first(-1);
      for (let i = 0; i < 20_000; i++) {
        const value = first(i);
        counts[Math.floor(previous * 16) * 16 + Math.floor(value * 16)]!++;
        previous = value;
      }
      // 255 degrees of freedom: 340 is exceeded with probability 0.0003.
      expect(chiSquared(counts)).toBeLessThan(340);
      expect(chiSquared(counts)).toBeGreaterThan(180);
    }
  });
});

describe("RandomStream", () => {
  test("gives every bit with probability one half, independent of the one before", () => {
    const stream = new RandomStream("bits");
    const ones = new Array<number>(32).fill(0);
    const changes = new Array<number>(32).fill(0);
    const draws = 100_000;
    let previous = stream.next32();
    for (let i = 0; i < draws; i++) {
      const bits = stream.next32();
      for (let bit = 0; bit < 32; bit++) {
        ones[bit]! += (bits >>> bit) & 1;
        changes[bit]! += ((bits ^ previous) >>> bit) & 1;
      }
      previous = bits;
    }
    const sigma = Math.sqrt(draws) / 2;
    for (const count of [...ones, ...changes]) expect(Math.abs(count - draws / 2)).toBeLessThan(4.5 * sigma);
  });

  test("spreads triples of draws evenly", () => {
    const stream = new RandomStream("triples");
    const counts = new Array<number>(512).fill(0);
    for (let i = 0; i < 100_000; i++) counts[stream.below(8) * 64 + stream.below(8) * 8 + stream.below(8)]!++;
    expect(chiSquared(counts)).toBeLessThan(630);
  });

  test("stays within its bounds", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (seed, n) => {
        const stream = new RandomStream(seed);
        for (const value of [stream.uniform(), stream.uniform53()]) {
          expect(value >= 0 && value < 1).toBe(true);
        }
        const integer = stream.below(n);
        expect(Number.isInteger(integer) && integer >= 0 && integer < n).toBe(true);
        const bits = stream.next32();
        expect(bits).toBe(bits | 0);
      }),
    );
  });

  test("continues exactly from a saved state, on any stream", () => {
    const stream = streamFor(1, "a");
    for (let i = 0; i < 1_000; i++) stream.next32();
    const saved = structuredClone(stream.save());
    const expected = Array.from({ length: 100 }, () => stream.next32());
    const other = streamFor(2, "b");
    for (const restored of [stream, other]) {
      restored.restore(saved);
      expect(Array.from({ length: 100 }, () => restored.next32())).toEqual(expected);
    }
    other.restore(saved);
    expect(other.save()).toEqual(saved);
  });

  test("draws what the package draws from the same state, bit for bit", () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.constantFrom("uniform", "uniform53", "next32")), (seed, draws) => {
        const stream = new RandomStream(seed);
        const generator = alea("", { state: { ...stream.save() } });
        const theirs = { uniform: generator, uniform53: generator.double, next32: generator.int32 };
        for (const draw of draws) expect(stream[draw as "uniform"]()).toBe(theirs[draw as "uniform"]());
      }),
    );
  });
});
