import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { restoreSimulation, saveSimulation } from "../../sim/snapshot.ts";
import { stateDifference } from "../../sim/structures/clone.ts";
import { add, costs, type Log, link, logging, logOf, type Note, note, simulate } from "./kit.ts";
import { build, everythingOf, TOY_NANOS, toySystems } from "./toy.ts";

const modes = fc.constantFrom("fast" as const, "checked" as const);

function expectSame(a: ReturnType<typeof everythingOf>, b: ReturnType<typeof everythingOf>): void {
  expect(stateDifference(a.states, b.states)).toBeUndefined();
  expect({ ...a, states: [] }).toEqual({ ...b, states: [] });
}

describe("a run that is cut, saved and restored into a simulation built anew", () => {
  test("goes on as the uninterrupted one, in either mode, as often as one likes", () => {
    fc.assert(
      fc.property(toySystems, fc.nat(TOY_NANOS), modes, modes, (system, cut, saved, restored) => {
        const whole = build(system, "fast");
        whole.start();
        whole.run(TOY_NANOS);
        const expected = everythingOf(whole);

        const original = build(system, saved);
        original.start();
        original.run(cut);
        const snapshot = saveSimulation(original);
        // The original goes on, which must not change what was saved.
        original.run(TOY_NANOS);
        expectSame(everythingOf(original), expected);
        for (let again = 0; again < 2; again++) {
          const copy = build(system, restored);
          restoreSimulation(copy, snapshot);
          copy.run(TOY_NANOS);
          expectSame(everythingOf(copy), expected);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("may be saved before it has started, and saved again after it was restored", () => {
    fc.assert(
      fc.property(toySystems, fc.array(fc.nat(TOY_NANOS), { maxLength: 4 }), (system, cuts) => {
        const whole = build(system, "fast");
        whole.start();
        whole.run(TOY_NANOS);
        let simulation = build(system, "fast");
        simulation.start();
        for (const cut of [0, ...cuts.sort((a, b) => a - b)]) {
          simulation.run(cut);
          const copy = build(system, "fast");
          restoreSimulation(copy, saveSimulation(simulation));
          simulation = copy;
        }
        simulation.run(TOY_NANOS);
        expectSame(everythingOf(simulation), everythingOf(whole));
      }),
      { numRuns: 15 },
    );
  });
});

describe("a snapshot", () => {
  test("is refused by a simulation that was built otherwise", () => {
    const simulation = simulate();
    add(simulation, "one", logging({}));
    const other = simulate();
    expect(() => restoreSimulation(other, saveSimulation(simulation))).toThrow(
      "the snapshot has 1 processes",
    );
  });

  test("restored in checked mode is as frozen as a run from the beginning", () => {
    const make = () => {
      const simulation = simulate({ mode: "checked", link: link(10) });
      const sink = add(
        simulation,
        "sink",
        logging({ receive: ({ value }) => void (value as number[]).push(1) }),
      );
      add(simulation, "source", logging({ start: (out) => out.send(sink, note("values", [0])) }));
      return simulation;
    };
    const original = make();
    original.start();
    original.run(5);
    const copy = make();
    restoreSimulation(copy, saveSimulation(original));
    expect(() => copy.run(20)).toThrow(TypeError);
  });

  /** Builds, runs to `cut`, saves, and lets a copy and the original go on; both must end alike. */
  function goOn(make: () => ReturnType<typeof simulate>, cut: number) {
    const original = make();
    original.start();
    original.run(cut);
    const copy = make();
    restoreSimulation(copy, saveSimulation(original));
    for (const each of [original, copy]) each.run(10_000);
    expect(copy.digest.toString()).toBe(original.digest.toString());
    expect(logOf(copy, 0)).toEqual(logOf(original, 0));
    return logOf(copy, 0);
  }

  test("knows a timer by its event, not by how the payload looks", () => {
    const looksLikeATimer = { kind: "message", name: "t", live: true, waits: false, atNanos: 0, ticket: 7 };
    const log = goOn(() => {
      const simulation = simulate({ link: link(10) });
      const show = (message: Note, state: Log) => state.log.push([0, JSON.stringify(message)]);
      const sink = add(
        simulation,
        "sink",
        logging({ receive: (message, _out, _from, state) => void show(message, state) }),
      );
      add(simulation, "source", logging({ start: (out) => out.send(sink, looksLikeATimer) }));
      return simulation;
    }, 5);
    expect(log[1]![1]).toBe(JSON.stringify(looksLikeATimer));
  });

  test("does not mistake the timer of another queue for one of its own", () => {
    // At 20, timer x waits for its thread. Its event had the number that the event of y is given in the copy's queue.
    const log = goOn(() => {
      const simulation = simulate({ link: link(5) });
      const worker = add(
        simulation,
        "worker",
        logging({
          start: (out) => {
            out.send(out.self, note("busy"));
            out.setTimer("x", 10);
            out.setTimer("y", 1_000);
          },
          receive: ({ kind }, out) => kind === "script" && out.cancelTimer("x"),
        }),
        { costs: costs({ receiveNanos: () => 100 }) },
      );
      add(simulation, "source", logging({ start: (out) => out.send(worker, note("script")) }));
      return simulation;
    }, 20);
    expect(log).toEqual([
      [5, "busy"],
      [105, "script"],
      [1_000, "timer y"],
    ]);
  });
});
