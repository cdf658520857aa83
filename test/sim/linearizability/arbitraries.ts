/**
 * Histories for properties. Most come from an execution: operations take effect at a moment of their own on a naive object and
 * return what it says, so they are linearizable; then something may be changed, so that many are not.
 */

import fc from "fast-check";
import type { Operation } from "../../../sim/linearizability/history.ts";
import { type NaiveLog, naiveCell, naiveLog, naiveQueue, naiveRead } from "./oracle.ts";

interface Planned {
  readonly name: string;
  readonly input: unknown;
}

/** An object that answers by itself; a state and what an operation returns. */
export interface Executable<State> {
  readonly initial: State;
  readonly plan: fc.Arbitrary<Planned>;
  /** Outputs to put in the place of right ones. */
  readonly wrong: fc.Arbitrary<unknown>;
  execute(state: State, planned: Planned): { state: State; output: unknown };
}

const small = fc.integer({ min: 0, max: 2 });
const asOperation = (planned: Planned, output: unknown): Operation => ({
  index: 0,
  process: 0,
  key: undefined,
  ...planned,
  output,
  outcome: "ok",
  invoked: 0,
  returned: 0,
});

function cell(names: readonly string[], read: string, write: string): Executable<unknown> {
  return {
    initial: null,
    plan: fc.oneof(
      ...names.map((name) => {
        const input =
          name === read || name === "delete"
            ? fc.constant(undefined)
            : name === "cas"
              ? fc.tuple(fc.option(small), small)
              : name === "append"
                ? fc.constantFrom("a", "b")
                : small;
        return fc.record({ name: fc.constant(name), input });
      }),
      fc.record({ name: fc.constant(read), input: fc.constant(undefined) }),
      fc.record({ name: fc.constant(write), input: small }),
    ),
    wrong: fc.oneof(fc.option(small), fc.boolean()),
    execute(state, planned) {
      const { name, input } = planned;
      if (name === read) return { state, output: state };
      const output =
        name === "cas" ? JSON.stringify((input as unknown[])[0]) === JSON.stringify(state) : undefined;
      return { state: naiveCell.next(state, asOperation(planned, output), [])[0], output };
    },
  };
}

export const registerExecution = cell(["read", "write", "cas"], "read", "write");
export const kvExecution = cell(["get", "put", "delete", "cas"], "get", "put");
export const appendingExecution = {
  ...cell(["get", "append", "delete"], "get", "append"),
  plan: fc.oneof(
    fc.constant({ name: "get", input: undefined }),
    fc.record({ name: fc.constant("append"), input: fc.constantFrom("a", "b") }),
    fc.constant({ name: "delete", input: undefined }),
  ),
  wrong: fc.constantFrom(null, "a", "b", "ab", "ba", "aa"),
} satisfies Executable<unknown>;

const letter = fc.constantFrom(..."abcdefghijklmnop");
/** Texts are seldom the same, so that values tell which appends made them; at times they are, or one is the end of another. */
export const tellingExecution = {
  ...cell(["get", "append", "put", "delete"], "get", "append"),
  plan: fc.oneof(
    fc.constant({ name: "get", input: undefined }),
    fc.constant({ name: "get", input: undefined }),
    fc.record({ name: fc.constant("append"), input: letter }),
    fc.record({ name: fc.constant("append"), input: letter }),
    fc.record({ name: fc.constantFrom("append", "put"), input: fc.constantFrom("A", "B", "AB", "Aa") }),
    fc.constant({ name: "delete", input: undefined }),
  ),
  wrong: fc.option(fc.array(letter, { maxLength: 3 }).map((letters) => letters.join(""))),
} satisfies Executable<unknown>;

const queueOf = (value: fc.Arbitrary<number>): Executable<readonly unknown[]> => ({
  initial: [],
  plan: fc.oneof(
    fc.record({ name: fc.constant("enqueue"), input: value }),
    fc.constant({ name: "dequeue", input: undefined }),
  ),
  wrong: fc.option(value),
  execute(state, planned) {
    const output = planned.name === "dequeue" ? (state.length === 0 ? null : state[0]) : undefined;
    return { state: naiveQueue.next(state, asOperation(planned, output), [])[0]!, output };
  },
});
export const queueExecution = queueOf(small);
/** Values are seldom the same. */
export const uniqueQueueExecution = queueOf(fc.integer({ min: 0, max: 40 }));

