/** Managed concurrency over time: an engine, its pools and a load, on the kernel. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GROWTH_THROTTLES, type NightcoreConfig, RELEASED } from "../../../models/nightcore/config.ts";
import { pendingCount } from "../../../models/nightcore/pending-calls.ts";
import type { Distribution } from "../../../sim/distribution.ts";
import { batchMeans, estimate } from "../../../sim/statistics.ts";
import { MILLISECOND, SECOND } from "../../../sim/units.ts";
import { type LoneNode, loneNode, NEVER, perSecond } from "./lone-node.ts";

const READY = 100 * MILLISECOND;

function exponential(mean: number): Distribution {
  return { kind: "exponential", mean };
}

/** How long each call took, in the order in which they ended. */
function latenciesNanos({ simulation }: LoneNode): readonly number[] {
  return simulation.recorder.results().find(({ name }) => name === "call")!.latenciesNanos;
}

/** Mean wait in M/M/c, in service times. */
function erlangWait(servers: number, load: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; k < servers; k++) {
    term *= load / k;
    sum += term;
  }
  const last = (term * load) / servers;
  const busy = last / (1 - load / servers);
  const waiting = busy / (sum + busy);
  return waiting / (servers - load);
}

describe("a pool of a fixed size", () => {
  test.each([
    ["as designed", 1, 0.7, {}],
    ["as designed", 4, 3.2, {}],
    ["as released", 4, 3.2, RELEASED],
  ])("%s is M/M/%d: at a load of %d the mean wait is Erlang's", (_name, servers, load, settings) => {
    const workers = { minWorkers: servers, maxWorkers: servers };
    const node = loneNode({
      functions: [{ ...workers, service: exponential(MILLISECOND) }],
      phases: [{ fromNanos: READY, gap: perSecond(load * 1_000) }],
      settings,
      seed: 2,
    });
    node.simulation.run((servers === 1 ? 250 : 120) * SECOND);
    const sojourn = latenciesNanos(node)
      .slice(2_000)
      .map((latency) => latency / MILLISECOND);
    const { mean, high } = estimate(batchMeans(sojourn, 32));
    // 99 %, with Student's t of 31 degrees of freedom.
    const halfWidth = ((high! - mean) * 2.744) / 2.04;
    const expected = 1 + erlangWait(servers, load);
    expect(Math.abs(mean - expected), `${mean} +- ${halfWidth}, expected ${expected}`).toBeLessThan(
      halfWidth,
    );
    expect(halfWidth / mean).toBeLessThan(0.05);
  });
});

describe("after a load step", () => {
  /** 700, then 1,000, then 6,000 calls a second of 1.5 ms each. */
  function step(settings: Partial<NightcoreConfig>): LoneNode {
    const node = loneNode({
      functions: [{ minWorkers: 4, maxWorkers: 40, service: exponential(1.5 * MILLISECOND) }],
      phases: [
        { fromNanos: READY, gap: perSecond(700) },
        { fromNanos: 5 * SECOND, gap: perSecond(1_000) },
        { fromNanos: 10 * SECOND, gap: perSecond(6_000) },
      ],
      settings,
      observe: ["workerRequested"],
    });
    node.simulation.run(20 * SECOND);
    return node;
  }

  test("the released throttle has frozen the pool; the intended one lets it grow, and keeps its interval", () => {
    const [shipped, intended] = (["shipped", "intended"] as const).map((growthThrottle) =>
      step({ ...RELEASED, growthThrottle }),
    ) as [LoneNode, LoneNode];
    const [frozen, grown] = [shipped, intended].map((node) => node.engine().dispatchers[0]!);
    expect(frozen!.workers).toBeLessThan(9);
    expect(pendingCount(frozen!.pending)).toBeGreaterThan(5_000);
    expect(grown!.workers).toBeGreaterThan(12);
    expect(pendingCount(grown!.pending)).toBeLessThan(200);
  });

  test.each(GROWTH_THROTTLES)(
    "gaps between demands for workers are as the throttle says: %s",
    (growthThrottle) => {
      // The step of a pool that has not been asked to grow before.
      const node = loneNode({
        functions: [{ minWorkers: 2, maxWorkers: 40, service: exponential(5 * MILLISECOND) }],
        phases: [
          { fromNanos: READY, gap: perSecond(100) },
          { fromNanos: 4 * SECOND, gap: perSecond(3_000) },
        ],
        settings: { ...RELEASED, growthThrottle, rateExponent: 0.5 },
      });
      const demands: number[] = [];
      const dispatcher = () => node.engine().dispatchers[0]!;
      for (let at = READY; at < 8 * SECOND; at += MILLISECOND) {
        node.simulation.run(at);
        const { lastGrowthNanos } = dispatcher();
        if (lastGrowthNanos >= 0 && lastGrowthNanos !== demands.at(-1)) demands.push(lastGrowthNanos);
      }
      const gaps = demands.slice(1).map((at, i) => at - demands[i]!);
      expect(gaps.length).toBeGreaterThan(2);
      if (growthThrottle === "intended") expect(Math.min(...gaps)).toBeGreaterThanOrEqual(200 * MILLISECOND);
      if (growthThrottle === "shipped") expect(Math.max(...gaps)).toBeLessThanOrEqual(200 * MILLISECOND);
      if (growthThrottle === "none") expect(Math.min(...gaps)).toBeLessThan(200 * MILLISECOND);
    },
  );
});

