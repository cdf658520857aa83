/** Writes what a comparison found to a directory: the data, a page, and its pictures. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ComparisonResult } from "../scenarios/comparison/comparison.ts";
import type { Chart } from "./charts/chart.ts";
import { byReplication, differences } from "./charts/differences.ts";
import { comparedRows, comparedTitles, explanation, verdicts } from "./comparison.ts";
import { card, escaped, htmlTable, textCell } from "./html-text.ts";
import { figures, renderPage } from "./page.ts";
import { type PictureOptions, writePictures } from "./pictures.ts";

/** `comparison.json`, `comparison.html` and `charts/*.svg` (and `.png`); returns the path of the page. */
export async function writeComparison(
  result: ComparisonResult,
  directory: string,
  pictures: PictureOptions = {},
): Promise<string> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "comparison.json"), `${JSON.stringify(result, undefined, 2)}\n`);
  const page = join(directory, "comparison.html");
  await writeFile(page, renderComparisonPage(result));
  await writePictures(chartsOf(result), join(directory, "charts"), pictures);
  return page;
}

const chartsOf = (result: ComparisonResult): Chart[] => [differences(result), byReplication(result)];

export function renderComparisonPage(result: ComparisonResult): string {
  const { scenario, metric, bokisimVersion, variants } = result;
  const charts: Chart[] = [];
  const table = (asked: boolean): string =>
    htmlTable(
      comparedTitles,
      comparedRows(result, asked).map((row) => row.map(textCell)),
    );
  const files = [...new Set(variants.map(({ file }) => file))].join(", ");
  const title = `${scenario}: ${metric.operation} ${metric.metric}`;
  const body = `<header>
<h1>${escaped(title)}</h1>
${verdicts(result)
  .map((sentence) => `<p class="lead">${escaped(sentence)}</p>`)
  .join("\n")}
<p class="quiet facts">${escaped(explanation(result))}</p>
</header>
<main>
${card("Compared", table(true))}
${figures(chartsOf(result), charts)}
${card("Besides", table(false))}
</main>
<footer><p class="quiet facts">${escaped(`${files} · bokisim ${bokisimVersion}`)}</p></footer>`;
  return renderPage(title, body, charts);
}
