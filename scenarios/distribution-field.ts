/** Distributions as people write them: a bare quantity, or one of the kinds of sim/distribution.ts by its name. */

import { z } from "zod";
import type { Distribution } from "../sim/distribution.ts";
import { choice, decimal, quantity, quantityPattern, scalar, weight, wrong } from "./fields.ts";
import {
  formatQuantity,
  hundredth,
  isUnitless,
  type Parsed,
  parseQuantity,
  type QuantityKind,
} from "./quantity.ts";

const PERCENT = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/;

/** A distribution of quantities of one kind; `id` names it in the JSON Schema. */
export function distributionOf(kind: QuantityKind, id: string) {
  // What is drawn is rounded where it is used, so that parameters may be finer than the unit.
  const fine: QuantityKind = { ...kind, whole: false };
  const value = (description: string) => quantity(fine, { description });
  const floor = value("Added to every draw.").optional();
  const kinds = {
    constant: value("Always this.").optional(),
    uniform: z
      .strictObject({ low: value("Nothing below."), high: value("Nothing above.") })
      .check(({ value: { low, high }, issues }) => {
        if (low > high) issues.push({ code: "custom", input: low, message: "low must not be above high" });
      })
      .meta({ description: "All values between two alike." })
      .optional(),
    exponential: z
      .strictObject({ mean: value("Mean, the floor not counted."), floor })
      .meta({ description: "Memoryless." })
      .optional(),
    lognormal: z
      .strictObject({
        median: value("Median, the floor not counted."),
        sigma: decimal({
          description: "Standard deviation of the logarithm: 0.2 is narrow, 1 has a long tail.",
        }),
        floor,
      })
      .meta({ description: "Lognormal, as most delays are." })
      .optional(),
    quantiles: z
      .record(z.string(), value("The value at this quantile."))
      .transform((table, context) =>
        quantilesOf(table, (message) => context.addIssue({ code: "custom", message })),
      )
      .meta({
        description: "Measured quantiles, straight between them. The first is 0%, the last 100%.",
        propertyNames: { pattern: PERCENT.source },
      })
      .optional(),
  };
  const mixture = z
    .array(
      choiceAnd(
        { weight: weight({ description: "How often this part is drawn, beside the others." }) },
        kinds,
      ),
    )
    .min(1, { error: "a mixture needs a part" })
    .check(({ value: parts, issues }) => {
      if (parts.length > 0 && parts.every((part) => part.weight === 0)) {
        issues.push({ code: "custom", input: parts, message: "one weight must be more than 0" });
      }
    })
    .meta({ description: "One of several distributions, by weight." })
    .optional();
  const mapping = choice({ ...kinds, mixture }, { description: `A distribution of ${plural(kind)}.` });
  return z
    .union([
      plainDistribution(fine),
      mapping.transform((written): Distribution => {
        if (written.mixture === undefined) return simple(written as SimpleDistribution);
        const parts = written.mixture as readonly (SimpleDistribution & { weight: number })[];
        return { kind: "mixture", weights: parts.map((part) => part.weight), parts: parts.map(simple) };
      }),
    ])
    .meta({
      id,
      description: `${capital(kind.noun)}, always the same, or a distribution of ${plural(kind)}.`,
    });
}

/** A quantity, or the two commonest distributions in one line: `uniform 5ms 50ms`, `exponential 500ms`. */
function plainDistribution(kind: QuantityKind) {
  const bare = quantityPattern(kind).slice(1, -1);
  const json = {
    description: `Always this ${kind.noun.replace(/^an? /, "")}, or drawn: \`uniform LOW HIGH\`, \`exponential MEAN\`.`,
    kind: kind.noun.replace(/^an? /, ""),
    type: isUnitless(kind) ? ["number", "string"] : "string",
    pattern: `^(${bare}|\\s*uniform ${bare} ${bare}|\\s*exponential ${bare})$`,
  };
  const example = isUnitless(kind) ? Number(kind.example) : kind.example;
  return scalar(json, example, (found): Parsed<Distribution> => {
    const [, name, parameters = ""] = /^\s*(uniform|exponential)\b(.*)$/.exec(String(found)) ?? [];
    if (name === undefined) {
      const parsed = parseQuantity(
        kind,
        typeof found === "number" || typeof found === "string" ? String(found) : "",
      );
      return parsed.ok ? { ok: true, value: { kind: "constant", value: parsed.value } } : parsed;
    }
    const words = parameters
      .trim()
      .split(/\s+/)
      .filter((word) => word !== "");
    const wanted = name === "uniform" ? 2 : 1;
    const unit = `${kind.noun}, such as ${kind.example}`;
    if (words.length !== wanted) {
      const what = wanted === 2 ? `the least and the greatest, each ${unit}` : `a mean, ${unit}`;
      return wrong(`must have ${what}, behind the word ${name}`);
    }
    const values: number[] = [];
    for (const word of words) {
      const parsed = parseQuantity(kind, word);
      if (!parsed.ok) return wrong(`has "${word}", which ${parsed.reason}`);
      values.push(parsed.value);
    }
    const [first, second = 0] = values as [number, number?];
    if (name === "exponential") return { ok: true, value: { kind: "exponential", mean: first } };
    if (first > second) return wrong("has a least value above the greatest");
    return { ok: true, value: { kind: "uniform", low: first, high: second } };
  });
}

