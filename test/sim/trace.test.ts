/** The tracer: what causes what, where the time of a step goes, and that nothing in a run depends on it. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DISK_READ } from "../../sim/effects.ts";
import type { CostModel } from "../../sim/machine.ts";
import { Simulation } from "../../sim/simulation.ts";
import { restoreSimulation, saveSimulation } from "../../sim/snapshot.ts";
import { followPath } from "../../sim/trace-path.ts";
import { MOMENTS, type TracedInput, type TracedOperation } from "../../sim/trace-records.ts";
import { MICROSECOND, MILLISECOND, SECOND } from "../../sim/units.ts";
import { constant, link, logging, note } from "./kit.ts";

const costs: CostModel = {
  receiveNanos: () => 10 * MICROSECOND,
  sendNanos: () => 5 * MICROSECOND,
  timerNanos: () => 2 * MICROSECOND,
  workNanos: (_kind, amount) => amount,
  sizeBytes: () => 1_250,
};

const free: CostModel = {
  ...costs,
  receiveNanos: () => 0,
  sendNanos: () => 0,
  timerNanos: () => 0,
};

/** A client that asks a server twice at once; the server answers after it has worked. */
function askTwice(
  options: { shuffleTies?: boolean } = {},
  /** Done to the server between two moments. */
  meanwhile?: (simulation: Simulation) => void,
) {
  const operations: TracedOperation[] = [];
  const simulation = new Simulation({
    seed: 1,
    mode: "fast",
    routing: () => link(100 * MICROSECOND),
    ...options,
  });
  const host = simulation.addHost({ name: "host", cores: 1, bitsPerSecond: 1_000_000_000 });
  const server = simulation.addProcess({
    name: "server",
    role: "server",
    host,
    costs,
    machine: logging({
      receive(_note, out, from) {
        out.work("work", 20 * MICROSECOND);
        out.send(from, note("answer"));
      },
    }),
    config: undefined,
  });
  const open: number[] = [];
  simulation.addProcess({
    name: "client",
    role: "client",
    costs: free,
    machine: logging({
      start: (out) => out.setTimer("go", MILLISECOND),
      timeout(_timer, out) {
        open.push(out.begin("ask"), out.begin("ask"));
        out.send(server, note("question"));
        out.send(server, note("question"));
      },
      receive: (_note, out) => out.complete(open.shift()!, "ok"),
    }),
    config: undefined,
  });
  const tracer = simulation.trace({ onOperation: (operation) => operations.push(operation) });
  simulation.start();
  if (meanwhile !== undefined) {
    meanwhile(simulation);
    simulation.run(2 * MILLISECOND);
    simulation.registerControl("resume", () => simulation.resume(server));
    simulation.at(2 * MILLISECOND, "resume", undefined);
  }
  simulation.run(10 * MILLISECOND);
  return { simulation, tracer, operations };
}

const momentsOf = ({ nanos }: TracedInput): number[] =>
  MOMENTS.flatMap((moment) => (nanos[moment] === undefined ? [] : [nanos[moment]]));

describe("a record of an input", () => {
  test("splits the time from its cause to the end of its step exactly", () => {
    const { tracer } = askTwice();
    const questions = [...tracer.inputs()].filter(({ name }) => name === "question");
    const sent = MILLISECOND;
    // 1,250 bytes at 1 Gbit/s are 10 us on the line into the host; the client's own host has no limit.
    expect(questions.map(({ nanos }) => nanos)).toEqual([
      {
        ...{ sent, lineFree: sent, lineLeft: sent, propagated: sent + 100_000, delayed: sent + 100_000 },
        ...{ received: sent + 100_000, arrived: sent + 100_000, reached: sent + 100_000 },
        ...{ onThread: sent + 100_000, onCore: sent + 100_000, started: sent + 100_000 },
        ...{ taken: sent + 110_000, cpuOver: sent + 135_000, ended: sent + 135_000 },
      },
      {
        ...{ sent, lineFree: sent, lineLeft: sent, propagated: sent + 100_000, delayed: sent + 100_000 },
        // Behind the first on the line,
        ...{ received: sent + 110_000, arrived: sent + 110_000, reached: sent + 110_000 },
        // and then on the thread.
        ...{ onThread: sent + 135_000, onCore: sent + 135_000, started: sent + 135_000 },
        ...{ taken: sent + 145_000, cpuOver: sent + 170_000, ended: sent + 170_000 },
      },
    ]);
    const answers = [...tracer.inputs()].filter(({ name }) => name === "answer");
    expect(answers[0]!.nanos.sent).toBe(sent + 135_000);
    expect(answers[0]!.nanos.lineLeft).toBe(sent + 145_000);
  });

  test("names the step that sent or set it", () => {
    const { tracer, operations } = askTwice();
    const [operation] = operations;
    const chain: string[] = [];
    for (let id = operation!.completedBy; id !== 0; id = tracer.causeOf(id)) {
      chain.push(`${tracer.kindOf(id)} ${tracer.nameOf(id)}`);
    }
    expect(chain).toEqual(["message answer", "message question", "timer go", "start start"]);
    expect(operation!.begunBy).toBe(tracer.causeOf(tracer.causeOf(operation!.completedBy)));
  });

  test("has moments that never go back, whatever the load", () => {
    const { tracer } = askTwice();
    for (const input of tracer.inputs()) {
      const moments = momentsOf(input);
      expect(moments).toEqual([...moments].sort((a, b) => a - b));
    }
  });

  test("keeps its cause where simultaneous events are shuffled", () => {
    const { tracer } = askTwice({ shuffleTies: true });
    const answers = [...tracer.inputs()].filter(({ name }) => name === "answer");
    expect(answers.map(({ cause }) => tracer.nameOf(cause))).toEqual(["question", "question"]);
  });
});

