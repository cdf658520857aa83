import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { installFaults } from "../../sim/faults/injector.ts";
import { stationMeans } from "../../sim/simulation.ts";
import { restoreSimulation, saveSimulation } from "../../sim/snapshot.ts";
import { add, bursts, costs, link, logging, logOf, type Note, note, simulate } from "./kit.ts";

const STEP = 100;
const working = costs({ receiveNanos: () => STEP });

function shared(threads: number, parallelism: Readonly<Record<string, number>> = {}) {
  const simulation = simulate({ link: link(0, { connections: 0 }) });
  const host = simulation.addHost({ name: "host", cores: 16 });
  const machine = logging({
    receive: ({ kind }, out) => {
      const wanted = parallelism[kind];
      if (wanted !== undefined) out.setParallelism(0, wanted);
    },
  });
  const pool = add(simulation, "pool", machine, {
    host,
    costs: working,
    pools: [{ name: "handlers", threads, shared: true }],
  });
  return { simulation, pool };
}

/** A job that takes so long, or the parallelism from now on. */
interface Arrival {
  readonly atNanos: number;
  readonly kind: "job" | "parallelism";
  readonly value: number;
}

function parallelism(atNanos: number, threads: number): Arrival {
  return { atNanos, kind: "parallelism", value: threads };
}

function burst(atNanos: number, count: number, lengthNanos: number): Arrival[] {
  return new Array<Arrival>(count).fill({ atNanos, kind: "job", value: lengthNanos });
}

/** A shared pool that another thread of its process tells how many may work. */
function governed(mode: "fast" | "checked", threads: number, atFirst: number) {
  const simulation = simulate({ link: link(0, { connections: 0 }), mode });
  const machine = logging({
    start: (out) => out.setParallelism(0, atFirst),
    receive: ({ kind, value }, out) => {
      if (kind === "parallelism") out.setParallelism(0, value as number);
    },
  });
  const pool = add(simulation, "pool", machine, {
    host: simulation.addHost({ name: "host", cores: 16 }),
    costs: costs({
      receiveNanos: (message) => (message.kind === "job" ? ((message as Note).value as number) : 0),
      pool: (message) => (message?.kind === "job" ? 0 : 1),
    }),
    pools: [
      { name: "handlers", threads, shared: true },
      { name: "governor", threads: 1 },
    ],
  });
  return { simulation, pool };
}

function arrivals(to: number, inputs: readonly Arrival[]) {
  return logging({
    start: (out) => {
      for (const [i, { atNanos }] of inputs.entries()) out.setTimer(i, atNanos);
    },
    timeout: (timer, out) => {
      const { kind, value } = inputs[timer as number]!;
      out.send(to, note(kind, value));
    },
  });
}

/** When each job starts: no sooner than the one before it, and when fewer run than may. Inputs in the order of time. */
function startsByDefinition(inputs: readonly Arrival[], atFirst: number): number[] {
  const changes = inputs.filter(({ kind }) => kind === "parallelism");
  const mayWork = (time: number) => changes.findLast(({ atNanos }) => atNanos <= time)?.value ?? atFirst;
  const starts: number[] = [];
  const ends: number[] = [];
  for (const { atNanos, kind, value } of inputs) {
    if (kind !== "job") continue;
    const earliest = Math.max(atNanos, starts.at(-1) ?? 0);
    const moments = [earliest, ...ends, ...changes.map((change) => change.atNanos)].sort((a, b) => a - b);
    const start = moments.find(
      (time) => time >= earliest && ends.filter((end) => end > time).length < mayWork(time),
    )!;
    starts.push(start);
    ends.push(start + value);
  }
  return starts;
}

const startsOf = (log: readonly [number, string][]) => log.map(([time]) => time);

