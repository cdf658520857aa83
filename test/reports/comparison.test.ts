import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { renderComparison, verdicts } from "../../reports/comparison.ts";
import { writeComparison } from "../../reports/comparison-page.ts";
import type { ComparisonResult } from "../../scenarios/comparison/comparison.ts";
import type { Estimate } from "../../scenarios/result.ts";
import { expectWellFormed } from "./well-formed.ts";

function resultOf(...differences: Estimate[]): ComparisonResult {
  const value = { mean: 2e6, low: 1.9e6, high: 2.1e6 };
  const compared = (difference: Estimate | null) => [
    { operation: "append", metric: "p99", value, values: [1.9e6, 2.1e6], difference } as const,
    { operation: "append", metric: "throughput", value, values: [1.9e6, 2.1e6], difference } as const,
  ];
  const common = { file: "cuts.yaml", settings: {}, digests: [] };
  return {
    format: "bokisim-comparison-1",
    bokisimVersion: "0",
    scenario: "<cuts>",
    metric: { operation: "append", metric: "p99" },
    precision: 0.02,
    seeds: [1, 2],
    precise: true,
    variants: [
      { ...common, variant: "A", compared: compared(null) },
      ...differences.map((difference, i) => ({
        ...common,
        variant: "BCDE"[i]!,
        compared: compared(difference),
      })),
    ],
  };
}

describe("a verdict", () => {
  test("says how much, which way and how sure, or that nothing can be said", () => {
    const result = resultOf(
      { mean: -0.23, low: -0.27, high: -0.19 },
      { mean: 0.004, low: -0.003, high: 0.011 },
      { mean: 0.052, low: 0.043, high: 0.061 },
      { mean: 20.37, low: 19.5, high: 21.2 },
    );
    expect(verdicts(result)).toEqual([
      "B's p99 append is 23 % lower than that of A (95 % interval 19 % to 27 %).",
      "C: no difference of p99 append to A that 2 replications can show (−0.3 % to +1.1 %).",
      "D's p99 append is 5.2 % higher than that of A (95 % interval 4.3 % to 6.1 %).",
      "E's p99 append is 21.4 times that of A (95 % interval 20.5 to 22.2).",
    ]);
    expect(renderComparison(result, false)).toContain("Stopped as every interval is within ± 2.0 %.");
  });
});

test("a comparison is written as data, a page and pictures", async () => {
  const directory = mkdtempSync(join(tmpdir(), "bokisim-comparison-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const result = resultOf({ mean: -0.23, low: -0.27, high: -0.19 }, { mean: 0, low: -0.1, high: 0.1 });
  const page = readFileSync(await writeComparison(result, directory), "utf8");
  expect(page).toContain("&lt;cuts&gt;: append p99");
  expect(page).toContain("B&#39;s p99 append is 23 % lower");
  expect(JSON.parse(readFileSync(join(directory, "comparison.json"), "utf8"))).toEqual(result);
  expect(readdirSync(join(directory, "charts")).sort()).toEqual(["by-replication.svg", "differences.svg"]);
  for (const name of ["by-replication", "differences"]) {
    const svg = readFileSync(join(directory, "charts", `${name}.svg`), "utf8");
    expectWellFormed(svg);
    for (const words of [">B<", ">C<"]) expect(svg).toContain(words);
  }
});
