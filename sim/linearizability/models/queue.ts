/** A first-in, first-out queue: `enqueue` of a value, `dequeue` returns the oldest or `null` when there is none. */

import { canonical } from "../canonical.ts";
import { hasReturned, type Operation } from "../history.ts";
import { type Model, numbered, type Trace } from "../model.ts";
import type { Specification } from "../specification.ts";
import type { Timeline } from "../timeline.ts";
import { decideQueue } from "./queue-order.ts";

/** Canonical texts of what is in the queue, the oldest first, each followed by the end of a line. */
type QueueState = string;

/** What a dequeue would return, as canonical text. */
const oldest = (state: QueueState): string => (state === "" ? "null" : state.slice(0, state.indexOf("\n")));

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
  initial: (_operations, given) =>
    ((given ?? []) as readonly unknown[])
      .map(
        (value) => `${canonical(value)}
`,
      )
      .join(""),
  step(state, { name, input, output, outcome }) {
    if (name === "enqueue") return `${state}${canonical(input)}\n`;
    if (outcome !== "unknown" && canonical(output) !== oldest(state)) return undefined;
    return state.slice(state.indexOf("\n") + 1);
  },
  isReadOnly: ({ name, output, outcome }) => name === "dequeue" && outcome === "ok" && output === null,
  identify: (state) => state,
  describe: (state) => `[${state.slice(0, -1).replaceAll("\n", ", ")}]`,
  expected: (state, { name }) => (name === "enqueue" ? "nothing" : oldest(state)),
  traces,
  decide: (timeline, given) => (given === undefined ? decideQueue(timeline) : undefined),
  specify,
};

/**
 * The only dequeue of a value takes effect as soon as the value is the oldest: if another could have taken it, that was one of unknown
 * outcome, and the two can change places.
 */
function specify(timeline: Timeline, given: unknown): Specification {
  const dequeues = new Map<string, number>();
  const taken = (operation: Operation): string | undefined =>
    operation.name === "dequeue" && hasReturned(operation) && operation.output !== null
      ? canonical(operation.output)
      : undefined;
  for (const operation of timeline.operations) {
    const value = taken(operation);
    if (value !== undefined) dequeues.set(value, (dequeues.get(value) ?? 0) + 1);
  }
  const isOnly = (value: string | undefined): boolean => value !== undefined && dequeues.get(value) === 1;
  const eager = Uint8Array.from(timeline.operations, (operation) => (isOnly(taken(operation)) ? 1 : 0));
  return { ...numbered(queue, timeline, given).specification, eager };
}

/** A value that is taken out leaves with the operation that put it in. */
function traces(operations: readonly Operation[]): Trace[] {
  return operations.map(({ name, input, output, outcome }) => {
    if (name === "enqueue") return { writes: [canonical(input)], reads: [canonical(input)] };
    if (outcome === "unknown") return { writes: ["any"], reads: [] };
    if (output === null) return { writes: [], reads: ["any"] };
    return { writes: [canonical(output)], reads: [canonical(output), "any"] };
  });
}
