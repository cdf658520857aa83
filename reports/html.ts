/** The report as one HTML file that opens offline: tables, charts with tooltips, and everything they are made of. */

import type { ScenarioResult, VariantResult } from "../scenarios/result.ts";
import { comparisonCharts, variantCharts } from "./charts/all.ts";
import type { Chart } from "./charts/chart.ts";
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
import { figures, renderPage } from "./page.ts";
import { measuredText, settingsText, variantHeld } from "./variant.ts";

/** With more variants their own charts would make a page of a hundred megabytes; the comparison says what matters. */
const CHARTED_VARIANTS_MAX = 16;

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
  return renderPage(result.scenario, body, charts);
}

function pageHeader(result: ScenarioResult): string {
  const replications = result.variants[0]?.replications ?? 0;
  const facts = [
    `seed ${result.seed}`,
    `${replications} replication${replications === 1 ? "" : "s"}`,
    measuredText(result),
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
