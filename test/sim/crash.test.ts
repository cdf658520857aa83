import { describe, expect, test } from "vitest";
import type { Machine } from "../../sim/machine.ts";
import type { Simulation } from "../../sim/simulation.ts";
import { add, constant, costs, kindsOf, link, logging, logOf, type Note, note, simulate } from "./kit.ts";

const silent = logging({});
const slow = costs({ receiveNanos: () => 100 });

/** Sends a note at each of these times. */
function sender(to: number, times: readonly number[]) {
  return logging({
    start: (out) => {
      for (const time of times) out.setTimer(time, time);
    },
    timeout: (timer, out) => out.send(to, note(`at ${timer}`)),
  });
}

function at(simulation: Simulation, timeNanos: number, what: () => void): void {
  const name = `at ${timeNanos}`;
  simulation.registerControl(name, what);
  simulation.at(timeNanos, name, undefined);
}

describe("a crash", () => {
  test("loses what is under way to the process, also what arrives while it is down or after it is back", () => {
    const simulation = simulate({ link: link(10) });
    const victim = add(simulation, "victim", silent);
    add(simulation, "source", sender(victim, [5, 15, 25, 35, 45]));
    at(simulation, 20, () => simulation.crash(victim));
    at(simulation, 40, () => simulation.boot(victim));
    simulation.start();
    simulation.run(100);
    // 15 was under way; 25 arrives while it is down; 35 was sent while it was down and arrives after the boot.
    expect(logOf(simulation, victim)).toEqual([[55, "at 45"]]);
    expect(simulation.lostMessages).toBe(3);
  });

  test("does not lose what the process has sent", () => {
    const simulation = simulate({ link: link(10) });
    const sink = add(simulation, "sink", silent);
    const victim = add(simulation, "victim", sender(sink, [5]));
    at(simulation, 10, () => simulation.crash(victim));
    simulation.start();
    simulation.run(100);
    expect(kindsOf(simulation, sink)).toEqual(["at 5"]);
  });

  test("ends its timers", () => {
    const simulation = simulate();
    const victim = add(simulation, "victim", logging({ start: (out) => out.setTimer("t", 50) }));
    at(simulation, 20, () => simulation.crash(victim));
    at(simulation, 30, () => simulation.boot(victim));
    simulation.start();
    simulation.run(1_000);
    expect(logOf(simulation, victim)).toEqual([[80, "timer t"]]);
  });

  test("of a process that is down changes nothing, and so does none that is up", () => {
    const simulation = simulate();
    const victim = add(simulation, "victim", silent);
    simulation.start();
    simulation.crash(victim);
    simulation.crash(victim);
    simulation.boot(victim);
    expect(() => simulation.boot(victim)).toThrow("victim is already up");
  });

  test("can happen any number of times", () => {
    const simulation = simulate({ link: link(1) });
    const victim = add(simulation, "victim", silent);
    add(simulation, "source", sender(victim, [1, 2]));
    simulation.start();
    simulation.run(1);
    // The note sent at 1 is for an incarnation whose number comes back after 1,023 boots, but not before.
    for (let i = 0; i < 1_022; i++) {
      simulation.crash(victim);
      simulation.boot(victim);
    }
    simulation.run(10);
    expect(kindsOf(simulation, victim)).toEqual(["at 2"]);
    for (let i = 0; i < 3_000; i++) {
      simulation.crash(victim);
      simulation.boot(victim);
    }
    add(simulation, "late", sender(victim, [0]));
    simulation.start();
    simulation.run(20);
    expect(kindsOf(simulation, victim)).toEqual(["at 0"]);
  });
});