const logPlan = (trims: boolean): fc.Arbitrary<Planned> => {
  const seqnum = fc.integer({ min: 0, max: 16 });
  const tag = fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined });
  const tags = fc.constantFrom([], [1], [2], [1, 2]);
  const read = (name: string) => fc.record({ name: fc.constant(name), input: fc.record({ seqnum, tag }) });
  return fc.oneof(
    {
      arbitrary: fc.record({ name: fc.constant("append"), input: fc.record({ data: small, tags }) }),
      weight: 4,
    },
    { arbitrary: read("readNext"), weight: 2 },
    { arbitrary: read("readPrev"), weight: 2 },
    { arbitrary: read("read"), weight: 1 },
    { arbitrary: fc.record({ name: fc.constant("checkTail"), input: fc.record({ tag }) }), weight: 2 },
    ...(trims ? [{ arbitrary: read("trim"), weight: 2 }] : []),
  );
};

const logExecutionOf = (trims: boolean): Executable<NaiveLog> => ({
  initial: naiveLog.initial,
  plan: logPlan(trims),
  wrong: fc.option(fc.record({ seqnum: fc.integer({ min: 0, max: 16 }), data: small })),
  execute(state, planned) {
    if (planned.name === "append") {
      // Gaps of two, so that a wrong seqnum may fall between.
      const output = { seqnum: (state.records.at(-1)?.seqnum ?? 0) + 2 };
      return { state: naiveLog.next(state, asOperation(planned, output), [])[0]!, output };
    }
    if (planned.name === "trim") {
      return { state: naiveLog.next(state, asOperation(planned, undefined), [])[0]!, output: undefined };
    }
    const found = naiveRead(state, asOperation(planned, undefined));
    return { state, output: found === undefined ? null : { seqnum: found.seqnum, data: found.data } };
  },
});
export const logExecution = logExecutionOf(false);
export const trimmedLogExecution = logExecutionOf(true);

const moment = fc.integer({ min: 0, max: 20 });

/** Linearizable: each operation took effect at the second of its three moments, those of the same moment in order of the list. */
export function executed<State>(object: Executable<State>, maxLength: number): fc.Arbitrary<Operation[]> {
  const one = fc.record({
    planned: object.plan,
    moments: fc.tuple(moment, moment, moment).map((three) => three.sort((a, b) => a - b)),
    ending: fc.constantFrom("ok", "ok", "ok", "ok", "ok", "cut", "lost", "never", "failed"),
  });
  return fc.array(one, { maxLength, size: "max" }).map((all) => {
    const history: Operation[] = [];
    let state = object.initial;
    const inOrder = all.toSorted((a, b) => a.moments[1]! - b.moments[1]!);
    for (const { planned, moments, ending } of inOrder) {
      let output: unknown;
      if (ending === "ok" || ending === "cut" || ending === "lost")
        ({ state, output } = object.execute(state, planned));
      const returned = ending === "ok" ? moments[2]! : Number.POSITIVE_INFINITY;
      const outcome = ending === "ok" || ending === "cut" ? "ok" : ending === "failed" ? "failed" : "unknown";
      history.push({
        ...asOperation(planned, outcome === "ok" ? output : undefined),
        outcome,
        invoked: moments[0]!,
        returned,
      });
    }
    return history.map((operation, index) => ({ ...operation, index, process: index }));
  });
}

/** Executed, and then perhaps spoilt: an output changed, an operation moved in time or taken out. */
export function perhapsWrong<State>(object: Executable<State>, maxLength: number): fc.Arbitrary<Operation[]> {
  const spoilt = fc.record({
    at: fc.nat(),
    how: fc.constantFrom("output", "output", "move", "drop"),
    output: object.wrong,
    by: moment,
  });
  return fc
    .tuple(executed(object, maxLength), fc.array(spoilt, { minLength: 1, maxLength: 2 }))
    .map(([history, changes]) => {
      const result = [...history];
      for (const { at, how, output, by } of changes) {
        const place = result.length === 0 ? 0 : at % result.length;
        const operation = result[place];
        if (operation === undefined) continue;
        if (how === "drop") result.splice(place, 1);
        else if (how === "move") {
          result[place] = {
            ...operation,
            invoked: by,
            returned: operation.returned + by - operation.invoked,
          };
        } else if (operation.outcome === "ok" && fits(operation, output))
          result[place] = { ...operation, output };
      }
      return result.map((operation, index) => ({ ...operation, index }));
    });
}

/** Whether an operation can return such a thing at all. */
function fits({ name, output }: Operation, other: unknown): boolean {
  if (output === undefined) return false;
  if (name === "append") return typeof other === "object" && other !== null;
  return (name === "cas") === (typeof other === "boolean");
}