describe("a function without a minimum of workers", () => {
  /** 20 calls a second of 5 ms, evenly spaced: on average a tenth of a call runs. */
  function quiet(settings: Partial<NightcoreConfig>): LoneNode {
    const node = loneNode({
      functions: [{ service: { kind: "constant", value: 5 * MILLISECOND } }],
      phases: [{ fromNanos: READY, gap: { kind: "constant", value: 50 * MILLISECOND } }],
      settings,
    });
    node.simulation.run(600 * SECOND);
    return node;
  }

  test("strands its calls as released: the limit rounds to 0 with four workers idle", () => {
    const node = quiet(RELEASED);
    const { idle, running, pending } = node.engine().dispatchers[0]!;
    expect([idle.length, running]).toEqual([4, 0]);
    // 129 arrivals make 128 gaps, and then nothing runs any more.
    expect(latenciesNanos(node)).toHaveLength(128);
    expect(pendingCount(pending)).toBe(11_871);
  });

  test("serves them all if one may always run", () => {
    const node = quiet({ ...RELEASED, limitAtLeastOne: true });
    expect(latenciesNanos(node)).toHaveLength(11_998);
  });
});

test("a limit that is rounded to the nearest lets a queue of evenly spaced calls grow, one that is rounded up does not", () => {
  const runs = [
    [2_400, "nearest"],
    [2_600, "nearest"],
    [2_400, "up"],
  ] as const;
  const [needed, over, up] = runs.map(([serviceMicros, limitRounding]) => {
    const node = loneNode({
      functions: [
        { minWorkers: 1, maxWorkers: 20, service: { kind: "constant", value: serviceMicros * 1_000 } },
      ],
      phases: [{ fromNanos: READY, gap: { kind: "constant", value: MILLISECOND } }],
      settings: { limitRounding },
    });
    node.simulation.run(20 * SECOND);
    return node.engine().dispatchers[0]!;
  });
  // 2.4 calls run on average, two may; 2.6 do, three may, once there are three workers.
  expect(pendingCount(needed!.pending)).toBeGreaterThan(3_000);
  expect(pendingCount(over!.pending)).toBe(0);
  expect(pendingCount(up!.pending)).toBe(0);
});

