import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { restoreSimulation, saveSimulation } from "../../sim/snapshot.ts";
import { add, bursts, costs, link, logging, logOf, type Note, note, simulate } from "./kit.ts";

const STEP = 100;
const working = costs({ receiveNanos: () => STEP });

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

  test("never waits behind others, only for what runs, whatever comes when; in both modes and from a snapshot", () => {
    // Arrivals never fall together with the end of a job: each has a remainder of its own, which what follows it keeps.
    const grid = 64;
    const plans = fc.record({
      cores: fc.integer({ min: 1, max: 3 }),
      jobs: fc.array(
        fc.record({ at: fc.nat({ max: 30 }), length: fc.integer({ min: 1, max: 8 }), urgent: fc.boolean() }),
        { minLength: 1, maxLength: 40 },
      ),
      cut: fc.nat({ max: 60 * grid }),
    });
    fc.assert(
      fc.property(plans, ({ cores, jobs, cut }) => {
        const inputs = jobs
          .map(({ at, length, urgent }, i) => ({
            atNanos: at * grid + i,
            lengthNanos: length * grid,
            urgent,
          }))
          .sort((a, b) => a.atNanos - b.atNanos);
        const build = (mode: "fast" | "checked") => {
          const simulation = simulate({ link: link(0, { connections: 0 }), mode });
          const host = simulation.addHost({ name: "host", cores });
          const process = (name: string, urgent: boolean) =>
            add(simulation, name, logging({}), {
              host,
              costs: costs({ receiveNanos: (message) => (message as Note).value as number }),
              pools: [{ name: "main", threads: inputs.length, shared: true }],
              urgent,
            });
          const patient = process("patient", false);
          const urgent = process("urgent", true);
          const source = logging({
            start: (out) => {
              for (const [i, { atNanos }] of inputs.entries()) out.setTimer(i, atNanos);
            },
            timeout: (timer, out) => {
              const input = inputs[timer as number]!;
              out.send(input.urgent ? urgent : patient, note(`job ${timer}`, input.lengthNanos));
            },
          });
          add(simulation, "source", source);
          return { simulation, logs: () => [logOf(simulation, patient), logOf(simulation, urgent)] };
        };
        const fast = build("fast");
        fast.simulation.start();
        fast.simulation.run(1e6);
        const started = fast
          .logs()
          .flat()
          .sort(([a], [b]) => a - b);
        expect(started).toEqual(startsByPriority(inputs, cores));

        const checked = build("checked");
        checked.simulation.start();
        checked.simulation.run(cut);
        const again = build("checked");
        restoreSimulation(again.simulation, saveSimulation(checked.simulation));
        again.simulation.run(1e6);
        expect(again.logs()).toEqual(fast.logs());
        expect(again.simulation.digest.toString()).toBe(fast.simulation.digest.toString());
      }),
      { seed: 3, numRuns: 100 },
    );
  });

  test("that is paused lets others pass, and goes first again afterwards; a crash takes its jobs from the queue", () => {
    const order = (crash: boolean) => {
      const simulation = simulate({ link: link(0, { connections: 0 }) });
      const host = simulation.addHost({ name: "host", cores: 1 });
      const started: [number, string][] = [];
      const process = (name: string, urgent: boolean) =>
        add(simulation, name, logging({ receive: (_, out) => void started.push([out.now, name]) }), {
          host,
          costs: working,
          pools: [{ name: "main", threads: 8, shared: true }],
          urgent,
        });
      const patient = process("patient", false);
      const urgent = process("urgent", true);
      add(simulation, "to patient", bursts(patient, { 0: 5 }));
      add(simulation, "to urgent", bursts(urgent, { 10: 2 }));
      simulation.start();
      simulation.run(50);
      simulation.pause(urgent);
      simulation.run(250);
      if (crash) simulation.crash(urgent);
      else simulation.resume(urgent);
      simulation.run(10_000);
      return started;
    };
    const names = (started: readonly [number, string][]) => started.map(([, name]) => name);
    const three = ["patient", "patient", "patient"];
    expect(names(order(false))).toEqual([...three, "urgent", "urgent", "patient", "patient"]);
    expect(names(order(true))).toEqual([...three, "patient", "patient"]);
  });
});

interface PlannedJob {
  readonly atNanos: number;
  readonly lengthNanos: number;
  readonly urgent: boolean;
}

/** When each job starts, and which: one core after the other takes the first that is urgent, or else the first. */
function startsByPriority(jobs: readonly PlannedJob[], cores: number): [number, string][] {
  const starts: [number, string][] = [];
  const freeAt: number[] = new Array(cores).fill(0);
  const waiting = new Set(jobs.keys());
  while (waiting.size > 0) {
    const core = freeAt.indexOf(Math.min(...freeAt));
    const [first] = waiting;
    const time = Math.max(freeAt[core]!, jobs[first!]!.atNanos);
    const here = [...waiting].filter((i) => jobs[i]!.atNanos <= time);
    const next = here.find((i) => jobs[i]!.urgent) ?? here[0]!;
    waiting.delete(next);
    starts.push([time, `job ${next}`]);
    freeAt[core] = time + jobs[next]!.lengthNanos;
  }
  return starts;
}
