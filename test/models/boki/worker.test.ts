import { describe, expect, test } from "vitest";
import { type Defects, defectsOf, NO_DEFECTS } from "../../../models/boki/defects.ts";
import { join, SEQNUM_MAX, TAG_ALL, TAG_INVALID } from "../../../models/boki/identifiers.ts";
import {
  all,
  append,
  checkTail,
  invoke,
  type LogError,
  type LogProgram,
  type LogRequest,
  type ProgramEnd,
  type RequestResult,
  setAuxData,
  sleep,
  trim,
} from "../../../models/boki/log-api.ts";
import type { BokiMessage, OperationOutcome } from "../../../models/boki/messages.ts";
import { Mutation } from "../../../models/boki/mutations.ts";
import { createWorker, type WorkerState } from "../../../models/boki/worker.ts";
import { MILLISECOND } from "../../../sim/units.ts";
import { type FakeEffects, fakeEffects, takeKind, takeSent } from "./fake-effects.ts";

const ENGINE = 3;
const SELF = 5;
const CALL = 77;
const APPEND_BYTES_MAX = 1_000;
const AUX_BYTES_MAX = 500;
const TIMEOUT_NANOS = 100 * MILLISECOND;

type Steps = Generator<LogRequest, ProgramEnd, RequestResult>;

function createTest(program: () => Steps, defects: Defects = NO_DEFECTS) {
  const out = fakeEffects({ self: SELF });
  const machine = createWorker({ program } as Readonly<Record<string, LogProgram<never>>>);
  const config = {
    engine: ENGINE,
    appendBytesMax: APPEND_BYTES_MAX,
    auxBytesMax: AUX_BYTES_MAX,
    operationTimeoutNanos: TIMEOUT_NANOS,
    mutation: Mutation.none,
    defects,
  };
  const state: WorkerState = machine.start(config, out);
  const receive = (message: BokiMessage) => machine.receive(state, ENGINE, message, out);
  const input = { program: "program", args: undefined };
  expect(takeSent(out)).toEqual([{ to: ENGINE, message: { kind: "workerStarted" } }]);
  receive({ kind: "call", call: CALL, logBook: 1, input });
  return {
    out,
    state,
    call: (call: number) => receive({ kind: "call", call, logBook: 1, input }),
    expire: (timer: string) => {
      out.timers.delete(timer);
      machine.timeout(state, timer, out);
    },
    invoked: (client: number, output: unknown) =>
      receive({ kind: "invokeResult", client, output, progress: 0 }),
    receive,
    result: (client: number, outcome: OperationOutcome, seqnum = 0) =>
      receive({
        kind: "opResult",
        client,
        outcome,
        seqnum,
        record: undefined,
        aux: undefined,
        progress: 0,
      }),
  };
}

/** Appends, and ends with the seqnum or with how the append failed. */
function appending(tags: readonly number[], dataBytes: number): () => Steps {
  return function* () {
    try {
      return { output: yield* append(tags, dataBytes) };
    } catch (error) {
      return { output: (error as LogError).outcome };
    }
  };
}

/** The outputs of the calls that ended since the last time. */
function outputs(out: FakeEffects): unknown[] {
  return takeKind(out, "callDone").map(({ message }) => message.output);
}

