/** How many workers each function had over virtual time. */

import type { ScenarioResult, VariantResult } from "../../scenarios/result.ts";
import type { Chart, Row } from "./chart.ts";
import { compact, hoverLayer, legendOf, timeEncoding, timeUnit, warmupLayers } from "./parts.ts";

/** More lines cannot be told apart: those of the functions with the largest pools are drawn. */
const FUNCTIONS_DRAWN_MAX = 8;

export function poolSizes(result: ScenarioResult, { series: { pools } }: VariantResult): Chart | undefined {
  if (pools === undefined) return undefined;
  const { intervalNanos, functions } = pools;
  const sizeOf = ({ workers }: (typeof functions)[number]): number => Math.max(0, ...workers);
  const largest = new Set([...functions].sort((a, b) => sizeOf(b) - sizeOf(a)).slice(0, FUNCTIONS_DRAWN_MAX));
  const drawn = functions.filter((each) => largest.has(each));
  const endNanos = intervalNanos * Math.max(0, ...drawn.map(({ workers }) => workers.length - 1));
  if (endNanos === 0) return undefined;
  const unit = timeUnit(endNanos);
  const rows: Row[] = drawn.flatMap(({ name, workers, running, waiting }) =>
    workers.map((count, i) => ({
      function: name,
      time: compact((i * intervalNanos) / unit.size),
      workers: count,
      running: running[i] ?? null,
      waiting: waiting[i] ?? null,
    })),
  );
  const names = drawn.map(({ name }) => name);
  const x = timeEncoding("time", unit, endNanos);
  const y = {
    field: "workers",
    type: "quantitative",
    scale: { zero: true, nice: true },
    axis: { title: "workers", tickMinStep: 1, format: "d" },
  };
  const color = { field: "function", type: "nominal", sort: names, legend: legendOf(names) };
  const tooltip = [
    { field: "function", type: "nominal" },
    { field: "time", type: "quantitative", title: `time (${unit.symbol})` },
    { field: "workers", type: "quantitative" },
    { field: "running", type: "quantitative", title: "calls running" },
    { field: "waiting", type: "quantitative", title: "calls waiting" },
  ];
  const omitted = functions.length - drawn.length;
  return {
    name: "pool-sizes",
    title: "Workers of each function over time",
    description: `Connected workers of all nodes together, in the first replication; the shaded warm-up does not count in the tables.${omitted === 0 ? "" : ` ${omitted} functions with smaller pools are not drawn.`}`,
    columns: [
      { field: "function", title: "function" },
      { field: "time", title: `time (${unit.symbol})` },
      { field: "workers", title: "workers" },
      { field: "running", title: "calls running" },
      { field: "waiting", title: "calls waiting" },
    ],
    rows,
    spec: {
      height: 220,
      layer: [
        ...warmupLayers(result.warmupNanos, unit),
        { mark: { type: "line", interpolate: "step-after" }, encoding: { x, y, color } },
        hoverLayer({ x, y, color, tooltip }),
      ],
    },
  };
}
