/** Writes a result to a directory: the data, the page and the pictures. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ScenarioResult } from "../scenarios/result.ts";
import { comparisonCharts, variantCharts } from "./charts/all.ts";
import { csvOf, parquetOf } from "./columns.ts";
import { renderHtml } from "./html.ts";
import { operationColumns } from "./operations.ts";
import { type PictureOptions, writePictures } from "./pictures.ts";

export interface WrittenReport {
  readonly directory: string;
  readonly resultJson: string;
  readonly reportHtml: string;
  readonly chartSvgs: readonly string[];
}

/** `result.json` as text: for people and programs. */
export const resultJson = (result: ScenarioResult): string => `${JSON.stringify(result, null, 2)}\n`;

/**
 * Writes `result.json`, `operations.csv` and `.parquet`, `report.html` and `charts/*.svg` (and `.png`). With several variants the
 * pictures are those of the comparison.
 */
export async function writeReport(
  result: ScenarioResult,
  directory: string,
  pictures: PictureOptions = {},
): Promise<WrittenReport> {
  await mkdir(directory, { recursive: true });
  const written = {
    directory,
    resultJson: join(directory, "result.json"),
    reportHtml: join(directory, "report.html"),
  };
  await writeFile(written.resultJson, resultJson(result));
  await writeFile(written.reportHtml, renderHtml(result));
  const columns = operationColumns(result);
  await writeFile(join(directory, "operations.csv"), csvOf(columns));
  await writeFile(join(directory, "operations.parquet"), parquetOf(columns));
  const charts =
    result.variants.length === 1 ? variantCharts(result, result.variants[0]!) : comparisonCharts(result);
  return { ...written, chartSvgs: await writePictures(charts, join(directory, "charts"), pictures) };
}
