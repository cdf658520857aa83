import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EventQueue } from "../../sim/event-queue.ts";
import { LookAhead, PROCESSES_MIN } from "../../sim/look-ahead.ts";
import type { Machine } from "../../sim/machine.ts";
import { Simulation } from "../../sim/simulation.ts";
import { stateDifference } from "../../sim/structures/clone.ts";
import { MILLISECOND } from "../../sim/units.ts";
import { costs, link } from "./kit.ts";
import { build, everythingOf, TOY_NANOS, toySystems } from "./toy.ts";

describe("the events that come next", () => {
  test("are those that a queue lists, where it lists fewer than asked for", () => {
    let listed = 0;
    fc.assert(
      fc.property(
        fc.array(fc.nat(10_000), { minLength: 40, maxLength: 300 }),
        fc.nat(39),
        (times, popped) => {
          const queue = new EventQueue();
          for (const time of times) queue.push(time, 0, 0, 0, undefined);
          for (let i = 0; i < popped; i++) queue.pop(Number.POSITIVE_INFINITY);
          const slots = new Int32Array(times.length + 1);
          const count = queue.upcoming(slots);
          expect(count).toBeLessThanOrEqual(queue.size);
          const next = Array.from({ length: count }, () => queue.pop(Number.POSITIVE_INFINITY));
          expect([...slots.subarray(0, count)].sort()).toEqual(next.sort());
          listed += count;
        },
      ),
    );
    expect(listed).toBeGreaterThan(1_000);
  });

  test("are no more than asked for", () => {
    const queue = new EventQueue();
    for (let i = 0; i < 1_000; i++) queue.push(7 * i, 0, 0, 0, undefined);
    queue.pop(Number.POSITIVE_INFINITY);
    expect(queue.upcoming(new Int32Array(8))).toBe(8);
  });

  test("are none where none is pending", () => {
    expect(new EventQueue().upcoming(new Int32Array(8))).toBe(0);
  });
});

describe("looking ahead", () => {
  test("changes nothing, at whatever moment and whatever is pending", () => {
    fc.assert(
      fc.property(toySystems, fc.nat(TOY_NANOS), (system, cut) => {
        const simulation = build(system, "fast");
        simulation.start();
        simulation.run(cut);
        expect(new LookAhead(simulation.queue, simulation.processes).look()).toBeGreaterThanOrEqual(1);
        simulation.run(TOY_NANOS);
        const whole = build(system, "fast");
        whole.start();
        whole.run(TOY_NANOS);
        expect(stateDifference(everythingOf(simulation).states, everythingOf(whole).states)).toBeUndefined();
        expect({ ...everythingOf(simulation), states: [] }).toEqual({ ...everythingOf(whole), states: [] });
      }),
      { numRuns: 40 },
    );
  });

  test("does not change what a large simulation does from what its parts do in small ones", () => {
    const rings = Math.ceil(PROCESSES_MIN / RING);
    const large = simulateRings(Array.from({ length: rings }, (_, i) => i));
    for (const ring of [0, 1, rings - 1]) {
      const small = simulateRings([ring]);
      expect(visitsOf(small, 0)).toEqual(visitsOf(large, ring));
    }
    expect(visitsOf(large, 0).every((visits) => visits > 10)).toBe(true);
  });
});

const RING = 128;
const LINK = link(50_000);

interface Visits {
  visits: number;
  lastNanos: number;
}

/** Passes a token on to the next of its ring, after a while of its own choice. */
const node: Machine<{ next: number; begins: boolean }, Visits & { next: number }, { kind: "token" }> = {
  start({ next, begins }, out) {
    if (begins) out.setTimer("pass", 1_000);
    return { next, visits: 0, lastNanos: 0 };
  },
  receive(state, _from, _token, out) {
    state.visits++;
    state.lastNanos = out.now;
    out.setTimer("pass", out.choose(5_000));
  },
  timeout(state, _timer, out) {
    out.send(state.next, { kind: "token" });
  },
};

/** Rings of processes on hosts; a ring's names, and so its random streams, do not depend on which others there are. */
function simulateRings(rings: readonly number[]): Simulation {
  const simulation = new Simulation({ seed: 1, mode: "fast", routing: () => LINK });
  rings.forEach((ring, place) => {
    for (let i = 0; i < RING; i++) {
      simulation.addProcess({
        name: `node-${ring}.${i}`,
        role: "node",
        machine: node,
        config: { next: place * RING + ((i + 1) % RING), begins: i % 4 === 0 },
        costs: costs(),
      });
    }
  });
  simulation.start();
  simulation.run(10 * MILLISECOND);
  return simulation;
}

function visitsOf({ processes }: Simulation, place: number): number[] {
  return processes
    .slice(place * RING, (place + 1) * RING)
    .map(({ cell }) => (cell[0] as Visits).visits * 1e9 + (cell[0] as Visits).lastNanos);
}
