/** Parts that several charts share: axes in human units, the pointer's layer, the shaded warm-up. */

import { nanosUnit, type Unit } from "../format.ts";
import { HOVER_LAYER } from "./chart.ts";
import { PERIOD_COLOUR, PERIOD_OPACITY } from "./theme.ts";

/** A Vega expression that writes the nanoseconds of `value` in the unit that fits; charts stay free of custom functions. */
export function nanosExpression(value: string, digits: number): string {
  const scaled = (size: string, symbol: string): string =>
    `format(${value} / ${size}, '.${digits}~r') + ' ${symbol}'`;
  return (
    `${value} >= 1e9 ? ${scaled("1e9", "s")} : ${value} >= 1e6 ? ${scaled("1e6", "ms")} : ` +
    `${value} >= 1e3 ? ${scaled("1e3", "us")} : ${scaled("1", "ns")}`
  );
}

/** A Vega expression for rates: `46.1 k/s`. */
export const perSecondExpression = (value: string): string =>
  `${value} >= 1e9 ? format(${value} / 1e9, '.3~r') + ' G/s' : ${value} >= 1e6 ? format(${value} / 1e6, '.3~r') + ' M/s' : ` +
  `${value} >= 1e3 ? format(${value} / 1e3, '.3~r') + ' k/s' : format(${value}, '.3~r') + ' /s'`;

/** The least and the greatest of the positive values; [1, 10] when there are none. */
export function positiveExtent(values: Iterable<number | null>): readonly [number, number] {
  let least = Number.POSITIVE_INFINITY;
  let greatest = 0;
  for (const value of values) {
    if (value === null || value <= 0) continue;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  return greatest === 0 ? [1, 10] : [least, greatest];
}

const TICKS_MAX = 9;

/** Ticks of a logarithmic axis: 1, 2 and 5 times the powers of ten, or only the powers where that would be too many. */
export function logTicks(least: number, greatest: number): readonly number[] {
  const ticksOf = (steps: readonly number[]): number[] => {
    const ticks: number[] = [];
    for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(greatest)); power += 1) {
      // Written out as decimal: 2 * 10 ** -7 would not be the double nearest to 2e-7.
      for (const step of steps) ticks.push(Number(`${step}e${power}`));
    }
    return ticks.filter((tick) => tick >= least * 0.999 && tick <= greatest * 1.001);
  };
  const fine = ticksOf([1, 2, 5]);
  return fine.length <= TICKS_MAX ? fine : ticksOf([1]);
}

const LEGEND_WIDTH_LETTERS = 56;

/** A legend above the chart that breaks into rows where its names would not fit beside each other. */
export function legendOf(names: readonly string[]) {
  const longest = Math.max(1, ...names.map((name) => name.length));
  return { columns: Math.max(1, Math.floor(LEGEND_WIDTH_LETTERS / (longest + 4))) };
}

const DASHES = [
  [1, 0],
  [6, 3],
  [2, 3],
  [8, 3, 2, 3],
  [4, 2, 1, 2, 1, 2],
  [12, 3],
  [1, 4],
  [5, 5],
];

/** Lines that cross are told apart by their dashes too, not only by their colours; with the same field as the colour they share its legend. */
export function dashes(field: string, names: readonly string[]) {
  return {
    field,
    type: "nominal",
    sort: names,
    scale: { domain: names, range: names.map((_, index) => DASHES[index % DASHES.length]!) },
    legend: names.length > 1 ? legendOf(names) : null,
  };
}

/** Scale and axis of a latency in nanoseconds, logarithmic. */
export function latencyEncoding(values: Iterable<number | null>, title: string, headroom = 1.15) {
  const [least, greatest] = positiveExtent(values);
  // A little air, so that the extreme points do not sit on the frame.
  const domain = [least / 1.15, greatest * headroom];
  return {
    type: "quantitative",
    scale: { type: "log", domain, nice: false, clamp: true },
    axis: {
      title,
      values: logTicks(domain[0]!, domain[1]!),
      labelExpr: nanosExpression("datum.value", 3),
    },
  };
}

/** Scale and axis of a rate, from zero. */
export function perSecondEncoding(title: string) {
  return {
    type: "quantitative",
    scale: { zero: true, nice: true },
    axis: { title, labelExpr: perSecondExpression("datum.value"), tickCount: 5 },
  };
}

/** Scale and axis of a share, 0 to 100 %. */
export function shareEncoding(title: string) {
  return {
    type: "quantitative",
    scale: { domain: [0, 1], clamp: true },
    axis: { title, format: ".0%", tickCount: 5 },
  };
}

/** The unit for a time axis that reaches to `endNanos`. */
export const timeUnit = (endNanos: number): Unit => nanosUnit(endNanos);

/** The x axis of virtual time; the field holds it in the unit of `timeUnit`. */
export function timeEncoding(field: string, unit: Unit, endNanos: number) {
  return {
    field,
    type: "quantitative",
    scale: { domain: [0, endNanos / unit.size], nice: false },
    axis: { title: `virtual time (${unit.symbol})`, grid: false, tickCount: 8 },
  };
}

/** Points that show themselves and their tooltip when the pointer is near. */
export function hoverLayer(encoding: Readonly<Record<string, unknown>>) {
  return {
    name: `${HOVER_LAYER}-points`,
    params: [
      { name: "near", select: { type: "point", nearest: true, on: "pointerover", clear: "pointerout" } },
    ],
    mark: { type: "point", filled: true, size: 60 },
    encoding: {
      ...encoding,
      opacity: { condition: { param: "near", empty: false, value: 1 }, value: 0 },
    },
  };
}

/** Shades the warm-up, which the tables leave out; nothing without one. */
export function warmupLayers(warmupNanos: number, unit: Unit): readonly Readonly<Record<string, unknown>>[] {
  if (warmupNanos <= 0) return [];
  const data = { values: [{ start: 0, end: warmupNanos / unit.size }] };
  const x = { field: "start", type: "quantitative" };
  return [
    {
      data,
      mark: { type: "rect", color: PERIOD_COLOUR, opacity: PERIOD_OPACITY },
      encoding: { x, x2: { field: "end" } },
    },
    {
      data,
      mark: { type: "text", align: "left", baseline: "top", dx: 4, dy: 3, text: "warm-up" },
      encoding: { x, y: { value: 0 } },
    },
  ];
}

/** Thins to at most `countMax` elements, first and last kept, evenly by index. */
export function thinned<T>(values: readonly T[], countMax: number): readonly T[] {
  if (values.length <= countMax) return values;
  return Array.from(
    { length: countMax },
    (_, index) => values[Math.round((index * (values.length - 1)) / (countMax - 1))]!,
  );
}

/** Rounded to a precision that no picture shows, so that pages stay small. */
export const compact = (value: number): number => Number(value.toPrecision(5));