describe("an append", () => {
  test("goes to the engine, and its seqnum to the program", () => {
    const { out, result, state } = createTest(appending([4, 2], 100));
    expect(takeSent(out)).toEqual([
      {
        to: ENGINE,
        message: {
          kind: "append",
          call: CALL,
          client: 0,
          tags: [4, 2],
          dataBytes: 100,
          data: join(SELF, 0),
        },
      },
    ]);
    result(0, "ok", 1_234);
    expect(outputs(out)).toEqual([1_234]);
    expect(state.call).toBeUndefined();
    expect(state.open.size).toBe(0);
    expect(out.operations).toMatchObject([{ name: "append", ended: { outcome: "ok" } }]);
  });

  test("carries each tag once, where it was named first", () => {
    const { out } = createTest(appending([4, 2, 4, 4, 2, 1], 100));
    expect(takeKind(out, "append")[0]!.message.tags).toEqual([4, 2, 1]);
  });

  test.each([
    { name: "the largest that fits", tags: [], dataBytes: APPEND_BYTES_MAX, taken: true },
    { name: "a byte more", tags: [], dataBytes: APPEND_BYTES_MAX + 1, taken: false },
    { name: "the largest with two tags", tags: [1, 2], dataBytes: APPEND_BYTES_MAX - 16, taken: true },
    { name: "a byte more with two tags", tags: [1, 2], dataBytes: APPEND_BYTES_MAX - 15, taken: false },
    { name: "the same tag twice", tags: [1, 1], dataBytes: APPEND_BYTES_MAX - 8, taken: true },
    { name: "one byte", tags: [], dataBytes: 1, taken: true },
    { name: "nothing", tags: [], dataBytes: 0, taken: false },
    { name: "the tag of all records", tags: [1, TAG_ALL], dataBytes: 1, taken: false },
    { name: "the invalid tag", tags: [TAG_INVALID], dataBytes: 1, taken: false },
  ])("of $name: taken $taken", ({ tags, dataBytes, taken }) => {
    const { out } = createTest(appending(tags, dataBytes));
    const sent = takeSent(out).map(({ message }) => message);
    if (taken) expect(sent).toMatchObject([{ kind: "append", dataBytes }]);
    else expect(sent).toEqual([{ kind: "callDone", call: CALL, output: "badArguments" }]);
  });

  test("that is discarded is sent again after 5, 10, 20 and 40 ms, and then fails", () => {
    const { out, result, expire } = createTest(appending([4], 100));
    const [first] = takeKind(out, "append");
    for (const sleepMillis of [5, 10, 20, 40]) {
      result(0, "discarded");
      expect(takeSent(out)).toEqual([]);
      expect(out.timers.get("retry 0")).toEqual({ afterNanos: sleepMillis * MILLISECOND });
      expire("retry 0");
      // The same append: number and payload are those of the first attempt.
      expect(takeSent(out)).toEqual([first]);
    }
    result(0, "discarded");
    expect(outputs(out)).toEqual(["discarded"]);
    expect(out.operations).toMatchObject([{ ended: { outcome: "failed" } }]);
  });

  test("that succeeds in a later attempt is one operation", () => {
    const { out, result, expire } = createTest(appending([4], 100));
    result(0, "discarded");
    expire("retry 0");
    takeSent(out);
    result(0, "ok", 9);
    expect(outputs(out)).toEqual([9]);
    expect(out.operations).toMatchObject([{ ended: { outcome: "ok" } }]);
  });

  test("whose failure the program does not catch ends the call with it", () => {
    const { out } = createTest(function* () {
      return { output: yield* append([], 0) };
    });
    expect(outputs(out)).toEqual([{ error: "badArguments" }]);
  });
});

describe("aux data", () => {
  test.each([
    { sizeBytes: 1, taken: true },
    { sizeBytes: AUX_BYTES_MAX, taken: true },
    { sizeBytes: 0, taken: false },
    { sizeBytes: AUX_BYTES_MAX + 1, taken: false },
  ])("of $sizeBytes bytes: taken $taken", ({ sizeBytes, taken }) => {
    const { out } = createTest(function* () {
      yield* setAuxData(12, { data: 1, sizeBytes });
      return { output: null };
    });
    expect(takeKind(out, "setAux")).toHaveLength(taken ? 1 : 0);
  });
});

