/** What a fault did to each operation: throughput and latency before it, while it lasted, and afterwards, as small multiples. */

import type { Impact, Stretch } from "../../scenarios/fault-impact.ts";
import type { VariantResult } from "../../scenarios/result.ts";
import { faultGroups } from "../faults.ts";
import { formatNanos, formatPerSecond } from "../format.ts";
import { type Chart, HOVER_LAYER, type Row } from "./chart.ts";
import { compact } from "./parts.ts";

const STRETCHES = ["before", "during", "after"] as const;
const MEASURES = [
  { name: "throughput", of: (stretch: Stretch) => stretch.throughputPerSecond, text: formatPerSecond },
  { name: "p50", of: (stretch: Stretch) => stretch.p50Nanos, text: formatNanos },
  { name: "p99", of: (stretch: Stretch) => stretch.p99Nanos, text: formatNanos },
  // What waited for the end of an outage may be too little for any percentile.
  { name: "max", of: (stretch: Stretch) => stretch.maxNanos, text: formatNanos },
] as const;
type Measure = (typeof MEASURES)[number];

/** More panels would have no room for their labels. */
const OPERATIONS_MAX = 6;
const CHARTS_MAX = 4;
const HEIGHT = 200;
/** What is less is drawn here: nothing at all has no place on a logarithmic axis. */
const RATIO_MIN = 0.01;
const TICKS = [0.01, 0.1, 0.5, 1, 2, 10, 100, 1_000, 10_000, 100_000];

/** A chart for each of the first faults of the scenario, all its occurrences together. */
export function beforeAfter(variant: VariantResult): readonly Chart[] {
  const charts = faultGroups(variant.faults?.periods ?? []).flatMap(({ fault, periods }) => {
    const rows = rowsOf(periods.flatMap(({ operations }) => operations));
    return rows.length === 0 ? [] : [{ fault, rows }];
  });
  return charts.slice(0, CHARTS_MAX).map(({ fault, rows }, i) => chartOf(i + 1, fault, rows));
}

/** A row for each operation, measure and stretch of time of which something is known, in relation to the time before. */
function rowsOf(impacts: readonly Impact[]): Row[] {
  const operations = [...new Set(impacts.map(({ operation }) => operation))].slice(0, OPERATIONS_MAX);
  return operations.flatMap((operation) =>
    MEASURES.flatMap((measure) =>
      STRETCHES.flatMap((stretch): Row[] => {
        const own = impacts.filter((each) => each.operation === operation);
        const compared = own.flatMap((each) => comparedTo(each, stretch, measure));
        if (compared.length === 0) return [];
        const ratios = compared.map(({ ratio }) => ratio);
        return [
          {
            ...{ operation, measure: measure.name, stretch },
            ratio: Math.max(RATIO_MIN, compact(mean(ratios))),
            low: Math.max(RATIO_MIN, compact(Math.min(...ratios))),
            high: Math.max(RATIO_MIN, compact(Math.max(...ratios))),
            times: `${compact(Number(mean(ratios).toPrecision(3)))} x`,
            text: measure.text(mean(compared.map(({ value }) => value))),
            count: compared.length,
          },
        ];
      }),
    ),
  );
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Nothing where there is no level before the fault, or where nothing completed that has a latency. */
function comparedTo(
  impact: Impact,
  stretch: (typeof STRETCHES)[number],
  { of }: Measure,
): { readonly ratio: number; readonly value: number }[] {
  const before = impact.before === null ? null : of(impact.before);
  const during = impact[stretch];
  if (before === null || before === 0 || during === null || during.untilNanos === during.fromNanos) return [];
  const value = of(during);
  return value === null ? [] : [{ ratio: value / before, value }];
}

function chartOf(number: number, fault: string, rows: readonly Row[]): Chart {
  const operations = [...new Set(rows.map(({ operation }) => String(operation)))];
  const measures = MEASURES.map(({ name }) => name);
  const highest = Math.max(2, ...rows.map(({ high }) => Number(high)));
  const lowest = Math.min(0.5, ...rows.map(({ low }) => Number(low)));
  const scale = { type: "log", domain: [lowest / 1.2, highest * 1.2], nice: false, clamp: true };
  const x = {
    ...{ field: "operation", type: "nominal", sort: operations },
    scale: { paddingInner: 0.2, paddingOuter: 0.1 },
    axis: {
      ...{ title: null, orient: "top", labelAngle: 0, domain: false, ticks: false, grid: false },
      ...{ labelFontSize: 12, labelPadding: 8, labelLimit: 160 },
    },
  };
  const xOffset = { field: "stretch", type: "nominal", sort: STRETCHES, scale: { domain: STRETCHES } };
  const y = {
    ...{ field: "ratio", type: "quantitative", scale },
    axis: {
      ...{ title: "times the level before", values: TICKS },
      labelExpr: "format(datum.value, '~r') + ' x'",
    },
  };
  const color = {
    ...{ field: "measure", type: "nominal", sort: measures },
    scale: { domain: measures },
    legend: { title: null },
  };
  const isRepeated = rows.some(({ count }) => Number(count) > 1);
  return {
    name: `before-after-${number}`,
    title: `Before, during and after ${fault}`,
    description: `A panel for each operation: its throughput and latency while the fault lasted or was felt, and afterwards, in relation to up to a second before it.${isRepeated ? " Points are means over all times it struck, lines reach from the least to the greatest." : ""} What is less than a hundredth is drawn at a hundredth; a latency is missing where nothing completed.`,
    columns: [
      { field: "operation", title: "operation" },
      { field: "measure", title: "measure" },
      { field: "stretch", title: "when" },
      { field: "text", title: "mean" },
      { field: "times", title: "to before" },
      { field: "count", title: "of" },
    ],
    rows,
    spec: {
      height: HEIGHT,
      layer: [
        {
          data: { values: [{ level: 1 }] },
          mark: { type: "rule", strokeDash: [4, 3] },
          encoding: { y: { field: "level", type: "quantitative", scale } },
        },
        {
          mark: { type: "line" },
          encoding: { x, xOffset, y, color, detail: { field: "operation", type: "nominal" } },
        },
        ...(isRepeated
          ? [
              {
                mark: { type: "rule", strokeWidth: 2, opacity: 0.45 },
                encoding: { x, xOffset, y: { ...y, field: "low" }, y2: { field: "high" }, color },
              },
            ]
          : []),
        { mark: { type: "point", opacity: 1 }, encoding: { x, xOffset, y, color } },
        {
          data: {
            values: operations.flatMap((operation) => STRETCHES.map((stretch) => ({ operation, stretch }))),
          },
          mark: { type: "text", baseline: "top", dy: 6, fontSize: 10 },
          encoding: { x, xOffset, y: { value: HEIGHT }, text: { field: "stretch", type: "nominal" } },
        },
        {
          // Larger than what is seen, so that it is easily met.
          name: `${HOVER_LAYER}-points`,
          mark: { type: "point", size: 220, opacity: 0 },
          encoding: {
            ...{ x, xOffset, y, color },
            tooltip: [
              { field: "operation", type: "nominal" },
              { field: "measure", type: "nominal" },
              { field: "stretch", type: "nominal", title: "when" },
              { field: "text", type: "nominal", title: "mean" },
              { field: "times", type: "nominal", title: "to before" },
            ],
          },
        },
      ],
    },
  };
}
