/** What stands above a case in its file, for people. */

import type { Finding } from "./campaign.ts";
import { describeFailure } from "./explain.ts";
import { type AnyCampaign, type AnyVerdict, targetOf } from "./target.ts";

/** The lines of prose above a case in its file. `command`: what found it. */
export function headingOf<Of extends AnyCampaign>(
  campaign: Of,
  finding: Finding<Of>,
  command: string,
): string[] {
  const target = targetOf(campaign);
  const { name, original, run } = finding;
  const verdict: AnyVerdict = finding.verdict;
  const shown = verdict.failures.filter((failure) => failure.name === name).slice(0, 3);
  const others = Object.keys(verdict.counts).filter((each) => each !== name);
  return [
    `${name}: ${target.promiseOf(name)}.`,
    "",
    ...shown.map(describeFailure),
    ...(others.length === 0 ? [] : [`It breaks ${others.join(", ")} as well.`]),
    "",
    `Found by \`${command}\`, run ${run}: ${target.describeSize(original)}; made small: ${target.describeSize(finding.case)}.`,
    "Replay it with `bokisim run` and the name of this file. Times are in nanoseconds, from the moment the cluster is up.",
  ];
}
