/**
 * What an object is supposed to do, for the checker. A counter, complete (test/sim/linearizability/own-model.test.ts runs it):
 *
 *     const counter: Model<number> = {
 *       name: "counter",
 *       operations: ["add", "get"],
 *       initial: () => 0,
 *       step(state, { name, input, output, outcome }) {
 *         if (name === "add") return state + (input as number);
 *         return outcome === "unknown" || output === state ? state : undefined;
 *       },
 *       isReadOnly: ({ name }) => name === "get",
 *       identify: (state) => state,
 *     };
 */

import type { Operation } from "./history.ts";
import type { SearchResult } from "./search.ts";
import { IMPOSSIBLE, type Specification } from "./specification.ts";
import type { Timeline } from "./timeline.ts";

export interface Model<State> {
  readonly name: string;
  /** Names of its operations. */
  readonly operations: readonly string[];
  /** What is wrong with the input or the output of an operation, or undefined. The others are given no operation that has a problem. */
  problem?(operation: Operation): OperationProblem | undefined;
  /** What is wrong with what the user gave as the initial state, and what is allowed; undefined when nothing is. */
  initialProblem?(given: unknown): string | undefined;
  /**
   * The state at the beginning of the operations of one object, failed ones left out. `given` is what the user said it shall be,
   * undefined when nothing.
   */
  initial(operations: readonly Operation[], given: unknown): State;
  /**
   * The state after the operation took effect, or undefined when it cannot take effect in this state with the output it had.
   * An operation whose outcome is `unknown` has no output and can have any. The state must not be changed, and there is one at the
   * most: what a system is free to choose must be in the output, or be found by `initial`.
   */
  step(state: State, operation: Operation): State | undefined;
  /** Whether the operation, with the output it had, leaves every state as it is. Saying so where it is true saves much. */
  isReadOnly(operation: Operation): boolean;
  /** The same for two states exactly when they are equal. */
  identify(state: State): string | number;
  /** A state, for a person. */
  describe?(state: State): string;
  /** What the operation would have to return in this state, for a person: `3`, `nothing`. */
  expected?(state: State, operation: Operation): string;
  /** What operations owe to each other, in their order; without it only read-only ones are left out of an explanation. */
  traces?(operations: readonly Operation[], given: unknown): readonly Trace[];
  /** Decides without a search, where there is a way. */
  decide?(timeline: Timeline, given: unknown): SearchResult | undefined;
  /** The same object in numbers, where that is faster. */
  specify?(timeline: Timeline, given: unknown): Specification | undefined;
}

export interface OperationProblem {
  readonly field: "input" | "output" | `input.${string}` | `output.${string}`;
  /** What was found and what is allowed. */
  readonly message: string;
}

/**
 * When an operation is left out of a history, so must all be that read what it wrote; what remains is then linearizable if the whole
 * is. Names are free.
 */
export interface Trace {
  readonly writes: readonly string[];
  readonly reads: readonly string[];
}

/** The object in numbers: by the model's own way if it has one, else by giving a number to each state met. */
export function specificationOf<State>(
  model: Model<State>,
  timeline: Timeline,
  given: unknown,
): Specification {
  return model.specify?.(timeline, given) ?? numbered(model, timeline, given).specification;
}

/** Gives numbers to states as they are met. `known`: the operations that the initial state may know of, by default all. */
export function numbered<State>(
  model: Model<State>,
  { operations }: Timeline,
  given: unknown,
  known: readonly Operation[] = operations,
): { readonly specification: Specification; readonly states: readonly State[] } {
  const states: State[] = [];
  const numbers = new Map<string | number, number>();
  const numberOf = (state: State): number => {
    const identity = model.identify(state);
    let number = numbers.get(identity);
    if (number === undefined) {
      number = states.push(state) - 1;
      numbers.set(identity, number);
    }
    return number;
  };
  const specification: Specification = {
    initial: numberOf(model.initial(known, given)),
    step(state, operation) {
      const after = model.step(states[state]!, operations[operation]!);
      return after === undefined ? IMPOSSIBLE : numberOf(after);
    },
    readOnly: Uint8Array.from(operations, (operation) => (model.isReadOnly(operation) ? 1 : 0)),
  };
  return { specification, states };
}
