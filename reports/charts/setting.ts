/** What the variants of a scenario have changed: one quantity along which they can be drawn as a line, or not. */

import { BIT_RATE, parseQuantity, type QuantityKind, RATE, SIZE, TIME } from "../../scenarios/quantity.ts";
import type { ScenarioResult } from "../../scenarios/result.ts";

type Dimension = "nanos" | "bytes" | "bits" | "rate" | "share" | "number";

const KINDS: readonly (readonly [Dimension, QuantityKind])[] = [
  ["nanos", TIME],
  ["bytes", SIZE],
  ["rate", RATE],
  ["bits", BIT_RATE],
];

export interface Quantity {
  readonly dimension: Dimension;
  readonly value: number;
}

/** Reads a number or a quantity as scenarios write them: `300us`, `1KiB`, `10Gbps`, `95%`, `5k/s`; else undefined. */
export function readQuantity(written: unknown): Quantity | undefined {
  if (typeof written === "number") return { dimension: "number", value: written };
  if (typeof written !== "string" || written.trim() === "") return undefined;
  if (Number.isFinite(Number(written))) return { dimension: "number", value: Number(written) };
  const share = /^\s*([\d.]+)\s*%\s*$/.exec(written);
  if (share !== null) return { dimension: "share", value: Number(share[1]) / 100 };
  for (const [dimension, kind] of KINDS) {
    const parsed = parseQuantity(kind, written);
    if (parsed.ok) return { dimension, value: parsed.value };
  }
  return undefined;
}

export interface VariedQuantity {
  /** The path of the setting, `boki.globalCut`; several with `and` between them. */
  readonly path: string;
  readonly dimension: Dimension;
  /** By variant, in the order of the result. */
  readonly values: readonly number[];
}

/**
 * The one quantity that tells the variants apart: all of them set the same fields, each of them all of these to one value,
 * and no two to the same.
 */
export function variedQuantity(result: ScenarioResult): VariedQuantity | undefined {
  if (result.variants.length < 2) return undefined;
  const paths = Object.keys(result.variants[0]!.settings);
  if (paths.length === 0) return undefined;
  const quantities: Quantity[] = [];
  for (const { settings } of result.variants) {
    const written = paths.map((path) => settings[path]);
    const quantity = readQuantity(written[0]);
    const sameFields = Object.keys(settings).length === paths.length;
    if (quantity === undefined || !sameFields || written.some((each) => each !== written[0]))
      return undefined;
    quantities.push(quantity);
  }
  // `0` needs no unit beside quantities that have one.
  const dimension = quantities.find((each) => each.dimension !== "number")?.dimension ?? "number";
  const sameDimension = quantities.every(
    (each) => each.dimension === dimension || (each.dimension === "number" && each.value === 0),
  );
  const values = quantities.map((quantity) => quantity.value);
  if (!sameDimension || new Set(values).size !== values.length) return undefined;
  return { path: paths.join(" and "), dimension, values };
}
