/** The variants of a scenario: those it lists, those its sweeps make, and each with each where it has both. */

import type { AnyScenario, VariantOf } from "./scenario.ts";
import type { Path } from "./source.ts";

/** A field that a variant changes, and where the file says so. */
export interface VariantSetting {
  readonly dotted: string;
  readonly value: unknown;
  readonly at: Path;
}

export interface VariantPlan {
  readonly name: string;
  readonly settings: readonly VariantSetting[];
  /** Where the file lists it, for mistakes that no single setting makes. */
  readonly at: Path;
}

/** More runs than this are a slip in a sweep. */
export const VARIANTS_MAX = 1_000;

interface Sweep {
  readonly path?: unknown;
  readonly paths?: readonly unknown[];
  readonly values: readonly unknown[];
  readonly label?: unknown;
}

/** What the file's content, which has the right form, asks for. An empty list: the scenario itself. */
export function planVariants(content: Readonly<Record<string, unknown>>): VariantPlan[] {
  const axes: VariantPlan[][] = [];
  const listed = (content.variants ?? []) as readonly { name: unknown; set?: Record<string, unknown> }[];
  if (listed.length > 0)
    axes.push(listed.map(({ name, set = {} }, i) => planOf(String(name), set, ["variants", i])));
  const { sweep } = content;
  if (Array.isArray(sweep)) axes.push(...sweep.map((each, i) => planSweep(each, ["sweep", i])));
  else if (sweep !== undefined) axes.push(planSweep(sweep as Sweep, ["sweep"]));
  return axes.length === 0 ? [] : axes.reduce(combine);
}

/** How many variants there will be, without making them. */
export function countVariants(content: Readonly<Record<string, unknown>>): number {
  const listed = (content.variants as readonly unknown[] | undefined)?.length ?? 0;
  const { sweep } = content;
  const sweeps = (Array.isArray(sweep) ? sweep : sweep === undefined ? [] : [sweep]) as Sweep[];
  return sweeps.reduce((product, { values }) => product * values.length, Math.max(1, listed));
}

function planOf(name: string, set: Readonly<Record<string, unknown>>, at: Path): VariantPlan {
  const settings = Object.entries(set).map(([dotted, value]) => ({
    dotted,
    value,
    at: [...at, "set", dotted],
  }));
  return { name, settings, at };
}

function planSweep({ path, paths = [path], values, label }: Sweep, at: Path): VariantPlan[] {
  const fields = paths.map(String);
  const name = label ?? fields[0]!.split(".").at(-1);
  return values.map((value, i) => {
    const where: Path = [...at, "values", i];
    return {
      name: `${name}=${typeof value === "object" ? JSON.stringify(value) : value}`,
      settings: fields.map((dotted) => ({ dotted, value, at: where })),
      at: where,
    };
  });
}

function combine(first: readonly VariantPlan[], second: readonly VariantPlan[]): VariantPlan[] {
  return first.flatMap((a) =>
    second.map((b) => ({ name: `${a.name}, ${b.name}`, settings: [...a.settings, ...b.settings], at: b.at })),
  );
}

/** What of a scenario is run: its variants, or the scenario itself under the name "base". */
export function variantsOf(scenario: AnyScenario): readonly VariantOf<AnyScenario>[] {
  return scenario.variants.length === 0 ? [{ name: "base", settings: {}, scenario }] : scenario.variants;
}
