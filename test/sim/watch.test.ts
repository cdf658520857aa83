import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { installFaults } from "../../sim/faults/injector.ts";
import { type Address, CLOSED } from "../../sim/machine.ts";
import { restoreSimulation, saveSimulation } from "../../sim/snapshot.ts";
import { add, costs, kindsOf, link, logging, logOf, note, simulate } from "./kit.ts";

/** Watches a peer, again each time it hears that it is gone if `again` says so. */
function watching(peer: Address, again = false) {
  return logging({
    start: (out) => out.watch(peer),
    receive: ({ kind }, out) => {
      if (again && kind === "closed") out.setTimer("watch again", 100);
    },
    timeout: (_timer, out) => out.watch(peer),
  });
}

describe("whoever watches a peer", () => {
  test("hears of its end, behind what it had sent", () => {
    const simulation = simulate({ link: link({ kind: "uniform", low: 0, high: 500 }) });
    const peer = add(
      simulation,
      "peer",
      logging({
        start: (out) => {
          for (let i = 0; i < 20; i++) out.setTimer(i, 100);
        },
        timeout: (timer, out) => out.send(1, note(`last words ${timer}`)),
      }),
    );
    const watcher = add(simulation, "watcher", watching(peer));
    simulation.start();
    simulation.run(100);
    simulation.crash(peer);
    simulation.run(10_000);
    const kinds = kindsOf(simulation, watcher);
    expect(kinds).toHaveLength(21);
    expect(kinds.at(-1)).toBe("closed");
  });

  test("hears of its end behind what it had sent on any connection, by any thread", () => {
    const latency = { kind: "uniform", low: 0, high: 500 } as const;
    for (const pinned of [true, false]) {
      const simulation = simulate({ link: link(latency, { pinned, connections: 3 }) });
      const words = 12;
      const peer = add(
        simulation,
        "peer",
        logging({
          start: (out) => {
            for (let i = 0; i < words; i++) out.setTimer(i, 100);
          },
          timeout: (timer, out) =>
            out.send(1, note("last words"), pinned ? (timer as number) % 3 : undefined),
        }),
        {
          host: simulation.addHost({ name: "host", cores: 4 }),
          costs: costs(),
          pools: [{ name: "io", threads: 2 }],
        },
      );
      const watcher = add(simulation, "watcher", watching(peer));
      simulation.start();
      simulation.run(101);
      simulation.crash(peer);
      simulation.run(10_000);
      const kinds = kindsOf(simulation, watcher);
      expect(kinds).toEqual([...new Array(words).fill("last words"), "closed"]);
    }
  });

  test("hears of its end ahead of what its next life sends, however soon that is", () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const simulation = simulate({ seed, link: link({ kind: "uniform", low: 0, high: 500 }) });
      const peer = add(simulation, "peer", logging({ start: (out) => out.send(1, note("first words")) }));
      const watcher = add(simulation, "watcher", watching(peer));
      simulation.start();
      simulation.run(1_000);
      simulation.crash(peer);
      simulation.run(1_001);
      simulation.boot(peer);
      simulation.run(10_000);
      orders.add(kindsOf(simulation, watcher).join(", "));
    }
    expect([...orders]).toEqual(["first words, closed, first words"]);
  });

  test("that is down when it begins to hears of that ahead of what its next life sends", () => {
    for (let seed = 0; seed < 40; seed++) {
      const simulation = simulate({ seed, link: link({ kind: "uniform", low: 0, high: 500 }) });
      const peer = add(simulation, "peer", logging({ start: (out) => out.send(1, note("words")) }));
      const watcher = add(
        simulation,
        "watcher",
        logging({ start: (out) => out.setTimer("watch", 1_000), timeout: (_timer, out) => out.watch(peer) }),
      );
      simulation.start();
      simulation.run(999);
      simulation.crash(peer);
      simulation.run(1_001);
      simulation.boot(peer);
      simulation.run(10_000);
      expect(kindsOf(simulation, watcher)).toEqual(["words", "timer watch", "closed", "words"]);
    }
  });

  test("hears of its end although a reset strikes what is under way", () => {
    const simulation = simulate({ link: link(10) });
    const peer = add(simulation, "peer", logging({}));
    const watcher = add(simulation, "watcher", watching(peer));
    simulation.start();
    simulation.run(50);
    simulation.crash(peer);
    simulation.run(55);
    simulation.reset([peer], [watcher]);
    simulation.run(100);
    expect(logOf(simulation, watcher)).toEqual([[60, "closed"]]);
  });

  test("hears at once of a peer that is down, and no second time", () => {
    const simulation = simulate({ link: link(10) });
    const peer = add(simulation, "peer", logging({}));
    const watcher = add(simulation, "watcher", watching(peer, true));
    simulation.start();
    simulation.run(50);
    simulation.crash(peer);
    simulation.run(175);
    expect(logOf(simulation, watcher)).toEqual([
      [60, "closed"],
      [160, "timer watch again"],
      [170, "closed"],
    ]);
    simulation.boot(peer);
    simulation.run(1_000);
    simulation.crash(peer);
    simulation.run(1_050);
    expect(kindsOf(simulation, watcher).slice(3)).toEqual(["timer watch again", "closed"]);
  });

  test("on another host learns of a loss of power only when its keep-alive fails", () => {
    const crashed = (keepAliveNanos: number | undefined) => {
      const profile = keepAliveNanos === undefined ? link(10) : link(10, { keepAliveNanos });
      const simulation = simulate({ link: profile });
      const host = simulation.addHost({ name: "far", cores: 1 });
      const peer = add(simulation, "peer", logging({}), { host });
      const watcher = add(simulation, "watcher", watching(peer));
      simulation.start();
      simulation.run(50);
      simulation.crash(peer, { wholeHost: true });
      simulation.run(10_000);
      return logOf(simulation, watcher);
    };
    expect(crashed(1_000)).toEqual([[1_060, "closed"]]);
    expect(crashed(undefined)).toEqual([]);
  });

  test("hears of a reset, at either end", () => {
    const simulation = simulate({ link: link(10) });
    const one = add(simulation, "one", watching(1));
    const other = add(
      simulation,
      "other",
      logging({
        start: (out) => {
          out.watch(0);
          out.send(0, note("hello"));
        },
      }),
    );
    simulation.start();
    simulation.run(50);
    simulation.reset([one], [other]);
    simulation.run(100);
    expect(kindsOf(simulation, one)).toEqual(["hello", "closed"]);
    expect(kindsOf(simulation, other)).toEqual(["closed"]);
  });

  test("hears of a reset also if nothing has been sent, and a later one only if it watches again", () => {
    const simulation = simulate({ link: link(10) });
    const one = add(simulation, "one", watching(1));
    const other = add(simulation, "other", watching(0, true));
    simulation.start();
    for (const until of [50, 100, 250]) {
      simulation.run(until);
      simulation.reset([one], [other]);
    }
    simulation.run(1_000);
    expect(logOf(simulation, one)).toEqual([[60, "closed"]]);
    expect(logOf(simulation, other)).toEqual([
      [60, "closed"],
      [160, "timer watch again"],
      [260, "closed"],
      [360, "timer watch again"],
    ]);
  });

  test("over a pipe hears of no reset: there is nothing that could break", () => {
    const simulation = simulate({ link: link(10, { pinned: true, local: true }) });
    const peer = add(simulation, "peer", logging({}));
    const watcher = add(simulation, "watcher", watching(peer));
    simulation.start();
    simulation.run(50);
    simulation.reset([peer], [watcher]);
    simulation.run(100);
    expect(logOf(simulation, watcher)).toEqual([]);
    simulation.crash(peer);
    simulation.run(200);
    expect(logOf(simulation, watcher)).toEqual([[110, "closed"]]);
  });

  test("receives what nobody can alter", () => {
    expect(Object.isFrozen(CLOSED)).toBe(true);
    expect(CLOSED).toEqual({ kind: "closed" });
  });

  test("may not hear of it: the notice goes the way of any message", () => {
    const simulation = simulate({ link: link(10) });
    const peer = add(simulation, "peer", logging({}));
    const watcher = add(simulation, "watcher", watching(peer));
    installFaults(simulation, {
      timed: [
        {
          atNanos: 20,
          forNanos: 100,
          fault: { kind: "partition", of: { names: ["watcher"] }, shape: "symmetric" },
        },
        { atNanos: 50, forNanos: 10, fault: { kind: "crash", of: { names: ["peer"] } } },
      ],
    });
    simulation.start();
    simulation.run(1_000);
    expect(logOf(simulation, watcher)).toEqual([]);
    expect(simulation.isUp(peer)).toBe(true);
  });

  test("hears once of every end of a peer that it watches anew, whatever crashes when; in both modes and from a snapshot", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ at: fc.integer({ min: 1, max: 5_000 }), length: fc.integer({ min: 1, max: 900 }) }),
          {
            maxLength: 6,
          },
        ),
        fc.integer({ min: 0, max: 6_000 }),
        (crashes, pause) => {
          const build = (mode: "fast" | "checked") => {
            const simulation = simulate({ link: link(10), mode });
            const peer = add(simulation, "peer", logging({}));
            const watcher = add(simulation, "watcher", watching(peer, true));
            installFaults(simulation, {
              timed: crashes.map(({ at, length }) => ({
                atNanos: at,
                forNanos: length,
                fault: { kind: "crash", of: { names: ["peer"] } },
              })),
            });
            return { simulation, watcher };
          };
          const { simulation, watcher } = build("fast");
          simulation.start();
          simulation.run(20_000);
          const log = logOf(simulation, watcher);
          // Each notice is followed by one new watch; an end between the two is noticed by the watch.
          const closed = log.filter(([, what]) => what === "closed").length;
          const watches = 1 + log.filter(([, what]) => what.startsWith("timer")).length;
          expect([watches, watches - 1]).toContain(closed);
          if (crashes.length > 0) expect(closed).toBeGreaterThan(0);

          const checked = build("checked");
          checked.simulation.start();
          checked.simulation.run(pause);
          const snapshot = saveSimulation(checked.simulation);
          const restored = build("checked");
          restoreSimulation(restored.simulation, snapshot);
          restored.simulation.run(20_000);
          expect(logOf(restored.simulation, watcher)).toEqual(log);
          expect(restored.simulation.digest.toString()).toBe(simulation.digest.toString());
        },
      ),
      { seed: 11, numRuns: 60 },
    );
  });
});

