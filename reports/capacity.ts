/** What a capacity search found, as text for the terminal. */

import pc from "picocolors";
import type { CapacityResult, CapacitySearch, CapacityVariant } from "../scenarios/capacity/capacity.ts";
import { estimatePerSecond, formatPerSecond, onOneLine } from "./format.ts";
import { left, right, textTable } from "./text-table.ts";
import { warmupText } from "./variant.ts";

export const capacityTitles = ["variant", "capacity", "against the first", "seeds", "runs"];

/** A row for each variant. */
export function capacityRows({ variants }: CapacityResult): string[][] {
  const [reference] = variants;
  return variants.map((each) => [
    each.variant,
    capacityOf(each),
    ratio(each, reference!),
    String(each.searches.length),
    String(each.searches.reduce((sum, { probes }) => sum + probes.length, 0)),
  ]);
}

export function renderCapacity(result: CapacityResult, colour: boolean): string {
  const colours = pc.createColors(colour);
  const { scenario, slo, variants, warmup } = result;
  const [variant, ...numbers] = capacityTitles;
  const columns = [left(variant!), ...numbers.map(right)];
  const table = textTable(columns, capacityRows(result), (title) => colours.dim(title));
  const remarks = variants.flatMap((each) => remarksOn(each));
  return [
    colours.bold(`${scenario}: the largest load at which ${slo.join(" and ")}`),
    "",
    table,
    ...(remarks.length === 0 ? [] : ["", ...remarks]),
    "",
    `Calls per second; 95 % intervals over seeds${warmup === undefined ? "" : `; measured after ${warmupText(warmup)}`}.`,
    "",
  ].join("\n");
}

function capacityOf({ perSecond, searches }: CapacityVariant): string {
  if (perSecond !== null) return onOneLine(estimatePerSecond(perSecond));
  return searches.every(({ kind }) => kind === "never") ? "none" : "beyond what was tried";
}

/** How many times the first variant's capacity. */
function ratio({ perSecond }: CapacityVariant, reference: CapacityVariant): string {
  if (perSecond === null || reference.perSecond === null) return "–";
  return `${(perSecond.mean / reference.perSecond.mean).toFixed(2)} x`;
}

/** What the table does not say. */
export function remarksOn({ variant, searches }: CapacityVariant): string[] {
  const told = (kind: CapacitySearch["kind"]) => searches.filter((each) => each.kind === kind);
  const never = told("never");
  const always = told("always");
  return [
    ...(never.length === 0
      ? []
      : [
          `${variant}: not held at any load down to ${formatPerSecond(lowest(never))} with ${seedsOf(never)}; such seeds are not in the mean.`,
        ]),
    ...(always.length === 0
      ? []
      : [
          `${variant}: held at every load up to ${formatPerSecond(Math.max(...always.map(({ perSecond }) => perSecond!)))} with ${seedsOf(always)}; such seeds are not in the mean.`,
        ]),
  ];
}

const lowest = (searches: readonly CapacitySearch[]): number =>
  Math.min(...searches.flatMap(({ probes }) => probes.map(({ perSecond }) => perSecond)));

const seedsOf = (searches: readonly CapacitySearch[]): string =>
  `seed${searches.length === 1 ? "" : "s"} ${searches.map(({ seed }) => seed).join(", ")}`;
