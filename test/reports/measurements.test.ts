import { describe, expect, test } from "vitest";
import type { Chart } from "../../reports/charts/chart.ts";
import { measuredBesides, percentiles } from "../../reports/charts/percentiles.ts";
import { renderHtml } from "../../reports/html.ts";
import { measurementRows, measurementSummary } from "../../reports/measurements.ts";
import { chartSvg } from "../../reports/svg.ts";
import { renderTable } from "../../reports/table.ts";
import type { ScenarioResult } from "../../scenarios/result.ts";
import { quickstartResult } from "./fixture.ts";

function measured(): ScenarioResult {
  const result = quickstartResult();
  const [base] = result.variants;
  const of = (metric: "p50" | "p99", measuredNanos: number, mean: number) => ({
    operation: "request",
    metric,
    measuredNanos,
    simulatedNanos: { mean, low: mean - 20_000, high: mean + 20_000 },
    difference: mean / measuredNanos - 1,
  });
  return {
    ...result,
    variants: [
      { ...base!, measurements: [of("p50", 2_000_000, 2_150_000), of("p99", 8_000_000, 5_000_000)] },
    ],
  };
}

describe("published measurements", () => {
  test("stand beside what was simulated, with the difference", () => {
    expect(measurementRows(measured())).toEqual([
      {
        variant: "base",
        what: "request p50",
        measured: "2.000 ms",
        simulated: "2.150 ms ±0.020",
        difference: "+7.5 %",
        close: true,
      },
      {
        variant: "",
        what: "request p99",
        measured: "8.000 ms",
        simulated: "5.000 ms ±0.020",
        difference: "-37.5 %",
        close: false,
      },
    ]);
    expect(measurementSummary(measured())).toBe(
      "1 of 1 medians and means within 10 %, 0 of 1 tails within 25 %",
    );
  });

  test("are in the table and on the page, and nowhere where there are none", () => {
    const table = renderTable(measured(), { colour: false, details: false });
    expect(table).toMatch(/published +simulated/);
    expect(table).toMatch(/request p99 +8\.000 ms +5\.000 ms ±0\.020 +-37\.5 %/);
    expect(renderHtml(measured())).toContain("Published and simulated");
    expect(renderHtml(quickstartResult())).not.toContain("Published and simulated");
    expect(renderTable(quickstartResult(), { colour: false, details: false })).not.toMatch(
      /published +simulated/,
    );
  });

  test("are diamonds beside the percentiles of their operation, and of all variants in one chart", async () => {
    const [only] = measured().variants;
    const operation = only!.operations[0]!.operation;
    const here = { ...only!, measurements: only!.measurements!.map((each) => ({ ...each, operation })) };
    const ofMeasured = ({ rows }: Chart) => rows.filter(({ what }) => what === "measured");
    const chart = percentiles(here)!;
    expect(ofMeasured(chart).map(({ row, percentile, text }) => [row, percentile, text])).toEqual([
      [operation, "p50", "2.000 ms"],
      [operation, "p99", "8.000 ms"],
    ]);
    expect(await chartSvg(chart)).toContain(">measured<");
    expect(await chartSvg(percentiles(quickstartResult().variants[0]!)!)).not.toContain(">measured<");
    expect(measuredBesides(measured())).toBe(undefined);
    const two = { ...measured(), variants: [here, { ...here, variant: "other" }] };
    expect(ofMeasured(measuredBesides(two)!).map(({ row }) => row)).toEqual(
      ["base", "base", "other", "other"].map((variant) => `${variant} · ${operation}`),
    );
  });
});
