import { describe, expect, test } from "vitest";
import { parseHistory } from "../../../sim/linearizability/format/read.ts";
import { MODELS, type ModelName } from "../../../sim/linearizability/models/models.ts";
import { formatProblems, HistoryError } from "../../../sim/linearizability/problems.ts";

const parse = (text: string, model: ModelName = "register") => parseHistory(text, MODELS[model]);

const write = { process: 0, operation: "write", input: 1, invokedNanos: 0, returnedNanos: 10 };
const read = { process: 1, operation: "read", output: 1, invokedNanos: 20, returnedNanos: 30 };
const parsedWrite = {
  index: 0,
  process: 0,
  name: "write",
  key: undefined,
  input: 1,
  output: undefined,
  outcome: "ok",
  invoked: 0,
  returned: 10,
};
const parsedRead = {
  index: 1,
  process: 1,
  name: "read",
  key: undefined,
  input: undefined,
  output: 1,
  outcome: "ok",
  invoked: 20,
  returned: 30,
};

describe("operations", () => {
  test.each([
    ["a list", JSON.stringify([write, read])],
    ["an object with operations", JSON.stringify({ operations: [write, read] })],
    ["JSON Lines", `${JSON.stringify(write)}\n\n${JSON.stringify(read)}\n`],
  ])("may be %s", (_what, text) => {
    expect(parse(text)).toEqual({ operations: [parsedWrite, parsedRead], clock: "nanos" });
  });

  test("may call the operation f, as Jepsen does", () => {
    const { operation: f, ...rest } = write;
    expect(parse(JSON.stringify([{ f, ...rest }])).operations).toEqual([parsedWrite]);
  });

  test("without a return have an unknown outcome, and no output counts", () => {
    const { returnedNanos, ...open } = read;
    expect(returnedNanos).toBe(30);
    const [operation] = parse(JSON.stringify([open])).operations;
    expect(operation).toMatchObject({
      outcome: "unknown",
      output: undefined,
      returned: Number.POSITIVE_INFINITY,
    });
  });

  test("with an unknown outcome may take effect after the client was told so", () => {
    const [operation] = parse(JSON.stringify([{ ...write, outcome: "unknown" }])).operations;
    expect(operation).toMatchObject({ outcome: "unknown", returned: Number.POSITIVE_INFINITY });
  });

  test("may have a number as key, which is the same as its text", () => {
    const { operations } = parse(
      JSON.stringify([
        { ...write, key: 7 },
        { ...read, key: "7" },
      ]),
    );
    expect(operations.map(({ key }) => key)).toEqual(["7", "7"]);
  });
});

