/**
 * The command line on services that need no simulation, for tests as a child process. What a run does is the text of the
 * scenario: `held`, `failed`, `wrong`, `defect`, `slow` (until it is interrupted).
 */

import { main } from "../../cli/main.ts";
import { InputError, type RunOptions, type Services } from "../../cli/services.ts";
import type { Progress } from "../../scenarios/replications.ts";
import type { ScenarioResult } from "../../scenarios/result.ts";
import { failedResult, quickstartResult } from "../reports/fixture.ts";

const services: Services = {
  async load(text, file, options) {
    const word = text.trim();
    if (word === "wrong") throw new InputError(`${file}:1:1: unknown field wrong`);
    return {
      name: "quickstart",
      hasHistory: word !== "failed",
      run: (runOptions) => runWord(word, runOptions, options.seed ?? 1, options.set),
    };
  },
  async catalogue() {
    return [
      {
        name: "quickstart",
        summary: "Appends and reads on the published deployment",
        file: process.env.FAKE_QUICKSTART ?? "",
      },
      { name: "cut-interval", summary: "Append latency against the cut interval", file: "" },
    ];
  },
  async schema(kind) {
    return { type: "object", title: kind };
  },
};

async function runWord(
  word: string,
  { onProgress, signal }: RunOptions,
  seed: number,
  set: readonly string[],
): Promise<ScenarioResult> {
  const progress = (share: number): Progress => ({
    variant: "base",
    replication: 0,
    runs: 1,
    runsDone: 0,
    simulatedNanos: share * 10e9,
    totalNanos: 10e9,
    events: share * 18e6,
  });
  onProgress(progress(0.5));
  switch (word) {
    case "held":
      return { ...quickstartResult(), seed, summary: set.join(" ") };
    case "failed":
      return failedResult();
    case "slow":
      process.stderr.write("started\n");
      return new Promise((_, reject) => {
        // Something must keep the process alive, as a simulation does.
        const timer = setTimeout(() => {}, 60_000);
        signal.addEventListener("abort", () => {
          clearTimeout(timer);
          reject(new Error("stopped"));
        });
      });
    default:
      throw new Error(`assertion failed: ${word}`);
  }
}

process.exitCode = await main(process.argv.slice(2), services);
