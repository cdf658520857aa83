/** Numbers as people read them: times, rates, sizes and shares in the unit that fits, and estimates with their interval. */

import type { Estimate } from "../scenarios/result.ts";

/** A unit to show a quantity in: the shown number is the value divided by `size`. */
export interface Unit {
  readonly size: number;
  readonly symbol: string;
}

const NANOS_UNITS: readonly Unit[] = [
  { size: 1e9, symbol: "s" },
  { size: 1e6, symbol: "ms" },
  { size: 1e3, symbol: "us" },
  { size: 1, symbol: "ns" },
];
const PER_SECOND_UNITS: readonly Unit[] = [
  { size: 1e9, symbol: "G/s" },
  { size: 1e6, symbol: "M/s" },
  { size: 1e3, symbol: "k/s" },
  { size: 1, symbol: "/s" },
];
const BYTES_UNITS: readonly Unit[] = [
  { size: 1_024 ** 4, symbol: "TiB" },
  { size: 1_024 ** 3, symbol: "GiB" },
  { size: 1_024 ** 2, symbol: "MiB" },
  { size: 1_024, symbol: "KiB" },
  { size: 1, symbol: "B" },
];

/** The largest unit that keeps the shown number at 1 or above; the smallest unit for 0 and for less than it. */
function fittingUnit(units: readonly Unit[], value: number): Unit {
  const magnitude = Math.abs(value);
  return units.find((unit) => magnitude >= unit.size) ?? units.at(-1)!;
}

export const nanosUnit = (nanos: number): Unit => fittingUnit(NANOS_UNITS, nanos);
export const bytesUnit = (bytes: number): Unit => fittingUnit(BYTES_UNITS, bytes);
const perSecondUnit = (perSecond: number): Unit => fittingUnit(PER_SECOND_UNITS, perSecond);

/** Decimals that show `digits` significant digits of a number, without decimals that would be noise. */
function decimalsOf(shown: number, digits: number): number {
  if (shown === 0) return 0;
  return Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(shown))));
}

function inUnit(value: number, unit: Unit, digits: number): string {
  const shown = value / unit.size;
  return `${shown.toFixed(decimalsIn(unit, shown, digits))} ${unit.symbol}`;
}

/** A tenth of the smallest unit (a nanosecond, a byte) says nothing. */
function decimalsIn(unit: Unit, shown: number, digits: number): number {
  const smallest = unit.symbol === "ns" || unit.symbol === "B";
  return Math.min(smallest ? 0 : 3, decimalsOf(shown, digits));
}

/** `1.095 ms` */
export const formatNanos = (nanos: number): string => inUnit(nanos, nanosUnit(nanos), 4);
/** A length of time that somebody chose, without zeros that would suggest a measurement: `10 s`, `1.5 ms` */
export function formatDuration(nanos: number): string {
  const unit = nanosUnit(nanos);
  return `${Number((nanos / unit.size).toPrecision(6))} ${unit.symbol}`;
}
/** `46.13 k/s` */
export const formatPerSecond = (perSecond: number): string => inUnit(perSecond, perSecondUnit(perSecond), 4);
/** `1.50 MiB` */
export const formatBytes = (bytes: number): string => inUnit(bytes, bytesUnit(bytes), 3);
/** `47.1 %` */
export const formatShare = (share: number): string => `${(share * 100).toFixed(1)} %`;
/** `12,345,678` */
export const formatCount = (count: number): string => Math.round(count).toLocaleString("en-US");
/** Numbers without a unit, such as a queue length: three significant digits. */
export const formatNumber = (value: number): string => value.toFixed(Math.min(3, decimalsOf(value, 3)));

/** An estimate as its mean and half the width of its interval, in the same unit; no interval with one replication. */
export interface ShownEstimate {
  readonly mean: string;
  /** `±0.012` */
  readonly interval: string | null;
}

function shownEstimate(estimate: Estimate, unit: Unit, decimals: number): ShownEstimate {
  const mean = `${(estimate.mean / unit.size).toFixed(decimals)}${unit.symbol && ` ${unit.symbol}`}`;
  if (estimate.low === null || estimate.high === null) return { mean, interval: null };
  const halfWidth = (estimate.high - estimate.low) / 2 / unit.size;
  return { mean, interval: `±${halfWidth.toFixed(decimals)}` };
}

export function estimateNanos(estimate: Estimate): ShownEstimate {
  const unit = nanosUnit(estimate.mean);
  return shownEstimate(estimate, unit, decimalsIn(unit, estimate.mean / unit.size, 4));
}

/** A latency of an operation; none where it never completed. */
export const estimateLatency = (estimate: Estimate, count: number): ShownEstimate =>
  count === 0 ? { mean: "–", interval: null } : estimateNanos(estimate);

export function estimatePerSecond(estimate: Estimate): ShownEstimate {
  const unit = perSecondUnit(estimate.mean);
  return shownEstimate(estimate, unit, Math.min(2, decimalsOf(estimate.mean / unit.size, 4)));
}

export const estimateShare = (estimate: Estimate): ShownEstimate =>
  shownEstimate(estimate, { size: 0.01, symbol: "%" }, 1);

export const estimateNumber = (estimate: Estimate): ShownEstimate =>
  shownEstimate(estimate, { size: 1, symbol: "" }, Math.min(3, decimalsOf(estimate.mean, 3)));

/** `1.095 ms ±0.012` */
export const onOneLine = (shown: ShownEstimate): string =>
  shown.interval === null ? shown.mean : `${shown.mean} ${shown.interval}`;

/** A setting's value as it stands in the scenario. */
export const formatSetting = (value: unknown): string =>
  typeof value === "string" ? value : JSON.stringify(value);
