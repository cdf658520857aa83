import { describe, expect, test } from "vitest";
import { renderCapacity } from "../../../reports/capacity.ts";
import { CapacityError, findCapacity } from "../../../scenarios/capacity/capacity.ts";

const scenario = (workload: string, more = "") => `
name: small
duration: 150ms
warmup: 20ms
cluster: { engines: 3, workersPerEngine: 8 }
${more}
workload:
  - name: callers
    arrival: ${workload}
`;
const OPTIONS = { slo: ["p99<8ms"], precision: 0.3, seeds: 2, jobs: 2, set: [] };

describe("the capacity of a scenario", () => {
  test("is found for each variant, with an interval over seeds", { timeout: 60_000 }, async () => {
    const variants = `
variants:
  - { name: few workers, set: { cluster.workersPerEngine: 2 } }
  - { name: many workers }`;
    const text = scenario("{ poisson: { rate: 4k/s } }", variants);
    const result = await findCapacity(text, "small.yaml", "0", OPTIONS);
    expect(result.load).toEqual([{ path: "workload.callers.arrival.poisson.rate", perSecond: 4_000 }]);
    expect(result.variants.map(({ variant }) => variant)).toEqual(["few workers", "many workers"]);
    const [few, many] = result.variants.map(({ perSecond }) => perSecond!.mean);
    expect(many).toBeGreaterThan(few!);
    for (const { searches } of result.variants) {
      for (const { perSecond, probes } of searches) {
        const held = probes.filter((each) => each.held).map((each) => each.perSecond);
        const broken = probes.filter((each) => !each.held).map((each) => each.perSecond);
        expect(perSecond).toBeGreaterThanOrEqual(Math.max(...held));
        expect(perSecond).toBeLessThanOrEqual(Math.min(...broken));
      }
    }
    expect(await findCapacity(text, "small.yaml", "0", OPTIONS)).toEqual(result);
    expect(renderCapacity(result, false)).toMatch(/many workers +[\d.]+ k\/s ±[\d.]+ +\d+\.\d+ x/);
  });

  test("comes with a curve on both sides of it, for each seed", { timeout: 60_000 }, async () => {
    const text = scenario("{ poisson: { rate: 4k/s } }");
    const { variants, bounds } = await findCapacity(text, "small.yaml", "0", { ...OPTIONS, curve: true });
    expect(bounds).toEqual([{ expression: "p99<8ms", latencyNanos: 8_000_000 }]);
    const [{ perSecond, curve }] = variants as [(typeof variants)[number]];
    const loads = curve.map(({ offeredPerSecond }) => offeredPerSecond / perSecond!.mean);
    expect(Math.min(...loads)).toBeCloseTo(0.1, 2);
    expect(Math.max(...loads)).toBeGreaterThan(1.04);
    expect(new Set(curve.map(({ seed }) => seed)).size).toBe(2);
    const p99Of = (share: number): number =>
      curve
        .find((_, i) => Math.abs(loads[i]! - share) < 0.01)!
        .operations.find(({ operation }) => operation === "call callers")!.p99Nanos;
    expect(p99Of(1.05)).toBeGreaterThan(p99Of(0.1));
  });

  test("cannot be asked of clients that wait for their answers", async () => {
    const text = scenario("{ closedLoop: { clients: 4 } }");
    await expect(findCapacity(text, "small.yaml", "0", OPTIONS)).rejects.toThrow(
      /no workload has a rate.*clients that wait/,
    );
  });

  test("needs a condition that means something", async () => {
    const text = scenario("{ poisson: { rate: 4k/s } }");
    const asked = findCapacity(text, "small.yaml", "0", { ...OPTIONS, slo: ["p98 < 2ms"] });
    await expect(asked).rejects.toThrow(CapacityError);
    await expect(asked).rejects.toThrow(/--slo "p98 < 2ms": there is no metric "p98"/);
  });
});
