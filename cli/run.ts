/** `bokisim run`: simulates a scenario, shows what came out and writes the report. */

import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Command } from "@commander-js/extra-typings";
import { renderTable } from "../reports/table.ts";
import type { ScenarioResult } from "../scenarios/result.ts";
import type { Trace, TraceRequest } from "../scenarios/tracing/trace.ts";
import { EXIT_CODES_HELP, EXIT_FAILED, EXIT_HELD, EXIT_INTERRUPTED } from "./exit-codes.ts";
import { openHistory } from "./history-file.ts";
import { withInterrupt } from "./interrupt.ts";
import { checkPictures, isColoured, print } from "./output.ts";
import { progressDisplay, progressStyle } from "./progress.ts";
import { openScenario, textOfCase } from "./scenario-file.ts";
import { InputError, type Services } from "./services.ts";
import {
  type TraceFormat,
  type TraceWindow,
  traceFormat,
  traceRequest,
  traceSample,
  traceWindow,
  writeTrace,
} from "./trace-options.ts";
import { collectSetting, parseWhole } from "./values.ts";

interface Options {
  readonly seed?: number | undefined;
  readonly set?: readonly string[] | undefined;
  readonly out?: string | undefined;
  readonly history?: string | undefined;
  readonly png?: true | undefined;
  readonly json?: true | undefined;
  readonly quiet?: true | undefined;
  readonly checked?: true | undefined;
  readonly details?: true | undefined;
  readonly jobs: number;
  readonly trace?: TraceFormat | undefined;
  readonly traceSample?: TraceRequest["sample"] | undefined;
  readonly traceWindow?: TraceWindow | undefined;
}

const HELP = `
Writes result.json (everything, for programs), operations.csv and operations.parquet (a row an operation), report.html (one page that
opens offline) and charts/*.svg.
With --trace also trace.perfetto.json, of every step from the end of the warm-up on, or of the window, until 65,535 messages and timers are recorded, or
trace.otlp.json, of a sample of operations; both of the first replication of the first variant.

Examples:
  bokisim run quickstart
  bokisim run scenarios/quickstart.yaml --seed 7 --out out/seed-7
  bokisim run quickstart --set boki.globalCut=100us --set cluster.storages=5
  bokisim run out/fuzz/R1-seed1-run17.yaml       replay what "bokisim fuzz" found
  bokisim run append-clients --history seen.jsonl && bokisim check seen.jsonl --model log
  bokisim run quickstart --trace perfetto --trace-window 1s..1.02s
  bokisim run quickstart --json --quiet | jq '.variants[0].operations[0].p99Nanos.mean'
${EXIT_CODES_HELP}`;

/** Adds the command; `finish` takes the exit status. */
export function addRun(program: Command, services: Services, finish: (status: number) => void): void {
  program
    .command("run")
    .summary("simulate a scenario and report what came out")
    .description("Simulate a scenario and report what came out.")
    .argument("<file>", 'scenario file, a name of the catalogue, or a case that "bokisim fuzz" wrote')
    .option("--seed <number>", "seed of the first replication instead of the scenario's", parseWhole(0))
    .option("--set <path=value>", "change a field of the scenario; may be repeated", collectSetting)
    .option("--out <directory>", "where to write the report (default: out/<scenario name>)")
    .option("--history <file>", 'write what functions saw of the log, for "bokisim check": JSON Lines')
    .option("--trace <format>", "write a trace: perfetto (opens in ui.perfetto.dev) or otlp", traceFormat)
    .option(
      "--trace-sample <number|share>",
      "operations of the trace, such as 50 or 1% (default: 100)",
      traceSample,
    )
    .option(
      "--trace-window <from..to>",
      "the part that is traced, from the start of the warm-up, such as 1s..1.2s",
      traceWindow,
    )
    .option("--png", "write the charts as PNG as well")
    .option("--json", "print result.json to standard output and nothing else; files only with --out")
    .option("--quiet", "show no progress")
    .option("--checked", "run the models with frozen, immutable states: slower, same result")
    .option("--details", "with several variants, print everything about each of them")
    .option("--jobs <number>", "runs at a time", parseWhole(1), availableParallelism())
    .addHelpText("after", HELP)
    .action(async (file, options) => finish(await run(services, file, options)));
}

async function run(services: Services, file: string, options: Options): Promise<number> {
  const text = await textOfCase(services, file);
  if (text !== undefined) {
    const { replay } = await import("./replay.ts");
    refuseSettings(file, options);
    return replay(text, file, options.json === true);
  }
  checkPictures(options);
  const scenario = await openScenario(services, file, {
    set: options.set ?? [],
    ...(options.seed !== undefined && { seed: options.seed }),
  });
  if (options.history !== undefined && !scenario.hasHistory) {
    throw new InputError(`--history: there is no log in ${scenario.name}, so nothing is seen of one`);
  }
  const trace = traceRequest(options);
  if (trace !== undefined && options.json && options.out === undefined) {
    throw new InputError("--trace writes a file, and --json writes none: --out says where to");
  }
  let traced: Trace | undefined;
  const history = options.history === undefined ? undefined : await openHistory(options.history);
  const display = progressDisplay(progressStyle(options.quiet === true, process.stderr), process.stderr);
  const result = await withInterrupt((signal) =>
    scenario
      .run({
        jobs: options.jobs,
        checked: options.checked === true,
        onProgress: (progress) => display.update(progress),
        onHistory: history?.take,
        trace,
        onTrace: (its) => {
          traced = its;
        },
        signal,
      })
      .finally(() => display.stop()),
  );
  await history?.close();
  if (result === "interrupted") return EXIT_INTERRUPTED;
  if (options.json) {
    if (options.out !== undefined) await write(result, options.out, options);
    const { resultJson } = await import("../reports/write.ts");
    await print(resultJson(result));
  } else {
    const directory = options.out ?? defaultDirectory(result.scenario);
    const table = renderTable(result, {
      colour: isColoured(process.stdout),
      details: options.details === true,
    });
    await print(table);
    const { reportHtml } = await write(result, directory, options);
    await print(`\nReport: ${reportHtml}\n`);
  }
  if (traced !== undefined) {
    const directory = options.out ?? defaultDirectory(result.scenario);
    const { file, note } = await writeTrace(options.trace!, traced, result, directory);
    if (!options.json) await print(`Trace: ${file} (${note})\n`);
  }
  return result.held ? EXIT_HELD : EXIT_FAILED;
}

/** A case is replayed as it is: what would change it belongs into the file. */
function refuseSettings(
  file: string,
  { seed, set, out, history, checked, details, trace, png }: Options,
): void {
  const settings = { seed, set, out, history, checked, details, trace, png };
  const given = Object.entries(settings).find(([, value]) => value !== undefined);
  if (given === undefined) return;
  throw new InputError(
    `${file} is a case of a campaign, which --${given[0]} does not apply to: change the file instead`,
  );
}

/** The drawing libraries take a third of a second to load: only here, and after the table is on the screen. */
async function write(result: ScenarioResult, directory: string, { png }: Options) {
  const { writeReport } = await import("../reports/write.ts");
  return writeReport(result, directory, { png });
}

/** A scenario's name may hold what a file name should not. */
const defaultDirectory = (scenario: string): string => join("out", scenario.replaceAll(/[^\w.-]+/g, "-"));
