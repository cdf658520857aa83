/** `bokisim spacetime`: who sent what to whom, drawn over time. */

import { join } from "node:path";
import type { Command } from "@commander-js/extra-typings";
import { EXIT_CODES_HELP, EXIT_HELD, EXIT_INTERRUPTED } from "./exit-codes.ts";
import { percent } from "./explain.ts";
import { withInterrupt } from "./interrupt.ts";
import { openRun } from "./opened.ts";
import { checkPictures, print } from "./output.ts";
import { progressDisplay, progressStyle } from "./progress.ts";
import { InputError, type Services } from "./services.ts";
import { type TraceWindow, traceWindow } from "./trace-options.ts";
import { collectSetting, parseWhole } from "./values.ts";

interface Options {
  readonly op?: string | undefined;
  readonly percentile: number;
  readonly window?: TraceWindow | undefined;
  readonly nodes?: string | undefined;
  readonly variant?: string | undefined;
  readonly replication: number;
  readonly seed?: number | undefined;
  readonly set?: readonly string[] | undefined;
  readonly out?: string | undefined;
  readonly png?: true | undefined;
  readonly json?: true | undefined;
  readonly quiet?: true | undefined;
}

const HELP = `
Runs the scenario again with a tracer and draws either an interval (--window) or one operation with everything it caused (--op): a
line for each process, an arrow for each message, and what faults struck. At most 400 messages: --nodes chooses processes.

Writes space-time.json, space-time.html (one page that opens offline, to be moved and zoomed) and space-time.svg.

Examples:
  bokisim spacetime quickstart --op append
  bokisim spacetime out/quickstart/result.json --op readPrev --percentile 99.9
  bokisim spacetime quickstart --window 1s..1.0005s --nodes "sequencer-*,storage-*"
  bokisim spacetime primary-crash --window 3.802s..3.818s --nodes "sequencer-*,controller,zookeeper"
${EXIT_CODES_HELP}`;

export function addSpaceTime(program: Command, services: Services, finish: (status: number) => void): void {
  program
    .command("spacetime")
    .summary("draw the messages of an interval, or of one operation")
    .description("Draw a space-time diagram: processes as lines, messages as arrows, over time.")
    .argument(
      "<file>",
      "result.json of a run or its directory; or a scenario file, or a name of the catalogue",
    )
    .option("--op <operation>", "one operation of this name, such as append")
    .option("--percentile <percent>", "which one, by its latency", percent, 50)
    .option("--window <from..to>", "all messages of this time, such as 1s..1.0005s", traceWindow)
    .option("--nodes <names>", "only these processes: names, with * for anything, separated by commas")
    .option("--variant <name>", "which variant, where the scenario has several")
    .option("--replication <number>", "which replication, from 0", parseWhole(0), 0)
    .option("--seed <number>", "seed of the first replication instead of the scenario's", parseWhole(0))
    .option("--set <path=value>", "change a field of the scenario; may be repeated", collectSetting)
    .option("--out <directory>", "where to write (default: out/<scenario name>)")
    .option("--png", "write the charts as PNG as well")
    .option("--json", "print space-time.json to standard output and nothing else; files only with --out")
    .option("--quiet", "show no progress")
    .addHelpText("after", HELP)
    .action(async (file, options) => finish(await spaceTime(services, file, options)));
}

async function spaceTime(services: Services, name: string, options: Options): Promise<number> {
  const { op, window, percentile, variant, replication, nodes = "" } = options;
  if ((op === undefined) === (window === undefined)) {
    throw new InputError(
      "what is drawn: either an operation (--op append) or an interval (--window 1s..1.0005s)",
    );
  }
  checkPictures(options);
  const { scenario, result } = await openRun(services, name, options);
  const [{ runSpaceTime }, { ExplanationError }] = await Promise.all([
    import("../scenarios/tracing/space-time.ts"),
    import("../scenarios/tracing/explanation.ts"),
  ]);
  const display = progressDisplay(progressStyle(options.quiet === true, process.stderr), process.stderr);
  const request = {
    of: op === undefined ? window! : { operation: op, percentile },
    nodes: nodes
      .split(",")
      .map((each) => each.trim())
      .filter((each) => each !== ""),
    ...{ variant, replication },
  };
  const diagram = await withInterrupt((signal) =>
    runSpaceTime(scenario, request, result, {
      onProgress: (progress) => display.update(progress),
      signal,
    }).finally(() => display.stop()),
  ).catch((error: unknown) => {
    if (error instanceof ExplanationError) throw new InputError(`${name}: ${error.message}`);
    throw error;
  });
  if (diagram === "interrupted") return EXIT_INTERRUPTED;
  const { spaceTimeJson, spaceTimeSentence, writeSpaceTime } = await import("../reports/space-time-page.ts");
  if (options.json) await print(spaceTimeJson(diagram));
  if (options.json && options.out === undefined) return EXIT_HELD;
  const page = await writeSpaceTime(
    diagram,
    options.out ?? join("out", scenario.name.replaceAll(/[^\w.-]+/g, "-")),
    { png: options.png },
  );
  if (!options.json) await print(`${spaceTimeSentence(diagram)}\n\nPage: ${page}\n`);
  return EXIT_HELD;
}
