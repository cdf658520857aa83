/** The tables of the page, with the same content as those of the terminal. */

import type { ScenarioResult, StationResult, VariantResult } from "../scenarios/result.ts";
import { faultTables } from "./faults.ts";
import {
  estimateLatency,
  estimateNanos,
  estimateNumber,
  estimatePerSecond,
  estimateShare,
  formatBytes,
  formatCount,
  formatNanos,
  formatPerSecond,
  formatShare,
} from "./format.ts";
import {
  type Cell,
  card,
  escaped,
  estimateCell,
  htmlTable,
  numberCell,
  textCell,
  verdictCell,
  wrapCell,
} from "./html-text.ts";
import { formatMeasured } from "./measured.ts";
import { measurementRows, measurementSummary } from "./measurements.ts";
import { POOL_TITLES, poolRows } from "./pools.ts";
import { chooseStations } from "./station-choice.ts";
import { settingsText, variantHeld } from "./variant.ts";

const STATIONS_SHOWN_MAX = 12;
/** Beyond this the page would be a data file; `result.json` is one. */
const STATIONS_LISTED_MAX = 400;
const VIOLATIONS_SHOWN_MAX = 50;

/** One row per variant and operation. */
export function comparisonTable(result: ScenarioResult): string {
  const rows = result.variants.flatMap((variant) => {
    const verdict = verdictCell(variantHeld(variant));
    const empty = textCell("");
    if (variant.operations.length === 0) {
      return [[textCell(variant.variant), textCell("no operation completed"), empty, empty, empty, verdict]];
    }
    return variant.operations.map((operation, index): readonly Cell[] => [
      textCell(index === 0 ? variant.variant : ""),
      textCell(operation.operation),
      estimateCell(estimatePerSecond(operation.throughputPerSecond)),
      estimateCell(estimateLatency(operation.p50Nanos, operation.count)),
      estimateCell(estimateLatency(operation.p99Nanos, operation.count)),
      index === 0 ? verdict : empty,
    ]);
  });
  return card("Variants", htmlTable(["variant", "operation", "throughput", "p50", "p99", "verdict"], rows));
}

export function operationsTable(variant: VariantResult): string {
  if (variant.operations.length === 0) {
    return card("Operations", '<p class="quiet">No operation completed in the measured time.</p>');
  }
  const anyFailed = variant.operations.some((operation) => operation.failed > 0);
  const anyUnknown = variant.operations.some((operation) => operation.unknown > 0);
  const titles = [
    "operation",
    "count",
    ...(anyFailed ? ["failed"] : []),
    ...(anyUnknown ? ["unknown"] : []),
    "throughput",
  ];
  const rows = variant.operations.map((operation) => [
    textCell(operation.operation),
    numberCell(formatCount(operation.count)),
    ...(anyFailed ? [numberCell(formatCount(operation.failed))] : []),
    ...(anyUnknown ? [numberCell(formatCount(operation.unknown))] : []),
    estimateCell(estimatePerSecond(operation.throughputPerSecond)),
    ...[
      operation.meanNanos,
      operation.p50Nanos,
      operation.p90Nanos,
      operation.p99Nanos,
      operation.p999Nanos,
      operation.maxNanos,
    ].map((estimate) => estimateCell(estimateLatency(estimate, operation.count))),
  ]);
  return card("Operations", htmlTable([...titles, "mean", "p50", "p90", "p99", "p99.9", "max"], rows));
}

/** When each fault struck, what it did, the longest outages, and the ends of views. */
export const faultsTables = (variant: VariantResult): string =>
  faultTables(variant.faults)
    .map(({ title, columns, rows }) =>
      card(
        title,
        htmlTable(
          columns.map((column) => column.title),
          rows.map((row) => row.map((cell, i) => (columns[i]!.numeric ? numberCell(cell) : textCell(cell)))),
        ),
      ),
    )
    .join("\n");

/** What was measured of the real system beside what was simulated. */
export function measurementsTable(result: ScenarioResult): string {
  const rows = measurementRows(result).map(({ variant, what, measured, simulated, difference, close }) => [
    textCell(variant),
    textCell(what),
    numberCell(measured),
    numberCell(simulated),
    close
      ? numberCell(difference)
      : { ...numberCell(difference), html: `<strong>${escaped(difference)}</strong>` },
  ]);
  if (rows.length === 0) return "";
  const table = htmlTable(["variant", "latency", "published", "simulated", "difference"], rows);
  return card(
    "Published and simulated",
    `${table}<p class="quiet">${escaped(measurementSummary(result))}</p>`,
  );
}

export function expectationsTable(variant: VariantResult): string {
  if (variant.expectations.length === 0) return "";
  const rows = variant.expectations.map((expectation) => [
    verdictCell(expectation.held),
    wrapCell(expectation.expression),
    numberCell(formatMeasured(expectation)),
  ]);
  return card("Expectations", htmlTable(["verdict", "expectation", "measured"], rows));
}

