import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { describe, expect, onTestFinished, test } from "vitest";
import { csvOf } from "../../reports/columns.ts";
import { renderSweep, sweepColumns } from "../../reports/sweep.ts";
import { writeSweep } from "../../reports/sweep-files.ts";
import type { SweepResult, SweepRun } from "../../scenarios/sweep/sweep.ts";
import { expectWellFormed } from "./well-formed.ts";

function run(p99Millis: number, digest: string): SweepRun {
  const nanos = {
    meanNanos: 1e6,
    p50Nanos: 1e6,
    p90Nanos: 2e6,
    p99Nanos: p99Millis * 1e6,
    p999Nanos: 9e6,
    maxNanos: 1e7,
  };
  return {
    digest,
    operations: [
      { operation: "append", count: 1_000, failed: 0, unknown: 1, throughputPerSecond: 500.5, ...nanos },
    ],
  };
}

const RESULT: SweepResult = {
  format: "bokisim-sweep-1",
  bokisimVersion: "0",
  scenario: "<small>",
  file: "small.yaml",
  over: [
    { path: "boki.globalCut", values: ["1ms", "2ms"] },
    { path: "cluster.storages", values: ["3", "5"] },
  ],
  seeds: [7, 8],
  points: [
    { values: ["1ms", "3"], runs: [run(2, "a"), run(2.2, "b")] },
    { values: ["1ms", "5"], runs: [run(2.5, "c"), run(2.7, "d")] },
    { values: ["2ms", "3"], runs: [run(4, "e"), run(4.2, "f")] },
    { values: ["2ms", "5"], runs: [run(5, "g"), undefined] },
  ],
  resumed: 2,
  stopped: true,
};
const QUESTION = { operation: "append", metric: "p99" } as const;

describe("what a sweep found", () => {
  test("is a table of points, a ranking, and how far it came", () => {
    const text = renderSweep(RESULT, QUESTION, false);
    expect(text).toMatch(/boki\.globalCut +cluster\.storages +append p99\n/);
    expect(text).toMatch(/1ms +3 +2\.100 ms ±1\.271\n/);
    expect(text).toMatch(
      /boki\.globalCut moves it most: from 2\.350 ms at 1ms to 4\.400 ms at 2ms, \d+ % of the mean/,
    );
    expect(text).toContain("4 points, 2 seeds each; 2 runs had been finished before; stopped early");
  });

  test("is written as Parquet, CSV, JSON, a page and pictures", async () => {
    const directory = mkdtempSync(join(tmpdir(), "bokisim-sweep-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const page = readFileSync(await writeSweep(RESULT, QUESTION, directory), "utf8");
    expect(page).toContain("&lt;small&gt;: append p99");
    expect(JSON.parse(readFileSync(join(directory, "sweep.json"), "utf8")).points).toHaveLength(4);

    const bytes = readFileSync(join(directory, "sweep.parquet"));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const rows = await parquetReadObjects({ file });
    expect(rows).toHaveLength(7);
    expect(rows[2]).toEqual({
      "boki.globalCut": "1ms",
      "boki.globalCutNanos": 1_000_000,
      "cluster.storages": 5,
      seed: 7n,
      operation: "append",
      count: 1_000n,
      failed: 0n,
      unknown: 1n,
      throughputPerSecond: 500.5,
      meanNanos: 1e6,
      p50Nanos: 1e6,
      p90Nanos: 2e6,
      p99Nanos: 2.5e6,
      p999Nanos: 9e6,
      maxNanos: 1e7,
      digest: "c",
    });
    const pictures = readdirSync(join(directory, "charts")).sort();
    expect(pictures).toEqual(["sweep-effects.svg", "sweep-heat-map.svg", "sweep-lines.svg"]);
    for (const name of pictures) {
      const svg = readFileSync(join(directory, "charts", name), "utf8");
      expectWellFormed(svg);
      expect(svg).toContain("cluster.storages");
    }
  });

  test("has words as they are, and quantities also as numbers with their unit in the name", () => {
    const over = [
      { path: "boki.engineCache", values: ["on", "off"] },
      { path: "workload.0.recordSize", values: ["1KiB", "512"] },
      { path: "workload.0.arrival.poisson.rate", values: ["2k/s", "500/s"] },
    ];
    const points = [{ values: ["off", "1KiB", "2k/s"], runs: [run(2, "a")] }];
    const columns = sweepColumns({ ...RESULT, over, points });
    expect(Object.fromEntries(columns.slice(0, 4).map(({ name, values }) => [name, values]))).toEqual({
      "boki.engineCache": ["off"],
      "workload.0.recordSize": ["1KiB"],
      "workload.0.arrival.poisson.rate": ["2k/s"],
      "workload.0.arrival.poisson.ratePerSecond": [2_000],
    });
  });

  test("is quoted where a comma would part it", () => {
    const over = [{ path: "faults", values: ['[{at: 1ms, crash: "a"}]'] }];
    const csv = csvOf(
      sweepColumns({ ...RESULT, over, points: [{ values: over[0]!.values, runs: [run(2, "a")] }] }),
    );
    const [titles, row] = csv.split("\r\n");
    expect(titles).toMatch(/^faults,seed,operation,count,failed,unknown,throughputPerSecond,meanNanos,/);
    expect(row).toMatch(/^"\[\{at: 1ms, crash: ""a""\}\]",7,append,1000,0,1,500\.5,/);
  });
});
