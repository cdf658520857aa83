import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Fault, FaultPlan } from "../../../sim/faults/fault.ts";
import { installFaults, numbered } from "../../../sim/faults/injector.ts";
import { add, constant, kindsOf, logging, simulate } from "../kit.ts";
import { build, everythingOf, TOY_NANOS, toySystems } from "../toy.ts";
import { every10, sender, suffer, timed } from "./kit.ts";
import { faultPlans } from "./plans.ts";

const NAMES = ["a", "b", "c", "d", "e", "f"];
const RUN = 100_000;

function group(seed = 1) {
  const simulation = simulate({ seed });
  for (const [i, name] of NAMES.entries()) {
    simulation.addProcess({ name, role: i < 3 ? "early" : "late", machine: logging({}), config: undefined });
  }
  return simulation;
}

const pause = (of: Fault["of"]): Fault => ({ kind: "pause", of });

describe("whom a fault strikes", () => {
  const struck = (of: Fault["of"], options = {}) =>
    suffer(group(), [timed(10, 10, pause(of))], RUN, options).periods[0]?.struck;

  test("is everyone, unless something narrows it", () => {
    expect(struck({})).toEqual(NAMES);
    expect(struck({ names: ["e", "b"] })).toEqual(["b", "e"]);
    expect(struck({ role: "late" })).toEqual(["d", "e", "f"]);
    expect(struck({ role: "late", names: ["e", "b"] })).toEqual(["e"]);
    expect(struck({}, { mayStrike: (address: number) => address > 3 })).toEqual(["e", "f"]);
  });

  test("may be some of them, drawn anew each time", () => {
    const draws = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const { periods } = suffer(group(seed), [timed(10, 10, pause({ count: 2 }))], RUN);
      expect(periods[0]!.struck).toHaveLength(2);
      draws.add(periods[0]!.struck.join());
    }
    expect(draws.size).toBe(15);
    expect(struck({ role: "early", count: 9 })).toEqual(["a", "b", "c"]);
  });

  test("may be who plays a part at that moment", () => {
    const plan = [timed(10, 10, pause({ part: "primary" })), timed(50, 10, pause({ part: "primary" }))];
    const { periods } = suffer(group(), plan, RUN, {
      resolve: (_, simulation) => [simulation.nowNanos < 30 ? 1 : 4],
    });
    expect(periods.map((period) => period.struck)).toEqual([["b"], ["e"]]);
  });

  test("may be nobody: then nothing has happened", () => {
    expect(struck({ role: "none" })).toBeUndefined();
    expect(
      suffer(group(), [timed(10, 10, { kind: "disk", of: {}, rule: { full: true } })], RUN).periods,
    ).toEqual([]);
  });

  test("cannot be who is not there", () => {
    expect(() => struck({ names: ["x"] })).toThrow("no process is named x");
    expect(() => struck({ part: "primary" })).toThrow("the part primary");
    expect(() => struck({}, { resolve: () => [] })).not.toThrow();
  });

  test("does not narrow who is at the other end of a link", () => {
    const simulation = simulate();
    const clients = [0, 1].map((i) => add(simulation, `client-${i}`, logging({})));
    add(simulation, "server", sender(clients, every10(50)));
    suffer(
      simulation,
      [timed(10, 20, { kind: "partition", shape: "oneWay", of: {}, from: { names: ["client-1"] } })],
      100,
      { mayStrike: (address) => !clients.includes(address) },
    );
    expect(clients.map((client) => kindsOf(simulation, client).length)).toEqual([5, 3]);
  });
});

describe("a repeated fault", () => {
  const repeated = (more: object = {}): FaultPlan => ({
    timed: [],
    repeated: [
      {
        fromNanos: 100,
        everyNanos: constant(50),
        lengthNanos: constant(20),
        fault: pause({ names: ["a"] }),
        ...more,
      },
    ],
  });
  const spans = (plan: FaultPlan, seed = 1) =>
    suffer(group(seed), plan, 320).periods.map(({ fromNanos, untilNanos }) => [fromNanos, untilNanos]);

  test("comes again and again, for the first time after one gap", () => {
    expect(spans(repeated())).toEqual([
      [150, 170],
      [200, 220],
      [250, 270],
      [300, 320],
    ]);
  });

  test("comes no more when its time is over, or everything is healed", () => {
    expect(spans(repeated({ untilNanos: 250 }))).toEqual([
      [150, 170],
      [200, 220],
    ]);
    expect(spans({ ...repeated(), healAtNanos: 210 })).toEqual([
      [150, 170],
      [200, 210],
    ]);
  });

  test("may overlap itself, and draws its times", () => {
    expect(spans(repeated({ lengthNanos: constant(70), untilNanos: 250 }))).toEqual([
      [150, 220],
      [200, 270],
    ]);
    const drawn = repeated({ everyNanos: { kind: "exponential", mean: 20 } });
    expect(spans(drawn, 1)).not.toEqual(spans(drawn, 2));
    expect(spans(repeated({ everyNanos: constant(0) })).length).toBe(220);
  });
});

