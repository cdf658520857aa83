/** What happened when: throughput and latency of each operation over virtual time. */

import type { ScenarioResult, VariantResult } from "../../scenarios/result.ts";
import type { Unit } from "../format.ts";
import type { Chart, Row } from "./chart.ts";
import { faultLanes, faultsOfFirst } from "./fault-lanes.ts";
import {
  compact,
  hoverLayer,
  latencyEncoding,
  legendOf,
  nanosExpression,
  perSecondEncoding,
  perSecondExpression,
  timeEncoding,
  timeUnit,
  warmupLayers,
} from "./parts.ts";

const FIRST_REPLICATION = "The first replication; the shaded warm-up does not count in the tables.";

/** The moment an interval is drawn at: its middle. */
const middle = (index: number, intervalNanos: number, unitNanos: number): number =>
  compact(((index + 0.5) * intervalNanos) / unitNanos);

export function throughputOverTime(result: ScenarioResult, variant: VariantResult): Chart | undefined {
  const { intervalNanos, operations } = variant.series;
  const endNanos = intervalNanos * Math.max(0, ...operations.map((each) => each.completedPerSecond.length));
  if (endNanos === 0) return undefined;
  const unit = timeUnit(endNanos);
  const rows: Row[] = operations.flatMap((each) =>
    each.completedPerSecond.map((perSecond, index) => ({
      operation: each.operation,
      time: middle(index, intervalNanos, unit.size),
      perSecond: compact(perSecond),
    })),
  );
  const lanes = lanesOf(variant, unit, endNanos);
  const x = timeEncoding("time", unit, endNanos);
  const y = { field: "perSecond", ...perSecondEncoding("completed per second") };
  const color = operationColour(operations);
  const tooltip = [
    { field: "operation", type: "nominal" },
    { field: "time", type: "quantitative", title: `time (${unit.symbol})` },
    { field: "text", type: "nominal", title: "throughput" },
  ];
  return {
    name: "throughput",
    title: "Throughput over time",
    description: `Operations completed per second of virtual time. ${FIRST_REPLICATION}`,
    columns: [
      { field: "operation", title: "operation" },
      { field: "time", title: `time (${unit.symbol})` },
      { field: "perSecond", title: "completed per second" },
    ],
    rows,
    spec: {
      height: 220,
      config: lanes.config,
      transform: [{ calculate: perSecondExpression("datum.perSecond"), as: "text" }],
      layer: [
        ...warmupLayers(result.warmupNanos, unit),
        ...lanes.layers,
        { mark: "line", encoding: { x, y, color } },
        hoverLayer({ x, y, color, tooltip }),
      ],
    },
  };
}

export function latencyOverTime(result: ScenarioResult, variant: VariantResult): Chart | undefined {
  const { intervalNanos, operations } = variant.series;
  const endNanos = intervalNanos * Math.max(0, ...operations.map((each) => each.p50Nanos.length));
  const unit = timeUnit(endNanos);
  const rows: Row[] = operations.flatMap((each) =>
    (["p50", "p99"] as const).flatMap((percentile) =>
      each[`${percentile}Nanos`].map((latencyNanos, index) => ({
        operation: each.operation,
        percentile,
        time: middle(index, intervalNanos, unit.size),
        latencyNanos: latencyNanos === null ? null : compact(latencyNanos),
      })),
    ),
  );
  if (rows.every((row) => row.latencyNanos === null)) return undefined;
  const lanes = lanesOf(variant, unit, endNanos);
  const x = timeEncoding("time", unit, endNanos);
  const y = {
    field: "latencyNanos",
    ...latencyEncoding(
      rows.map((row) => row.latencyNanos as number | null),
      "latency",
      // Room above the lines for the word in the shaded period.
      1.6,
    ),
  };
  const color = operationColour(operations);
  const strokeDash = {
    field: "percentile",
    type: "nominal",
    sort: ["p50", "p99"],
    scale: {
      domain: ["p50", "p99"],
      range: [
        [1, 0],
        [4, 3],
      ],
    },
  };
  const tooltip = [
    { field: "operation", type: "nominal" },
    { field: "percentile", type: "nominal" },
    { field: "time", type: "quantitative", title: `time (${unit.symbol})` },
    { field: "text", type: "nominal", title: "latency" },
  ];
  return {
    name: "latency",
    title: "Latency over time: p50 and p99",
    description: `Percentiles of the operations that completed in each interval. ${FIRST_REPLICATION}`,
    columns: [
      { field: "operation", title: "operation" },
      { field: "percentile", title: "percentile" },
      { field: "time", title: `time (${unit.symbol})` },
      { field: "latencyNanos", title: "latency (ns)" },
    ],
    rows,
    spec: {
      height: 220,
      config: lanes.config,
      transform: [{ calculate: nanosExpression("datum.latencyNanos", 4), as: "text" }],
      layer: [
        ...warmupLayers(result.warmupNanos, unit),
        ...lanes.layers,
        { mark: "line", encoding: { x, y, color, strokeDash } },
        hoverLayer({ x, y, color, tooltip }),
      ],
    },
  };
}

