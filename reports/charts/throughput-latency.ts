/** Latency over throughput: how each variant of a capacity search slows down as its load grows. */

import type { CapacityResult } from "../../scenarios/capacity/capacity.ts";
import type { Chart, Row } from "./chart.ts";
import { compact, hoverLayer, latencyEncoding, legendOf, perSecondEncoding } from "./parts.ts";

const HEIGHT = 300;

/** Operations that all requests together are counted as: the others are parts of them. */
const ALL_REQUESTS = "request";

/** A chart for each operation; none where no capacity was found. */
export function throughputLatency(result: CapacityResult): Chart[] {
  const operations = new Set(
    result.variants.flatMap(({ curve }) =>
      curve.flatMap((point) => point.operations.map(({ operation }) => operation)),
    ),
  );
  if (operations.has(ALL_REQUESTS)) return [chartOf(result, ALL_REQUESTS, "throughput-latency")];
  return [...operations].map((operation) =>
    chartOf(result, operation, `throughput-latency-${operation.replaceAll(/\W+/g, "-")}`),
  );
}

function chartOf({ variants, bounds }: CapacityResult, operation: string, name: string): Chart {
  const rows = variants.flatMap(({ variant, curve }): Row[] =>
    curve.flatMap(({ seed, offeredPerSecond, operations }) =>
      operations
        .filter((each) => each.operation === operation)
        .flatMap(({ completedPerSecond, p50Nanos, p99Nanos }) =>
          (
            [
              ["p50", p50Nanos],
              ["p99", p99Nanos],
            ] as const
          ).map(([percentile, latency]) => ({
            variant,
            percentile,
            seed,
            offered: compact(offeredPerSecond),
            completed: compact(completedPerSecond),
            latency: compact(latency),
          })),
        ),
    ),
  );
  const names = variants.map(({ variant }) => variant);
  const x = { field: "completed", ...perSecondEncoding("completed per second") };
  const latencies = [
    ...rows.map(({ latency }) => latency as number),
    ...bounds.map(({ latencyNanos }) => latencyNanos),
  ];
  const y = { field: "latency", ...latencyEncoding(latencies, "latency") };
  const color = { field: "variant", type: "nominal", sort: names, legend: legendOf(names) };
  const strokeDash = {
    field: "percentile",
    type: "nominal",
    sort: ["p99", "p50"],
    scale: {
      domain: ["p99", "p50"],
      range: [
        [1, 0],
        [4, 3],
      ],
    },
  };
  const tooltip = [
    { field: "variant", type: "nominal" },
    { field: "percentile", type: "nominal" },
    { field: "offered", type: "quantitative", title: "offered per second" },
    { field: "completed", type: "quantitative", title: "completed per second" },
    { field: "latency", type: "quantitative", title: "latency (ns)" },
    { field: "seed", type: "quantitative" },
  ];
  const view = {
    height: HEIGHT,
    layer: [
      {
        mark: "line",
        // Along the load that was offered: behind the knee the throughput may fall.
        encoding: {
          x,
          y,
          color,
          strokeDash,
          detail: { field: "seed" },
          order: { field: "offered", type: "quantitative" },
        },
      },
      ...bounds.map(({ expression, latencyNanos }) => ({
        data: { values: [{ latency: latencyNanos, expression }] },
        layer: [
          { mark: { type: "rule", strokeDash: [2, 2] }, encoding: { y } },
          {
            mark: { type: "text", align: "left", baseline: "bottom", dx: 4, dy: -2 },
            encoding: { y, x: { value: 0 }, text: { field: "expression" } },
          },
        ],
      })),
      hoverLayer({ x, y, color, tooltip }),
    ],
  };
  return {
    name,
    title: operation === ALL_REQUESTS ? "Latency over throughput" : `Latency over throughput of ${operation}`,
    description: `p99 (whole lines) and p50 (dashed) as the load grows, a line for each seed. ${bounds.length === 0 ? "" : "Dotted: the bound that was asked for. "}Where a line turns upwards, the system is full.`,
    columns: [
      { field: "variant", title: "variant" },
      { field: "percentile", title: "percentile" },
      { field: "seed", title: "seed" },
      { field: "offered", title: "offered per second" },
      { field: "completed", title: "completed per second" },
      { field: "latency", title: "latency (ns)" },
    ],
    rows,
    spec: view,
  };
}
