import { describe, expect, test } from "vitest";
import type { Application, Language } from "../../../models/applications/application.ts";
import { CHANNELS_PER_PROCESS, NIGHTCORE_DEFAULTS } from "../../../models/nightcore/config.ts";
import { engine } from "../../../models/nightcore/engine.ts";
import type { EngineConfig, EngineState } from "../../../models/nightcore/engine-state.ts";
import { type LauncherConfig, type LauncherState, launcher } from "../../../models/nightcore/launcher.ts";
import type { NightcoreMessage } from "../../../models/nightcore/messages.ts";
import { worker } from "../../../models/nightcore/worker.ts";
import type { WorkerConfig, WorkerState } from "../../../models/nightcore/worker-state.ts";
import type { Machine } from "../../../sim/machine.ts";
import { Simulation } from "../../../sim/simulation.ts";
import { MILLISECOND, SECOND } from "../../../sim/units.ts";
import { ENGINE, fakeProcess, fixed } from "./fake-process.ts";

const LAUNCH = 20 * MILLISECOND;
const RESTART = 300 * MILLISECOND;
const FIRST_PROCESS = 10;

function alone(language: Language, processes: number) {
  const config: LauncherConfig = {
    fn: 2,
    language,
    engine: ENGINE,
    processes: Array.from({ length: processes }, (_, i) => FIRST_PROCESS + i),
    launchDelay: { kind: "constant", value: LAUNCH },
    restartNanos: RESTART,
  };
  return fakeProcess<LauncherState>(launcher, config);
}

type Alone = ReturnType<typeof alone>;

/** The engine asks for this worker, and its time comes. Returns the process that is told, if any. */
function launch(fake: Alone, client: number): number | undefined {
  fake.receive(ENGINE, { kind: "createWorker", client });
  fake.timeout(client);
  return startedBy(fake)[0]?.[0];
}

function startedBy(fake: Alone): [process: number, client: number][] {
  return fake.sent
    .splice(0)
    .flatMap(({ to, message }) =>
      message.kind === "startWorker" ? [[to, message.client] as [number, number]] : [],
    );
}

