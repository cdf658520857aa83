/** The report as one HTML file that opens offline: tables, charts with tooltips, and everything they are made of. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { ScenarioResult, VariantResult } from "../scenarios/result.ts";
import { comparisonCharts, variantCharts } from "./charts/all.ts";
import { type Chart, chartSpec } from "./charts/chart.ts";
import { themeConfig } from "./charts/theme.ts";
import { formatDuration } from "./format.ts";
import {
  cachesTable,
  comparisonTable,
  countersTable,
  expectationsTable,
  faultsTables,
  measurementsTable,
  messagesTable,
  operationsTable,
  poolsTable,
  provenanceTable,
  stationsTable,
  violationsTable,
  warningsList,
} from "./html-tables.ts";
import { escaped } from "./html-text.ts";
import { settingsText, variantHeld } from "./variant.ts";

/** With more variants their own charts would make a page of a hundred megabytes; the comparison says what matters. */
const CHARTED_VARIANTS_MAX = 16;
const CHART_PADDING_PIXELS = 2;

/** Renders the page. */
export function renderHtml(result: ScenarioResult): string {
  const charts: Chart[] = [];
  const body = `${pageHeader(result)}
<main>
${comparisonSection(result, charts)}
${measurementsTable(result)}
${variantSections(result, charts)}
</main>
<footer>
<h2>What was run</h2>
${provenanceTable(result)}
<p class="quiet facts">${escaped(`${result.file} · bokisim ${result.bokisimVersion} · the same scenario, seed and version give the same digests on every machine`)}</p>
</footer>`;
  const slots: Readonly<Record<string, string>> = {
    title: escaped(`${result.scenario} · bokisim`),
    style: pageFile("style.css"),
    body,
    charts: chartsJson(charts),
    libraries: LIBRARIES.map(libraryScript).join("\n"),
  };
  // One pass: what is filled in is never searched for slots again.
  return pageFile("template.html").replaceAll(/\{\{(\w+)\}\}/g, (_, slot: string) => slots[slot]!);
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

function pageHeader(result: ScenarioResult): string {
  const replications = result.variants[0]?.replications ?? 0;
  const facts = [
    `seed ${result.seed}`,
    `${replications} replication${replications === 1 ? "" : "s"}`,
    `${formatDuration(result.durationNanos)} measured after ${formatDuration(result.warmupNanos)} of warm-up`,
    ...(result.variants.length > 1 ? [`${result.variants.length} variants`] : []),
    result.invariantsChecked ? "invariants checked" : "invariants not checked",
    ...(result.checked ? ["checked mode"] : []),
  ];
  const bottleneck =
    result.variants.length === 1 ? escaped(result.variants[0]!.bottleneck) : escaped(variantsVerdict(result));
  return `<header>
<h1>${escaped(result.scenario)}</h1>
<p class="lead">${escaped(result.summary)}</p>
<p class="quiet facts">${escaped(facts.join(" · "))}</p>
<div class="verdict${result.held ? "" : " failed"}"><strong>${result.held ? "✔ held" : "✘ failed"}</strong><span>${bottleneck}</span></div>
</header>`;
}

function variantsVerdict(result: ScenarioResult): string {
  const failed = result.variants.filter((variant) => !variantHeld(variant)).map((variant) => variant.variant);
  return failed.length === 0
    ? `Every expectation held in all ${result.variants.length} variants.`
    : `An expectation or invariant failed in ${failed.length} of ${result.variants.length} variants: ${failed.slice(0, 8).join(", ")}${failed.length > 8 ? ", …" : "."}`;
}

function comparisonSection(result: ScenarioResult, charts: Chart[]): string {
  if (result.variants.length < 2) return "";
  return `<h2>Comparison</h2>\n${comparisonTable(result)}\n${figures(comparisonCharts(result), charts)}`;
}

function variantSections(result: ScenarioResult, charts: Chart[]): string {
  if (result.variants.length === 1)
    return `<h2>Results</h2>\n${variantBody(result, result.variants[0]!, charts)}`;
  const charted = result.variants.length <= CHARTED_VARIANTS_MAX;
  const sections = result.variants.map((variant) => {
    const settings = settingsText(variant);
    const verdict = variantHeld(variant) ? "" : ' <strong class="bad">failed</strong>';
    return `<details class="variant"><summary><strong>${escaped(variant.variant)}</strong>${verdict} <span class="quiet">${escaped(settings)}</span></summary>
<p class="lead">${escaped(variant.bottleneck)}</p>
${variantBody(result, variant, charted ? charts : undefined)}</details>`;
  });
  const note = charted
    ? ""
    : `<p class="quiet">Charts of single variants are drawn for at most ${CHARTED_VARIANTS_MAX} variants; run one alone with --set to see its own.</p>`;
  return result.variants.length === 0 ? "" : `<h2>Variants one by one</h2>\n${note}${sections.join("\n")}`;
}

/** Everything about one variant; without its charts when there is no list to add them to. */
function variantBody(result: ScenarioResult, variant: VariantResult, charts: Chart[] | undefined): string {
  return [
    operationsTable(variant),
    violationsTable(variant),
    warningsList(variant),
    expectationsTable(variant),
    faultsTables(variant),
    charts === undefined ? "" : figures(variantCharts(result, variant), charts),
    stationsTable(variant),
    poolsTable(result, variant),
    messagesTable(variant),
    `<div class="pairs">${cachesTable(variant)}${countersTable(variant)}</div>`,
  ].join("\n");
}

/** Places for charts, which are added to the list of the page: a figure names its chart by the index in that list. */
function figures(shown: readonly Chart[], charts: Chart[]): string {
  if (shown.length === 0) return "";
  const elements = shown.map((chart) => {
    const index = charts.push(chart) - 1;
    return `<figure data-chart="${index}" aria-label="${escaped(chart.title)}"><div class="chart"></div>
<figcaption>${escaped(chart.description)}</figcaption>
<details class="data"><summary>Data</summary><div class="rows"></div></details></figure>`;
  });
  return `<div class="pairs">${elements.join("\n")}</div>`;
}
