/** `warmup: auto`: what is taken for a warm-up, and that everything which runs a scenario settles it first. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { measuredText } from "../../reports/variant.ts";
import { compareScenarios } from "../../scenarios/comparison/comparison.ts";
import { loadAny } from "../../scenarios/load.ts";
import { runReplication } from "../../scenarios/replication.ts";
import { runScenario } from "../../scenarios/run.ts";
import { runExplain } from "../../scenarios/tracing/run-explain.ts";
import { endOfWarmup } from "../../scenarios/warmup.ts";
import { streamFor } from "../../sim/random.ts";
import { edited, mistakes } from "./example.ts";

const AUTO = `name: auto
duration: 200ms
warmup: auto
cluster: { engines: 3, workersPerEngine: 8 }
workload:
  - { name: callers, arrival: { poisson: { rate: 3k/s } } }
`;
const OPTIONS = { jobs: 2, checked: false };
const load = (text: string, set: readonly string[] = []) => loadAny(text, "auto.yaml", { set });

const noise = (length: number, seed: number): number[] => {
  const stream = streamFor(seed, "noise");
  return Array.from({ length }, () => 100 + 10 * stream.uniform());
};

describe("the end of a warm-up", () => {
  test("is the end of a beginning that is another thing, up to the next five", () => {
    const length = fc.integer({ min: 1, max: 100 });
    fc.assert(
      fc.property(fc.nat(1_000), length, fc.constantFrom(0, 50, 200, 1_000), (seed, begins, level) => {
        const series = noise(300, seed).map((value, i) => (i < begins ? level : value));
        const end = endOfWarmup(series)!;
        expect(end).toBeGreaterThanOrEqual(begins - 5);
        expect(end).toBeLessThanOrEqual(begins + 100);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test("is the start of a series that is steady throughout, whatever its first values happen to be", () => {
    for (let seed = 1; seed <= 200; seed++) expect(endOfWarmup(noise(300, seed))).toBe(0);
  });

  test("is nowhere in a series that grows to its end", () => {
    expect(endOfWarmup(noise(300, 1).map((value, i) => value + i))).toBe(null);
  });

  test("counts intervals without a value, and is not told from a few values", () => {
    const gaps = noise(300, 1).flatMap((value, i) => [null, i < 50 ? 500 : value]);
    expect(endOfWarmup(gaps)).toBe(101);
    expect(endOfWarmup(noise(24, 1))).toBe(undefined);
    expect(endOfWarmup(new Array<null>(300).fill(null))).toBe(undefined);
  });
});

describe("a scenario with warmup: auto", { timeout: 60_000 }, () => {
  test("has the digests of the scenario that gives the same length, which is told with what it was found from", async () => {
    const found = await runScenario(load(AUTO), OPTIONS);
    const { warmupNanos, settled } = found;
    expect(settled!.map(({ variant, operation, of }) => `${variant} ${operation} ${of}`)).toEqual([
      "base append p50",
      "base append throughput",
      "base call callers p50",
      "base call callers throughput",
    ]);
    expect(warmupNanos).toBe(Math.max(...settled!.map(({ endNanos }) => endNanos!)));
    expect(measuredText(found)).toMatch(
      /^200 ms measured after .* of warm-up \((.* settled last|settled from the start)\)$/,
    );
    const said = await runScenario(load(AUTO, [`warmup=${warmupNanos}ns`]), OPTIONS);
    expect(said.settled).toBe(undefined);
    expect(found.variants[0]!.digests).toEqual(said.variants[0]!.digests);
    // The source of the result has the length, so nobody looks for it again.
    expect(found.source!.set).toEqual([`warmup=${warmupNanos / 1e6}ms`]);
    const again = load(AUTO, found.source!.set);
    expect(again).toMatchObject({ warmupNanos, detectWarmup: false });
  });

  test("that never settles says so, after half the time", async () => {
    const text = AUTO.replace("3k/s", "40k/s");
    const { warmupNanos, variants } = await runScenario(load(text), OPTIONS);
    // Three engines cannot answer 40,000 calls a second with eight workers each: the queue grows for as long as one looks.
    expect(warmupNanos).toBe(100_000_000);
    expect(variants[0]!.warnings.join("\n")).toMatch(
      /median latency of call callers never became steady in 200ms without a warm-up/,
    );
  });

  test("gives its variants the longest that one of them needs", async () => {
    const text = `${AUTO}variants:
  - { name: calm }
  - { name: flooded, set: { workload.callers.arrival.poisson.rate: 40k/s } }
`;
    const { variants, settled } = await runScenario(load(text), OPTIONS);
    expect(new Set(settled!.map(({ variant }) => variant))).toEqual(new Set(["calm", "flooded"]));
    const [calm] = variants;
    const alone = await runScenario(load(AUTO, ["warmup=100ms"]), OPTIONS);
    expect(calm!.digests).toEqual(alone.variants[0]!.digests);
    expect(calm!.warnings).toEqual([]);
  });

  test("is compared after one warm-up, explained after its own, and never run before it has one", async () => {
    const options = {
      metric: "append.p50",
      precision: 1,
      replicationsMin: 2,
      replicationsMax: 2,
      jobs: 2,
      set: [],
    };
    const texts = [AUTO, AUTO.replace("3k/s", "4k/s")].map((text, i) => ({ text, file: `${i}.yaml` }));
    const { warmup } = await compareScenarios(texts, "0", options);
    expect(new Set(warmup!.settled.map(({ variant }) => variant)).size).toBe(2);
    const result = await runScenario(load(AUTO), OPTIONS);
    const request = { operation: "append", percentile: 90, usualPercentile: 50, replication: 0 };
    const explained = await runExplain(load(AUTO), request, undefined, {});
    expect(explained.digest).toBe(result.variants[0]!.digests[0]);
    const scenario = load(AUTO);
    expect(() => runReplication({ scenario, seed: 1, replication: 0, mode: "fast" })).toThrow(/warm-up/);
  });

  test("has nothing whose time counts from the start of the warm-up", () => {
    const faults = "duration: 2s\nwarmup: auto\nfaults:\n  - { at: 1s, crash: storage-1 }\nheal: 2s";
    expect(mistakes(edited("duration: 2s", faults))).toEqual([
      "x.yaml:4:9  warmup: found auto beside faults, whose times count from the start of the warm-up: say how long it is",
    ]);
    const stop = edited("duration: 2s", "duration: 2s\nwarmup: auto").replace(
      "read: next",
      "read: next\n    stop: 1s",
    );
    expect(mistakes(stop)).toEqual([
      "x.yaml:4:9  warmup: found auto beside workload #2 stop, whose times count from the start of the warm-up: say how long it is",
    ]);
  });
});
