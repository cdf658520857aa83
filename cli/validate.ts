/** `bokisim validate`: checks scenario files without running them. */

import type { Command } from "@commander-js/extra-typings";
import type { Problem } from "../scenarios/problems.ts";
import { EXIT_HELD, EXIT_INPUT_WRONG } from "./exit-codes.ts";
import { print } from "./output.ts";
import { openScenario, textOfCase } from "./scenario-file.ts";
import { InputError, type Services } from "./services.ts";

const HELP = `
Every mistake is shown with file, line and column, what was found and what would be right.

Examples:
  bokisim validate my-scenario.yaml
  bokisim validate scenarios/*.yaml
  bokisim validate my-scenario.yaml --json | jq '.[].problems[] | {line, column, path, message}'

Exit status:
  0    every file is right
  2    something is wrong`;

export function addValidate(program: Command, services: Services, finish: (status: number) => void): void {
  program
    .command("validate")
    .summary("check scenario files without running them")
    .description("Check scenario files without running them.")
    .argument("<files...>", "scenario files, or names of the catalogue")
    .option("--json", "as JSON: each file with what is wrong with it, by line, column and field")
    .addHelpText("after", HELP)
    .action(async (files, { json }) => finish(await validate(services, files, json === true)));
}

/** A scenario, or a case that a campaign wrote; an `InputError` says what is wrong with it. */
async function readOne(services: Services, file: string): Promise<void> {
  const text = await textOfCase(services, file);
  if (text === undefined) {
    await openScenario(services, file, { set: [] });
    return;
  }
  const { checkCase } = await import("./replay.ts");
  await checkCase(text, file);
}

/** Goes through all files, so that one look shows all mistakes. */
async function validate(services: Services, files: readonly string[], json: boolean): Promise<number> {
  const found: { file: string; right: boolean; message?: string; problems: readonly Problem[] }[] = [];
  for (const file of files) {
    try {
      await readOne(services, file);
      found.push({ file, right: true, problems: [] });
      if (!json) await print(`${file}: right\n`);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const { message, problems } = error;
      found.push({ file, right: false, message, problems });
      if (!json) process.stderr.write(`${message}\n`);
    }
  }
  if (json) await print(`${JSON.stringify(found, undefined, 2)}\n`);
  return found.every(({ right }) => right) ? EXIT_HELD : EXIT_INPUT_WRONG;
}
