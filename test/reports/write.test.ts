import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

  test("leaves no picture of an earlier result behind", async () => {
    const place = join(directory, "again");
    const first = await writeReport(quickstartResult(), place);
    const second = await writeReport(namedVariantsResult(), place);
    expect(first.chartSvgs.some(existsSync)).toBe(false);
    expect(second.chartSvgs.every(existsSync)).toBe(true);
  });
});
