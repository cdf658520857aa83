/** A stretch of a campaign's runs, one after the other on one thread, and what came of them as plain data. */

import type { Case } from "./case.ts";
import { type Campaign, generateCase } from "./generate.ts";
import type { MarkName } from "./marks.ts";
import { type Failure, type FailureName, runCase, type Verdict } from "./run-case.ts";

/** One run in so many is executed twice: what it does must not depend on anything but the case. */
export const REPEAT_EVERY = 10;

export interface FailedRun {
  readonly run: number;
  readonly first: Failure;
  readonly names: readonly FailureName[];
}

export interface BatchResult {
  readonly runs: number;
  readonly events: number;
  readonly simulatedNanos: number;
  /** In how many runs each was reached. */
  readonly marks: Readonly<Partial<Record<MarkName, number>>>;
  readonly failed: readonly FailedRun[];
  /** The longest that everything outstanding took once everything was whole. */
  readonly settledNanosMax: number;
}

/** Runs `count` cases from run `from` on; with `untilFailure` no further than the first that fails. */
export function runBatch(campaign: Campaign, from: number, count: number, untilFailure = false): BatchResult {
  const marks: Partial<Record<MarkName, number>> = {};
  const failed: FailedRun[] = [];
  let [runs, events, simulatedNanos, settledNanosMax] = [0, 0, 0, 0];
  for (let run = from; run < from + count; run++) {
    const subject = generateCase(campaign, run);
    const verdict = withRepetition(subject, runCase(subject), run);
    runs++;
    events += verdict.events;
    simulatedNanos += verdict.simulatedNanos;
    settledNanosMax = Math.max(settledNanosMax, verdict.settledNanos ?? 0);
    for (const mark of Object.keys(verdict.marks) as MarkName[]) marks[mark] = (marks[mark] ?? 0) + 1;
    const [first] = verdict.failures;
    if (first === undefined) continue;
    failed.push({ run, first, names: Object.keys(verdict.counts) as FailureName[] });
    if (untilFailure) break;
  }
  return { runs, events, simulatedNanos, marks, failed, settledNanosMax };
}

function withRepetition(subject: Case, verdict: Verdict, run: number): Verdict {
  if (run % REPEAT_EVERY !== 0) return verdict;
  const again = runCase(subject);
  if (again.digest === verdict.digest) return verdict;
  const failure: Failure = {
    name: "determinism",
    atNanos: 0,
    message: `the same case ran to digest ${verdict.digest} and then to ${again.digest}`,
  };
  return {
    ...verdict,
    failures: [failure, ...verdict.failures],
    counts: { ...verdict.counts, determinism: 1 },
  };
}
