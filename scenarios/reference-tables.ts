/** Tables of the fields of a file format, for the reference pages. */

import type { FieldSchema, Format } from "./json-schema.ts";

/** What may stand in place of a name that the user gives. */
const NAME = "<name>";

export interface TablesOptions {
  /** Title of the first table, of the whole file, and what is said above it. */
  readonly title: string;
  readonly text?: string;
  /** Fields that are described elsewhere. */
  readonly leaveOut?: readonly string[];
  /** Title of the section of a field whose fields make a table of their own. */
  readonly sectionOf?: (name: string) => string;
}

interface Row {
  readonly name: string;
  readonly type: string;
  readonly otherwise: string;
  readonly meaning: string;
  readonly source: string;
}

/** The table of a whole file, and a section for each part of it. */
export function tablesOf(format: Format, options: TablesOptions): string[] {
  const { title, text, leaveOut = [], sectionOf = (name) => `\`${name}\`` } = options;
  const whole = format.described();
  const parts = Object.entries(whole.properties!).filter(
    ([name, field]) => field.hidden !== true && !leaveOut.includes(name),
  );
  const rows = new Rows(format);
  const first = parts.map(([name, field]) => {
    const itself = rows.row(name, field, isRequired(whole, name));
    if (tableOf(field) === undefined) return itself;
    return { ...itself, type: `[${itself.type}](#${anchorOf(sectionOf(name))})` };
  });
  const sections = parts.flatMap(([name, field]) => {
    const table = tableOf(field);
    return table === undefined ? [] : [section(sectionOf(name), field.description, rows.of(table, ""))];
  });
  return [section(title, text, first), ...sections];
}

/** The table of a definition that fields refer to. */
export function definitionTable(format: Format, name: string, title: string, text: string): string {
  const definition = format.described().$defs![name]!;
  const fields = definition.anyOf?.find(({ properties }) => properties !== undefined) ?? definition;
  return section(title, text, new Rows(format).of(fields, ""));
}

/** As GitHub makes them. */
const anchorOf = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");

/** The mapping whose fields make a section; a list's is that of its entries, and a mapping by name has one for each. */
function tableOf(field: FieldSchema): FieldSchema | undefined {
  const [first = field] = field.anyOf ?? [];
  if (typeof first.items === "object" && first.items.properties !== undefined) return first.items;
  if (first.properties !== undefined) return first;
  const entry = entryOf(first);
  return entry?.properties === undefined ? undefined : { properties: { [NAME]: entry } };
}

/** What a mapping by name holds under each name. */
const entryOf = ({ additionalProperties }: FieldSchema): FieldSchema | undefined =>
  typeof additionalProperties === "object" ? additionalProperties : undefined;

const isRequired = (schema: FieldSchema, name: string): boolean => schema.required?.includes(name) ?? false;

class Rows {
  private readonly format: Format;

  constructor(format: Format) {
    this.format = format;
  }

  /** Fields of a mapping, those of mappings inside it by their paths. */
  of(schema: FieldSchema, prefix: string): Row[] {
    return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
      const path = `${prefix}${name}`;
      // A name itself is no field.
      const itself = name === NAME ? [] : [this.row(path, field, isRequired(schema, name))];
      return [...itself, ...this.inside(path, field)];
    });
  }

  private inside(path: string, field: FieldSchema): Row[] {
    if (field.$ref !== undefined) return [];
    if (typeof field.items === "object" && field.items.properties !== undefined) {
      // A mixture's parts have the kinds that stand above it.
      const weight = field.items.properties.weight;
      return weight === undefined ? [] : [this.row(`${path}[].weight`, weight, true)];
    }
    const entry = entryOf(field);
    if (entry?.properties !== undefined) return this.of(entry, `${path}.${NAME}.`);
    const inner = field.properties !== undefined ? field : field.anyOf?.find(({ properties }) => properties);
    return inner === undefined ? [] : this.of(inner, `${path}.`);
  }

  row(name: string, field: FieldSchema, required: boolean): Row {
    return {
      name: `\`${name}\``,
      type: this.typeOf(field),
      otherwise: defaultOf(field, required),
      meaning: field.description ?? this.format.resolved(field).description ?? "",
      source: field.source ?? "",
    };
  }

  private typeOf(field: FieldSchema): string {
    const { kind, minimum, maximum, items, enum: words } = field;
    if (field.$ref !== undefined) return this.typeOfReference(field);
    if (kind === "word") return words!.map((word) => `\`${word}\``).join(" or ");
    if (kind === "whole number") return `${kind}${range(minimum, maximum)}`;
    if (kind !== undefined) return kind;
    if (typeof items === "object") {
      if (items.$ref !== undefined) return `list of ${this.typeOf(items)}`;
      return items.properties !== undefined ? "list of mappings" : listOf(items.kind);
    }
    if (field.anyOf !== undefined) return field.anyOf.map((each) => this.typeOf(each)).join(", or ");
    const entry = entryOf(field);
    if (entry?.$ref !== undefined) return `mapping of names to ${this.typeOf(entry)}`;
    return field.type === "array" ? "list" : "mapping";
  }

  /** A distribution, or something that has a section of its own. */
  private typeOfReference(field: FieldSchema): string {
    const name = field.$ref!.slice("#/$defs/".length);
    const [value] = this.format.resolved(field).anyOf ?? [];
    if (name.endsWith("Distribution")) return `${value!.kind} or [distribution](#distributions)`;
    return `[${name}](#${name})`;
  }
}

const listOf = (kind: string | undefined): string => (kind === undefined ? "list" : `list of ${kind}s`);

function range(minimum: number | undefined, maximum: number | undefined): string {
  const most = maximum === undefined || maximum >= 2 ** 48 ? undefined : maximum.toLocaleString("en");
  return most === undefined ? `, at least ${minimum}` : `, ${minimum} to ${most}`;
}

function defaultOf({ default: value, otherwise }: FieldSchema, required: boolean): string {
  if (required) return "required";
  if (otherwise !== undefined) return otherwise;
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.length === 0 ? "none" : `\`${inline(value)}\``;
  if (value === "") return "empty";
  if (typeof value === "object" && value !== null && Object.keys(value).length === 0) return "";
  return `\`${inline(value)}\``;
}

/** A value as YAML on one line. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  return `{${Object.entries(value)
    .map(([name, each]) => `${name}: ${inline(each)}`)
    .join(", ")}}`;
}

function section(title: string, text: string | undefined, rows: readonly Row[]): string {
  const cells = rows.map(({ name, type, otherwise, meaning, source }) => [
    name,
    type,
    otherwise,
    meaning,
    source,
  ]);
  const hasSource = rows.some(({ source }) => source !== "");
  const head = ["field", "type", "default", "meaning", ...(hasSource ? ["where the default is from"] : [])];
  const lines = [
    head,
    head.map(() => "---"),
    ...cells.map((line) => line.slice(0, head.length).map(escaped)),
  ];
  return [
    `### ${title}`,
    ...(text === undefined ? [] : [text]),
    lines.map((line) => `| ${line.join(" | ")} |`).join("\n"),
  ].join("\n\n");
}

const escaped = (text: string): string => text.replaceAll("|", "\\|");
