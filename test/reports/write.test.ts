import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { afterAll, describe, expect, test } from "vitest";
import { writeReport } from "../../reports/write.ts";
import { namedVariantsResult, quickstartResult } from "./fixture.ts";

const directory = mkdtempSync(join(tmpdir(), "bokisim-report-"));
afterAll(() => rmSync(directory, { recursive: true }));

describe("a written report", () => {
  test("is a result that reads back equal, a page and pictures", async () => {
    const result = quickstartResult();
    const written = await writeReport(result, join(directory, "new", "place"));
    expect(JSON.parse(readFileSync(written.resultJson, "utf8"))).toEqual(result);
    expect(readFileSync(written.reportHtml, "utf8")).toMatch(/^<!doctype html>/);
    expect(written.chartSvgs).toContain(join(directory, "new", "place", "charts", "latency-cdf.svg"));
    for (const path of written.chartSvgs) expect(readFileSync(path, "utf8")).toMatch(/^<svg/);
  });

  test("has its operations as CSV and as Parquet, with the same numbers", async () => {
    const result = namedVariantsResult();
    const place = join(directory, "tables");
    await writeReport(result, place);
    const operations = result.variants.flatMap((variant) =>
      variant.operations.map((operation) => ({ variant: variant.variant, ...operation })),
    );
    const [titles, ...lines] = readFileSync(join(place, "operations.csv"), "utf8").trim().split("\r\n");
    expect(titles).toMatch(
      /^scenario,variant,settings,replications,operation,count,.*p99Nanos,p99NanosLow,p99NanosHigh/,
    );
    expect(lines).toHaveLength(operations.length);
    const bytes = readFileSync(join(place, "operations.parquet"));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const rows = await parquetReadObjects({ file });
    expect(
      rows.map(({ variant, operation, count, p99Nanos, p99NanosLow }) => [
        ...[variant, operation, Number(count), p99Nanos, p99NanosLow],
      ]),
    ).toEqual(
      operations.map(({ variant, operation, count, p99Nanos }) => [
        ...[variant, operation, count, p99Nanos.mean, p99Nanos.low],
      ]),
    );
  });

  test("has nothing where an interval is not known", async () => {
    const result = quickstartResult();
    const variants = result.variants.map((variant) => ({
      ...variant,
      operations: variant.operations.map((each) => ({
        ...each,
        p50Nanos: { mean: 1, low: null, high: null },
      })),
    }));
    const place = join(directory, "bare");
    await writeReport({ ...result, variants }, place);
    const bytes = readFileSync(join(place, "operations.parquet"));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    for (const row of await parquetReadObjects({ file })) expect(row.p50NanosLow).toBe(null);
  });

  test("leaves no picture of an earlier result behind", async () => {
    const place = join(directory, "again");
    const first = await writeReport(quickstartResult(), place);
    const second = await writeReport(namedVariantsResult(), place);
    expect(first.chartSvgs.some(existsSync)).toBe(false);
    expect(second.chartSvgs.every(existsSync)).toBe(true);
  });
});
