import { describe, expect, test } from "vitest";
import type { Code, Instruction, Language } from "../../../models/applications/application.ts";
import { RECONNECT_NANOS } from "../../../models/applications/messages.ts";
import { callIdOf } from "../../../models/nightcore/messages.ts";
import { Bug } from "../../../models/nightcore/mutations.ts";
import { NESTED_PIPE_NANOS } from "../../../models/nightcore/worker-requests.ts";
import {
  dispatch,
  ENGINE,
  type FakeMethod,
  type FakeProcess,
  fakeWorker,
  fixed,
  GATEWAY,
  LAUNCHER,
  OTHER_PROCESS,
  QUEUE,
  returned,
  STORE,
  startWorker,
  takeMessages,
} from "./fake-process.ts";

const END: Instruction = { op: "end" };
const work = (amount: number): Instruction => ({ op: "work", work: "compute", amount: fixed(amount) });
const call = (method: number, inputBytes = 0): Instruction => ({
  op: "call",
  method,
  inputBytes: fixed(inputBytes),
});
const store: Instruction = {
  op: "store",
  store: 0,
  command: "get",
  units: fixed(2),
  requestBytes: fixed(30),
  replyBytes: fixed(500),
};
const LEAF: FakeMethod = { code: [work(5), END] };
const OTHERS: readonly Language[] = ["go", "node", "python"];

/** A process of worker 3 alone. */
function alone(
  language: Language,
  methods: readonly FakeMethod[],
  more: Parameters<typeof fakeWorker>[2] = {},
) {
  const fake = fakeWorker(language, methods, more);
  startWorker(fake, 3);
  return fake;
}

const code = (...steps: Instruction[]): FakeMethod => ({ code: [...steps, END] });
const messagesOf = (fake: FakeProcess<unknown>) => fake.sent.splice(0).map(({ message }) => message);
const kindsOf = (fake: FakeProcess<unknown>) => messagesOf(fake).map(({ kind }) => kind);

