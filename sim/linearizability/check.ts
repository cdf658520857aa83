/**
 * Whether a history is linearizable: whether its operations could have taken effect one after the other, each at some moment
 * between its invocation and its return, in a way that the model allows.
 *
 * Linearizability is local: a history is linearizable exactly when that of each object is (Herlihy and Wing 1990). Objects are told
 * apart by their keys and checked one by one.
 */

import type { History, Operation } from "./history.ts";
import { type Model, specificationOf } from "./model.ts";
import { type SearchResult, search } from "./search.ts";
import { type Timeline, timelineOf } from "./timeline.ts";

export interface CheckOptions {
  /** What the state is at the beginning of every object; the model has a default. */
  readonly initial?: unknown;
  /** How many configurations may be visited per object before the verdict is `unknown`. Default: no limit. */
  readonly visitedMax?: number;
}

export type Verdict = "linearizable" | "violated" | "unknown";

export interface ObjectResult {
  /** Undefined for the one object of a history without keys. */
  readonly key: string | undefined;
  readonly verdict: Verdict;
  readonly operations: number;
  /** Configurations that the search visited. */
  readonly visited: number;
}

export interface CheckResult {
  /** `violated` when one object is; else `unknown` when one is. */
  readonly verdict: Verdict;
  readonly operations: number;
  readonly visited: number;
  /** In the order in which the history first has them. */
  readonly objects: readonly ObjectResult[];
}

/** Checks a history against a model. */
export function check<State>(history: History, model: Model<State>, options: CheckOptions = {}): CheckResult {
  const objects = [...objectsOf(history.operations)].map(([key, operations]): ObjectResult => {
    const { verdict, visited } = checkObject(timelineOf(operations), model, options);
    return { key, verdict, operations: operations.length, visited };
  });
  const has = (verdict: Verdict): boolean => objects.some((object) => object.verdict === verdict);
  return {
    verdict: has("violated") ? "violated" : has("unknown") ? "unknown" : "linearizable",
    operations: history.operations.length,
    visited: objects.reduce((sum, { visited }) => sum + visited, 0),
    objects,
  };
}

/** Decides one object. */
export function checkObject<State>(
  timeline: Timeline,
  model: Model<State>,
  options: CheckOptions,
): SearchResult {
  const decided = model.decide?.(timeline, options.initial);
  if (decided !== undefined) return decided;
  const specification = specificationOf(model, timeline, options.initial);
  return search(timeline, specification, options.visitedMax ?? Number.POSITIVE_INFINITY);
}

/** The operations by key, without those that failed: they never had an effect, so they prove nothing. */
export function objectsOf(operations: readonly Operation[]): Map<string | undefined, Operation[]> {
  const objects = new Map<string | undefined, Operation[]>();
  for (const operation of operations) {
    let of = objects.get(operation.key);
    if (of === undefined) objects.set(operation.key, (of = []));
    if (operation.outcome !== "failed") of.push(operation);
  }
  return objects;
}