/** How variants fare under faults: the operation that most of them carry out most. */
export function compareThroughputOverTime(result: ScenarioResult): Chart | undefined {
  const withFaults = result.variants.find(({ faults }) => faults !== undefined);
  if (withFaults === undefined) return undefined;
  const operation = busiestOf(withFaults);
  if (operation === undefined) return undefined;
  const series = result.variants.flatMap(({ variant, series: { intervalNanos, operations } }) =>
    operations
      .filter((each) => each.operation === operation)
      .map(({ completedPerSecond }) => ({ variant, intervalNanos, completedPerSecond })),
  );
  const endNanos = Math.max(0, ...series.map((each) => each.intervalNanos * each.completedPerSecond.length));
  if (endNanos === 0) return undefined;
  const unit = timeUnit(endNanos);
  const rows: Row[] = series.flatMap(({ variant, intervalNanos, completedPerSecond }) =>
    completedPerSecond.map((perSecond, index) => ({
      variant,
      time: middle(index, intervalNanos, unit.size),
      perSecond: compact(perSecond),
    })),
  );
  const lanes = lanesOf(withFaults, unit, endNanos);
  const x = timeEncoding("time", unit, endNanos);
  const y = { field: "perSecond", ...perSecondEncoding(`${operation} completed per second`) };
  const variants = series.map(({ variant }) => variant);
  const color = { field: "variant", type: "nominal", sort: variants, legend: legendOf(variants) };
  const tooltip = [
    { field: "variant", type: "nominal" },
    { field: "time", type: "quantitative", title: `time (${unit.symbol})` },
    { field: "text", type: "nominal", title: "throughput" },
  ];
  return {
    name: "compare-throughput-over-time",
    title: `Throughput of ${operation} over time, by variant`,
    description: `Operations completed per second of virtual time, with the faults of ${withFaults.variant}. ${FIRST_REPLICATION}`,
    columns: [
      { field: "variant", title: "variant" },
      { field: "time", title: `time (${unit.symbol})` },
      { field: "perSecond", title: "completed per second" },
    ],
    rows,
    spec: {
      height: 220,
      config: lanes.config,
      transform: [{ calculate: perSecondExpression("datum.perSecond"), as: "text" }],
      layer: [
        ...warmupLayers(result.warmupNanos, unit),
        ...lanes.layers,
        { mark: "line", encoding: { x, y, color } },
        hoverLayer({ x, y, color, tooltip }),
      ],
    },
  };
}

function busiestOf({ operations }: VariantResult): string | undefined {
  const [busiest] = [...operations].sort((a, b) => b.count - a.count);
  return busiest?.operation;
}

/** The faults of the first replication, whose series is drawn. */
const lanesOf = (variant: VariantResult, unit: Unit, endNanos: number) =>
  faultLanes(faultsOfFirst(variant.faults), { fromNanos: 0, untilNanos: endNanos }, unit);

const operationColour = (operations: readonly { readonly operation: string }[]) => ({
  field: "operation",
  type: "nominal",
  sort: operations.map((each) => each.operation),
});
