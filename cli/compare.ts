/** `bokisim compare`: variants, or scenarios, side by side, with what may be said about their differences. */

import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Command } from "@commander-js/extra-typings";
import type { ComparisonProgress, ComparisonResult } from "../scenarios/comparison/comparison.ts";
import { BOKISIM_VERSION } from "../scenarios/version.ts";
import { EXIT_CODES_HELP, EXIT_HELD, EXIT_INTERRUPTED } from "./exit-codes.ts";
import { withInterrupt } from "./interrupt.ts";
import { checkPictures, isColoured, print } from "./output.ts";
import { scenarioFile } from "./scenario-file.ts";
import { InputError, type Services } from "./services.ts";
import { collectSetting, parseShare, parseWhole } from "./values.ts";

interface Options {
  readonly metric?: string | undefined;
  readonly precision: number;
  readonly minReplications: number;
  readonly maxReplications: number;
  readonly seed?: number | undefined;
  readonly set?: readonly string[] | undefined;
  readonly jobs: number;
  readonly out?: string | undefined;
  readonly png?: true | undefined;
  readonly json?: true | undefined;
  readonly quiet?: true | undefined;
}

const HELP = `
Replication i of every variant has the same seed, hence the same arrivals, sizes and delays: differences are of pairs, and chance
that all share drops out. Replications are added until each interval is within the precision, or there are as many as allowed.

Writes comparison.json, comparison.html (one page that opens offline) and charts/*.svg.

Examples:
  bokisim compare cut-interval --metric append.p99
  bokisim compare quickstart my-scenario.yaml --metric append.p50 --precision 1%
  bokisim compare nightcore-ideas --max-replications 10
${EXIT_CODES_HELP}`;

export function addCompare(program: Command, services: Services, finish: (status: number) => void): void {
  program
    .command("compare")
    .summary("compare variants or scenarios by pairs of replications")
    .description("Compare the variants of a scenario, or several scenarios, by pairs of replications.")
    .argument("<files...>", "a scenario with variants, or several; files, or names of the catalogue")
    .option(
      "--metric <metric>",
      "what decides when it is enough, such as append.p99 (default: p99 of requests or appends)",
    )
    .option(
      "--precision <share>",
      "half the width of an interval that is enough",
      parseShare(0.001, 0.5),
      0.02,
    )
    .option("--min-replications <number>", "replications of each variant at least", parseWhole(2), 5)
    .option("--max-replications <number>", "replications of each variant at most", parseWhole(2), 30)
    .option("--seed <number>", "the first seed instead of the scenario's", parseWhole(0))
    .option("--set <path=value>", "change a field of all scenarios; may be repeated", collectSetting)
    .option("--jobs <number>", "runs at a time", parseWhole(1), availableParallelism())
    .option("--out <directory>", "where to write (default: out/compare-<scenario name>)")
    .option("--png", "write the charts as PNG as well")
    .option("--json", "print the result as JSON to standard output and nothing else; files only with --out")
    .option("--quiet", "show no progress")
    .addHelpText("after", HELP)
    .action(async (files, options) => finish(await compare(services, files, options)));
}

async function compare(services: Services, names: readonly string[], options: Options): Promise<number> {
  const { minReplications, maxReplications } = options;
  if (maxReplications < minReplications) {
    throw new InputError(
      `--max-replications ${maxReplications} is less than --min-replications ${minReplications}`,
    );
  }
  checkPictures(options);
  const texts = await Promise.all(
    names.map(async (name) => {
      const file = await scenarioFile(services, name);
      return { file, text: await readFile(file, "utf8") };
    }),
  );
  const [{ compareScenarios, ComparisonError }, { ScenarioError }] = await Promise.all([
    import("../scenarios/comparison/comparison.ts"),
    import("../scenarios/problems.ts"),
  ]);
  const result = await withInterrupt((signal) =>
    compareScenarios(texts, BOKISIM_VERSION, {
      metric: options.metric,
      precision: options.precision,
      replicationsMin: minReplications,
      replicationsMax: maxReplications,
      jobs: options.jobs,
      set: options.set ?? [],
      seed: options.seed,
      signal,
      onRun: options.quiet === true ? undefined : tell,
    }),
  ).catch((error: unknown) => {
    if (error instanceof ScenarioError || error instanceof ComparisonError)
      throw new InputError(error.message);
    throw error;
  });
  if (result === "interrupted") return EXIT_INTERRUPTED;
  if (options.json) {
    if (options.out !== undefined) await writePage(result, options.out, options);
    await print(`${JSON.stringify(result, undefined, 2)}\n`);
    return EXIT_HELD;
  }
  const { renderComparison } = await import("../reports/comparison.ts");
  await print(renderComparison(result, isColoured(process.stdout)));
  const directory = options.out ?? join("out", `compare-${result.scenario.replaceAll(/[^\w.-]+/g, "-")}`);
  await print(`Report: ${await writePage(result, directory, options)}\n`);
  return EXIT_HELD;
}

/** The drawing libraries take a third of a second to load. */
async function writePage(result: ComparisonResult, directory: string, { png }: Options): Promise<string> {
  const { writeComparison } = await import("../reports/comparison-page.ts");
  return writeComparison(result, directory, { png });
}

function tell({ variant, seed, runsDone, runs }: ComparisonProgress): void {
  process.stderr.write(`${variant}, seed ${seed} (${runsDone} of ${runs} runs of this round)\n`);
}