describe("a launcher", () => {
  test("says hello to its engine over the connection of its function, and watches it and its processes", () => {
    const fake = alone("cpp", 2);
    expect(fake.sent).toEqual([{ to: ENGINE, connection: 2, message: { kind: "launcherHello", fn: 2 } }]);
    expect(fake.watched).toEqual([ENGINE, 10, 11]);
  });

  test("ends when the engine has another one, and starts again", () => {
    const fake = alone("cpp", 1);
    fake.receive(ENGINE, { kind: "launcherWelcome", accepted: true });
    expect(fake.crashed).toBeUndefined();
    fake.receive(ENGINE, { kind: "launcherWelcome", accepted: false });
    expect(fake.crashed).toBe(RESTART);
  });

  test("launches any number of workers at a time, each after its own delay", () => {
    const fake = alone("cpp", 3);
    fake.sent.length = 0;
    for (const client of [5, 6, 7]) fake.receive(ENGINE, { kind: "createWorker", client });
    expect(startedBy(fake)).toEqual([]);
    expect([...fake.timers]).toEqual([
      [5, LAUNCH],
      [6, LAUNCH],
      [7, LAUNCH],
    ]);
    for (const client of [7, 5, 6]) fake.timeout(client);
    expect(startedBy(fake)).toEqual([
      [10, 7],
      [11, 5],
      [12, 6],
    ]);
  });

  test("starts all workers in the only process, except in C++", () => {
    for (const language of ["go", "node", "python"] as const) {
      const fake = alone(language, 1);
      expect([1, 2, 3].map((client) => launch(fake, client))).toEqual([10, 10, 10]);
    }
  });

  test("does not start a worker that is to stop before its time has come", () => {
    const fake = alone("go", 1);
    fake.receive(ENGINE, { kind: "createWorker", client: 5 });
    fake.receive(ENGINE, { kind: "stopWorker", client: 5 });
    expect(fake.timers.size).toBe(0);
    expect(startedBy(fake)).toEqual([]);
  });

  test("tells the process of a worker that it is to stop", () => {
    const fake = alone("cpp", 2);
    for (const client of [5, 6]) launch(fake, client);
    fake.receive(ENGINE, { kind: "stopWorker", client: 6 });
    fake.receive(ENGINE, { kind: "stopWorker", client: 9 });
    expect(fake.sent).toEqual([
      { to: 11, connection: undefined, message: { kind: "stopWorker", client: 6 } },
    ]);
  });

  test("ends with its engine, and with the process that all workers share", () => {
    for (const [language, from] of [
      ["cpp", ENGINE],
      ["go", ENGINE],
      ["go", 10],
      ["node", 10],
      ["python", 10],
    ] as const) {
      const fake = alone(language, 1);
      fake.receive(from, { kind: "closed" });
      expect(fake.crashed).toBe(RESTART);
    }
  });

  test("forgets a C++ worker that has died, and uses its process again once it is known to be up", () => {
    const fake = alone("cpp", 2);
    launch(fake, 5);
    fake.receive(10, { kind: "closed" });
    expect(fake.crashed).toBeUndefined();
    expect(fake.watched.at(-1)).toBe(10);
    expect(launch(fake, 6)).toBe(11);
    // There is none left for the next one, until the first is tried.
    expect(launch(fake, 7)).toBeUndefined();
    fake.timeout("probe");
    expect(startedBy(fake)).toEqual([[10, 7]]);
  });

  test("tries a process that stays down until it is up", () => {
    const fake = alone("cpp", 1);
    launch(fake, 5);
    fake.receive(10, { kind: "closed" });
    launch(fake, 6);
    // The watch of a process that is down is answered at once.
    fake.receive(10, { kind: "closed" });
    for (let i = 0; i < 3; i++) {
      fake.timeout("probe");
      expect(fake.watched.at(-1)).toBe(10);
      fake.receive(10, { kind: "closed" });
    }
    expect(startedBy(fake)).toEqual([]);
    fake.timeout("probe");
    fake.timeout("probe");
    expect(startedBy(fake)).toEqual([[10, 6]]);
    expect(fake.timers.size).toBe(0);
  });

  test("keeps no more workers waiting for a process than there are processes", () => {
    const fake = alone("cpp", 2);
    for (let client = 1; client < 20; client++) launch(fake, client);
    expect(fake.state.waiting).toEqual([18, 19]);
    fake.receive(ENGINE, { kind: "stopWorker", client: 18 });
    expect(fake.state.waiting).toEqual([19]);
  });
});

// ---- With an engine and function processes ---------------------------------------------------------------------------

const silent: Machine<undefined, null, NightcoreMessage> = {
  start: () => null,
  receive: () => {},
  timeout() {},
};

/** A node of one function without costs, its gateway silent. Addresses are in the order of the fields. */
function node(language: Language, processes: number, mode: "fast" | "checked" = "fast") {
  const application: Application = {
    name: "test",
    functions: [{ name: "f", language, minWorkers: 2, maxWorkers: 3 }],
    methods: [{ name: "f.m", fn: 0, code: [{ op: "end" }], outputBytes: fixed(0) }],
    stores: [],
    queues: [],
    variables: [],
    requests: [],
    mix: [],
  };
  const { functions } = application;
  const settings = { ...NIGHTCORE_DEFAULTS, restartNanos: RESTART };
  const latency = { kind: "constant", value: 1_000 } as const;
  const link = { name: "pipe", latency, connections: CHANNELS_PER_PROCESS, pinned: true };
  const simulation = new Simulation({ seed: 1, mode, routing: () => link });
  const [gateway, engineAddress, launcherAddress] = [0, 1, 2];
  simulation.addProcess({ name: "gateway", role: "gateway", machine: silent, config: undefined });
  const engineConfig: EngineConfig = {
    node: 1,
    gateway,
    settings,
    functions,
    functionOf: [0],
    mutation: 0,
  };
  simulation.addProcess({ name: "engine", role: "engine", machine: engine, config: engineConfig });
  const addresses = Array.from({ length: processes }, (_, i) => 3 + i);
  const launcherConfig: LauncherConfig = {
    fn: 0,
    language,
    engine: engineAddress,
    processes: addresses,
    launchDelay: { kind: "constant", value: LAUNCH },
    restartNanos: RESTART,
  };
  simulation.addProcess({ name: "launcher", role: "launcher", machine: launcher, config: launcherConfig });
  const config: WorkerConfig = {
    node: 1,
    fn: 0,
    engine: engineAddress,
    launcher: launcherAddress,
    gateway,
    application,
    services: { stores: [], queues: [] },
    connections: 1,
    threads: 1,
    settings,
    mutation: 0,
  };
  const pools = [{ name: "handlers", threads: 1, shared: true }];
  for (const address of addresses)
    simulation.addProcess({ name: `worker ${address}`, role: "worker", machine: worker, config, pools });
  simulation.start();
  const run = (forNanos: number) => simulation.run(simulation.nowNanos + forNanos);
  run(50 * MILLISECOND);
  return {
    simulation,
    run,
    addresses,
    engine: engineAddress,
    launcher: launcherAddress,
    /** What the engine has, and what the processes are. */
    workers(): { connected: number[]; slots: number[][] } {
      const { workers } = simulation.stateOf(engineAddress) as EngineState;
      const connected = [...workers.keys()].filter((client) => workers[client] !== undefined);
      const slots = addresses.map((address) =>
        simulation.isUp(address) ? [...(simulation.stateOf(address) as WorkerState).slots.keys()] : [-1],
      );
      return { connected, slots };
    },
    crash(address: number, forNanos: number): void {
      simulation.crash(address);
      run(forNanos);
      simulation.boot(address);
    },
  };
}

