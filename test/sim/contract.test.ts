import { describe, expect, test } from "vitest";
import { DISK_READ } from "../../sim/effects.ts";
import type { Effects, Machine } from "../../sim/machine.ts";
import { add, constant, costs, kindsOf, link, logging, logOf, type Note, note, simulate } from "./kit.ts";

const silent = logging({});

describe("a step without costs", () => {
  test("has its messages on the wire in the order it sent them", () => {
    const simulation = simulate({ link: link(100) });
    const sink = add(simulation, "sink", silent);
    add(
      simulation,
      "source",
      logging({ start: (out) => ["a", "b", "c"].map((kind) => out.send(sink, note(kind))) }),
    );
    simulation.start();
    simulation.run(1_000);
    expect(logOf(simulation, sink)).toEqual([
      [100, "a"],
      [100, "b"],
      [100, "c"],
    ]);
  });

  test("reaches a process that is started after it", () => {
    const simulation = simulate();
    add(simulation, "first", logging({ start: (out) => out.send(1, note("hello")) }));
    const second = add(simulation, "second", silent);
    simulation.start();
    simulation.run(1);
    expect(kindsOf(simulation, second)).toEqual(["hello"]);
    expect(simulation.lostMessages).toBe(0);
  });

  test("may send to itself: the message goes round", () => {
    const simulation = simulate({ link: link(5) });
    const only = add(
      simulation,
      "only",
      logging({
        start: (out) => out.send(out.self, note("ping", 0)),
        receive: ({ value }, out, from) => {
          if (from === out.self && (value as number) < 2)
            out.send(out.self, note("ping", (value as number) + 1));
        },
      }),
    );
    simulation.start();
    simulation.run(100);
    expect(logOf(simulation, only)).toEqual([
      [5, "ping"],
      [10, "ping"],
      [15, "ping"],
    ]);
  });

  test.each([{}, { datagrams: link(0) }])(
    "that sends to an address nobody has is a bug with a name",
    (more) => {
      const simulation = simulate();
      add(simulation, "lost", logging({ start: (out) => out.send(7, note("x")) }), more);
      expect(() => simulation.start()).toThrow("lost sends to address 7");
    },
  );
});

describe("a step with costs", () => {
  const model = costs({
    receiveNanos: ({ kind }) => (kind === "go" ? 10 : 0),
    sendNanos: () => 5,
    workNanos: (_kind, amount) => 3 * amount,
    timerNanos: () => 7,
  });

  test("takes effect when it has paid for its input, its work and what it sends", () => {
    const simulation = simulate();
    const sink = add(simulation, "sink", silent);
    const worker = add(
      simulation,
      "worker",
      logging({
        receive: (_note, out) => {
          out.send(sink, note("one"));
          out.work("things", 2);
          out.setTimer("t", 100);
          out.send(sink, note("two"));
        },
      }),
      { costs: model },
    );
    add(simulation, "source", logging({ start: (out) => out.send(worker, note("go")) }));
    simulation.start();
    simulation.run(1_000);
    const ends = 10 + 6 + 2 * 5;
    expect(logOf(simulation, sink)).toEqual([
      [ends, "one"],
      [ends, "two"],
    ]);
    expect(logOf(simulation, worker)).toEqual([
      [0, "go"],
      [ends + 100, "timer t"],
    ]);
  });

  test("makes what comes meanwhile wait for the thread, in order", () => {
    const simulation = simulate();
    const worker = add(simulation, "worker", silent, { costs: model });
    add(
      simulation,
      "source",
      logging({ start: (out) => [1, 2, 3].map((n) => out.send(worker, note("go", n))) }),
    );
    simulation.start();
    simulation.run(1_000);
    expect(logOf(simulation, worker)).toEqual([
      [0, "go"],
      [10, "go"],
      [20, "go"],
    ]);
  });

  test("begins and completes operations when it has taken its input in", () => {
    const simulation = simulate({ history: true });
    const sink = add(simulation, "sink", silent);
    const worker = add(
      simulation,
      "worker",
      logging({
        receive: (_note, out) => {
          const operation = out.begin("write", 1);
          out.send(sink, note("x"));
          out.setTimer(operation, 50);
        },
        timeout: (timer, out) => out.complete(Number(timer), "ok", 2),
      }),
      { costs: model },
    );
    add(simulation, "source", logging({ start: (out) => out.send(worker, note("go")) }));
    simulation.start();
    simulation.run(1_000);
    // Input 10, send 5, timer 50, and its own input 7.
    expect(simulation.recorder.history).toMatchObject([
      { type: "invoke", name: "write", process: worker, timeNanos: 10, value: 1 },
      { type: "ok", name: "write", process: worker, timeNanos: 10 + 5 + 50 + 7, value: 2 },
    ]);
  });

  test("is on whole nanoseconds, whatever the costs and the speed of the machine", () => {
    const simulation = simulate({ link: link(0.4) });
    const times: number[] = [];
    const worker = add(
      simulation,
      "worker",
      logging({
        receive: (_note, out) => {
          out.send(out.self, note("again"));
          out.setTimer("t", 1.7);
          times.push(out.now);
        },
        timeout: (_timer, out) => void times.push(out.now),
      }),
      { costs: costs({ receiveNanos: () => 1.3, sendNanos: () => 0.6, timerNanos: () => 0.3 }) },
    );
    add(simulation, "source", logging({ start: (out) => out.send(worker, note("go")) }));
    simulation.start();
    simulation.run(30);
    simulation.processes[worker]!.speed = 0.7;
    simulation.run(60);
    expect(times.length).toBeGreaterThan(20);
    expect(times.filter((time) => !Number.isInteger(time))).toEqual([]);
  });

  test("runs slower on a slow machine", () => {
    const simulation = simulate();
    const worker = add(simulation, "worker", silent, { costs: model });
    add(simulation, "source", logging({ start: (out) => [1, 2].map(() => out.send(worker, note("go"))) }));
    simulation.processes[worker]!.speed = 0.25;
    simulation.start();
    simulation.run(1_000);
    expect(logOf(simulation, worker)).toEqual([
      [0, "go"],
      [40, "go"],
    ]);
  });

  test("that reads the disk holds its thread but not its core", () => {
    const simulation = simulate();
    const host = simulation.addHost({
      name: "host",
      cores: 1,
      disk: { readLatency: constant(1_000), syncLatency: constant(0), bytesPerSecond: 1e9 },
    });
    const reader = add(simulation, "reader", logging({ receive: (_note, out) => out.work(DISK_READ, 500) }), {
      host,
      costs: model,
    });
    const other = add(simulation, "other", silent, { host, costs: model });
    add(
      simulation,
      "source",
      logging({
        start: (out) => {
          out.send(reader, note("go"));
          out.send(reader, note("go"));
          out.send(other, note("go"));
        },
      }),
    );
    simulation.start();
    simulation.run(10_000);
    // 10 of CPU, then the transfer of 500 bytes and the latency.
    expect(logOf(simulation, reader)).toEqual([
      [0, "go"],
      [10 + 1_500, "go"],
    ]);
    expect(logOf(simulation, other)).toEqual([[10, "go"]]);
    expect(host.cores.counts(10_000).busyNanos).toBe(30);
  });
});

