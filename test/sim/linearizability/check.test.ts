import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { check, checkObject } from "../../../sim/linearizability/check.ts";
import type { Operation } from "../../../sim/linearizability/history.ts";
import { numbered } from "../../../sim/linearizability/model.ts";
import { search } from "../../../sim/linearizability/search.ts";
import { timelineOf } from "../../../sim/linearizability/timeline.ts";
import { executed, perhapsWrong } from "./arbitraries.ts";
import { isLinearizable, isLinearization } from "./oracle.ts";
import { SUBJECTS } from "./subjects.ts";

const MANY = { numRuns: 2_000, seed: 20_260 };
const LENGTH_MAX = 6;

describe.each(SUBJECTS)("$name:", ({ model, execution, naive }) => {
  const verdictOf = (history: readonly Operation[]) =>
    check({ operations: history, clock: "nanos" }, model).verdict;

  test("what executed one operation after the other is linearizable, and the order found is a linearization", () => {
    fc.assert(
      fc.property(executed(execution, 16), (history) => {
        const operations = history.filter(({ outcome }) => outcome !== "failed");
        const timeline = timelineOf(operations);
        const { verdict, order } = checkObject(timeline, model, {});
        expect(verdict).toBe("linearizable");
        expect(
          isLinearization(
            [...order].map((each) => timeline.operations[each]!),
            operations,
            naive,
          ),
        ).toBe(true);
      }),
      { numRuns: 500, seed: 1 },
    );
  });

  test("the verdict is that of trying all orders", () => {
    const verdicts = { linearizable: 0, violated: 0 };
    fc.assert(
      fc.property(perhapsWrong(execution, LENGTH_MAX), (history) => {
        const expected = isLinearizable(history, naive) ? "linearizable" : "violated";
        verdicts[expected]++;
        expect(verdictOf(history)).toBe(expected);
      }),
      MANY,
    );
    // Both kinds are among them, or the property says little.
    expect(Math.min(verdicts.linearizable, verdicts.violated)).toBeGreaterThan(100);
  });

  test("the shortcuts of the search and of the model change no verdict", () => {
    fc.assert(
      fc.property(perhapsWrong(execution, 11), (history) => {
        const timeline = timelineOf(history.filter(({ outcome }) => outcome !== "failed"));
        const { specification } = numbered(model, timeline, undefined);
        const plain = { ...specification, readOnly: new Uint8Array(timeline.count) };
        expect(verdictOf(history)).toBe(search(timeline, plain, Number.POSITIVE_INFINITY).verdict);
      }),
      MANY,
    );
  });
});
