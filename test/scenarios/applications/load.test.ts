import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loadApplication } from "../../../scenarios/applications/load.ts";
import { ScenarioError } from "../../../scenarios/problems.ts";

const GUESTBOOK = readFileSync("scenarios/apps/guestbook.yaml", "utf8");

function problemsOf(text: string, mix?: string): string[] {
  try {
    loadApplication(text, "app.yaml", { mix });
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    return error.problems.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`);
  }
  return [];
}

const small = (steps: string, more = "") => `name: small
stores: { cache: { kind: redis } }
functions:
  F:
    language: cpp
    methods:
      One:
        steps: ${steps}
      Two: { steps: [] }
requests: { go: { call: F.One } }
${more}`;

const codeOf = (steps: string, language = "cpp") =>
  loadApplication(small(steps).replace("cpp", language), "app.yaml").methods[0]!.code;

describe("an application file", () => {
  test("becomes numbers and lists of instructions", () => {
    const application = loadApplication(GUESTBOOK, "guestbook.yaml", { mix: "visitors" });
    expect(application).toMatchObject({
      name: "guestbook",
      variables: ["words"],
      stores: [
        { name: "notes", kind: "mongodb", machine: "database" },
        { name: "newest", kind: "redis", machine: "cache" },
      ],
      functions: [
        { name: "Notes", language: "cpp", minWorkers: 4, maxWorkers: undefined },
        { name: "Feed", language: "go", minWorkers: 4, maxWorkers: undefined },
      ],
      mix: [0.9, 0.1],
    });
    expect(application.methods.map(({ name, fn }) => [name, fn])).toEqual([
      ["Notes.Write", 0],
      ["Feed.Add", 1],
      ["Feed.Read", 1],
    ]);
    expect(application.methods[0]!.code).toMatchObject([
      { op: "work", work: "regexScan", amount: { factor: 6, variables: [0] } },
      { op: "work", work: "json" },
      { op: "store", store: 0, command: "insert", requestBytes: { factor: 8, variables: [0] } },
      { op: "call", method: 1, inputBytes: { factor: 64, variables: [] } },
      { op: "end" },
    ]);
    expect(application.methods[2]!.outputBytes.factor).toBe(2_048);
    expect(application.requests[0]!.draws).toEqual([
      { variable: 0, value: { kind: "uniform", low: 10, high: 61 } },
    ]);
    expect(application.requests.map(({ entry, method }) => [entry, method])).toEqual([
      ["direct", 2],
      ["direct", 0],
    ]);
  });

  test("has jumps where its steps nest", () => {
    expect(
      codeOf(`
          - branch: { share: 40%, steps: [{ call: F.Two }], otherwise: [{ work: { json: 3 } }] }
          - repeat: { times: 3, steps: [{ once: [{ call: F.Two }] }] }
          - draw: { x: { whole: [0, 4] }, y: { geometric: 1 } }
          - store: { to: cache, command: set, arrivalOf: 6 }
          - ifLast: [{ callAsync: F.Two }]`),
    ).toMatchObject([
      { op: "branch", share: { factor: 0.4 }, otherwise: 3 },
      { op: "call" },
      { op: "jump", to: 4 },
      { op: "work" },
      { op: "repeat", times: { factor: 3 }, behind: 8 },
      { op: "ifFirst", once: 0, otherwise: 7 },
      { op: "call" },
      { op: "next", back: 5 },
      { op: "draw", variable: 0, value: { kind: "uniform", low: 0, high: 5 } },
      { op: "draw", variable: 1, value: { kind: "exponential", mean: 1 / Math.log(2) } },
      { op: "store", arrivalOf: 6 },
      { op: "ifLast", otherwise: 13 },
      { op: "callAsync", method: 1 },
      { op: "end" },
    ]);
    expect(codeOf("[{ parallel: [[{ call: F.Two }], []] }]", "go")).toMatchObject([
      { op: "parallel", branches: [1, 3], behind: 4 },
      { op: "call" },
      { op: "end" },
      { op: "end" },
      { op: "end" },
    ]);
  });

  test.each([
    [
      "a method that there is not",
      "[{ call: F.Twoo }]",
      '8:25 functions.F.methods.One.steps.0.call: there is no method "F.Twoo"; did you mean "F.Two"?',
    ],
    [
      "a store that there is not",
      "[{ store: { to: cash, command: get } }]",
      'there is no store "cash"; there are: cache',
    ],
    [
      "a command of another store",
      "[{ store: { to: cache, command: find } }]",
      'cache is redis and has no command "find"; it has: get, set, add, remove, range, count, pipeline',
    ],
    ["a variable that there is not", "[{ work: { json: size } }]", 'there is no variable "size"'],
    [
      "a kind of work that there is not",
      "[{ work: { jsonn: 1 } }]",
      'there is no kind of work "jsonn"; did you mean "json"?',
    ],
    ["a queue that there is not", "[{ publish: { to: q } }]", 'there is no queue "q"'],
    ["a step of another kind", "[{ cal: F.Two }]", 'unknown field; did you mean "call"?'],
    ["two steps in one", "[{ call: F.Two, callAsync: F.Two }]", "found call and callAsync; exactly one of"],
    [
      "branches at the same time in C++",
      "[{ parallel: [[]] }]",
      "C++ functions do one thing after the other",
    ],
    ["a function that calls itself", "[{ call: F.One }]", "F.One is called while it runs"],
    [
      "an amount that is none",
      "[{ repeat: { times: { a: 1 }, steps: [] } }]",
      "found a mapping, which is neither a number, nor a variable",
    ],
  ])("says where there is %s", (_what, steps, message) => {
    expect(problemsOf(small(steps)).join("\n")).toContain(message);
  });

  test("says what is wrong with its mixes", () => {
    const mixes = small("[]", "mixes: { a: { go: 1 }, b: { gone: 1 } }");
    expect(problemsOf(mixes, "a").join()).toContain(
      '11:35 mixes.b.gone: there is no request "gone"; there are: go',
    );
    const two = small("[]", "mixes: { a: { go: 1 }, b: { go: 1 } }");
    expect(problemsOf(two).join()).toContain('a workload has to choose one with "mix": a, b');
    expect(problemsOf(two, "zebra").join()).toContain('there is no mix "zebra"; there are: a, b');
    expect(problemsOf(two, "b")).toEqual([]);
  });
});
