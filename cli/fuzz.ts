/** `bokisim fuzz`: runs generated cases under every checker, and makes what breaks small. */

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { DEFECT_IDS, type DefectId, PUBLISHED_DEFECTS } from "../models/boki/defects.ts";
import { Mutation } from "../models/boki/mutations.ts";
import { Bug } from "../models/nightcore/mutations.ts";
import type { CampaignResult } from "../scenarios/campaign/campaign.ts";
import type { Campaign } from "../scenarios/campaign/generate.ts";
import type { RuntimeCampaign } from "../scenarios/campaign/runtime/generate.ts";
import type { AnyCampaign } from "../scenarios/campaign/target.ts";
import type { SpaceTime } from "../scenarios/tracing/space-time.ts";
import { BOKISIM_VERSION } from "../scenarios/version.ts";
import { EXIT_CODES_HELP, EXIT_FAILED, EXIT_HELD, EXIT_INTERRUPTED } from "./exit-codes.ts";
import { campaignDisplay } from "./fuzz-progress.ts";
import { isColoured, print } from "./output.ts";
import { progressStyle } from "./progress.ts";
import { scenarioFile } from "./scenario-file.ts";
import { InputError, type Services } from "./services.ts";
import { parseWhole } from "./values.ts";

interface Options {
  readonly system: string;
  readonly runs: number;
  readonly jobs: number;
  readonly time?: number | undefined;
  readonly seed: number;
  readonly profile?: string | undefined;
  readonly mutation?: string | undefined;
  readonly defect?: readonly DefectId[] | undefined;
  readonly calm?: true | undefined;
  readonly out: string;
  readonly shrink: number;
  readonly json?: true | undefined;
  readonly quiet?: true | undefined;
}

const HELP = `
Each run draws a cluster, a workload, a network and a schedule of faults; a scenario, if one is given, says what the cluster,
the flags of Boki and the network are instead. Run number and seed determine a run. Every tenth run is executed twice.

With --system nightcore it is the function runtime that is tried: applications, loads, settings of engine and gateway, and faults of
workers, launchers, engines, hosts, gateway, clients and connections.

For each kind of failure the first case is made small and written to a file that "bokisim run" replays, with its
space-time diagram beside it, as a picture and as a page.

Examples:
  bokisim fuzz --runs 10000
  bokisim fuzz --time 5m --seed 7
  bokisim fuzz quickstart --runs 100
  bokisim fuzz --mutation readPrevStrict --runs 200
  bokisim fuzz --profile published --runs 1000
  bokisim fuzz --system nightcore --runs 10000
  bokisim fuzz --system nightcore --mutation B4
${EXIT_CODES_HELP}`;

export function addFuzz(program: Command, services: Services, finish: (status: number) => void): void {
  program
    .command("fuzz")
    .summary("look for schedules that break the protocol")
    .description("Look for schedules that break the protocol, and make what is found small.")
    .argument("[scenario]", "scenario file, or a name of the catalogue, for the cluster; default: drawn")
    .option("--system <name>", "boki, the log, or nightcore, the function runtime", system, "boki")
    .option("--runs <number>", "how many runs", parseWhole(1), 1_000)
    .option("--jobs <number>", "runs at a time", parseWhole(1), availableParallelism())
    .option("--time <duration>", "begin no run after this, such as 5m", duration)
    .option("--seed <number>", "seed of the campaign", parseWhole(0), 1)
    .option("--profile <name>", "intended, or published: with all defects of the released code", profile)
    .option("--mutation <id>", "a bug to switch on, by number or name")
    .option("--defect <id>", "a defect of the released code to switch on; may be repeated", defect)
    .option("--calm", "no faults and no reconfigurations, only workloads")
    .option("--out <directory>", "where to write what was found", join("out", "fuzz"))
    .option("--shrink <runs>", "runs to spend on making one case small", parseWhole(1), 2_000)
    .option("--json", "print the result as JSON to standard output and nothing else")
    .option("--quiet", "show no progress")
    .addHelpText("after", HELP)
    .action(async (scenario, options) => finish(await fuzz(services, scenario, options)));
}

async function fuzz(services: Services, scenario: string | undefined, options: Options): Promise<number> {
  const campaign =
    options.system === "nightcore"
      ? runtimeCampaignOf(scenario, options)
      : await campaignOf(services, scenario, options);
  return tried(campaign, commandOf(scenario, options), options);
}

async function tried<Of extends AnyCampaign>(
  campaign: Of,
  command: string,
  options: Options,
): Promise<number> {
  const { runCampaign } = await import("../scenarios/campaign/campaign.ts");
  const display = campaignDisplay(progressStyle(options.quiet === true, process.stderr), process.stderr);
  // Ctrl-C ends the campaign and keeps what it has; a second one ends the process, as ever.
  const controller = new AbortController();
  process.once("SIGINT", () => controller.abort());
  const result = await runCampaign(campaign, {
    runs: options.runs,
    jobs: options.jobs,
    shrinkAttempts: options.shrink,
    signal: controller.signal,
    onProgress: (progress) => display.update(progress),
    ...(options.time !== undefined && { timeMillis: options.time }),
  }).finally(() => display.stop());
  const files = await writeFindings(result, options.out, command);
  if (options.json) {
    await print(`${JSON.stringify(resultJson(result, files), undefined, 2)}\n`);
  } else {
    const { renderCampaign } = await import("../reports/campaign.ts");
    await print(renderCampaign(result, files, isColoured(process.stdout)));
  }
  if (result.failedRuns > 0) return EXIT_FAILED;
  return controller.signal.aborted ? EXIT_INTERRUPTED : EXIT_HELD;
}

