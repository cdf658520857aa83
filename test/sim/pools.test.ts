import { describe, expect, test } from "vitest";
import { restoreSimulation, saveSimulation } from "../../sim/snapshot.ts";
import { add, costs, link, logging, logOf, type Note, note, simulate } from "./kit.ts";

const STEP = 100;
const working = costs({ receiveNanos: () => STEP });

/** Sends a burst of jobs at these times, as many as given. */
function bursts(to: number, times: Readonly<Record<number, number>>) {
  return logging({
    start: (out) => {
      for (const time of Object.keys(times)) out.setTimer(Number(time), Number(time));
    },
    timeout: (timer, out) => {
      for (let i = 0; i < times[timer as number]!; i++) out.send(to, note(`job ${timer}.${i}`));
    },
  });
}

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

  test("refuses a parallelism that it cannot have", () => {
    const { simulation, pool } = shared(2, { "job 0.0": 3 });
    add(simulation, "source", bursts(pool, { 0: 1 }));
    simulation.start();
    expect(() => simulation.run(10)).toThrow(
      "pool cannot let 3 threads work of pool 0 (handlers, shared, 2 threads)",
    );
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

describe("an urgent process", () => {
  test("goes first where others wait for a core, and interrupts nobody", () => {
    const simulation = simulate({ link: link(0, { connections: 0 }) });
    const host = simulation.addHost({ name: "host", cores: 1 });
    const order: string[] = [];
    const process = (name: string, urgent: boolean) =>
      add(simulation, name, logging({ receive: () => void order.push(name) }), {
        host,
        costs: working,
        pools: [{ name: "main", threads: 4, shared: true }],
        urgent,
      });
    const patient = process("patient", false);
    const urgent = process("urgent", true);
    const at: Record<number, number[]> = { 0: [patient, patient, patient], 10: [urgent, patient, urgent] };
    add(
      simulation,
      "source",
      logging({
        start: (out) => {
          for (const time of Object.keys(at)) out.setTimer(Number(time), Number(time));
        },
        timeout: (timer, out) => {
          for (const to of at[timer as number]!) out.send(to, note("job") satisfies Note);
        },
      }),
    );
    simulation.start();
    simulation.run(10_000);
    expect(order).toEqual(["patient", "urgent", "urgent", "patient", "patient", "patient"]);
    const { counts } = simulation.stations().find(({ station }) => station === "host/cores")!;
    expect(counts.waitNanos).toBe(counts.queueAreaNanos);
  });
});
