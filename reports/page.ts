/** The frame of every report: one HTML file that opens offline, with the charts' data, tooltips and a table behind each chart. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Chart, chartSpec } from "./charts/chart.ts";
import { themeConfig } from "./charts/theme.ts";
import { fontFace } from "./font.ts";
import { escaped } from "./html-text.ts";

const CHART_PADDING_PIXELS = 2;

/** `body`: HTML, with places for the charts made by `figures` with the same list. */
export function renderPage(title: string, body: string, charts: readonly Chart[]): string {
  const slots: Readonly<Record<string, string>> = {
    title: escaped(`${title} · bokisim`),
    font: fontFace(400),
    style: `${fontFace(600)}\n${pageFile("style.css")}`,
    body,
    charts: chartsJson(charts),
    libraries: LIBRARIES.map(libraryScript).join("\n"),
  };
  // One pass: what is filled in is never searched for slots again.
  return pageFile("template.html").replaceAll(/\{\{(\w+)\}\}/g, (_, slot: string) => slots[slot]!);
}

/** Places for charts, which are added to the list of the page: a figure names its chart by the index in that list. */
export function figures(shown: readonly Chart[], charts: Chart[]): string {
  if (shown.length === 0) return "";
  const elements = shown.map((chart) => {
    const index = charts.push(chart) - 1;
    return `<figure data-chart="${index}" aria-label="${escaped(chart.title)}"><div class="chart"></div>
<figcaption>${escaped(chart.description)}</figcaption>
<details class="data"><summary>Data</summary><div class="rows"></div></details></figure>`;
  });
  return `<div class="pairs">${elements.join("\n")}</div>`;
}

const pageFile = (name: string): string => readFileSync(new URL(`page/${name}`, import.meta.url), "utf8");

const require = createRequire(import.meta.url);

/** The entry point of a package, and the browser build that lies beside it. */
const LIBRARIES = [
  [require.resolve("vega"), "vega.min.js"],
  [require.resolve("vega-lite"), "vega-lite.min.js"],
  [require.resolve("vega-embed"), "vega-embed.min.js"],
] as const;

function libraryScript([entryPoint, file]: (typeof LIBRARIES)[number]): string {
  const source = readFileSync(join(dirname(entryPoint), file), "utf8");
  // In a string or a regular expression of the source `<\/script` means the same and does not end the element.
  return `<script>${source.replaceAll(/<\/(script)/gi, "<\\/$1").replaceAll(/^\/\/# sourceMappingURL=.*$/gm, "")}</script>`;
}

/** Data in a script element: no `<` may stand in it, and JSON has an escape for that. */
function chartsJson(charts: readonly Chart[]): string {
  const data = {
    charts: charts.map((chart) => ({
      name: chart.name,
      columns: chart.columns,
      spec: chartSpec(chart, "container"),
    })),
    themes: {
      light: themeConfig("light", CHART_PADDING_PIXELS),
      dark: themeConfig("dark", CHART_PADDING_PIXELS),
    },
  };
  return JSON.stringify(data).replaceAll("<", "\\u003c");
}
