/** A stretch of a campaign's runs, one after the other on one thread, and what came of them as plain data. */

import { type AnyCampaign, type AnyFailure, type NameOf, targetOf } from "./target.ts";

/** One run in so many is executed twice: what it does must not depend on anything but the case. */
const REPEAT_EVERY = 10;

export interface FailedRun<Of extends AnyCampaign> {
  readonly run: number;
  readonly first: AnyFailure;
  readonly names: readonly NameOf<Of>[];
}

export interface BatchResult<Of extends AnyCampaign = AnyCampaign> {
  readonly runs: number;
  readonly events: number;
  readonly simulatedNanos: number;
  /** In how many runs each was reached. */
  readonly marks: Readonly<Partial<Record<string, number>>>;
  readonly failed: readonly FailedRun<Of>[];
  /** The longest that everything outstanding took once everything was whole. */
  readonly settledNanosMax: number;
}

/** Runs `count` cases from run `from` on; with `untilFailure` no further than the first that fails. */
export function runBatch<Of extends AnyCampaign>(
  campaign: Of,
  from: number,
  count: number,
  untilFailure = false,
): BatchResult<Of> {
  const target = targetOf(campaign);
  const marks: Partial<Record<string, number>> = {};
  const failed: FailedRun<Of>[] = [];
  let [runs, events, simulatedNanos, settledNanosMax] = [0, 0, 0, 0];
  for (let run = from; run < from + count; run++) {
    const subject = target.generate(campaign, run);
    const verdict = target.run(subject);
    runs++;
    events += verdict.events;
    simulatedNanos += verdict.simulatedNanos;
    settledNanosMax = Math.max(settledNanosMax, verdict.settledNanos ?? 0);
    for (const mark of Object.keys(verdict.marks)) marks[mark] = (marks[mark] ?? 0) + 1;
    const again = run % REPEAT_EVERY === 0 ? target.run(subject).digest : verdict.digest;
    const names = Object.keys(verdict.counts) as NameOf<Of>[];
    let first: AnyFailure | undefined = verdict.failures[0];
    if (again !== verdict.digest) {
      const message = `the same case ran to digest ${verdict.digest} and then to ${again}`;
      first = { name: target.unsteady, atNanos: 0, message };
      names.unshift(target.unsteady as NameOf<Of>);
    }
    if (first === undefined) continue;
    failed.push({ run, first, names });
    if (untilFailure) break;
  }
  return { runs, events, simulatedNanos, marks, failed, settledNanosMax };
}
