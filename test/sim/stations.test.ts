import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Simulation } from "../../sim/simulation.ts";
import { stationMeans } from "../../sim/simulation.ts";
import { SECOND } from "../../sim/units.ts";
import { add, constant, costs, link, logging, logOf, note, simulate } from "./kit.ts";

/** Sends `note` to `to` at each of these times. */
function sender(to: number, times: readonly number[], kind = "job") {
  return logging({
    start: (out) => {
      for (const [i, time] of times.entries()) out.setTimer(i, time);
    },
    timeout: (_timer, out) => out.send(to, note(kind)),
  });
}

function rowOf(simulation: Simulation, station: string) {
  return simulation.stations().find((row) => row.station === station)!;
}

const hundred = costs({ receiveNanos: () => 100 });

describe("a message", () => {
  // Every job is sent by a timer, so it is two events of which one is the message itself.
  const eventsOf = (times: readonly number[]) => {
    const simulation = simulate();
    const worker = add(simulation, "worker", logging({}), { costs: hundred });
    add(simulation, "source", sender(worker, times));
    simulation.start();
    simulation.run(SECOND);
    return simulation.events - times.length;
  };

  test("that finds its server free costs one event", () => {
    expect(eventsOf([0, 100, 200, 350])).toBe(4);
  });

  test("that has to wait costs one more", () => {
    expect(eventsOf([0, 10])).toBe(3);
    expect(eventsOf([0, 10, 20, 30, 500, 510])).toBe(6 + 4);
  });
});

describe("a step's clock", () => {
  const looking = (spent: number[]) =>
    logging({
      start: (out) => {
        out.work("w", 3);
        spent.push(out.spentNanos);
      },
      receive: (_note, out, from) => {
        spent.push(out.spentNanos);
        out.work("w", 5);
        spent.push(out.spentNanos);
        out.send(from, note("answer"));
        spent.push(out.spentNanos);
      },
    });

  test("goes on with the wake-up, the input and the work reported, each as long as it takes, and not with what is sent", () => {
    const spent: number[] = [];
    const simulation = simulate();
    const worker = add(simulation, "worker", looking(spent), {
      costs: costs({
        receiveNanos: () => 100,
        workNanos: (_kind, amount) => 10 * amount,
        sendNanos: () => 70,
      }),
      wakeLatency: constant(1_000),
      cpuJitter: constant(2),
    });
    const source = add(simulation, "source", sender(worker, [500]));
    simulation.start();
    simulation.run(SECOND);
    expect(spent).toEqual([60, 1_200, 1_300, 1_300]);
    expect(logOf(simulation, source).at(-1)).toEqual([500 + 1_300 + 140, "answer"]);
  });

  test("stands without a cost model", () => {
    const spent: number[] = [];
    const simulation = simulate();
    const worker = add(simulation, "worker", looking(spent));
    add(simulation, "source", sender(worker, [500]));
    simulation.start();
    simulation.run(SECOND);
    expect(spent).toEqual([0, 0, 0, 0]);
  });
});

describe("a pool of threads", () => {
  test("serves as many at a time as it has threads", () => {
    const simulation = simulate({ link: link(0, { connections: 2 }) });
    const host = simulation.addHost({ name: "host", cores: 4 });
    const worker = add(simulation, "worker", logging({}), {
      host,
      costs: hundred,
      pools: [{ name: "io", threads: 2 }],
    });
    add(simulation, "source", sender(worker, [0, 0, 0, 0]));
    simulation.start();
    simulation.run(1_000);
    expect(logOf(simulation, worker).map(([at]) => at)).toEqual([0, 0, 100, 100]);
    expect(rowOf(simulation, "worker/io").counts).toMatchObject({ jobs: 4, busyNanos: 400, waitNanos: 200 });
  });

  test("shares the timers of its process", () => {
    const simulation = simulate();
    const host = simulation.addHost({ name: "host", cores: 4 });
    const worker = add(
      simulation,
      "worker",
      logging({ start: (out) => ["a", "b"].map((t) => out.setTimer(t, 5)) }),
      {
        host,
        costs: costs({ timerNanos: () => 100 }),
        pools: [{ name: "io", threads: 2 }],
      },
    );
    simulation.start();
    simulation.run(1_000);
    expect(logOf(simulation, worker)).toEqual([
      [5, "timer a"],
      [5, "timer b"],
    ]);
  });

  test("in the background does not keep the first pool waiting", () => {
    const simulation = simulate();
    const host = simulation.addHost({ name: "host", cores: 4 });
    const worker = add(simulation, "worker", logging({}), {
      host,
      costs: { ...hundred, pool: (message) => (message?.kind === "slow" ? 1 : 0) },
      pools: [
        { name: "io", threads: 1 },
        { name: "background", threads: 1 },
      ],
    });
    add(simulation, "slow", sender(worker, [0, 1, 2], "slow"));
    add(simulation, "quick", sender(worker, [50], "quick"));
    simulation.start();
    simulation.run(1_000);
    expect(logOf(simulation, worker)).toEqual([
      [0, "slow"],
      [50, "quick"],
      [100, "slow"],
      [200, "slow"],
    ]);
    expect(rowOf(simulation, "worker/background").counts.jobs).toBe(3);
    expect(rowOf(simulation, "worker/io").counts.jobs).toBe(1);
  });
});

