import { describe, expect, test } from "vitest";
import { renderTable } from "../../reports/table.ts";
import {
  emptyResult,
  failedResult,
  idleResult,
  namedVariantsResult,
  quantityVariantsResult,
  quickstartResult,
} from "./fixture.ts";

const PLAIN = { colour: false, details: false };
const ESCAPE = String.fromCharCode(27);

describe("the report on the terminal", () => {
  test("shows one variant in full", () => {
    expect(renderTable(quickstartResult(), PLAIN)).toMatchSnapshot();
  });

  test("shows what failed, and no intervals with one replication", () => {
    expect(renderTable(failedResult(), PLAIN)).toMatchSnapshot();
  });

  test("says that nothing happened when nothing happened", () => {
    expect(renderTable(emptyResult(), PLAIN)).toMatchSnapshot();
  });

  test("compares several variants, and leaves the rest for --details", () => {
    expect(renderTable(quantityVariantsResult(4), PLAIN)).toMatchSnapshot();
    const details = renderTable(namedVariantsResult(), { ...PLAIN, details: true });
    for (const name of ["local index", "remote index", "engine cache"]) {
      expect(details).toContain(`variant ${name}\n`);
    }
    expect(details.match(/p99\.9/g)).toHaveLength(3);
  });

  test("shows no latency of an operation that never completed", () => {
    expect(renderTable(idleResult(), PLAIN)).toMatch(/idle +append +0 \/s +– +– /);
  });

  test("names the variant in which something failed", () => {
    const result = namedVariantsResult();
    const table = renderTable(
      { ...result, held: false, variants: [...result.variants, failedResult().variants[0]!] },
      PLAIN,
    );
    expect(table).toContain("failed in base: append.p99 < 4ms");
    expect(table).toContain("violated in base: A3");
    expect(table).toContain("warning in base: append never reached a steady state");
  });

  test.each([
    ["one variant", quickstartResult()],
    ["a failure", failedResult()],
    ["50 variants", quantityVariantsResult(50)],
    ["named variants", namedVariantsResult()],
  ])("fits 110 columns with %s", (_, result) => {
    const widths = renderTable(result, { colour: false, details: true })
      .split("\n")
      .map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(110);
  });

  test("writes escape sequences only when asked for colours", () => {
    expect(renderTable(failedResult(), PLAIN)).not.toContain(ESCAPE);
    expect(renderTable(failedResult(), { ...PLAIN, colour: true })).toContain(ESCAPE);
  });
});