describe("a worker and its engine", () => {
  test("says who it is over its own connection, and then waits for its welcome", () => {
    const fake = fakeWorker("cpp", [LEAF]);
    expect(fake.sent).toEqual([]);
    expect(fake.watched).toEqual([]);
    fake.receive(LAUNCHER, { kind: "startWorker", client: 67 });
    expect(fake.sent.splice(0)).toEqual([
      { to: ENGINE, connection: 3, message: { kind: "workerHello", client: 67, fn: 0 } },
    ]);
    expect(fake.watched).toEqual([ENGINE, LAUNCHER]);
    dispatch(fake, 67, 9);
    expect(fake.sent).toEqual([]);
    fake.receive(ENGINE, { kind: "workerWelcome", client: 67 });
    expect(takeMessages(fake, "done")).toEqual([expect.objectContaining({ client: 67, call: 9, ok: true })]);
  });

  test("runs what it is given and reports its output, how long it took and how late it began", () => {
    const fake = alone("cpp", [{ code: [work(5), END], outputBytes: 40 }]);
    fake.now = 1_000;
    dispatch(fake, 3, 9);
    expect(fake.worked).toEqual([["compute", 5]]);
    expect(fake.sent.splice(0)).toEqual([
      {
        to: ENGINE,
        connection: 3,
        message: {
          kind: "done",
          client: 3,
          call: 9,
          ok: true,
          output: { bytes: 40, of: 9, request: 7 },
          processingNanos: 0,
          dispatchDelayNanos: 0,
          sentNanos: 1_000,
        },
      },
    ]);
  });

  test("pays for what a worker does before its first call once in its life", () => {
    const fake = alone("cpp", [LEAF]);
    expect(fake.firstCalls).toBe(0);
    for (let call = 9; call < 12; call++) dispatch(fake, 3, call);
    expect(fake.firstCalls).toBe(1);
  });

  test("measures by a clock that goes on while it works, and over everything that it waits for", () => {
    const fake = alone("cpp", [code(call(0))]);
    fake.now = 1_000;
    fake.spentNanos = 80;
    dispatch(fake, 3, 9);
    fake.now = 5_000;
    fake.spentNanos = 300;
    returned(fake, 3, 0);
    expect(takeMessages(fake, "done")).toEqual([
      expect.objectContaining({ dispatchDelayNanos: 80, processingNanos: 5_300 - 1_080, sentNanos: 5_300 }),
    ]);
  });

  test("numbers its calls from 0 over its whole life and names the call that they are made for", () => {
    const fake = alone("cpp", [code(call(1, 20))]);
    for (let i = 0; i < 3; i++) {
      dispatch(fake, 3, 100 + i);
      expect(takeMessages(fake, "invoke")).toEqual([
        {
          kind: "invoke",
          client: 3,
          call: callIdOf(3, i),
          parent: 100 + i,
          method: 1,
          input: { request: 7, variables: [1] },
          inputBytes: 20,
          async: false,
          sentNanos: 0,
        },
      ]);
      returned(fake, 3, i);
      expect(takeMessages(fake, "done")).toEqual([expect.objectContaining({ call: 100 + i })]);
    }
  });

  test("leaves in its channel what comes while it executes, and begins it when it is through", () => {
    for (const language of ["cpp", ...OTHERS] as const) {
      const fake = alone(language, [code(call(1))]);
      dispatch(fake, 3, 100);
      dispatch(fake, 3, 101);
      expect(kindsOf(fake)).toEqual(["invoke"]);
      returned(fake, 3, 0);
      expect(messagesOf(fake)).toEqual([
        expect.objectContaining({ kind: "done", call: 100 }),
        expect.objectContaining({ kind: "invoke", parent: 101 }),
      ]);
    }
  });

  test("goes on after an asynchronous call when it has been taken over", () => {
    const fake = alone("cpp", [code({ op: "callAsync", method: 1, inputBytes: fixed(2_000) }, work(1))]);
    dispatch(fake, 3, 9);
    expect(messagesOf(fake)).toEqual([expect.objectContaining({ kind: "invoke", async: true })]);
    expect(fake.worked).toEqual([]);
    returned(fake, 3, 0);
    expect(kindsOf(fake)).toEqual(["done"]);
    // Its file is the engine's business from then on.
    expect(fake.observed.map(({ kind }) => kind)).not.toContain("fileRemoved");
  });

  test("ignores a result of a call that it has not made, or whose result it has", () => {
    for (const language of ["cpp", "go"] as const) {
      const fake = alone(language, [code(call(1), call(1))]);
      returned(fake, 3, 0);
      dispatch(fake, 3, 9);
      returned(fake, 3, 0);
      returned(fake, 3, 0);
      returned(fake, 8, 1);
      expect(kindsOf(fake)).toEqual(["invoke", "invoke"]);
      expect(fake.counters.get("worker.strangeResult")).toBe(3);
    }
  });

  test("with the C++ library that compares nothing, takes the next result for its own (B16)", () => {
    const results = (language: Language) => {
      const fake = alone(language, [code(call(1), call(1))], { mutation: Bug.resultUncompared });
      dispatch(fake, 3, 9);
      returned(fake, 3, 0);
      returned(fake, 3, 0, { request: 8 });
      return [takeMessages(fake, "done").map(({ output }) => output.request), fake.observed];
    };
    expect(results("cpp")).toEqual([
      [8],
      expect.arrayContaining([
        expect.objectContaining({
          kind: "resultTaken",
          call: callIdOf(3, 1),
          of: callIdOf(3, 0),
          request: 7,
          outputRequest: 8,
        }),
      ]),
    ]);
    expect(results("go")[0]).toEqual([]);
  });
});