describe("cores", () => {
  test("are shared by the threads of all processes of a host, first come, first served", () => {
    const simulation = simulate();
    const host = simulation.addHost({ name: "host", cores: 2 });
    const workers = ["a", "b", "c", "d"].map((name) =>
      add(simulation, name, logging({}), { host, costs: hundred }),
    );
    workers.forEach((worker, i) => {
      add(simulation, `source-${i}`, sender(worker, [10 * i, 10 * i + 1]));
    });
    simulation.start();
    simulation.run(1_000);
    expect(workers.map((worker) => logOf(simulation, worker).map(([at]) => at))).toEqual([
      [0, 200],
      [10, 210],
      [100, 300],
      [110, 310],
    ]);
    const { counts } = rowOf(simulation, "host/cores");
    expect(counts).toMatchObject({ jobs: 8, busyNanos: 800, waitNanos: 80 + 80 + 4 * 100 });
  });
});

describe("a thread that slept", () => {
  test("wakes up before it works, taken but not busy; one that comes from a job does not", () => {
    const simulation = simulate();
    const worker = add(simulation, "worker", logging({}), { costs: hundred, wakeLatency: constant(1_000) });
    add(simulation, "source", sender(worker, [10, 11, 5_000]));
    simulation.start();
    simulation.run(500);
    expect(rowOf(simulation, "worker/main").counts.busyNanos).toBe(0);
    simulation.run(1_060);
    expect(rowOf(simulation, "worker/main").counts.busyNanos).toBe(50);
    expect(rowOf(simulation, "worker/cores").counts.busyNanos).toBe(50);
    simulation.run(10_000);
    expect(logOf(simulation, worker).map(([at]) => at)).toEqual([10, 1_110, 5_000]);
    expect(rowOf(simulation, "worker/main").counts.busyNanos).toBe(300);
  });
});

describe("counters and series of a station", () => {
  test("begin anew in the middle of a job: its rest still counts", () => {
    const simulation = simulate({ warmupNanos: 130, seriesIntervalNanos: 100 });
    const worker = add(simulation, "worker", logging({}), { costs: hundred });
    add(simulation, "source", sender(worker, [50, 60, 270]));
    simulation.start();
    simulation.run(400);
    const { counts } = rowOf(simulation, "worker/main");
    // Busy from 50 to 250 and from 270 to 370. The job that waited since 60 starts at 150.
    expect(counts).toEqual({ busyNanos: 220, jobs: 2, waitNanos: 90, queueAreaNanos: 20, queueLengthMax: 1 });
    expect(simulation.stationSeries[0]).toEqual({
      station: "worker/main",
      role: "worker",
      busyShare: [0.5, 1, 0.8, 0.7],
      queueAreaNanos: [40, 50, 0, 0],
    });
  });
});

describe("in any load", () => {
  const loads = fc.record({
    cores: fc.integer({ min: 1, max: 3 }),
    jitter: fc.boolean(),
    wake: fc.nat(40),
    processes: fc.array(
      fc.record({
        threads: fc.integer({ min: 1, max: 3 }),
        service: fc.integer({ min: 1, max: 60 }),
        times: fc.array(fc.nat(1_000), { maxLength: 30 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  });

  test("no station is busier than it can be, and waits sum up to the area of the queue", () => {
    fc.assert(
      fc.property(loads, fc.nat(1_500), ({ cores, jitter, wake, processes }, cut) => {
        const simulation = simulate({ link: link(0, { connections: 3 }) });
        const host = simulation.addHost({ name: "host", cores });
        let jobs = 0;
        for (const [i, { threads, service, times }] of processes.entries()) {
          const worker = add(simulation, `worker-${i}`, logging({}), {
            host,
            costs: costs({ receiveNanos: () => service }),
            pools: [{ name: "io", threads }],
            wakeLatency: constant(wake),
            ...(jitter ? { cpuJitter: { kind: "exponential", mean: 1 } as const } : {}),
          });
          add(simulation, `source-${i}`, sender(worker, times));
          jobs += times.length;
        }
        simulation.start();
        simulation.run(cut);
        for (const { counts, capacityNanos } of simulation.stations()) {
          const { utilisation } = stationMeans(counts, Math.max(1, capacityNanos), Math.max(1, cut));
          expect(utilisation).toBeGreaterThanOrEqual(0);
          expect(utilisation).toBeLessThanOrEqual(1);
        }
        simulation.run(1e6);
        const rows = simulation.stations();
        for (const { counts } of rows) {
          expect(counts.waitNanos).toBe(counts.queueAreaNanos);
        }
        const threads = rows.filter(({ kind }) => kind === "threads");
        const core = rows.find(({ kind }) => kind === "cores")!;
        expect(core.counts.jobs).toBe(jobs);
        const busy = threads.reduce((sum, { counts }) => sum + counts.busyNanos, 0);
        expect(core.counts.busyNanos).toBe(busy);
      }),
    );
  });
});
