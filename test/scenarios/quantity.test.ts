import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BIT_RATE,
  BYTE_RATE,
  FINE_TIME,
  formatQuantity,
  formatShare,
  parseNumber,
  parseQuantity,
  parseShare,
  type QuantityKind,
  RATE,
  SIZE,
  TIME,
} from "../../scenarios/quantity.ts";

const KINDS = { TIME, FINE_TIME, SIZE, RATE, BIT_RATE, BYTE_RATE };

function numberOf(kind: QuantityKind, text: string): number | string {
  const parsed = parseQuantity(kind, text);
  return parsed.ok ? parsed.value : parsed.reason;
}

describe("a quantity", () => {
  test.each([
    [TIME, "300us", 300_000],
    [TIME, "300 us", 300_000],
    [TIME, " 1.5ms ", 1_500_000],
    [TIME, "1.1s", 1_100_000_000],
    [TIME, "10µs", 10_000],
    [TIME, "10μs", 10_000],
    [TIME, "2min", 120_000_000_000],
    [TIME, "1h", 3_600_000_000_000],
    [TIME, "-0s", 0],
    [FINE_TIME, "0.6ns", 0.6],
    [SIZE, "1KiB", 1_024],
    [SIZE, "1KB", 1_000],
    [SIZE, "0.5MiB", 524_288],
    [SIZE, "4GiB", 4_294_967_296],
    [RATE, "20000/s", 20_000],
    [RATE, "20.7k/s", 20_700],
    [RATE, "0.5/s", 0.5],
    [BIT_RATE, "10Gbps", 10_000_000_000],
    [BIT_RATE, "1GB/s", 8_000_000_000],
    [BYTE_RATE, "1GB/s", 1_000_000_000],
    [BYTE_RATE, "8Mbps", 1_000_000],
  ])("%# reads %2$s", (kind, text, value) => {
    expect(numberOf(kind, text)).toBe(value);
  });

  test.each([
    [TIME, "300", "has no unit; a time is written as 300us, 300ms or 300s"],
    [RATE, "300", "has no unit; a rate is written as 300/s or 300k/s"],
    [TIME, "", 'is not a time, such as "300us"'],
    [TIME, "us", 'is not a time, such as "300us"'],
    [TIME, "3 weeks", 'has the unknown unit "weeks"; a time is in ns, us, ms, s, min, h'],
    [SIZE, "3constructor", 'has the unknown unit "constructor"; a size is in B, KB, KiB, MB, MiB, GB, GiB'],
    [TIME, "-1us", "must not be negative"],
    [TIME, "0.5ns", "must be a whole number of nanoseconds"],
    [SIZE, "0.3B", "must be a whole number of B"],
    [TIME, "1e30s", "is too large"],
  ])("%# refuses %2$s and says why", (kind, text, reason) => {
    expect(numberOf(kind, text)).toBe(reason);
  });

  test.each([
    [TIME, 300_000, "300us"],
    [TIME, 1_500_000, "1.5ms"],
    [TIME, 1_234_567, "1234567ns"],
    [TIME, 0, "0ns"],
    [FINE_TIME, 0.6, "0.6ns"],
    [SIZE, 2_496, "2496B"],
    [SIZE, 1_073_741_824, "1GiB"],
    [SIZE, 1_000_000, "1MB"],
    [RATE, 20_700, "20.7k/s"],
    [BIT_RATE, 10_000_000_000, "10Gbps"],
    [BYTE_RATE, 1_000_000_000, "1GB/s"],
  ])("%# prints as people write it: %3$s", (kind, value, text) => {
    expect(formatQuantity(kind, value)).toBe(text);
  });

  test.each(Object.entries(KINDS))("of kind %s is read back as it was printed", (_, kind) => {
    const whole = fc.oneof(
      fc.nat(),
      fc.maxSafeNat(),
      fc
        .tuple(fc.integer({ min: 1, max: 999 }), fc.constantFrom(...Object.values(kind.units)))
        .map(([a, b]) => a * b),
    );
    const value = kind.whole ? whole : fc.oneof(whole, fc.double({ min: 0, max: 1e12, noNaN: true }));
    fc.assert(
      fc.property(value, (number) => {
        expect(numberOf(kind, formatQuantity(kind, number))).toBe(number);
      }),
    );
  });
});

describe("a share", () => {
  test("is a percentage or a number from 0 to 1", () => {
    expect(parseShare("95%")).toEqual({ ok: true, value: 0.95 });
    expect(parseShare(0.95)).toEqual({ ok: true, value: 0.95 });
    expect(parseShare("0.95").ok).toBe(false);
    expect(parseShare("101%").ok).toBe(false);
    expect(parseShare(-0.1).ok).toBe(false);
    expect(parseShare(Number.NaN).ok).toBe(false);
    expect(parseShare(null).ok).toBe(false);
  });

  test("is read back as it was printed", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (share) => {
        const text = formatShare(share);
        expect(parseShare(text.endsWith("%") ? text : Number(text))).toEqual({ ok: true, value: share });
      }),
    );
  });

  test("beyond 1 is a weight", () => {
    expect(parseNumber(3)).toEqual({ ok: true, value: 3 });
    expect(parseNumber("300%")).toEqual({ ok: true, value: 3 });
  });
});