export function violationsTable(variant: VariantResult): string {
  if (variant.violations.length === 0) return "";
  const rows = variant.violations.slice(0, VIOLATIONS_SHOWN_MAX).map((violation) => [
    {
      html: `${escaped(violation.invariant)} <span class="quiet">${escaped(violation.rule)}</span>`,
      class: "wrap" as const,
    },
    numberCell(formatNanos(violation.atNanos)),
    numberCell(String(variant.seeds[violation.replication] ?? "?")),
    wrapCell(violation.message),
  ]);
  const omittedCount = variant.violations.length - rows.length;
  const counts = Object.entries(variant.violationCounts).map(
    ([name, count]) => `${formatCount(count)} of ${name}`,
  );
  const all = `<p class="quiet">${escaped(`Violations in all: ${counts.join(", ")}.`)}</p>`;
  const rest = omittedCount === 0 ? "" : `<p class="quiet">and ${omittedCount} more, in result.json</p>`;
  return card(
    "Violated invariants",
    htmlTable(["invariant", "at", "seed", "what was seen"], rows) + rest + all,
  );
}

export const warningsList = (variant: VariantResult): string =>
  card("Warnings", variant.warnings.map((warning) => `<p class="bad">${escaped(warning)}</p>`).join(""));

const STATION_TITLES = [
  "role",
  "station",
  "kind",
  "servers",
  "utilisation",
  "queue",
  "max",
  "mean wait",
  "jobs",
];

const stationCells = (station: StationResult): readonly Cell[] => [
  textCell(station.role),
  textCell(station.station),
  textCell(station.kind),
  numberCell(String(station.servers)),
  { ...estimateCell(estimateShare(station.utilisation)), share: station.utilisation.mean },
  estimateCell(estimateNumber(station.queueLength)),
  numberCell(formatCount(station.queueLengthMax)),
  estimateCell(estimateNanos(station.waitMeanNanos)),
  estimateCell(estimatePerSecond(station.jobsPerSecond)),
];

export function stationsTable(variant: VariantResult): string {
  const { shown, omittedCount } = chooseStations(variant.stations, STATIONS_SHOWN_MAX);
  if (shown.length === 0) return "";
  const table = htmlTable(STATION_TITLES, shown.map(stationCells));
  if (omittedCount === 0) return card("Stations", table);
  const listed = chooseStations(variant.stations, STATIONS_LISTED_MAX);
  const rest =
    listed.omittedCount === 0 ? "" : `<p class="quiet">and ${listed.omittedCount} more, in result.json</p>`;
  const title = `All ${variant.stations.length - listed.omittedCount} stations`;
  return card(
    "The busiest stations",
    `${table}<details><summary>${title}</summary>${htmlTable(STATION_TITLES, listed.shown.map(stationCells))}${rest}</details>`,
  );
}

export function poolsTable(result: ScenarioResult, variant: VariantResult): string {
  const rows = poolRows(result, variant).map(([name, ...figures]) => [
    textCell(name!),
    ...figures.map((figure) => numberCell(figure)),
  ]);
  return rows.length === 0 ? "" : card("Workers", htmlTable(POOL_TITLES, rows));
}

export function messagesTable(variant: VariantResult): string {
  if (variant.messages.length === 0) return "";
  const rows = [...variant.messages]
    .sort((a, b) => b.countPerSecond - a.countPerSecond)
    .map((message) => [
      textCell(message.kind),
      numberCell(formatCount(message.count)),
      numberCell(formatPerSecond(message.countPerSecond)),
      numberCell(formatBytes(message.bytes)),
      numberCell(`${formatBytes(message.bytesPerSecond)}/s`),
    ]);
  return card("Messages", htmlTable(["kind", "count", "rate", "bytes", "bandwidth"], rows));
}

export function cachesTable(variant: VariantResult): string {
  if (variant.caches.length === 0) return "";
  const rows = variant.caches.map((cache) => [
    textCell(cache.cache),
    numberCell(cache.hitRate === null ? "never asked" : formatShare(cache.hitRate)),
    numberCell(formatCount(cache.hits)),
    numberCell(formatCount(cache.misses)),
  ]);
  return card("Caches", htmlTable(["cache", "hit rate", "hits", "misses"], rows));
}

export function countersTable(variant: VariantResult): string {
  const rows = Object.entries(variant.counters).map(([name, count]) => [
    textCell(name),
    numberCell(formatCount(count)),
  ]);
  return rows.length === 0 ? "" : card("Counters", htmlTable(["name", "count"], rows));
}

/** What reproduces the numbers: settings, seeds and the digests that a repeated run must show again. */
export function provenanceTable(result: ScenarioResult): string {
  const rows = result.variants.map((variant) => [
    textCell(variant.variant),
    {
      html: `<code>${escaped(settingsText(variant) || "as in the scenario")}</code>`,
      class: "wrap" as const,
    },
    numberCell(formatCount(variant.events)),
    {
      html: variant.digests
        .map((digest, index) => `<code>${escaped(digest)}</code> (seed ${variant.seeds[index] ?? "?"})`)
        .join("<br>"),
    },
  ]);
  return card("Settings and digests", htmlTable(["variant", "settings", "events", "digests"], rows));
}
