/** An explanation, made up: no run is needed to test what is made of one. */

import type { ExplainedPiece, Explanation } from "../../scenarios/tracing/explanation.ts";

const piece = (
  phase: string,
  resource: ExplainedPiece["resource"],
  place: string,
  slowNanos: number,
  usualNanos: number,
): ExplainedPiece => ({ phase, resource, place, slowNanos, usualNanos });

const group = (percentile: number, operations: number, meanNanos: number): Explanation["slow"] => ({
  ...{ percentile, operations, meanNanos },
  ...{ fromPercentile: percentile - 0.5, toPercentile: percentile + 0.5 },
  ...{ minNanos: meanNanos - 1_000, maxNanos: meanNanos + 2_000 },
});

export const EXPLANATION: Explanation = {
  format: "bokisim-explanation-1",
  bokisimVersion: "0.1.0",
  scenario: "quickstart",
  file: "scenarios/quickstart.yaml",
  variant: "base",
  replication: 0,
  seed: 1,
  digest: "00ff00ff00ff00ff",
  digestConfirmed: true,
  operation: "append",
  completed: 12_345,
  followed: 12_345,
  completeShare: 1,
  slow: group(99, 123, 2_900_000),
  usual: group(50, 124, 1_100_000),
  pieces: [
    piece("wait for the global cut", "timers and others", "sequencer-1", 1_500_000, 222_000),
    piece("engine to storage", "network", "engine-1 to storage-1", 700_000, 178_000),
    piece("engine to storage", "CPU", "storage-1", 300_000, 200_000),
    piece("wait for the local cut", "timers and others", "storage-1", 400_000, 500_000),
  ],
};
