/** An explanation as files: the data, a page that opens offline, and the waterfall as a picture. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Explanation } from "../scenarios/tracing/explanation.ts";
import type { Chart } from "./charts/chart.ts";
import { explanationResources, explanationWaterfall } from "./charts/explanation.ts";
import {
  explainedRows,
  explanationSentence,
  factsOf,
  percentileName,
  shareText,
  signed,
  withArticle,
} from "./explain.ts";
import { formatNanos } from "./format.ts";
import { card, escaped, htmlTable, numberCell, textCell } from "./html-text.ts";
import { figures, renderPage } from "./page.ts";
import { type PictureOptions, writePicture } from "./pictures.ts";

export interface WrittenExplanation {
  readonly json: string;
  readonly html: string;
  readonly svg: string;
}

/** `explanation.json` as text. */
export const explanationJson = (explanation: Explanation): string =>
  `${JSON.stringify(explanation, undefined, 2)}\n`;

export async function writeExplanation(
  explanation: Explanation,
  directory: string,
  pictures: PictureOptions = {},
): Promise<WrittenExplanation> {
  await mkdir(directory, { recursive: true });
  const svg = await writePicture(explanationWaterfall(explanation), join(directory, "explanation"), pictures);
  const written = {
    json: join(directory, "explanation.json"),
    html: join(directory, "explanation.html"),
    svg,
  };
  await writeFile(written.json, explanationJson(explanation));
  await writeFile(written.html, explanationHtml(explanation));
  return written;
}

export function explanationHtml(explanation: Explanation): string {
  const charts: Chart[] = [];
  const { scenario, variant, operation, slow, usual, file, bokisimVersion } = explanation;
  const title = `${operation} around ${withArticle(slow)}, against ${withArticle(usual)}`;
  const named = variant === "base" ? scenario : `${scenario}, ${variant}`;
  const body = `<header>
<h1>${escaped(title)}</h1>
<p class="lead">${escaped(explanationSentence(explanation))}</p>
</header>
<main>
${figures([explanationWaterfall(explanation), explanationResources(explanation)], charts)}
${tableBy(explanation, "phase", "Phases")}
${tableBy(explanation, "resource", "What it goes by with")}
${tableBy(explanation, "place", "Where")}
</main>
<footer>
${factsOf(explanation)
  .map((fact) => `<p class="quiet">${escaped(fact)}</p>`)
  .join("\n")}
<p class="quiet facts">${escaped(`${named} · ${file} · bokisim ${bokisimVersion}`)}</p>
</footer>`;
  return renderPage(`${scenario}: ${title}`, body, charts);
}

function tableBy(explanation: Explanation, by: "phase" | "resource" | "place", title: string): string {
  const rows = explainedRows(explanation, by).map((row) => [
    textCell(row.name),
    numberCell(formatNanos(row.slowNanos)),
    numberCell(formatNanos(row.usualNanos)),
    numberCell(signed(row.differenceNanos)),
    numberCell(shareText(row.share)),
  ]);
  const { slow, usual } = explanation;
  const titles = [by, percentileName(slow), percentileName(usual), "difference", "of it"];
  return card(title, htmlTable(titles, rows));
}
