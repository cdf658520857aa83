/** `bokisim schema`: the JSON Schemas of the files that people write, for editors, and of those that commands write, for programs. */

import { Argument, type Command } from "@commander-js/extra-typings";
import { print } from "./output.ts";
import { SCHEMAS, type Services } from "./services.ts";

const HELP = `
An editor that knows YAML completes and checks a scenario that begins with
  # yaml-language-server: $schema=scenario.schema.json
The other kinds are what commands write: NAME.json, and what they print with --json.

Examples:
  bokisim schema > scenario.schema.json
  bokisim schema application > application.schema.json
  bokisim schema result > result.schema.json`;

export function addSchema(program: Command, services: Services): void {
  program
    .command("schema")
    .summary("print the JSON Schema of a kind of files")
    .description("Print the JSON Schema of a kind of files, with which editors and programs check them.")
    .addArgument(new Argument("[kind]", "of which files").choices(SCHEMAS).default("scenario" as const))
    .addHelpText("after", HELP)
    .action(async (kind) => print(`${JSON.stringify(await services.schema(kind), null, 2)}\n`));
}
