/** Writes what a capacity search found to a directory: the data, a page, and its pictures. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CapacityResult } from "../scenarios/capacity/capacity.ts";
import { capacityRows, capacityTitles, remarksOn } from "./capacity.ts";
import { capacityBars } from "./charts/capacity.ts";
import type { Chart } from "./charts/chart.ts";
import { throughputLatency } from "./charts/throughput-latency.ts";
import { card, escaped, htmlTable, textCell } from "./html-text.ts";
import { figures, renderPage } from "./page.ts";
import { type PictureOptions, writePictures } from "./pictures.ts";

/** `capacity.json`, `capacity.html` and `charts/*.svg` (and `.png`); returns the path of the page. */
export async function writeCapacity(
  result: CapacityResult,
  directory: string,
  pictures: PictureOptions = {},
): Promise<string> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, "capacity.json"), `${JSON.stringify(result, undefined, 2)}\n`);
  const page = join(directory, "capacity.html");
  await writeFile(page, renderCapacityPage(result));
  await writePictures(chartsOf(result), join(directory, "charts"), pictures);
  return page;
}

const chartsOf = (result: CapacityResult): Chart[] => {
  const bars = capacityBars(result);
  return [...throughputLatency(result), ...(bars === undefined ? [] : [bars])];
};

export function renderCapacityPage(result: CapacityResult): string {
  const { scenario, slo, variants, file, bokisimVersion, load, precision } = result;
  const charts: Chart[] = [];
  const table = htmlTable(
    capacityTitles,
    capacityRows(result).map((row) => row.map(textCell)),
  );
  const remarks = variants.flatMap((each) => remarksOn(each));
  const varied = load.map(({ path }) => path).join(", ");
  const body = `<header>
<h1>${escaped(scenario)}</h1>
<p class="lead">${escaped(`The largest load at which ${slo.join(" and ")}`)}</p>
<p class="quiet facts">${escaped(`varied: ${varied} · searched to ${precision * 100} %`)}</p>
</header>
<main>
${card("Capacity", table)}
${remarks.map((remark) => `<p class="quiet">${escaped(remark)}</p>`).join("\n")}
${figures(chartsOf(result), charts)}
</main>
<footer><p class="quiet facts">${escaped(`${file} · bokisim ${bokisimVersion}`)}</p></footer>`;
  return renderPage(scenario, body, charts);
}
