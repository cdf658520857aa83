/** The sections of the terminal report about one variant. */

import type { ScenarioResult, VariantResult } from "../scenarios/result.ts";
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
  onOneLine,
  type ShownEstimate,
} from "./format.ts";
import { formatMeasured } from "./measured.ts";
import { POOL_TITLES, poolRows } from "./pools.ts";
import { chooseStations } from "./station-choice.ts";
import { type Colours, left, paragraph, right, shortened, textTable } from "./text-table.ts";

const STATIONS_SHOWN_MAX = 12;
const MESSAGES_SHOWN_MAX = 16;
const VIOLATIONS_SHOWN_MAX = 3;

/** All sections in the order of reading: what was reached, what limits it, where it went, whether it is right. */
export function variantSections(
  variant: VariantResult,
  result: ScenarioResult,
  colours: Colours,
): readonly string[] {
  return [
    operations(variant, colours),
    ...faults(variant, colours),
    `${paragraph(variant.bottleneck)}\n\n${stations(variant, colours)}`.trimEnd(),
    pools(variant, result, colours),
    messages(variant, colours),
    caches(variant, colours),
    expectations(variant, colours),
    violations(variant, result, colours),
    warnings(variant, colours),
    digests(variant, colours),
  ];
}

/** The interval goes below the value: side by side six percentiles would not fit the line. */
const stacked = (shown: ShownEstimate, colours: Colours): string =>
  shown.interval === null ? shown.mean : `${shown.mean}\n${colours.dim(shown.interval)}`;

function operations(variant: VariantResult, colours: Colours): string {
  if (variant.operations.length === 0)
    return colours.yellow("  No operation completed in the measured time.");
  const anyFailed = variant.operations.some((operation) => operation.failed > 0);
  const anyUnknown = variant.operations.some((operation) => operation.unknown > 0);
  const columns = [
    left("operation"),
    right("count"),
    ...(anyFailed ? [right("failed")] : []),
    ...(anyUnknown ? [right("unknown")] : []),
    right("throughput"),
    right("mean"),
    right("p50"),
    right("p90"),
    right("p99"),
    right("p99.9"),
    right("max"),
  ];
  const rows = variant.operations.map((operation) => [
    shortened(operation.operation, 28),
    formatCount(operation.count),
    ...(anyFailed ? [operation.failed > 0 ? colours.red(formatCount(operation.failed)) : "0"] : []),
    ...(anyUnknown ? [formatCount(operation.unknown)] : []),
    stacked(estimatePerSecond(operation.throughputPerSecond), colours),
    ...[
      operation.meanNanos,
      operation.p50Nanos,
      operation.p90Nanos,
      operation.p99Nanos,
      operation.p999Nanos,
      operation.maxNanos,
    ].map((estimate) => stacked(estimateLatency(estimate, operation.count), colours)),
  ]);
  return textTable(columns, rows, colours.bold);
}

const FAULT_ROWS_SHOWN_MAX = 16;
const FAULT_NAME_LENGTH_MAX = 32;

function faults(variant: VariantResult, colours: Colours): readonly string[] {
  return faultTables(variant.faults).map(({ columns, rows }) => {
    const shown = rows
      .slice(0, FAULT_ROWS_SHOWN_MAX)
      .map((row) =>
        row.map((cell, i) => (columns[i]!.numeric ? cell : shortened(cell, FAULT_NAME_LENGTH_MAX))),
      );
    const table = textTable(
      columns.map(({ title, numeric }) => (numeric ? right(title) : left(title))),
      shown,
      colours.bold,
    );
    const omittedCount = rows.length - shown.length;
    return omittedCount === 0
      ? table
      : `${table}\n${colours.dim(`  and ${omittedCount} more, in result.json`)}`;
  });
}

function stations(variant: VariantResult, colours: Colours): string {
  const { shown, omittedCount } = chooseStations(variant.stations, STATIONS_SHOWN_MAX);
  if (shown.length === 0) return "";
  const columns = [
    left("role"),
    left("station"),
    right("servers"),
    right("utilisation"),
    right("queue"),
    right("queue max"),
    right("mean wait"),
    right("jobs"),
  ];
  const rows = shown.map((station, index) => {
    const busy = station.utilisation.mean;
    const paint = busy >= 0.9 ? colours.red : busy >= 0.7 ? colours.yellow : String;
    return [
      station.role === shown[index - 1]?.role ? "" : shortened(station.role, 14),
      shortened(station.station, 26),
      String(station.servers),
      paint(onOneLine(estimateShare(station.utilisation))),
      onOneLine(estimateNumber(station.queueLength)),
      formatCount(station.queueLengthMax),
      estimateNanos(station.waitMeanNanos).mean,
      estimatePerSecond(station.jobsPerSecond).mean,
    ];
  });
  const table = textTable(columns, rows, colours.bold);
  return omittedCount === 0
    ? table
    : `${table}\n${colours.dim(`  and ${omittedCount} less busy stations, in result.json`)}`;
}

