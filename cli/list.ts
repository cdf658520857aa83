/** `bokisim list`: the scenarios that come with bokisim. */

import type { Command } from "@commander-js/extra-typings";
import { print } from "./output.ts";
import type { Services } from "./services.ts";

const HELP = `
Examples:
  bokisim list
  bokisim list --json`;

export function addList(program: Command, services: Services): void {
  program
    .command("list")
    .summary("show the catalogue of scenarios")
    .description("Show the catalogue of scenarios, with one line each.")
    .option("--json", "as JSON: name, summary and file of each")
    .addHelpText("after", HELP)
    .action(async ({ json }) => {
      const entries = await services.catalogue();
      if (json) return print(`${JSON.stringify(entries, null, 2)}\n`);
      const width = Math.max(0, ...entries.map((entry) => entry.name.length));
      await print(entries.map((entry) => `${entry.name.padEnd(width)}  ${entry.summary}\n`).join(""));
    });
}
