/** How many workers each function had over virtual time. */

import type { PoolSeries, ScenarioResult, VariantResult } from "../../scenarios/result.ts";
import type { Unit } from "../format.ts";
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
  const omitted = functions.length - drawn.length;
  return {
    name: "pool-sizes",
    title: "Workers of each function over time",
    description: `Connected workers of all nodes together, in the first replication; the shaded warm-up does not count in the tables.${omitted === 0 ? "" : ` ${omitted} functions with smaller pools are not drawn.`}`,
    ...linesOf(
      result,
      "function",
      drawn.map((pool) => ({ line: pool.name, pool, intervalNanos })),
      unit,
      endNanos,
    ),
  };
}

/** The pool that differs most between the variants, a line for each. Nothing where the variants have the same pools. */
export function comparePoolSizes(result: ScenarioResult): Chart | undefined {
  const sampled = result.variants.flatMap(({ variant, series: { pools } }) =>
    pools === undefined ? [] : [{ variant, ...pools }],
  );
  const spread = new Map<string, number>();
  for (const { functions } of sampled)
    for (const { name } of functions) {
      const lasts = sampled.map(
        (each) => each.functions.find((pool) => pool.name === name)?.workers.at(-1) ?? 0,
      );
      spread.set(name, Math.max(...lasts) - Math.min(...lasts));
    }
  const [widest] = [...spread].sort(([, a], [, b]) => b - a);
  if (widest === undefined || widest[1] === 0) return undefined;
  const lines = sampled.flatMap(({ variant, intervalNanos, functions }) =>
    functions
      .filter(({ name }) => name === widest[0])
      .map((pool) => ({ line: variant, pool, intervalNanos })),
  );
  const endNanos = Math.max(
    0,
    ...lines.map(({ pool, intervalNanos }) => intervalNanos * (pool.workers.length - 1)),
  );
  return {
    name: "compare-pool-sizes",
    title: `Workers of ${widest[0]} over time, by variant`,
    description:
      "Connected workers of all nodes together, in the first replication, of the function whose pools differ most at the end.",
    ...linesOf(result, "variant", lines, timeUnit(endNanos), endNanos),
  };
}

interface Line {
  readonly line: string;
  readonly pool: PoolSeries["functions"][number];
  readonly intervalNanos: number;
}

/** Steps over time, with what ran and what waited at the pointer. */
function linesOf(
  result: ScenarioResult,
  field: "function" | "variant",
  lines: readonly Line[],
  unit: Unit,
  endNanos: number,
): Pick<Chart, "columns" | "rows" | "spec"> {
  const rows: Row[] = lines.flatMap(({ line, pool: { workers, running, waiting }, intervalNanos }) =>
    workers.map((count, i) => ({
      [field]: line,
      time: compact((i * intervalNanos) / unit.size),
      workers: count,
      running: running[i] ?? null,
      waiting: waiting[i] ?? null,
    })),
  );
  const names = lines.map(({ line }) => line);
  const x = timeEncoding("time", unit, endNanos);
  const y = {
    field: "workers",
    type: "quantitative",
    scale: { zero: true, nice: true },
    axis: { title: "workers", tickMinStep: 1, format: "d" },
  };
  const color = { field, type: "nominal", sort: names, legend: legendOf(names) };
  const tooltip = [
    { field, type: "nominal" },
    { field: "time", type: "quantitative", title: `time (${unit.symbol})` },
    { field: "workers", type: "quantitative" },
    { field: "running", type: "quantitative", title: "calls running" },
    { field: "waiting", type: "quantitative", title: "calls waiting" },
  ];
  return {
    columns: [
      { field, title: field },
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
