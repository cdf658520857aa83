/** `bokisim explain`: where the time of slow operations went, against that of ordinary ones. */

import { join } from "node:path";
import { type Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { EXIT_CODES_HELP, EXIT_HELD, EXIT_INTERRUPTED } from "./exit-codes.ts";
import { withInterrupt } from "./interrupt.ts";
import { openRun } from "./opened.ts";
import { checkPictures, isColoured, print } from "./output.ts";
import { progressDisplay, progressStyle } from "./progress.ts";
import { InputError, type Services } from "./services.ts";
import { collectSetting, parseWhole } from "./values.ts";

interface Options {
  readonly op: string;
  readonly percentile: number;
  readonly against: number;
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
Runs the scenario again with a tracer, follows every operation along its critical path, and compares those around the percentile
with those around the median: at least 30 of each, within half a percent of ranks where there are as many. The parts of each
operation add up to its latency. A result is explained by the run that it came from: the digest of the new run is compared.

Writes explanation.json, explanation.html (one page that opens offline) and explanation.svg.

Examples:
  bokisim explain quickstart --op append --percentile 99
  bokisim explain out/quickstart/result.json --op append --percentile 99.9
  bokisim explain nightcore-quickstart --op request --against 10
  bokisim explain quickstart --op append --json --quiet | jq '.pieces[0]'
${EXIT_CODES_HELP}`;

export function addExplain(program: Command, services: Services, finish: (status: number) => void): void {
  program
    .command("explain")
    .summary("say where the time of slow operations went")
    .description("Say where the time of the operations around a percentile went, against ordinary ones.")
    .argument(
      "<file>",
      "result.json of a run or its directory; or a scenario file, or a name of the catalogue",
    )
    .requiredOption("--op <operation>", "the operation, such as append")
    .option("--percentile <percent>", "which operations are explained", percent, 99)
    .option("--against <percent>", "which they are compared with", percent, 50)
    .option("--variant <name>", "which variant, where the scenario has several")
    .option("--replication <number>", "which replication, from 0", parseWhole(0), 0)
    .option("--seed <number>", "seed of the first replication instead of the scenario's", parseWhole(0))
    .option("--set <path=value>", "change a field of the scenario; may be repeated", collectSetting)
    .option("--out <directory>", "where to write (default: out/<scenario name>)")
    .option("--png", "write the charts as PNG as well")
    .option("--json", "print explanation.json to standard output and nothing else; files only with --out")
    .option("--quiet", "show no progress")
    .addHelpText("after", HELP)
    .action(async (file, options) => finish(await explain(services, file, options)));
}

async function explain(services: Services, name: string, options: Options): Promise<number> {
  checkPictures(options);
  const { scenario, result } = await openRun(services, name, options);
  const [{ runExplain }, { ExplanationError }] = await Promise.all([
    import("../scenarios/tracing/run-explain.ts"),
    import("../scenarios/tracing/explanation.ts"),
  ]);
  const display = progressDisplay(progressStyle(options.quiet === true, process.stderr), process.stderr);
  const { op: operation, percentile, against: usualPercentile, variant, replication } = options;
  const request = { operation, percentile, usualPercentile, variant, replication };
  const explanation = await withInterrupt((signal) =>
    runExplain(scenario, request, result, {
      onProgress: (progress) => display.update(progress),
      signal,
    }).finally(() => display.stop()),
  ).catch((error: unknown) => {
    if (error instanceof ExplanationError) throw new InputError(`${name}: ${error.message}`);
    throw error;
  });
  if (explanation === "interrupted") return EXIT_INTERRUPTED;
  if (!options.json) {
    const { renderExplanation } = await import("../reports/explain.ts");
    await print(renderExplanation(explanation, isColoured(process.stdout)));
  }
  const { explanationJson, writeExplanation } = await import("../reports/explain-page.ts");
  if (options.json) await print(explanationJson(explanation));
  if (options.json && options.out === undefined) return EXIT_HELD;
  const directory = options.out ?? join("out", scenario.name.replaceAll(/[^\w.-]+/g, "-"));
  const { html } = await writeExplanation(explanation, directory, { png: options.png });
  if (!options.json) await print(`\nPage: ${html}\n`);
  return EXIT_HELD;
}

/** `99` or `p99`. */
export function percent(text: string): number {
  const value = Number(text.replace(/^p/, "").replace(/\s*%$/, ""));
  if (!(value > 0 && value < 100)) {
    throw new InvalidArgumentError("A percentile above 0 and below 100 is wanted, such as 99.");
  }
  return value;
}
