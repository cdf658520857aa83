/** Explaining a percentile: the parts of both groups add up, and what cannot be explained is said clearly. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loadAny, loadScenario } from "../../../scenarios/load.ts";
import { runReplication } from "../../../scenarios/replication.ts";
import { runScenario } from "../../../scenarios/run.ts";
import { type ExplainSpec, explain } from "../../../scenarios/tracing/explain.ts";
import { runExplain } from "../../../scenarios/tracing/run-explain.ts";
import { EXAMPLE } from "../example.ts";

const SHORT = EXAMPLE.replace("duration: 2s", "duration: 60ms\nwarmup: 20ms").replace(/expect:[\s\S]*/, "");
const scenario = loadScenario(SHORT, "example.yaml");
const base: ExplainSpec = {
  ...{ scenario, seed: scenario.seed, replication: 0, variant: "base" },
  ...{ operation: "append", percentile: 99, usualPercentile: 50 },
};
const request = { operation: "append", percentile: 99, usualPercentile: 50, replication: 0 };

describe("an explanation", () => {
  test("has pieces that add up to the mean latencies of both groups", () => {
    for (const operation of ["append", "readPrev", "readNext", "call calls"]) {
      const { pieces, slow, usual } = explain({ ...base, operation, percentile: 90 });
      const sum = (of: "slowNanos" | "usualNanos") => pieces.reduce((all, piece) => all + piece[of], 0);
      expect(sum("slowNanos")).toBeCloseTo(slow.meanNanos, 3);
      expect(sum("usualNanos")).toBeCloseTo(usual.meanNanos, 3);
      expect(slow.meanNanos).toBeGreaterThan(usual.meanNanos);
    }
  });

  test("is of a run with the digest of one that nobody traces, and counts what that one counts", () => {
    const explanation = explain(base);
    const { digest, operations } = runReplication({ ...base, mode: "fast" });
    const appends = operations.find(({ operation }) => operation === "append")!;
    expect(explanation.digest).toBe(digest);
    expect(explanation.completed).toBe(appends.count);
    expect(explanation.completeShare).toBe(1);
    // A histogram has three significant digits.
    expect(explanation.usual.meanNanos / appends.p50Nanos).toBeCloseTo(1, 2);
  });

  test("takes operations within half a percent of ranks, and at least 30", () => {
    const { slow, usual, followed } = explain(base);
    expect(usual.toPercentile - usual.fromPercentile).toBeCloseTo(Math.max(1, (30 / followed) * 100), 1);
    expect(slow.operations).toBeGreaterThanOrEqual(30);
    expect(slow.fromPercentile).toBeLessThan(99);
    expect(slow.toPercentile).toBeGreaterThan(99);
    const extreme = explain({ ...base, percentile: 99.99 });
    expect(extreme.slow).toMatchObject({ operations: 30, toPercentile: 100 });
  });

  test("of a runtime speaks of its own phases", () => {
    const file = "scenarios/nightcore-quickstart.yaml";
    const runtime = loadAny(readFileSync(file, "utf8"), file, { set: ["duration=200ms", "warmup=50ms"] });
    const { pieces } = explain({
      ...base,
      scenario: { ...runtime, variants: [] },
      operation: "request",
      percentile: 95,
    });
    const phases = new Set(pieces.map(({ phase }) => phase));
    for (const phase of ["code of functions", "gateway to engine", "stores"]) expect(phases).toContain(phase);
  });
});

describe("every system that an application runs on", () => {
  const file = "scenarios/noop.yaml";
  const { variants } = loadAny(readFileSync(file, "utf8"), file, { set: ["duration=1s", "warmup=50ms"] });

  test.each(variants.map(({ name }) => [name]))("%s can be explained, all the way to the begin", (name) => {
    const { scenario: chosen } = variants.find((each) => each.name === name)!;
    const { pieces, completeShare } = explain({
      ...base,
      scenario: { ...chosen, variants: [] },
      operation: "request",
      percentile: 80,
    });
    expect(completeShare).toBe(1);
    const phases = [...new Set(pieces.map(({ phase }) => phase))];
    expect(phases).toContain("code of functions");
    expect(phases).toContain("response to the client");
    // No message or timer that the table does not know.
    for (const phase of phases) expect(phase).not.toMatch(/^timer |^[a-z]+[A-Z]\w*$/);
  });
});

describe("what cannot be explained", () => {
  test.each([
    [{ operation: "apend" }, 'there is no operation apend; did you mean "append"?'],
    [{ operation: "lunch" }, "there is no operation lunch; there are"],
  ])("%j", (change, message) => {
    expect(() => explain({ ...base, ...change })).toThrow(message);
  });

  test("an operation that hardly ever completed", () => {
    const rare = loadScenario(SHORT.replace("rate: 2k/s", "rate: 200/s"), "example.yaml");
    expect(() => explain({ ...base, scenario: rare, operation: "call calls" })).toThrow(
      /operations call calls completed after the warm-up; for a percentile it takes 60/,
    );
  });
});

describe("explaining a result", { timeout: 20_000 }, () => {
  test("runs what the result came from, and finds the same digest", async () => {
    const result = await runScenario(scenario, { jobs: 1, checked: false });
    const { text, ...overrides } = result.source!;
    const again = loadAny(text, result.file, overrides);
    const progress: number[] = [];
    const explanation = await runExplain(again, request, result, {
      onProgress: ({ simulatedNanos }) => progress.push(simulatedNanos),
    });
    expect(explanation.digestConfirmed).toBe(true);

    const [variant] = result.variants;
    const other = { ...result, variants: [{ ...variant!, digests: ["0000000000000000"] }] };
    await expect(runExplain(again, request, other, {})).rejects.toThrow(/another digest .* the code is not/);
    const older = { ...other, bokisimVersion: "0.0.1" };
    await expect(runExplain(again, request, older, {})).rejects.toThrow("it was made with bokisim 0.0.1");
    await expect(runExplain(again, { ...request, operation: "apend" }, result, {})).rejects.toThrow(
      'no operation apend in the result; did you mean "append"?',
    );
    await expect(runExplain(again, { ...request, replication: 3 }, result, {})).rejects.toThrow(
      "there is no replication 3",
    );
  });

  test("of several variants asks which", async () => {
    const several = loadScenario(
      `${SHORT}sweep:\n  path: boki.localCut\n  values: [100us, 300us]\n`,
      "example.yaml",
    );
    await expect(runExplain(several, request, undefined, {})).rejects.toThrow(
      '--variant says which is meant: "localCut=100us", "localCut=300us"',
    );
    await expect(
      runExplain(several, { ...request, variant: "localCut=10us" }, undefined, {}),
    ).rejects.toThrow("the scenario has no variant");
  });
});
