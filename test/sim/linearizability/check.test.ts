import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { check, checkObject } from "../../../sim/linearizability/check.ts";
import type { Operation } from "../../../sim/linearizability/history.ts";
import { type Model, numbered } from "../../../sim/linearizability/model.ts";
import { kv } from "../../../sim/linearizability/models/kv.ts";
import { log } from "../../../sim/linearizability/models/log.ts";
import { queue } from "../../../sim/linearizability/models/queue.ts";
import { register } from "../../../sim/linearizability/models/register.ts";
import { HistoryError } from "../../../sim/linearizability/problems.ts";
import { search } from "../../../sim/linearizability/search.ts";
import { timelineOf } from "../../../sim/linearizability/timeline.ts";
import {
  appendingExecution,
  type Executable,
  executed,
  kvExecution,
  logExecution,
  perhapsWrong,
  queueExecution,
  registerExecution,
  trimmedLogExecution,
} from "./arbitraries.ts";
import {
  isLinearizable,
  isLinearization,
  type NaiveObject,
  naiveCell,
  naiveLog,
  naiveQueue,
} from "./oracle.ts";

interface Subject {
  readonly name: string;
  readonly model: Model<unknown>;
  readonly execution: Executable<unknown>;
  readonly naive: NaiveObject<unknown>;
}

/** The types of states differ from row to row and matter to none of the tests. */
const subject = <A, B, C>(
  name: string,
  model: Model<A>,
  execution: Executable<B>,
  naive: NaiveObject<C>,
): Subject => ({ name, model, execution, naive }) as unknown as Subject;

const SUBJECTS = [
  subject("register", register, registerExecution, naiveCell),
  subject("kv", kv, kvExecution, naiveCell),
  subject("kv with append", kv, appendingExecution, naiveCell),
  subject("queue", queue, queueExecution, naiveQueue),
  subject("log", log, logExecution, naiveLog),
  subject("log with trims", log, trimmedLogExecution, naiveLog),
];

const MANY = { numRuns: 2_000, seed: 20_260 };
const LENGTH_MAX = 6;

describe.each(SUBJECTS)("$name:", ({ model, execution, naive }) => {
  const verdictOf = (history: readonly Operation[]) =>
    check({ operations: history, clock: "nanos" }, model).verdict;

  test("what executed one operation after the other is linearizable, and the order found is a linearization", () => {
    fc.assert(
      fc.property(executed(execution, 20), (history) => {
        const operations = history.filter(({ outcome }) => outcome !== "failed");
        fc.pre(!isAmbiguous(operations, model));
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
        fc.pre(!isAmbiguous(history, model));
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
      fc.property(perhapsWrong(execution, 14), (history) => {
        fc.pre(!isAmbiguous(history, model));
        const timeline = timelineOf(history.filter(({ outcome }) => outcome !== "failed"));
        const { specification } = numbered(model, timeline, undefined);
        const plain = { ...specification, readOnly: new Uint8Array(timeline.count) };
        expect(verdictOf(history)).toBe(search(timeline, plain, Number.POSITIVE_INFINITY).verdict);
      }),
      MANY,
    );
  });
});

/** Whether the history is refused because it does not tell which append wrote a record. */
function isAmbiguous(history: readonly Operation[], model: Model<unknown>): boolean {
  try {
    model.initial(
      history.filter(({ outcome }) => outcome !== "failed"),
      undefined,
    );
    return false;
  } catch (error) {
    if (error instanceof HistoryError) return true;
    throw error;
  }
}
