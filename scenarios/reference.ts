/**
 * Makes the generated parts of docs/scenarios.md and docs/applications.md and the JSON Schemas beside the scenarios from the
 * formats:
 *
 *     npm run docs:scenarios
 */

import { readFileSync, writeFileSync } from "node:fs";
import { COMMANDS, WORKS } from "../models/applications/costs.ts";
import { loadApplication } from "./applications/load.ts";
import {
  applicationFormat,
  applicationJsonSchema,
  runtimeFormat,
  scenarioFormat,
  scenarioJsonSchema,
} from "./json-schema.ts";
import { loadScenario } from "./load.ts";
import { ScenarioError } from "./problems.ts";
import { definitionTable, tablesOf } from "./reference-tables.ts";
import { commonFields } from "./schema-common.ts";

const BEGIN = "<!-- Made by npm run docs:scenarios from the formats in scenarios/: -->";
const END = "<!-- End of what is made. -->";
const BROKEN = /```yaml\n(name: broken\n[\s\S]*?)```/;
const ANSWER = /(```yaml\nname: broken\n[\s\S]*?)```text\n[\s\S]*?```/;

/** A page of which parts are made. */
export interface ReferencePage {
  readonly file: string;
  tables(): string;
  /** Reads the example of mistakes on the page; throws a `ScenarioError`. */
  readBroken(text: string): unknown;
}

export const PAGES: readonly ReferencePage[] = [
  {
    file: "docs/scenarios.md",
    tables: () =>
      [
        ...tablesOf(scenarioFormat, { title: "The scenario" }),
        definitionTable(
          scenarioFormat,
          "timeDistribution",
          "Distributions",
          "Where a field may be a distribution, one of these stands in place of the quantity. Quantities are times here, sizes or factors elsewhere.",
        ),
        ...tablesOf(runtimeFormat, {
          title: "The scenario of an application",
          text: `With \`system: nightcore\`. The fields ${listed(Object.keys(commonFields))} are as above.`,
          leaveOut: Object.keys(commonFields),
          sectionOf: (name) => `\`${name}\` of an application's scenario`,
        }),
      ].join("\n\n"),
    readBroken: (text) => loadScenario(text, "broken.yaml"),
  },
  {
    file: "docs/applications.md",
    tables: () =>
      [
        ...tablesOf(applicationFormat, { title: "The application" }),
        definitionTable(
          applicationFormat,
          "step",
          "steps",
          "A list of steps, each of which is exactly one of these.",
        ),
        definitionTable(
          applicationFormat,
          "value",
          "value",
          "What a variable is: a whole number from 0 to 1,000,000,000 that is always the same, or one of these.",
        ),
        namesTable("Kinds of work", "kind", "what its amount counts", Object.entries(WORKS)),
        namesTable(
          "Commands of stores",
          "kind of store",
          "commands",
          Object.entries(COMMANDS).map(([kind, commands]) => [kind, listed(commands)]),
        ),
      ].join("\n\n"),
    readBroken: (text) => loadApplication(text, "broken.yaml"),
  },
];

export const SCHEMAS: readonly { readonly file: string; text(): string }[] = [
  { file: "scenarios/scenario.schema.json", text: () => schemaText(scenarioJsonSchema()) },
  { file: "scenarios/application.schema.json", text: () => schemaText(applicationJsonSchema()) },
];

/** A page with its tables as they should be, and with what is said about its broken example. */
export function pageWith({ file, tables, readBroken }: ReferencePage, page: string): string {
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${file} has lost its lines "${BEGIN}" and "${END}"`);
  const whole = `${page.slice(0, begin + BEGIN.length)}\n\n${tables()}\n\n${page.slice(end)}`;
  const broken = BROKEN.exec(whole)?.[1];
  if (broken === undefined) throw new Error(`${file} has lost its broken example`);
  const answer = answerTo(file, () => readBroken(broken));
  return whole.replace(ANSWER, (_, before: string) => `${before}\`\`\`text\n${answer}\n\`\`\``);
}

function answerTo(file: string, readBroken: () => unknown): string {
  try {
    readBroken();
  } catch (error) {
    if (error instanceof ScenarioError) return error.message;
    throw error;
  }
  throw new Error(`the broken example of ${file} is right`);
}

function namesTable(
  title: string,
  head: string,
  meaning: string,
  rows: readonly (readonly [string, string])[],
): string {
  const lines = [`| ${head} | ${meaning} |`, "| --- | --- |"];
  for (const [name, text] of rows) lines.push(`| \`${name}\` | ${text} |`);
  return `### ${title}\n\n${lines.join("\n")}`;
}

const listed = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(", ");

const schemaText = (schema: unknown): string => `${JSON.stringify(schema, null, 2)}\n`;

if (import.meta.main) {
  for (const page of PAGES) {
    const path = inRepository(page.file);
    writeFileSync(path, pageWith(page, readFileSync(path, "utf8")));
  }
  for (const { file, text } of SCHEMAS) writeFileSync(inRepository(file), text());
}

function inRepository(file: string): URL {
  return new URL(`../${file}`, import.meta.url);
}
