import { describe, expect, test } from "vitest";
import type { LinkRule } from "../../sim/faults/fault.ts";
import type { LinkProfile } from "../../sim/network.ts";
import { MILLISECOND, SECOND } from "../../sim/units.ts";
import { add, constant, costs, kindsOf, link, logging, logOf, note, simulate } from "./kit.ts";

const JITTERY = { kind: "exponential", mean: 1_000 } as const;

/** Sends `count` numbered notes a tick, every 10 ns, and returns what arrives: numbers in order of arrival. */
function stream(
  profile: LinkProfile,
  options: { ticks?: number; perTick?: number; fault?: LinkRule; datagrams?: boolean } = {},
) {
  const { ticks = 500, perTick = 1, fault, datagrams = false } = options;
  const simulation = simulate({ link: profile });
  const arrivals: { number: number; timeNanos: number }[] = [];
  const sink = add(
    simulation,
    "sink",
    logging({
      receive: ({ value }, out) => void arrivals.push({ number: value as number, timeNanos: out.now }),
    }),
  );
  let sent = 0;
  const source = add(
    simulation,
    "source",
    logging({
      start: (out) => out.setTimer("tick", 10),
      timeout: (_timer, out) => {
        for (let i = 0; i < perTick; i++) out.send(sink, note("n", sent++));
        if (sent < ticks * perTick) out.setTimer("tick", 10);
      },
    }),
    datagrams ? { datagrams: profile } : {},
  );
  simulation.network.setFault(simulation.processes[source]!, simulation.processes[sink]!, fault);
  simulation.start();
  simulation.run(SECOND);
  return { simulation, sent, arrivals, numbers: arrivals.map(({ number }) => number) };
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, i) => i === 0 || number > numbers[i - 1]!);
}

describe("a link", () => {
  test("of one connection keeps the order", () => {
    const { numbers } = stream(link(JITTERY));
    expect(numbers).toHaveLength(500);
    expect(isAscending(numbers)).toBe(true);
  });

  test("of several connections keeps the order within what one step sends, and only there", () => {
    const { numbers } = stream(link(JITTERY, { connections: 8 }), { perTick: 3 });
    expect(numbers).toHaveLength(1_500);
    expect(isAscending(numbers)).toBe(false);
    const placeOf = new Map(numbers.map((number, place) => [number, place]));
    for (let step = 0; step < 500; step++) {
      expect(isAscending([0, 1, 2].map((i) => placeOf.get(3 * step + i)!))).toBe(true);
    }
  });

  test("uses its connections in turn: a step waits only for those that used the same one", () => {
    const { numbers } = stream(link(JITTERY, { connections: 4 }));
    for (let lane = 0; lane < 4; lane++) {
      expect(isAscending(numbers.filter((number) => number % 4 === lane))).toBe(true);
    }
    expect(isAscending(numbers.filter((number) => number % 2 === 0))).toBe(false);
  });

  test.each([false, true])("without connections keeps no order (datagrams of a process: %s)", (datagrams) => {
    const { numbers } = stream(link(JITTERY, { connections: 0 }), { perTick: 2, datagrams });
    expect(numbers).toHaveLength(1_000);
    const swapped = Array.from(
      { length: 500 },
      (_, i) => numbers.indexOf(2 * i) > numbers.indexOf(2 * i + 1),
    );
    expect(swapped.filter(Boolean).length).toBeGreaterThan(150);
  });

  test("draws its delays from a stream of its own: other traffic does not shift them", () => {
    const delays = (others: boolean) => {
      const simulation = simulate({ link: link(JITTERY, { connections: 0 }) });
      const sink = add(simulation, "sink", logging({}));
      add(simulation, "source", logging({ start: (out) => out.send(sink, note("mine")) }));
      if (others) {
        add(simulation, "other", logging({ start: (out) => out.send(sink, note("other")) }));
      }
      simulation.start();
      simulation.run(SECOND);
      return logOf(simulation, sink).filter(([, kind]) => kind === "mine");
    };
    expect(delays(true)).toEqual(delays(false));
  });
});

