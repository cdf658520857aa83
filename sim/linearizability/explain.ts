/** Says why a history is not linearizable: up to where it is, which operation breaks it, and a small part that shows it. */

import { canonical } from "./canonical.ts";
import { type CheckOptions, checkObject } from "./check.ts";
import type { Operation } from "./history.ts";
import { type Model, numbered } from "./model.ts";
import { shrink } from "./shrink.ts";
import { IMPOSSIBLE } from "./specification.ts";
import { type Timeline, timelineOf } from "./timeline.ts";

export interface Explanation {
  /** The operation with whose return the history stopped being linearizable. */
  readonly operation: Operation;
  /** How many operations had returned before it did. */
  readonly returnedBefore: number;
  /** A linearization of the history until just before that return. */
  readonly linearization: readonly Operation[];
  /**
   * A small part of the history until that return that is not linearizable either. As far as that return it is, when any one
   * is left out with those that read what it wrote.
   */
  readonly part: readonly Operation[];
  /** The states of `part` in which the operation could take effect; undefined when there are too many. */
  readonly states: readonly PossibleState[] | undefined;
}

export interface PossibleState {
  /** For a person. */
  readonly state: string;
  /** What the operation would have to return, for a person; undefined when the model does not say. */
  readonly expected: string | undefined;
  /** The operation is possible in this state, but then others are not. */
  readonly possible: boolean;
}

/** Explains an object's operations (failed ones left out) whose verdict is `violated`. */
export function explain<State>(
  operations: readonly Operation[],
  model: Model<State>,
  options: CheckOptions = {},
): Explanation {
  const timeline = timelineOf(operations);
  const isViolated = (some: readonly Operation[]): boolean =>
    checkObject(timelineOf(some), model, options).verdict === "violated";
  // What begins a linearizable history is linearizable, so the first return that breaks it is found by halving.
  let fits = 0;
  let breaks = timeline.byReturn.length;
  while (breaks - fits > 1) {
    const middle = (fits + breaks) >>> 1;
    if (isViolated(until(timeline, middle))) breaks = middle;
    else fits = middle;
  }
  const before = timelineOf(until(timeline, fits));
  const beginning = until(timeline, breaks);
  const operation = timeline.operations[timeline.byReturn[breaks - 1]!]!;
  const part = shrink(beginning, operation, model, options.initial, isViolated);
  return {
    operation,
    returnedBefore: fits,
    linearization: [...checkObject(before, model, options).order].map((number) => before.operations[number]!),
    part: part.map(({ index }) => operations.find((each) => each.index === index)!),
    states: possibleStates(part, operation, model, options),
  };
}

/** The history until the return of that rank; operations still open need not have taken effect. */
function until(timeline: Timeline, returns: number): Operation[] {
  if (returns === 0) return [];
  const { byReturn, returnedAt, invokedAt, operations } = timeline;
  const end = returnedAt[byReturn[returns - 1]!]!;
  return operations.flatMap((operation, number) => {
    if (invokedAt[number]! > end) return [];
    return [returnedAt[number]! <= end ? operation : { ...operation, returned: Number.POSITIVE_INFINITY }];
  });
}

const OPERATIONS_MAX = 30;
const CONFIGURATIONS_MAX = 20_000;

/**
 * All states in which the operation could be placed in some order of the others. Goes through all configurations of the others
 * and keeps those from which the others can all take effect.
 */
function possibleStates<State>(
  part: readonly Operation[],
  operation: Operation,
  model: Model<State>,
  options: CheckOptions,
): PossibleState[] | undefined {
  if (part.length > OPERATIONS_MAX) return undefined;
  const timeline = timelineOf(part);
  // What the operation itself says of the object is not known to the others.
  const known = timeline.operations.filter((each) => each !== operation);
  const { specification, states } = numbered(model, timeline, options.initial, known);
  const { count, byReturn, invokedAt, returnedAt } = timeline;
  const itself = timeline.operations.indexOf(operation);
  const others = [...Array(count).keys()].filter((number) => number !== itself);
  const mustTake = [...byReturn]
    .filter((number) => number !== itself)
    .reduce((set, number) => set | (1 << number), 0);
  const precedes = (a: number, b: number): boolean => returnedAt[a]! < invokedAt[b]!;
  const before = (number: number): number =>
    others.filter((other) => precedes(other, number)).reduce((set, other) => set | (1 << other), 0);
  const predecessors = [...Array(count).keys()].map(before);
  interface Configuration {
    readonly done: number;
    readonly state: number;
    readonly from: Configuration[];
  }
  const first: Configuration = { done: 0, state: specification.initial, from: [] };
  const all = new Map<string, Configuration>([[`0 ${first.state}`, first]]);
  for (const configuration of all.values()) {
    for (const number of others) {
      const { done, state } = configuration;
      if ((done & (1 << number)) !== 0 || (predecessors[number]! & ~done) !== 0) continue;
      const after = specification.step(state, number);
      if (after === IMPOSSIBLE) continue;
      const key = `${done | (1 << number)} ${after}`;
      const known = all.get(key);
      if (known !== undefined) known.from.push(configuration);
      else all.set(key, { done: done | (1 << number), state: after, from: [configuration] });
      if (all.size > CONFIGURATIONS_MAX) return undefined;
    }
  }
  // Backwards from where all others that returned have taken effect.
  const completing = new Set([...all.values()].filter(({ done }) => (mustTake & ~done) === 0));
  for (const configuration of completing) for (const from of configuration.from) completing.add(from);
  const found = new Map<number, PossibleState>();
  for (const { done, state } of completing) {
    if ((predecessors[itself]! & ~done) !== 0 || found.has(state)) continue;
    // What must come after it has not taken effect yet.
    if (others.some((other) => precedes(itself, other) && (done & (1 << other)) !== 0)) continue;
    const value = states[state]!;
    found.set(state, {
      state: model.describe?.(value) ?? canonical(value),
      expected: model.expected?.(value, operation),
      possible: specification.step(state, itself) !== IMPOSSIBLE,
    });
  }
  return [...found.values()];
}
