/** A first-in, first-out queue: `enqueue` of a value, `dequeue` returns the oldest or `null` when there is none. */

import { canonical } from "../canonical.ts";
import type { Operation } from "../history.ts";
import type { Model, Trace } from "../model.ts";

/** Canonical texts of what is in the queue, the oldest first. */
export type QueueState = readonly string[];

const EMPTY = "null";

export const queue: Model<QueueState> = {
  name: "queue",
  operations: ["enqueue", "dequeue"],
  problem({ name, input, output, outcome }) {
    if (name === "enqueue") {
      if (input !== undefined && input !== null) return undefined;
      return {
        field: "input",
        message: "is missing; an enqueue has the value it puts in, which is not null",
      };
    }
    if (outcome !== "ok" || output !== undefined) return undefined;
    return {
      field: "output",
      message: "is missing; an ok dequeue has the value it took, or null when there was none",
    };
  },
  initialProblem: (given) =>
    Array.isArray(given) && given.every((value) => value !== null)
      ? undefined
      : "a list of values is wanted, the oldest first and none of them null",
  initial: (_operations, given) => ((given ?? []) as readonly unknown[]).map(canonical),
  step(state, { name, input, output, outcome }) {
    if (name === "enqueue") return [...state, canonical(input)];
    if (outcome !== "unknown" && canonical(output) !== (state[0] ?? EMPTY)) return undefined;
    return state.length === 0 ? state : state.slice(1);
  },
  isReadOnly: ({ name, output, outcome }) => name === "dequeue" && outcome === "ok" && output === null,
  identify: (state) => state.join("\n"),
  describe: (state) => `[${state.join(", ")}]`,
  expected: (state, { name }) => (name === "enqueue" ? "nothing" : (state[0] ?? EMPTY)),
  traces,
};

/** A value that is taken out leaves with the operation that put it in. */
function traces(operations: readonly Operation[]): Trace[] {
  return operations.map(({ name, input, output, outcome }) => {
    if (name === "enqueue") return { writes: [canonical(input)], reads: [canonical(input)] };
    if (outcome === "unknown") return { writes: ["any"], reads: [] };
    if (output === null) return { writes: [], reads: ["any"] };
    return { writes: [canonical(output)], reads: [canonical(output), "any"] };
  });
}
