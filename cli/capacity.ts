/** `bokisim capacity`: the largest load at which a scenario keeps what is asked of it. */

import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import type { Command } from "@commander-js/extra-typings";
import { formatPerSecond } from "../reports/format.ts";
import type { CapacityResult, CurveProgress, ProbeProgress } from "../scenarios/capacity/capacity.ts";
import { BOKISIM_VERSION } from "../scenarios/version.ts";
import { EXIT_CODES_HELP, EXIT_FAILED, EXIT_HELD, EXIT_INTERRUPTED } from "./exit-codes.ts";
import { withInterrupt } from "./interrupt.ts";
import { isColoured, print } from "./output.ts";
import { scenarioFile } from "./scenario-file.ts";
import { InputError, type Services } from "./services.ts";
import { collectSetting, parseShare, parseWhole } from "./values.ts";

interface Options {
  readonly slo: readonly string[];
  readonly precision: number;
  readonly seeds: number;
  readonly seed?: number | undefined;
  readonly set?: readonly string[] | undefined;
  readonly jobs: number;
  readonly out?: string | undefined;
  readonly png?: true | undefined;
  readonly json?: true | undefined;
  readonly quiet?: true | undefined;
}

const HELP = `
The rates of all workloads are multiplied by one factor, which is searched by bisection; a run keeps a condition as an
"expect" of a scenario would. A condition without an operation, such as p99<20ms, is for all requests together, or for every
operation where requests are not counted together. At least 95 % of the calls must be answered in the run.
Each seed is a search of its own, with the same random numbers at every load: the interval comes from them.

Examples:
  bokisim capacity nightcore-quickstart --slo "p99<20ms"
  bokisim capacity nightcore-against-rpc --slo "p99<20ms" --out out/against-rpc
  bokisim capacity my-scenario.yaml --slo "append.p99 < 3ms" --slo "append.p50 < 1.5ms" --seeds 10
${EXIT_CODES_HELP}`;

export function addCapacity(program: Command, services: Services, finish: (status: number) => void): void {
  program
    .command("capacity")
    .summary("find the largest load at which latencies stay below a bound")
    .description(
      "Find the largest load at which a scenario, or each of its variants, keeps what is asked of it.",
    )
    .argument("<file>", "scenario file, or a name of the catalogue")
    .requiredOption("--slo <condition>", 'what must hold, such as "p99<20ms"; may be repeated', collect)
    .option(
      "--precision <share>",
      "how closely each seed's answer is searched, such as 2%",
      parseShare(0.001, 0.5),
      0.02,
    )
    .option("--seeds <number>", "searches with different seeds; intervals need two", parseWhole(1), 3)
    .option("--seed <number>", "the first seed instead of the scenario's", parseWhole(0))
    .option("--set <path=value>", "change a field of the scenario; may be repeated", collectSetting)
    .option("--jobs <number>", "runs at a time", parseWhole(1), availableParallelism())
    .option(
      "--out <directory>",
      "run the curve of latency over throughput as well, and write a page with charts",
    )
    .option("--png", "write the charts as PNG as well")
    .option("--json", "print the result as JSON to standard output and nothing else")
    .option("--quiet", "show no progress")
    .addHelpText("after", HELP)
    .action(async (file, options) => finish(await capacity(services, file, options)));
}

async function capacity(services: Services, name: string, options: Options): Promise<number> {
  if (options.png && options.out === undefined) {
    throw new InputError("--png writes files: --out says where to");
  }
  const file = await scenarioFile(services, name);
  const text = await readFile(file, "utf8");
  const [{ findCapacity, CapacityError }, { ScenarioError }] = await Promise.all([
    import("../scenarios/capacity/capacity.ts"),
    import("../scenarios/problems.ts"),
  ]);
  const result = await withInterrupt((signal) =>
    findCapacity(text, file, BOKISIM_VERSION, {
      slo: options.slo,
      precision: options.precision,
      seeds: options.seeds,
      seed: options.seed,
      set: options.set ?? [],
      jobs: options.jobs,
      curve: options.out !== undefined,
      signal,
      ...(options.quiet === true ? {} : { onProbe: tell, onCurve: tellCurve }),
    }),
  ).catch((error: unknown) => {
    if (error instanceof ScenarioError || error instanceof CapacityError) throw new InputError(error.message);
    throw error;
  });
  if (result === "interrupted") return EXIT_INTERRUPTED;
  const { out } = options;
  const page = out === undefined ? undefined : await writePage(result, out, options);
  if (options.json) {
    await print(`${JSON.stringify(result, undefined, 2)}\n`);
  } else {
    const { renderCapacity } = await import("../reports/capacity.ts");
    await print(renderCapacity(result, isColoured(process.stdout)));
    if (page !== undefined) await print(`\nReport: ${page}\n`);
  }
  return result.variants.every(({ perSecond }) => perSecond !== null) ? EXIT_HELD : EXIT_FAILED;
}

/** The drawing libraries take a third of a second to load. */
async function writePage(result: CapacityResult, directory: string, { png }: Options): Promise<string> {
  const { writeCapacity } = await import("../reports/capacity-page.ts");
  return writeCapacity(result, directory, { png });
}

/** A search takes seconds a run, so each run is worth a line. */
function tell({ variant, seed, perSecond, held, searchesDone, searches }: ProbeProgress): void {
  const verdict = held ? "held" : "did not hold";
  process.stderr.write(
    `${variant}, seed ${seed}: ${formatPerSecond(perSecond)} ${verdict} (${searchesDone} of ${searches} searches done)\n`,
  );
}

function tellCurve({ variant, seed, perSecond, runsDone, runs }: CurveProgress): void {
  process.stderr.write(
    `${variant}, seed ${seed}: ${formatPerSecond(perSecond)} for the curve (${runsDone} of ${runs} runs done)\n`,
  );
}

function collect(text: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), text];
}