describe("a process that ends by itself", () => {
  test("is started again by its supervisor, and what it sent in its last step arrives", () => {
    const simulation = simulate({ link: link(10) });
    const sink = add(simulation, "sink", logging({}));
    const fragile = add(
      simulation,
      "fragile",
      logging({
        receive: (_note, out) => {
          out.send(sink, note("farewell"));
          out.setTimer("never", 1);
          out.crash(200);
        },
      }),
    );
    add(simulation, "source", logging({ start: (out) => out.send(fragile, note("poison")) }));
    const watcher = add(simulation, "watcher", watching(fragile));
    simulation.start();
    simulation.run(15);
    expect(simulation.isUp(fragile)).toBe(false);
    simulation.run(1_000);
    expect(simulation.isUp(fragile)).toBe(true);
    expect(logOf(simulation, fragile)).toEqual([]);
    expect(kindsOf(simulation, sink)).toEqual(["farewell"]);
    expect(kindsOf(simulation, watcher)).toEqual(["closed"]);
  });

  test("stays as it is if a fault has ended and started it meanwhile", () => {
    const simulation = simulate({ link: link(10) });
    const fragile = add(simulation, "fragile", logging({ receive: (_note, out) => out.crash(200) }));
    add(simulation, "source", logging({ start: (out) => out.send(fragile, note("poison")) }));
    simulation.start();
    simulation.run(50);
    simulation.boot(fragile);
    simulation.run(1_000);
    expect(simulation.processes[fragile]!.boots).toBe(2);
  });
});
