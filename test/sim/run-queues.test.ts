import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { restoreSimulation, saveSimulation } from "../../sim/snapshot.ts";
import { add, costs, link, logging, logOf, type Note, note, simulate } from "./kit.ts";

interface PlannedJob {
  readonly atNanos: number;
  readonly lengthNanos: number;
  /** Which of the threads, each of a process of its own. */
  readonly thread: number;
}

/** Jobs come to the threads of processes `thread 0` and so on, which share a host. */
function build(
  jobs: readonly PlannedJob[],
  threads: number,
  cores: number,
  mode: "fast" | "checked" = "fast",
) {
  const simulation = simulate({ link: link(0, { connections: 0 }), mode });
  const host = simulation.addHost({ name: "host", cores, runQueues: true });
  const addresses = Array.from({ length: threads }, (_, i) =>
    add(simulation, `thread ${i}`, logging({}), {
      host,
      costs: costs({ receiveNanos: (message) => (message as Note).value as number }),
    }),
  );
  const source = logging({
    start: (out) => {
      for (const [i, { atNanos }] of jobs.entries()) out.setTimer(i, atNanos);
    },
    timeout: (timer, out) => {
      const { thread, lengthNanos } = jobs[timer as number]!;
      out.send(addresses[thread]!, note(`job ${timer}`, lengthNanos));
    },
  });
  add(simulation, "source", source);
  const starts = () => addresses.map((address) => logOf(simulation, address));
  return { simulation, starts };
}

function startsOf(jobs: readonly PlannedJob[], threads: number, cores: number) {
  const { simulation, starts } = build(jobs, threads, cores);
  simulation.start();
  simulation.run(1e9);
  return { simulation, starts: starts() };
}

const job = (atNanos: number, thread: number, lengthNanos: number): PlannedJob => ({
  atNanos,
  thread,
  lengthNanos,
});

describe("a queue for each core", () => {
  test("keeps a thread waiting for the core that it last ran on, also when another is idle sooner", () => {
    // Thread 0 begins at core 0 and thread 1 at core 1. Thread 2 would begin at core 0.
    const { simulation, starts } = startsOf([job(0, 0, 1_000), job(10, 1, 100), job(20, 2, 50)], 3, 2);
    expect(starts).toEqual([[[0, "job 0"]], [[10, "job 1"]], [[1_000, "job 2"]]]);
    const { counts } = simulation.stations().find(({ station }) => station === "host/cores")!;
    expect(counts).toMatchObject({ jobs: 3, busyNanos: 1_150, waitNanos: 980, queueAreaNanos: 980 });
  });

  test("lets a thread go to any core that is idle when it is to run, and stay there", () => {
    const jobs = [job(0, 0, 1_000), job(10, 2, 100), job(200, 1, 500), job(300, 2, 50)];
    // Thread 2 goes to core 1, which is its own from then on: when it comes again, thread 1 is there.
    expect(startsOf(jobs, 3, 2).starts).toEqual([
      [[0, "job 0"]],
      [[200, "job 2"]],
      [
        [10, "job 1"],
        [700, "job 3"],
      ],
    ]);
  });

  test("does as its definition, whatever comes when; in both modes and from a snapshot", () => {
    const THREADS = 6;
    const plans = fc.record({
      cores: fc.integer({ min: 2, max: 4 }),
      jobs: fc.array(
        fc.record({
          at: fc.nat({ max: 3_000 }),
          lengthNanos: fc.integer({ min: 1, max: 1_000 }),
          thread: fc.nat({ max: THREADS - 1 }),
        }),
        { minLength: 1, maxLength: 40 },
      ),
      cut: fc.nat({ max: 6_000 }),
    });
    let compared = 0;
    fc.assert(
      fc.property(plans, ({ cores, jobs: drawn, cut }) => {
        const jobs = drawn
          .map(({ at, ...rest }) => ({ ...rest, atNanos: at }))
          .sort((a, b) => a.atNanos - b.atNanos);
        const defined = startsByRunQueues(jobs, THREADS, cores);
        // What happens at the same moment may go in any order.
        fc.pre(defined !== undefined);
        compared++;
        const fast = startsOf(jobs, THREADS, cores);
        expect(fast.starts).toEqual(defined);

        const checked = build(jobs, THREADS, cores, "checked");
        checked.simulation.start();
        checked.simulation.run(cut);
        const again = build(jobs, THREADS, cores, "checked");
        restoreSimulation(again.simulation, saveSimulation(checked.simulation));
        again.simulation.run(1e9);
        expect(again.starts()).toEqual(fast.starts);
        expect(again.simulation.digest.toString()).toBe(fast.simulation.digest.toString());
      }),
      { seed: 5, numRuns: 200 },
    );
    expect(compared).toBeGreaterThan(100);
  });
});

