/** What `bokisim explain` finds out: where the time of slow operations went, against that of ordinary ones. */

import type { Part } from "../../sim/trace-path.ts";

/** Operations around a percentile of the latency, by rank. */
export interface OperationGroup {
  readonly percentile: number;
  /** Ranks of the fastest and the slowest of them, in percent. */
  readonly fromPercentile: number;
  readonly toPercentile: number;
  readonly operations: number;
  readonly meanNanos: number;
  readonly minNanos: number;
  readonly maxNanos: number;
}

/** What the time of an operation goes by with, in a word: parts of a path that one thinks of together. */
export const RESOURCES = {
  network: ["transmission", "propagation", "order"],
  "queues of network interfaces": ["nicQueue", "receiverQueue"],
  "faults of the network": ["faultDelay"],
  "waiting for a thread": ["thread"],
  "waiting for a core": ["core"],
  "waking up": ["wakeUp"],
  CPU: ["cpu", "begin"],
  disk: ["sync", "diskRead"],
  "timers and others": ["timer", "waiting"],
  "paused processes": ["paused"],
  "the client itself": ["late"],
  unknown: ["unknown"],
} as const satisfies Readonly<Record<string, readonly Part[]>>;
export type Resource = keyof typeof RESOURCES;

/** Time of the operations that went by in one phase, with one thing, at one place; means over all operations of a group. */
export interface ExplainedPiece {
  /** In the model's words (models/phases.ts). */
  readonly phase: string;
  readonly resource: Resource;
  /** A station or a process: `storage-2`, `engine-1/io`, `storage-1 to sequencer-1`. */
  readonly place: string;
  readonly slowNanos: number;
  readonly usualNanos: number;
}

export interface Explanation {
  readonly format: "bokisim-explanation-1";
  readonly bokisimVersion: string;
  readonly scenario: string;
  readonly file: string;
  readonly variant: string;
  readonly replication: number;
  readonly seed: number;
  readonly digest: string;
  /** Whether the digest is that of the result that was to be explained; null: there was none. */
  readonly digestConfirmed: boolean | null;
  readonly operation: string;
  /** Completed with success after the warm-up, and how many of them were followed: all, or every second, fourth and so on. */
  readonly completed: number;
  readonly followed: number;
  /** Share of those in the two groups whose path leads back to their begin; of the others the oldest part is unknown. */
  readonly completeShare: number;
  readonly slow: OperationGroup;
  readonly usual: OperationGroup;
  /** The sums of both columns are the means of the groups. What explains the difference comes first. */
  readonly pieces: readonly ExplainedPiece[];
}

/** The run has not what is asked for; the message says what it has. */
export class ExplanationError extends Error {
  override readonly name = "ExplanationError";
}
