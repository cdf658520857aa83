/** The charts of a sweep: lines along one field, a heat map over two, and which field moves the result most. */

import {
  type Effect,
  measuredAt,
  type SweepQuestion,
  type SweepResult,
} from "../../scenarios/sweep/sweep.ts";
import type { Chart, Row } from "./chart.ts";
import { compact, legendOf, nanosExpression, perSecondEncoding, perSecondExpression } from "./parts.ts";

const LINE_HEIGHT = 280;
const CELL_HEIGHT = 34;
const BAR_HEIGHT = 26;

const titleOf = ({ operation, metric }: SweepQuestion): string => `${operation} ${metric}`;
const isRate = ({ metric }: SweepQuestion): boolean => metric === "throughput";

/**
 * Along the last field, a line for each combination of the others. Undefined with two fields and more than a handful of lines: the heat
 * map shows them.
 */
export function sweepLines(result: SweepResult, question: SweepQuestion): Chart | undefined {
  const { over, points } = result;
  const along = over.at(-1)!;
  const others = over.slice(0, -1);
  const rows = points.flatMap(({ values, runs }): Row[] => {
    const found = measuredAt({ values, runs }, question);
    if (found === undefined) return [];
    const line = others.map(({ path }, i) => `${path} ${values[i]}`).join(", ");
    return [
      {
        line: line === "" ? titleOf(question) : line,
        setting: values.at(-1)!,
        value: compact(found.mean),
        low: found.low === null ? null : compact(found.low),
        high: found.high === null ? null : compact(found.high),
      },
    ];
  });
  const lines = [...new Set(rows.map((row) => row.line as string))];
  if (rows.length === 0 || lines.length > 8) return undefined;
  // Values are told in the file's words and order: between 50us and 2ms there is no axis for both times and switches.
  const x = {
    field: "setting",
    type: "ordinal",
    sort: [...along.values],
    axis: { title: along.path, labelAngle: 0, labelOverlap: "greedy", grid: false },
  };
  const axis = isRate(question)
    ? perSecondEncoding(titleOf(question))
    : {
        type: "quantitative",
        scale: { zero: true, nice: true },
        axis: { title: titleOf(question), labelExpr: nanosExpression("datum.value", 3), tickCount: 6 },
      };
  const y = { field: "value", ...axis };
  const color = {
    field: "line",
    type: "nominal",
    sort: lines,
    legend: lines.length === 1 ? null : legendOf(lines),
  };
  const tooltip = [
    { field: "line", type: "nominal" },
    { field: "setting", type: "nominal", title: along.path },
    { field: "value", type: "quantitative", title: unitTitle(question) },
    { field: "low", type: "quantitative", title: "95 % from" },
    { field: "high", type: "quantitative", title: "to" },
  ];
  return {
    name: "sweep-lines",
    title: `${titleOf(question)} by ${along.path}`,
    description: `Means over ${result.seeds.length} seed${result.seeds.length === 1 ? "" : "s"}${result.seeds.length > 1 ? ", with 95 % confidence bands" : ""}.`,
    columns: [
      { field: "line", title: "line" },
      { field: "setting", title: along.path },
      { field: "value", title: unitTitle(question) },
      { field: "low", title: "low" },
      { field: "high", title: "high" },
    ],
    rows,
    spec: {
      height: LINE_HEIGHT,
      layer: [
        // The first layer decides what the legend shows.
        { mark: { type: "line" }, encoding: { x, y, color } },
        ...(rows.some(({ low }) => low !== null)
          ? [
              {
                transform: [{ filter: "datum.low !== null" }],
                mark: { type: "area", opacity: 0.18 },
                encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
              },
            ]
          : []),
        { mark: { type: "point" }, encoding: { x, y, color, tooltip } },
      ],
    },
  };
}

/** Of exactly two fields. */
export function sweepHeatMap(result: SweepResult, question: SweepQuestion): Chart | undefined {
  const [first, second] = result.over;
  if (result.over.length !== 2 || first === undefined || second === undefined) return undefined;
  const rows = result.points.flatMap((point): Row[] => {
    const found = measuredAt(point, question);
    return found === undefined
      ? []
      : [{ one: point.values[0]!, two: point.values[1]!, value: compact(found.mean) }];
  });
  if (rows.length === 0) return undefined;
  const axis = (path: string) => ({ title: path, labelAngle: 0, labelOverlap: "greedy" });
  const x = { field: "two", type: "ordinal", sort: [...second.values], axis: axis(second.path) };
  const y = { field: "one", type: "ordinal", sort: [...first.values], axis: axis(first.path) };
  const words = isRate(question) ? perSecondExpression("datum.value") : nanosExpression("datum.value", 3);
  const color = {
    field: "value",
    type: "quantitative",
    scale: { scheme: "viridis" },
    legend: { title: null, format: "~s", labelExpr: words, gradientLength: 200 },
  };
  return {
    name: "sweep-heat-map",
    title: `${titleOf(question)} over both`,
    description: "Means over seeds, written into each cell.",
    columns: [
      { field: "one", title: first.path },
      { field: "two", title: second.path },
      { field: "value", title: unitTitle(question) },
    ],
    rows,
    spec: {
      height: first.values.length * CELL_HEIGHT,
      layer: [
        {
          mark: { type: "rect" },
          encoding: {
            x,
            y,
            color,
            tooltip: [
              { field: "one", type: "nominal", title: first.path },
              { field: "two", type: "nominal", title: second.path },
              { field: "value", type: "quantitative", title: unitTitle(question) },
            ],
          },
        },
        {
          transform: [{ calculate: words, as: "words" }],
          mark: { type: "text", fontSize: 11 },
          encoding: {
            x,
            y,
            text: { field: "words" },
            // Viridis is dark at its lower end and light at the upper.
            color: {
              condition: { test: `datum.value > ${middleOf(rows)}`, value: "#111111" },
              value: "#ffffff",
            },
          },
        },
      ],
    },
  };
}

function middleOf(rows: readonly Row[]): number {
  const values = rows.map(({ value }) => value as number);
  return (Math.min(...values) + Math.max(...values)) / 2;
}

/** Undefined with one field: there is nothing to rank. */
export function sweepEffects(effects: readonly Effect[], question: SweepQuestion): Chart | undefined {
  if (effects.length < 2) return undefined;
  const rows = effects.map(({ path, range }): Row => ({ path, range: compact(range) }));
  const y = {
    field: "path",
    type: "nominal",
    sort: effects.map(({ path }) => path),
    axis: { title: null, grid: false, ticks: false, domain: false, labelLimit: 300 },
  };
  const x = {
    field: "range",
    type: "quantitative",
    axis: { title: "range of its means, as a share of the mean of all", format: ".0%", tickCount: 6 },
  };
  return {
    name: "sweep-effects",
    title: `What moves ${titleOf(question)}`,
    description: "For each field, how far the means at its values lie apart, over all values of the others.",
    columns: [
      { field: "path", title: "field" },
      { field: "range", title: "range" },
    ],
    rows,
    spec: {
      height: rows.length * BAR_HEIGHT,
      layer: [
        {
          mark: { type: "bar", cornerRadiusEnd: 2 },
          encoding: {
            x,
            y,
            tooltip: [
              { field: "path", type: "nominal", title: "field" },
              { field: "range", type: "quantitative", format: ".1%" },
            ],
          },
        },
      ],
    },
  };
}

const unitTitle = (question: SweepQuestion): string => (isRate(question) ? "per second" : "latency (ns)");