describe("the path of an operation", () => {
  test("says what it waited for at every moment", () => {
    const { tracer, operations } = askTwice();
    const parts = operations.map((operation) =>
      followPath(tracer, operation, () => undefined).pieces.map(
        ({ part, fromNanos, toNanos }) => `${part} ${(toNanos - fromNanos) / 1_000}`,
      ),
    );
    expect(parts).toEqual([
      ["propagation 100", "cpu 10", "cpu 25", "transmission 10", "propagation 100"],
      [
        "propagation 100",
        "receiverQueue 10",
        "thread 25",
        "cpu 10",
        "cpu 25",
        "transmission 10",
        "propagation 100",
      ],
    ]);
  });
});

test("what comes for a process that is paused waits for the end of the pause, and then for its turn", () => {
  const pauses = (simulation: Simulation) => simulation.pause(0);
  const { tracer, operations } = askTwice({}, pauses);
  const [first, second] = operations.map((operation) => {
    const { pieces } = followPath(tracer, operation, () => undefined);
    return pieces.map(({ part, fromNanos, toNanos }) => `${part} ${(toNanos - fromNanos) / 1_000}`);
  });
  expect(first!.slice(0, 3)).toEqual(["propagation 100", "paused 900", "cpu 10"]);
  expect(second!.slice(0, 4)).toEqual(["propagation 100", "receiverQueue 10", "paused 890", "thread 35"]);
});

describe("a timer that gathers", () => {
  /** Two clients ask a server, which answers everything at its next tick; the first question sets the timer. */
  function gathering() {
    const operations: TracedOperation[] = [];
    const simulation = new Simulation({ seed: 1, mode: "fast", routing: () => link(100 * MICROSECOND) });
    const waiting: number[] = [];
    const server = simulation.addProcess({
      name: "server",
      role: "server",
      machine: logging({
        receive(_note, out, from) {
          waiting.push(from);
          out.setTimerAtTick("tick", MILLISECOND, 0);
        },
        timeout(_timer, out) {
          for (const from of waiting.splice(0)) out.send(from, note("answer"));
        },
      }),
      config: undefined,
    });
    for (const n of [1, 4]) {
      let operation = 0;
      simulation.addProcess({
        name: `client ${n}`,
        role: "client",
        machine: logging({
          start: (out) => out.setTimer("go", n * 100 * MICROSECOND),
          timeout(_timer, out) {
            operation = out.begin("ask");
            out.send(server, note("question"));
          },
          receive: (_note, out) => out.complete(operation, "ok"),
        }),
        config: undefined,
      });
    }
    const tracer = simulation.trace({ onOperation: (operation) => operations.push(operation) });
    simulation.start();
    simulation.run(10 * MILLISECOND);
    return { tracer, operations };
  }
  const text = ({ pieces }: ReturnType<typeof followPath>): string[] =>
    pieces.map(({ part, fromNanos, toNanos }) => `${part} ${(toNanos - fromNanos) / 1_000}`);

  test("was set by somebody else, whose way the path would be if it followed causes alone", () => {
    const { tracer, operations } = gathering();
    const second = operations[1]!;
    const alone = followPath(tracer, second, () => undefined);
    expect(alone.complete).toBe(false);
    expect(text(alone)).toEqual(["timer 600", "propagation 100"]);
  });

  test("was waited for with what the operation had brought there, where the model says so", () => {
    const { tracer, operations } = gathering();
    const tick = { of: new Set(["question"]) };
    for (const [i, waitMicros] of [800, 500].entries()) {
      const path = followPath(tracer, operations[i]!, (_process, _kind, name) =>
        name === "tick" ? tick : undefined,
      );
      expect(path.complete).toBe(true);
      expect(text(path)).toEqual(["propagation 100", `waiting ${waitMicros}`, "propagation 100"]);
    }
  });

  test("may take up what the step that began the operation had taken in", () => {
    const completed: TracedOperation[] = [];
    const simulation = new Simulation({ seed: 1, mode: "fast", routing: () => link(0) });
    let operation = 0;
    simulation.addProcess({
      name: "alone",
      role: "alone",
      machine: logging({
        start(out) {
          out.setTimer("ask", 200 * MICROSECOND);
          out.setTimer("tick", MILLISECOND);
        },
        timeout(timer, out) {
          if (timer === "ask") operation = out.begin("ask");
          else out.complete(operation, "ok");
        },
      }),
      config: undefined,
    });
    const tracer = simulation.trace({ onOperation: (each) => completed.push(each) });
    simulation.start();
    simulation.run(2 * MILLISECOND);
    const path = followPath(tracer, completed[0]!, () => ({ of: new Set(["ask"]) }));
    expect(path.complete).toBe(true);
    expect(text(path)).toEqual(["waiting 800"]);
  });
});

