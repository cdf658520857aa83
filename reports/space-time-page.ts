/** A space-time diagram as files: the data, a page that opens offline and can be zoomed, and a picture. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SpaceTime } from "../scenarios/tracing/space-time.ts";
import type { Chart } from "./charts/chart.ts";
import { spaceTimeChart } from "./charts/space-time.ts";
import { formatCount, formatDuration } from "./format.ts";
import { escaped } from "./html-text.ts";
import { figures, renderPage } from "./page.ts";
import { type PictureOptions, writePicture } from "./pictures.ts";

export const spaceTimeJson = (diagram: SpaceTime): string => `${JSON.stringify(diagram, undefined, 2)}\n`;

/** Writes space-time.json, .html and .svg; returns where the page is. */
export async function writeSpaceTime(
  diagram: SpaceTime,
  directory: string,
  pictures: PictureOptions = {},
): Promise<string> {
  await mkdir(directory, { recursive: true });
  const name = join(directory, "space-time");
  await writeFile(`${name}.json`, spaceTimeJson(diagram));
  return drawSpaceTime(diagram, name, pictures);
}

/** Writes NAME.svg and NAME.html; returns where the page is. */
export async function drawSpaceTime(
  diagram: SpaceTime,
  name: string,
  pictures: PictureOptions = {},
): Promise<string> {
  await writePicture(spaceTimeChart(diagram), name, pictures);
  await writeFile(`${name}.html`, spaceTimeHtml(diagram));
  return `${name}.html`;
}

/** What is shown, in a sentence: `31 messages between 9 processes, 1.2 s to 1.201 s`. */
export function spaceTimeSentence({ messages, nodes, operation, fromNanos, untilNanos }: SpaceTime): string {
  const lost = messages.filter(({ arrivedNanos }) => arrivedNanos === null).length;
  const what = `${formatCount(messages.length)} messages between ${nodes.length} processes`;
  const when =
    operation === null
      ? `${formatDuration(fromNanos)} to ${formatDuration(untilNanos)}`
      : `one ${operation.name}, which began at ${formatDuration(fromNanos)}`;
  return `${what}${lost === 0 ? "" : `, ${lost} of them lost`}: ${when}`;
}

export function spaceTimeHtml(diagram: SpaceTime): string {
  const charts: Chart[] = [];
  const { scenario, variant, file, seed, digest, bokisimVersion } = diagram;
  const body = `<header>
<h1>${escaped(variant === "base" ? scenario : `${scenario}, ${variant}`)}</h1>
<p class="lead">${escaped(spaceTimeSentence(diagram))}</p>
</header>
<main>
${figures([spaceTimeChart(diagram)], charts)}
</main>
<footer>
<p class="quiet facts">${escaped(`${file} · seed ${seed} · digest ${digest} · bokisim ${bokisimVersion}`)}</p>
</footer>`;
  return renderPage(`${scenario}: space-time diagram`, body, charts);
}
