/** The report on the terminal: what a person reads after a run, at most 110 columns wide. */

import pc from "picocolors";
import type { ScenarioResult, VariantResult } from "../scenarios/result.ts";
import { estimateLatency, estimatePerSecond, onOneLine } from "./format.ts";
import { measurementRows, measurementSummary } from "./measurements.ts";
import { variantSections } from "./table-variant.ts";
import { type Colours, left, paragraph, right, shortened, textTable } from "./text-table.ts";
import { measuredText, settingsText, variantHeld } from "./variant.ts";

export interface TableOptions {
  /** Whether escape sequences for colours may be written; the caller knows the terminal and NO_COLOR. */
  readonly colour: boolean;
  /** With several variants: also everything about each of them, not only the comparison. */
  readonly details: boolean;
}

/** Renders the whole report; ends with a line feed. */
export function renderTable(result: ScenarioResult, options: TableOptions): string {
  const colours = pc.createColors(options.colour);
  const sections = [header(result, colours)];
  if (result.variants.length > 1) {
    sections.push(comparison(result, colours));
    if (!options.details) sections.push(failuresOfVariants(result, colours));
  }
  if (result.variants.length === 1 || options.details) {
    for (const variant of result.variants) {
      if (result.variants.length > 1) sections.push(variantTitle(variant, colours));
      sections.push(...variantSections(variant, result, colours));
    }
  }
  sections.push(measurements(result, colours), verdict(result, colours));
  return `${sections.filter((section) => section !== "").join("\n\n")}\n`;
}

function header(result: ScenarioResult, colours: Colours): string {
  const replications = result.variants[0]?.replications ?? 0;
  const facts = [
    result.file,
    `seed ${result.seed}`,
    `${replications} replication${replications === 1 ? "" : "s"}`,
    measuredText(result),
    ...(result.checked ? ["checked mode"] : []),
  ];
  return [
    colours.bold(result.scenario),
    ...(result.summary === "" ? [] : [paragraph(result.summary)]),
    colours.dim(paragraph(facts.join(" · "))),
  ].join("\n");
}

function variantTitle(variant: VariantResult, colours: Colours): string {
  const settings = settingsText(variant);
  const title = colours.bold(colours.underline(`variant ${variant.variant}`));
  return settings === "" ? title : `${title}\n${colours.dim(paragraph(settings))}`;
}

/** One line per variant and operation; the variant's name only where it changes. */
function comparison(result: ScenarioResult, colours: Colours): string {
  const rows = result.variants.flatMap((variant) => {
    const name = shortened(variant.variant, 32);
    const verdictWord = variantHeld(variant) ? colours.green("held") : colours.red("failed");
    if (variant.operations.length === 0) return [[name, "no operation completed", "", "", "", verdictWord]];
    return variant.operations.map((operation, index) => [
      index === 0 ? name : "",
      shortened(operation.operation, 28),
      onOneLine(estimatePerSecond(operation.throughputPerSecond)),
      onOneLine(estimateLatency(operation.p50Nanos, operation.count)),
      onOneLine(estimateLatency(operation.p99Nanos, operation.count)),
      index === 0 ? verdictWord : "",
    ]);
  });
  const columns = [
    left("variant"),
    left("operation"),
    right("throughput"),
    right("p50"),
    right("p99"),
    left("verdict"),
  ];
  return textTable(columns, rows, colours.bold);
}

/** What was measured of the real system beside what was simulated. */
function measurements(result: ScenarioResult, colours: Colours): string {
  const rows = measurementRows(result);
  if (rows.length === 0) return "";
  const columns = [
    ...(result.variants.length > 1 ? [left("variant")] : []),
    left("latency"),
    right("published"),
    right("simulated"),
    right("difference"),
  ];
  const cells = rows.map(({ variant, what, measured, simulated, difference, close }) => [
    ...(result.variants.length > 1 ? [shortened(variant, 32)] : []),
    what,
    measured,
    simulated,
    close ? difference : colours.yellow(difference),
  ]);
  return `${textTable(columns, cells, colours.bold)}\n\n${paragraph(`${measurementSummary(result)}.`)}`;
}

/** What a comparison must not hide: failed expectations, violations and warnings, named by variant. */
function failuresOfVariants(result: ScenarioResult, colours: Colours): string {
  const lines = result.variants.flatMap((variant) => [
    ...variant.expectations
      .filter((expectation) => !expectation.held)
      .map((expectation) =>
        colours.red(paragraph(`failed in ${variant.variant}: ${expectation.expression}`)),
      ),
    ...variant.violations
      .slice(0, 3)
      .map((violation) =>
        colours.red(paragraph(`violated in ${variant.variant}: ${violation.invariant} ${violation.message}`)),
      ),
    ...variant.warnings.map((warning) =>
      colours.yellow(paragraph(`warning in ${variant.variant}: ${warning}`)),
    ),
  ]);
  return lines.join("\n");
}

function verdict(result: ScenarioResult, colours: Colours): string {
  const expectations = result.variants.flatMap((variant) => variant.expectations);
  const failedCount = expectations.filter((expectation) => !expectation.held).length;
  const violationCount = result.variants.reduce((sum, variant) => sum + variant.violations.length, 0);
  if (result.held) {
    const held = expectations.length === 0 ? "No expectation to check" : "Every expectation held";
    const invariants = result.invariantsChecked
      ? "every invariant held"
      : "invariants were not checked (check: true)";
    return `${colours.green("✔")} ${held}; ${invariants}.`;
  }
  const parts = [
    ...(failedCount > 0 ? [`${failedCount} of ${expectations.length} expectations failed`] : []),
    ...(violationCount > 0
      ? [`${violationCount} violation${violationCount === 1 ? "" : "s"} of invariants`]
      : []),
  ];
  return `${colours.red("✘")} ${parts.join(", ") || "The run failed"}.`;
}
