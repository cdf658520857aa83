/** Explains on a thread of its own, so that progress shows and Ctrl-C works. */

import { MessageChannel } from "node:worker_threads";
import { suggestion } from "../problems.ts";
import type { ReplicationProgress } from "../replication.ts";
import type { Progress } from "../replications.ts";
import type { ScenarioResult } from "../result.ts";
import type { AnyScenario } from "../scenario.ts";
import { threadPool } from "../threads.ts";
import { BOKISIM_VERSION } from "../version.ts";
import { settleWarmup } from "../warmup.ts";
import type { ExplainSpec } from "./explain.ts";
import { type Explanation, ExplanationError } from "./explanation.ts";
import type { States, StatesSpec } from "./states.ts";

export interface ExplainRequest {
  readonly operation: string;
  readonly percentile: number;
  readonly usualPercentile: number;
  /** Which variant, where there are several; undefined: the only one. */
  readonly variant?: string | undefined;
  /** From 0. */
  readonly replication: number;
}

/** How a run is told of its progress and told to stop. */
export interface TracedRunOptions {
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** `result`: the one that is explained; the run must have its digest. An `ExplanationError` says why it cannot be. */
export async function runExplain(
  scenario: AnyScenario,
  request: ExplainRequest,
  result: ScenarioResult | undefined,
  options: TracedRunOptions,
): Promise<Explanation> {
  const { operation, percentile, usualPercentile, replication } = request;
  const { scenario: settled } = await settleWarmup(scenario, { jobs: 1, ...options });
  const { name: variant, scenario: chosen } = chooseVariant(settled, request.variant);
  checkReplication(chosen, replication);
  const theirs = result?.variants.find((each) => each.variant === variant);
  if (result !== undefined && theirs === undefined) {
    throw new ExplanationError(`the result has no variant "${variant}"`);
  }
  const names = theirs?.operations.map((each) => each.operation);
  if (names !== undefined && !names.includes(operation)) {
    throw new ExplanationError(
      `there is no operation ${operation} in the result${suggestion(operation, names, "there are")}`,
    );
  }
  const spec: ExplainSpec = {
    scenario: chosen,
    seed: chosen.seed + replication,
    ...{ replication, variant, operation, percentile, usualPercentile },
    ...(theirs === undefined ? {} : { digest: theirs.digests[replication]! }),
  };
  const explained = await onThread<ExplainSpec, Explanation>(
    new URL("./explain-worker.ts", import.meta.url),
    spec,
    options,
  );
  if (typeof explained === "string") throw new ExplanationError(explained);
  if (explained.digestConfirmed === false) throw new ExplanationError(otherDigest(explained.digest, result!));
  return explained;
}

/** Why the run of a result may have another digest than the result. */
export function otherDigest(digest: string, { bokisimVersion }: ScenarioResult): string {
  const why =
    bokisimVersion === BOKISIM_VERSION
      ? "the code is not that which made it, or a file that the scenario names has changed"
      : `it was made with bokisim ${bokisimVersion}, and this is ${BOKISIM_VERSION}`;
  return `the run has another digest than the result, ${digest}: ${why}; run the scenario again, or name the scenario itself`;
}

/** The variant of that name without the others; of a scenario without variants the scenario. */
export function chooseVariant(
  scenario: AnyScenario,
  wanted: string | undefined,
): { readonly name: string; readonly scenario: AnyScenario } {
  const { variants } = scenario;
  const names = variants.map(({ name }) => name);
  if (variants.length === 0) {
    if (wanted === undefined || wanted === "base")
      return { name: "base", scenario: { ...scenario, variants: [] } };
    throw new ExplanationError(`the scenario has no variants, so it has no variant "${wanted}"`);
  }
  const found =
    variants.length === 1 && wanted === undefined
      ? variants[0]
      : variants.find(({ name }) => name === wanted);
  if (found !== undefined) return { name: found.name, scenario: { ...found.scenario, variants: [] } };
  throw new ExplanationError(
    wanted === undefined
      ? `the scenario has several variants; --variant says which is meant: ${names.map((name) => `"${name}"`).join(", ")}`
      : `the scenario has no variant "${wanted}"${suggestion(wanted, names, "there are")}`,
  );
}

/** What a worker makes of a spec, on a thread of its own; a text says why it makes nothing of it. */
export async function onThread<Spec extends Replicated, Result>(
  worker: URL,
  spec: Spec,
  { onProgress, signal }: TracedRunOptions,
): Promise<Result | string> {
  const pool = threadPool<{ spec: Spec; port: unknown }, Result | string>(worker, 1);
  const { port1, port2 } = new MessageChannel();
  port1.on("message", (state: ReplicationProgress) => {
    onProgress?.(progressOf(spec, state));
  });
  try {
    const task = { spec, port: port2 };
    return await pool.run(task, {
      transferList: [port2 as never],
      ...(signal === undefined ? {} : { signal }),
    });
  } finally {
    port1.close();
    await pool.destroy();
  }
}

/** One replication of one variant. */
type Replicated = Pick<ExplainSpec, "scenario" | "variant" | "replication">;

/** The progress of the only run. */
export function progressOf(
  { scenario, variant, replication }: Replicated,
  { simulatedNanos, events }: ReplicationProgress,
): Progress {
  const totalNanos = scenario.warmupNanos + scenario.durationNanos;
  return { variant, replication, runs: 1, runsDone: 0, simulatedNanos, totalNanos, events };
}

export interface StatesRequest {
  readonly node: string;
  readonly atNanos: number;
  readonly untilNanos?: number | undefined;
  readonly variant?: string | undefined;
  readonly replication: number;
}

/** The state of a process at a moment, and its changes; an `ExplanationError` says why there is nothing to see. */
export async function runStates(
  scenario: AnyScenario,
  { node, atNanos, untilNanos, variant: wanted, replication }: StatesRequest,
  options: TracedRunOptions,
): Promise<States> {
  const { scenario: settled } = await settleWarmup(scenario, { jobs: 1, ...options });
  const { name: variant, scenario: chosen } = chooseVariant(settled, wanted);
  checkReplication(chosen, replication);
  const spec = {
    scenario: chosen,
    variant,
    seed: chosen.seed + replication,
    replication,
    node,
    atNanos,
    untilNanos,
  };
  const worker = new URL("./states-worker.ts", import.meta.url);
  const states = await onThread<StatesSpec, States>(worker, spec, options);
  if (typeof states === "string") throw new ExplanationError(states);
  return states;
}

export function checkReplication({ replications }: AnyScenario, replication: number): void {
  if (replication < replications) return;
  throw new ExplanationError(
    `there is no replication ${replication}: they are numbered from 0, and there are ${replications}`,
  );
}
