/** Shows how far a run is, on standard error: a bar on a terminal, a line every few seconds elsewhere. */

import { SingleBar } from "cli-progress";
import { formatDuration, formatPerSecond } from "../reports/format.ts";
import type { Progress } from "../scenarios/replications.ts";

const LINE_INTERVAL_MILLIS = 3_000;

export interface ProgressDisplay {
  update(progress: Progress): void;
  /** Removes the bar; nothing is shown after it. */
  stop(): void;
}

export type ProgressStyle = "bar" | "lines" | "none";

/** The style that fits where standard error goes. */
export const progressStyle = (quiet: boolean, stream: NodeJS.WriteStream): ProgressStyle =>
  quiet ? "none" : stream.isTTY ? "bar" : "lines";

export function progressDisplay(style: ProgressStyle, stream: NodeJS.WriteStream): ProgressDisplay {
  switch (style) {
    case "bar":
      return barDisplay(stream);
    case "lines":
      return lineDisplay(stream);
    case "none":
      return { update() {}, stop() {} };
  }
}

/** What both styles tell, from one report and the wall time since the start. */
export function progressFacts(progress: Progress, elapsedMillis: number) {
  const { simulatedNanos, totalNanos } = progress;
  const share = totalNanos === 0 ? 0 : Math.min(1, simulatedNanos / totalNanos);
  const seconds = Math.max(elapsedMillis, 1) / 1_000;
  return {
    share,
    // Rounded to milliseconds: the moment of the last event is not what anybody waits for.
    simulated: formatDuration(Math.round(simulatedNanos / 1e6) * 1e6),
    end: formatDuration(totalNanos),
    // `2.5 M/s` of events reads `2.5 M events/s`.
    rate: formatPerSecond(progress.events / seconds).replace(/ ?\/s$/, " events/s"),
    left: share === 0 ? "?" : `${Math.ceil((seconds * (1 - share)) / share)} s`,
    run:
      progress.runs === 1
        ? progress.variant
        : `run ${Math.min(progress.runsDone + 1, progress.runs)} of ${progress.runs}, ${progress.variant}`,
  };
}

function barDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  const bar = new SingleBar({
    stream,
    format: "{bar} {percentage} %  {simulated} of {end}  {rate}  {left} left  {run}",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    fps: 8,
  });
  const startedMillis = performance.now();
  let started = false;
  return {
    update(progress) {
      const { share, ...facts } = progressFacts(progress, performance.now() - startedMillis);
      const percent = Math.floor(share * 100);
      if (started) bar.update(percent, facts);
      else bar.start(100, percent, facts);
      started = true;
    },
    stop() {
      if (started) bar.stop();
    },
  };
}

function lineDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  const startedMillis = performance.now();
  let nextMillis = startedMillis + LINE_INTERVAL_MILLIS;
  return {
    update(progress) {
      const nowMillis = performance.now();
      if (nowMillis < nextMillis) return;
      nextMillis = nowMillis + LINE_INTERVAL_MILLIS;
      const facts = progressFacts(progress, nowMillis - startedMillis);
      stream.write(
        `${Math.floor(facts.share * 100)} %: ${facts.simulated} of ${facts.end} simulated, ${facts.rate}, ` +
          `${facts.left} left (${facts.run})\n`,
      );
    },
    stop() {},
  };
}