describe("a program", () => {
  test("that reads the tail reads backwards from above every seqnum", () => {
    const { out, result } = createTest(function* () {
      return { output: (yield* checkTail(6)) ?? "nothing" };
    });
    expect(takeKind(out, "read")).toMatchObject([
      { message: { direction: "prev", tag: 6, seqnum: SEQNUM_MAX } },
    ]);
    result(0, "empty");
    expect(outputs(out)).toEqual(["nothing"]);
  });

  test("has the results of several operations in the order it asked, however they come", () => {
    const { out, result } = createTest(function* () {
      const results = yield* all([
        { op: "append", tags: [], dataBytes: 1 },
        { op: "append", tags: [], dataBytes: 0 },
        { op: "append", tags: [], dataBytes: 2 },
      ]);
      return { output: results.map(({ outcome, seqnum }) => [outcome, seqnum]) };
    });
    expect(takeKind(out, "append").map(({ message }) => message.client)).toEqual([0, 2]);
    result(2, "ok", 20);
    expect(outputs(out)).toEqual([]);
    result(0, "ok", 10);
    expect(outputs(out)).toEqual([
      [
        ["ok", 10],
        ["badArguments", 0],
        ["ok", 20],
      ],
    ]);
  });

  test("cannot sleep as one of several operations", () => {
    const program = function* () {
      yield* all([{ op: "sleep", nanos: 5 }]);
      return { output: null };
    };
    expect(() => createTest(program)).toThrow("sleep is no operation that can be one of several");
  });

  test("sleeps by a timer, and goes on behind it", () => {
    const { out, expire } = createTest(function* () {
      yield* sleep(500);
      return { output: "awake" };
    });
    expect([...out.timers]).toEqual([["sleep", { afterNanos: 500 }]]);
    expect(outputs(out)).toEqual([]);
    expire("sleep");
    expect(outputs(out)).toEqual(["awake"]);
  });

  test("calls a function through the engine, under a number that nobody else gives", () => {
    const { out, invoked } = createTest(function* () {
      const first = yield* invoke({ program: "child", args: 1 });
      const second = yield* invoke({ program: "child", args: 2 });
      return { output: [first, second] };
    });
    expect(takeKind(out, "invoke")).toMatchObject([{ message: { call: CALL, child: join(SELF, 0) } }]);
    invoked(0, "one");
    expect(takeKind(out, "invoke")).toMatchObject([{ message: { call: CALL, child: join(SELF, 1) } }]);
    invoked(1, "two");
    expect(outputs(out)).toEqual([["one", "two"]]);
  });

  test("numbers its operations on from those of the calls before", () => {
    const { out, result, call } = createTest(appending([], 1));
    result(0, "ok", 5);
    takeSent(out);
    call(78);
    expect(takeKind(out, "append")).toMatchObject([
      { message: { call: 78, client: 1, data: join(SELF, 1) } },
    ]);
  });
});

test("a result of an operation that is over is counted and changes nothing", () => {
  const { out, result } = createTest(appending([], 1));
  result(0, "ok", 5);
  takeSent(out);
  result(0, "ok", 6);
  expect(out.counters.get("worker.unknownResult")).toBe(1);
  expect(takeSent(out)).toEqual([]);
});

describe("an operation that takes too long", () => {
  function* reading(): Steps {
    try {
      return { output: (yield* checkTail(1)) ?? "nothing" };
    } catch (error) {
      return { output: (error as LogError).outcome };
    }
  }

  /** Time passes, from look to look. */
  function pass({ out, expire }: ReturnType<typeof createTest>, nanos: number): void {
    const end = out.now + nanos;
    while (out.timers.has("timeout") && out.now + TIMEOUT_NANOS / 4 <= end) {
      out.now += TIMEOUT_NANOS / 4;
      expire("timeout");
    }
    out.now = end;
  }

  test("ends without anybody knowing what became of it", () => {
    const worker = createTest(appending([], 1));
    pass(worker, TIMEOUT_NANOS - 1);
    expect(outputs(worker.out)).toEqual([]);
    pass(worker, TIMEOUT_NANOS);
    expect(outputs(worker.out)).toEqual(["timedOut"]);
    expect(worker.out.operations).toMatchObject([{ ended: { outcome: "unknown" } }]);
    // Its record may still come to be in the log.
    expect(worker.out.observed.map(({ kind }) => kind)).toEqual(["appendBegun"]);
    expect(worker.out.timers.has("timeout")).toBe(false);
    worker.result(0, "ok", 7);
    expect(worker.out.counters.get("worker.unknownResult")).toBe(1);
  });

  test.each([
    { name: "is told so", defects: NO_DEFECTS, output: "timedOut", outcome: "unknown" },
    {
      name: "looks as if it had found nothing (P16)",
      defects: defectsOf(["P16"]),
      output: "nothing",
      outcome: "ok",
    },
  ])("and reads $name", ({ defects, output, outcome }) => {
    const worker = createTest(reading, defects);
    pass(worker, 2 * TIMEOUT_NANOS);
    expect(outputs(worker.out)).toEqual([output]);
    expect(worker.out.operations).toMatchObject([{ ended: { outcome } }]);
  });

  test("waits for ever in the release (P10), as does a call for its nested one", () => {
    const forever = createTest(appending([], 1), defectsOf(["P10"]));
    expect(forever.out.timers.size).toBe(0);
    const nesting = createTest(function* () {
      return { output: yield* invoke({ program: "child", args: 1 }) };
    });
    pass(nesting, 3 * TIMEOUT_NANOS);
    expect(nesting.state.open.size).toBe(1);
  });

  test("leaves those that began later their own time", () => {
    const worker = createTest(function* () {
      yield* append([], 1);
      return { output: yield* append([], 1) };
    });
    pass(worker, TIMEOUT_NANOS / 2);
    worker.result(0, "ok", 5);
    pass(worker, TIMEOUT_NANOS / 2);
    expect(worker.state.open.size).toBe(1);
    pass(worker, TIMEOUT_NANOS);
    expect(outputs(worker.out)).toEqual([{ error: "timedOut" }]);
  });
});

