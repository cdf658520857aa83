import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { installFaults } from "../../sim/faults/injector.ts";
import type { Address, Effects } from "../../sim/machine.ts";
import { restoreSimulation, saveSimulation } from "../../sim/snapshot.ts";
import { add, costs, kindsOf, link, logging, logOf, type Note, note, simulate } from "./kit.ts";

const PINNED = link(10, { pinned: true, connections: 6 });

/** Threads on which steps ran, with what came. */
function recording(threads: [string, number][]) {
  return logging({ receive: ({ kind }, out) => void threads.push([kind, out.thread]) });
}

describe("several pinned connections", () => {
  test("belong to the threads at either end in turn", () => {
    const simulation = simulate({ link: PINNED });
    const host = simulation.addHost({ name: "host", cores: 8 });
    const threads: [string, number][] = [];
    const pool = { host, costs: costs({ receiveNanos: () => 1 }), pools: [{ name: "io", threads: 4 }] };
    const receiver = add(simulation, "receiver", recording(threads), pool);
    add(
      simulation,
      "sender",
      logging({
        start: (out) => {
          for (let i = 0; i < 6; i++) out.send(receiver, note(`on ${i}`), i);
        },
      }),
    );
    simulation.start();
    simulation.run(100);
    expect(threads).toEqual([0, 1, 2, 3, 4, 5].map((i) => [`on ${i}`, i % 4]));
  });

  test("are written to by their own threads: another hands the message over", () => {
    const simulation = simulate({ link: PINNED });
    const host = simulation.addHost({ name: "host", cores: 8 });
    const threads: [string, number][] = [];
    const sink = add(simulation, "sink", logging({}));
    const relay = add(
      simulation,
      "relay",
      logging({
        receive: ({ kind }, out) => {
          threads.push([kind, out.thread]);
          // Connection 0 belongs to thread 0, connection 3 to thread 1.
          out.send(sink, note(`${kind} to 0`), 0);
          out.send(sink, note(`${kind} to 3`), 3);
        },
      }),
      {
        host,
        costs: costs({ receiveNanos: () => 100, sendNanos: () => 1_000 }),
        pools: [{ name: "io", threads: 2 }],
        handOffNanos: 7,
      },
    );
    add(simulation, "source", logging({ start: (out) => out.send(relay, note("x"), 4) }));
    simulation.start();
    simulation.run(100_000);
    expect(threads).toEqual([["x", 0]]);
    // Thread 0 sends its own when its step is over; thread 1 pays for its own from the hand-over on.
    expect(logOf(simulation, sink)).toEqual([
      [10 + 100 + 1_000 + 7 + 10, "x to 0"],
      [10 + 100 + 1_000 + 7 + 1_000 + 10, "x to 3"],
    ]);
  });

  test("are dealt to threads from another one on, at both ends, where the link says so", () => {
    const shifted = { ...PINNED, shift: 3 };
    const simulation = simulate({ link: shifted });
    const host = simulation.addHost({ name: "host", cores: 8 });
    const threads: [string, number][] = [];
    const answers = logging({
      receive: ({ kind }, out) => {
        threads.push([kind, out.thread]);
        // Over the connection that it came by: nothing is handed over.
        if (kind.startsWith("on")) out.send(0, note(`back ${kind}`), Number(kind.slice(3)));
      },
    });
    const options = {
      costs: costs({ receiveNanos: () => 1 }),
      pools: [{ name: "io", threads: 4 }],
      handOffNanos: 1_000,
      host,
    };
    const sender = add(
      simulation,
      "sender",
      logging({
        start: (out) => {
          for (let i = 0; i < 6; i++) out.send(1, note(`on ${i}`), i);
        },
      }),
    );
    add(simulation, "receiver", answers, options);
    simulation.start();
    simulation.run(100);
    expect(threads).toEqual([0, 1, 2, 3, 4, 5].map((i) => [`on ${i}`, (i + 3) % 4]));
    expect(logOf(simulation, sender)).toHaveLength(6);
  });

  test("whose writes are shared are written by whatever thread runs the step", () => {
    const simulation = simulate({ link: { ...PINNED, sharedWrites: true } });
    const host = simulation.addHost({ name: "host", cores: 8 });
    const sink = add(simulation, "sink", logging({}));
    const relay = add(simulation, "relay", logging({ receive: (_, out) => out.send(sink, note("x"), 1) }), {
      host,
      costs: costs({ receiveNanos: () => 100, sendNanos: () => 1_000 }),
      pools: [{ name: "io", threads: 2 }],
      handOffNanos: 7,
    });
    add(simulation, "source", logging({ start: (out) => out.send(relay, note("go"), 0) }));
    simulation.start();
    simulation.run(100_000);
    expect(logOf(simulation, sink)).toEqual([[10 + 100 + 1_000 + 10, "x"]]);
  });

  test("are no thread's own when a process starts, whatever ran before", () => {
    const simulation = simulate({ link: PINNED });
    const host = simulation.addHost({ name: "host", cores: 8 });
    const threads: [string, number][] = [];
    const machine = logging({
      start: (out) => void threads.push(["start", out.thread]),
      receive: ({ kind }, out) => void threads.push([kind, out.thread]),
    });
    const pool = { host, costs: costs({ receiveNanos: () => 1 }), pools: [{ name: "io", threads: 4 }] };
    const receiver = add(simulation, "receiver", machine, pool);
    add(simulation, "sender", logging({ start: (out) => out.send(receiver, note("x"), 3) }));
    simulation.start();
    simulation.run(100);
    simulation.crash(receiver);
    simulation.boot(receiver);
    expect(threads).toEqual([
      ["start", 0],
      ["x", 3],
      ["start", 0],
    ]);
  });

  test("agree on their threads and lose nothing, however many there are, whoever names which; in both modes", () => {
    const plans = fc.record({
      connections: fc.integer({ min: 2, max: 12 }),
      shift: fc.integer({ min: 0, max: 5 }),
      senderThreads: fc.integer({ min: 1, max: 5 }),
      receiverThreads: fc.integer({ min: 1, max: 5 }),
      // Which connection brings the relay a message, and which one it passes it on by.
      sends: fc.array(fc.tuple(fc.nat({ max: 11 }), fc.nat({ max: 11 })), { minLength: 1, maxLength: 30 }),
    });
    fc.assert(
      fc.property(plans, ({ connections, shift, senderThreads, receiverThreads, sends }) => {
        const run = (mode: "fast" | "checked") => {
          const profile = link(
            { kind: "uniform", low: 0, high: 5_000 },
            { pinned: true, connections, shift },
          );
          const simulation = simulate({ link: profile, mode });
          const came: [connection: number, round: number, thread: number][] = [];
          const pool = (threads: number) => ({
            host: simulation.addHost({ name: `host of ${threads} + ${simulation.hosts.length}`, cores: 4 }),
            costs: costs({ receiveNanos: () => 30, sendNanos: () => 20 }),
            pools: [{ name: "io", threads }],
            handOffNanos: 5,
          });
          const sink = add(
            simulation,
            "sink",
            logging({
              receive: ({ value }, out) => {
                const [connection, round] = value as [number, number];
                came.push([connection, round, out.thread]);
              },
            }),
            pool(receiverThreads),
          );
          const relay = add(
            simulation,
            "relay",
            logging({
              receive: ({ value }, out) => out.send(sink, note("on", value), (value as [number, number])[0]),
            }),
            pool(senderThreads),
          );
          add(
            simulation,
            "source",
            logging({
              start: (out) => {
                sends.forEach(([by, onward], round) => {
                  out.send(relay, note("x", [onward % connections, round]), by % connections);
                });
              },
            }),
          );
          simulation.start();
          simulation.run(1e6);
          return { came, digest: simulation.digest.toString() };
        };
        const fast = run("fast");
        expect(fast.came).toHaveLength(sends.length);
        for (const [connection, , thread] of fast.came)
          expect(thread).toBe((connection + shift) % receiverThreads);
        expect(run("checked")).toEqual(fast);
      }),
      { seed: 5, numRuns: 60 },
    );
  });

  test("keep order each for itself", () => {
    const simulation = simulate({
      link: link({ kind: "uniform", low: 0, high: 1e6 }, { pinned: true, connections: 3 }),
    });
    const sink = add(simulation, "sink", logging({}));
    const send = (out: Effects<Note>, round: number) => {
      for (let i = 0; i < 3; i++) out.send(sink, note(`${i} ${round}`), i);
    };
    add(
      simulation,
      "source",
      logging({
        start: (out) => {
          for (let round = 0; round < 50; round++) out.setTimer(round, round * 1_000);
        },
        timeout: (round, out) => send(out, Number(round)),
      }),
    );
    simulation.start();
    simulation.run(1e9);
    const came = kindsOf(simulation, sink);
    for (const connection of ["0", "1", "2"]) {
      const rounds = came
        .filter((kind) => kind.startsWith(connection))
        .map((kind) => Number(kind.split(" ")[1]));
      expect(rounds).toEqual(rounds.toSorted((a, b) => a - b));
      expect(rounds).toHaveLength(50);
    }
    // Together they do not.
    const all = came.map((kind) => Number(kind.split(" ")[1]));
    expect(all).not.toEqual(all.toSorted((a, b) => a - b));
  });

  test("must be there", () => {
    const naming = (connection: number, profile = PINNED) => {
      const simulation = simulate({ link: profile });
      const sink = add(simulation, "sink", logging({}));
      add(simulation, "source", logging({ start: (out) => out.send(sink, note("x"), connection) }));
      return () => simulation.start();
    };
    expect(naming(6)).toThrow("source names connection 6 to sink, which has 6");
    expect(naming(-1)).toThrow(RangeError);
    expect(naming(0.5)).toThrow("source names connection 0.5 to sink, which has 6");
    expect(naming(Number.NaN)).toThrow(RangeError);
    expect(naming(0, link(1, { connections: 4 }))).toThrow("whose connections are not pinned");
  });
});

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
