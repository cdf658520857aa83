import { describe, expect, test } from "vitest";
import { add, constant, costs, kindsOf, link, logging, logOf, note, simulate } from "../kit.ts";
import { every10, sender, suffer, timed } from "./kit.ts";

const silent = logging({});
const of = (...names: string[]) => ({ names });
const disk = {
  readLatency: constant(0),
  syncLatency: constant(1_000),
  bytesPerSecond: 1e9,
  writeBackNanos: 1_000_000,
};

describe("a crash fault", () => {
  test("takes the process down and boots it when it is over", () => {
    const simulation = simulate({ link: link(1) });
    const victim = add(simulation, "victim", silent);
    add(simulation, "source", sender([victim], every10(60)));
    const { periods } = suffer(simulation, [timed(20, 20, { kind: "crash", of: of("victim") })], 30);
    expect(simulation.isUp(victim)).toBe(false);
    simulation.run(100);
    expect(simulation.isUp(victim)).toBe(true);
    expect(kindsOf(simulation, victim)).toEqual(["at 45", "at 55"]);
    expect(periods).toEqual([
      {
        index: 0,
        fault: { kind: "crash", of: of("victim") },
        struck: ["victim"],
        fromNanos: 20,
        untilNanos: 40,
      },
    ]);
  });

  test("lasts to the end of the run if nothing ends it", () => {
    const simulation = simulate();
    const victim = add(simulation, "victim", silent);
    const { periods } = suffer(
      simulation,
      [timed(20, undefined, { kind: "crash", of: of("victim") })],
      10_000,
    );
    expect(simulation.isUp(victim)).toBe(false);
    expect(periods[0]!.untilNanos).toBeUndefined();
  });

  test("that overlaps another on the same process boots it when the last one ends", () => {
    const simulation = simulate();
    const victim = add(simulation, "victim", silent);
    const crash = { kind: "crash", of: of("victim") } as const;
    suffer(simulation, [timed(10, 50, crash), timed(20, 10, crash)], 40);
    expect(simulation.isUp(victim)).toBe(false);
    simulation.run(60);
    expect(simulation.isUp(victim)).toBe(true);
    expect(simulation.processes[victim]!.boots).toBe(2);
  });

  /** Two processes on one host write, one of them syncs; then a crash strikes the first. */
  function writers(fault: { wholeHost?: boolean; disk?: "lost" }) {
    const simulation = simulate();
    const host = simulation.addHost({ name: "host", cores: 1, disk });
    const found: unknown[] = [];
    const writer = (key: number) =>
      logging({
        start: (out) => {
          found.push([out.now, key, out.get("t", key)]);
          if (out.now > 0) return;
          out.put("t", key, "written", 100);
          if (key === 0) out.sync("synced");
        },
      });
    add(simulation, "synced", writer(0), { host });
    add(simulation, "unsynced", writer(1), { host });
    suffer(simulation, [timed(5_000, 100, { kind: "crash", of: of("unsynced"), ...fault })], 10_000);
    return found.slice(2);
  }

  test("of a process leaves its writes to the operating system", () => {
    expect(writers({})).toEqual([[5_100, 1, "written"]]);
  });

  test("of a whole host takes all its processes and what was not durable", () => {
    expect(writers({ wholeHost: true })).toEqual([
      [5_100, 0, "written"],
      [5_100, 1, undefined],
    ]);
  });

  test("may take the disk of the host as well", () => {
    expect(writers({ disk: "lost" })).toEqual([
      [5_100, 0, undefined],
      [5_100, 1, undefined],
    ]);
  });

  test("of a host lets its processes find each other when they boot", () => {
    const simulation = simulate();
    const host = simulation.addHost({ name: "host", cores: 1 });
    const greeting = (to: number) => logging({ start: (out) => out.send(to, note(`from ${out.self}`)) });
    add(simulation, "a", greeting(1), { host });
    add(simulation, "b", greeting(0), { host });
    suffer(simulation, [timed(10, 10, { kind: "crash", of: of("a"), wholeHost: true })], 100);
    expect([kindsOf(simulation, 0), kindsOf(simulation, 1)]).toEqual([["from 1"], ["from 0"]]);
  });

  test("spares a host on which something runs that must not be struck", () => {
    const simulation = simulate();
    const host = simulation.addHost({ name: "host", cores: 1 });
    add(simulation, "a", silent, { host });
    const client = add(simulation, "client", silent, { host });
    const mayStrike = (address: number) => address !== client;
    const { periods } = suffer(
      simulation,
      [timed(10, 10, { kind: "crash", of: {}, wholeHost: true }), timed(50, 10, { kind: "crash", of: {} })],
      100,
      { mayStrike },
    );
    expect(periods.map(({ struck, fromNanos }) => [fromNanos, struck])).toEqual([[50, ["a"]]]);
  });
});

