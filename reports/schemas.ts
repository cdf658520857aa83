/**
 * Makes the JSON Schemas of what the commands write from the types it has in the code, with their comments as descriptions:
 *
 *     npm run docs:schemas
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createGenerator } from "ts-json-schema-generator";
import { RESULT_SCHEMAS, type ResultSchema, resultSchemaFile } from "./result-schemas.ts";

/** The types of the files, and where they are. */
const TYPES: Readonly<Record<ResultSchema, { readonly path: string; readonly type: string }>> = {
  result: { path: "scenarios/result.ts", type: "ScenarioResult" },
  comparison: { path: "scenarios/comparison/comparison.ts", type: "ComparisonResult" },
  sweep: { path: "scenarios/sweep/sweep.ts", type: "SweepResult" },
  capacity: { path: "scenarios/capacity/capacity.ts", type: "CapacityResult" },
  explanation: { path: "scenarios/tracing/explanation.ts", type: "Explanation" },
  "space-time": { path: "scenarios/tracing/space-time.ts", type: "SpaceTime" },
  states: { path: "scenarios/tracing/states.ts", type: "States" },
};

const fromRoot = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The text of the file that has the schema. */
export function resultSchemaText(kind: ResultSchema): string {
  const { path, type } = TYPES[kind];
  const schema = createGenerator({
    ...{ path: fromRoot(path), type, tsconfig: fromRoot("tsconfig.json") },
    // The type check is a command of its own, and the compiler of the generator another one.
    ...{ skipTypeCheck: true, topRef: false, expose: "export" },
  }).createSchema(type);
  const title = `What bokisim writes as ${kind}.json`;
  const { $schema, ...rest } = schema;
  return `${JSON.stringify({ $schema, title, ...rest }, undefined, 2)}\n`;
}

if (import.meta.main) {
  mkdirSync(new URL("./schemas/", import.meta.url), { recursive: true });
  for (const kind of RESULT_SCHEMAS) writeFileSync(resultSchemaFile(kind), resultSchemaText(kind));
}
