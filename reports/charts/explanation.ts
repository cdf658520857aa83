/** From the latency of ordinary operations to that of slow ones: their phases' differences as a waterfall, and what their time goes by with. */

import type { Explanation } from "../../scenarios/tracing/explanation.ts";
import { explainedRows, percentileName, signed } from "../explain.ts";
import { formatNanos } from "../format.ts";
import type { Chart, Row } from "./chart.ts";
import { compact, nanosExpression } from "./parts.ts";

const BAR_HEIGHT = 24;
const RESOURCE_BAR_HEIGHT = 16;
/** Phases that differ less than this share of the larger latency share a bar. */
const SHARE_MIN = 0.005;
/** The bars end before the axis does: their labels stand behind them. */
const LABEL_ROOM = 1.16;

export function explanationWaterfall(explanation: Explanation): Chart {
  const { operation, slow, usual } = explanation;
  const [from, to] = [percentileName(usual), percentileName(slow)];
  const rows = explainedRows(explanation, "phase");
  const isLarge = (nanos: number): boolean =>
    Math.abs(nanos) >= SHARE_MIN * Math.max(slow.meanNanos, usual.meanNanos);
  const steps = rows
    .filter(({ differenceNanos }) => isLarge(differenceNanos))
    .map(({ name, differenceNanos }) => ({ name, nanos: differenceNanos }));
  const rest = rows
    .filter(({ differenceNanos }) => !isLarge(differenceNanos))
    .reduce((sum, { differenceNanos }) => sum + differenceNanos, 0);
  if (Math.round(rest) !== 0) steps.push({ name: "the rest", nanos: rest });
  let at = usual.meanNanos;
  const bars: Row[] = [
    bar(`${from} ${operation}`, 0, at, "whole", formatNanos(at)),
    ...steps.map(({ name, nanos }) => {
      const before = at;
      at += nanos;
      return bar(name, before, at, nanos < 0 ? "faster" : "slower", signed(nanos));
    }),
    bar(`${to} ${operation}`, 0, slow.meanNanos, "whole", formatNanos(slow.meanNanos)),
  ];
  const whole = Math.max(
    ...bars.map(({ startNanos, endNanos }) => Math.max(Number(startNanos), Number(endNanos))),
  );
  const y = {
    field: "phase",
    type: "nominal",
    sort: bars.map(({ phase }) => phase),
    axis: { title: null, grid: false, ticks: false, domain: false, labelLimit: 280 },
  };
  const end = "max(datum.startNanos, datum.endNanos)";
  return {
    name: `explain-${operation}`,
    title: `From the ${from} to the ${to} ${operation}: ${signed(slow.meanNanos - usual.meanNanos)}`,
    description: `Each bar is by how much one phase takes longer in the operations around ${to} than in those around the ${from === "median" ? "median" : from}; the bars in between lead from one mean to the other.`,
    columns: [
      { field: "phase", title: "phase" },
      { field: "label", title: "time" },
      { field: "startNanos", title: "from (ns)" },
      { field: "endNanos", title: "to (ns)" },
    ],
    rows: bars,
    spec: {
      height: bars.length * BAR_HEIGHT,
      layer: [
        {
          mark: { type: "bar", cornerRadius: 2, height: BAR_HEIGHT - 9 },
          encoding: {
            x: {
              field: "startNanos",
              type: "quantitative",
              scale: { domain: [0, compact(whole * LABEL_ROOM)], nice: false },
              axis: { title: "latency", labelExpr: nanosExpression("datum.value", 3), tickCount: 6 },
            },
            x2: { field: "endNanos" },
            y,
            color: {
              field: "kind",
              type: "nominal",
              scale: { domain: ["whole", "slower", "faster"], range: ["#6b7280", "#d55e00", "#009e73"] },
              legend: null,
            },
            tooltip: [
              { field: "phase", type: "nominal" },
              { field: "label", type: "nominal", title: "time" },
            ],
          },
        },
        {
          transform: [{ calculate: end, as: "labelNanos" }],
          mark: { type: "text", align: "left", dx: 5, baseline: "middle" },
          encoding: {
            x: { field: "labelNanos", type: "quantitative" },
            y,
            text: { field: "label", type: "nominal" },
          },
        },
      ],
    },
  };
}

/** What the time of both groups goes by with, beside each other. */
export function explanationResources(explanation: Explanation): Chart {
  const { operation, slow, usual } = explanation;
  const [from, to] = [percentileName(usual), percentileName(slow)];
  const whole = Math.max(slow.meanNanos, usual.meanNanos);
  const shown = explainedRows(explanation, "resource").filter(
    ({ slowNanos, usualNanos }) => Math.max(slowNanos, usualNanos) >= SHARE_MIN * whole,
  );
  const rows: Row[] = shown.flatMap(({ name, slowNanos, usualNanos }) => [
    { resource: name, group: from, nanos: compact(usualNanos), label: formatNanos(usualNanos) },
    { resource: name, group: to, nanos: compact(slowNanos), label: formatNanos(slowNanos) },
  ]);
  const longest = Math.max(...shown.map(({ slowNanos, usualNanos }) => Math.max(slowNanos, usualNanos)));
  const x = {
    field: "nanos",
    type: "quantitative",
    scale: { domain: [0, compact(longest * LABEL_ROOM)], nice: false },
    axis: { title: "mean time of an operation", labelExpr: nanosExpression("datum.value", 3), tickCount: 6 },
  };
  const y = {
    field: "resource",
    type: "nominal",
    sort: shown.map(({ name }) => name),
    axis: { title: null, grid: false, ticks: false, domain: false, labelLimit: 280 },
  };
  const yOffset = { field: "group", type: "nominal", sort: [from, to] };
  return {
    name: `explain-${operation}-resources`,
    title: `What the time of the ${from} and the ${to} ${operation} goes by with`,
    description: `Mean times of the operations around ${to} and around ${from === "median" ? "the median" : from}, by what they went by with; what explains most of the difference stands on top.`,
    columns: [
      { field: "resource", title: "goes by with" },
      { field: "group", title: "operations" },
      { field: "nanos", title: "mean (ns)" },
    ],
    rows,
    spec: {
      height: shown.length * 2 * RESOURCE_BAR_HEIGHT,
      layer: [
        {
          mark: { type: "bar", cornerRadius: 2 },
          encoding: {
            x,
            y,
            yOffset,
            color: {
              field: "group",
              type: "nominal",
              sort: [from, to],
              scale: { domain: [from, to], range: ["#6b7280", "#d55e00"] },
            },
            tooltip: [
              { field: "resource", type: "nominal" },
              { field: "group", type: "nominal" },
              { field: "label", type: "nominal", title: "mean" },
            ],
          },
        },
        {
          mark: { type: "text", align: "left", dx: 5, baseline: "middle" },
          encoding: { x, y, yOffset, text: { field: "label", type: "nominal" } },
        },
      ],
    },
  };
}

function bar(phase: string, startNanos: number, endNanos: number, kind: string, label: string): Row {
  return { phase, startNanos: compact(startNanos), endNanos: compact(endNanos), kind, label };
}