describe("a pause", () => {
  const pause = { kind: "pause", of: of("victim") } as const;

  test("holds messages and timers, in order, and loses nothing", () => {
    const simulation = simulate({ link: link(1) });
    const victim = add(simulation, "victim", logging({ start: (out) => out.setTimer("t", 29) }));
    add(simulation, "source", sender([victim], every10(60)));
    suffer(simulation, [timed(20, 20, pause)], 100);
    expect(logOf(simulation, victim)).toEqual([
      [6, "at 5"],
      [16, "at 15"],
      [40, "at 25"],
      [40, "timer t"],
      [40, "at 35"],
      [46, "at 45"],
      [56, "at 55"],
    ]);
    expect(simulation.lostMessages).toBe(0);
  });

  test("lets what has come for the process be handled before what comes at the very end", () => {
    const simulation = simulate({ link: link(5) });
    const victim = add(simulation, "victim", silent);
    // The last note arrives at 40, by an event that was scheduled before the end of the pause was.
    add(simulation, "source", sender([victim], [25, 35]));
    suffer(simulation, [timed(20, 20, pause)], 100);
    expect(logOf(simulation, victim)).toEqual([
      [40, "at 25"],
      [40, "at 35"],
    ]);
  });

  test("lets a held step cancel a timer that is held behind it", () => {
    const simulation = simulate({ link: link(1) });
    const victim = add(
      simulation,
      "victim",
      logging({ start: (out) => out.setTimer("t", 29), receive: (_, out) => out.cancelTimer("t") }),
    );
    add(simulation, "source", sender([victim], [25]));
    suffer(simulation, [timed(20, 20, pause)], 100);
    expect(kindsOf(simulation, victim)).toEqual(["at 25"]);
  });

  test("that overlaps another ends with the last", () => {
    const simulation = simulate();
    const victim = add(simulation, "victim", silent);
    add(simulation, "source", sender([victim], [15]));
    suffer(simulation, [timed(10, 20, pause), timed(20, 30, pause)], 100);
    expect(logOf(simulation, victim)).toEqual([[50, "at 15"]]);
  });

  test("ends with a crash: the process that boots is another one", () => {
    const simulation = simulate();
    const victim = add(simulation, "victim", silent);
    add(simulation, "source", sender([victim], [15, 35]));
    suffer(simulation, [timed(10, 90, pause), timed(20, 10, { kind: "crash", of: of("victim") })], 200);
    expect(logOf(simulation, victim)).toEqual([[35, "at 35"]]);
    expect(simulation.lostMessages).toBe(1);
  });

  const slow = costs({ receiveNanos: () => 100 });

  test.each([1, 2])(
    "that comes after a crash knows nothing of what an earlier one held (cores: %i)",
    (cores) => {
      const simulation = simulate();
      const host = simulation.addHost({ name: "host", cores });
      const hog = add(simulation, "hog", silent, { host, costs: slow });
      const victim = add(simulation, "victim", silent, { host, costs: slow });
      // With one core the first note waits for it when the pause comes, with two it has begun.
      add(simulation, "source", sender([hog, victim], [0]));
      add(simulation, "later", sender([victim], [20, 310]));
      const plan = [
        timed(10, 500, pause),
        timed(200, 10, { kind: "crash", of: of("victim") }),
        timed(300, 400, pause),
      ];
      suffer(simulation, plan, 10_000);
      expect(logOf(simulation, victim)).toEqual([[700, "at 310"]]);
    },
  );

  test("lets a step that has begun end, and holds what waits for the thread and what comes", () => {
    const simulation = simulate();
    const victim = add(simulation, "victim", logging({ receive: (_, out) => out.send(1, note("done")) }), {
      costs: slow,
    });
    const sink = add(simulation, "sink", silent);
    add(simulation, "source", sender([victim], [5, 6, 60]));
    suffer(simulation, [timed(50, 250, pause)], 1_000);
    expect(logOf(simulation, victim)).toEqual([
      [5, "at 5"],
      [300, "at 6"],
      [400, "at 60"],
    ]);
    expect(logOf(simulation, sink).map(([at]) => at)).toEqual([105, 400, 500]);
  });

  test("leaves the core to others, also one that a job of the process waits for", () => {
    const simulation = simulate();
    const host = simulation.addHost({ name: "host", cores: 1 });
    const hog = add(simulation, "hog", silent, { host, costs: slow });
    const victim = add(simulation, "victim", silent, { host, costs: slow });
    const other = add(simulation, "other", silent, { host, costs: slow });
    add(simulation, "source", sender([hog, victim, other], [0]));
    add(simulation, "later", sender([victim], [20]));
    suffer(simulation, [timed(10, 240, pause)], 1_000);
    expect(logOf(simulation, other)).toEqual([[100, "at 0"]]);
    expect(logOf(simulation, victim)).toEqual([
      [250, "at 0"],
      [350, "at 20"],
    ]);
    const thread = simulation.processes[victim]!.threads[0]!.counts(1_000);
    expect(thread.busyNanos).toBe(200);
    const cores = host.cores.counts(1_000);
    expect(cores.waitNanos).toBe(cores.queueAreaNanos);
  });

  test("that ends before the thread is free changes nothing", () => {
    const run = (forNanos: number) => {
      const simulation = simulate();
      const victim = add(simulation, "victim", silent, { costs: slow });
      add(simulation, "source", sender([victim], [0, 1, 2]));
      suffer(simulation, [timed(10, forNanos, pause)], 1_000);
      return logOf(simulation, victim);
    };
    expect(run(20)).toEqual([
      [0, "at 0"],
      [100, "at 1"],
      [200, "at 2"],
    ]);
    expect(run(150)).toEqual([
      [0, "at 0"],
      [160, "at 1"],
      [260, "at 2"],
    ]);
  });
});

describe("a slow CPU", () => {
  const slow = (factor: number) => ({ kind: "slowCpu", of: of("victim"), factor }) as const;

  test("makes steps take so many times as long, but not the one that has begun; factors multiply", () => {
    const simulation = simulate();
    const sink = add(simulation, "sink", silent);
    const victim = add(simulation, "victim", logging({ receive: (_, out) => out.send(sink, note("done")) }), {
      costs: costs({ receiveNanos: () => 100 }),
    });
    add(simulation, "source", sender([victim], [0, 1_000, 2_000, 5_000, 9_000]));
    suffer(simulation, [timed(50, 8_000, slow(2)), timed(1_500, 1_000, slow(3))], 20_000);
    expect(logOf(simulation, sink).map(([at]) => at)).toEqual([100, 1_200, 2_600, 5_200, 9_100]);
  });
});
