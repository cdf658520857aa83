/** The scenario format as JSON Schema: for editors, and as the description that the loader and the reference walk through. */

import { z } from "zod";
import { scenarioFields } from "./schema.ts";
import type { Path } from "./source.ts";

/** The part of JSON Schema that describes the format, with our own keywords for the reference. */
export interface FieldSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, FieldSchema>>;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
  readonly items?: FieldSchema;
  readonly additionalProperties?: boolean | FieldSchema;
  readonly anyOf?: readonly FieldSchema[];
  /** Column "type" of the reference. */
  readonly kind?: string;
  readonly example?: unknown;
  readonly source?: string;
  readonly otherwise?: string;
  readonly hidden?: boolean;
}

/** A file format, described: what can stand where. */
export interface Format {
  /** With everything the reference wants to know. */
  described(): FieldSchema;
  /** The schema itself where another one only refers to it. */
  resolved(schema: FieldSchema): FieldSchema;
  /** What can stand in a field that was wrong; undefined for none: it has a default, or there is no simple value. */
  substituteAt(path: Path): unknown;
  /** Names of the fields that the mapping at `path` may have; empty where any name is right. */
  fieldNamesAt(path: Path): string[];
  /** A file's content with every default that it leaves to be understood. */
  withDefaults(value: unknown): unknown;
}

/** `describe` makes the JSON Schema; asked for only once. */
export function createFormat(describe: () => unknown): Format {
  let known: FieldSchema | undefined;

  function described(): FieldSchema {
    known ??= describe() as FieldSchema;
    return known;
  }

  function resolved(schema: FieldSchema): FieldSchema {
    if (schema.$ref === undefined) return schema;
    const target = described().$defs?.[schema.$ref.replace("#/$defs/", "")];
    if (target === undefined) throw new Error(`the format has no ${schema.$ref}`);
    const { $ref: _, ...rest } = schema;
    return { ...resolved(target), ...rest };
  }

  function alternatives(schema: FieldSchema): FieldSchema[] {
    const target = resolved(schema);
    return target.anyOf === undefined ? [target] : target.anyOf.flatMap(alternatives);
  }

  function stepInto(schema: FieldSchema, step: string | number): FieldSchema[] {
    return alternatives(schema).flatMap(({ properties, items, additionalProperties }) => {
      if (typeof step === "number") return items === undefined ? [] : [items];
      if (properties !== undefined && Object.hasOwn(properties, step)) return [properties[step]!];
      return typeof additionalProperties === "object" ? [additionalProperties] : [];
    });
  }

  function schemasAt(path: Path): FieldSchema[] {
    let schemas: readonly FieldSchema[] = [described()];
    for (const step of path) schemas = schemas.flatMap((schema) => stepInto(schema, step));
    return schemas.flatMap(alternatives);
  }

  function withDefaults(value: unknown, schema: FieldSchema): unknown {
    const { properties, items } = resolved(schema);
    if (Array.isArray(value))
      return items === undefined ? value : value.map((item) => withDefaults(item, items));
    if (typeof value !== "object" || value === null || properties === undefined) return value;
    const result: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(properties)) {
      const given = (value as Record<string, unknown>)[name] ?? field.default;
      if (given !== undefined && field.hidden !== true) result[name] = withDefaults(given, field);
    }
    return result;
  }

  return {
    described,
    resolved,
    substituteAt(path) {
      const schemas = schemasAt(path);
      if (schemas.some((schema) => schema.default !== undefined)) return undefined;
      return schemas.flatMap(({ example, enum: words = [] }) =>
        example === undefined ? words : [example],
      )[0];
    },
    fieldNamesAt: (path) =>
      schemasAt(path).flatMap(({ properties = {} }) =>
        Object.entries(properties).flatMap(([name, { hidden }]) => (hidden === true ? [] : [name])),
      ),
    withDefaults: (value) => withDefaults(value, described()),
  };
}

/** The scenario format. */
export const scenarioFormat: Format = createFormat(() => z.toJSONSchema(scenarioFields, { io: "input" }));

/** The JSON Schema that editors get: standard keywords only, and no hidden fields. */
export function scenarioJsonSchema(): Readonly<Record<string, unknown>> {
  return schemaForEditors(scenarioFormat);
}

export function schemaForEditors(format: Format): Readonly<Record<string, unknown>> {
  return forEditors(format.described()) as Record<string, unknown>;
}

const OWN_KEYWORDS = new Set(["kind", "example", "source", "otherwise", "hidden"]);

function forEditors(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(forEditors);
  if (typeof schema !== "object" || schema === null) return schema;
  const { source, otherwise, example } = schema as FieldSchema;
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(schema)) {
    if (OWN_KEYWORDS.has(name) && typeof value !== "object") continue;
    if ((value as FieldSchema | null)?.hidden === true) continue;
    // A default is a value, not a schema.
    result[name] = name === "default" ? value : forEditors(value);
  }
  if (example !== undefined && typeof example !== "object") result.examples = [example];
  if (typeof result.description === "string") {
    if (otherwise !== undefined) result.description += ` Default: ${otherwise}.`;
    if (source !== undefined) result.description += ` (${source})`;
  }
  return result;
}