describe("a crash of a busy process", () => {
  test("loses what waits for its thread, and frees the thread", () => {
    const simulation = simulate();
    const victim = add(simulation, "victim", silent, {
      costs: slow,
      host: simulation.addHost({ name: "h", cores: 2 }),
    });
    add(simulation, "source", sender(victim, [0, 1, 2, 20, 21, 22]));
    at(simulation, 10, () => {
      simulation.crash(victim);
      simulation.boot(victim);
    });
    simulation.start();
    simulation.run(1_000);
    // The wake-up that was due at 100 is the old thread's: the new one goes on at 120 and 220, with no event in between.
    expect(logOf(simulation, victim)).toEqual([
      [20, "at 20"],
      [120, "at 21"],
      [220, "at 22"],
    ]);
    const { counts } = simulation.stations()[0]!;
    expect(counts.waitNanos).toBe(counts.queueAreaNanos);
    expect(counts.busyNanos).toBe(10 + 300);
  });

  test("loses what waits for a core, but not what others wait for", () => {
    const simulation = simulate();
    const host = simulation.addHost({ name: "host", cores: 1 });
    const hog = add(simulation, "hog", silent, { host, costs: slow });
    const victim = add(simulation, "victim", silent, { host, costs: slow });
    const other = add(simulation, "other", silent, { host, costs: slow });
    for (const to of [hog, victim, other]) add(simulation, `source of ${to}`, sender(to, [0]));
    add(simulation, "again", sender(victim, [20]));
    at(simulation, 10, () => {
      simulation.crash(victim);
      simulation.boot(victim);
    });
    simulation.start();
    simulation.run(1_000);
    expect(logOf(simulation, hog)).toEqual([[0, "at 0"]]);
    expect(logOf(simulation, other)).toEqual([[100, "at 0"]]);
    expect(logOf(simulation, victim)).toEqual([[200, "at 20"]]);
    const cores = host.cores.counts(1_000);
    expect(cores.waitNanos).toBe(cores.queueAreaNanos);
  });

  test("that stays down leaves the core to others", () => {
    const simulation = simulate();
    const host = simulation.addHost({ name: "host", cores: 1 });
    const victim = add(simulation, "victim", silent, { host, costs: slow });
    const other = add(simulation, "other", silent, { host, costs: slow });
    add(simulation, "source", sender(victim, [0, 1]));
    add(simulation, "later", sender(other, [30]));
    at(simulation, 10, () => simulation.crash(victim));
    simulation.start();
    simulation.run(1_000);
    // A step is atomic: the core finishes the one it had begun.
    expect(logOf(simulation, other)).toEqual([[100, "at 30"]]);
  });

  test("loses what was on its way to the thread that owns the connection", () => {
    for (const crash of [false, true]) {
      const simulation = simulate({ link: link(1, { pinned: true }) });
      const sink = add(simulation, "sink", silent);
      const host = simulation.addHost({ name: "host", cores: 4 });
      const victim = add(
        simulation,
        "victim",
        logging({
          start: (out) => out.setTimer("t", 5),
          timeout: (_, out) => out.send(sink, note("pinned")),
        }),
        {
          host,
          costs: costs({ timerNanos: () => 10, pool: (_, timer) => (timer === undefined ? 0 : 1) }),
          pools: [
            { name: "io", threads: 1 },
            { name: "background", threads: 1 },
          ],
        },
      );
      if (crash) at(simulation, 10, () => simulation.crash(victim));
      simulation.start();
      simulation.run(100);
      expect(kindsOf(simulation, sink)).toEqual(crash ? [] : ["pinned"]);
    }
  });

  test("opens new connections: what follows owes no order to what went before", () => {
    // The first note takes 1,000, the others 1.
    const latency = { kind: "mixture", weights: [1], parts: [constant(1)] } as const;
    const simulation = simulate({ link: link(latency) });
    const sink = add(simulation, "sink", silent);
    const victim = add(simulation, "victim", sender(sink, [10, 20]));
    const [from, to] = [simulation.processes[victim]!, simulation.processes[sink]!];
    simulation.start();
    simulation.network.setFault(from, to, { extraLatency: constant(1_000) });
    simulation.run(15);
    simulation.network.setFault(from, to, undefined);
    simulation.crash(victim);
    simulation.boot(victim);
    simulation.run(2_000);
    expect(logOf(simulation, sink)).toEqual([
      [26, "at 10"],
      [36, "at 20"],
      [1_011, "at 10"],
    ]);
  });
});

describe("a machine that boots after a crash", () => {
  interface State {
    readonly found: unknown;
    synced: boolean;
  }
  /** Counts its boots on the disk, syncs, and writes something after the sync has begun. */
  const durable: Machine<undefined, State, Note> = {
    start(_config, out) {
      const boots = (out.get("boots", 0) as number | undefined) ?? 0;
      out.put("boots", 0, boots + 1, 100);
      out.sync("synced");
      out.put("after", boots, "written after the sync began", 100);
      return { found: [boots, [0, 1, 2].map((boot) => out.get("after", boot))], synced: false };
    },
    receive() {},
    timeout(state, timer) {
      if (timer === "synced") state.synced = true;
    },
  };
  const disk = {
    readLatency: constant(0),
    syncLatency: constant(1_000),
    bytesPerSecond: 1e9,
    writeBackNanos: 1_000_000,
  };

  function bootAgainAt(times: readonly number[], keepDisk = true) {
    const simulation = simulate();
    const host = simulation.addHost({ name: "host", cores: 1, disk });
    const only = add(simulation, "only", durable, { host });
    const found: unknown[] = [];
    simulation.start();
    for (const time of times) {
      simulation.run(time);
      simulation.crash(only, { wholeHost: true, disk: keepDisk ? "kept" : "lost" });
      expect(simulation.stateOf(only)).toBeUndefined();
      simulation.boot(only);
      found.push((simulation.stateOf(only) as State).found);
    }
    return found;
  }
  const after = "written after the sync began";

  test("finds what was synced, and nothing else", () => {
    // The sync transfers 100 bytes and takes 1,000: over at 1,100.
    expect(bootAgainAt([1_099])).toEqual([[0, [after, undefined, undefined]]]);
    expect(bootAgainAt([1_100])).toEqual([[1, [undefined, after, undefined]]]);
  });

  test("finds what the cache wrote back by itself", () => {
    expect(bootAgainAt([999_999])).toEqual([[1, [undefined, after, undefined]]]);
    expect(bootAgainAt([1_000_000])).toEqual([[1, [after, after, undefined]]]);
  });

  test("finds what was there before when an overwrite is lost", () => {
    expect(bootAgainAt([1_100, 1_200, 2_400])).toEqual([
      [1, [undefined, after, undefined]],
      [1, [undefined, after, undefined]],
      [2, [undefined, undefined, after]],
    ]);
  });

  test("finds nothing on a new disk", () => {
    expect(bootAgainAt([2_000_000], false)).toEqual([[0, [after, undefined, undefined]]]);
  });
});