describe("random choices", () => {
  test("are the process's own, and the same in every run", () => {
    const draws = (extra: boolean) => {
      const simulation = simulate();
      const drawn: number[] = [];
      const machine = (keep: boolean) =>
        logging({
          start: (out) => {
            for (let i = 0; i < 20; i++) {
              const values = [out.choose(6), out.sample(), out.sample({ kind: "exponential", mean: 10 })];
              if (keep) drawn.push(...values);
            }
          },
        });
      if (extra) add(simulation, "extra", machine(false));
      add(simulation, "player", machine(true));
      simulation.start();
      return drawn;
    };
    expect(draws(true)).toEqual(draws(false));
    const faces = draws(false).filter((_, i) => i % 3 === 0);
    expect(faces.every((face) => [0, 1, 2, 3, 4, 5].includes(face))).toBe(true);
    expect(new Set(faces).size).toBeGreaterThan(3);
  });
});

describe("what is recorded", () => {
  const client = (steps: (out: Effects<Note>) => void) => logging({ start: steps });

  test("an operation that was late counts from when it was due", () => {
    const simulation = simulate();
    let operation = -1;
    add(
      simulation,
      "client",
      logging({
        start: (out) => out.setTimer("late", 100),
        timeout: (timer, out) => {
          if (timer === "late") {
            operation = out.begin("read", undefined, 40);
            out.setTimer("done", 10);
          } else out.complete(operation, "ok");
        },
      }),
    );
    simulation.start();
    simulation.run(1_000);
    expect(simulation.recorder.results()[0]).toMatchObject({
      name: "read",
      count: 1,
      sumNanos: 70,
      maxNanos: 70,
    });
  });

  test("operations by outcome; those that never end are pending", () => {
    const simulation = simulate();
    add(
      simulation,
      "client",
      client((out) => {
        out.complete(out.begin("write"), "ok");
        out.complete(out.begin("write"), "failed");
        out.complete(out.begin("write"), "unknown");
        out.begin("write");
      }),
    );
    simulation.start();
    expect(simulation.recorder.results()[0]).toMatchObject({ count: 1, failed: 1, unknown: 1 });
    expect(simulation.recorder.pending()).toMatchObject([{ name: "write", startNanos: 0 }]);
  });

  test("an operation that ends twice is a bug", () => {
    const simulation = simulate();
    add(
      simulation,
      "client",
      client((out) => {
        const operation = out.begin("write");
        out.complete(operation, "ok");
        out.complete(operation, "ok");
      }),
    );
    expect(() => simulation.start()).toThrow("completed twice");
  });

  test("counters, summed over processes", () => {
    const simulation = simulate();
    for (const name of ["one", "two"]) {
      add(
        simulation,
        name,
        client((out) => {
          out.count("hit");
          out.count("bytes", 10);
        }),
      );
    }
    simulation.start();
    expect(Object.fromEntries(simulation.recorder.counts())).toEqual({ hit: 2, bytes: 20 });
  });

  test("messages and their bytes by kind", () => {
    const simulation = simulate();
    const sink = add(simulation, "sink", silent);
    add(
      simulation,
      "source",
      client((out) => {
        out.send(sink, note("small"));
        out.send(sink, note("large"));
        out.send(sink, note("small"));
      }),
      { costs: costs({ sizeBytes: ({ kind }) => (kind === "large" ? 1_000 : 10) }) },
    );
    simulation.start();
    expect(simulation.messageCounts()).toEqual([
      { kind: "small", count: 2, bytes: 20 },
      { kind: "large", count: 1, bytes: 1_000 },
    ]);
  });

  test("nothing of the warm-up but the series", () => {
    const simulation = simulate({ warmupNanos: 1_000, seriesIntervalNanos: 500 });
    const sink = add(simulation, "sink", silent);
    add(
      simulation,
      "client",
      logging({
        start: (out) => out.setTimer("t", 50),
        timeout: (_timer, out) => {
          out.complete(out.begin("write"), "ok");
          out.count("writes");
          out.send(sink, note("x"));
          out.setTimer("t", 100);
        },
      }),
    );
    simulation.start();
    simulation.run(2_000);
    expect(simulation.recorder.results()[0]).toMatchObject({ count: 10, completed: [5, 5, 5, 5] });
    expect(simulation.recorder.counts().get("writes")).toBe(10);
    expect(simulation.messageCounts()[0]!.count).toBe(10);
  });

  test("what machines observe, with who and when; nothing is built when nobody looks", () => {
    const seen: unknown[] = [];
    let built = 0;
    const machine = logging({
      start: (out) => out.setTimer("t", 5),
      timeout: (_timer, out) => out.observe?.({ kind: "ticked", number: ++built }),
    });
    const watched = simulate({ observer: (...all) => void seen.push(all) });
    add(watched, "a", machine);
    watched.start();
    watched.run(10);
    expect(seen).toEqual([[0, { kind: "ticked", number: 1 }, 5]]);
    const unwatched = simulate();
    add(unwatched, "a", machine);
    unwatched.start();
    unwatched.run(10);
    expect(built).toBe(1);
  });
});