describe("disks, and threads that do not own a connection", () => {
  /** A server with a disk that answers reads when it has read, writes when they are durable, from one of two threads. */
  function asked(kind: "read" | "write") {
    const operations: TracedOperation[] = [];
    const simulation = new Simulation({
      seed: 1,
      mode: "fast",
      routing: () => link(100 * MICROSECOND, { pinned: true }),
    });
    const host = simulation.addHost({
      name: "host",
      cores: 2,
      disk: {
        readLatency: constant(300 * MICROSECOND),
        syncLatency: constant(700 * MICROSECOND),
        bytesPerSecond: 1e9,
      },
    });
    let client = 0;
    const server = simulation.addProcess({
      name: "server",
      role: "server",
      host,
      costs: { ...costs, pool: (_message, timer) => (timer === undefined ? 0 : 1) },
      pools: [
        { name: "io", threads: 1 },
        { name: "disk", threads: 1 },
      ],
      handOffNanos: 3 * MICROSECOND,
      machine: logging({
        receive(_note, out, from) {
          client = from;
          if (kind === "read") {
            out.work(DISK_READ, 1_000);
            out.send(from, note("answer"));
          } else {
            out.put("table", 1, "value", 1_000);
            out.sync("durable");
          }
        },
        timeout: (_timer, out) => out.send(client, note("answer")),
      }),
      config: undefined,
    });
    let operation = 0;
    simulation.addProcess({
      name: "client",
      role: "client",
      machine: logging({
        start: (out) => out.setTimer("go", MILLISECOND),
        timeout(_timer, out) {
          operation = out.begin(kind);
          out.send(server, note("question"));
        },
        receive: (_note, out) => out.complete(operation, "ok"),
      }),
      config: undefined,
    });
    const tracer = simulation.trace({ onOperation: (each) => operations.push(each) });
    simulation.start();
    simulation.run(10 * MILLISECOND);
    return followPath(tracer, operations[0]!, () => undefined).pieces.map(
      ({ input, part, fromNanos, toNanos }) =>
        `${tracer.kindOf(input)} ${part} ${(toNanos - fromNanos) / 1_000}`,
    );
  }

  test("a read is waited for at the end of its step", () => {
    expect(asked("read")).toEqual([
      "message propagation 100",
      "message cpu 10",
      "message cpu 5",
      // 1,000 bytes at 1 GB/s besides.
      "message diskRead 301",
      "message propagation 100",
    ]);
  });

  test("a sync is waited for, and what answers then is handed to the thread of the connection", () => {
    expect(asked("write")).toEqual([
      "message propagation 100",
      "message cpu 10",
      "sync sync 701",
      // It hands the answer over,
      "sync cpu 2",
      "sync cpu 3",
      // and the owner sends it.
      "handOff cpu 5",
      "message propagation 100",
    ]);
  });
});

