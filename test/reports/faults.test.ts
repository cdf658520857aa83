/** What is shown of faults, in the terminal, on the page and in charts. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { comparisonCharts, variantCharts } from "../../reports/charts/all.ts";
import { merged } from "../../reports/charts/fault-lanes.ts";
import { renderHtml } from "../../reports/html.ts";
import { chartSvg } from "../../reports/svg.ts";
import { renderTable } from "../../reports/table.ts";
import { comparedFaultsResult, faults, faultsResult } from "./faults-fixture.ts";
import { quickstartResult } from "./fixture.ts";
import { expectWellFormed } from "./well-formed.ts";

const tableOf = (result: ReturnType<typeof faultsResult>) =>
  renderTable(result, { colour: false, details: true }).split("\n");

describe("the terminal", () => {
  const lines = tableOf(faultsResult());
  /** Cells of the first line that begins so, behind one that begins with a title. */
  const cells = (title: string, row: string): string[] => {
    const from = lines.findIndex((line) => line.trim().startsWith(title));
    const line = lines.slice(from).find((each) => each.trim().startsWith(row));
    return line?.trim().split(/ {2,}/) ?? [];
  };

  test("says when each fault struck whom, and what it took to get over it", () => {
    expect(cells("fault  ", "crash primary")).toEqual([
      "crash primary",
      "sequencer-1",
      "3 s",
      "to the end",
      "2.030 s (append)",
    ]);
    expect(cells("fault  ", "loss 1%")).toEqual([
      "loss 1% storages",
      "3 storages",
      "6 s",
      "500 ms",
      "not felt",
    ]);
    expect(cells("fault  ", "pause any")).toEqual([
      "pause any storage",
      "3 storages",
      "24 times",
      "32.50 ms on average",
      "–",
    ]);
    expect(cells("fault  ", "reconfiguration")).toEqual([
      "reconfiguration",
      "8 s",
      "at once",
      "not (append)",
    ]);
  });

  test("says what throughput and tail latency were before, during and after", () => {
    expect(
      lines
        .find((line) => line.includes("p99 before"))
        ?.trim()
        .split(/ {2,}/),
    ).toEqual(["fault", "operation", "before", "during", "after", "p99 before", "during", "after"]);
    const rows = lines.slice(lines.findIndex((line) => line.includes("p99 before")) + 1);
    const crash = rows.find((line) => line.trim().startsWith("crash primary"));
    expect(crash?.trim().split(/ {2,}/)).toEqual([
      "crash primary",
      "append",
      "46.00 k/s",
      "0 /s",
      "45.00 k/s",
      "2.400 ms",
      "–",
      "2.400 ms",
    ]);
  });

  test("says what the end of a view consisted of, and which phase never came", () => {
    expect(cells("view  ", "view 0 to 1").slice(0, 2)).toEqual(["view 0 to 1", "crash primary"]);
    expect(cells("view  ", "view 0 to 1")[2]).toMatch(/^2\.001 s ±/);
    expect(cells("view  ", "view 0 to 1")[3]).toMatch(/^6\.000 ms ±/);
    expect(cells("view  ", "view 0 to 1")[4]).toMatch(/^7\.000 ms ±/);
    expect(cells("view  ", "view 1 to 2").slice(-2)).toEqual(["never", "never"]);
  });

  test("keeps to its width, whatever the names", () => {
    const long = faults.periods.map((period) => ({
      ...period,
      fault: `partition ${"storage-1, ".repeat(9)}`,
    }));
    for (const line of [...lines, ...tableOf(faultsResult({ periods: long }))]) {
      expect(line.length, line).toBeLessThanOrEqual(112);
    }
  });

  test("says nothing of faults where there were none to come", () => {
    expect(tableOf(quickstartResult()).join("\n")).not.toMatch(/outage|struck|detection/);
  });
});

test("the page has the same tables", () => {
  const html = renderHtml(faultsResult());
  for (const title of ["Faults", "Before, during and after", "Longest outage", "Reconfigurations"]) {
    expect(html).toContain(`<h3>${title}</h3>`);
  }
  expect(html).toContain("2.030 s (append)");
  expect(renderHtml(quickstartResult())).not.toContain("<h3>Faults</h3>");
});