describe("the order of calls", () => {
  /** A quiet function, then a step up and down again; limits follow slowly. */
  function steps(settings: Partial<NightcoreConfig>) {
    const node = loneNode({
      functions: [{ minWorkers: 1, maxWorkers: 20, service: exponential(2 * MILLISECOND) }],
      phases: [
        { fromNanos: READY, gap: perSecond(200) },
        { fromNanos: 5 * SECOND, gap: perSecond(4_000) },
        { fromNanos: 10 * SECOND, gap: perSecond(200) },
        { fromNanos: 13 * SECOND, gap: perSecond(4_000) },
        { fromNanos: 16 * SECOND, gap: NEVER },
      ],
      settings: { rateExponent: 0, ...settings },
      observe: ["callDispatched", "dispatcherSettled"],
    });
    node.simulation.run(20 * SECOND);
    let [overtakes, idleBesideQueue, latest] = [0, 0, 0];
    for (const each of node.observed) {
      if (each.kind === "callDispatched") {
        if (each.call < latest) overtakes++;
        latest = Math.max(latest, each.call);
      }
      if (each.kind === "dispatcherSettled" && each.pending > 0 && each.idle > 0 && each.running < each.limit)
        idleBesideQueue++;
    }
    return { overtakes, idleBesideQueue };
  }

  test("is that of their arrival as designed, and nobody is idle beside a queue that the limit would let run", () => {
    expect(steps({})).toEqual({ overtakes: 0, idleBesideQueue: 0 });
  });

  test("as released, new calls overtake queued ones, and workers stay idle beside a queue", () => {
    const { overtakes, idleBesideQueue } = steps(RELEASED);
    expect(overtakes).toBeGreaterThan(0);
    expect(idleBesideQueue).toBeGreaterThan(0);
    // The one comes of the other, and either switch has its own part.
    expect(steps({ ...RELEASED, fifo: true }).overtakes).toBe(0);
    expect(steps({ ...RELEASED, limitOnDrain: true }).idleBesideQueue).toBe(0);
  });
});

test("a pool that is far larger than its load needs shrinks to twice that, and not below its minimum", () => {
  for (const [minWorkers, least] of [
    // A little more than 2 calls run: 3 is the next whole number.
    [1, 6],
    [7, 7],
  ] as const) {
    const node = loneNode({
      functions: [{ minWorkers, maxWorkers: 40, service: { kind: "constant", value: 2 * MILLISECOND } }],
      phases: [
        { fromNanos: READY, gap: { kind: "constant", value: SECOND / 8_000 } },
        { fromNanos: 5 * SECOND, gap: { kind: "constant", value: SECOND / 1_000 } },
      ],
    });
    node.simulation.run(5 * SECOND);
    expect(node.engine().dispatchers[0]!.workers).toBeGreaterThan(10);
    node.simulation.run(20 * SECOND);
    expect(node.engine().dispatchers[0]!.workers).toBe(least);
  }
});

test("checked mode gives the same run as fast mode, also with pools that crash", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000 }),
      fc.boolean(),
      fc.array(fc.tuple(fc.integer({ min: 120, max: 900 }), fc.nat(2)), { maxLength: 3 }),
      (seed, released, crashes) => {
        const [fast, checked] = (["fast", "checked"] as const).map((mode) => {
          const node = loneNode({
            functions: [
              { minWorkers: 2, maxWorkers: 6, service: exponential(2 * MILLISECOND), calls: [1, 2] },
              { service: exponential(MILLISECOND), calls: [2] },
              { minWorkers: 1, maxWorkers: 2, service: exponential(MILLISECOND) },
            ],
            phases: [{ fromNanos: READY, gap: perSecond(600) }],
            settings: { ...(released ? RELEASED : {}), averageSamplesMin: 16, averageWeight: 0.1 },
            mode,
            seed,
            latency: exponential(20_000),
          });
          const { simulation, pools } = node;
          let at = 0;
          for (const [afterMillis, which] of crashes) {
            at += afterMillis * MILLISECOND;
            simulation.run(at);
            if (!simulation.isUp(pools[which]!)) continue;
            simulation.crash(pools[which]!);
            simulation.run((at += MILLISECOND));
            simulation.boot(pools[which]!);
          }
          simulation.run(SECOND);
          return { digest: simulation.digest.toString(), state: node.engine() };
        }) as [{ digest: string; state: unknown }, { digest: string; state: unknown }];
        expect(checked.digest).toBe(fast.digest);
        expect(checked.state).toEqual(fast.state);
      },
    ),
    { numRuns: 8, seed: 5 },
  );
});
