/**
 * Makes the generated parts of docs/scenarios.md and the JSON Schema beside the scenarios from the format:
 *
 *     npm run docs:scenarios
 */

import { readFileSync, writeFileSync } from "node:fs";
import { type FieldSchema, scenarioFormat, scenarioJsonSchema } from "./json-schema.ts";
import { loadScenario } from "./load.ts";
import { ScenarioError } from "./problems.ts";

const PAGE = new URL("../docs/scenarios.md", import.meta.url);
const SCHEMA = new URL("scenario.schema.json", import.meta.url);
const BEGIN = "<!-- Made by npm run docs:scenarios from scenarios/schema.ts: -->";
const BROKEN = /```yaml\n(name: broken\n[\s\S]*?)```/;
const ANSWER = /```text\n[\s\S]*?```/;
const END = "<!-- End of what is made. -->";

/** The field tables, a section for each part of a scenario. */
export function fieldTables(): string {
  const format = scenarioFormat.described();
  const parts = Object.entries(format.properties!).filter(([, field]) => field.hidden !== true);
  const sections = parts.flatMap(([name, field]) => {
    const table = tableOf(field);
    return table === undefined ? [] : [section(`\`${name}\``, field.description, rowsOf(table, ""))];
  });
  const distribution = format.$defs!.timeDistribution!;
  const kinds = distribution.anyOf!.find(({ properties }) => properties !== undefined)!;
  return [
    section(
      "The scenario",
      undefined,
      parts.map(([name, field]) => {
        const itself = row(name, field, isRequired(format, name));
        return tableOf(field) === undefined ? itself : { ...itself, type: `[${itself.type}](#${name})` };
      }),
    ),
    ...sections,
    section(
      "Distributions",
      "Where a field may be a distribution, one of these stands in place of the quantity. Quantities are times here, sizes or factors elsewhere.",
      rowsOf(kinds, ""),
    ),
  ].join("\n\n");
}

/** The page with its tables as they should be, and with what is said about its broken example. */
export function pageWith(page: string, tables: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin)
    throw new Error(`docs/scenarios.md has lost its lines "${BEGIN}" and "${END}"`);
  const whole = `${page.slice(0, begin + BEGIN.length)}\n\n${tables}\n\n${page.slice(end)}`;
  const broken = BROKEN.exec(whole)?.[1];
  if (broken === undefined) throw new Error("docs/scenarios.md has lost its broken example");
  return whole.replace(ANSWER, () => `\`\`\`text\n${answerTo(broken)}\n\`\`\``);
}

function answerTo(broken: string): string {
  try {
    loadScenario(broken, "broken.yaml");
  } catch (error) {
    if (error instanceof ScenarioError) return error.message;
    throw error;
  }
  throw new Error("the broken example of docs/scenarios.md is right");
}

export function schemaText(): string {
  return `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`;
}

/** The mapping whose fields make a section; a list's is that of its entries. */
function tableOf(field: FieldSchema): FieldSchema | undefined {
  const [first = field] = field.anyOf ?? [];
  if (first.items?.properties !== undefined) return first.items;
  return first.properties === undefined ? undefined : first;
}

interface Row {
  readonly name: string;
  readonly type: string;
  readonly otherwise: string;
  readonly meaning: string;
  readonly source: string;
}

/** Fields of a mapping, those of mappings inside it by their paths. */
function rowsOf(schema: FieldSchema, prefix: string): Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const itself = row(path, field, isRequired(schema, name));
    if (field.$ref !== undefined) return [itself];
    if (field.items?.properties !== undefined) {
      // A mixture's parts have the kinds that stand above it.
      const weight = field.items.properties.weight;
      return weight === undefined ? [itself] : [itself, row(`${path}[].weight`, weight, true)];
    }
    const inner = field.properties !== undefined ? field : field.anyOf?.find(({ properties }) => properties);
    return inner === undefined ? [itself] : [itself, ...rowsOf(inner, `${path}.`)];
  });
}

const isRequired = (schema: FieldSchema, name: string): boolean => schema.required?.includes(name) ?? false;

function row(name: string, field: FieldSchema, required: boolean): Row {
  return {
    name: `\`${name}\``,
    type: typeOf(field),
    otherwise: defaultOf(field, required),
    meaning: field.description ?? "",
    source: field.source ?? "",
  };
}

function typeOf(field: FieldSchema): string {
  const { kind, minimum, maximum, items, enum: words } = field;
  if (field.$ref !== undefined) {
    const [value] = scenarioFormat.resolved(field).anyOf!;
    return `${value!.kind} or [distribution](#distributions)`;
  }
  if (kind === "word") return words!.map((word) => `\`${word}\``).join(" or ");
  if (kind === "whole number") return `${kind}${range(minimum, maximum)}`;
  if (kind !== undefined) return kind;
  if (items !== undefined) return items.properties !== undefined ? "list of mappings" : listOf(items.kind);
  if (field.anyOf !== undefined) return field.anyOf.map(typeOf).join(", or ");
  return field.type === "array" ? "list" : "mapping";
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

if (import.meta.main) {
  writeFileSync(PAGE, pageWith(readFileSync(PAGE, "utf8"), fieldTables()));
  writeFileSync(SCHEMA, schemaText());
}
