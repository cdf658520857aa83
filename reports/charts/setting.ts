/** What the variants of a scenario have changed: one quantity along which they can be drawn as a line, or not. */

import type { ScenarioResult } from "../../scenarios/result.ts";

const NANOS_PER: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  min: 60e9,
  h: 3600e9,
};
const BYTES_PER: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };
const BITS_PER: Readonly<Record<string, number>> = { bps: 1, kbps: 1e3, Kbps: 1e3, Mbps: 1e6, Gbps: 1e9 };
const RATES_PER: Readonly<Record<string, number>> = { "/s": 1, "k/s": 1e3, "K/s": 1e3, "M/s": 1e6 };

type Dimension = "nanos" | "bytes" | "bits" | "rate" | "share" | "number";

export interface Quantity {
  readonly dimension: Dimension;
  readonly value: number;
}

/** Reads a number or a quantity as scenarios write them: `300us`, `1KiB`, `10Gbps`, `95%`, `5k/s`; else undefined. */
export function parseQuantity(written: unknown): Quantity | undefined {
  if (typeof written === "number") return { dimension: "number", value: written };
  if (typeof written !== "string") return undefined;
  const match = /^\s*([+-]?[\d_]*\.?\d+(?:e[+-]?\d+)?)\s*(\S*)\s*$/i.exec(written);
  if (match === null) return undefined;
  const value = Number(match[1]!.replaceAll("_", ""));
  const unit = match[2]!;
  if (unit === "") return { dimension: "number", value };
  if (unit === "%") return { dimension: "share", value: value / 100 };
  const tables: readonly (readonly [Dimension, Readonly<Record<string, number>>])[] = [
    ["nanos", NANOS_PER],
    ["bytes", BYTES_PER],
    ["bits", BITS_PER],
    ["rate", RATES_PER],
  ];
  for (const [dimension, sizes] of tables) {
    const size = Object.hasOwn(sizes, unit) ? sizes[unit] : undefined;
    if (size !== undefined) return { dimension, value: value * size };
  }
  return undefined;
}

export interface VariedQuantity {
  /** The path of the setting: `boki.globalCut`. */
  readonly path: string;
  readonly dimension: Dimension;
  /** By variant, in the order of the result. */
  readonly values: readonly number[];
}

/** The one quantity that tells the variants apart, when each sets only it, with a value of its own. */
export function variedQuantity(result: ScenarioResult): VariedQuantity | undefined {
  if (result.variants.length < 2) return undefined;
  const path = Object.keys(result.variants[0]!.settings)[0];
  if (path === undefined) return undefined;
  const quantities: Quantity[] = [];
  for (const variant of result.variants) {
    const quantity = parseQuantity(variant.settings[path]);
    if (quantity === undefined || Object.keys(variant.settings).length !== 1) return undefined;
    quantities.push(quantity);
  }
  // `0` needs no unit beside quantities that have one.
  const dimension = quantities.find((each) => each.dimension !== "number")?.dimension ?? "number";
  const sameDimension = quantities.every(
    (each) => each.dimension === dimension || (each.dimension === "number" && each.value === 0),
  );
  const values = quantities.map((quantity) => quantity.value);
  if (!sameDimension || new Set(values).size !== values.length) return undefined;
  return { path, dimension, values };
}
