/** The model in the comment of sim/linearizability/model.ts, and what the checker does with models that say no more than they must. */

import { expect, test } from "vitest";
import { check } from "../../../sim/linearizability/check.ts";
import { explain } from "../../../sim/linearizability/explain.ts";
import { parseHistory } from "../../../sim/linearizability/format/read.ts";
import type { Model } from "../../../sim/linearizability/model.ts";

const counter: Model<number> = {
  name: "counter",
  operations: ["add", "get"],
  initial: () => 0,
  step(state, { name, input, output, outcome }) {
    if (name === "add") return state + (input as number);
    return outcome === "unknown" || output === state ? state : undefined;
  },
  isReadOnly: ({ name }) => name === "get",
  identify: (state) => state,
};

const history = (last: number) =>
  parseHistory(
    JSON.stringify([
      { process: 0, operation: "add", input: 2, invokedNanos: 0, returnedNanos: 30 },
      { process: 1, operation: "add", input: 3, invokedNanos: 10, returnedNanos: 40 },
      { process: 2, operation: "get", output: 3, invokedNanos: 20, returnedNanos: 50 },
      { process: 3, operation: "add", input: 10, invokedNanos: 25 },
      { process: 2, operation: "get", output: last, invokedNanos: 60, returnedNanos: 70 },
    ]),
    counter,
  );

test("a model of one's own is checked like the others", () => {
  expect(check(history(5), counter).verdict).toBe("linearizable");
  expect(check(history(15), counter).verdict).toBe("linearizable");
  expect(check(history(2), counter).verdict).toBe("violated");
});

test("a violation of it is explained, with the states as data and without what is read-only and beside the point", () => {
  const { operation, part, states } = explain(history(2).operations, counter);
  expect(operation.index).toBe(4);
  expect(part.map(({ index }) => index)).toEqual([0, 1, 3, 4]);
  expect(states).toEqual([
    { state: "5", expected: undefined, possible: false },
    { state: "15", expected: undefined, possible: false },
  ]);
});

test("the comment of the interface has this very model", async () => {
  const { readFileSync } = await import("node:fs");
  const comment = readFileSync("sim/linearizability/model.ts", "utf8");
  const test = readFileSync("test/sim/linearizability/own-model.test.ts", "utf8");
  const model = /const counter: Model<number> = \{[\s\S]*?\n\};/.exec(test)![0];
  expect(comment.replaceAll(/^ \* {5}/gm, "")).toContain(model);
});
