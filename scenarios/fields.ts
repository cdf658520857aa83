/**
 * The kinds of fields a scenario is made of, as zod schemas. Each reads what people write, says what is wrong with it in
 * words that stand behind "found ...", and describes itself for the JSON Schema and the reference page.
 */

import { z } from "zod";
import { shown } from "./problems.ts";
import {
  isUnitless,
  type Parsed,
  parseNumber,
  parseQuantity,
  parseShare,
  type QuantityKind,
} from "./quantity.ts";

/** What the reference page says of a field beside its name, type and default. */
export interface FieldDoc {
  readonly description: string;
  /** Where the default comes from, such as the flag of the released system. */
  readonly source?: string;
  /** The default, where it is not a value that could be written. */
  readonly otherwise?: string;
}

/** Keywords of a scalar for the JSON Schema; `kind` is its column in the reference. */
interface ScalarDoc extends FieldDoc {
  readonly kind: string;
  readonly [keyword: string]: unknown;
}

/**
 * A field that is one value. `undefined`, a field that is missing, is an error here: give it a default or make it optional.
 * The example is shown to a person who left the field out.
 */
export function scalar<T>(doc: ScalarDoc, example: unknown, parse: (found: unknown) => Parsed<T>) {
  return z
    .unknown()
    .transform((found, context): T => {
      const parsed = found === undefined ? undefined : parse(found);
      if (parsed?.ok) return parsed.value;
      const message =
        parsed === undefined ? `is missing; an example: ${example}` : complaint(found, parsed.reason);
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    })
    .meta(doc.enum === undefined ? { ...doc, example } : doc);
}

function complaint(found: unknown, reason: string): string {
  return `found ${shown(found)}, ${reason.startsWith("must") ? "but it" : "which"} ${reason}`;
}

export const wrong = (reason: string): { readonly ok: false; readonly reason: string } => ({
  ok: false,
  reason,
});

interface QuantityRange {
  /** Zero makes no sense here. */
  readonly positive?: boolean;
  /** In the unit of the parsed number, and as written. */
  readonly most?: readonly [number, string];
  readonly least?: readonly [number, string];
  /** Instead of the kind's. */
  readonly example?: string;
  /** A word that may stand instead, and the number it is. */
  readonly word?: readonly [string, number];
}

/** A quantity with its unit. */
export function quantity(kind: QuantityKind, doc: FieldDoc, range: QuantityRange = {}) {
  const { positive, most, least, word, example = kind.example } = range;
  const pattern = quantityPattern(kind, word?.[0]);
  const json = {
    ...doc,
    kind: kind.noun.replace(/^an? /, ""),
    type: isUnitless(kind) ? ["number", "string"] : "string",
    pattern,
  };
  return scalar(json, isUnitless(kind) ? Number(example) : example, (found) => {
    if (word !== undefined && found === word[0]) return { ok: true, value: word[1] };
    const parsed = parseQuantity(kind, typeof found === "number" ? String(found) : asText(found));
    if (!parsed.ok) return word === undefined ? parsed : wrong(`${parsed.reason}; or ${word[0]}`);
    if (positive && parsed.value === 0) return wrong("must be more than 0");
    if (least !== undefined && parsed.value < least[0]) return wrong(`must be at least ${least[1]}`);
    if (most !== undefined && parsed.value > most[0]) return wrong(`must be at most ${most[1]}`);
    return parsed;
  });
}

/** A quantity that may be negative: `-5ms`. */
export function signedQuantity(kind: QuantityKind, doc: FieldDoc) {
  const json = {
    ...doc,
    kind: kind.noun.replace(/^an? /, ""),
    type: "string",
    pattern: quantityPattern(kind).replace("\\+?", "[+-]?"),
  };
  return scalar(json, kind.example, (found) => {
    const written = typeof found === "number" ? String(found) : asText(found);
    const negative = /^\s*-/.test(written);
    const parsed = parseQuantity(kind, written.replace(/^\s*-/, ""));
    return parsed.ok && negative ? { ok: true, value: 0 - parsed.value } : parsed;
  });
}

export function quantityPattern(kind: QuantityKind, word?: string): string {
  const units = [...Object.keys(kind.units), ...Object.keys(kind.aliases)].join("|");
  const number = `\\s*\\+?(\\d+\\.?\\d*|\\.\\d+)(e[+-]?\\d+)?\\s*(${units})\\s*`;
  return word === undefined ? `^${number}$` : `^(${number}|${word})$`;
}

