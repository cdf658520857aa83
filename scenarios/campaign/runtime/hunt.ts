/** Looks for one bug of the runtime with the generator of all its campaigns, until a run shows it, and makes that run small. */

import { type RuntimeCase, type RuntimeCaseSize, sizeOf } from "./case.ts";
import { generateRuntimeCase, type RuntimeCampaign } from "./generate.ts";
import {
  type RuntimeFailure,
  type RuntimeFailureName,
  type RuntimeVerdict,
  runRuntimeCase,
} from "./run-case.ts";
import { shrinkRuntimeCase } from "./shrink.ts";

export interface RuntimeHunt {
  readonly campaign: RuntimeCampaign;
  readonly runs: number;
  readonly shrinkAttempts: number;
}

export interface RuntimeQuarry {
  /** Runs until it showed, that one included; without a find: all that were made. */
  readonly runs: number;
  readonly found:
    | {
        readonly first: RuntimeFailureName;
        /** Everything that the run broke. */
        readonly names: readonly RuntimeFailureName[];
        readonly message: string;
        readonly case: RuntimeCase;
        readonly shrunk: RuntimeCaseSize;
      }
    | undefined;
  readonly millis: number;
}

/** One run in so many is executed twice (I16). */
export const REPEAT_EVERY = 10;

/** A run of a campaign; of every tenth its repetition as well. */
export function runOf(
  campaign: RuntimeCampaign,
  run: number,
): { case: RuntimeCase; verdict: RuntimeVerdict } {
  const subject = generateRuntimeCase(campaign, run);
  const verdict = runRuntimeCase(subject);
  if (run % REPEAT_EVERY !== 0) return { case: subject, verdict };
  const again = runRuntimeCase(subject);
  if (again.digest === verdict.digest) return { case: subject, verdict };
  const failure: RuntimeFailure = {
    name: "I16",
    atNanos: 0,
    message: `the same case ran to digest ${verdict.digest} and then to ${again.digest}`,
  };
  const counts = { ...verdict.counts, I16: 1 };
  return { case: subject, verdict: { ...verdict, failures: [failure, ...verdict.failures], counts } };
}

export function huntRuntime({ campaign, runs, shrinkAttempts }: RuntimeHunt): RuntimeQuarry {
  const startedMillis = performance.now();
  for (let run = 0; run < runs; run++) {
    const { case: subject, verdict } = runOf(campaign, run);
    const [first] = verdict.failures;
    if (first === undefined) continue;
    const shrunk = shrinkRuntimeCase(subject, first.name, { attempts: shrinkAttempts });
    return {
      runs: run + 1,
      found: {
        first: first.name,
        names: Object.keys(verdict.counts) as RuntimeFailureName[],
        message: shrunk.verdict.failures.find(({ name }) => name === first.name)?.message ?? first.message,
        case: shrunk.case,
        shrunk: sizeOf(shrunk.case),
      },
      millis: performance.now() - startedMillis,
    };
  }
  return { runs, found: undefined, millis: performance.now() - startedMillis };
}
