/** Where work waits: the mean number of waiting jobs over virtual time, at the stations where most wait. */

import type { ScenarioResult, VariantResult } from "../../scenarios/result.ts";
import { formatNumber } from "../format.ts";
import type { Chart, Row } from "./chart.ts";
import { faultLanes, faultsOfFirst } from "./fault-lanes.ts";
import { compact, dashes, hoverLayer, legendOf, timeEncoding, timeUnit, warmupLayers } from "./parts.ts";

/** More lines cannot be told apart. */
const STATIONS_DRAWN_MAX = 6;
/** Where never as many wait, on average over an interval, there is no queue to look at. */
const NOTABLE_LENGTH = 0.05;

export function queueLengths(result: ScenarioResult, variant: VariantResult): Chart | undefined {
  const { intervalNanos, stations } = variant.series;
  const queues = stations.flatMap(({ station, role, queueLength = [] }) => {
    const longest = Math.max(0, ...queueLength);
    return longest < NOTABLE_LENGTH
      ? []
      : [{ station, role, queueLength, longest, mean: meanOf(queueLength) }];
  });
  if (queues.length === 0) return undefined;
  const drawn = [...queues]
    .sort((a, b) => b.mean - a.mean || (a.station < b.station ? -1 : 1))
    .slice(0, STATIONS_DRAWN_MAX);
  const endNanos = intervalNanos * Math.max(...drawn.map(({ queueLength }) => queueLength.length));
  const unit = timeUnit(endNanos);
  const rows: Row[] = drawn.flatMap(({ station, role, queueLength }) =>
    queueLength.map((length, index) => ({
      station,
      role,
      time: compact(((index + 0.5) * intervalNanos) / unit.size),
      length: compact(length),
      text: formatNumber(length),
    })),
  );
  const names = drawn.map(({ station }) => station);
  const lanes = faultLanes(faultsOfFirst(variant.faults), { fromNanos: 0, untilNanos: endNanos }, unit);
  const x = timeEncoding("time", unit, endNanos);
  const y = {
    field: "length",
    type: "quantitative",
    scale: { zero: true, nice: true },
    axis: { title: "mean number waiting", tickCount: 5 },
  };
  const color = { field: "station", type: "nominal", sort: names, legend: legendOf(names) };
  const omitted = queues.length - drawn.length;
  return {
    name: "queue-lengths",
    title: "Queues over time",
    description: `Jobs that wait at a station, not in service, averaged over each interval of the first replication: the stations where most wait.${omitted === 0 ? "" : ` ${omitted} more with shorter queues are not drawn.`}`,
    columns: [
      { field: "station", title: "station" },
      { field: "role", title: "role" },
      { field: "time", title: `time (${unit.symbol})` },
      { field: "length", title: "mean number waiting" },
    ],
    rows,
    spec: {
      height: 220,
      config: lanes.config,
      layer: [
        ...warmupLayers(result.warmupNanos, unit),
        ...lanes.layers,
        { mark: "line", encoding: { x, y, color, strokeDash: dashes("station", names) } },
        hoverLayer({
          x,
          y,
          color,
          tooltip: [
            { field: "station", type: "nominal" },
            { field: "time", type: "quantitative", title: `time (${unit.symbol})` },
            { field: "text", type: "nominal", title: "waiting" },
          ],
        }),
      ],
    },
  };
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