describe("the ring", () => {
  test("keeps the newest records, and what came before them is unknown", () => {
    const simulation = new Simulation({ seed: 1, mode: "fast", routing: () => link(0) });
    let operation = 0;
    simulation.addProcess({
      name: "clock",
      role: "clock",
      machine: logging({
        start(out) {
          out.setTimer("long", MILLISECOND);
          out.setTimer("tick", 1);
        },
        timeout(timer, out) {
          if (timer === "long") return out.complete(operation, "ok");
          if (out.now === 1) operation = out.begin("long");
          return out.setTimer("tick", MICROSECOND);
        },
      }),
      config: undefined,
    });
    const completed: TracedOperation[] = [];
    const tracer = simulation.trace({ recordsMax: 100, onOperation: (each) => completed.push(each) });
    simulation.start();
    simulation.run(MILLISECOND - 1);
    expect(tracer.oldest).toBe(tracer.count - 127);
    expect(tracer.has(tracer.oldest - 1)).toBe(false);
    simulation.run(MILLISECOND);
    const { pieces, complete } = followPath(tracer, completed[0]!, () => undefined);
    expect(complete).toBe(false);
    expect(pieces.map(({ part }) => part)).toEqual(["unknown"]);
  });

  test("records a window only", () => {
    const simulation = new Simulation({ seed: 1, mode: "fast", routing: () => link(0) });
    simulation.addProcess({
      name: "clock",
      role: "clock",
      machine: logging({
        start: (out) => out.setTimer("tick", MILLISECOND),
        timeout: (_timer, out) => out.setTimer("tick", MILLISECOND),
      }),
      config: undefined,
    });
    const tracer = simulation.trace({ fromNanos: 10 * MILLISECOND, untilNanos: 20 * MILLISECOND });
    simulation.start();
    simulation.run(SECOND);
    const ran = [...tracer.inputs()].flatMap(({ nanos }) =>
      nanos.onCore === undefined ? [] : [nanos.onCore],
    );
    expect(ran).toEqual(Array.from({ length: 11 }, (_, i) => (10 + i) * MILLISECOND));
  });
});

describe("a traced run", () => {
  test("has the digest of one that is not", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.boolean(),
        fc.integer({ min: 1, max: 300 }),
        (seed, shuffleTies, recordsMax) => {
          const digests = [false, true].map((traced) => {
            const simulation = ring(seed, shuffleTies);
            if (traced) simulation.trace({ recordsMax, fromNanos: MILLISECOND });
            simulation.start();
            simulation.run(5 * MILLISECOND);
            return simulation.digest.toString();
          });
          expect(digests[1]).toBe(digests[0]);
        },
      ),
      { numRuns: 50, seed: 1 },
    );
  });

  test("cannot be saved, but can go on from a snapshot of one that was not traced", () => {
    const [whole, saved, restored] = [ring(1, false), ring(1, false), ring(1, false)];
    for (const each of [whole, saved]) each.start();
    whole.run(4 * MILLISECOND);
    saved.run(2 * MILLISECOND);
    const tracer = restored.trace();
    restoreSimulation(restored, saveSimulation(saved));
    restored.run(4 * MILLISECOND);
    expect(restored.digest.toString()).toBe(whole.digest.toString());
    expect(tracer.count).toBeGreaterThan(100);
    expect(() => saveSimulation(restored)).toThrow("it is not saved");
  });
});

/** Processes with costs that pass notes around, in threads that are too few. */
function ring(seed: number, shuffleTies: boolean): Simulation {
  const simulation = new Simulation({
    seed,
    mode: "fast",
    shuffleTies,
    routing: () => link({ kind: "exponential", mean: 20_000 }, { connections: 2 }),
  });
  const hosts = [1, 2].map((n) =>
    simulation.addHost({ name: `host ${n}`, cores: 1, bitsPerSecond: 1_000_000_000 }),
  );
  for (let n = 0; n < 4; n++) {
    simulation.addProcess({
      name: `p${n}`,
      role: "p",
      host: hosts[n % 2]!,
      costs,
      pools: [{ name: "io", threads: 2 }],
      wakeLatency: { kind: "exponential", mean: 1_000 },
      machine: logging({
        start: (out) => out.setTimer("go", 1_000 * (n + 1)),
        timeout(_timer, out) {
          for (let to = 0; to < 4; to++) if (to !== out.self) out.send(to, note("hop"));
          out.setTimer("go", 300_000);
        },
        receive(_note, out) {
          if (out.choose(3) > 0) out.send(out.choose(4), note("hop"));
        },
      }),
      config: undefined,
    });
  }
  return simulation;
}
