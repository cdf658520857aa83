/** How far the variants of a comparison lie apart: differences with their intervals, and what each replication measured. */

import type { ComparisonResult } from "../../scenarios/comparison/comparison.ts";
import type { Chart, Row } from "./chart.ts";
import { compact, legendOf, nanosExpression, perSecondExpression } from "./parts.ts";

const ROW_HEIGHT = 22;

/** A row for each variant but the first, operation and metric. */
export function differences({ variants }: ComparisonResult): Chart {
  const rows = variants.slice(1).flatMap(({ variant, compared }): Row[] =>
    compared.map(({ operation, metric, difference }) => ({
      what: `${operation} ${metric}`,
      variant,
      difference: compact(difference!.mean),
      low: difference!.low === null ? null : compact(difference!.low),
      high: difference!.high === null ? null : compact(difference!.high),
    })),
  );
  const names = variants.slice(1).map(({ variant }) => variant);
  // The first has its colour as well, in the other chart.
  const scale = { domain: variants.map(({ variant }) => variant) };
  const what = [...new Set(rows.map((row) => row.what as string))];
  const y = {
    field: "what",
    type: "nominal",
    sort: what,
    axis: { title: null, grid: true, ticks: false, domain: false, labelLimit: 340 },
  };
  const yOffset = { field: "variant", type: "nominal", sort: names };
  const color = { field: "variant", type: "nominal", scale, legend: { ...legendOf(names), values: names } };
  const x = {
    field: "difference",
    type: "quantitative",
    scale: { zero: true, nice: true },
    axis: { title: `difference to ${variants[0]!.variant}`, format: "+.0%", tickCount: 6 },
  };
  const tooltip = [
    { field: "variant", type: "nominal" },
    { field: "what", type: "nominal", title: "of" },
    { field: "difference", type: "quantitative", format: "+.2%" },
    { field: "low", type: "quantitative", format: "+.2%", title: "95 % from" },
    { field: "high", type: "quantitative", format: "+.2%", title: "to" },
  ];
  const hasIntervals = rows.some(({ low }) => low !== null);
  return {
    name: "differences",
    title: `Differences to ${variants[0]!.variant}`,
    description:
      "Of pairs of replications with the same random numbers, with 95 % intervals: one that does not reach the line at zero is a difference.",
    columns: [
      { field: "variant", title: "variant" },
      { field: "what", title: "of" },
      { field: "difference", title: "difference" },
      { field: "low", title: "low" },
      { field: "high", title: "high" },
    ],
    rows,
    spec: {
      height: what.length * (ROW_HEIGHT + 8 * (names.length - 1)),
      layer: [
        {
          data: { values: [{ zero: 0 }] },
          mark: { type: "rule" },
          encoding: { x: { field: "zero", type: "quantitative" } },
        },
        ...(hasIntervals
          ? [
              {
                transform: [{ filter: "datum.low !== null" }],
                mark: { type: "rule", strokeWidth: 2.5, opacity: 0.6 },
                encoding: {
                  x: { field: "low", type: "quantitative" },
                  x2: { field: "high" },
                  y,
                  yOffset,
                  color,
                },
              },
            ]
          : []),
        { mark: { type: "point" }, encoding: { x, y, yOffset, color, tooltip } },
      ],
    },
  };
}

/** What was asked for, as each replication measured it: lines that go up and down together are why pairs are compared. */
export function byReplication({ variants, seeds, metric }: ComparisonResult): Chart {
  const rows = variants.flatMap(({ variant, compared }): Row[] =>
    compared[0]!.values.map((value, i) => ({ variant, seed: seeds[i]!, value: compact(value) })),
  );
  const names = variants.map(({ variant }) => variant);
  const title = `${metric.operation} ${metric.metric}`;
  const isRate = metric.metric === "throughput";
  // Replications of one thing lie close together: from zero, or on a logarithmic axis, they would be one line.
  const y = {
    field: "value",
    type: "quantitative",
    scale: { zero: false, nice: true },
    axis: {
      title,
      labelExpr: isRate ? perSecondExpression("datum.value") : nanosExpression("datum.value", 4),
      tickCount: 5,
    },
  };
  const x = { field: "seed", type: "ordinal", axis: { title: "seed", labelAngle: 0, grid: false } };
  const color = { field: "variant", type: "nominal", sort: names, legend: legendOf(names) };
  const tooltip = [
    { field: "variant", type: "nominal" },
    { field: "seed", type: "ordinal" },
    { field: "value", type: "quantitative", title: isRate ? "per second" : "latency (ns)" },
  ];
  return {
    name: "by-replication",
    title: `${title} in each replication`,
    description: "The same seed gives all variants the same random numbers.",
    columns: [
      { field: "variant", title: "variant" },
      { field: "seed", title: "seed" },
      { field: "value", title: isRate ? "per second" : "latency (ns)" },
    ],
    rows,
    spec: {
      height: 220,
      layer: [
        { mark: { type: "line" }, encoding: { x, y, color } },
        { mark: { type: "point" }, encoding: { x, y, color, tooltip } },
      ],
    },
  };
}
