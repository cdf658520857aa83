/**
 * A campaign: thousands of generated cases on as many threads as asked for, and of each kind of failure one that was made small.
 * What it finds does not depend on the number of threads, nor on how fast they are, as long as it is not stopped early.
 */

import { threadPool } from "../threads.ts";
import type { BatchResult, FailedRun } from "./batch.ts";
import type { Task } from "./campaign-worker.ts";
import type { Campaign } from "./generate.ts";
import { type AnyCampaign, type NameOf, type SubjectOf, targetOf, type VerdictOf } from "./target.ts";

export interface CampaignProgress {
  readonly runsDone: number;
  readonly runs: number;
  readonly failedRuns: number;
  readonly simulatedNanos: number;
  readonly phase: "running" | "shrinking";
}

export interface CampaignOptions {
  readonly runs: number;
  readonly jobs: number;
  /** No run is begun after this; default: no limit. */
  readonly timeMillis?: number;
  /** Runs spent on making one failing case small. */
  readonly shrinkAttempts: number;
  /** Stops the campaign; what it has found until then is kept. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CampaignProgress) => void;
}

/** A failing case, made small. */
export interface Finding<Of extends AnyCampaign = Campaign> {
  /** The run of the campaign that showed it first. */
  readonly run: number;
  /** How many runs showed it first of all. */
  readonly runs: number;
  readonly name: NameOf<Of>;
  /** As it was drawn. */
  readonly original: SubjectOf<Of>;
  readonly case: SubjectOf<Of>;
  readonly verdict: VerdictOf<Of>;
  readonly attempts: number;
}

export interface CampaignResult<Of extends AnyCampaign = Campaign> {
  readonly campaign: Of;
  readonly runs: number;
  readonly failedRuns: number;
  /** How many runs failed in this way first. */
  readonly failures: Readonly<Partial<Record<NameOf<Of>, number>>>;
  /** In how many runs each situation was reached; every mark is there. */
  readonly marks: Readonly<Record<string, number>>;
  readonly events: number;
  readonly simulatedNanos: number;
  readonly settledNanosMax: number;
  readonly wallMillis: number;
  /** One for each kind of failure, in the order of runs. */
  readonly findings: readonly Finding<Of>[];
  /** Stopped by the signal or the time limit before all runs were done. */
  readonly stopped: boolean;
}

/** So many that the messages between threads cost nothing, so few that the progress moves. */
const BATCH = 10;
/** More kinds of failures than this are counted but not made small. */
const FINDINGS_MAX = 8;

export async function runCampaign<Of extends AnyCampaign>(
  campaign: Of,
  options: CampaignOptions,
): Promise<CampaignResult<Of>> {
  const target = targetOf(campaign);
  const { runs, jobs, timeMillis = Number.POSITIVE_INFINITY, signal } = options;
  const threads = Math.max(1, Math.min(jobs, Math.ceil(runs / BATCH)));
  const pool = threadPool<Task, unknown>(new URL("./campaign-worker.ts", import.meta.url), threads);
  // The clock of the wall decides when a campaign ends, never what a run does.
  const startedMillis = performance.now();
  const batches: BatchResult<Of>[] = [];
  const total = (of: (batch: BatchResult<Of>) => number): number =>
    batches.reduce((sum, each) => sum + of(each), 0);
  const report = (phase: CampaignProgress["phase"]): void =>
    options.onProgress?.({
      runsDone: total((batch) => batch.runs),
      runs,
      failedRuns: total(({ failed }) => failed.length),
      simulatedNanos: total(({ simulatedNanos }) => simulatedNanos),
      phase,
    });
  let next = 0;
  const stopped = (): boolean => signal?.aborted === true || performance.now() - startedMillis >= timeMillis;
  const lane = async (): Promise<void> => {
    while (next < runs && !stopped()) {
      const from = next;
      next += BATCH;
      const count = Math.min(BATCH, runs - from);
      const task: Task = { kind: "batch", campaign, from, count };
      batches.push((await pool.run(task)) as BatchResult<Of>);
      report("running");
    }
  };
  try {
    await Promise.all(Array.from({ length: threads }, lane));
    const failed = batches.flatMap((batch) => batch.failed).sort((a, b) => a.run - b.run);
    report("shrinking");
    const findings = await Promise.all(
      firstOfEach(failed, target.kindOf).map(async ({ run, first }): Promise<Finding<Of>> => {
        const original = target.generate(campaign, run);
        const task: Task = {
          ...{ kind: "shrink", campaign, run },
          failure: target.kindOf(first),
          // Without determinism nothing that is left out means anything.
          attempts: first.name === target.unsteady || signal?.aborted ? 1 : options.shrinkAttempts,
        };
        const shrunk = (await pool.run(task)) as ReturnType<typeof target.shrink>;
        const runs = failed.filter((each) => target.kindOf(each.first) === target.kindOf(first)).length;
        return { ...shrunk, run, runs, name: first.name as NameOf<Of>, original };
      }),
    );
    const failures: Partial<Record<string, number>> = {};
    for (const { first } of failed) failures[first.name] = (failures[first.name] ?? 0) + 1;
    const runsDone = total((batch) => batch.runs);
    return {
      campaign,
      runs: runsDone,
      failedRuns: failed.length,
      failures: failures as CampaignResult<Of>["failures"],
      marks: marksOf(batches, Object.keys(target.marks)),
      events: total(({ events }) => events),
      simulatedNanos: total(({ simulatedNanos }) => simulatedNanos),
      settledNanosMax: Math.max(0, ...batches.map(({ settledNanosMax }) => settledNanosMax)),
      wallMillis: performance.now() - startedMillis,
      findings,
      stopped: runsDone < runs,
    };
  } finally {
    await pool.destroy();
  }
}

/** The first run of each kind of failure. */
function firstOfEach<Of extends AnyCampaign>(
  failed: readonly FailedRun<Of>[],
  kindOf: (failure: FailedRun<Of>["first"]) => string,
): FailedRun<Of>[] {
  const seen = new Set<string>();
  return failed
    .filter(({ first }) => {
      const fresh = !seen.has(kindOf(first));
      seen.add(kindOf(first));
      return fresh;
    })
    .slice(0, FINDINGS_MAX);
}

function marksOf(batches: readonly BatchResult[], names: readonly string[]): Record<string, number> {
  const sums = names.map((name) => [name, batches.reduce((sum, { marks }) => sum + (marks[name] ?? 0), 0)]);
  return Object.fromEntries(sums) as Record<string, number>;
}
