import { describe, expect, test } from "vitest";
import { RELEASED } from "../../../models/nightcore/config.ts";
import { LAUNCHES, RECONNECT } from "../../../models/nightcore/engine-state.ts";
import { CLIENT_MAX, callIdOf } from "../../../models/nightcore/messages.ts";
import { LAUNCH_TIMEOUT_NANOS } from "../../../models/nightcore/worker-manager.ts";
import { MILLISECOND, SECOND } from "../../../sim/units.ts";
import {
  callFromGateway,
  connect,
  done,
  fakeEngine,
  GATEWAY,
  invoke,
  launcherOf,
  processOf,
  startWorkers,
  takeKind,
  takeSent,
} from "./fake-engine.ts";

const ONE = { minWorkers: 1, maxWorkers: 1 };
const TWO = { minWorkers: 2, maxWorkers: 2 };

describe("an engine and its gateway", () => {
  test("greets the gateway over each connection of each of its threads", () => {
    const fake = fakeEngine([ONE], { engineThreads: 2, connectionsPerThread: 3 });
    const hellos = takeSent(fake);
    expect(hellos.map(({ connection }) => connection)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(hellos.map(({ message }) => message.kind)).toEqual(new Array(6).fill("engineHello"));
    expect(fake.watched).toContain(GATEWAY);
  });

  test("a call from outside goes to an idle worker, and its result to the gateway", () => {
    const fake = fakeEngine([ONE]);
    const [[worker]] = startWorkers(fake) as [[number]];
    callFromGateway(fake, 5);
    expect(takeSent(fake)).toEqual([
      {
        to: processOf(worker),
        connection: worker,
        message: expect.objectContaining({ kind: "dispatch", client: worker, call: 5, method: 0 }),
      },
    ]);
    done(fake, worker, 5, { bytes: 12, processingNanos: 300 });
    expect(takeSent(fake)).toEqual([
      {
        to: GATEWAY,
        connection: 0,
        message: {
          kind: "externalDone",
          call: 5,
          connection: 0,
          ok: true,
          output: { bytes: 12, of: 5, request: 7 },
          processingNanos: 300,
        },
      },
    ]);
  });

  test("replies take the connections of their own thread in turn", () => {
    const fake = fakeEngine([ONE], { engineThreads: 2, connectionsPerThread: 2 });
    const [[worker]] = startWorkers(fake) as [[number]];
    const used = [1, 1, 0, 1, 0].map((thread, i) => {
      fake.thread = thread;
      callFromGateway(fake, i + 1);
      done(fake, worker, i + 1);
      return takeKind(fake, "externalDone")[0]!.connection;
    });
    expect(used).toEqual([1, 3, 0, 1, 2]);
  });

  test("a worker that becomes free gets its next call before the result of the last leaves", () => {
    const fake = fakeEngine([ONE]);
    const [[worker]] = startWorkers(fake) as [[number]];
    callFromGateway(fake, 1);
    callFromGateway(fake, 2);
    takeSent(fake);
    done(fake, worker, 1);
    expect(takeSent(fake).map(({ message }) => message)).toEqual([
      expect.objectContaining({ kind: "dispatch", call: 2 }),
      expect.objectContaining({ kind: "externalDone", call: 1 }),
    ]);
  });

  test("a payload that does not fit a message is a file, which the engine makes and removes", () => {
    const fake = fakeEngine([ONE]);
    const [[worker]] = startWorkers(fake) as [[number]];
    fake.worked.clear();
    callFromGateway(fake, 1, 0, 960);
    done(fake, worker, 1, { bytes: 960 });
    expect(fake.worked).toEqual(new Map());
    callFromGateway(fake, 2, 0, 961);
    done(fake, worker, 2, { bytes: 4_000 });
    expect(fake.worked).toEqual(
      new Map([
        ["createFile", 961],
        ["readFile", 4_000],
        ["removeFile", 2],
      ]),
    );
  });

  test("a completion counts only from the worker that runs the call, and once", () => {
    const fake = fakeEngine([TWO]);
    const [[first, second]] = startWorkers(fake) as [[number, number]];
    callFromGateway(fake, 1);
    takeSent(fake);
    done(fake, first, 1);
    done(fake, second, 2);
    expect(takeSent(fake)).toEqual([]);
    done(fake, second, 1);
    expect(takeKind(fake, "externalDone").map(({ call }) => call)).toEqual([1]);
    done(fake, second, 1);
    expect(takeSent(fake)).toEqual([]);
    expect(fake.counters.get("engine.completionIgnored")).toBe(3);
  });
});

describe("a call between functions", () => {
  test("goes to a worker of its function, and its result to the worker that made it", () => {
    const fake = fakeEngine([ONE, ONE]);
    const [[a], [b]] = startWorkers(fake) as [[number], [number]];
    callFromGateway(fake, 1);
    takeSent(fake);
    const call = callIdOf(a, 0);
    invoke(fake, a, call, 1, 1);
    expect(takeSent(fake).map(({ to, message }) => [to, message.kind])).toEqual([[processOf(b), "dispatch"]]);
    done(fake, b, call, { ok: false, bytes: 3 });
    expect(takeSent(fake)).toEqual([
      {
        to: processOf(a),
        connection: a,
        message: expect.objectContaining({ kind: "returned", client: a, call, ok: false }),
      },
    ]);
    // The caller has kept its place: its function still runs one call.
    expect(fake.state.dispatchers.map(({ running }) => running)).toEqual([1, 0]);
  });

  test("with pipes of their own carries where to reply, and its result is not forwarded", () => {
    const fake = fakeEngine([ONE, ONE], { nestedPipes: true });
    const [[a], [b]] = startWorkers(fake) as [[number], [number]];
    callFromGateway(fake, 1);
    takeSent(fake);
    invoke(fake, a, callIdOf(a, 0), 1, 1);
    expect(takeKind(fake, "dispatch")[0]!.replyTo).toEqual({ process: processOf(a), client: a });
    done(fake, b, callIdOf(a, 0));
    expect(takeSent(fake)).toEqual([]);
  });

  test("that is asynchronous is acknowledged at once, and nobody gets its result", () => {
    const fake = fakeEngine([ONE, ONE]);
    const [[a], [b]] = startWorkers(fake) as [[number], [number]];
    callFromGateway(fake, 1);
    takeSent(fake);
    const call = callIdOf(a, 0);
    fake.now = MILLISECOND;
    invoke(fake, a, call, 1, 1, { async: true });
    expect(takeSent(fake).map(({ message }) => message)).toEqual([
      expect.objectContaining({ kind: "dispatch", client: b, call }),
      expect.objectContaining({ kind: "returned", client: a, call, ok: true }),
    ]);
    done(fake, a, 1);
    expect(takeKind(fake, "externalDone")).toHaveLength(1);
    done(fake, b, call);
    expect(takeSent(fake)).toEqual([]);
  });

  test("of an unknown method fails; as released nobody hears of it", () => {
    for (const [settings, answers] of [
      [{}, ["returned"]],
      [RELEASED, []],
    ] as const) {
      const fake = fakeEngine([ONE], settings);
      const [[a]] = startWorkers(fake) as [[number]];
      callFromGateway(fake, 1);
      takeSent(fake);
      invoke(fake, a, callIdOf(a, 0), 1, 99);
      expect(takeSent(fake).map(({ message }) => message.kind)).toEqual(answers);
      expect(fake.counters.get("engine.unknownMethod")).toBe(1);
    }
  });

  test("counts the queueing of what it called, and that of what they called, against its processing time", () => {
    const fake = fakeEngine([ONE, ONE, ONE]);
    const [[a], [b], [c]] = startWorkers(fake) as [[number], [number], [number]];
    const at = (micros: number) => {
      fake.now = micros * 1_000;
    };
    // Both lower functions are busy until 50 and 200.
    callFromGateway(fake, 8, 1);
    callFromGateway(fake, 9, 2);
    at(10);
    callFromGateway(fake, 1, 0);
    at(20);
    invoke(fake, a, callIdOf(a, 0), 1, 1); // Waits 30.
    at(50);
    done(fake, b, 8);
    at(60);
    invoke(fake, b, callIdOf(b, 0), callIdOf(a, 0), 2); // Waits 140.
    at(200);
    done(fake, c, 9);
    at(210);
    done(fake, c, callIdOf(b, 0));
    at(230);
    done(fake, b, callIdOf(a, 0));
    at(300);
    done(fake, a, 1);
    const [top, middle] = fake.state.dispatchers;
    expect(top!.runningMicros.mean).toBe(290);
    expect(top!.processingMicros.mean).toBe(290 - 30 - 140);
    // Of the two calls that the middle function ended: 50 and 210 - 170.
    expect(middle!.processingMicros).toEqual({ samples: 2, mean: 45 });
  });

  test("that has failed teaches nothing about its function", () => {
    const fake = fakeEngine([ONE]);
    const [[a]] = startWorkers(fake) as [[number]];
    callFromGateway(fake, 1);
    fake.now = MILLISECOND;
    done(fake, a, 1, { ok: false });
    const { runningMicros, handlerMicros, processingMicros } = fake.state.dispatchers[0]!;
    expect([runningMicros, handlerMicros, processingMicros].map(({ samples }) => samples)).toEqual([0, 0, 0]);
  });
});

describe("launchers and workers", () => {
  test("a launcher is asked for the first workers: as many as the field says, or four", () => {
    const fake = fakeEngine([{ minWorkers: 0 }, {}, { minWorkers: 3 }], RELEASED);
    expect(startWorkers(fake).map((clients) => clients.length)).toEqual([0, 4, 3]);
  });

  test("a second launcher of a function is refused", () => {
    const fake = fakeEngine([ONE]);
    startWorkers(fake);
    fake.receive(55, { kind: "launcherHello", fn: 0 });
    expect(takeSent(fake)).toEqual([
      { to: 55, connection: 0, message: { kind: "launcherWelcome", accepted: false } },
    ]);
  });

  test("what a worker is given before its channel is open follows its welcome", () => {
    const fake = fakeEngine([ONE]);
    fake.receive(launcherOf(0), { kind: "launcherHello", fn: 0 });
    callFromGateway(fake, 1);
    const { client } = takeKind(fake, "createWorker")[0]!;
    connect(fake, client, 0);
    expect(takeSent(fake).map(({ message }) => message.kind)).toEqual(["workerWelcome", "dispatch"]);
  });

  test("a worker that nobody asked for is not taken", () => {
    const fake = fakeEngine([ONE]);
    startWorkers(fake);
    connect(fake, 77, 0);
    connect(fake, 1, 0);
    expect(takeSent(fake)).toEqual([]);
    expect(fake.counters.get("engine.strangeWorker")).toBe(2);
  });

  test("a launch that takes too long is given up for another; as released it counts for ever", () => {
    for (const [settings, again] of [
      [{}, 1],
      [RELEASED, 0],
    ] as const) {
      const fake = fakeEngine([ONE], settings);
      fake.receive(launcherOf(0), { kind: "launcherHello", fn: 0 });
      takeSent(fake);
      fake.now = LAUNCH_TIMEOUT_NANOS;
      if (fake.timers.has(LAUNCHES)) fake.timeout(LAUNCHES);
      expect(takeKind(fake, "createWorker")).toHaveLength(again);
      if (again === 0) continue;
      // The second one comes, and so does the first: there is no room for it any more.
      connect(fake, 2, 0);
      takeSent(fake);
      connect(fake, 1, 0);
      expect(takeKind(fake, "stopWorker")).toEqual([{ kind: "stopWorker", client: 1 }]);
    }
  });

  test("worker numbers end at 16,383: no more are asked for, and as released the engine ends", () => {
    for (const [settings, crashed] of [
      [{}, undefined],
      [RELEASED, SECOND],
    ] as const) {
      const fake = fakeEngine([{ minWorkers: CLIENT_MAX + 1 }], settings);
      fake.receive(launcherOf(0), { kind: "launcherHello", fn: 0 });
      expect(takeKind(fake, "createWorker")).toHaveLength(CLIENT_MAX);
      expect(fake.crashed).toBe(crashed);
    }
  });
});

describe("the death of a worker", () => {
  test("while it is idle: it is not given calls any more, and the pool is filled up", () => {
    const fake = fakeEngine([TWO]);
    const [[first, second]] = startWorkers(fake) as [[number, number]];
    fake.receive(processOf(second), { kind: "closed" });
    expect(takeKind(fake, "createWorker")).toHaveLength(1);
    callFromGateway(fake, 1);
    expect(takeKind(fake, "dispatch")[0]!.client).toBe(first);
  });

  test("while it runs a call from outside: the call fails", () => {
    const fake = fakeEngine([ONE]);
    const [[worker]] = startWorkers(fake) as [[number]];
    callFromGateway(fake, 1);
    takeSent(fake);
    fake.receive(processOf(worker), { kind: "closed" });
    expect(takeSent(fake).map(({ message }) => message)).toEqual([
      expect.objectContaining({ kind: "externalDone", call: 1, ok: false }),
      expect.objectContaining({ kind: "createWorker" }),
    ]);
    expect(fake.state.dispatchers[0]!.running).toBe(0);
  });

  test.each([false, true])(
    "while it runs a nested call: the caller is told (pipes of their own: %s)",
    (nestedPipes) => {
      const fake = fakeEngine([ONE, ONE], { nestedPipes });
      const [[a], [b]] = startWorkers(fake) as [[number], [number]];
      callFromGateway(fake, 1);
      invoke(fake, a, callIdOf(a, 0), 1, 1);
      takeSent(fake);
      fake.receive(processOf(b), { kind: "closed" });
      expect(takeKind(fake, "returned")).toEqual([
        expect.objectContaining({ client: a, call: callIdOf(a, 0), ok: false }),
      ]);
    },
  );

  test("as released: its call is never answered, and takes a place under the limit for ever", () => {
    const fake = fakeEngine([ONE], RELEASED);
    const [[worker]] = startWorkers(fake) as [[number]];
    callFromGateway(fake, 1);
    takeSent(fake);
    fake.receive(processOf(worker), { kind: "closed" });
    expect(takeSent(fake)).toEqual([]);
    expect(fake.state.dispatchers[0]).toMatchObject({ running: 1, workers: 0 });
    // Its record does not stay.
    expect(fake.state.freeSlots).toHaveLength(fake.state.records.length);
  });

  test("while a call that it made runs: nobody gets the result; as released the engine crashes", () => {
    for (const settings of [{}, RELEASED]) {
      const fake = fakeEngine([ONE, ONE], settings);
      const [[a], [b]] = startWorkers(fake) as [[number], [number]];
      callFromGateway(fake, 1);
      invoke(fake, a, callIdOf(a, 0), 1, 1, { inputBytes: 5_000 });
      fake.receive(processOf(a), { kind: "closed" });
      takeSent(fake);
      done(fake, b, callIdOf(a, 0));
      expect(takeSent(fake)).toEqual([]);
      expect(fake.crashed).toBe(settings === RELEASED ? SECOND : undefined);
      // What the caller has left is looked for, as is its own output, and the file of the input has nobody else who would remove it.
      expect(fake.worked.get("removeFile")).toBe(settings === RELEASED ? undefined : 3);
    }
  });

  test("while a call that it made waits: the call is not begun", () => {
    const fake = fakeEngine([ONE, ONE]);
    const [[a], [b]] = startWorkers(fake) as [[number], [number]];
    callFromGateway(fake, 1);
    callFromGateway(fake, 2, 1);
    invoke(fake, a, callIdOf(a, 0), 1, 1);
    fake.receive(processOf(a), { kind: "closed" });
    takeSent(fake);
    done(fake, b, 2);
    expect(takeSent(fake).map(({ message }) => message.kind)).toEqual(["externalDone"]);
    expect(fake.state.freeSlots).toHaveLength(fake.state.records.length);
  });

  test("of which nobody has told shows when the process does not know the worker", () => {
    const fake = fakeEngine([ONE]);
    const [[a]] = startWorkers(fake) as [[number]];
    callFromGateway(fake, 1);
    takeSent(fake);
    fake.receive(processOf(a) + 1, { kind: "workerGone", client: a });
    expect(fake.state.dispatchers[0]).toMatchObject({ workers: 1 });
    fake.receive(processOf(a), { kind: "workerGone", client: a });
    expect(fake.state.dispatchers[0]).toMatchObject({ workers: 0, running: 0 });
    expect(
      takeSent(fake)
        .map(({ message }) => message.kind)
        .sort(),
    ).toEqual(["createWorker", "externalDone"]);
  });

  test("takes all workers of its process with it", () => {
    const fake = fakeEngine([TWO]);
    fake.receive(launcherOf(0), { kind: "launcherHello", fn: 0 });
    for (const { client } of takeKind(fake, "createWorker"))
      fake.receive(500, { kind: "workerHello", client, fn: 0 });
    fake.receive(500, { kind: "closed" });
    expect(fake.state.dispatchers[0]).toMatchObject({ workers: 0, idle: [] });
  });
});

describe("the end of others", () => {
  test("a launcher that comes again fills up the pool; as released it makes the first workers once more", () => {
    for (const [settings, created] of [
      [{}, 0],
      [RELEASED, 2],
    ] as const) {
      const fake = fakeEngine([TWO], settings);
      startWorkers(fake);
      fake.receive(launcherOf(0), { kind: "closed" });
      fake.receive(launcherOf(0), { kind: "launcherHello", fn: 0 });
      expect(takeKind(fake, "createWorker")).toHaveLength(created);
    }
  });

  test("without its gateway an engine looks for it, ever less often, and tells a new one nothing of old calls", () => {
    const fake = fakeEngine([ONE]);
    const [[worker]] = startWorkers(fake) as [[number]];
    callFromGateway(fake, 1);
    callFromGateway(fake, 2);
    fake.receive(GATEWAY, { kind: "closed" });
    expect(fake.timers.get(RECONNECT)).toBe(100 * MILLISECOND);
    takeSent(fake);
    fake.timeout(RECONNECT);
    expect(takeKind(fake, "engineHello")).toHaveLength(2);
    fake.receive(GATEWAY, { kind: "closed" });
    expect(fake.timers.get(RECONNECT)).toBe(200 * MILLISECOND);
    fake.timeout(RECONNECT);
    // The new gateway counts its calls from 1 as well.
    callFromGateway(fake, 1);
    takeSent(fake);
    done(fake, worker, 1);
    expect(takeSent(fake).map(({ message }) => message.kind)).toEqual(["dispatch"]);
    done(fake, worker, 1);
    expect(takeKind(fake, "externalDone").map(({ call }) => call)).toEqual([1]);
    expect(fake.counters.get("engine.replyDropped")).toBe(2);
    expect(fake.counters.get("engine.callDropped.callerGone")).toBe(1);
  });

  test("an asynchronous call from outside runs although its gateway is gone, and nobody gets its output", () => {
    const fake = fakeEngine([ONE]);
    const [[worker]] = startWorkers(fake) as [[number]];
    callFromGateway(fake, 1);
    callFromGateway(fake, 2, 0, 0, true);
    fake.receive(GATEWAY, { kind: "closed" });
    fake.timeout(RECONNECT);
    takeSent(fake);
    done(fake, worker, 1);
    expect(takeSent(fake).map(({ message }) => message)).toEqual([
      expect.objectContaining({ kind: "dispatch", call: 2 }),
    ]);
    done(fake, worker, 2);
    expect(takeSent(fake)).toEqual([]);
  });

  test("as released an engine without its gateway stays alone, and its replies are dropped", () => {
    const fake = fakeEngine([ONE], RELEASED);
    const [[worker]] = startWorkers(fake) as [[number]];
    callFromGateway(fake, 1);
    takeSent(fake);
    fake.receive(GATEWAY, { kind: "closed" });
    done(fake, worker, 1);
    expect(takeSent(fake)).toEqual([]);
    expect(fake.timers.has(RECONNECT)).toBe(false);
    expect(fake.counters.get("engine.replyDropped")).toBe(1);
  });
});
