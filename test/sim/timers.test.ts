import { describe, expect, test } from "vitest";
import type { Effects, TimerName } from "../../sim/machine.ts";
import { add, costs, kindsOf, logging, logOf, type Note, note, simulate } from "./kit.ts";

type Out = Effects<Note>;

/** One process that does this at the start, and that at each timer; returns what happened to it. */
function run(start: (out: Out) => void, timeout: (timer: TimerName, out: Out) => void = () => {}) {
  const simulation = simulate();
  const only = add(simulation, "only", logging({ start, timeout }));
  simulation.start();
  simulation.run(1_000);
  return logOf(simulation, only);
}

describe("a timer", () => {
  test("expires once", () => {
    expect(run((out) => out.setTimer("t", 10))).toEqual([[10, "timer t"]]);
  });

  test("set again expires at the new time only, earlier or later", () => {
    expect(
      run((out) => {
        out.setTimer("later", 10);
        out.setTimer("later", 20);
        out.setTimer("earlier", 40);
        out.setTimer("earlier", 30);
      }),
    ).toEqual([
      [20, "timer later"],
      [30, "timer earlier"],
    ]);
  });

  test("that was cancelled does not expire; cancelling what is not set does nothing", () => {
    expect(
      run((out) => {
        out.setTimer("t", 10);
        out.cancelTimer("t");
        out.cancelTimer("never set");
      }),
    ).toEqual([]);
  });

  test("may be cancelled by one that expires at the same moment", () => {
    const log = run(
      (out) => {
        out.setTimer("first", 10);
        out.setTimer("second", 10);
      },
      (timer, out) => {
        if (timer === "first") out.cancelTimer("second");
      },
    );
    expect(log).toEqual([[10, "timer first"]]);
  });

  test("that are due together expire in the order they were set", () => {
    const log = run((out) => {
      for (const name of ["c", "a", "b"]) out.setTimer(name, 10);
    });
    expect(log.map(([, what]) => what)).toEqual(["timer c", "timer a", "timer b"]);
  });

  test("of no delay expires after what is already due", () => {
    const log = run(
      (out) => {
        out.setTimer("a", 10);
        out.setTimer("b", 10);
      },
      (timer, out) => {
        if (timer === "a") out.setTimer("now", 0);
      },
    );
    expect(log).toEqual([
      [10, "timer a"],
      [10, "timer b"],
      [10, "timer now"],
    ]);
  });

  test.each([-1, Number.NaN])("cannot have a delay of %s", (delay) => {
    expect(() => run((out) => out.setTimer("t", delay))).toThrow("only sets timer t");
  });
});

describe("a timer at a tick", () => {
  test("expires at the next tick, strictly after now", () => {
    const ticks = (out: Out) => out.setTimerAtTick("tick", 100, 30);
    expect(run(ticks, (_, out) => out.now < 300 && ticks(out))).toEqual([
      [30, "timer tick"],
      [130, "timer tick"],
      [230, "timer tick"],
      [330, "timer tick"],
    ]);
  });

  test("waits for the first tick when the phase lies far ahead", () => {
    expect(run((out) => out.setTimerAtTick("tick", 100, 750))).toEqual([[750, "timer tick"]]);
  });

  test("takes the place of a timer of that name, earlier or later", () => {
    expect(
      run((out) => {
        out.setTimer("was earlier", 5);
        out.setTimerAtTick("was earlier", 100, 0);
        out.setTimer("was later", 500);
        out.setTimerAtTick("was later", 200, 0);
      }),
    ).toEqual([
      [100, "timer was earlier"],
      [200, "timer was later"],
    ]);
  });
});

/** A busy process: a note `busy` keeps its only thread for 100; then `script` runs in the step of that note. */
function busy(
  script: (out: Out) => void,
  timeout: (timer: TimerName, out: Out) => void,
  setUp: (out: Out) => void,
) {
  const simulation = simulate();
  const model = costs({ receiveNanos: ({ kind }) => (kind === "busy" ? 100 : 1) });
  const worker = add(
    simulation,
    "worker",
    logging({ start: setUp, timeout, receive: ({ kind }, out) => kind === "script" && script(out) }),
    { costs: model },
  );
  add(
    simulation,
    "source",
    logging({
      start: (out) => {
        out.send(worker, note("busy"));
        // Queued ahead of whatever expires while the thread is busy.
        out.send(worker, note("script"));
      },
    }),
  );
  simulation.start();
  simulation.run(10_000);
  return simulation;
}

