/** The JSON Schemas of what the commands write, which `npm run docs:schemas` makes. */

import { readFile } from "node:fs/promises";

export const RESULT_SCHEMAS = [
  "result",
  "comparison",
  "sweep",
  "capacity",
  "explanation",
  "space-time",
  "states",
] as const;
export type ResultSchema = (typeof RESULT_SCHEMAS)[number];

export const resultSchemaFile = (kind: ResultSchema): URL =>
  new URL(`./schemas/${kind}.schema.json`, import.meta.url);

export async function resultSchema(kind: ResultSchema): Promise<unknown> {
  return JSON.parse(await readFile(resultSchemaFile(kind), "utf8"));
}
