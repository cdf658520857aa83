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
