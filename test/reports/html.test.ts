import { describe, expect, test } from "vitest";
import { renderHtml } from "../../reports/html.ts";
import {
  emptyResult,
  failedResult,
  namedVariantsResult,
  quantityVariantsResult,
  quickstartResult,
} from "./fixture.ts";

/** The page without the libraries, which mention many addresses that they never fetch. */
const ownPart = (html: string): string => html.replaceAll(/(<script[^>]*>)[\s\S]*?<\/script>/g, "$1");

const chartData = (html: string): { charts: { name: string }[] } =>
  JSON.parse(/<script type="application\/json" id="charts">(.*?)<\/script>/s.exec(html)![1]!);

describe("the page", () => {
  test.each([
    ["one variant", quickstartResult()],
    ["a failure", failedResult()],
    ["no operation", emptyResult()],
    ["three variants", namedVariantsResult()],
  ])("loads nothing from elsewhere with %s", (_, result) => {
    const html = renderHtml(result);
    expect(ownPart(html)).not.toMatch(
      /<(?:script|img|link|iframe)[^>]*\s(?:src|href)\s*=\s*["']?(?!data:)[^"' >]/i,
    );
    expect(ownPart(html)).not.toMatch(/@import|url\(\s*["']?(?:https?:)?\/\//i);
    expect(ownPart(html)).not.toMatch(/https?:\/\//);
    expect(html).toContain("default-src 'none'");
  });

  test("holds the verdict, the bottleneck, the numbers and the digests", () => {
    const html = ownPart(renderHtml(quickstartResult()));
    expect(html).toContain("✔ held");
    expect(html).toContain("The I/O threads of the storage nodes are the busiest stations");
    expect(html).toContain('959.0 us <span class="interval">±10.5</span>');
    expect(html).toContain("9f1c2ab47d03e5f1");
    expect(html).not.toContain("{{");
  });

  test("holds every script whole: none is ended by its own text", () => {
    const html = renderHtml(quickstartResult());
    expect(html.match(/<script[\s>]/g)!.length).toBeGreaterThanOrEqual(5);
    expect(html.match(/^<script/gm)).toHaveLength(5);
    expect(html.match(/<\/script>/g)).toHaveLength(5);
  });

  test("shows text of the result as text", () => {
    const result = { ...failedResult(), scenario: "<script>alert(1)</script>", summary: 'a "b" & c' };
    const html = renderHtml(result);
    expect(html).not.toContain("<script>alert(1)");
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(html).toContain("a &quot;b&quot; &amp; c");
    expect(html).toContain("in two places &lt;b&gt;");
    expect(html).toContain("✘ failed");
  });

  test("says so when nothing happened", () => {
    const html = renderHtml(emptyResult());
    expect(html).toContain("No operation completed");
    expect(chartData(html).charts).toEqual([]);
  });

  test("draws the comparison and each variant while they are few, only the comparison when they are many", () => {
    const few = chartData(renderHtml(quantityVariantsResult(3))).charts.map((chart) => chart.name);
    expect(few.filter((name) => name === "latency-cdf")).toHaveLength(3);
    const many = renderHtml(quantityVariantsResult(50));
    expect(chartData(many).charts.map((chart) => chart.name)).toEqual([
      "compare-throughput",
      "compare-latency",
    ]);
    expect(many).toContain("cut-15000us");
    expect(many.length).toBeLessThan(5_000_000);
  });
});
