/** The program: its commands, and how everything that can go wrong ends. */

import { Command, CommanderError } from "@commander-js/extra-typings";
import { BOKISIM_VERSION } from "../scenarios/version.ts";
import { addCapacity } from "./capacity.ts";
import { addCheck } from "./check.ts";
import { addCompare } from "./compare.ts";
import { EXIT_BUG, EXIT_CODES_HELP, EXIT_HELD, EXIT_INPUT_WRONG } from "./exit-codes.ts";
import { addExplain } from "./explain.ts";
import { addFuzz } from "./fuzz.ts";
import { addList } from "./list.ts";
import { tolerateClosedPipe } from "./output.ts";
import { addRun } from "./run.ts";
import { addSchema } from "./schema.ts";
import { InputError, type Services } from "./services.ts";
import { addSpaceTime } from "./space-time.ts";
import { addReplay } from "./states.ts";
import { addSweep } from "./sweep.ts";
import { addValidate } from "./validate.ts";

const HELP = `
Examples:
  bokisim run quickstart                     simulate a scenario of the catalogue
  bokisim run my-scenario.yaml --seed 7      simulate your own
  bokisim list                               show the catalogue
  bokisim validate my-scenario.yaml          check a file
  bokisim check history.json --model kv      is this history linearizable?
  bokisim fuzz --runs 1000                   look for schedules that break the protocol
  bokisim compare cut-interval --metric append.p99
  bokisim capacity my-scenario.yaml --slo "p99<20ms"
  bokisim explain out/quickstart --op append  where does the time go?
  bokisim spacetime quickstart --op append   who sent what to whom?
  bokisim replay quickstart --at 1s --node storage-1
  bokisim help run                           everything about a command
${EXIT_CODES_HELP}`;

/** Runs the command line and returns the exit status. */
export async function main(argv: readonly string[], services: Services): Promise<number> {
  tolerateClosedPipe();
  let status = EXIT_HELD;
  const finish = (its: number): void => {
    status = its;
  };
  const program = new Command("bokisim")
    .description(
      "Deterministic discrete-event simulator of the Boki shared log and the Nightcore function runtime.",
    )
    .version(BOKISIM_VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .configureHelp({ showGlobalOptions: false })
    .showHelpAfterError("(add --help for what is possible)")
    .exitOverride()
    .addHelpText("after", HELP);
  addRun(program, services, finish);
  addValidate(program, services, finish);
  addCheck(program, finish);
  addFuzz(program, services, finish);
  addCompare(program, services, finish);
  addSweep(program, services, finish);
  addCapacity(program, services, finish);
  addExplain(program, services, finish);
  addSpaceTime(program, services, finish);
  addReplay(program, services, finish);
  addList(program, services);
  addSchema(program, services);
  try {
    await program.parseAsync([...argv], { from: "user" });
    return status;
  } catch (error) {
    return statusOf(error, argv);
  }
}

/** Commander has written its message before it throws. */
function statusOf(error: unknown, argv: readonly string[]): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_HELD : EXIT_INPUT_WRONG;
  if (error instanceof InputError) {
    process.stderr.write(`${error.message}\n`);
    return EXIT_INPUT_WRONG;
  }
  const stack = error instanceof Error ? (error.stack ?? String(error)) : String(error);
  process.stderr.write(
    `bokisim: this is a defect of bokisim, not of your input. The command was: bokisim ${argv.join(" ")}\n${stack}\n`,
  );
  return EXIT_BUG;
}
