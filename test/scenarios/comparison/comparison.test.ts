import { describe, expect, test } from "vitest";
import { renderComparison, verdicts } from "../../../reports/comparison.ts";
import {
  ComparisonError,
  type ComparisonOptions,
  type ComparisonResult,
  compareScenarios,
} from "../../../scenarios/comparison/comparison.ts";

const scenario = (name: string, more = "") => ({
  file: `${name}.yaml`,
  text: `
name: ${name}
duration: 150ms
warmup: 20ms
cluster: { engines: 3, workersPerEngine: 8 }
workload:
  - name: callers
    arrival: { poisson: { rate: 3k/s } }
${more}`,
});
const VARIANTS = `
variants:
  - { name: slow cuts, set: { boki.localCut: 800us, boki.globalCut: 800us } }
  - { name: fast cuts, set: { boki.localCut: 200us, boki.globalCut: 200us } }
  - { name: slow cuts again, set: { boki.localCut: 800us, boki.globalCut: 800us } }`;
const OPTIONS: ComparisonOptions = {
  metric: "append.p50",
  precision: 0.2,
  replicationsMin: 3,
  replicationsMax: 6,
  jobs: 2,
  set: [],
};

const compare = (texts: Parameters<typeof compareScenarios>[0], options: Partial<ComparisonOptions> = {}) =>
  compareScenarios(texts, "0", { ...OPTIONS, ...options });

describe("variants that are compared", { timeout: 60_000 }, () => {
  test("differ by pairs of replications: what is the same to the digit, what is not with an interval", async () => {
    const result = await compare([scenario("cuts", VARIANTS)]);
    expect(result.seeds).toEqual([1, 2, 3]);
    expect(result.precise).toBe(true);
    const [slow, fast, again] = result.variants;
    expect(slow!.compared[0]!.difference).toBe(null);
    const { mean, low, high } = fast!.compared[0]!.difference!;
    expect(high).toBeLessThan(0);
    expect(low).toBeLessThan(mean);
    expect(mean).toBeLessThan(-0.2);
    // The same settings and seeds are the same runs.
    expect(again!.digests).toEqual(slow!.digests);
    expect(again!.compared[0]!.difference).toEqual({ mean: 0, low: 0, high: 0 });
    // The same arrivals, whatever the cuts: all that differs is what is under way at the end.
    const calls = fast!.compared.find(
      ({ operation, metric }) => operation === "call callers" && metric === "throughput",
    )!;
    expect(Math.abs(calls.difference!.mean)).toBeLessThan(0.02);

    const [less, same] = verdicts(result);
    expect(less).toMatch(
      /^fast cuts's p50 append is \d+ % lower than that of slow cuts \(95 % interval \d+ % to \d+ %\)\.$/,
    );
    expect(same).toMatch(
      /^slow cuts again: no difference of p50 append to slow cuts that 3 replications can show/,
    );
    expect(renderComparison(result, false)).toMatch(/fast cuts +append +p50 +.* −\d+ % +−\d+ % to −\d+ %/);
    expect(await compare([scenario("cuts", VARIANTS)], { jobs: 1 })).toEqual(result);
  });

  test("are run again until intervals are narrow, or no more is allowed", async () => {
    const result = await compare([scenario("cuts", VARIANTS)], { precision: 0.0001, metric: "append.p99" });
    expect(result.seeds).toEqual([1, 2, 3, 4, 5, 6]);
    expect(result.precise).toBe(false);
    expect(renderComparison(result, false)).toContain("Stopped as no more were allowed");
  });

  test("may be files, and then have the names of their scenarios", async () => {
    const files = [scenario("one"), scenario("other")];
    const result = await compare(files, { metric: undefined });
    expect(result.variants.map(({ variant }) => variant)).toEqual(["one", "other"]);
    expect(result.metric).toEqual({ operation: "append", metric: "p99" });
    expect(result.variants[1]!.compared[0]!.difference!.mean).toBe(0);
  });
});

describe("a question that means nothing", { timeout: 60_000 }, () => {
  const problem = async (asked: Promise<ComparisonResult>): Promise<string> =>
    asked.then(
      () => "",
      (error: Error) => {
        expect(error).toBeInstanceOf(ComparisonError);
        return error.message;
      },
    );

  test("is refused before anything runs", async () => {
    expect(await problem(compare([scenario("alone")]))).toMatch(
      /^alone\.yaml has no variants: name another file/,
    );
    expect(await problem(compare([scenario("a", VARIANTS), scenario("b")]))).toMatch(/^a\.yaml has variants/);
    const metric = (text: string) => problem(compare([scenario("a"), scenario("b")], { metric: text }));
    expect(await metric("p99")).toMatch(/an operation, a dot and a metric are wanted, such as append\.p99/);
    expect(await metric("append.p98")).toMatch(/there is no metric "p98"/);
  });

  test("names the operations that there are", async () => {
    expect(await problem(compare([scenario("a"), scenario("b")], { metric: "apend.p99" }))).toMatch(
      /no operation "apend" completed in all runs; did you mean "append"\?/,
    );
  });
});