describe("the code of a worker", () => {
  test("fails if a call that it makes has failed, and has no output", () => {
    const fake = alone("cpp", [{ code: [call(1), work(9), END], outputBytes: 40 }]);
    dispatch(fake, 3, 9);
    returned(fake, 3, 0, { ok: false });
    expect(takeMessages(fake, "done")).toEqual([
      expect.objectContaining({ ok: false, output: { bytes: 0, of: 9, request: 7 } }),
    ]);
    expect(fake.worked).toEqual([]);
  });

  test("has branches under way at the same time, and takes their results in any order", () => {
    const branches: Code = [{ op: "parallel", branches: [1, 3], behind: 5 }, call(1), END, call(1), END, END];
    for (const language of OTHERS) {
      const fake = alone(language, [{ code: branches }]);
      dispatch(fake, 3, 9);
      expect(kindsOf(fake)).toEqual(["invoke", "invoke"]);
      returned(fake, 3, 1);
      expect(fake.sent).toEqual([]);
      returned(fake, 3, 0);
      expect(kindsOf(fake)).toEqual(["done"]);
    }
    expect(() => fakeWorker("cpp", [{ code: branches }])).toThrow(
      "f.m0 is written in C++ and has parallel branches, which a worker cannot run",
    );
  });

  test("comes to a place for the first time once in the life of a worker", () => {
    const fake = alone("go", [code({ op: "ifFirst", once: 0, otherwise: 2 }, work(1))]);
    startWorker(fake, 4);
    for (const client of [3, 3, 4, 4]) dispatch(fake, client, 9);
    expect(fake.worked).toHaveLength(2);
  });

  test("asks stores and queues over kept connections, with the work of the client's library", () => {
    const fake = alone("cpp", [code(store, { op: "publish", queue: 0, bytes: fixed(70) })]);
    dispatch(fake, 3, 9);
    expect(fake.sent.splice(0)).toEqual([
      {
        to: STORE,
        connection: 0,
        message: {
          kind: "storeRequest",
          exchange: 0,
          connection: 0,
          command: "get",
          units: 2,
          requestBytes: 30,
          replyBytes: 500,
        },
      },
    ]);
    fake.receive(STORE, { kind: "storeReply", exchange: 0, connection: 0, replyBytes: 500, last: false });
    expect(fake.sent.splice(0)).toEqual([
      {
        to: QUEUE,
        connection: 0,
        message: {
          kind: "publish",
          exchange: 1,
          connection: 0,
          input: { request: 7, variables: [1] },
          bytes: 70,
        },
      },
    ]);
    fake.receive(QUEUE, { kind: "storeReply", exchange: 1, connection: 0, replyBytes: 0, last: false });
    expect(kindsOf(fake)).toEqual(["done"]);
    expect(fake.worked).toEqual([
      ["client.memcached", 2],
      ["client.rabbitmq", 1],
    ]);
  });

  test("has its arrival at a store counted where it says so", () => {
    const counted = { ...store, arrivalOf: 4 } as Instruction;
    const fake = alone("cpp", [code(counted, { op: "ifLast", otherwise: 3 }, work(1))]);
    for (const last of [false, true]) {
      dispatch(fake, 3, 9);
      const [asked] = takeMessages(fake, "storeRequest");
      expect(asked).toMatchObject({ request: 7, arrivalOf: 4 });
      const { exchange, connection } = asked!;
      fake.receive(STORE, { kind: "storeReply", exchange, connection, replyBytes: 0, last });
      expect(fake.worked.filter(([kind]) => kind === "compute")).toHaveLength(last ? 1 : 0);
    }
  });

  test("waits for a connection while all are taken", () => {
    const fake = alone("go", [code(store)], { connections: 2 });
    for (const client of [4, 5]) startWorker(fake, client);
    for (const client of [3, 4, 5]) dispatch(fake, client, client);
    expect(takeMessages(fake, "storeRequest").map(({ connection }) => connection)).toEqual([0, 1]);
    expect(fake.counters.get("worker.connectionAwaited")).toBe(1);
    fake.receive(STORE, { kind: "storeReply", exchange: 1, connection: 1, replyBytes: 0, last: false });
    expect(messagesOf(fake)).toEqual([
      expect.objectContaining({ kind: "storeRequest", exchange: 2, connection: 1 }),
      expect.objectContaining({ kind: "done", client: 4 }),
    ]);
  });

  test("fails with the store it has asked; who waits for a connection gets one when it is open again", () => {
    const fake = alone("go", [code(store)]);
    startWorker(fake, 4);
    dispatch(fake, 3, 100);
    dispatch(fake, 4, 101);
    fake.sent.length = 0;
    fake.receive(STORE, { kind: "closed" });
    expect(messagesOf(fake)).toEqual([expect.objectContaining({ kind: "done", client: 3, ok: false })]);
    fake.receive(STORE, { kind: "storeReply", exchange: 0, connection: 0, replyBytes: 0, last: false });
    expect(fake.sent).toEqual([]);
    expect([...fake.timers.values()]).toEqual([RECONNECT_NANOS]);
    const watched = fake.watched.length;
    fake.timeout([...fake.timers.keys()][0]!);
    expect(fake.watched.slice(watched)).toEqual([STORE]);
    expect(messagesOf(fake)).toEqual([expect.objectContaining({ kind: "storeRequest", exchange: 1 })]);
  });
});

