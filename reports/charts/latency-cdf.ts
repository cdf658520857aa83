/** How latencies are distributed, drawn so that the tail is as readable as the middle. */

import type { OperationResult, ScenarioResult, VariantResult } from "../../scenarios/result.ts";
import type { Chart, Row } from "./chart.ts";
import {
  compact,
  dashes,
  hoverLayer,
  latencyEncoding,
  legendOf,
  nanosExpression,
  positiveExtent,
  thinned,
} from "./parts.ts";

const POINTS_PER_LINE_MAX = 240;
/** More lines than colours can be told apart are not drawn. */
const COMPARED_VARIANTS_MAX = 8;

/** One line per operation of a variant. */
export function latencyCdf(variant: VariantResult): Chart | undefined {
  const operations = variant.operations.filter((operation) => operation.cdf.length > 1);
  if (operations.length === 0) return undefined;
  return cdfChart(
    "latency-cdf",
    "Latency distribution by operation",
    "operation",
    operations.map((operation) => [operation.operation, operation]),
  );
}

/** Per operation one chart with a line per variant; none when there are too many variants to tell apart. */
export function latencyCdfByVariant(result: ScenarioResult): readonly Chart[] {
  if (result.variants.length < 2 || result.variants.length > COMPARED_VARIANTS_MAX) return [];
  const names = new Set(
    result.variants.flatMap((variant) => variant.operations.map((each) => each.operation)),
  );
  return [...names].flatMap((name) => {
    const lines = result.variants.flatMap((variant) => {
      const operation = variant.operations.find((each) => each.operation === name);
      return operation === undefined || operation.cdf.length < 2
        ? []
        : [[variant.variant, operation] as const];
    });
    return lines.length < 2
      ? []
      : [cdfChart(`compare-cdf-${name}`, `Latency distribution of ${name} by variant`, "variant", lines)];
  });
}

function cdfChart(
  name: string,
  title: string,
  seriesTitle: string,
  lines: readonly (readonly [string, OperationResult])[],
): Chart {
  const rows = lines.flatMap(([series, operation]) => cdfRows(series, operation));
  const [slowest] = positiveExtent(rows.map((row) => row.slower as number));
  const x = { field: "latencyNanos", ...latencyEncoding(latencies(rows), "latency") };
  const y = {
    field: "slower",
    type: "quantitative",
    // From all operations at the bottom to the rare slowest at the top: each nine is as high as the one before.
    scale: { type: "log", domain: [1, Math.min(slowest, 0.001)], nice: false },
    axis: {
      title: "percentile",
      values: [0.5, 0.1, 0.01, 0.001, 0.0001, 0.00001, 0.000001].filter((tick) => tick >= slowest * 0.99),
      labelExpr: "'p' + format(100 - datum.value * 100, '.5~f')",
    },
  };
  const color = {
    field: "series",
    type: "nominal",
    sort: lines.map(([series]) => series),
    legend: lines.length > 1 ? legendOf(lines.map(([series]) => series)) : null,
  };
  const strokeDash = dashes(
    "series",
    lines.map(([series]) => series),
  );
  const tooltip = [
    { field: "series", type: "nominal", title: seriesTitle },
    { field: "latencyText", type: "nominal", title: "latency" },
    { field: "percentileText", type: "nominal", title: "percentile" },
  ];
  return {
    name,
    title,
    description:
      "Read a percentile on the left and the latency below it. The vertical axis is logarithmic in the share of slower operations, so that the tail is not squeezed.",
    columns: [
      { field: "series", title: seriesTitle },
      { field: "latencyNanos", title: "latency (ns)" },
      { field: "share", title: "share at or below" },
    ],
    rows,
    spec: {
      height: 280,
      transform: [
        { calculate: nanosExpression("datum.latencyNanos", 4), as: "latencyText" },
        { calculate: "'p' + format(datum.share * 100, '.4~f')", as: "percentileText" },
      ],
      layer: [
        {
          mark: { type: "line", interpolate: "monotone", clip: true },
          encoding: { x, y, color, strokeDash },
        },
        hoverLayer({ x, y, color, tooltip }),
      ],
    },
  };
}

function* latencies(rows: readonly Row[]): Iterable<number> {
  for (const row of rows) yield row.latencyNanos as number;
}

/** The last point has nobody slower: it lies at infinity of the logarithmic axis and is left out. */
function cdfRows(series: string, operation: OperationResult): readonly Row[] {
  const points = operation.cdf.filter((point) => point.share > 0 && point.share < 1);
  return thinnedByTail(points).map((point) => ({
    series,
    latencyNanos: point.latencyNanos,
    share: Number(point.share.toPrecision(9)),
    slower: compact(1 - point.share),
  }));
}

/** Thins evenly over the drawn height: the first halving and the last thousandth keep equally many points. */
function thinnedByTail(points: OperationResult["cdf"]): OperationResult["cdf"] {
  if (points.length <= POINTS_PER_LINE_MAX) return points;
  const depth = (share: number): number => -Math.log(1 - share);
  const step = depth(points.at(-1)!.share) / POINTS_PER_LINE_MAX;
  let next = 0;
  const kept = points.filter((point) => {
    if (depth(point.share) < next) return false;
    next = depth(point.share) + step;
    return true;
  });
  return thinned(kept, POINTS_PER_LINE_MAX);
}
