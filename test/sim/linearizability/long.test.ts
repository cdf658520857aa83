/** Long histories: no recursion, memory and time in proportion to the length. What is too slow here runs into the limit of a test. */

import { describe, expect, test } from "vitest";
import { generateHistory, type HistoryShape } from "../../../bench/histories.ts";
import { check } from "../../../sim/linearizability/check.ts";
import type { Operation } from "../../../sim/linearizability/history.ts";
import { MODELS, type ModelName } from "../../../sim/linearizability/models/models.ts";

const LENGTH = 50_000;
const shape = (object: HistoryShape["object"], concurrency: number): HistoryShape => ({
  object,
  length: LENGTH,
  concurrency,
  seed: 1,
});

const OBJECTS: readonly [HistoryShape["object"], ModelName][] = [
  ["register", "register"],
  ["kv", "kv"],
  ["log", "log"],
  ["queue", "queue"],
];

describe.each(OBJECTS)("%s:", (object, name) => {
  const model = MODELS[name];
  test.each([2, 10, 20])(`${LENGTH} operations of %i clients are linearizable`, (concurrency) => {
    const operations = generateHistory(shape(object, concurrency));
    const result = check({ operations, clock: "nanos" }, model);
    expect(result.verdict).toBe("linearizable");
    expect(result.visited).toBeLessThan(4 * LENGTH);
  });

  test("a wrong result near the end is found", () => {
    const operations = generateHistory(shape(object, 10));
    expect(check({ operations: spoilt(operations), clock: "nanos" }, model).verdict).toBe("violated");
  });
});

/** The last operation but a hundred that returned something says what an operation long before it was told. */
function spoilt(operations: readonly Operation[]): Operation[] {
  const result = [...operations];
  const told = ({ output, name }: Operation) => output !== undefined && output !== null && name !== "append";
  const early = result.findIndex((operation, at) => at > 1_000 && told(operation));
  const late = result.findLastIndex(
    (operation, at) => at < result.length - 100 && told(operation) && operation.name === result[early]!.name,
  );
  result[late] = { ...result[late]!, output: result[early]!.output };
  return result;
}

test("at its limit the verdict is unknown, and the same history without one has a verdict", () => {
  const operations = generateHistory(shape("register", 10));
  const history = { operations, clock: "nanos" } as const;
  expect(check(history, MODELS.register, { visitedMax: 100 })).toMatchObject({
    verdict: "unknown",
    visited: 100,
  });
  expect(check(history, MODELS.register).verdict).toBe("linearizable");
});
