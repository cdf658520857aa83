/** File formats as JSON Schema: for editors, and as the description that loaders and the reference walk through. */

import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { applicationFields } from "./applications/schema.ts";
import { scenarioFields } from "./schema.ts";
import { RUNTIMES, runtimeFields } from "./schema-runtime.ts";
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
  /** False where `prefixItems` says everything. */
  readonly items?: FieldSchema | false;
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
      if (typeof step === "number") return typeof items === "object" ? [items] : [];
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
      return typeof items === "object" ? value.map((item) => withDefaults(item, items)) : value;
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

const formatOf = (fields: z.ZodType): Format => createFormat(() => z.toJSONSchema(fields, { io: "input" }));

/** Scenarios of the log, scenarios of applications, and applications. */
export const scenarioFormat: Format = formatOf(scenarioFields);
export const runtimeFormat: Format = formatOf(runtimeFields);
export const applicationFormat: Format = formatOf(applicationFields);

type JsonSchema = Readonly<Record<string, unknown>>;

/** The JSON Schema of scenario files that editors get, of whatever system: standard keywords only, and no hidden fields. */
export function scenarioJsonSchema(): JsonSchema {
  const { $schema, $defs: ofLog = {}, title, description, ...log } = editorSchema(scenarioFormat);
  const {
    $defs: ofRuntime = {},
    $schema: _,
    title: __,
    description: ___,
    ...runtime
  } = editorSchema(runtimeFormat);
  return {
    $schema,
    title,
    description,
    type: "object",
    if: { properties: { system: { enum: [...RUNTIMES] } }, required: ["system"] },
    // biome-ignore lint/suspicious/noThenProperty: it is a keyword of JSON Schema.
    then: runtime,
    else: log,
    $defs: merged(ofLog as JsonSchema, ofRuntime as JsonSchema),
  };
}

/** The JSON Schema of application files. */
export function applicationJsonSchema(): JsonSchema {
  return editorSchema(applicationFormat);
}

const editorSchema = (format: Format): JsonSchema => forEditors(format.described()) as JsonSchema;

/** Definitions of two formats in one file: what has one name must be one thing. */
function merged(some: JsonSchema, others: JsonSchema): JsonSchema {
  for (const [name, definition] of Object.entries(others)) {
    if (Object.hasOwn(some, name) && !isDeepStrictEqual(some[name], definition))
      throw new Error(`two formats define ${name}, each in its own way`);
  }
  return { ...some, ...others };
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
