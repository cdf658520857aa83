/** The time around a fault: latency and throughput in steps fine enough to see an outage and how it ends. */

import type { CloseUpResult, VariantResult, ViewChangeResult } from "../../scenarios/result.ts";
import { CHANGE_PHASES, phasesOf } from "../faults.ts";
import { formatNanos, type Unit } from "../format.ts";
import type { Chart, Row } from "./chart.ts";
import { faultLanes, faultsOfFirst, type Span } from "./fault-lanes.ts";
import {
  compact,
  hoverLayer,
  latencyEncoding,
  nanosExpression,
  perSecondEncoding,
  perSecondExpression,
  timeUnit,
} from "./parts.ts";

const HEIGHT = 200;
const MEASURES = ["p50", "max"] as const;

/** Latency and throughput around each of the first faults of the first replication. */
export function closeUps(variant: VariantResult): readonly Chart[] {
  return (variant.faults?.closeUps ?? []).flatMap((closeUp, index) => {
    const view = viewOf(variant, closeUp);
    const charts = [latencyAround(closeUp, view, index + 1), throughputAround(closeUp, view, index + 1)];
    return charts.filter((chart) => chart !== undefined);
  });
}

interface View {
  readonly span: Span;
  readonly unit: Unit;
  /** Behind the lines: the faults. */
  readonly lanes: ReturnType<typeof faultLanes>;
  /** What the end of a view consisted of, where one fell into this time. */
  readonly story: string;
}

function viewOf(variant: VariantResult, closeUp: CloseUpResult): View {
  const { fromNanos, intervalNanos, atNanos } = closeUp;
  const intervals = Math.max(0, ...closeUp.operations.map((each) => each.p50Nanos.length));
  const span = { fromNanos, untilNanos: fromNanos + intervals * intervalNanos };
  const faults = faultsOfFirst(variant.faults);
  const unit = timeUnit(span.untilNanos - span.fromNanos);
  const changes = faults.viewChanges.filter(
    (each) => each.frozenNanos >= span.fromNanos && each.frozenNanos < span.untilNanos,
  );
  return {
    span,
    unit,
    lanes: faultLanes(faults, span, unit, atNanos),
    story: changes.map(storyOf).join(" "),
  };
}

function storyOf(change: ViewChangeResult): string {
  const phases = phasesOf(change);
  const words = CHANGE_PHASES.map(
    (phase) => `${phase} ${phases[phase] === undefined ? "without end" : formatNanos(phases[phase])}`,
  );
  return `View ${change.viewId} ended: ${words.join(", ")}.`;
}

function timeAxis({ span, unit }: View, atNanos: number) {
  const place = (nanos: number): number => (nanos - atNanos) / unit.size;
  return {
    field: "time",
    type: "quantitative",
    scale: { domain: [place(span.fromNanos), place(span.untilNanos)], nice: false },
    axis: { title: `time since the fault began (${unit.symbol})`, grid: false, tickCount: 8 },
  };
}

/** The moment an interval is drawn at, its middle, since the fault began. */
const timeOf = ({ fromNanos, intervalNanos, atNanos }: CloseUpResult, index: number, unit: Unit): number =>
  compact((fromNanos + (index + 0.5) * intervalNanos - atNanos) / unit.size);

const colourOf = ({ operations }: CloseUpResult) => ({
  field: "operation",
  type: "nominal",
  sort: operations.map(({ operation }) => operation),
  legend: { symbolType: "stroke" },
});

function latencyAround(closeUp: CloseUpResult, view: View, number: number): Chart | undefined {
  const { unit, lanes } = view;
  const rows: Row[] = closeUp.operations.flatMap((each) =>
    MEASURES.flatMap((measure) =>
      each[`${measure}Nanos`].map((latencyNanos, index) => ({
        operation: each.operation,
        measure,
        time: timeOf(closeUp, index, unit),
        latencyNanos: latencyNanos === null ? null : compact(latencyNanos),
      })),
    ),
  );
  const values = rows.map((row) => row.latencyNanos as number | null);
  if (values.every((each) => each === null)) return undefined;
  const x = timeAxis(view, closeUp.atNanos);
  const y = { field: "latencyNanos", ...latencyEncoding(values, "latency") };
  const color = colourOf(closeUp);
  const strokeDash = {
    field: "measure",
    type: "nominal",
    sort: [...MEASURES],
    legend: { symbolType: "stroke" },
    scale: {
      domain: [...MEASURES],
      range: [
        [1, 0],
        [4, 3],
      ],
    },
  };
  const tooltip = [
    { field: "operation", type: "nominal" },
    { field: "measure", type: "nominal" },
    { field: "time", type: "quantitative", title: `time (${unit.symbol})` },
    { field: "text", type: "nominal", title: "latency" },
  ];
  return {
    name: `fault-${number}-latency`,
    title: `Latency around ${closeUp.fault}`,
    description:
      `Median and maximum of what completed in each ${formatNanos(closeUp.intervalNanos)}; a line breaks where nothing did. First replication. ${view.story}`.trim(),
    columns: [
      { field: "operation", title: "operation" },
      { field: "measure", title: "measure" },
      { field: "time", title: `time since the fault began (${unit.symbol})` },
      { field: "latencyNanos", title: "latency (ns)" },
    ],
    rows,
    spec: {
      height: HEIGHT,
      config: lanes.config,
      transform: [{ calculate: nanosExpression("datum.latencyNanos", 4), as: "text" }],
      layer: [
        ...lanes.layers,
        // A point by itself, between two intervals without any, would have no line.
        {
          mark: { type: "line", point: { size: 9, filled: true, aria: false } },
          encoding: { x, y, color, strokeDash },
        },
        hoverLayer({ x, y, color, tooltip }),
      ],
    },
  };
}

function throughputAround(closeUp: CloseUpResult, view: View, number: number): Chart | undefined {
  const { unit, lanes } = view;
  const rows: Row[] = closeUp.operations.flatMap(({ operation, completedPerSecond }) =>
    completedPerSecond.map((perSecond, index) => ({
      operation,
      time: timeOf(closeUp, index, unit),
      perSecond: compact(perSecond),
    })),
  );
  if (rows.length === 0) return undefined;
  const x = timeAxis(view, closeUp.atNanos);
  const y = { field: "perSecond", ...perSecondEncoding("completed per second") };
  const color = colourOf(closeUp);
  const tooltip = [
    { field: "operation", type: "nominal" },
    { field: "time", type: "quantitative", title: `time (${unit.symbol})` },
    { field: "text", type: "nominal", title: "throughput" },
  ];
  return {
    name: `fault-${number}-throughput`,
    title: `Throughput around ${closeUp.fault}`,
    description:
      `Operations completed per second, in steps of ${formatNanos(closeUp.intervalNanos)}. First replication. ${view.story}`.trim(),
    columns: [
      { field: "operation", title: "operation" },
      { field: "time", title: `time since the fault began (${unit.symbol})` },
      { field: "perSecond", title: "completed per second" },
    ],
    rows,
    spec: {
      height: HEIGHT,
      config: lanes.config,
      transform: [{ calculate: perSecondExpression("datum.perSecond"), as: "text" }],
      layer: [
        ...lanes.layers,
        { mark: { type: "line", interpolate: "step" }, encoding: { x, y, color } },
        hoverLayer({ x, y, color, tooltip }),
      ],
    },
  };
}
