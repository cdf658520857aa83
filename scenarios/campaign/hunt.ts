/** Looks for one bug with the generator of all campaigns, until a run shows it, and makes that run small. */

import { runBatch } from "./batch.ts";
import { type CaseSize, sizeOf } from "./case.ts";
import { type Campaign, generateCase } from "./generate.ts";
import { type FailureName, kindOf } from "./run-case.ts";
import { shrinkCase } from "./shrink.ts";

export interface Hunt {
  readonly campaign: Campaign;
  readonly runs: number;
  readonly shrinkAttempts: number;
}

export interface Quarry {
  /** Runs until it showed, that one included; without a find: all that were made. */
  readonly runs: number;
  readonly found:
    | {
        readonly first: FailureName;
        /** Everything that the run broke. */
        readonly names: readonly FailureName[];
        readonly message: string;
        readonly size: CaseSize;
        readonly shrunk: CaseSize;
      }
    | undefined;
  /** What the hunt took, and what making the case small took. */
  readonly huntMillis: number;
  readonly shrinkMillis: number;
}

export function hunt({ campaign, runs, shrinkAttempts }: Hunt): Quarry {
  const startedMillis = performance.now();
  const { failed, runs: made } = runBatch(campaign, 0, runs, true);
  const huntMillis = performance.now() - startedMillis;
  const [first] = failed;
  if (first === undefined) return { runs: made, found: undefined, huntMillis, shrinkMillis: 0 };
  const original = generateCase(campaign, first.run);
  const { name, message } = first.first;
  const shrunk = shrinkCase(original, kindOf(first.first), { attempts: shrinkAttempts });
  return {
    runs: made,
    found: {
      first: name,
      names: first.names,
      message: shrunk.verdict.failures.find((failure) => failure.name === name)?.message ?? message,
      size: sizeOf(original),
      shrunk: sizeOf(shrunk.case),
    },
    huntMillis,
    shrinkMillis: performance.now() - startedMillis - huntMillis,
  };
}