describe("a node", () => {
  test("brings up a function's first workers, as processes or slots", () => {
    expect(node("cpp", 4).workers()).toEqual({ connected: [1, 2], slots: [[1], [2], [], []] });
    expect(node("go", 1).workers()).toEqual({ connected: [1, 2], slots: [[1, 2]] });
  });

  test("has another process be the worker in the place of one that has died", () => {
    for (const mode of ["fast", "checked"] as const) {
      const parts = node("cpp", 4, mode);
      parts.crash(parts.addresses[0]!, 50 * MILLISECOND);
      expect(parts.workers()).toEqual({ connected: [2, 3], slots: [[], [2], [3], []] });
    }
  });

  test("waits for a process to be there again if it has no other", () => {
    const parts = node("cpp", 2);
    parts.crash(parts.addresses[0]!, SECOND);
    expect(parts.workers()).toEqual({ connected: [2], slots: [[], [2]] });
    parts.run(150 * MILLISECOND);
    expect(parts.workers()).toEqual({ connected: [2, 3], slots: [[3], [2]] });
  });

  test("starts a launcher, and by it the workers, again after the process that they share has died", () => {
    const parts = node("go", 1);
    parts.crash(parts.addresses[0]!, 50 * MILLISECOND);
    parts.run(RESTART - 100 * MILLISECOND);
    expect(parts.workers()).toEqual({ connected: [], slots: [[]] });
    expect(parts.simulation.isUp(parts.launcher)).toBe(false);
    parts.run(150 * MILLISECOND);
    // The engine had asked the old launcher for two in their place.
    expect(parts.workers()).toEqual({ connected: [5, 6], slots: [[5, 6]] });
  });

  test("loses all workers of a function with its launcher", () => {
    for (const [language, processes, slots] of [
      ["cpp", 3, [[3], [4], []]],
      ["python", 1, [[3, 4]]],
    ] as const) {
      const parts = node(language, processes);
      parts.crash(parts.launcher, 10 * MILLISECOND);
      expect(parts.workers()).toEqual({ connected: [], slots: slots.map(() => []) });
      parts.run(2 * RESTART);
      expect(parts.workers()).toEqual({ connected: [3, 4], slots });
    }
  });

  test("loses everything with its engine, and is there again with a new one however long that takes", () => {
    for (const downNanos of [100 * MILLISECOND, 2 * SECOND]) {
      for (const [language, processes, slots] of [
        ["cpp", 3, [[1], [2], []]],
        ["node", 1, [[1, 2]]],
      ] as const) {
        const parts = node(language, processes);
        parts.crash(parts.engine, downNanos);
        expect(parts.workers()).toEqual({ connected: [], slots: slots.map(() => []) });
        parts.run(2 * RESTART);
        expect(parts.workers()).toEqual({ connected: [1, 2], slots });
      }
    }
  });
});