describe("payloads that do not fit a message", () => {
  const filesOf = (fake: FakeProcess<unknown>) =>
    fake.observed.flatMap((each) =>
      each.kind === "fileCreated" || each.kind === "fileRemoved"
        ? [`${each.kind} ${each.direction} ${each.call}`]
        : [],
    );

  test("are files from 961 bytes on, the input the caller's and the output the callee's", () => {
    for (const [bytes, files] of [
      [960, []],
      [961, [`fileCreated input ${callIdOf(3, 0)}`]],
    ] as const) {
      const fake = alone("cpp", [code(call(1, bytes))]);
      dispatch(fake, 3, 9);
      expect(filesOf(fake)).toEqual(files);
    }
    for (const [outputBytes, files] of [
      [960, []],
      [961, ["fileCreated output 9"]],
    ] as const) {
      const fake = alone("cpp", [{ ...LEAF, outputBytes }]);
      dispatch(fake, 3, 9);
      expect(filesOf(fake)).toEqual(files);
    }
  });

  test("are removed by the caller: the input when the call returns, the output with it or, in C++, at its own end", () => {
    const [first, second] = [callIdOf(3, 0), callIdOf(3, 1)];
    const methods = [code(call(1, 5_000), call(1))];
    const through = (language: Language) => {
      const fake = alone(language, methods);
      dispatch(fake, 3, 9);
      returned(fake, 3, 0, { bytes: 3_000 });
      fake.observed.push({ kind: "engineStarted", node: 0 });
      returned(fake, 3, 1, { bytes: 2_000 });
      const marked = fake.observed.findIndex(({ kind }) => kind === "engineStarted");
      const all = { observed: fake.observed } as FakeProcess<unknown>;
      return {
        before: filesOf({ ...all, observed: fake.observed.slice(0, marked) }),
        after: filesOf({ ...all, observed: fake.observed.slice(marked) }),
        worked: fake.worked,
      };
    };
    const input = [`fileCreated input ${first}`, `fileRemoved input ${first}`];
    for (const language of OTHERS) {
      expect(through(language)).toEqual({
        before: [...input, `fileRemoved output ${first}`],
        after: [`fileRemoved output ${second}`],
        worked: [["removeFile", 1]],
      });
    }
    expect(through("cpp")).toEqual({
      before: input,
      after: [`fileRemoved output ${first}`, `fileRemoved output ${second}`],
      worked: [["removeFile", 1]],
    });
  });
});

describe("pipes of a nested call's own", () => {
  const settings = { nestedPipes: true };

  test("have the callee write its output to its caller, before it tells the engine", () => {
    const fake = alone("cpp", [{ ...LEAF, outputBytes: 12 }], { settings });
    dispatch(fake, 3, 9, { replyTo: { process: OTHER_PROCESS, client: 70 } });
    const output = { bytes: 12, of: 9, request: 7 };
    expect(fake.sent.splice(0)).toEqual([
      {
        to: OTHER_PROCESS,
        connection: 6,
        message: { kind: "returned", client: 70, call: 9, ok: true, output, sentNanos: 0 },
      },
      { to: ENGINE, connection: 3, message: expect.objectContaining({ kind: "done", call: 9, output }) },
    ]);
  });

  test("cost the caller a pipe for each call", () => {
    const fake = alone("go", [code(call(1), { op: "callAsync", method: 1, inputBytes: fixed(0) })], {
      settings,
    });
    dispatch(fake, 3, 9);
    returned(fake, 3, 0, { from: OTHER_PROCESS });
    expect(fake.worked).toEqual([["nestedPipe", 1]]);
    expect(fake.timers.size).toBe(0);
  });

  test("are given up by a C++ caller after 100 ms; what comes late is nobody's", () => {
    const fake = alone("cpp", [code(call(1, 2_000))], { settings });
    dispatch(fake, 3, 9);
    expect([...fake.timers]).toEqual([[-3, NESTED_PIPE_NANOS]]);
    fake.sent.length = 0;
    fake.timeout(-3);
    expect(messagesOf(fake)).toEqual([expect.objectContaining({ kind: "done", call: 9, ok: false })]);
    returned(fake, 3, 0, { from: OTHER_PROCESS, bytes: 5_000 });
    expect(fake.counters.get("worker.strangeResult")).toBe(1);
    // Nobody else would remove the file that the callee has made.
    expect(fake.observed.at(-1)).toMatchObject({ kind: "fileRemoved", direction: "output" });
    dispatch(fake, 3, 10);
    returned(fake, 3, 1, { from: OTHER_PROCESS });
    expect(fake.timers.size).toBe(0);
    expect(takeMessages(fake, "done")).toEqual([expect.objectContaining({ call: 10, ok: true })]);
  });
});