describe("a call that its engine does not know any more", () => {
  const several = function* () {
    yield* all([
      { op: "append", tags: [], dataBytes: 1 },
      { op: "checkTail", tag: 0, seqnum: 0 },
    ]);
    return { output: null };
  };
  const endings: readonly [string, (worker: ReturnType<typeof createTest>) => void][] = [
    ["an operation is cancelled", ({ result }) => result(0, "cancelled")],
    ["the engine has booted", ({ receive }) => receive({ kind: "engineStarted" })],
  ];
  test.each(endings)("is given up with all it has under way when %s", (_, happens) => {
    const worker = createTest(several);
    happens(worker);
    expect(worker.state.call).toBeUndefined();
    expect(worker.out.operations.map(({ ended }) => ended?.outcome)).toEqual(["unknown", "unknown"]);
    expect(outputs(worker.out)).toEqual([]);
    worker.result(1, "empty");
    expect(worker.out.counters.get("worker.unknownResult")).toBe(1);
    worker.call(78);
    expect(takeKind(worker.out, "append")).toMatchObject([{ message: { call: 78, client: 2 } }]);
  });

  test("is given up for the next, and its sleep wakes nobody", () => {
    const worker = createTest(function* () {
      yield* sleep(500);
      return { output: "awake" };
    });
    worker.call(78);
    expect(worker.out.timers.size).toBe(1);
    worker.expire("sleep");
    expect(takeKind(worker.out, "callDone")).toMatchObject([{ message: { call: 78 } }]);
  });

  test("is not begun again when it is given twice", () => {
    const worker = createTest(appending([], 1));
    takeSent(worker.out);
    worker.call(CALL);
    expect(takeSent(worker.out)).toEqual([]);
    expect(worker.out.counters.get("worker.callAgain")).toBe(1);
  });
});

describe("a trim", () => {
  test("goes to the engine; whether one that failed took place is not known", () => {
    const { out, result } = createTest(function* () {
      yield* trim(3, 100);
      return { output: null };
    });
    expect(takeSent(out)).toEqual([
      { to: ENGINE, message: { kind: "trim", call: CALL, client: 0, tag: 3, seqnum: 100 } },
    ]);
    result(0, "trimFailed");
    expect(outputs(out)).toEqual([{ error: "trimFailed" }]);
    expect(out.operations).toMatchObject([{ ended: { outcome: "unknown" } }]);
  });
});

test("a nested call's output that nobody waits for is counted and changes nothing", () => {
  const { out, invoked } = createTest(appending([], 1));
  takeSent(out);
  invoked(5, "late");
  expect(out.counters.get("worker.unknownResult")).toBe(1);
  expect(takeSent(out)).toEqual([]);
});
