/** `bokisim replay`: the state of a process at a moment of a run, and what changed up to another. */

import { emitKeypressEvents } from "node:readline";
import { type Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { parseQuantity, TIME } from "../scenarios/quantity.ts";
import type { States } from "../scenarios/tracing/states.ts";
import { EXIT_CODES_HELP, EXIT_HELD, EXIT_INTERRUPTED } from "./exit-codes.ts";
import { withInterrupt } from "./interrupt.ts";
import { openRun } from "./opened.ts";
import { isColoured, print } from "./output.ts";
import { progressDisplay, progressStyle } from "./progress.ts";
import { InputError, type Services } from "./services.ts";
import { collectSetting, parseWhole } from "./values.ts";

interface Options {
  readonly at: number;
  readonly until?: number | undefined;
  readonly node: string;
  readonly step?: true | undefined;
  readonly variant?: string | undefined;
  readonly replication: number;
  readonly seed?: number | undefined;
  readonly set?: readonly string[] | undefined;
  readonly json?: true | undefined;
  readonly quiet?: true | undefined;
}

const HELP = `
Runs the scenario again up to the moment and prints the state of the process's machine; with --until also every step that it takes up to
then, with what it took in and what it changed. Times count from the start of the warm-up. Long lists are shortened; --json has
everything, changes as patches (add, remove or replace at a path).

With --step on a terminal one goes through the steps: n or → the next, p or ← the one before, q ends.

Examples:
  bokisim replay out/quickstart --at 1.2503s --node storage-1
  bokisim replay out/quickstart --at 1s --until 1.0005s --node sequencer-1
  bokisim replay quickstart --at 1s --until 1.002s --node engine-3 --step
  bokisim replay quickstart --at 1s --node storage-1 --json --quiet | jq '.state | keys'
${EXIT_CODES_HELP}`;

export function addReplay(program: Command, services: Services, finish: (status: number) => void): void {
  program
    .command("replay")
    .summary("show the state of a process at a moment of a run")
    .description("Show the state of a process at a moment of a run, and what changed up to another.")
    .argument(
      "<file>",
      "result.json of a run or its directory; or a scenario file, or a name of the catalogue",
    )
    .requiredOption("--at <time>", "the moment, such as 1.2503s", time)
    .requiredOption("--node <name>", "the process, such as storage-1")
    .option("--until <time>", "show every step up to this moment", time)
    .option("--step", "go through the steps one by one, on a terminal")
    .option("--variant <name>", "which variant, where the scenario has several")
    .option("--replication <number>", "which replication, from 0", parseWhole(0), 0)
    .option("--seed <number>", "seed of the first replication instead of the scenario's", parseWhole(0))
    .option("--set <path=value>", "change a field of the scenario; may be repeated", collectSetting)
    .option("--json", "print everything as JSON, and nothing else")
    .option("--quiet", "show no progress")
    .addHelpText("after", HELP)
    .action(async (file, options) => finish(await replayStates(services, file, options)));
}

async function replayStates(services: Services, name: string, options: Options): Promise<number> {
  const { at: atNanos, until: untilNanos, node, variant, replication } = options;
  if (untilNanos !== undefined && untilNanos <= atNanos) throw new InputError("--until must be after --at");
  if (options.step && untilNanos === undefined) {
    throw new InputError("--step goes through the steps up to --until, which is missing");
  }
  const { scenario } = await openRun(services, name, options);
  const [{ runStates }, { ExplanationError }] = await Promise.all([
    import("../scenarios/tracing/run-explain.ts"),
    import("../scenarios/tracing/explanation.ts"),
  ]);
  const display = progressDisplay(progressStyle(options.quiet === true, process.stderr), process.stderr);
  const states = await withInterrupt((signal) =>
    runStates(
      scenario,
      { node, atNanos, untilNanos, variant, replication },
      { onProgress: (progress) => display.update(progress), signal },
    ).finally(() => display.stop()),
  ).catch((error: unknown) => {
    if (error instanceof ExplanationError) throw new InputError(`${name}: ${error.message}`);
    throw error;
  });
  if (states === "interrupted") return EXIT_INTERRUPTED;
  if (options.json) {
    await print(`${JSON.stringify(states, undefined, 2)}\n`);
    return EXIT_HELD;
  }
  if (options.step && process.stdin.isTTY && process.stdout.isTTY) {
    await goThrough(states);
    return EXIT_HELD;
  }
  const { renderStates } = await import("../reports/states.ts");
  await print(renderStates(states, isColoured(process.stdout)));
  return EXIT_HELD;
}

/** One step on the screen at a time, until `q`. */
async function goThrough(states: States): Promise<void> {
  const { changeLines, renderStates } = await import("../reports/states.ts");
  const { changes } = states;
  const { stdin, stdout } = process;
  await print(renderStates({ ...states, untilNanos: null }, isColoured(stdout)));
  let at = -1;
  const show = (): void => {
    const lines = at < 0 ? ["before the first step"] : changeLines(changes[at]!);
    stdout.write(`\n[${at + 1} of ${changes.length}] ${lines.join("\n")}\n`);
  };
  stdout.write("n or → the next step, p or ← the one before, q ends\n");
  show();
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  stdin.resume();
  await new Promise<void>((resolve) => {
    stdin.on("keypress", (_, key: { readonly name?: string; readonly ctrl?: boolean }) => {
      if (key.name === "q" || (key.ctrl === true && key.name === "c")) {
        resolve();
        return;
      }
      const by =
        key.name === "n" || key.name === "right" ? 1 : key.name === "p" || key.name === "left" ? -1 : 0;
      const next = Math.min(changes.length - 1, Math.max(-1, at + by));
      if (next === at) return;
      at = next;
      show();
    });
  });
  stdin.setRawMode(false);
  stdin.pause();
}

function time(text: string): number {
  const parsed = parseQuantity(TIME, text.trim() === "0" ? "0s" : text);
  if (!parsed.ok)
    throw new InvalidArgumentError("A time from the start of the warm-up is wanted, such as 1.2503s.");
  return parsed.value;
}