describe("a shared pool", () => {
  test("gives the next job to whichever thread is idle", () => {
    const { simulation, pool } = shared(3);
    add(simulation, "source", bursts(pool, { 0: 5, 40: 1 }));
    simulation.start();
    simulation.run(1_000);
    expect(startsOf(logOf(simulation, pool))).toEqual([0, 0, 0, 100, 100, 100]);
    const { servers, counts } = simulation.stations().find(({ station }) => station === "pool/handlers")!;
    expect(servers).toBe(3);
    expect(counts).toMatchObject({ jobs: 6, busyNanos: 600, waitNanos: 100 + 100 + 60, queueLengthMax: 3 });
  });

  test("works on as many jobs at a time as it is told, from the moment it is told", () => {
    const { simulation, pool } = shared(4, { "job 0.0": 1, "job 0.3": 3 });
    add(simulation, "source", bursts(pool, { 0: 8 }));
    simulation.start();
    simulation.run(2_000);
    // The first says one at a time; the fourth says three, so two that wait start beside it at once.
    expect(startsOf(logOf(simulation, pool))).toEqual([0, 100, 200, 300, 300, 300, 400, 400]);
    expect(simulation.stations().find(({ station }) => station === "pool/handlers")!.servers).toBe(3);
  });

  test("lets jobs that wait start at once when it may work on more, whoever says so", () => {
    const { simulation, pool } = governed("fast", 4, 2);
    add(simulation, "source", arrivals(pool, [...burst(0, 6, STEP), parallelism(10, 4)]));
    simulation.start();
    simulation.run(1_000);
    expect(logOf(simulation, pool).filter(([, what]) => what === "job")).toEqual(
      [0, 0, 10, 10, 100, 100].map((time) => [time, "job"]),
    );
  });

  test("lets what runs go on when it may work on less, and starts nothing until enough has ended", () => {
    const { simulation, pool } = governed("fast", 4, 4);
    const lengths = [100, 200, 300, 400, 100, 100];
    const jobs = lengths.map((nanos): Arrival => ({ atNanos: 0, kind: "job", value: nanos }));
    add(simulation, "source", arrivals(pool, [...jobs, parallelism(50, 2)]));
    simulation.start();
    simulation.run(1_000);
    // Two of the first four are left from 200 on, one from 300 on.
    expect(logOf(simulation, pool).filter(([, what]) => what === "job")).toEqual(
      [0, 0, 0, 0, 300, 400].map((time) => [time, "job"]),
    );
  });

  test("starts jobs in order, as soon as its parallelism at the time allows and no sooner; in both modes and from a snapshot", () => {
    // Ends of jobs, arrivals and changes never fall together: the n-th change has a remainder of its own.
    const grid = 64;
    const plans = fc.record({
      threads: fc.integer({ min: 1, max: 5 }),
      jobs: fc.array(fc.tuple(fc.nat({ max: 30 }), fc.integer({ min: 1, max: 12 })), {
        minLength: 1,
        maxLength: 30,
      }),
      changes: fc.array(fc.tuple(fc.nat({ max: 40 }), fc.nat({ max: 4 })), { maxLength: 10 }),
      cut: fc.nat({ max: 60 * grid }),
    });
    fc.assert(
      fc.property(plans, ({ threads, jobs, changes, cut }) => {
        const inputs = [
          ...jobs.map(([at, length]): Arrival => ({ atNanos: at * grid, kind: "job", value: length * grid })),
          ...changes.map(([at, n], i) => parallelism(at * grid + i + 1, 1 + (n % threads))),
        ].sort((a, b) => a.atNanos - b.atNanos);
        const build = (mode: "fast" | "checked") => {
          const { simulation, pool } = governed(mode, threads, threads);
          add(simulation, "source", arrivals(pool, inputs));
          return { simulation, pool };
        };
        const { simulation, pool } = build("fast");
        simulation.start();
        simulation.run(1e6);
        const starts = logOf(simulation, pool).filter(([, what]) => what === "job");
        expect(startsOf(starts)).toEqual(startsByDefinition(inputs, threads));

        const checked = build("checked");
        checked.simulation.start();
        checked.simulation.run(cut);
        const again = build("checked");
        restoreSimulation(again.simulation, saveSimulation(checked.simulation));
        again.simulation.run(1e6);
        expect(logOf(again.simulation, pool)).toEqual(logOf(simulation, pool));
        expect(again.simulation.digest.toString()).toBe(simulation.digest.toString());
      }),
      { seed: 7, numRuns: 100 },
    );
  });

  test("is as busy as what could have worked at the time, over a run and in its intervals", () => {
    const simulation = simulate({
      link: link(0, { connections: 0 }),
      warmupNanos: 150,
      seriesIntervalNanos: 100,
    });
    const machine = logging({
      start: (out) => out.setParallelism(0, 1),
      receive: ({ kind }, out) => {
        if (kind === "job 200.0") out.setParallelism(0, 3);
        if (kind === "job 350.0") out.setParallelism(0, 1);
      },
    });
    const pool = add(simulation, "pool", machine, {
      host: simulation.addHost({ name: "host", cores: 4 }),
      costs: working,
      pools: [{ name: "handlers", threads: 4, shared: true }],
    });
    add(simulation, "source", bursts(pool, { 50: 1, 200: 3, 350: 1 }));
    simulation.start();
    simulation.run(500);
    const row = simulation.stations().find(({ station }) => station === "pool/handlers")!;
    // One may work until 200, three until 350, then one again.
    expect(row).toMatchObject({ servers: 1, capacityNanos: 50 + 3 * 150 + 150, counts: { busyNanos: 400 } });
    expect(stationMeans(row.counts, row.capacityNanos, 350).utilisation).toBe(400 / 650);
    expect(simulation.stationSeries.find(({ station }) => station === "pool/handlers")!.busyShare).toEqual([
      0.5,
      0.5,
      1,
      50 / 200,
      0.5,
    ]);
  });

  test("takes longer over each job on a slow CPU, with as many of them at a time", () => {
    const { simulation, pool } = shared(2);
    add(simulation, "source", bursts(pool, { 0: 4 }));
    installFaults(simulation, {
      timed: [{ atNanos: 50, forNanos: 100, fault: { kind: "slowCpu", of: { names: ["pool"] }, factor: 3 } }],
    });
    simulation.start();
    simulation.run(1_000);
    expect(startsOf(logOf(simulation, pool))).toEqual([0, 0, 100, 100]);
    const { counts } = simulation.stations().find(({ station }) => station === "pool/handlers")!;
    expect(counts.busyNanos).toBe(2 * 100 + 2 * 300);
  });

  test("owns its connections as a whole: whatever thread of the process runs a step writes them", () => {
    const simulation = simulate({ link: link(10, { pinned: true }) });
    const host = simulation.addHost({ name: "host", cores: 4 });
    const sink = add(simulation, "sink", logging({}));
    const relay = add(simulation, "relay", logging({ receive: (_, out) => out.send(sink, note("x")) }), {
      host,
      costs: costs({ receiveNanos: () => 100, sendNanos: () => 1_000, pool: () => 1 }),
      pools: [
        { name: "handlers", threads: 4, shared: true },
        { name: "background", threads: 1 },
      ],
      handOffNanos: 7,
    });
    add(simulation, "source", logging({ start: (out) => out.send(relay, note("go")) }));
    simulation.start();
    simulation.run(100_000);
    expect(logOf(simulation, sink)).toEqual([[10 + 100 + 1_000 + 10, "x"]]);
  });

  test("refuses a parallelism that it cannot have", () => {
    const refusing = (threads: number) => {
      const { simulation, pool } = shared(2, { "job 0.0": threads });
      add(simulation, "source", bursts(pool, { 0: 1 }));
      simulation.start();
      return () => simulation.run(10);
    };
    expect(refusing(3)).toThrow("pool cannot let 3 threads work of pool 0 (handlers, shared, 2 threads)");
    for (const threads of [0, 1.5, Number.NaN]) expect(refusing(threads)).toThrow(RangeError);
  });

  test("has all of its threads again after a crash", () => {
    const { simulation, pool } = shared(4, { "job 0.0": 1 });
    add(simulation, "source", bursts(pool, { 0: 3, 500: 4 }));
    simulation.start();
    simulation.run(150);
    simulation.crash(pool);
    simulation.boot(pool);
    simulation.run(1_000);
    expect(startsOf(logOf(simulation, pool))).toEqual([500, 500, 500, 500]);
  });

  test("waits for cores with the jobs that have a thread, also over a pause", () => {
    const simulation = simulate({ link: link(0, { connections: 0 }) });
    const host = simulation.addHost({ name: "host", cores: 2 });
    const pool = add(simulation, "pool", logging({}), {
      host,
      costs: working,
      pools: [{ name: "handlers", threads: 4, shared: true }],
    });
    add(simulation, "source", bursts(pool, { 0: 6 }));
    simulation.start();
    simulation.run(50);
    simulation.pause(pool);
    simulation.run(1_000);
    simulation.resume(pool);
    simulation.run(2_000);
    expect(startsOf(logOf(simulation, pool))).toEqual([0, 0, 1_000, 1_000, 1_100, 1_100]);
  });

  test("goes on from a snapshot as it was", () => {
    const build = () => {
      const { simulation, pool } = shared(4, { "job 0.0": 2 });
      add(simulation, "source", bursts(pool, { 0: 9 }));
      return { simulation, pool };
    };
    const { simulation, pool } = build();
    simulation.start();
    simulation.run(150);
    const snapshot = saveSimulation(simulation);
    simulation.run(2_000);
    const again = build();
    restoreSimulation(again.simulation, snapshot);
    again.simulation.run(2_000);
    expect(logOf(again.simulation, pool)).toEqual(logOf(simulation, pool));
    expect(again.simulation.digest.toString()).toBe(simulation.digest.toString());
    expect(logOf(simulation, pool)).toHaveLength(9);
  });
});