describe("hyperthreads", () => {
  test("slow each other down where two share a core: those beyond one for each, and whom they share with", () => {
    const simulation = simulate({ link: link(0, { connections: 0 }) });
    const host = simulation.addHost({ name: "host", cores: 4, siblingSlowdown: 1.6 });
    const machine = logging({ receive: (_, out) => out.setTimer("end", 0) });
    const threads = [0, 1, 2, 3].map((i) =>
      add(simulation, `thread ${i}`, machine, { host, costs: costs({ receiveNanos: () => 3_000 }) }),
    );
    const at = { 0: threads[0]!, 10: threads[1]!, 20: threads[2]!, 30: threads[3]! };
    const source = logging({
      start: (out) => {
        for (const time of Object.keys(at)) out.setTimer(Number(time), Number(time));
      },
      timeout: (timer, out) => out.send(at[timer as keyof typeof at], note("job")),
    });
    add(simulation, "source", source);
    simulation.start();
    simulation.run(1e6);
    const ends = threads.map((thread) => logOf(simulation, thread)[1]![0]);
    // Two of three threads share a core, and all of four: the mean over those that are at work when a step begins.
    expect(ends).toEqual([3_000, 3_010, 20 + 3_000 * (1 + (0.6 * 2) / 3), 30 + 3_000 * 1.6]);
  });
});

/** When each thread starts which jobs, step by step; undefined where two things happen at the same moment. */
function startsByRunQueues(jobs: readonly PlannedJob[], threads: number, cores: number) {
  const starts: [number, string][][] = Array.from({ length: threads }, () => []);
  const inbox: number[][] = Array.from({ length: threads }, () => []);
  const idle = new Array<boolean>(threads).fill(true);
  const last = Array.from({ length: threads }, (_, thread) => thread % cores);
  const running: ({ thread: number; endNanos: number } | undefined)[] = new Array(cores).fill(undefined);
  const queues: { thread: number; job: number }[][] = Array.from({ length: cores }, () => []);
  const start = (core: number, thread: number, job: number, now: number) => {
    last[thread] = core;
    starts[thread]!.push([now, `job ${job}`]);
    running[core] = { thread, endNanos: now + jobs[job]!.lengthNanos };
  };
  const next = (thread: number, now: number) => {
    const job = inbox[thread]!.shift();
    idle[thread] = job === undefined;
    if (job === undefined) return;
    for (let i = 0; i < cores; i++) {
      const core = (last[thread]! + i) % cores;
      if (running[core] === undefined && queues[core]!.length === 0) return start(core, thread, job, now);
    }
    queues[last[thread]!]!.push({ thread, job });
  };
  let arrived = 0;
  let before = -1;
  for (;;) {
    const ends = running.map((each) => each?.endNanos ?? Number.POSITIVE_INFINITY);
    const end = Math.min(...ends);
    const arrival = jobs[arrived]?.atNanos ?? Number.POSITIVE_INFINITY;
    const now = Math.min(end, arrival);
    if (now === Number.POSITIVE_INFINITY) return starts;
    if (now === before) return undefined;
    before = now;
    if (arrival < end) {
      const { thread } = jobs[arrived]!;
      inbox[thread]!.push(arrived++);
      if (idle[thread]) next(thread, now);
      continue;
    }
    const core = ends.indexOf(end);
    const { thread } = running[core]!;
    running[core] = undefined;
    const waiting = queues[core]!.shift();
    if (waiting !== undefined) start(core, waiting.thread, waiting.job, now);
    next(thread, now);
  }
}
