/** Histories that others have published, with the verdicts they gave. */

import { describe, expect, test } from "vitest";
import { check } from "../../../sim/linearizability/check.ts";
import { parseHistory } from "../../../sim/linearizability/format/read.ts";
import { MODELS, type ModelName } from "../../../sim/linearizability/models/models.ts";

function verdictOf(model: ModelName, history: unknown, initial?: unknown): string {
  return check(parseHistory(JSON.stringify(history), MODELS[model]), MODELS[model], { initial }).verdict;
}

describe("Herlihy and Wing 1990, histories of a queue", () => {
  /** As in the paper: `E(x) A` invokes, `Ok() A` and `Ok(x) A` return. */
  const events = (text: string) => {
    const last = new Map<string, string>();
    return text.split(", ").map((event) => {
      const [, call, value, process] = /^(\w+)\((\w*)\) (\w)$/.exec(event)!;
      if (call !== "Ok") last.set(process!, call === "E" ? "enqueue" : "dequeue");
      return { process, type: call === "Ok" ? "ok" : "invoke", f: last.get(process!), value: value || null };
    });
  };
  test.each([
    ["H1", "E(x) A, Ok() A, E(y) B, Ok() B, D() B, Ok(x) B, D() A, Ok(y) A, E(z) A", "linearizable"],
    ["H2", "E(x) A, Ok() A, E(y) B, D() A, Ok() B, Ok(y) A", "violated"],
    ["H3", "E(x) A, D() B, Ok(x) B", "linearizable"],
    ["H4", "E(x) A, E(y) B, Ok() A, Ok() B, D() A, D() C, Ok(y) A, Ok(y) C", "violated"],
  ])("%s", (_name, text, verdict) => {
    expect(verdictOf("queue", events(text))).toBe(verdict);
  });
});

/** One operation of a line of numbers: process, call, invocation, result, return. */
type Line = readonly [process: number, call: string, invoked: number, result: unknown, returned: number];
const operations = (lines: readonly Line[]) =>
  lines.map(([process, call, invokedNanos, output, returnedNanos]) => {
    const [operation, key, input] = call.split(" ");
    const asNumber = (text: string | undefined) =>
      text === undefined || text === "" ? undefined : Number(text);
    return operation === "put" || operation === "get"
      ? { process, operation, key, input, output, invokedNanos, returnedNanos }
      : { process, operation, input: asNumber(key), output, invokedNanos, returnedNanos };
  });

describe("the examples of Porcupine", () => {
  test.each<[string, Line[], string]>([
    [
      "reads during a write of 100 may see it or not",
      [
        [0, "write 100", 0, undefined, 100],
        [1, "read", 25, 100, 75],
        [2, "read", 30, 0, 60],
      ],
      "linearizable",
    ],
    [
      "a read after one that saw the write of 200 sees it too",
      [
        [0, "write 200", 0, undefined, 100],
        [1, "read", 10, 200, 30],
        [2, "read", 40, 0, 90],
      ],
      "violated",
    ],
  ])("%s", (_name, lines, verdict) => {
    expect(verdictOf("register", operations(lines), 0)).toBe(verdict);
  });

  test.each<[string, Line[], string]>([
    [
      "operations that take no time at all",
      [
        [0, "put x y", 0, undefined, 100],
        [1, "get x", 25, "y", 75],
        [2, "get x", 30, "", 30],
        [3, "get x", 50, "y", 90],
      ],
      "linearizable",
    ],
    [
      "of those one after another",
      [
        [0, "put x y", 0, undefined, 100],
        [1, "get x", 25, "y", 75],
        [2, "get x", 30, "y", 30],
        [3, "get x", 35, "", 35],
      ],
      "violated",
    ],
  ])("%s", (_name, lines, verdict) => {
    expect(verdictOf("kv", operations(lines), "")).toBe(verdict);
  });
});

describe("Gibbons and Korach 1997: with what is written once, zones decide", () => {
  const zones = (second: number) => [
    { process: 0, operation: "write", input: 1, invokedNanos: 0, returnedNanos: 10 },
    { process: 0, operation: "write", input: 2, invokedNanos: 12, returnedNanos: 20 },
    { process: 1, operation: "read", output: 2, invokedNanos: 14, returnedNanos: 24 },
    // The zone of 1 reaches from 10 to its last read; that of 2 from 20 to 14, backward, within it or not.
    { process: 2, operation: "read", output: 1, invokedNanos: second, returnedNanos: second + 20 },
  ];
  test("a backward zone beside a forward zone fits", () => {
    expect(verdictOf("register", zones(13))).toBe("linearizable");
  });
  test("a backward zone within a forward zone does not", () => {
    expect(verdictOf("register", zones(22))).toBe("violated");
  });
});

describe("Jepsen: a crashed write", () => {
  const events = (reads: readonly number[]) => [
    { process: 0, type: "invoke", f: "write", value: 1 },
    { process: 0, type: "ok", f: "write", value: 1 },
    { process: 1, type: "invoke", f: "write", value: 2 },
    { process: 1, type: "info", f: "write", value: 2 },
    ...reads.flatMap((value) => [
      { process: 0, type: "invoke", f: "read", value: null },
      { process: 0, type: "ok", f: "read", value },
    ]),
  ];
  test("may take effect long after", () => {
    expect(verdictOf("register", events([1, 1, 1, 2, 2]))).toBe("linearizable");
  });
  test("or never", () => {
    expect(verdictOf("register", events([1, 1, 1]))).toBe("linearizable");
  });
  test("but only once", () => {
    expect(verdictOf("register", events([1, 2, 1]))).toBe("violated");
  });
});