/** What is not a text has no unit either way. */
export const asText = (found: unknown): string => (typeof found === "string" ? found : "");

/** A whole number. */
export function count(doc: FieldDoc, least: number, most: number = Number.MAX_SAFE_INTEGER) {
  const json = { ...doc, kind: "whole number", type: "integer", minimum: least, maximum: most };
  return scalar(json, Math.max(1, least), (found) => {
    if (typeof found !== "number" || !Number.isInteger(found)) return wrong("is not a whole number");
    if (found < least) return wrong(`must be at least ${least}`);
    if (found > most) return wrong(`must be at most ${most}`);
    return { ok: true, value: found };
  });
}

/** A number without a unit, not negative. */
export function decimal(doc: FieldDoc) {
  return scalar({ ...doc, kind: "number", type: "number", minimum: 0 }, 0.5, (found) => {
    if (typeof found !== "number" || !Number.isFinite(found)) return wrong("is not a number");
    return found < 0 ? wrong("must not be negative") : { ok: true, value: found };
  });
}

const PERCENTAGE = "^\\s*\\+?\\d+(\\.\\d+)?\\s*%\\s*$";

/** From 0 to 1: `95%` or 0.95. */
export function share(doc: FieldDoc) {
  const json = {
    ...doc,
    kind: "share",
    type: ["string", "number"],
    pattern: PERCENTAGE,
    minimum: 0,
    maximum: 1,
  };
  return scalar(json, "95%", parseShare);
}

/** How much of something beside others: `95%`, 0.95 or 3. */
export function weight(doc: FieldDoc) {
  const json = { ...doc, kind: "share", type: ["string", "number"], pattern: PERCENTAGE, minimum: 0 };
  return scalar(json, "50%", (found) => {
    const parsed = parseNumber(found);
    if (!parsed.ok) return wrong('is not a share, such as "50%", or a weight, such as 3');
    return parsed.value < 0 ? wrong("must not be negative") : parsed;
  });
}

/** `on` or `off`. */
export function onOff(doc: FieldDoc) {
  const json = { ...doc, kind: "on/off", enum: ["on", "off", true, false] };
  return scalar(json, "on", (found) => {
    if (found === true || found === "on") return { ok: true, value: true };
    if (found === false || found === "off") return { ok: true, value: false };
    return wrong("is neither on nor off");
  });
}

/** One of several words. */
export function word<T extends string>(doc: FieldDoc, words: readonly T[]) {
  return scalar({ ...doc, kind: "word", enum: [...words] }, words[0]!, (found): Parsed<T> => {
    const match = words.find((each) => each === found);
    if (match !== undefined) return { ok: true, value: match };
    return wrong(
      words.length === 1 ? `is not "${words[0]}", the only one there is` : `is none of ${words.join(", ")}`,
    );
  });
}

/** Text of one line. */
export function text(doc: FieldDoc, pattern: RegExp, example: string, wanted: string) {
  const json = { ...doc, kind: "text", type: "string", pattern: pattern.source };
  return scalar(json, example, (found) => {
    // A name such as 100 is read as a number; what was meant is clear.
    const value = typeof found === "number" || typeof found === "boolean" ? String(found) : found;
    return typeof value === "string" && pattern.test(value) ? { ok: true, value } : wrong(wanted);
  });
}

/** A mapping of which exactly one field is given: which one says what kind of thing it is. */
export function choice<Shape extends z.ZodRawShape>(shape: Shape, doc: FieldDoc & { readonly id?: string }) {
  const names = Object.keys(shape);
  return z
    .strictObject(shape)
    .partial()
    .check((context) => {
      const given = names.filter((name) => (context.value as Record<string, unknown>)[name] !== undefined);
      // Where a name is unknown that has been said, and it may be the one that is missing.
      if (given.length === 1 || (given.length === 0 && context.issues.length > 0)) return;
      const found = given.length === 0 ? "none" : given.join(" and ");
      context.issues.push({
        code: "custom",
        input: context.value,
        message: `found ${found}; exactly one of ${names.join(", ")} is needed`,
      });
    })
    .meta({ ...doc, minProperties: 1, maxProperties: 1 });
}