describe("threads", () => {
  const io = (threads: number) => ({
    costs: costs({ receiveNanos: () => 100 }),
    pools: [{ name: "io", threads }],
  });

  test("take the connections from other processes in turn", () => {
    const simulation = simulate({ link: link(0, { connections: 4 }) });
    const host = simulation.addHost({ name: "host", cores: 8 });
    const sink = add(simulation, "sink", logging({}), { host, ...io(4) });
    const send = (out: { send: (to: number, message: { kind: string }) => void }) =>
      out.send(sink, note("n"));
    add(
      simulation,
      "source",
      logging({
        start: (out) => {
          for (const timer of [0, 1, 2, 3]) out.setTimer(timer, 0);
        },
        timeout: (_, out) => send(out),
      }),
    );
    simulation.start();
    simulation.run(1_000);
    // Four steps, four connections, four threads: none waits.
    expect(logOf(simulation, sink).map(([at]) => at)).toEqual([0, 0, 0, 0]);
  });

  test("of every pool have connections of their own", () => {
    const simulation = simulate({ link: link(JITTERY, { connections: 2 }) });
    const host = simulation.addHost({ name: "host", cores: 8 });
    const numbers: number[] = [];
    const sink = add(
      simulation,
      "sink",
      logging({ receive: ({ value }) => void numbers.push(value as number) }),
      {
        host: simulation.addHost({ name: "sink", cores: 8 }),
        ...io(2),
      },
    );
    let sent = 0;
    add(
      simulation,
      "source",
      logging({
        start: (out) => out.setTimer("tick", 10),
        timeout: (timer, out) => {
          out.send(sink, note("n", sent++));
          if (sent < 200) out.setTimer(timer, 10);
        },
      }),
      {
        host,
        costs: costs({ pool: () => 1 }),
        pools: [
          { name: "io", threads: 1 },
          { name: "background", threads: 1 },
        ],
      },
    );
    simulation.start();
    simulation.run(SECOND);
    for (const lane of [0, 1]) expect(isAscending(numbers.filter((n) => n % 2 === lane))).toBe(true);
    expect(isAscending(numbers)).toBe(false);
  });

  test("hand a message to the thread that owns a pinned connection, which pays for the send", () => {
    const simulation = simulate({ link: link(0, { pinned: true }) });
    const host = simulation.addHost({ name: "host", cores: 8 });
    const sink = add(simulation, "sink", logging({}));
    const model = costs({ receiveNanos: () => 100, sendNanos: () => 30 });
    const forward = logging({ receive: (message, out) => out.send(sink, message) });
    const worker = add(simulation, "worker", forward, { host, ...io(2), costs: model, handOffNanos: 7 });
    // Addresses 2 and 3: with two threads, one has its connection on the thread that also owns the sink's, one has not.
    for (const name of ["even", "odd"]) {
      add(simulation, name, logging({ start: (out) => out.send(worker, note(name)) }));
    }
    simulation.start();
    simulation.run(1_000);
    // Thread 0 receives even, sends it, and is then free for odd's, which thread 1 has handed over at 107.
    expect(logOf(simulation, sink)).toEqual([
      [130, "even"],
      [160, "odd"],
    ]);
    const row = simulation.stations().find(({ station }) => station === "worker/io")!;
    expect(row.counts).toMatchObject({ jobs: 3, busyNanos: 130 + 107 + 30, waitNanos: 23 });
  });
});

describe("a network interface", () => {
  /** Two hosts with a line each; a source that sends a burst of notes of a million bytes. */
  function burst(messages: number, senders: number, more: { local?: boolean; receiver?: number } = {}) {
    const simulation = simulate({ link: link(50, { connections: 0, local: more.local ?? false }) });
    const bitsPerSecond = 8e9;
    const receiver = simulation.addHost({
      name: "receiver",
      cores: 1,
      bitsPerSecond: more.receiver ?? bitsPerSecond,
    });
    const sink = add(simulation, "sink", logging({}), { host: receiver });
    const million = costs({ sizeBytes: () => 1e6 });
    for (let i = 0; i < senders; i++) {
      const name = `sender-${i}`;
      const machine = logging({
        start: (out) => {
          for (let n = 0; n < messages; n++) out.send(sink, note("big"));
        },
      });
      add(simulation, name, machine, {
        host: simulation.addHost({ name, cores: 1, bitsPerSecond }),
        costs: million,
      });
    }
    simulation.start();
    simulation.run(SECOND);
    return { simulation, times: logOf(simulation, sink).map(([at]) => at) };
  }

  test("delays a message by its size once, not at both ends", () => {
    expect(burst(1, 1).times).toEqual([MILLISECOND + 50]);
  });

  test("limits what a host sends", () => {
    const { simulation, times } = burst(5, 1);
    expect(times).toEqual([1, 2, 3, 4, 5].map((n) => n * MILLISECOND + 50));
    const { out } = simulation.hosts[1]!.nic;
    expect([out.frames, out.busyNanos(SECOND), out.waitNanos]).toEqual([
      5,
      5 * MILLISECOND,
      10 * MILLISECOND,
    ]);
  });

  test("limits what a host receives", () => {
    const { simulation, times } = burst(1, 5);
    expect(times).toEqual([1, 2, 3, 4, 5].map((n) => n * MILLISECOND + 50));
    expect(simulation.hosts[0]!.nic.in.busyNanos(SECOND)).toBe(5 * MILLISECOND);
  });

  test("is not passed by local messages, and may be unlimited", () => {
    expect(burst(2, 2, { local: true }).times).toEqual([50, 50, 50, 50]);
    expect(burst(2, 2, { receiver: 0 }).times).toEqual([1, 1, 2, 2].map((n) => n * MILLISECOND + 50));
  });
});

