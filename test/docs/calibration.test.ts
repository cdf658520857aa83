/** docs/calibration.md names every number of the cost model with the value it has. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DISK_DEFAULTS, NETWORK_DEFAULTS } from "../../models/boki/config.ts";
import { COSTS } from "../../models/boki/costs.ts";
import type { Distribution } from "../../sim/distribution.ts";

const page = readFileSync("docs/calibration.md", "utf8");

/** The rows of the tables: the cells of each. */
const rows = page
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

/** Costs by name as the page has them: "`a`, `b` | 1,000, 2,000" or "`a`, `b` | 2,500 each". */
const documented = new Map<string, number>();
for (const [names = "", values = ""] of rows) {
  const each = [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name!);
  const numbers = values
    .replace(/ each$/, "")
    .split(/, /)
    .map((value) => Number(value.replaceAll(",", "")));
  each.forEach((name, i) => {
    documented.set(name, numbers[values.endsWith(" each") ? 0 : i]!);
  });
}

function rowOf(beginning: string): string {
  const row = rows.find(([name]) => name!.startsWith(beginning));
  expect(row, `a row for ${beginning}`).toBeDefined();
  return row![1]!;
}

/** A delay as the page writes it. */
function written(distribution: Distribution): string {
  if (distribution.kind === "constant") return quantity(distribution.value);
  if (distribution.kind !== "lognormal") throw new Error(`no words for a delay that is ${distribution.kind}`);
  const { median, sigma } = distribution;
  return `lognormal, median ${median < 10 ? median : quantity(median)}, sigma ${sigma}`;
}

function quantity(nanos: number): string {
  return nanos >= 1_000_000 ? `${nanos / 1_000_000} ms` : `${nanos / 1_000} us`;
}

describe("docs/calibration.md", () => {
  test.each(Object.entries(COSTS))("has the value of %s", (name, value) => {
    expect(documented.get(name)).toBe(value);
  });

  test("has no cost that is not there any more", () => {
    expect([...documented.keys()].filter((name) => !(name in COSTS))).toEqual([]);
  });

  test("has the network's delays with their shares", () => {
    const { latency, pipeLatency, wakeLatency, cpuJitter, zookeeperDelay, bitsPerSecond } = NETWORK_DEFAULTS;
    if (latency.kind !== "mixture") throw new Error("the network's delay is no mixture any more");
    const percents = latency.weights.map((weight) => `${Math.round(1_000 * weight) / 10} %`);
    expect(rowOf(`one-way delay, ${percents[0]} of messages`)).toBe(written(latency.parts[0]!));
    expect(rowOf(`one-way delay, the other ${percents[1]}`)).toBe(written(latency.parts[1]!));
    expect(rowOf("line rate")).toBe(`${bitsPerSecond / 1e9} Gbit/s`);
    expect(rowOf("wake-up")).toBe(written(wakeLatency));
    expect(rowOf("jitter")).toBe(written(cpuJitter));
    expect(rowOf("pipe")).toContain(written(pipeLatency));
    expect(rowOf("ZooKeeper")).toBe(written(zookeeperDelay));
  });

  test("has the disk's times and rate", () => {
    const { readLatency, syncLatency, bytesPerSecond } = DISK_DEFAULTS;
    const median = (distribution: Distribution) =>
      distribution.kind === "lognormal" ? quantity(distribution.median) : written(distribution);
    expect(page).toContain(
      `${median(readLatency)} a read and ${median(syncLatency)} a sync at the median, ${bytesPerSecond / 1e9} GB/s`,
    );
  });
});
