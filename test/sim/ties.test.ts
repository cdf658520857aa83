import { describe, expect, test } from "vitest";
import { restoreSimulation, saveSimulation } from "../../sim/snapshot.ts";
import { add, costs, kindsOf, link, logging, logOf, note, simulate } from "./kit.ts";

/** Ten sources that each send three notes at 10; all arrive at 15. */
function crowd(seed: number, shuffleTies: boolean) {
  const simulation = simulate({ seed, shuffleTies, link: link(5) });
  const sink = add(simulation, "sink", logging({}));
  for (let i = 0; i < 10; i++) {
    const source = logging({
      start: (out) => out.setTimer("t", 10),
      timeout: (_, out) => {
        for (const n of [0, 1, 2]) out.send(sink, note(`${i} ${n}`));
      },
    });
    add(simulation, `source-${i}`, source);
  }
  return { simulation, sink };
}

function orderOf(seed: number, shuffleTies: boolean): string[] {
  const { simulation, sink } = crowd(seed, shuffleTies);
  simulation.start();
  simulation.run(100);
  return kindsOf(simulation, sink);
}

describe("simultaneous events", () => {
  const scheduled = Array.from({ length: 30 }, (_, i) => `${Math.floor(i / 3)} ${i % 3}`);

  test("are executed as they were scheduled", () => {
    expect(orderOf(1, false)).toEqual(scheduled);
  });

  test("may be shuffled, by the seed; what one process sends to another keeps its order", () => {
    const orders = [1, 2, 3].map((seed) => orderOf(seed, true));
    expect(new Set(orders.map(String)).size).toBe(3);
    for (const order of orders) {
      expect(order).not.toEqual(scheduled);
      expect([...order].sort()).toEqual(scheduled);
      for (let i = 0; i < 10; i++) {
        expect(order.filter((kind) => kind.startsWith(`${i} `))).toEqual([`${i} 0`, `${i} 1`, `${i} 2`]);
      }
    }
    expect(orderOf(1, true)).toEqual(orders[0]);
  });

  test("come in every order", () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 100; seed++) {
      const simulation = simulate({ seed, shuffleTies: true });
      const only = add(
        simulation,
        "only",
        logging({ start: (out) => ["a", "b", "c"].map((name) => out.setTimer(name, 10)) }),
      );
      simulation.start();
      simulation.run(10);
      orders.add(kindsOf(simulation, only).join());
    }
    expect(orders.size).toBe(6);
  });

  test("respect that one of them cancels another, or sets it again", () => {
    for (let seed = 0; seed < 50; seed++) {
      const simulation = simulate({ seed, shuffleTies: true });
      const only = add(
        simulation,
        "only",
        logging({
          start: (out) => ["cancels", "victim", "again"].map((name) => out.setTimer(name, 10)),
          timeout: (timer, out) => {
            if (timer !== "cancels") return;
            out.cancelTimer("victim");
            out.setTimer("again", 5);
          },
        }),
      );
      simulation.start();
      simulation.run(100);
      const log = logOf(simulation, only);
      const after = log.slice(log.findIndex(([, what]) => what === "timer cancels") + 1);
      expect(after.filter(([, what]) => what === "timer victim")).toEqual([]);
      expect(after.filter(([, what]) => what === "timer again")).toEqual([[15, "timer again"]]);
      expect(log.length).toBe(new Set(log.map(String)).size);
    }
  });

  test("take in what they cause at the same moment, and count as many", () => {
    const [shuffled, scheduled] = [true, false].map((shuffleTies) => {
      const simulation = simulate({ shuffleTies });
      const chain = logging({
        receive: ({ value }, out) =>
          Number(value) < 20 && out.send(out.self, note("next", Number(value) + 1)),
      });
      const victim = add(simulation, "victim", chain, { costs: costs() });
      add(simulation, "source", logging({ start: (out) => out.send(victim, note("next", 0)) }));
      simulation.start();
      simulation.run(0);
      return [logOf(simulation, victim).length, simulation.events, simulation.ties];
    });
    expect(shuffled).toEqual(scheduled);
    expect(shuffled![0]).toBe(21);
  });

  test("go on in the order that an uninterrupted run has", () => {
    const whole = crowd(7, true);
    whole.simulation.start();
    whole.simulation.run(100);
    const original = crowd(7, true);
    original.simulation.start();
    original.simulation.run(12);
    const copy = crowd(7, true);
    restoreSimulation(copy.simulation, saveSimulation(original.simulation));
    copy.simulation.run(100);
    expect(copy.simulation.digest.toString()).toBe(whole.simulation.digest.toString());
    expect(logOf(copy.simulation, copy.sink)).toEqual(logOf(whole.simulation, whole.sink));
  });
});
