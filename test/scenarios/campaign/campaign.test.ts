/** A campaign as a whole, on threads: what it finds does not depend on how many there are, and it can be stopped. */

import { describe, expect, test } from "vitest";
import { Mutation } from "../../../models/boki/mutations.ts";
import { type CampaignProgress, runCampaign } from "../../../scenarios/campaign/campaign.ts";
import { formatCase, parseCase } from "../../../scenarios/campaign/case-file.ts";
import { headingOf } from "../../../scenarios/campaign/heading.ts";
import { runCase } from "../../../scenarios/campaign/run-case.ts";

const WRONG = { seed: 1, mutation: Mutation.readPrevStrict, defects: [], calm: true };
const RIGHT = { ...WRONG, mutation: 0 };

describe("a campaign", () => {
  test("finds the same with one thread and with two", async () => {
    const [one, two] = await Promise.all(
      [1, 2].map((jobs) => runCampaign(WRONG, { runs: 60, jobs, shrinkAttempts: 300 })),
    );
    const { wallMillis: _, ...rest } = one!;
    expect(two).toMatchObject(rest);
    expect(one!.failedRuns).toBeGreaterThan(10);
    expect(one!.findings.map(({ name }) => name)).toEqual(["R1"]);
  });

  test("writes what it finds as a file that replays: same digest, same verdict", async () => {
    const { findings } = await runCampaign(WRONG, { runs: 20, jobs: 1, shrinkAttempts: 300 });
    const [finding] = findings;
    const text = formatCase(finding!.case, finding!.verdict, headingOf(WRONG, finding!, "bokisim fuzz"));
    expect(text).toMatch(/^# R1: a read shows the log as of the position/);
    expect(runCase(parseCase(text, "x.yaml").case)).toEqual(finding!.verdict);
  });

  test("reports how far it is, and that nothing failed", async () => {
    const reports: CampaignProgress[] = [];
    const result = await runCampaign(RIGHT, {
      runs: 35,
      jobs: 2,
      shrinkAttempts: 1,
      onProgress: (progress) => reports.push(progress),
    });
    expect(result).toMatchObject({ runs: 35, failedRuns: 0, findings: [], stopped: false });
    expect(reports.at(-1)).toMatchObject({ runsDone: 35, runs: 35, failedRuns: 0 });
    expect(reports.map(({ runsDone }) => runsDone)).toEqual(
      reports.map(({ runsDone }) => runsDone).sort((a, b) => a - b),
    );
  });

  test("keeps what it has when it is stopped", async () => {
    const controller = new AbortController();
    const result = await runCampaign(WRONG, {
      runs: 100_000,
      jobs: 1,
      shrinkAttempts: 100,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    expect(result).toMatchObject({ runs: 10, stopped: true });
    expect(result.findings).not.toEqual([]);
  });

  test("begins no run after its time", async () => {
    const result = await runCampaign(RIGHT, { runs: 1_000_000, jobs: 1, shrinkAttempts: 1, timeMillis: 200 });
    expect(result.stopped).toBe(true);
    expect(result.runs).toBeLessThan(1_000_000);
  });
});
