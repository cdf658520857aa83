import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Effects } from "../../sim/machine.ts";
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
