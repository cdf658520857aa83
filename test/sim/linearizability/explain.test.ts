import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { check } from "../../../sim/linearizability/check.ts";
import { explain } from "../../../sim/linearizability/explain.ts";
import { hasReturned, type Operation } from "../../../sim/linearizability/history.ts";
import { register } from "../../../sim/linearizability/models/register.ts";
import { perhapsWrong } from "./arbitraries.ts";
import { isLinearizable, isLinearization } from "./oracle.ts";
import { SUBJECTS } from "./subjects.ts";

describe.each(SUBJECTS)("of a violation, $name:", ({ model, execution, naive }) => {
  const violated = perhapsWrong(execution, 7)
    .map((history) => history.filter(({ outcome }) => outcome !== "failed"))
    .filter((history) => check({ operations: history, clock: "nanos" }, model).verdict === "violated");
  const some = { numRuns: 150, seed: 7 };

  test("the part shown is not linearizable, and comes from the history", () => {
    fc.assert(
      fc.property(violated, (history) => {
        const { part, operation } = explain(history, model);
        expect(isLinearizable(part, naive)).toBe(false);
        expect(part).toContain(operation);
        for (const each of part) expect(history).toContain(each);
      }),
      some,
    );
  });

  test("all that returned before the operation named is linearizable, and in the order given", () => {
    fc.assert(
      fc.property(violated, (history) => {
        const { operation, linearization, returnedBefore } = explain(history, model);
        const before = history
          .filter(({ invoked }) => invoked <= operation.returned)
          .map(
            (each) =>
              linearization.find(({ index }) => index === each.index) ?? {
                ...each,
                returned: Number.POSITIVE_INFINITY,
              },
          );
        expect(linearization.filter(hasReturned).length).toBe(returnedBefore);
        expect(isLinearization(linearization, before, naive)).toBe(true);
      }),
      some,
    );
  });

  test("none of the states listed lets everything fit", () => {
    fc.assert(
      fc.property(violated, (history) => {
        const { operation, part, states } = explain(history, model);
        for (const { possible, expected } of states!) {
          if (!possible && operation.output !== undefined) expect(expected).toBeDefined();
          // A read that is possible somewhere would change nothing there, so all would fit.
          if (possible) expect(model.isReadOnly(operation)).toBe(false);
        }
        expect(part.length).toBeGreaterThan(0);
      }),
      some,
    );
  });
});

test("a stale read among many operations is shown by two writes and that read", () => {
  const operations: Operation[] = [];
  const add = (name: string, value: number, invoked: number): void => {
    const index = operations.length;
    const [input, output] = name === "write" ? [value, undefined] : [undefined, value];
    const common = { index, process: index % 5, key: undefined, name, input, output };
    operations.push({ ...common, outcome: "ok", invoked, returned: invoked + 15 });
  };
  for (let i = 0; i < 3_000; i++) add(i % 3 === 0 ? "write" : "read", i - (i % 3), 20 * i);
  add("read", 1_500, 70_000);
  const { operation, part, states, returnedBefore } = explain(operations, register);
  expect({ operation: operation.index, returnedBefore }).toEqual({ operation: 3_000, returnedBefore: 3_000 });
  expect(part.map(({ name, input, output }) => [name, input ?? output])).toEqual([
    ["write", 1_500],
    ["write", expect.any(Number)],
    ["read", 1_500],
  ]);
  expect(states).toHaveLength(1);
});