describe("charts", () => {
  const charts = variantCharts(faultsResult(), faultsResult().variants[0]!);
  const named = (name: string) => charts.find((chart) => chart.name === name)!;

  test("over time have a lane for each fault and one for the ends of views", async () => {
    for (const name of ["throughput", "latency"]) {
      const svg = await chartSvg(named(name));
      expectWellFormed(svg);
      for (const lane of [
        "crash primary",
        "loss 1% storages",
        "pause any storage (12 times)",
        "ends of views (2 times)",
      ]) {
        expect(svg).toContain(`>${lane}<`);
      }
    }
  });

  test("put what has no lane of its own into one together", async () => {
    const many = Array.from({ length: 9 }, (_, i) => ({ ...faults.periods[0]!, fault: `fault ${i}` }));
    const result = faultsResult({ periods: many });
    const throughput = variantCharts(result, result.variants[0]!).find(({ name }) => name === "throughput")!;
    const svg = await chartSvg(throughput);
    expect(svg).toContain(">fault 4<");
    expect(svg).not.toContain(">fault 5<");
    expect(svg).toContain(">4 more faults (4 times)<");
  });

  test("put what an operation was before a fault beside what it was then, in panels", async () => {
    const { rows, ...chart } = named("before-after-2");
    expectWellFormed(await chartSvg({ rows, ...chart }));
    expect(chart.title).toBe("Before, during and after crash primary");
    const told = rows.map(({ operation, measure, stretch, times, text }) => ({
      ...{ operation, measure, stretch, times, text },
    }));
    const append = { operation: "append", measure: "throughput" };
    expect(told.filter((row) => row.operation === "append" && row.measure === "throughput")).toEqual([
      { ...append, stretch: "before", times: "1 x", text: "46.00 k/s" },
      { ...append, stretch: "during", times: "0 x", text: "0 /s" },
      { ...append, stretch: "after", times: "0.978 x", text: "45.00 k/s" },
    ]);
    // Nothing completed that would have a latency.
    expect(told.filter((row) => row.measure === "p99").map((row) => row.stretch)).toEqual([
      ...["before", "after", "before", "after"],
    ]);
    expect(charts.filter(({ name }) => name.startsWith("before-after"))).toHaveLength(4);
  });

  test("leave out what nothing was known of before", () => {
    const periods = faults.periods.map((period) => ({
      ...period,
      operations: period.operations.map((each) => ({ ...each, before: null })),
    }));
    const result = faultsResult({ periods });
    const names = variantCharts(result, result.variants[0]!).map(({ name }) => name);
    expect(names.filter((name) => name.startsWith("before-after"))).toEqual([]);
  });

  test("show the time around a fault, and say what the outage consisted of", async () => {
    for (const name of ["fault-1-latency", "fault-1-throughput"]) {
      expectWellFormed(await chartSvg(named(name)));
      expect(named(name).description).toContain(
        "View 0 ended: detection 2.000 s, seal 6.000 ms, next view 7.000 ms.",
      );
    }
  });

  test("show the phases of a reconfiguration, those that never came by name", async () => {
    const svg = await chartSvg(named("view-changes"));
    expectWellFormed(svg);
    for (const text of ["view 0 to 1, crash primary", "detection", "2.001 s", "next view never came"]) {
      expect(svg).toContain(`>${text}<`);
    }
  });

  test("compare the phases of several variants", async () => {
    const compared = comparisonCharts(comparedFaultsResult()).find(
      ({ name }) => name === "compare-view-changes",
    )!;
    const svg = await chartSvg(compared);
    for (const variant of ["one", "two"]) expect(svg).toContain(`>${variant}: view 0 to 1, crash primary<`);
  });

  test("compare what variants carried out over time", async () => {
    const compared = comparisonCharts(comparedFaultsResult()).find(
      ({ name }) => name === "compare-throughput-over-time",
    )!;
    const svg = await chartSvg(compared);
    expectWellFormed(svg);
    for (const text of ["one", "two", "crash primary"]) expect(svg).toContain(`>${text}<`);
  });

  test("are as they were without faults", () => {
    const result = quickstartResult();
    const names = variantCharts(result, result.variants[0]!).map(({ name }) => name);
    expect(names.filter((name) => /fault|view/.test(name))).toEqual([]);
  });
});

test("shaded spans do not overlap and cover what was given", () => {
  const span = fc
    .tuple(fc.nat(100), fc.nat(20))
    .map(([fromNanos, length]) => ({ fromNanos, untilNanos: fromNanos + length }));
  fc.assert(
    fc.property(fc.array(span, { maxLength: 12 }), (spans) => {
      const result = merged(spans);
      for (const [i, each] of result.entries()) {
        if (i > 0) expect(each.fromNanos).toBeGreaterThan(result[i - 1]!.untilNanos);
      }
      for (let at = 0; at <= 120; at++) {
        const covers = (each: { fromNanos: number; untilNanos: number }) =>
          each.fromNanos <= at && at <= each.untilNanos;
        expect(result.some(covers)).toBe(spans.some(covers));
      }
    }),
  );
});
