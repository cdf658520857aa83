import { describe, expect, test } from "vitest";
import {
  estimateNanos,
  estimateNumber,
  estimatePerSecond,
  estimateShare,
  formatBytes,
  formatCount,
  formatDuration,
  formatNanos,
  formatPerSecond,
  onOneLine,
} from "../../reports/format.ts";
import { formatMeasured } from "../../reports/measured.ts";

describe("numbers are shown in the unit that fits", () => {
  test.each([
    [0, "0 ns"],
    [7, "7 ns"],
    [940, "940 ns"],
    [38_000, "38.00 us"],
    [1_095_000, "1.095 ms"],
    [12_345_678, "12.35 ms"],
    [2_500_000_000, "2.500 s"],
  ])("%d ns as %s", (nanos, shown) => expect(formatNanos(nanos)).toBe(shown));

  test.each([
    [0, "0 /s"],
    [110, "110.0 /s"],
    [46_120, "46.12 k/s"],
    [1_230_000, "1.230 M/s"],
  ])("%d per second as %s", (perSecond, shown) => expect(formatPerSecond(perSecond)).toBe(shown));

  test.each([
    [0, "0 B"],
    [1_000, "1000 B"],
    [1_536, "1.50 KiB"],
    [150_400_000, "143 MiB"],
  ])("%d bytes as %s", (bytes, shown) => expect(formatBytes(bytes)).toBe(shown));

  test("a chosen length of time has no zeros that look measured", () => {
    expect(formatDuration(10e9)).toBe("10 s");
    expect(formatDuration(1_500_000)).toBe("1.5 ms");
  });

  test("a count has separators of thousands", () => expect(formatCount(12_345_678)).toBe("12,345,678"));
});

describe("an estimate", () => {
  test("shows half the width of its interval in the unit of its mean", () => {
    expect(onOneLine(estimateNanos({ mean: 1_095_000, low: 1_083_000, high: 1_107_000 }))).toBe(
      "1.095 ms ±0.012",
    );
    expect(onOneLine(estimateShare({ mean: 0.753, low: 0.738, high: 0.768 }))).toBe("75.3 % ±1.5");
    expect(onOneLine(estimateNumber({ mean: 0.572, low: 0.543, high: 0.601 }))).toBe("0.572 ±0.029");
  });

  test("shows no interval with a single replication", () => {
    expect(onOneLine(estimatePerSecond({ mean: 46_120, low: null, high: null }))).toBe("46.12 k/s");
  });
});

describe("the measured value of an expectation is shown in the unit its bound has", () => {
  test.each([
    ["append.p50 < 1.2ms", 959_000, "959.0 us"],
    ["append.throughput > 40k/s", 46_120, "46.12 k/s"],
    ["storage.utilisation < 80%", 0.753, "75.3 %"],
    ["append.throughput > 40000", 46_120, "46.12 k/s"],
    ["append.count > 10", 412, "412"],
    ["append.p50 < 1ms", null, "nothing measured"],
  ])("%s", (expression, measured, shown) => {
    expect(formatMeasured({ expression, measured, held: true })).toBe(shown);
  });
});
