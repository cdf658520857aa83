/** `bokisim sweep`: a scenario at every combination of some fields' values. */

import { mkdir, readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { parseOver, type Swept } from "../scenarios/sweep/over.ts";
import type { SweepProgress } from "../scenarios/sweep/sweep.ts";
import { BOKISIM_VERSION } from "../scenarios/version.ts";
import { EXIT_CODES_HELP, EXIT_HELD, EXIT_INTERRUPTED } from "./exit-codes.ts";
import { isColoured, print } from "./output.ts";
import { scenarioFile } from "./scenario-file.ts";
import { InputError, type Services } from "./services.ts";
import { collectSetting, parseWhole } from "./values.ts";

interface Options {
  readonly over: readonly Swept[];
  readonly seeds: number;
  readonly metric?: string | undefined;
  readonly seed?: number | undefined;
  readonly set?: readonly string[] | undefined;
  readonly jobs: number;
  readonly out?: string | undefined;
  readonly png?: true | undefined;
  readonly json?: true | undefined;
  readonly quiet?: true | undefined;
}

const HELP = `
Values are a list, cluster.storages=3,5,9, or a range with a number of values, boki.globalCut=50us..2ms:log:8 (or :lin:8). Every
point is run with the same seeds. Each finished run is written down before the next begins: a sweep that was stopped, in whatever
way, goes on where it was when the same command is given again, and more seeds or values may be asked for then.

Writes sweep.parquet and sweep.csv (a row for each operation of each run), sweep.json, sweep.html and charts/*.svg.

Examples:
  bokisim sweep quickstart --over boki.globalCut=100us..2ms:log:5 --seeds 5
  bokisim sweep quickstart --over boki.localCut=100us,1ms --over boki.globalCut=100us,1ms --metric append.p50
  duckdb -c "select * from 'out/sweep-quickstart/sweep.parquet'"
${EXIT_CODES_HELP}`;

export function addSweep(program: Command, services: Services, finish: (status: number) => void): void {
  program
    .command("sweep")
    .summary("run a scenario at every combination of some values")
    .description("Run a scenario at every combination of some fields' values, with several seeds each.")
    .argument("<file>", "scenario file, or a name of the catalogue")
    .requiredOption("--over <path=values>", "a field and its values; may be repeated", collectOver)
    .option("--seeds <number>", "runs of each point, with seeds of their own", parseWhole(1), 3)
    .option(
      "--metric <metric>",
      "what tables and charts show, such as append.p99 (default: p99 of requests or appends)",
    )
    .option("--seed <number>", "the first seed instead of the scenario's", parseWhole(0))
    .option("--set <path=value>", "change a field for all runs; may be repeated", collectSetting)
    .option("--jobs <number>", "runs at a time", parseWhole(1), availableParallelism())
    .option("--out <directory>", "where to write, and where finished runs are (default: out/sweep-<file>)")
    .option("--png", "write the charts as PNG as well")
    .option("--json", "print the result as JSON to standard output and nothing else")
    .option("--quiet", "show no progress")
    .addHelpText("after", HELP)
    .action(async (file, options) => finish(await sweep(services, file, options)));
}

async function sweep(services: Services, name: string, options: Options): Promise<number> {
  const file = await scenarioFile(services, name);
  const text = await readFile(file, "utf8");
  const [{ runSweep, questionOf, SweepError }, { JournalError }, { ScenarioError }] = await Promise.all([
    import("../scenarios/sweep/sweep.ts"),
    import("../scenarios/sweep/journal.ts"),
    import("../scenarios/problems.ts"),
  ]);
  const plain = name.replace(/^.*[\\/]/, "").replace(/\.ya?ml$/, "");
  const directory = options.out ?? join("out", `sweep-${plain.replaceAll(/[^\w.-]+/g, "-")}`);
  await mkdir(directory, { recursive: true });
  // Ctrl-C ends the sweep and keeps what it has; a second one ends the process, as ever.
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  try {
    const result = await runSweep(text, file, BOKISIM_VERSION, {
      over: options.over,
      seeds: options.seeds,
      seed: options.seed,
      set: options.set ?? [],
      jobs: options.jobs,
      journal: join(directory, "journal.jsonl"),
      signal: controller.signal,
      onRun: options.quiet === true ? undefined : tell,
    });
    const question = questionOf(result, options.metric);
    const { writeSweep } = await import("../reports/sweep-files.ts");
    const page = await writeSweep(result, question, directory, { png: options.png });
    if (options.json) {
      await print(`${JSON.stringify(result, undefined, 2)}\n`);
    } else {
      const { renderSweep } = await import("../reports/sweep.ts");
      await print(`${renderSweep(result, question, isColoured(process.stdout))}Report: ${page}\n`);
    }
    return result.stopped ? EXIT_INTERRUPTED : EXIT_HELD;
  } catch (error) {
    if (error instanceof ScenarioError || error instanceof SweepError || error instanceof JournalError) {
      throw new InputError(error.message);
    }
    throw error;
  }
}

function tell({ point, seed, runsDone, runs }: SweepProgress): void {
  process.stderr.write(`${point}, seed ${seed} (${runsDone} of ${runs} runs)\n`);
}

function collectOver(text: string, previous: readonly Swept[] | undefined): readonly Swept[] {
  const over = parseOver(text);
  if (!over.ok) throw new InvalidArgumentError(`${over.reason}.`);
  return [...(previous ?? []), over.swept];
}