describe("a fault on one direction of a link", () => {
  test("blocks it", () => {
    const { simulation, sent, numbers } = stream(link(5), { fault: { blocked: true } });
    expect(numbers).toEqual([]);
    expect(simulation.lostMessages).toBe(sent);
  });

  test.each([false, true])("loses a share of the messages (datagrams: %s)", (datagrams) => {
    const { sent, numbers } = stream(link(5), { ticks: 4_000, fault: { lossShare: 0.25 }, datagrams });
    expect(numbers.length / sent).toBeGreaterThan(0.72);
    expect(numbers.length / sent).toBeLessThan(0.78);
  });

  test("delivers a share of them twice, the second time later", () => {
    const { sent, numbers } = stream(link(JITTERY), { ticks: 4_000, fault: { duplicateShare: 0.25 } });
    expect(new Set(numbers).size).toBe(sent);
    expect(numbers.length / sent).toBeGreaterThan(1.22);
    expect(numbers.length / sent).toBeLessThan(1.28);
    const firsts = numbers.filter((number, place) => numbers.indexOf(number) === place);
    expect(isAscending(firsts)).toBe(true);
  });

  test("adds to the delay", () => {
    const { arrivals } = stream(link(5), { ticks: 3, fault: { extraLatency: constant(1_000) } });
    expect(arrivals.map(({ timeNanos }) => timeNanos)).toEqual([1_015, 1_025, 1_035]);
  });

  test("may break the order within a connection", () => {
    const { numbers } = stream(link(JITTERY), { fault: { reorder: true } });
    expect(numbers).toHaveLength(500);
    expect(isAscending(numbers)).toBe(false);
  });

  test("slows the line down", () => {
    const simulation = simulate({ link: link(0) });
    const sink = add(simulation, "sink", logging({}));
    const host = simulation.addHost({ name: "host", cores: 1, bitsPerSecond: 8e9 });
    const source = add(simulation, "source", logging({ start: (out) => out.send(sink, note("big")) }), {
      host,
      costs: costs({ sizeBytes: () => 1_000 }),
    });
    const [from, to] = [simulation.processes[source]!, simulation.processes[sink]!];
    simulation.network.setFault(from, to, { slowdown: 10 });
    simulation.start();
    simulation.run(SECOND);
    expect(logOf(simulation, sink)).toEqual([[10_000, "big"]]);
  });

  test("leaves the other direction, other pairs and later messages alone", () => {
    const simulation = simulate({ link: link(JITTERY, { connections: 0 }) });
    const echo = logging({
      receive: (message, out, from) => message.kind === "ping" && out.send(from, note("pong")),
    });
    const [a, b, c] = ["a", "b", "c"].map((name) => add(simulation, name, echo)) as [number, number, number];
    add(simulation, "kick", logging({ start: (out) => [a, b, c].map((to) => out.send(to, note("ping"))) }));
    simulation.start();
    const [first, second] = [simulation.processes[3]!, simulation.processes[a]!];
    simulation.network.setFault(first, second, { blocked: true });
    simulation.run(SECOND);
    // What was sent before the fault arrives; the answers travel the other way.
    expect(kindsOf(simulation, 3)).toEqual(["pong", "pong", "pong"]);
    simulation.network.setFault(first, second, undefined);
    expect(simulation.lostMessages).toBe(0);
  });

  test("does not shift the delays of what gets through, nor of what follows when it is lifted", () => {
    const healthy = stream(link(JITTERY, { connections: 0 }));
    const lossy = stream(link(JITTERY, { connections: 0 }), { fault: { lossShare: 0.5 } });
    const timesOf = new Map(healthy.arrivals.map(({ number, timeNanos }) => [number, timeNanos]));
    expect(lossy.arrivals.length).toBeGreaterThan(100);
    for (const { number, timeNanos } of lossy.arrivals) expect(timeNanos).toBe(timesOf.get(number));
  });

  test("that comes back does not repeat its draws", () => {
    const simulation = simulate({ link: link(0) });
    const sink = add(simulation, "sink", logging({}));
    const source = add(
      simulation,
      "source",
      logging({
        start: (out) => out.setTimer(0, 1),
        timeout: (timer, out) => {
          out.send(sink, note(String(timer)));
          out.setTimer(Number(timer) + 1, 1);
        },
      }),
    );
    const [from, to] = [simulation.processes[source]!, simulation.processes[sink]!];
    simulation.start();
    const through = [0, 1].map((round) => {
      simulation.network.setFault(from, to, { lossShare: 0.5 });
      simulation.run(100 * (round + 1));
      simulation.network.setFault(from, to, undefined);
      return kindsOf(simulation, sink)
        .map(Number)
        .filter((n) => Math.floor(n / 100) === round)
        .map((n) => n % 100);
    });
    expect(through[0]).not.toEqual(through[1]);
  });
});