describe("without the internal fast path", () => {
  const settings = { internalFastPath: false };
  const answer = (fake: FakeProcess<unknown>, exchange: number, status: 200 | 500, output = 7) =>
    fake.receive(GATEWAY, { kind: "httpResponse", exchange, connection: 0, status, outputBytes: 0, output });

  test("calls are requests to the gateway, one at a time on each connection", () => {
    const fake = alone("go", [code(call(1, 2_000))], { settings });
    startWorker(fake, 4);
    dispatch(fake, 3, 100);
    expect(fake.sent.splice(0)).toEqual([
      {
        to: GATEWAY,
        connection: 0,
        message: {
          kind: "httpRequest",
          exchange: 0,
          connection: 0,
          target: 1,
          input: { request: 7, variables: [1] },
          inputBytes: 2_000,
          bornNanos: expect.any(Number),
        },
      },
    ]);
    dispatch(fake, 4, 101);
    expect(fake.sent).toEqual([]);
    answer(fake, 0, 200);
    expect(kindsOf(fake)).toEqual(["httpRequest", "done"]);
    answer(fake, 1, 200, 8);
    // It was given another request's output, and hands it on.
    expect(takeMessages(fake, "done")).toEqual([
      expect.objectContaining({ call: 101, ok: true, output: { bytes: 0, of: 101, request: 8 } }),
    ]);
    expect(fake.observed.map(({ kind }) => kind)).not.toContain("fileCreated");
  });

  test("asynchronous ones are asked for as such, and anything but 200 is a failure", () => {
    const fake = alone("cpp", [code({ op: "callAsync", method: 1, inputBytes: fixed(0) })], { settings });
    dispatch(fake, 3, 9);
    expect(takeMessages(fake, "httpRequest")).toEqual([expect.objectContaining({ async: true })]);
    answer(fake, 0, 500);
    expect(takeMessages(fake, "done")).toEqual([expect.objectContaining({ ok: false })]);
  });

  test("fail with the gateway", () => {
    const fake = alone("cpp", [code(call(1))], { settings });
    dispatch(fake, 3, 9);
    fake.sent.length = 0;
    expect(fake.watched).toContain(GATEWAY);
    fake.receive(GATEWAY, { kind: "closed" });
    expect(messagesOf(fake)).toEqual([expect.objectContaining({ kind: "done", ok: false })]);
    expect(fake.crashed).toBeUndefined();
  });
});

describe("a function process", () => {
  test("ends with its engine and with its launcher, and is dormant again at once", () => {
    for (const peer of [ENGINE, LAUNCHER]) {
      const fake = alone("cpp", [code(call(1))]);
      dispatch(fake, 3, 9);
      fake.receive(peer, { kind: "closed" });
      expect(fake.crashed).toBe(0);
    }
    const dormant = fakeWorker("cpp", [LEAF]);
    dormant.receive(LAUNCHER, { kind: "closed" });
    expect(dormant.crashed).toBeUndefined();
  });

  test("ends when its only worker is to stop, if it is written in C++", () => {
    const fake = alone("cpp", [LEAF]);
    fake.receive(LAUNCHER, { kind: "stopWorker", client: 3 });
    expect(fake.crashed).toBe(0);
  });

  test("has one slot less when a worker is to stop, in the other languages", () => {
    for (const language of OTHERS) {
      const fake = alone(language, [LEAF]);
      startWorker(fake, 4);
      fake.receive(LAUNCHER, { kind: "stopWorker", client: 3 });
      expect(fake.crashed).toBeUndefined();
      expect([...fake.state.slots.keys()]).toEqual([4]);
      dispatch(fake, 3, 9);
      // As the system answers who writes to a pipe that nobody reads.
      expect(kindsOf(fake)).toEqual(["workerGone"]);
      dispatch(fake, 4, 10);
      expect(kindsOf(fake)).toContain("done");
    }
  });

  test("is one worker in C++ and no other", () => {
    const fake = alone("cpp", [LEAF]);
    expect(() => fake.receive(LAUNCHER, { kind: "startWorker", client: 4 })).toThrow(
      "worker 4 is to be a process that is worker 3 already",
    );
  });

  test("has a thread for every so many slots in Go, never fewer than before and never more than there are", () => {
    const settings = { goSlotsPerThread: 2 };
    const fake = fakeWorker("go", [LEAF], { settings, threads: 3 });
    expect(fake.parallelism).toEqual([1]);
    for (let client = 1; client <= 4; client++) startWorker(fake, client);
    expect(fake.parallelism).toEqual([1, 2]);
    for (const client of [1, 2, 3]) fake.receive(LAUNCHER, { kind: "stopWorker", client });
    for (let client = 5; client <= 12; client++) startWorker(fake, client);
    expect(fake.parallelism).toEqual([1, 2, 3]);
    for (const language of ["cpp", "node", "python"] as const) {
      expect(alone(language, [LEAF]).parallelism).toEqual([]);
    }
  });
});
