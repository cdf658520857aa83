/** What an engine comes back to when the processes around it die and come again, at any moment. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { RELEASED } from "../../../models/nightcore/config.ts";
import type { EngineState } from "../../../models/nightcore/engine-state.ts";
import { pendingCount } from "../../../models/nightcore/pending-calls.ts";
import { MICROSECOND, MILLISECOND, SECOND } from "../../../sim/units.ts";
import { type LoneNode, loneNode, NEVER, perSecond } from "./lone-node.ts";

const exponential = (mean: number) => ({ kind: "exponential", mean }) as const;

/** A crash of a pool and its launcher: after how long since the last one, which pool, and for how long. */
type Crash = readonly [afterMicros: number, pool: number, downMicros: number];

function run(seed: number, crashes: readonly Crash[], settings = {}): LoneNode {
  const node = loneNode({
    functions: [
      { minWorkers: 2, maxWorkers: 6, service: exponential(2 * MILLISECOND), calls: [1, 2] },
      { service: exponential(MILLISECOND), calls: [2] },
      { minWorkers: 0, maxWorkers: 2, service: exponential(MILLISECOND) },
    ],
    phases: [
      { fromNanos: 100 * MILLISECOND, gap: perSecond(500) },
      { fromNanos: SECOND, gap: NEVER },
    ],
    settings: { averageSamplesMin: 16, averageWeight: 0.1, ...settings },
    seed,
    latency: exponential(30 * MICROSECOND),
    observe: ["callArrived", "callFinished", "callDropped", "replySent", "resultForwarded"],
  });
  const { simulation, pools } = node;
  let at = 0;
  for (const [afterMicros, pool, downMicros] of crashes) {
    simulation.run((at += afterMicros * MICROSECOND));
    simulation.crash(pools[pool]!);
    simulation.run((at += downMicros * MICROSECOND));
    simulation.boot(pools[pool]!);
  }
  simulation.run(at + 20 * SECOND);
  return node;
}

/** Per function: what waits, what runs, and how many workers there are. */
function leftIn({ dispatchers, records, freeSlots }: EngineState) {
  return {
    records: records.length - freeSlots.length,
    pending: dispatchers.map(({ pending }) => pendingCount(pending)),
    running: dispatchers.map(({ running }) => running),
    idle: dispatchers.map(({ workers, idle }) => workers - idle.length),
    requested: dispatchers.map(({ requested }) => requested.size),
  };
}

const NOTHING = { records: 0, pending: [0, 0, 0], running: [0, 0, 0], idle: [0, 0, 0], requested: [0, 0, 0] };

const crashes = fc.array(
  fc.tuple(
    fc.integer({ min: 1, max: 400_000 }),
    fc.nat(2),
    // Longer than anything is under way: what a process said in an earlier life is not taken for its word.
    fc.oneof(fc.integer({ min: 1_000, max: 5_000 }), fc.integer({ min: 5_000, max: 300_000 })),
  ),
  { minLength: 1, maxLength: 6 },
);

test("as designed every call ends once, answered, and nothing of it stays", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), crashes, (seed, plan) => {
      const node = run(seed, plan);
      expect(node.simulation.recorder.pending()).toEqual([]);
      expect(leftIn(node.engine())).toEqual(NOTHING);
      const [arrived, ended] = [new Set<number>(), new Set<number>()];
      const replies = new Map<number, number>();
      for (const each of node.observed) {
        if (each.kind === "callArrived") arrived.add(each.call);
        if (each.kind === "callFinished" || each.kind === "callDropped") {
          expect(ended.has(each.call), `call ${each.call} ends twice`).toBe(false);
          ended.add(each.call);
        }
        if (each.kind === "replySent" || each.kind === "resultForwarded")
          replies.set(each.call, (replies.get(each.call) ?? 0) + 1);
      }
      expect(ended).toEqual(arrived);
      expect([...replies.values()].every((count) => count === 1)).toBe(true);
    }),
    { numRuns: 60, seed: 5 },
  );
});

test("as released a pool that dies under load leaves calls that are never answered", () => {
  const node = run(3, [[500_000, 1, 100_000]], { ...RELEASED, limitAtLeastOne: true });
  const left = leftIn(node.engine());
  expect(node.simulation.recorder.pending().length).toBeGreaterThan(0);
  expect(left.running[1]).toBeGreaterThan(0);
  // Whoever called them is not free either.
  expect(left.running[0]).toBeGreaterThan(0);
});

test("as released an engine crashes when the result of a dead worker's call comes in, and starts with nothing", () => {
  const node = run(3, [[500_000, 0, 5_000]], { ...RELEASED, limitAtLeastOne: true });
  const { simulation } = node;
  expect(simulation.recorder.counts().get("engine.crash")).toBe(1);
  expect(simulation.recorder.pending().length).toBeGreaterThan(0);
  // Nobody has told it of the workers that are still there, and what they say is not taken.
  expect(node.engine().workers).toEqual([undefined]);
  expect(leftIn(node.engine())).toEqual(NOTHING);
});
