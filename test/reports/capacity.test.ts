import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { writeCapacity } from "../../reports/capacity-page.ts";
import { throughputLatency } from "../../reports/charts/throughput-latency.ts";
import type { CapacityResult, CapacityVariant } from "../../scenarios/capacity/capacity.ts";
import { expectWellFormed } from "./well-formed.ts";

function variant(name: string, mean: number, operations: readonly string[]): CapacityVariant {
  return {
    variant: name,
    perSecond: { mean, low: 0.9 * mean, high: 1.1 * mean },
    searches: [
      { seed: 1, kind: "found", perSecond: mean, probes: [{ perSecond: mean, held: true, measured: [] }] },
    ],
    curve: [0.5, 1, 1.05].map((share) => ({
      seed: 1,
      offeredPerSecond: share * mean,
      operations: operations.map((operation) => ({
        operation,
        completedPerSecond: share * mean,
        p50Nanos: 1e6 * share,
        p99Nanos: 1e7 * share * share,
      })),
    })),
  };
}

const resultOf = (...variants: CapacityVariant[]): CapacityResult => ({
  format: "bokisim-capacity-1",
  bokisimVersion: "0",
  scenario: "<two> systems",
  file: "two.yaml",
  slo: ["p99<20ms"],
  bounds: [{ expression: "p99<20ms", latencyNanos: 2e7 }],
  precision: 0.02,
  load: [{ path: "workload.w.arrival.poisson.rate", perSecond: 1_000 }],
  variants,
});

describe("what a capacity search found", () => {
  test("is written as data, a page and pictures", async () => {
    const directory = mkdtempSync(join(tmpdir(), "bokisim-capacity-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const result = resultOf(
      variant("A", 2_000, ["request", "part"]),
      variant("B", 1_500, ["request", "part"]),
    );
    const page = readFileSync(await writeCapacity(result, directory), "utf8");
    expect(page).toContain("&lt;two&gt; systems");
    expect(page).toMatch(/<td[^>]*>0\.75 x/);
    expect(JSON.parse(readFileSync(join(directory, "capacity.json"), "utf8"))).toEqual(result);
    expect(readdirSync(join(directory, "charts")).sort()).toEqual(["capacity.svg", "throughput-latency.svg"]);
    const svg = readFileSync(join(directory, "charts", "throughput-latency.svg"), "utf8");
    expectWellFormed(svg);
    for (const words of ["Latency over throughput", ">A<", ">B<", "p99&lt;20ms"])
      expect(svg).toContain(words);
  });

  test("has a curve for each operation where requests are not counted together", () => {
    const charts = throughputLatency(resultOf(variant("A", 2_000, ["append", "readPrev"])));
    expect(charts.map(({ name }) => name)).toEqual([
      "throughput-latency-append",
      "throughput-latency-readPrev",
    ]);
    expect(charts[1]!.rows).toHaveLength(6);
  });

  test("has neither bar nor curve for a variant without an answer", () => {
    expect(throughputLatency(resultOf({ ...variant("A", 1, []), perSecond: null, curve: [] }))).toEqual([]);
  });
});