describe("events", () => {
  const events = [
    { process: 0, type: "invoke", f: "write", value: 1 },
    { process: 1, type: "invoke", f: "read", value: null },
    { process: 0, type: "ok", f: "write", value: 1 },
    { process: 1, type: "ok", f: "read", value: 1 },
    { process: 0, type: "invoke", f: "cas", value: [1, 2] },
    { process: "nemesis", type: "info", f: "kill", value: null },
    { process: 0, type: "fail", f: "cas", value: [1, 2] },
    { process: 1, type: "invoke", f: "write", value: 3 },
    { process: 1, type: "info", f: "write", value: 3 },
    { process: 2, type: "invoke", f: "write", value: 4 },
  ];
  const expected = [
    { index: 0, process: 0, name: "write", outcome: "ok", invoked: 0, returned: 2 },
    { index: 1, process: 1, name: "read", output: 1, outcome: "ok", invoked: 1, returned: 3 },
    { index: 4, process: 0, name: "cas", outcome: "failed" },
    { index: 7, process: 1, name: "write", outcome: "unknown", returned: Number.POSITIVE_INFINITY },
    { index: 9, process: 2, name: "write", outcome: "unknown" },
  ];

  test("become operations in the order of the list", () => {
    const history = parse(JSON.stringify(events));
    expect(history.clock).toBe("events");
    expect(history.operations).toMatchObject(expected);
    expect(parse(JSON.stringify({ events }))).toEqual(history);
  });

  test("with times are ordered by them", () => {
    const timed = events.map((event, place) => ({ ...event, time: 1_000 * place }));
    const history = parse(JSON.stringify(timed));
    expect(history.clock).toBe("nanos");
    expect(history.operations[0]).toMatchObject({ invoked: 0, returned: 2_000 });
  });

  test("as EDN are the same as in JSON", () => {
    const edn = `
      ; a comment
      {:process 0, :type :invoke, :f :write, :value 1}
      #jepsen.history.Op{:process 1, :type :invoke, :f :read, :value nil}
      {:process 0, :type :ok, :f :write, :value 1}
      {:process 1, :type :ok, :f :read, :value 1}
      {:process 0, :type :invoke, :f :cas, :value [1 2]}
      {:process :nemesis, :type :info, :f :kill, :value #{"n1" "n2"}}
      {:process 0, :type :fail, :f :cas, :value [1 2], :error [:timeout "a \\"b\\""]}
      {:process 1, :type :invoke, :f :write, :value 3}
      {:process 1, :type :info, :f :write, :value 3}
      {:process 2, :type :invoke, :f :write, :value 4}`;
    expect(parse(edn)).toEqual(parse(JSON.stringify(events)));
    expect(parse(`[${edn}\n]`)).toEqual(parse(JSON.stringify(events)));
  });

  test("may carry the number of their operation, so that a process can have several open", () => {
    const history = parse(
      JSON.stringify([
        { type: "invoke", operation: 0, name: "write", process: 5, timeNanos: 0, value: 1 },
        { type: "invoke", operation: 1, name: "read", process: 5, timeNanos: 1, value: null },
        { type: "ok", operation: 1, name: "read", process: 5, timeNanos: 2, value: 1 },
        { type: "failed", operation: 0, name: "write", process: 5, timeNanos: 3, value: null },
      ]),
    );
    expect(history.operations).toMatchObject([
      { name: "write", outcome: "failed" },
      { name: "read", outcome: "ok", invoked: 1, returned: 2 },
    ]);
  });
});

