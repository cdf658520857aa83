import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DiskRule, Fault, FaultPlan } from "../../../sim/faults/fault.ts";
import { installFaults } from "../../../sim/faults/injector.ts";
import { restoreSimulation, saveSimulation } from "../../../sim/snapshot.ts";
import { add, costs, logging, logOf, simulate } from "../kit.ts";
import { build, everythingOf, TOY_NANOS, type ToySystem, toySystems } from "../toy.ts";
import { sender, suffer, timed } from "./kit.ts";
import { faultPlans } from "./plans.ts";

describe("a run with faults", () => {
  const systems = toySystems.chain((system) =>
    faultPlans(TOY_NANOS).map((plan) => ({ ...system, crashes: [], faults: [], plan })),
  );

  test("is the same in both modes", () => {
    fc.assert(
      fc.property(systems, (system) => {
        const [fast, checked] = (["fast", "checked"] as const).map((mode) => {
          const simulation = build(system, mode);
          simulation.start();
          simulation.run(TOY_NANOS);
          return everythingOf(simulation);
        });
        expect(checked).toEqual(fast);
      }),
      { numRuns: 25 },
    );
  });

  test("goes on from a snapshot as the uninterrupted one", () => {
    fc.assert(
      fc.property(systems, fc.nat(TOY_NANOS), (system, cut) => {
        const whole = build(system, "fast");
        whole.start();
        whole.run(TOY_NANOS);
        const original = build(system, "fast");
        original.start();
        original.run(cut);
        const copy = build(system, "fast");
        restoreSimulation(copy, saveSimulation(original));
        copy.run(TOY_NANOS);
        expect(everythingOf(copy)).toEqual(everythingOf(whole));
      }),
      { numRuns: 60 },
    );
  });

  const busy = (seed: number, plan: FaultPlan): ToySystem => ({
    seed,
    cores: 1,
    processes: Array.from({ length: 6 }, () => ({ kind: "costs", threads: 2, jitter: false, wakes: true })),
    crashes: [],
    faults: [],
    warmup: false,
    shuffleTies: false,
    plan,
  });
  const disk = (rule: DiskRule): Fault => ({ kind: "disk", of: {}, rule });
  const kinds: readonly (readonly [string, Fault])[] = [
    ["a crash", { kind: "crash", of: { count: 2 } }],
    ["a pause", { kind: "pause", of: { count: 3 } }],
    ["a slow CPU", { kind: "slowCpu", of: {}, factor: 3 }],
    ["a reset", { kind: "reset", of: {} }],
    ["a ring", { kind: "partition", shape: "ring", of: {} }],
    ["a partial partition", { kind: "partition", shape: "partial", of: {} }],
    [
      "a bad link",
      { kind: "link", of: {}, rule: { lossShare: 0.2, corruptShare: 0.2, duplicateShare: 0.2 } },
    ],
    ["a stalled disk", disk({ stalled: true })],
    ["a disk that fails", disk({ writeErrorShare: 0.5, readErrorShare: 0.5 })],
    ["a disk that lies", disk({ unsyncedLossShare: 0.7 })],
    ["a disk that tears", disk({ tornShare: 0.7, corruptShare: 0.1, misdirectedShare: 0.3 })],
    ["a wrong clock", { kind: "clock", of: {}, driftPpm: 200_000, offsetNanos: -999 }],
  ];

  // Each fault comes twice and a loss of power between: what outlasts a fault is there at some of the cuts.
  test.each(kinds)("under %s goes on from any snapshot as the uninterrupted one", (_, fault) => {
    for (const seed of [1, 2, 3]) {
      const plan = {
        timed: [
          timed(TOY_NANOS * 0.2, TOY_NANOS * 0.3, fault),
          timed(TOY_NANOS * 0.45, TOY_NANOS * 0.01, { kind: "crash", of: {}, wholeHost: true } as const),
          timed(TOY_NANOS * 0.6, TOY_NANOS * 0.2, fault),
        ],
      };
      const whole = build(busy(seed, plan), "fast");
      whole.start();
      whole.run(TOY_NANOS);
      const expected = everythingOf(whole);
      const original = build(busy(seed, plan), "fast");
      original.start();
      for (const cut of [0.1, 0.21, 0.3, 0.4, 0.47, 0.55, 0.65, 0.9]) {
        original.run(TOY_NANOS * cut);
        const copy = build(busy(seed, plan), "fast");
        restoreSimulation(copy, saveSimulation(original));
        copy.run(TOY_NANOS);
        expect(everythingOf(copy)).toEqual(expected);
      }
    }
  });

  test("goes on with jobs that have their thread and wait for a core until the pause is over", () => {
    const make = () => {
      const simulation = simulate();
      const host = simulation.addHost({ name: "host", cores: 1 });
      const slow = { host, costs: costs({ receiveNanos: () => 100 }) };
      const victim = add(simulation, "victim", logging({}), slow);
      const hog = add(simulation, "hog", logging({}), slow);
      add(simulation, "source", sender([hog, victim], [0]));
      const plan = { timed: [timed(10, 200, { kind: "pause", of: { names: ["victim"] } } as const)] };
      installFaults(simulation, plan);
      return simulation;
    };
    const original = make();
    original.start();
    original.run(50);
    const copy = make();
    restoreSimulation(copy, saveSimulation(original));
    for (const each of [original, copy]) {
      each.run(1_000);
      expect(logOf(each, 0)).toEqual([[210, "at 0"]]);
    }
  });

  test("cannot be restored where no faults were installed", () => {
    const simulation = simulate();
    suffer(simulation, [], 10);
    expect(() => restoreSimulation(simulate(), saveSimulation(simulation))).toThrow(
      "the snapshot keeps [faults], the simulation []",
    );
  });
});