function pools(variant: VariantResult, result: ScenarioResult, colours: Colours): string {
  const rows = poolRows(result, variant);
  if (rows.length === 0) return "";
  const columns = POOL_TITLES.map((title, i) => (i === 0 ? left(title) : right(title)));
  return textTable(
    columns,
    rows.map(([name, ...figures]) => [shortened(name!, 24), ...figures]),
    colours.bold,
  );
}

function messages(variant: VariantResult, colours: Colours): string {
  if (variant.messages.length === 0) return "";
  const busiestFirst = [...variant.messages].sort((a, b) => b.countPerSecond - a.countPerSecond);
  const columns = [left("message"), right("count"), right("rate"), right("bytes"), right("bandwidth")];
  const rows = busiestFirst
    .slice(0, MESSAGES_SHOWN_MAX)
    .map((message) => [
      shortened(message.kind, 32),
      formatCount(message.count),
      formatPerSecond(message.countPerSecond),
      formatBytes(message.bytes),
      `${formatBytes(message.bytesPerSecond)}/s`,
    ]);
  const omittedCount = busiestFirst.length - rows.length;
  const table = textTable(columns, rows, colours.bold);
  return omittedCount === 0
    ? table
    : `${table}\n${colours.dim(`  and ${omittedCount} rarer kinds, in result.json`)}`;
}

function caches(variant: VariantResult, colours: Colours): string {
  const asked = variant.caches.filter((cache) => cache.hitRate !== null);
  if (asked.length === 0) return "";
  const rows = asked.map((cache) => [
    shortened(cache.cache, 32),
    formatShare(cache.hitRate ?? 0),
    formatCount(cache.hits),
    formatCount(cache.misses),
  ]);
  return textTable([left("cache"), right("hit rate"), right("hits"), right("misses")], rows, colours.bold);
}

function expectations(variant: VariantResult, colours: Colours): string {
  if (variant.expectations.length === 0) return "";
  const rows = variant.expectations.map((expectation) => [
    expectation.held ? colours.green("held") : colours.red("failed"),
    shortened(expectation.expression, 70),
    formatMeasured(expectation),
  ]);
  return textTable([left("verdict"), left("expectation"), right("measured")], rows, colours.bold);
}

/** By invariant: what it says, how often it was broken, and the first that were found. */
function violations(variant: VariantResult, result: ScenarioResult, colours: Colours): string {
  const invariants = [...new Set(variant.violations.map(({ invariant }) => invariant))];
  const seedOf = (replication: number): string => `seed ${variant.seeds[replication] ?? result.seed}`;
  const lines = invariants.flatMap((invariant) => {
    const found = variant.violations.filter((each) => each.invariant === invariant);
    const count = variant.violationCounts[invariant] ?? found.length;
    const times = count === 1 ? "once" : `${formatCount(count)} times`;
    const shown = found.slice(0, VIOLATIONS_SHOWN_MAX);
    return [
      colours.red(paragraph(`${invariant} violated ${times}: ${found[0]!.rule}`)),
      ...shown.map(({ atNanos, replication, message }) =>
        paragraph(
          `at ${formatNanos(atNanos)}, replication ${replication} (${seedOf(replication)}): ${message}`,
          "    ",
        ),
      ),
      ...(count > shown.length ? [colours.dim("    and so on; more in result.json")] : []),
    ];
  });
  return lines.join("\n");
}

function warnings(variant: VariantResult, colours: Colours): string {
  return variant.warnings.map((warning) => colours.yellow(paragraph(`warning: ${warning}`))).join("\n");
}

function digests(variant: VariantResult, colours: Colours): string {
  if (variant.digests.length === 0) return "";
  const words = variant.digests.map((digest, index) => `${digest} (seed ${variant.seeds[index] ?? "?"})`);
  return colours.dim(paragraph(`${formatCount(variant.events)} events, digest ${words.join(", ")}`));
}