describe("a timer that expires while its thread is busy", () => {
  test("runs when the thread is free, behind what came before", () => {
    const simulation = busy(
      () => {},
      () => {},
      (out) => out.setTimer("t", 20),
    );
    expect(logOf(simulation, 0)).toEqual([
      [0, "busy"],
      [100, "script"],
      [101, "timer t"],
    ]);
  });

  test("can still be cancelled", () => {
    const simulation = busy(
      (out) => out.cancelTimer("t"),
      () => {},
      (out) => out.setTimer("t", 20),
    );
    expect(kindsOf(simulation, 0)).toEqual(["busy", "script"]);
    // It waited, and left the queue without being served.
    const [row] = simulation.stations();
    expect(row!.counts.jobs).toBe(2);
    expect(row!.counts.waitNanos).toBe(row!.counts.queueAreaNanos);
  });

  test("can still be set again, and then expires once", () => {
    const simulation = busy(
      (out) => out.setTimer("t", 50),
      () => {},
      (out) => out.setTimer("t", 20),
    );
    expect(logOf(simulation, 0)).toEqual([
      [0, "busy"],
      [100, "script"],
      [151, "timer t"],
    ]);
  });

  test("stands for the ticks that pass meanwhile", () => {
    const tick = (out: Out) => out.setTimerAtTick("t", 30, 0);
    const simulation = busy(tick, (_, out) => out.now < 200 && tick(out), tick);
    // Ticks at 30, 60 and 90 are one; the step that arms it while it waits changes nothing.
    expect(logOf(simulation, 0)).toEqual([
      [0, "busy"],
      [100, "script"],
      [101, "timer t"],
      [120, "timer t"],
      [150, "timer t"],
      [180, "timer t"],
      [210, "timer t"],
    ]);
  });
});

describe("a timer whose thread is free but waits for a core", () => {
  function crowded(script: (out: Out) => void) {
    const simulation = simulate();
    const host = simulation.addHost({ name: "host", cores: 1 });
    const model = costs({ receiveNanos: ({ kind }) => (kind === "busy" ? 100 : 1) });
    const pools = [
      { name: "io", threads: 1 },
      { name: "timers", threads: 1 },
    ];
    const placed = { ...model, pool: (_note: unknown, timer: unknown) => (timer === undefined ? 0 : 1) };
    const hog = add(simulation, "hog", logging({}), { host, costs: model });
    const worker = add(
      simulation,
      "worker",
      logging({ start: (out) => out.setTimer("t", 20), receive: (_, out) => script(out) }),
      { host, costs: placed, pools },
    );
    add(
      simulation,
      "source",
      logging({
        start: (out) => {
          out.send(hog, note("busy"));
          out.send(worker, note("script"));
        },
      }),
    );
    simulation.start();
    simulation.run(1_000);
    return { simulation, worker };
  }

  test("runs when it gets one", () => {
    const { simulation, worker } = crowded(() => {});
    expect(logOf(simulation, worker)).toEqual([
      [100, "script"],
      [101, "timer t"],
    ]);
  });

  test("can still be cancelled, or set again", () => {
    const cancelled = crowded((out) => out.cancelTimer("t"));
    expect(kindsOf(cancelled.simulation, cancelled.worker)).toEqual(["script"]);
    const again = crowded((out) => out.setTimer("t", 10));
    expect(logOf(again.simulation, again.worker)).toEqual([
      [100, "script"],
      [111, "timer t"],
    ]);
  });
});

describe("of several calls about one timer in one step, the last holds", () => {
  const DISK = {
    readLatency: { kind: "constant", value: 0 },
    syncLatency: { kind: "constant", value: 77 },
    bytesPerSecond: 1e9,
  } as const;
  const calls: Record<string, (out: Out) => void> = {
    set: (out) => out.setTimer("t", 50),
    tick: (out) => out.setTimerAtTick("t", 100, 0),
    sync: (out) => out.sync("t"),
    cancel: (out) => out.cancelTimer("t"),
  };
  const expected: Record<string, number[]> = { set: [50], tick: [100], sync: [77], cancel: [] };
  const pairs = Object.keys(calls).flatMap((a) => Object.keys(calls).map((b) => [a, b] as const));

  test.each(pairs.flatMap(([a, b]) => [[a, b, true] as const, [a, b, false] as const]))(
    "%s, then %s (with costs: %s)",
    (first, last, withCosts) => {
      const simulation = simulate();
      const host = simulation.addHost({ name: "host", cores: 1, disk: DISK });
      const step = (out: Out) => {
        calls[first]!(out);
        calls[last]!(out);
      };
      const machine = logging({ receive: (_, out) => step(out) });
      const only = add(simulation, "only", machine, withCosts ? { host, costs: costs() } : { host });
      add(simulation, "source", logging({ start: (out) => out.send(only, note("go")) }));
      simulation.start();
      simulation.run(1_000);
      const after = first === "sync" && last === "sync" ? [2 * 77] : expected[last]!;
      expect(logOf(simulation, only).slice(1)).toEqual(after.map((at) => [at, "timer t"]));
    },
  );
});
