/** Where the time of an operation goes: its phases as a waterfall. */

import type { AnatomyResult } from "../../scenarios/result.ts";
import { formatCount, formatNanos, formatShare } from "../format.ts";
import type { Chart, Row } from "./chart.ts";
import { compact, nanosExpression } from "./parts.ts";

const BAR_HEIGHT = 24;

export function anatomy(result: AnatomyResult): Chart | undefined {
  const wholeNanos = result.phases.reduce((sum, phase) => sum + phase.meanNanos, 0);
  if (result.sampled === 0 || wholeNanos === 0) return undefined;
  let startNanos = 0;
  const rows: Row[] = result.phases.map((phase) => {
    const row = {
      phase: phase.phase,
      startNanos: compact(startNanos),
      endNanos: compact(startNanos + phase.meanNanos),
      meanNanos: compact(phase.meanNanos),
      p99Nanos: compact(phase.p99Nanos),
      label: `${formatNanos(phase.meanNanos)} · ${formatShare(phase.meanNanos / wholeNanos)}`,
      p99Text: formatNanos(phase.p99Nanos),
    };
    startNanos += phase.meanNanos;
    return row;
  });
  const y = {
    field: "phase",
    type: "nominal",
    sort: rows.map((row) => row.phase),
    axis: { title: null, grid: false, ticks: false, domain: false, labelLimit: 280 },
  };
  // The label of a bar in the right half stands before it, where there is room.
  const inLeftHalf = `datum.startNanos + datum.endNanos < ${wholeNanos}`;
  const label = (filter: string, field: string, align: string, dx: number) => ({
    transform: [{ filter }],
    mark: { type: "text", align, dx, baseline: "middle" },
    encoding: {
      x: { field, type: "quantitative" },
      y,
      text: { field: "label", type: "nominal" },
    },
  });
  return {
    name: `anatomy-${result.operation}`,
    title: `Where the time of ${article(result.operation)} ${result.operation} goes: ${formatNanos(wholeNanos)} on average`,
    description: `Mean time of each phase, one after the other, over ${formatCount(result.sampled)} sampled operations.`,
    columns: [
      { field: "phase", title: "phase" },
      { field: "meanNanos", title: "mean (ns)" },
      { field: "p99Nanos", title: "p99 (ns)" },
    ],
    rows,
    spec: {
      height: rows.length * BAR_HEIGHT,
      layer: [
        {
          mark: { type: "bar", cornerRadius: 2, height: BAR_HEIGHT - 9 },
          encoding: {
            x: {
              field: "startNanos",
              type: "quantitative",
              scale: { domain: [0, compact(wholeNanos)], nice: false },
              axis: {
                title: "time since the call",
                labelExpr: nanosExpression("datum.value", 3),
                tickCount: 6,
              },
            },
            x2: { field: "endNanos" },
            y,
            tooltip: [
              { field: "phase", type: "nominal" },
              { field: "label", type: "nominal", title: "mean" },
              { field: "p99Text", type: "nominal", title: "p99" },
            ],
          },
        },
        label(inLeftHalf, "endNanos", "left", 5),
        label(`!(${inLeftHalf})`, "startNanos", "right", -5),
      ],
    },
  };
}

const article = (noun: string): string => (/^[aeiou]/i.test(noun) ? "an" : "a");
