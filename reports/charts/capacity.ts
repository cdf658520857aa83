/** The load that each variant of a capacity search carries. */

import type { CapacityResult } from "../../scenarios/capacity/capacity.ts";
import { estimatePerSecond, onOneLine } from "../format.ts";
import type { Chart, Row } from "./chart.ts";
import { compact, perSecondEncoding } from "./parts.ts";

const ROW_HEIGHT = 30;

/** Undefined: no variant has an answer. */
export function capacityBars({ variants, slo }: CapacityResult): Chart | undefined {
  const rows = variants.flatMap(({ variant, perSecond }): Row[] =>
    perSecond === null
      ? []
      : [
          {
            variant,
            capacity: compact(perSecond.mean),
            low: perSecond.low === null ? null : compact(Math.max(0, perSecond.low)),
            high: perSecond.high === null ? null : compact(perSecond.high),
            text: onOneLine(estimatePerSecond(perSecond)),
          },
        ],
  );
  if (rows.length === 0) return undefined;
  const y = {
    field: "variant",
    type: "nominal",
    sort: variants.map(({ variant }) => variant),
    axis: { title: null, grid: false, ticks: false, domain: false, labelLimit: 180 },
  };
  const x = { field: "capacity", ...perSecondEncoding("calls per second") };
  // The colours of the curves beside it; the names stand at the bars.
  const color = { field: "variant", type: "nominal", sort: y.sort, legend: null };
  const tooltip = [
    { field: "variant", type: "nominal" },
    { field: "text", type: "nominal", title: "capacity" },
  ];
  const hasIntervals = rows.some(({ low }) => low !== null);
  return {
    name: "capacity",
    title: `The largest load at which ${slo.join(" and ")}`,
    description: hasIntervals
      ? "With 95 % confidence intervals over seeds."
      : "With one seed there is no interval.",
    columns: [
      { field: "variant", title: "variant" },
      { field: "capacity", title: "calls per second" },
      { field: "low", title: "low" },
      { field: "high", title: "high" },
    ],
    rows,
    spec: {
      height: rows.length * ROW_HEIGHT,
      layer: [
        { mark: { type: "bar", cornerRadiusEnd: 2 }, encoding: { x, y, color, tooltip } },
        ...(hasIntervals
          ? [
              {
                transform: [{ filter: "datum.low !== null" }],
                mark: { type: "rule", strokeWidth: 1.2 },
                encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" }, y },
              },
            ]
          : []),
      ],
    },
  };
}