describe("healing", () => {
  test("ends everything, boots who is down, and cancels what is yet to come", () => {
    const simulation = group();
    const { periods } = suffer(
      simulation,
      {
        timed: [
          timed(10, undefined, { kind: "crash", of: { names: ["a"] } }),
          timed(20, 500, { kind: "crash", of: { names: ["a", "b"] } }),
          timed(30, undefined, pause({ names: ["c"] })),
          timed(30, undefined, { kind: "slowCpu", of: {}, factor: 3 }),
          timed(30, undefined, { kind: "clock", of: {}, driftPpm: 3 }),
          timed(30, undefined, { kind: "link", of: {}, rule: { blocked: true } }),
          timed(30, undefined, { kind: "partition", shape: "ring", of: {} }),
          timed(100, 10, { kind: "crash", of: {} }),
          timed(200, 10, { kind: "crash", of: {} }),
        ],
        healAtNanos: 100,
      },
      1_000,
    );
    expect(periods.map(({ fromNanos, untilNanos }) => [fromNanos, untilNanos])).toEqual(
      [10, 20, 30, 30, 30, 30, 30].map((from) => [from, 100]),
    );
    expect(simulation.processes.map(({ up, boots, speed, clock }) => [up, boots, speed, clock])).toEqual(
      NAMES.map((name) => [true, "ab".includes(name) ? 2 : 1, 1, undefined]),
    );
    expect(simulation.network.faulty).toBe(false);
  });
});

describe("a plan", () => {
  test("from which a fault is removed draws for the others what it drew", () => {
    fc.assert(
      fc.property(faultPlans(RUN), fc.nat(), fc.nat(), (drawn, seed, which) => {
        // Healing and the faults themselves have no bearing on when and whom others strike.
        const plan = numbered(drawn);
        const all = [...plan.timed, ...(plan.repeated ?? [])];
        fc.pre(all.length > 1);
        const gone = all[which % all.length]!.number;
        const rest = {
          ...plan,
          timed: plan.timed.filter(({ number }) => number !== gone),
          repeated: (plan.repeated ?? []).filter(({ number }) => number !== gone),
        };
        const happened = (what: FaultPlan) => {
          const simulation = simulate({ seed });
          for (const name of ["toy-0", "toy-1", "toy-2", "toy-3"]) {
            simulation.addProcess({ name, role: "toy", machine: logging({}), config: undefined });
          }
          const entries = [...what.timed, ...(what.repeated ?? [])];
          return suffer(simulation, what, RUN, { resolve: () => [2] })
            .periods.map(({ index, ...period }) => ({ number: entries[index]!.number, ...period }))
            .filter(({ number }) => number !== gone);
        };
        expect(happened(rest)).toEqual(happened(plan));
      }),
      { numRuns: 100 },
    );
  });

  test("has a number once", () => {
    const fault = { number: 1, atNanos: 0, fault: pause({}) };
    expect(() => installFaults(group(), { timed: [fault, fault] })).toThrow(
      "two faults of the plan have the number 1",
    );
  });

  test("does not shift what the run draws otherwise", () => {
    fc.assert(
      fc.property(toySystems, faultPlans(TOY_NANOS), (system, { timed: faults }) => {
        const run = (plan: FaultPlan) => {
          const simulation = build({ ...system, plan }, "fast");
          simulation.start();
          simulation.run(TOY_NANOS);
          return everythingOf(simulation);
        };
        const tooLate = faults.map((each) => ({ ...each, atNanos: TOY_NANOS + 1 }));
        expect(run({ timed: tooLate })).toEqual(run({ timed: [] }));
      }),
      { numRuns: 10 },
    );
  });
});