async function campaignOf(
  services: Services,
  scenario: string | undefined,
  { seed, mutation: wanted, profile, defect = [], calm: isCalm }: Options,
): Promise<Campaign> {
  const calm = isCalm === true;
  const mutation = wanted === undefined ? 0 : bugOf(Mutation, wanted, "docs/models/boki.md, Mutations");
  const defects = profile === "published" ? [...new Set([...PUBLISHED_DEFECTS, ...defect])] : defect;
  if (scenario === undefined) return { seed, mutation, defects, calm };
  const [{ baseOf }, { loadScenario }, { ScenarioError }] = await Promise.all([
    import("../scenarios/campaign/base.ts"),
    import("../scenarios/load.ts"),
    import("../scenarios/problems.ts"),
  ]);
  const file = await scenarioFile(services, scenario);
  try {
    const loaded = loadScenario(await readFile(file, "utf8"), file);
    return { seed, mutation, defects, calm, base: baseOf(loaded) };
  } catch (error) {
    if (error instanceof ScenarioError) throw new InputError(error.message);
    throw error;
  }
}

function runtimeCampaignOf(
  scenario: string | undefined,
  { seed, mutation, profile, defect, calm }: Options,
): RuntimeCampaign {
  if (scenario !== undefined) {
    throw new InputError(
      `${scenario}: campaigns of the runtime draw everything; a scenario is for --system boki`,
    );
  }
  if (defect !== undefined) {
    throw new InputError("--defect names defects of the log; the runtime has --mutation and --profile");
  }
  return {
    ...{ system: "nightcore", seed, calm: calm === true, released: profile === "published" },
    mutation:
      mutation === undefined
        ? 0
        : bugOf(Bug, mutation.replace(/^B(?=\d)/, ""), "docs/models/nightcore.md, Bugs"),
  };
}

/** The number of a bug by its number or name. */
function bugOf(bugs: Readonly<Record<string, number>>, text: string, page: string): number {
  const number = Object.hasOwn(bugs, text) ? bugs[text]! : Number(text);
  if (Object.values(bugs).includes(number)) return number;
  throw new InputError(`--mutation ${text}: a number or a name of ${page}, is wanted`);
}

async function writeFindings<Of extends AnyCampaign>(
  result: CampaignResult<Of>,
  directory: string,
  command: string,
): Promise<string[]> {
  if (result.findings.length === 0) return [];
  const [{ targetOf }, { headingOf }, { drawSpaceTime }] = await Promise.all([
    import("../scenarios/campaign/target.ts"),
    import("../scenarios/campaign/heading.ts"),
    import("../reports/space-time-page.ts"),
  ]);
  await mkdir(directory, { recursive: true });
  const { campaign } = result;
  const { seed } = campaign;
  const { format, diagram: draw } = targetOf(campaign);
  return Promise.all(
    result.findings.map(async (finding) => {
      const name = join(directory, `${finding.name}-seed${seed}-run${finding.run}`);
      const file = `${name}.yaml`;
      await writeFile(file, format(finding.case, finding.verdict, headingOf(campaign, finding, command)));
      const diagram: SpaceTime | undefined = draw(finding.case, file);
      if (diagram !== undefined) await drawSpaceTime(diagram, name);
      return file;
    }),
  );
}

/** What anybody needs to see the same. */
function commandOf(scenario: string | undefined, options: Options): string {
  const words = [
    "bokisim fuzz",
    ...(options.system === "boki" ? [] : [`--system ${options.system}`]),
    ...(scenario === undefined ? [] : [scenario]),
    `--seed ${options.seed}`,
  ];
  if (options.profile !== undefined) words.push(`--profile ${options.profile}`);
  if (options.mutation !== undefined) words.push(`--mutation ${options.mutation}`);
  if (options.calm) words.push("--calm");
  for (const id of options.defect ?? []) words.push(`--defect ${id}`);
  return words.join(" ");
}

function resultJson<Of extends AnyCampaign>(result: CampaignResult<Of>, files: readonly string[]): object {
  const { findings, campaign, ...rest } = result;
  const { calm: _, ...drawn } = campaign;
  return {
    format: "bokisim-campaign-1",
    bokisimVersion: BOKISIM_VERSION,
    ...drawn,
    ...rest,
    findings: findings.map(({ run, name, case: subject, verdict, attempts }, i) => ({
      run,
      name,
      file: files[i],
      attempts,
      case: subject,
      verdict,
    })),
  };
}

const MILLIS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, min: 60_000, h: 3_600_000 };

function duration(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(s|m|min|h)$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined) {
    throw new InvalidArgumentError("A time such as 30s, 5m or 2h is wanted.");
  }
  return Number(amount) * MILLIS[unit]!;
}

function profile(text: string): string {
  if (text !== "intended" && text !== "published") {
    throw new InvalidArgumentError("Allowed: intended, published.");
  }
  return text;
}

function system(text: string): string {
  if (text !== "boki" && text !== "nightcore") throw new InvalidArgumentError("Allowed: boki, nightcore.");
  return text;
}

function defect(text: string, previous: readonly DefectId[] | undefined): readonly DefectId[] {
  const id = DEFECT_IDS.find((each) => each === text);
  if (id === undefined) throw new InvalidArgumentError(`Allowed: ${DEFECT_IDS.join(", ")}.`);
  return [...(previous ?? []), id];
}
