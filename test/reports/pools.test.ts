import { describe, expect, test } from "vitest";
import { comparisonCharts, variantCharts } from "../../reports/charts/all.ts";
import { renderHtml } from "../../reports/html.ts";
import { poolRows } from "../../reports/pools.ts";
import { chartSvg } from "../../reports/svg.ts";
import { renderTable } from "../../reports/table.ts";
import type { PoolSeries, ScenarioResult } from "../../scenarios/result.ts";
import { quickstartResult } from "./fixture.ts";
import { expectWellFormed } from "./well-formed.ts";

/** A look every quarter of a second; the warm-up of the fixture is a second. */
function withPools(functions: PoolSeries["functions"]): ScenarioResult {
  const result = quickstartResult();
  const [base] = result.variants;
  const pools = { intervalNanos: 250_000_000, functions };
  return { ...result, variants: [{ ...base!, series: { ...base!.series, pools } }] };
}

const TEXT = {
  name: "Text",
  workers: [4, 4, 5, 6, 8, 9, 12, 11],
  running: [0, 9, 9, 9, 2, 4, 6, 8],
  waiting: [0, 90, 0, 0, 0, 1, 3, 0],
};
const pools = withPools([
  TEXT,
  { name: "Media", workers: [4, 4, 4, 4, 4, 4, 4, 4], running: [], waiting: [] },
]);

describe("pools of workers", () => {
  test("are told at the start, after the warm-up, at the end, and at their largest; calls in the measured part", () => {
    expect(poolRows(pools, pools.variants[0]!)).toEqual([
      ["Text", "4", "8", "11", "12", "5.00", "1.00", "3"],
      ["Media", "4", "4", "4", "4", "0", "0", "0"],
    ]);
  });

  test("are a table in the terminal and on the page", () => {
    expect(renderTable(pools, { colour: false, details: true })).toMatch(
      /workers at first.*\n +Text +4 +8 +11 +12 /,
    );
    expect(renderHtml(pools)).toMatch(/Workers<\/h3>[\s\S]*most waiting[\s\S]*Text/);
  });

  test("are drawn over time, with the functions by their names", async () => {
    const chart = variantCharts(pools, pools.variants[0]!).find(({ name }) => name === "pool-sizes")!;
    const svg = await chartSvg(chart);
    expectWellFormed(svg);
    for (const words of [chart.title, ">Text<", ">Media<", ">workers<"]) expect(svg).toContain(words);
  });

  test("of many functions are drawn for the largest, and that is said", () => {
    const many = withPools(
      Array.from({ length: 11 }, (_, i) => ({ ...TEXT, name: `F${i}`, workers: [1, i + 1, i + 1] })),
    );
    const chart = variantCharts(many, many.variants[0]!).find(({ name }) => name === "pool-sizes")!;
    expect([...new Set(chart.rows.map((row) => row.function))]).toEqual(
      Array.from({ length: 8 }, (_, i) => `F${i + 3}`),
    );
    expect(chart.description).toContain("3 functions with smaller pools are not drawn");
  });

  test("are nowhere where there are none", () => {
    const result = quickstartResult();
    expect(poolRows(result, result.variants[0]!)).toEqual([]);
    expect(renderTable(result, { colour: false, details: true })).not.toContain("workers at first");
    expect(variantCharts(result, result.variants[0]!).map(({ name }) => name)).not.toContain("pool-sizes");
  });

  test("are drawn with a line for each variant, of the function whose pools end most apart", async () => {
    const [base] = pools.variants;
    const frozen = withPools([{ ...TEXT, workers: TEXT.workers.map(() => 4) }]).variants[0]!;
    const result: ScenarioResult = {
      ...pools,
      variants: [
        { ...base!, variant: "grows" },
        { ...frozen, variant: "frozen" },
      ],
    };
    const chart = comparisonCharts(result).find(({ name }) => name === "compare-pool-sizes")!;
    expect(chart.title).toBe("Workers of Text over time, by variant");
    const svg = await chartSvg(chart);
    expectWellFormed(svg);
    for (const words of [chart.title, ">grows<", ">frozen<"]) expect(svg).toContain(words);
    const same = { ...pools, variants: [base!, { ...base!, variant: "again" }] };
    expect(comparisonCharts(same).map(({ name }) => name)).not.toContain("compare-pool-sizes");
  });
});
