/** The report of a campaign on the terminal: how much was tried, what was reached, what broke. */

import pc from "picocolors";
import type { CampaignResult, Finding } from "../scenarios/campaign/campaign.ts";
import { describeFailure } from "../scenarios/campaign/explain.ts";
import { type AnyCampaign, type AnyVerdict, targetOf } from "../scenarios/campaign/target.ts";
import { formatCount, formatNanos, formatShare } from "./format.ts";
import { type Colours, left, paragraph, right, textTable } from "./text-table.ts";

/** Renders the whole report; `files` are where the findings were written, parallel to them. */
export function renderCampaign<Of extends AnyCampaign>(
  result: CampaignResult<Of>,
  files: readonly string[],
  colour: boolean,
): string {
  const colours = pc.createColors(colour);
  const sections = [
    facts(result, colours),
    marksTable(result, colours),
    ...result.findings.map((finding, i) => findingText(result.campaign, finding, files[i], colours)),
    verdict(result, colours),
  ];
  return `${sections.join("\n\n")}\n`;
}

/** What is the same for every system. */
type Tried = Omit<CampaignResult, "campaign" | "findings" | "failures">;

function facts(result: Tried, colours: Colours): string {
  const { runs, wallMillis, simulatedNanos, events, settledNanosMax } = result;
  const seconds = Math.max(wallMillis, 1) / 1_000;
  const hoursPerHour = simulatedNanos / 1e9 / seconds;
  const lines = [
    `${formatCount(runs)} runs in ${seconds.toFixed(1)} s: ${(runs / seconds).toFixed(0)} runs/s, ${formatCount(events / seconds)} events/s, ${hoursPerHour.toFixed(1)} simulated hours per hour`,
    `once everything was whole and asked for, everything was answered within ${formatNanos(settledNanosMax)}`,
  ];
  return [colours.bold("campaign"), ...lines.map((line) => paragraph(line))].join("\n");
}

function marksTable(
  { marks, runs, campaign }: Tried & { readonly campaign: AnyCampaign },
  colours: Colours,
): string {
  const meanings = targetOf(campaign).marks;
  const rows = Object.entries(marks).map(([name, count]) => [
    name,
    count === 0 ? colours.yellow("never") : formatShare(count / Math.max(1, runs)),
    meanings[name]!,
  ]);
  return textTable([left("reached"), right("of the runs"), left("")], rows, colours.dim);
}

function findingText<Of extends AnyCampaign>(
  campaign: Of,
  finding: Finding<Of>,
  file: string | undefined,
  colours: Colours,
): string {
  const { name, run, runs } = finding;
  const { promiseOf, describeSize } = targetOf(campaign);
  const verdict: AnyVerdict = finding.verdict;
  const first = verdict.failures.find((failure) => failure.name === name);
  return [
    `${colours.red(name)} ${promiseOf(name)}`,
    ...(first === undefined ? [] : [paragraph(describeFailure(first))]),
    paragraph(
      `first in run ${run}, of ${formatCount(runs)} that fail so first; made small: ${describeSize(finding.case)}`,
    ),
    ...(file === undefined ? [] : [`  replay: bokisim run ${file}`]),
  ].join("\n");
}

function verdict(result: Tried, colours: Colours): string {
  const { failedRuns, runs, stopped } = result;
  const early = stopped ? " (stopped early)" : "";
  return failedRuns === 0
    ? colours.green(`No run of ${formatCount(runs)} broke anything${early}.`)
    : colours.red(`${formatCount(failedRuns)} of ${formatCount(runs)} runs failed${early}.`);
}
