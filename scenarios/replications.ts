/** Replications on threads: one task each, with the progress of all of them together. */

import { MessageChannel } from "node:worker_threads";
import type { ReplicationProgress, ReplicationResult, ReplicationSpec } from "./replication.ts";
import type { AnyScenario } from "./scenario.ts";
import { threadPool } from "./threads.ts";

export interface Progress {
  readonly variant: string;
  readonly replication: number;
  readonly runs: number;
  readonly runsDone: number;
  /** Over all runs of the scenario; only grows. */
  readonly simulatedNanos: number;
  readonly totalNanos: number;
  readonly events: number;
}

export interface Run {
  readonly variant: string;
  readonly spec: ReplicationSpec;
}

export interface ThreadOptions {
  /** Threads. */
  readonly jobs: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** The results in the order of the runs. */
export async function runAll(runs: readonly Run[], options: ThreadOptions): Promise<ReplicationResult[]> {
  const pool = threadPool<{ spec: ReplicationSpec; port: unknown }, ReplicationResult>(
    new URL("./replication-worker.ts", import.meta.url),
    Math.min(options.jobs, runs.length),
  );
  const progress = runs.map(() => ({ simulatedNanos: 0, events: 0 }));
  const totalNanos = runs.reduce((sum, { spec }) => sum + lengthNanos(spec.scenario), 0);
  let runsDone = 0;
  const report = (run: Run): void => {
    options.onProgress?.({
      variant: run.variant,
      replication: run.spec.replication,
      runs: runs.length,
      runsDone,
      simulatedNanos: progress.reduce((sum, each) => sum + each.simulatedNanos, 0),
      totalNanos,
      events: progress.reduce((sum, each) => sum + each.events, 0),
    });
  };
  try {
    return await Promise.all(
      runs.map(async (run, i) => {
        const { port1, port2 } = new MessageChannel();
        port1.on("message", (state: ReplicationProgress) => {
          progress[i] = state;
          report(run);
        });
        try {
          const task = { spec: run.spec, port: port2 };
          const result = await pool.run(task, {
            transferList: [port2 as never],
            ...(options.signal === undefined ? {} : { signal: options.signal }),
          });
          runsDone++;
          progress[i] = { simulatedNanos: lengthNanos(run.spec.scenario), events: result.events };
          report(run);
          return result;
        } finally {
          port1.close();
        }
      }),
    );
  } finally {
    await pool.destroy();
  }
}

function lengthNanos(scenario: AnyScenario): number {
  return scenario.warmupNanos + scenario.durationNanos;
}
