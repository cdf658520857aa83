/** Shows how far a campaign is, on standard error: a bar on a terminal, a line every few seconds elsewhere. */

import { SingleBar } from "cli-progress";
import type { CampaignProgress } from "../scenarios/campaign/campaign.ts";
import type { ProgressStyle } from "./progress.ts";

const LINE_INTERVAL_MILLIS = 3_000;

export interface CampaignDisplay {
  update(progress: CampaignProgress): void;
  /** Removes the bar; nothing is shown after it. */
  stop(): void;
}

export function campaignDisplay(style: ProgressStyle, stream: NodeJS.WriteStream): CampaignDisplay {
  const startedMillis = performance.now();
  if (style === "none") return { update() {}, stop() {} };
  if (style === "lines") {
    let nextMillis = startedMillis + LINE_INTERVAL_MILLIS;
    return {
      update(progress) {
        const nowMillis = performance.now();
        if (nowMillis < nextMillis) return;
        nextMillis = nowMillis + LINE_INTERVAL_MILLIS;
        const { runs, perSecond, hours, failed } = campaignFacts(progress, nowMillis - startedMillis);
        stream.write(`${runs}, ${perSecond}, ${hours}, ${failed}\n`);
      },
      stop() {},
    };
  }
  const bar = new SingleBar({
    stream,
    format: "{bar} {percentage} %  {runs}  {perSecond}  {hours}  {failed}",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    fps: 8,
  });
  let started = false;
  return {
    update(progress) {
      const facts = campaignFacts(progress, performance.now() - startedMillis);
      const percent = Math.floor((100 * progress.runsDone) / progress.runs);
      if (started) bar.update(percent, facts);
      else bar.start(100, percent, facts);
      started = true;
    },
    stop() {
      if (started) bar.stop();
    },
  };
}

/** What both styles tell, from one report and the wall time since the start. */
export function campaignFacts(progress: CampaignProgress, elapsedMillis: number) {
  const { runsDone, runs, failedRuns, simulatedNanos, phase } = progress;
  const seconds = Math.max(elapsedMillis, 1) / 1_000;
  return {
    runs: phase === "shrinking" ? "making what failed small" : `${runsDone} of ${runs} runs`,
    perSecond: `${(runsDone / seconds).toFixed(0)} runs/s`,
    hours: `${(simulatedNanos / 1e9 / seconds).toFixed(1)} simulated hours per hour`,
    failed: failedRuns === 0 ? "none failed" : `${failedRuns} failed`,
  };
}
