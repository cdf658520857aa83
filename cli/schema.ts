/** `bokisim schema`: the JSON Schema of scenario files, for editors. */

import type { Command } from "@commander-js/extra-typings";
import { print } from "./output.ts";
import type { Services } from "./services.ts";

const HELP = `
An editor that knows YAML completes and checks a scenario that begins with
  # yaml-language-server: $schema=scenario.schema.json

Example:
  bokisim schema > scenario.schema.json`;

export function addSchema(program: Command, services: Services): void {
  program
    .command("schema")
    .summary("print the JSON Schema of scenario files")
    .description("Print the JSON Schema of scenario files, with which editors complete and check them.")
    .addHelpText("after", HELP)
    .action(async () => print(`${JSON.stringify(await services.schema(), null, 2)}\n`));
}
