/**
 * The real-time order of the operations of one object, in typed arrays for the search. Operations are numbered 0 .. count - 1 in
 * the order in which they were invoked.
 *
 * An operation precedes another when it returned before the other was invoked. Two events at the same moment count as
 * concurrent: an invocation sorts before a return, because a clock that does not tell them apart proves no order.
 */

import { canonical } from "./canonical.ts";
import { hasReturned, type Operation } from "./history.ts";

export interface Timeline {
  readonly count: number;
  /** In the order of invocation. */
  readonly operations: readonly Operation[];
  /** Place of the invocation and of the return among all events; a return that never comes has a place after all others. */
  readonly invokedAt: Int32Array;
  readonly returnedAt: Int32Array;
  /** The operations that returned, in the order of their returns. */
  readonly byReturn: Int32Array;
  /** The others, in the order of their invocations. */
  readonly neverReturned: Int32Array;
  /** For one that never returned: the last one before it that never returned and has the same name, input and output, or `NO_TWIN`. */
  readonly earlierTwin: Int32Array;
  /** A number that no two operations share that are open at the same moment, and as small as that allows. */
  readonly slots: Int32Array;
  readonly slotCount: number;
}

export const NO_TWIN = -1;

/** Orders operations whose outcome is not `failed`. */
export function timelineOf(unordered: readonly Operation[]): Timeline {
  const operations = inOrder(unordered, (operation) => operation.invoked);
  const returning = operations.flatMap((operation, number) =>
    hasReturned(operation) ? [{ number, returned: operation.returned }] : [],
  );
  const byReturn = Int32Array.from(
    inOrder(returning, (each) => each.returned),
    ({ number }) => number,
  );
  const count = operations.length;
  const invokedAt = new Int32Array(count);
  const returnedAt = new Int32Array(count).fill(2 * count);
  const slots = new Int32Array(count);
  const free: number[] = [];
  let slotCount = 0;
  let place = 0;
  let returned = 0;
  for (let number = 0; number <= count; number++) {
    const until = number === count ? Number.POSITIVE_INFINITY : operations[number]!.invoked;
    while (returned < byReturn.length) {
      const ending = byReturn[returned]!;
      if (number < count && operations[ending]!.returned >= until) break;
      returnedAt[ending] = place++;
      free.push(slots[ending]!);
      returned++;
    }
    if (number === count) break;
    invokedAt[number] = place++;
    slots[number] = free.pop() ?? slotCount++;
  }
  const neverReturned = Int32Array.from(
    operations.flatMap((operation, number) => (hasReturned(operation) ? [] : [number])),
  );
  const earlierTwin = twins(operations, neverReturned);
  return { count, operations, invokedAt, returnedAt, byReturn, neverReturned, earlierTwin, slots, slotCount };
}

function twins(operations: readonly Operation[], among: Int32Array): Int32Array {
  const earlierTwin = new Int32Array(operations.length).fill(NO_TWIN);
  const last = new Map<string, number>();
  for (const number of among) {
    const { name, input, output } = operations[number]!;
    const kind = `${name} ${canonical(input)} ${canonical(output)}`;
    earlierTwin[number] = last.get(kind) ?? NO_TWIN;
    last.set(kind, number);
  }
  return earlierTwin;
}

/**
 * Sorts by a number; equal ones stay in order. Histories are nearly in order, where insertion moves little; one that is not
 * is left to the general sort before the moves add up.
 */
function inOrder<T>(items: readonly T[], keyOf: (item: T) => number): T[] {
  const sorted = [...items];
  const keys = Float64Array.from(sorted, keyOf);
  let moves = INSERTION_MOVES_PER_ITEM * sorted.length;
  for (let i = 1; i < sorted.length; i++) {
    const key = keys[i]!;
    if (keys[i - 1]! <= key) continue;
    const item = sorted[i]!;
    let at = i;
    while (at > 0 && keys[at - 1]! > key) {
      keys[at] = keys[at - 1]!;
      sorted[at] = sorted[at - 1]!;
      at--;
    }
    keys[at] = key;
    sorted[at] = item;
    moves -= i - at;
    if (moves < 0) return [...items].sort((a, b) => keyOf(a) - keyOf(b));
  }
  return sorted;
}
const INSERTION_MOVES_PER_ITEM = 64;