describe("building", () => {
  test("names are given once, as random streams go by them", () => {
    const simulation = simulate();
    add(simulation, "twin", silent);
    expect(() => add(simulation, "twin", silent)).toThrow("two processes are named twin");
    expect(() => simulation.addHost({ name: "twin", cores: 1 })).toThrow("two hosts are named twin");
  });

  test("addresses are dense and found by name", () => {
    const simulation = simulate();
    expect(["a", "b", "c"].map((name) => add(simulation, name, silent))).toEqual([0, 1, 2]);
    expect(simulation.addressOf("b")).toBe(1);
    expect(() => simulation.addressOf("d")).toThrow("no process is named d");
  });

  test("a process has at most 256 threads", () => {
    const simulation = simulate();
    const pools = (threads: number) => ({ costs: costs(), pools: [{ name: "io", threads }] });
    add(simulation, "many", silent, pools(256));
    expect(() => add(simulation, "more", silent, pools(257))).toThrow("more has 257 threads");
  });
});

describe("the clock", () => {
  const ticking: Machine<undefined, { times: number[] }, Note> = {
    start(_config, out) {
      out.setTimer("t", 10);
      return { times: [] };
    },
    receive() {},
    timeout(state, _timer, out) {
      state.times.push(out.now);
      out.setTimer("t", 10);
    },
  };

  test("stands where a run was told to end, with that moment's events done", () => {
    const simulation = simulate();
    add(simulation, "clock", ticking);
    simulation.start();
    simulation.run(20);
    expect([simulation.nowNanos, simulation.events]).toEqual([20, 2]);
    simulation.run(25);
    expect([simulation.nowNanos, simulation.events]).toEqual([25, 2]);
  });

  test("is the same run in one piece or in many", () => {
    const run = (pieces: number) => {
      const simulation = simulate();
      add(simulation, "clock", ticking);
      add(simulation, "other", ticking);
      simulation.start();
      for (let i = 1; i <= pieces; i++) simulation.run((1_000 * i) / pieces);
      return [simulation.digest.toString(), simulation.events, simulation.ties];
    };
    expect(run(200)).toEqual(run(1));
    expect(run(1)[2]).toBe(100);
  });

  test("controls happen at their moment, by name", () => {
    const simulation = simulate();
    const seen: unknown[] = [];
    simulation.registerControl("probe", ({ nowNanos }, argument) => void seen.push([nowNanos, argument]));
    simulation.at(30, "probe", "b");
    simulation.at(10, "probe", "a");
    simulation.run(100);
    expect(seen).toEqual([
      [10, "a"],
      [30, "b"],
    ]);
    expect(() => simulation.at(200, "nothing", 0)).toThrow("no control is named nothing");
  });
});
