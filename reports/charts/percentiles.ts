/** Percentiles of latencies as points with their intervals, and what was measured of the real system beside them. */

import type { Estimate, ScenarioResult, VariantResult } from "../../scenarios/result.ts";
import { estimateNanos, formatNanos, onOneLine } from "../format.ts";
import type { Chart, Row } from "./chart.ts";
import { compact, latencyEncoding } from "./parts.ts";

const PERCENTILES = [
  ["p50", "p50Nanos"],
  ["p90", "p90Nanos"],
  ["p99", "p99Nanos"],
  ["p99.9", "p999Nanos"],
  ["max", "maxNanos"],
] as const;
const ROW_HEIGHT = 26;
/** How far beyond the outermost points an interval is shown. */
const EDGE = 2;
const SIMULATED = "simulated";
const MEASURED = "measured";

/** A row for each operation of a variant. */
export function percentiles(variant: VariantResult): Chart | undefined {
  const operations = variant.operations.filter(({ count }) => count > 0);
  if (operations.length === 0) return undefined;
  const measured = variant.measurements ?? [];
  const rows = operations.flatMap((operation) => [
    ...PERCENTILES.map(([name, field]) => simulatedRow(operation.operation, name, operation[field])),
    ...measured
      .filter((each) => each.operation === operation.operation && nameOf(each.metric) !== undefined)
      .map((each) => measuredRow(operation.operation, nameOf(each.metric)!, each.measuredNanos)),
  ]);
  return pointChart("percentiles", "Latency percentiles by operation", "operation", rows);
}

/** A row for each variant and operation of which something was measured; nothing where that is of one variant only. */
export function measuredBesides(result: ScenarioResult): Chart | undefined {
  const rows = result.variants.flatMap(({ variant, measurements = [] }) =>
    measurements.flatMap(({ operation, metric, measuredNanos, simulatedNanos }) => {
      const name = nameOf(metric);
      const row = `${variant} · ${operation}`;
      return name === undefined
        ? []
        : [simulatedRow(row, name, simulatedNanos), measuredRow(row, name, measuredNanos)];
    }),
  );
  if (new Set(rows.map(({ row }) => row)).size < 2) return undefined;
  return pointChart("measured", "Simulated and measured latency", "variant and operation", rows);
}

const nameOf = (metric: string): string | undefined =>
  PERCENTILES.find(([, field]) => field === `${metric}Nanos`)?.[0];

function simulatedRow(row: string, percentile: string, { mean, low, high }: Estimate): Row {
  return {
    ...{ row, percentile, what: SIMULATED, latencyNanos: compact(mean) },
    lowNanos: low === null ? null : compact(Math.max(1, low)),
    highNanos: high === null ? null : compact(high),
    text: onOneLine(estimateNanos({ mean, low, high })),
  };
}

const measuredRow = (row: string, percentile: string, nanos: number): Row => ({
  ...{ row, percentile, what: MEASURED, latencyNanos: nanos, lowNanos: null, highNanos: null },
  text: formatNanos(nanos),
});

function pointChart(name: string, title: string, rowTitle: string, rows: readonly Row[]): Chart {
  const order = [...new Set(rows.map(({ row }) => String(row)))];
  const shown = PERCENTILES.map(([each]) => each).filter((each) =>
    rows.some((row) => row.percentile === each),
  );
  const withMeasured = rows.some(({ what }) => what === MEASURED);
  const points = rows.map(({ latencyNanos }) => Number(latencyNanos));
  // An interval of few replications may reach to nothing: it leaves the chart at its edge.
  const [least, greatest] = [Math.min(...points) / EDGE, Math.max(...points) * EDGE];
  const values = rows
    .flatMap((row) => [row.latencyNanos, row.lowNanos, row.highNanos] as (number | null)[])
    .filter((value) => value !== null && value >= least && value <= greatest);
  const x = { field: "latencyNanos", ...latencyEncoding(values, "latency") };
  const y = {
    ...{ field: "row", type: "nominal", sort: order },
    axis: { title: null, grid: true, ticks: false, domain: false, labelLimit: 260 },
  };
  const color = {
    ...{ field: "percentile", type: "nominal", sort: shown },
    scale: { domain: shown },
    legend: { title: null },
  };
  return {
    name,
    title,
    description: `Points are means over the replications, lines their 95 % confidence intervals, on a logarithmic axis.${withMeasured ? " Diamonds are what was measured of the real system." : ""}`,
    columns: [
      { field: "row", title: rowTitle },
      { field: "percentile", title: "percentile" },
      { field: "what", title: "of" },
      { field: "text", title: "latency" },
      { field: "latencyNanos", title: "latency (ns)" },
      { field: "lowNanos", title: "from (ns)" },
      { field: "highNanos", title: "to (ns)" },
    ],
    rows,
    spec: {
      height: order.length * ROW_HEIGHT,
      layer: [
        {
          transform: [{ filter: "datum.lowNanos !== null" }],
          mark: { type: "rule", strokeWidth: 2 },
          encoding: { x: { ...x, field: "lowNanos" }, x2: { field: "highNanos" }, y, color },
        },
        {
          mark: { type: "point", strokeWidth: 2, opacity: 1 },
          encoding: {
            ...{ x, y, color },
            shape: {
              field: "what",
              type: "nominal",
              scale: { domain: [SIMULATED, MEASURED], range: ["circle", "diamond"] },
              legend: withMeasured
                ? { title: null, symbolStrokeColor: "#8b949e", symbolFillColor: "#8b949e" }
                : null,
            },
            size: { condition: { test: `datum.what === '${MEASURED}'`, value: 110 }, value: 45 },
            tooltip: [
              { field: "row", type: "nominal", title: rowTitle },
              { field: "percentile", type: "nominal" },
              { field: "what", type: "nominal", title: "of" },
              { field: "text", type: "nominal", title: "latency" },
            ],
          },
        },
      ],
    },
  };
}
