/** Writes a result to a directory: the data, the page and the pictures. */

import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ScenarioResult } from "../scenarios/result.ts";
import { comparisonCharts, variantCharts } from "./charts/all.ts";
import { csvOf, parquetOf } from "./columns.ts";
import { renderHtml } from "./html.ts";
import { operationColumns } from "./operations.ts";
import { chartSvg } from "./svg.ts";

export interface WrittenReport {
  readonly directory: string;
  readonly resultJson: string;
  readonly reportHtml: string;
  readonly chartSvgs: readonly string[];
}

/** `result.json` as text: for people and programs. */
export const resultJson = (result: ScenarioResult): string => `${JSON.stringify(result, null, 2)}\n`;

/**
 * Writes `result.json`, `operations.csv` and `.parquet`, `report.html` and `charts/*.svg`. With several variants the pictures are those of the comparison.
 * Pictures of an earlier run are removed, so that what lies in the directory belongs together.
 */
export async function writeReport(result: ScenarioResult, directory: string): Promise<WrittenReport> {
  const chartDirectory = join(directory, "charts");
  await mkdir(chartDirectory, { recursive: true });
  for (const file of await readdir(chartDirectory)) {
    if (file.endsWith(".svg")) await rm(join(chartDirectory, file));
  }
  const written = {
    directory,
    resultJson: join(directory, "result.json"),
    reportHtml: join(directory, "report.html"),
    chartSvgs: [] as string[],
  };
  await writeFile(written.resultJson, resultJson(result));
  await writeFile(written.reportHtml, renderHtml(result));
  const columns = operationColumns(result);
  await writeFile(join(directory, "operations.csv"), csvOf(columns));
  await writeFile(join(directory, "operations.parquet"), parquetOf(columns));
  const charts =
    result.variants.length === 1 ? variantCharts(result, result.variants[0]!) : comparisonCharts(result);
  for (const chart of charts) {
    const path = join(chartDirectory, `${chart.name}.svg`);
    await writeFile(path, await chartSvg(chart));
    written.chartSvgs.push(path);
  }
  return written;
}
