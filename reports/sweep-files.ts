/** Writes what a sweep found to a directory: Parquet, CSV, JSON, a page and its pictures. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { effectsOf, type SweepQuestion, type SweepResult } from "../scenarios/sweep/sweep.ts";
import type { Chart } from "./charts/chart.ts";
import { sweepEffects, sweepHeatMap, sweepLines } from "./charts/sweep.ts";
import { csvOf, parquetOf } from "./columns.ts";
import { card, escaped, htmlTable, textCell } from "./html-text.ts";
import { figures, renderPage } from "./page.ts";
import { type PictureOptions, writePictures } from "./pictures.ts";
import { effectSentences, pointRows, sweepColumns } from "./sweep.ts";

/** `sweep.parquet`, `sweep.csv`, `sweep.json`, `sweep.html` and `charts/*.svg` (and `.png`); returns the path of the page. */
export async function writeSweep(
  result: SweepResult,
  question: SweepQuestion,
  directory: string,
  pictures: PictureOptions = {},
): Promise<string> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "sweep.json"), `${JSON.stringify(result, undefined, 2)}\n`);
  await writeFile(join(directory, "sweep.csv"), csvOf(sweepColumns(result)));
  await writeFile(join(directory, "sweep.parquet"), parquetOf(sweepColumns(result)));
  const page = join(directory, "sweep.html");
  await writeFile(page, renderSweepPage(result, question));
  await writePictures(chartsOf(result, question), join(directory, "charts"), pictures);
  return page;
}

function chartsOf(result: SweepResult, question: SweepQuestion): Chart[] {
  const charts = [
    sweepHeatMap(result, question),
    sweepLines(result, question),
    sweepEffects(effectsOf(result, question), question),
  ];
  return charts.filter((chart) => chart !== undefined);
}

export function renderSweepPage(result: SweepResult, question: SweepQuestion): string {
  const { scenario, over, seeds, points, file, bokisimVersion, stopped } = result;
  const title = `${scenario}: ${question.operation} ${question.metric}`;
  const charts: Chart[] = [];
  const table = htmlTable(
    [...over.map(({ path }) => path), `${question.operation} ${question.metric}`],
    pointRows(result, question).map((row) => row.map(textCell)),
  );
  const facts = `${points.length} points · seeds ${seeds[0]} to ${seeds.at(-1)}${stopped ? " · stopped early" : ""}`;
  const body = `<header>
<h1>${escaped(title)}</h1>
${effectSentences(result, question)
  .map((sentence) => `<p class="lead">${escaped(sentence)}</p>`)
  .join("\n")}
<p class="quiet facts">${escaped(facts)}</p>
</header>
<main>
${figures(chartsOf(result, question), charts)}
${card("Points", table)}
</main>
<footer><p class="quiet facts">${escaped(`${file} · bokisim ${bokisimVersion}`)}</p></footer>`;
  return renderPage(title, body, charts);
}
