import { describe, expect, test } from "vitest";
import { comparisonCharts, variantCharts } from "../../reports/charts/all.ts";
import { pngOf } from "../../reports/pictures.ts";
import { chartSvg } from "../../reports/svg.ts";
import type { ScenarioResult } from "../../scenarios/result.ts";
import {
  emptyResult,
  failedResult,
  idleResult,
  namedVariantsResult,
  quantityVariantsResult,
  quickstartResult,
} from "./fixture.ts";
import { expectWellFormed } from "./well-formed.ts";

const firstVariantCharts = (result: ScenarioResult) => variantCharts(result, result.variants[0]!);

async function svgsOf(charts: ReturnType<typeof comparisonCharts>): Promise<Map<string, string>> {
  const svgs = new Map<string, string>();
  for (const chart of charts) svgs.set(chart.name, await chartSvg(chart));
  return svgs;
}

describe("the charts of a variant", () => {
  test("are well-formed SVG with their title and the names of what they show", async () => {
    const charts = firstVariantCharts(quickstartResult());
    const svgs = await svgsOf(charts);
    expect([...svgs.keys()]).toEqual([
      "latency-cdf",
      "percentiles",
      "anatomy-append",
      "throughput",
      "latency",
      "utilisation",
      "utilisation-over-time",
      "queue-lengths",
      "messages",
    ]);
    for (const chart of charts) {
      const svg = svgs.get(chart.name)!;
      expectWellFormed(svg);
      expect(svg).toContain(chart.title);
    }
    for (const name of ["latency-cdf", "throughput", "latency"]) {
      for (const operation of ["append", "readNext", "checkTail"])
        expect(svgs.get(name)).toContain(`>${operation}<`);
    }
    expect(svgs.get("latency-cdf")).toContain(">p99.9<");
    expect(svgs.get("utilisation")).toContain(">storage-3/io<");
    expect(svgs.get("utilisation-over-time")).toContain(">storage-3/io<");
    expect(svgs.get("queue-lengths")).toContain(">storage-3/io<");
    expect(svgs.get("anatomy-append")).toContain(">wait for the global cut<");
    expect(svgs.get("messages")).toContain(">replicate<");
  });

  test("are drawn without intervals and with failures as well", async () => {
    for (const svg of (await svgsOf(firstVariantCharts(failedResult()))).values()) expectWellFormed(svg);
  });

  test("are none when nothing happened", () => {
    expect(firstVariantCharts(emptyResult())).toEqual([]);
  });

  test("are the same bytes each time", async () => {
    const [chart] = firstVariantCharts(quickstartResult());
    expect(await chartSvg(chart!)).toBe(await chartSvg(chart!));
  });

  test("stay small with thousands of stations and intervals", () => {
    const result = quickstartResult();
    const [variant] = result.variants;
    const stations = Array.from({ length: 3_000 }, (_, index) => ({
      ...variant!.stations[index % variant!.stations.length]!,
      station: `node-${index}/io`,
    }));
    const series = {
      ...variant!.series,
      stations: stations.map(({ station, role }) => ({ station, role, utilisation: Array(1_000).fill(0.5) })),
    };
    const charts = variantCharts(result, { ...variant!, stations, series });
    for (const chart of charts) expect(chart.rows.length, chart.name).toBeLessThan(5_000);
  });
});

describe("the charts of a comparison", () => {
  test("are lines along the quantity that the variants change", async () => {
    const svgs = await svgsOf(comparisonCharts(quantityVariantsResult(5)));
    expect(svgs.get("compare-throughput")).toContain("boki.globalCut (ms)");
    expect(svgs.get("compare-throughput")).toContain("mark-line role-mark");
    expect(svgs.get("compare-latency")).toContain(">p99<");
    expect(svgs.has("compare-cdf-append")).toBe(true);
    for (const svg of svgs.values()) expectWellFormed(svg);
  });

  test("are a row per variant when these are different things", async () => {
    const svgs = await svgsOf(comparisonCharts(namedVariantsResult()));
    for (const name of ["compare-throughput", "compare-latency"]) {
      expect(svgs.get(name)).toContain(">remote index<");
      expect(svgs.get(name)).not.toContain("mark-line role-mark");
    }
    for (const svg of svgs.values()) expectWellFormed(svg);
  });

  test("leave out distributions when there are more variants than colours", () => {
    const names = comparisonCharts(quantityVariantsResult(50)).map((chart) => chart.name);
    expect(names).toEqual(["compare-throughput", "compare-latency"]);
  });

  test("leave out the latency of an operation that never completed", async () => {
    const svgs = await svgsOf(comparisonCharts(idleResult()));
    expect(svgs.get("compare-throughput")).toContain(">idle<");
    expect(svgs.get("compare-latency")).not.toContain(">idle<");
    expect([...svgs.keys()]).toHaveLength(2);
  });

  test("are none for a single variant", () => {
    expect(comparisonCharts(quickstartResult())).toEqual([]);
  });
});

describe("a result of one replication", () => {
  test("is compared without intervals, as bars, points and lines", async () => {
    for (const result of [quantityVariantsResult(4), namedVariantsResult()]) {
      const bare = structuredClone(result);
      const strip = (value: unknown): void => {
        if (typeof value !== "object" || value === null) return;
        if ("low" in value && "high" in value) Object.assign(value, { low: null, high: null });
        for (const each of Object.values(value)) strip(each);
      };
      strip(bare);
      for (const svg of (await svgsOf(comparisonCharts(bare))).values()) expectWellFormed(svg);
      for (const svg of (await svgsOf(firstVariantCharts(bare))).values()) expectWellFormed(svg);
    }
  });
});

describe("a picture in pixels", () => {
  test("is the same bytes for the same chart, twice as large, with its texts", async () => {
    const [chart] = firstVariantCharts(quickstartResult());
    const svg = await chartSvg(chart!);
    const png = Buffer.from(await pngOf(svg));
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg)!.map(Number);
    // The header: width and height of four bytes each.
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2 * width!, 2 * height!]);
    expect(png.equals(await pngOf(svg))).toBe(true);
    const withoutTexts = svg.replaceAll(/<text[^>]*>[^<]*<\/text>/g, "");
    expect((await pngOf(withoutTexts)).length).toBeLessThan(0.8 * png.length);
  });
});
