/** Which stations are busy: over the whole run as bars, and over time as a heat map. */

import type { ScenarioResult, StationResult, VariantResult } from "../../scenarios/result.ts";
import { estimateShare, formatNumber, onOneLine } from "../format.ts";
import { chooseStations } from "../station-choice.ts";
import type { Chart, Row } from "./chart.ts";
import { compact, legendOf, shareEncoding, timeEncoding, timeUnit } from "./parts.ts";

const STATIONS_SHOWN_MAX = 30;
const COLUMNS_MAX = 60;
const BAR_HEIGHT = 17;

export function utilisationBars(variant: VariantResult): Chart | undefined {
  const { shown, omittedCount } = chooseStations(variant.stations, STATIONS_SHOWN_MAX);
  if (shown.length === 0) return undefined;
  const rows: Row[] = shown.map((station) => ({
    role: station.role,
    station: station.station,
    utilisation: compact(station.utilisation.mean),
    low: station.utilisation.low,
    high: station.utilisation.high,
    utilisationText: onOneLine(estimateShare(station.utilisation)),
    queueLength: formatNumber(station.queueLength.mean),
    servers: station.servers,
  }));
  const y = stationEncoding(shown);
  const roles = rolesOf(shown);
  const color = { field: "role", type: "nominal", sort: roles, legend: legendOf(roles) };
  return {
    name: "utilisation",
    title: "Utilisation by station",
    description: `Busy share of each station's servers over the measured time, grouped by role, the busiest first; thin lines are 95 % confidence intervals.${omittedText(omittedCount)}`,
    columns: [
      { field: "role", title: "role" },
      { field: "station", title: "station" },
      { field: "servers", title: "servers" },
      { field: "utilisation", title: "utilisation (share)" },
      { field: "low", title: "low" },
      { field: "high", title: "high" },
      { field: "queueLength", title: "mean queue length" },
    ],
    rows,
    spec: {
      height: rows.length * BAR_HEIGHT,
      layer: [
        {
          mark: { type: "bar", cornerRadiusEnd: 2, height: BAR_HEIGHT - 6 },
          encoding: {
            x: { field: "utilisation", ...shareEncoding("utilisation") },
            y,
            color,
            tooltip: [
              { field: "station", type: "nominal" },
              { field: "role", type: "nominal" },
              { field: "servers", type: "quantitative" },
              { field: "utilisationText", type: "nominal", title: "utilisation" },
              { field: "queueLength", type: "nominal", title: "mean queue length" },
            ],
          },
        },
        {
          transform: [{ filter: "datum.low !== null" }],
          mark: { type: "rule", strokeWidth: 1.2 },
          encoding: { x: { field: "low", type: "quantitative" }, x2: { field: "high" }, y },
        },
      ],
    },
  };
}

export function utilisationOverTime(result: ScenarioResult, variant: VariantResult): Chart | undefined {
  const { intervalNanos } = variant.series;
  const series = new Map(variant.series.stations.map((station) => [station.station, station]));
  const known = variant.stations.filter((station) => series.has(station.station));
  const { shown, omittedCount } = chooseStations(known, STATIONS_SHOWN_MAX);
  const intervals = Math.max(0, ...shown.map((each) => series.get(each.station)!.utilisation.length));
  if (intervals === 0) return undefined;
  // Several intervals share a column where the picture would have more columns than the eye can use.
  const perColumn = Math.ceil(intervals / COLUMNS_MAX);
  const endNanos = intervals * intervalNanos;
  const unit = timeUnit(endNanos);
  const rows: Row[] = shown.flatMap((station) =>
    columnsOf(series.get(station.station)!.utilisation, perColumn).map((utilisation, column) => ({
      role: station.role,
      station: station.station,
      start: compact((column * perColumn * intervalNanos) / unit.size),
      end: compact((Math.min((column + 1) * perColumn, intervals) * intervalNanos) / unit.size),
      utilisation: Number(utilisation.toFixed(4)),
    })),
  );
  const warmup = result.warmupNanos / unit.size;
  return {
    name: "utilisation-over-time",
    title: "Utilisation of each station over time",
    description: `One row per station, one column per interval of the first replication; the dashed line is the end of the warm-up.${omittedText(omittedCount)}`,
    columns: [
      { field: "station", title: "station" },
      { field: "start", title: `from (${unit.symbol})` },
      { field: "end", title: `to (${unit.symbol})` },
      { field: "utilisation", title: "utilisation (share)" },
    ],
    rows,
    spec: {
      height: shown.length * BAR_HEIGHT,
      layer: [
        {
          mark: { type: "rect" },
          encoding: {
            x: timeEncoding("start", unit, endNanos),
            x2: { field: "end" },
            y: stationEncoding(shown),
            color: {
              field: "utilisation",
              type: "quantitative",
              scale: { domain: [0, 1], scheme: "viridis" },
              legend: { title: "utilisation", format: ".0%", gradientLength: 160, tickCount: 3 },
            },
            tooltip: [
              { field: "station", type: "nominal" },
              { field: "start", type: "quantitative", title: `from (${unit.symbol})` },
              { field: "utilisation", type: "quantitative", format: ".1%" },
            ],
          },
        },
        ...(warmup > 0
          ? [
              {
                data: { values: [{ end: warmup }] },
                mark: { type: "rule", color: "#ffffff", strokeDash: [4, 3], strokeWidth: 1.2 },
                encoding: { x: { field: "end", type: "quantitative" } },
              },
            ]
          : []),
      ],
    },
  };
}

const omittedText = (omittedCount: number): string =>
  omittedCount === 0 ? "" : ` ${omittedCount} less busy stations are not drawn.`;

const rolesOf = (stations: readonly StationResult[]): readonly string[] => [
  ...new Set(stations.map((station) => station.role)),
];

const stationEncoding = (stations: readonly StationResult[]) => ({
  field: "station",
  type: "nominal",
  sort: stations.map((station) => station.station),
  axis: { title: null, grid: false, ticks: false, domain: false, labelLimit: 160 },
});

/** Means of `perColumn` neighbours. */
function columnsOf(values: readonly number[], perColumn: number): readonly number[] {
  const columns: number[] = [];
  for (let from = 0; from < values.length; from += perColumn) {
    const part = values.slice(from, from + perColumn);
    columns.push(part.reduce((sum, value) => sum + value, 0) / part.length);
  }
  return columns;
}
