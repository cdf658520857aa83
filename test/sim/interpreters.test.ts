import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Machine } from "../../sim/machine.ts";
import { stateDifference } from "../../sim/structures/clone.ts";
import { add, link, logging, type Note, note, simulate } from "./kit.ts";
import { build, everythingOf, TOY_NANOS, toySystems } from "./toy.ts";

describe("fast and checked mode", () => {
  test("give the same run: digest, results, history, states", () => {
    fc.assert(
      fc.property(toySystems, (system) => {
        const observed: unknown[][] = [[], []];
        const [fast, checked] = (["fast", "checked"] as const).map((mode, i) => {
          const simulation = build(system, mode, (at, observation, now) => {
            observed[i]!.push(structuredClone([at, observation, now]));
          });
          simulation.start();
          simulation.run(TOY_NANOS);
          return everythingOf(simulation);
        }) as [ReturnType<typeof everythingOf>, ReturnType<typeof everythingOf>];
        expect(stateDifference(checked.states, fast.states)).toBeUndefined();
        expect({ ...checked, states: [] }).toEqual({ ...fast, states: [] });
        expect(observed[1]).toEqual(observed[0]);
      }),
      { numRuns: 40 },
    );
  });
});

describe("checked mode", () => {
  interface Box {
    inner: { values: number[] };
    kept: { values: number[] } | undefined;
  }
  type Steps = Partial<Machine<undefined, Box, Note>>;
  const holder = (steps: Steps): Machine<undefined, Box, Note> => ({
    start: () => ({ inner: { values: [1] }, kept: undefined }),
    receive() {},
    timeout() {},
    ...steps,
  });
  const receiver = (receive: (values: number[]) => void) =>
    holder({ receive: (_state, _from, { value }) => receive((value as { values: number[] }).values) });

  /** Runs a sender of `inner` and what its receiver does with it. */
  function exchange(mode: "fast" | "checked", steps: Steps, receive: (values: number[]) => void) {
    const simulation = simulate({ mode, link: link(10) });
    add(simulation, "sink", receiver(receive));
    const source = add(simulation, "source", holder(steps));
    add(simulation, "kick", logging({ start: (out) => out.send(source, note("go")) }));
    simulation.start();
    return () => {
      simulation.run(1_000);
      return simulation.stateOf(source) as Box;
    };
  }
  const sends: Steps = { receive: (state, _from, _message, out) => out.send(0, note("box", state.inner)) };

  test("throws at the place where a message that was received is changed", () => {
    expect(exchange("checked", sends, (values) => values.push(2))).toThrow(TypeError);
    expect(exchange("fast", sends, (values) => values.push(2))).not.toThrow();
  });

  test("throws where a message is changed after it was sent", () => {
    const steps: Steps = {
      receive(_state, _from, _message, out) {
        const values = [1];
        out.send(0, note("box", { values }));
        values.push(2);
      },
    };
    expect(exchange("checked", steps, () => {})).toThrow(TypeError);
  });

  test("sends the state as it was at that moment, not as the step leaves it", () => {
    let received: number[] = [];
    const steps: Steps = {
      receive(state, _from, _message, out) {
        out.send(0, note("box", state.inner));
        state.inner = { values: [7] };
      },
    };
    const run = exchange("checked", steps, (values) => {
      received = values;
    });
    expect(run().inner.values).toEqual([7]);
    expect(received).toEqual([1]);
  });

  test("throws when part of the state is kept outside and used in a later step", () => {
    let leaked: number[] = [];
    const steps: Steps = {
      receive(state, _from, _message, out) {
        leaked = state.inner.values;
        out.setTimer("later", 5);
      },
      timeout: () => void leaked.push(2),
    };
    expect(exchange("checked", steps, () => {})).toThrow(TypeError);
  });

  test("throws when a state is changed from outside", () => {
    const run = exchange("checked", {}, () => {});
    expect(() => run().inner.values.push(2)).toThrow(TypeError);
  });

  test.each(["put", "begin", "complete"] as const)("throws when what was given to %s is changed", (call) => {
    const steps: Steps = {
      receive(_state, _from, _message, out) {
        const value = { values: [1] };
        if (call === "put") out.put("table", 0, value, 10);
        else if (call === "begin") out.begin("write", value);
        else out.complete(out.begin("write"), "ok", value);
        value.values.push(2);
      },
    };
    const simulation = simulate({ mode: "checked" });
    const disk = {
      readLatency: { kind: "constant", value: 0 },
      syncLatency: { kind: "constant", value: 0 },
      bytesPerSecond: 1,
    } as const;
    const host = simulation.addHost({ name: "host", cores: 1, disk });
    const source = add(simulation, "source", holder(steps), { host });
    add(simulation, "kick", logging({ start: (out) => out.send(source, note("go")) }));
    simulation.start();
    expect(() => simulation.run(10)).toThrow(TypeError);
  });
});

describe("determinism", () => {
  test("same seed, same run; another seed, another run", () => {
    fc.assert(
      fc.property(toySystems, (system) => {
        const run = (seed: number) => {
          const simulation = build({ ...system, seed }, "fast");
          simulation.start();
          simulation.run(TOY_NANOS);
          return simulation.digest.toString();
        };
        expect(run(system.seed)).toBe(run(system.seed));
        expect(run(system.seed)).not.toBe(run(system.seed + 1));
      }),
      { numRuns: 25 },
    );
  });

  test("a seed is the same as a number and as its digits", () => {
    const digest = (seed: number | string) => {
      const simulation = simulate({ seed, link: link({ kind: "exponential", mean: 100 }) });
      add(
        simulation,
        "echo",
        logging({ start: (out) => out.send(0, note("n")), receive: (_, out) => out.send(0, note("n")) }),
      );
      simulation.start();
      simulation.run(10_000);
      return simulation.digest.toString();
    };
    expect(digest(7)).toBe(digest("7"));
  });

  test("the digest tells apart when, where, from whom and of what kind", () => {
    const digest = (time: number, to: number, from: number, kind: string) => {
      const simulation = simulate({ link: link(time) });
      add(simulation, "a", logging({}));
      add(simulation, "b", logging({}));
      // Many kinds: their numbers go beyond the low bits.
      for (let i = 0; i < 900; i++) simulation.transport.kindOf(`kind-${i}`);
      for (const name of ["c", "d"]) {
        add(
          simulation,
          name,
          logging({
            start: (out) => {
              if (out.self === from) out.send(to, note(kind));
            },
          }),
        );
      }
      simulation.start();
      simulation.run(1e12);
      return simulation.digest.toString();
    };
    const variants: Parameters<typeof digest>[] = [
      [10, 0, 2, "kind-0"],
      [11, 0, 2, "kind-0"],
      [2 ** 33 + 10, 0, 2, "kind-0"],
      [10, 1, 2, "kind-0"],
      [10, 0, 3, "kind-0"],
      [10, 0, 2, "kind-1"],
      [10, 0, 2, "kind-512"],
      [10, 0, 2, "kind-899"],
    ];
    expect(new Set(variants.map((variant) => digest(...variant))).size).toBe(variants.length);
  });
});
