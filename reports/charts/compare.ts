/** Variants side by side: throughput and latency as lines along the varied quantity, or a row per variant. */

import type { Estimate, ScenarioResult } from "../../scenarios/result.ts";
import { bytesUnit, estimateNanos, estimatePerSecond, nanosUnit, onOneLine } from "../format.ts";
import type { Chart, Row } from "./chart.ts";
import { compact, latencyEncoding, logTicks, perSecondEncoding } from "./parts.ts";
import { type VariedQuantity, variedQuantity } from "./setting.ts";

const LINE_HEIGHT = 260;
const ROW_HEIGHT = 14;
/** From this ratio of the largest to the smallest value on, points on a linear axis would crowd at one end. */
const LOG_AXIS_RATIO = 20;

export function compareThroughput(result: ScenarioResult): Chart | undefined {
  const rows = rowsOf(result, (operation) => [
    {
      measure: "throughput",
      estimate: operation.throughputPerSecond,
      text: onOneLine(estimatePerSecond(operation.throughputPerSecond)),
    },
  ]);
  if (rows.length === 0) return undefined;
  const value = perSecondEncoding("completed per second");
  return {
    name: "compare-throughput",
    title: `Throughput by ${subject(result)}`,
    description: "Completed operations per second with 95 % confidence intervals.",
    columns: columnsOf(result, "completed per second"),
    rows,
    spec: body(result, rows, value, "bars"),
  };
}

export function compareLatency(result: ScenarioResult): Chart | undefined {
  const rows = rowsOf(result, (operation) =>
    // An operation that never completed has no latency to draw.
    (operation.count === 0 ? [] : (["p50", "p99"] as const)).map((measure) => {
      const estimate = operation[`${measure}Nanos`];
      return { measure, estimate, text: onOneLine(estimateNanos(estimate)) };
    }),
  );
  if (rows.length === 0) return undefined;
  const value = latencyEncoding(
    rows.flatMap((row) => [row.value, row.low, row.high] as (number | null)[]),
    "latency",
  );
  return {
    name: "compare-latency",
    title: `Latency by ${subject(result)}: p50 and p99`,
    description: "Percentiles with 95 % confidence intervals, on a logarithmic axis.",
    columns: columnsOf(result, "latency (ns)"),
    rows,
    spec: body(result, rows, value, "points"),
  };
}

interface Measured {
  readonly measure: string;
  readonly estimate: Estimate;
  readonly text: string;
}

function rowsOf(
  result: ScenarioResult,
  measuresOf: (operation: ScenarioResult["variants"][number]["operations"][number]) => readonly Measured[],
): readonly Row[] {
  const varied = variedQuantity(result);
  const scale = varied === undefined ? 1 : axisUnit(varied).size;
  return result.variants.flatMap((variant, index) =>
    variant.operations.flatMap((operation) =>
      measuresOf(operation).map(({ measure, estimate, text }) => ({
        variant: variant.variant,
        ...(varied === undefined ? {} : { setting: varied.values[index]! / scale }),
        operation: operation.operation,
        measure,
        value: compact(estimate.mean),
        low: estimate.low === null ? null : compact(Math.max(estimate.low, 0)),
        high: estimate.high === null ? null : compact(estimate.high),
        text,
      })),
    ),
  );
}

const subject = (result: ScenarioResult): string => variedQuantity(result)?.path ?? "variant";

const columnsOf = (result: ScenarioResult, valueTitle: string) => [
  { field: "variant", title: "variant" },
  ...(variedQuantity(result) === undefined ? [] : [{ field: "setting", title: settingTitle(result) }]),
  { field: "operation", title: "operation" },
  { field: "measure", title: "measure" },
  { field: "value", title: valueTitle },
  { field: "low", title: "low" },
  { field: "high", title: "high" },
];

/** The unit of the axis along the varied quantity. */
function axisUnit(varied: VariedQuantity): { readonly size: number; readonly symbol: string } {
  const greatest = Math.max(...varied.values);
  switch (varied.dimension) {
    case "nanos":
      return nanosUnit(greatest);
    case "bytes":
      return bytesUnit(greatest);
    case "bits":
      return greatest >= 1e9 ? { size: 1e9, symbol: "Gbps" } : { size: 1e6, symbol: "Mbps" };
    case "rate":
      return greatest >= 1e4 ? { size: 1e3, symbol: "k/s" } : { size: 1, symbol: "/s" };
    case "share":
      return { size: 0.01, symbol: "%" };
    case "number":
      return { size: 1, symbol: "" };
  }
}

function settingTitle(result: ScenarioResult): string {
  const varied = variedQuantity(result)!;
  const { symbol } = axisUnit(varied);
  return symbol === "" ? varied.path : `${varied.path} (${symbol})`;
}