/** The kinds of a choice with fields beside the one that is chosen. */
function choiceAnd<Extra extends z.ZodRawShape, Shape extends z.ZodRawShape>(extra: Extra, shape: Shape) {
  const names = Object.keys(shape);
  return z.strictObject({ ...extra, ...shape }).check((context) => {
    const given = names.filter((name) => (context.value as Record<string, unknown>)[name] !== undefined);
    if (given.length === 1 || (given.length === 0 && context.issues.length > 0)) return;
    const found = given.length === 0 ? "none" : given.join(" and ");
    context.issues.push({
      code: "custom",
      input: context.value,
      message: `found ${found}; exactly one of ${names.join(", ")} is needed beside the weight`,
    });
  });
}

/** A distribution that is no mixture, parsed. */
interface SimpleDistribution {
  readonly constant?: number;
  readonly uniform?: { readonly low: number; readonly high: number };
  readonly exponential?: { readonly mean: number; readonly floor?: number };
  readonly lognormal?: { readonly median: number; readonly sigma: number; readonly floor?: number };
  readonly quantiles?: { readonly probabilities: readonly number[]; readonly values: readonly number[] };
}

function simple(written: SimpleDistribution): Distribution {
  if (written.uniform !== undefined) return { kind: "uniform", ...written.uniform };
  if (written.exponential !== undefined) return { kind: "exponential", ...written.exponential };
  if (written.lognormal !== undefined) return { kind: "lognormal", ...written.lognormal };
  if (written.quantiles !== undefined) return { kind: "quantiles", ...written.quantiles };
  return { kind: "constant", value: written.constant! };
}

function quantilesOf(
  table: Readonly<Record<string, number>>,
  complain: (message: string) => void,
): { probabilities: number[]; values: number[] } {
  const points: { probability: number; value: number }[] = [];
  for (const [name, value] of Object.entries(table)) {
    const percent = PERCENT.exec(name)?.[1];
    if (percent === undefined || Number(percent) > 100) {
      complain(`found the quantile "${name}"; quantiles are written as "0%", "50%", "99.9%", "100%"`);
      return { probabilities: [], values: [] };
    }
    points.push({ probability: hundredth(Number(percent)), value });
  }
  points.sort((a, b) => a.probability - b.probability);
  if (points[0]?.probability !== 0 || points.at(-1)!.probability !== 1)
    complain('must have the quantiles "0%" and "100%"');
  for (const [i, point] of points.entries()) {
    const before = points[i - 1];
    if (before === undefined) continue;
    const names = `${before.probability * 100}% and ${point.probability * 100}%`;
    if (before.probability === point.probability)
      complain(`the quantile ${names.split(" ")[0]} is given twice`);
    if (before.value > point.value) complain(`values must not descend, as between ${names}`);
  }
  return {
    probabilities: points.map(({ probability }) => probability),
    values: points.map(({ value }) => value),
  };
}

/** A distribution as it may be written in a file. */
export function writtenDistribution(kind: QuantityKind, distribution: Distribution): unknown {
  const text = (value: number) =>
    isUnitless(kind) ? value : formatQuantity({ ...kind, whole: false }, value);
  const floor = (value: number | undefined) => (value === undefined ? {} : { floor: text(value) });
  switch (distribution.kind) {
    case "constant":
      return text(distribution.value);
    case "uniform":
      return { uniform: { low: text(distribution.low), high: text(distribution.high) } };
    case "exponential":
      return { exponential: { mean: text(distribution.mean), ...floor(distribution.floor) } };
    case "lognormal": {
      const { median, sigma } = distribution;
      return { lognormal: { median: text(median), sigma, ...floor(distribution.floor) } };
    }
    case "quantiles": {
      const names = distribution.probabilities.map((each) => `${Number((each * 100).toFixed(6))}%`);
      return { quantiles: Object.fromEntries(names.map((name, i) => [name, text(distribution.values[i]!)])) };
    }
    case "mixture":
      return {
        mixture: distribution.parts.map((part, i) => {
          const written = writtenDistribution(kind, part);
          const fields = typeof written === "object" ? (written as object) : { constant: written };
          return { weight: distribution.weights[i]!, ...fields };
        }),
      };
    default:
      throw new Error(`a distribution of kind ${distribution.kind} cannot be written`);
  }
}

/** The largest value a distribution can draw; Infinity for those with a tail. */
export function largest(distribution: Distribution): number {
  switch (distribution.kind) {
    case "constant":
      return distribution.value;
    case "uniform":
      return distribution.high;
    case "quantiles":
      return distribution.values.at(-1)!;
    case "mixture":
      return Math.max(...distribution.parts.map(largest));
    default:
      return Number.POSITIVE_INFINITY;
  }
}

const plural = (kind: QuantityKind): string => `${kind.noun.replace(/^an? /, "")}s`;
const capital = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