describe("what is wrong is named with its place, what was found and what is allowed:", () => {
  const without = (from: object, field: string) =>
    Object.fromEntries(Object.entries(from).filter(([name]) => name !== field));
  const invoke = { process: 0, type: "invoke", f: "write", value: 1 };
  test.each<[string, unknown, string, ModelName?]>([
    ["no JSON", "{", "h.json  is no JSON: "],
    [
      "no list",
      '{"ops": []}',
      'is no history: a list is wanted, or an object with the list "operations" or "events"',
    ],
    ["no object", [1], "h.json  operation 0: is 1; an object with fields is wanted"],
    [
      "an operation the model has not",
      [{ ...write, operation: "put" }],
      'operation 0, operation: is "put"; a register has read, write, cas',
    ],
    [
      "no process",
      [write, without(read, "process")],
      "operation 1, process: is missing; a number or a text is wanted",
    ],
    [
      "no invocation",
      [without(write, "invokedNanos")],
      "invokedNanos: is missing; a time in nanoseconds is wanted",
    ],
    [
      "an invocation that is text",
      [{ ...write, invokedNanos: "5" }],
      'invokedNanos: is "5"; a time in nanoseconds is wanted',
    ],
    [
      "a return before the invocation",
      [{ ...write, returnedNanos: -1 }],
      "returnedNanos: is -1; a time not before invokedNanos (0) is wanted",
    ],
    [
      "ok without a return",
      [{ ...without(write, "returnedNanos"), outcome: "ok" }],
      "an operation that is ok has the time of its return",
    ],
    [
      "an outcome there is not",
      [{ ...write, outcome: "fail" }],
      'outcome: is "fail"; one of ok, failed, unknown is wanted',
    ],
    [
      "a field misspelt",
      [{ ...without(read, "output"), outptu: 1 }],
      'operation 0, outptu: is no field; did you mean "output"?',
    ],
    [
      "a read without its value",
      [without(read, "output")],
      "operation 0, output: is missing; an ok read has the value it returned",
    ],
    [
      "a write without its value",
      [without(write, "input")],
      "operation 0, input: is missing; a write has the value it writes",
    ],
    [
      "a cas without a pair",
      [{ ...write, operation: "cas" }],
      'input: is 1; a cas has {"from": old, "to": new} or [old, new]',
    ],
    [
      "an append to a list of nothing",
      [{ ...write, operation: "append", key: "k" }],
      "an append has the text or the list that it adds",
      "kv",
    ],
    [
      "an append without data",
      [{ ...write, operation: "append", input: {} }],
      "operation 0, input.data: is missing",
      "log",
    ],
    [
      "tags that are no list",
      [{ ...write, operation: "append", input: { data: 1, tags: 3 } }],
      "input.tags: is 3; it is a list of numbers or texts",
      "log",
    ],
    [
      "an append without its seqnum",
      [{ ...write, operation: "append", input: { data: 1 } }],
      "output: is missing; a seqnum is a whole number",
      "log",
    ],
    [
      "a seqnum that is a fraction",
      [{ ...read, operation: "readNext", input: { seqnum: 1.5 } }],
      "input.seqnum: is 1.5; a seqnum is a whole number",
      "log",
    ],
    [
      "a dequeue without its value",
      [{ ...without(read, "output"), operation: "dequeue" }],
      "output: is missing; an ok dequeue has the value it took",
      "queue",
    ],
    [
      "an enqueue of nothing",
      [{ ...write, operation: "enqueue", input: null }],
      "input: is missing; an enqueue has the value it puts in",
      "queue",
    ],
    [
      "an event of no type there is",
      [invoke, { ...invoke, type: "done" }],
      'operation 1, type: is "done"; one of invoke, call, ok',
    ],
    [
      "two invocations of a process",
      [invoke, invoke],
      "operation 1, process: is 0; it invokes while its operation of event 0 is open",
    ],
    [
      "a completion of nothing",
      [{ ...invoke, type: "ok" }],
      "operation 0, process: is 0; it has no open operation that could be ok",
    ],
    [
      "an event of an operation there is not",
      [{ ...invoke, f: "push" }],
      'operation 0, f: is "push"; a register has read, write, cas',
    ],
    [
      "an event without the value read",
      [
        { ...invoke, f: "read" },
        { process: 0, type: "ok", f: "read" },
      ],
      "operation 1, value: is missing; an ok read",
    ],
    [
      "a completion before its invocation",
      [
        { ...invoke, time: 5 },
        { ...invoke, type: "ok", time: 4 },
      ],
      "operation 1, time: is 4; a time not before that of the invocation",
    ],
    ["EDN that ends early", "{:process 0, :type :invoke", "h.json:1  is no EDN: it ends without }"],
  ])("%s", (_what, content, message, model) => {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    expect(messageOf(text, model)).toContain(message);
  });

  test("with its line in JSON Lines and in EDN", () => {
    const lines = [write, read, { ...read, process: null }].map((each) => JSON.stringify(each)).join("\n");
    expect(messageOf(lines)).toBe("h.json:3  operation 2, process: is null; a number or a text is wanted");
    expect(messageOf(`${JSON.stringify(write)}\n{"process": }`)).toMatch(/^h\.json:2 {2}is no JSON: /);
    const edn = "{:process 0, :type :invoke, :f :read}\n\n{:process 0, :type :okay, :f :read}";
    expect(messageOf(edn)).toContain('h.json:3  operation 1, type: is "okay"');
  });

  test("all at once, and no more than a screen can hold", () => {
    const wrong = Array.from({ length: 30 }, () => ({ ...write, process: null }));
    const lines = messageOf(JSON.stringify(wrong)).split("\n");
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe("... and 10 more");
  });
});

function messageOf(text: string, model?: ModelName): string {
  try {
    parse(text, model);
  } catch (error) {
    if (error instanceof HistoryError) return formatProblems("h.json", error.problems);
    throw error;
  }
  return "nothing is wrong";
}