const TOOLTIP = [
  { field: "variant", type: "nominal" },
  { field: "operation", type: "nominal" },
  { field: "text", type: "nominal", title: "value" },
  { field: "measure", type: "nominal" },
];

/** `0.5`, `200`, `10k`: the SI prefix for thousandths would stand before the unit of the axis. */
const SETTING_LABEL = "format(datum.value, datum.value >= 1e3 ? '~s' : '~g')";

type Encoding = Readonly<Record<string, unknown>>;

function body(result: ScenarioResult, rows: readonly Row[], value: Encoding, rowMark: "bars" | "points") {
  return variedQuantity(result) === undefined
    ? rowPerVariant(rows, value, rowMark)
    : alongQuantity(result, rows, value);
}

const colourOf = (rows: readonly Row[]) => ({
  field: "operation",
  type: "nominal",
  sort: [...new Set(rows.map((row) => row.operation))],
});

/** Percentiles are told apart by dash and shape; a single measure needs neither. */
function measureEncodings(rows: readonly Row[]): {
  readonly strokeDash?: Encoding;
  readonly shape?: Encoding;
} {
  const measures = [...new Set(rows.map((row) => row.measure))];
  if (measures.length === 1) return {};
  const base = { field: "measure", type: "nominal", sort: measures };
  return {
    strokeDash: {
      ...base,
      scale: {
        domain: measures,
        range: [
          [1, 0],
          [4, 3],
        ],
      },
    },
    shape: { ...base, scale: { domain: measures, range: ["circle", "diamond"] } },
  };
}

function alongQuantity(result: ScenarioResult, rows: readonly Row[], value: Encoding) {
  const settings = rows.map((row) => row.setting as number);
  const least = Math.min(...settings);
  const greatest = Math.max(...settings);
  const margin = (greatest - least) * 0.04;
  const logarithmic = least > 0 && greatest / least >= LOG_AXIS_RATIO;
  const x = {
    field: "setting",
    type: "quantitative",
    scale: logarithmic
      ? { type: "log", domain: [least / 1.1, greatest * 1.1], nice: false }
      : {
          domain: [least <= greatest / 3 ? Math.min(0, least) : least - margin, greatest + margin],
          nice: false,
        },
    axis: {
      title: settingTitle(result),
      grid: false,
      ...(logarithmic ? { values: logTicks(least, greatest), labelExpr: SETTING_LABEL } : { tickCount: 8 }),
    },
  };
  const y = { field: "value", ...value };
  const color = colourOf(rows);
  const { strokeDash } = measureEncodings(rows);
  return {
    height: LINE_HEIGHT,
    layer: [
      { mark: { type: "line" }, encoding: { x, y, color, ...(strokeDash && { strokeDash }) } },
      ...intervals(rows, { x, y: { field: "low", type: "quantitative" }, y2: { field: "high" }, color }),
      {
        mark: { type: "point" },
        encoding: { x, y, color, tooltip: TOOLTIP },
      },
    ],
  };
}

function rowPerVariant(rows: readonly Row[], value: Encoding, mark: "bars" | "points") {
  const variants = [...new Set(rows.map((row) => row.variant))];
  const operations = [...new Set(rows.map((row) => row.operation))];
  const y = {
    field: "variant",
    type: "nominal",
    sort: variants,
    scale: { paddingInner: 0.25, paddingOuter: 0.1 },
    axis: { title: null, grid: false, ticks: false, domain: false, labelLimit: 180 },
  };
  const yOffset = { field: "operation", type: "nominal", sort: operations };
  const x = { field: "value", ...value };
  const color = colourOf(rows);
  const { shape } = measureEncodings(rows);
  return {
    height: variants.length * (operations.length * ROW_HEIGHT + 10),
    layer: [
      mark === "bars"
        ? {
            mark: { type: "bar", cornerRadiusEnd: 2 },
            encoding: { x, y, yOffset, color, tooltip: TOOLTIP },
          }
        : {
            mark: { type: "point" },
            encoding: {
              x,
              y,
              yOffset,
              color,
              ...(shape && { shape }),
              tooltip: TOOLTIP,
            },
          },
      ...intervals(rows, {
        x: { field: "low", type: "quantitative" },
        x2: { field: "high" },
        y,
        yOffset,
        ...(mark === "points" && { color }),
      }),
    ],
  };
}

/** Confidence intervals as rules. With one replication there are none, and an axis of nothing has no extent. */
function intervals(rows: readonly Row[], encoding: object): object[] {
  if (rows.every(({ low }) => low === null)) return [];
  return [
    { transform: [{ filter: "datum.low !== null" }], mark: { type: "rule", strokeWidth: 1.2 }, encoding },
  ];
}
