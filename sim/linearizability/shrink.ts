/**
 * Makes a history that is not linearizable small, without making up a violation that was not there: an operation is left out only
 * together with all that read what it wrote (`Trace`), so what remains is linearizable if the whole is. A read of a value whose write
 * was left out would prove nothing.
 */

import type { Operation } from "./history.ts";
import type { Model, Trace } from "./model.ts";

/**
 * Leaves out as much as it can while `isViolated` holds, in ever smaller pieces, until no single operation can go. `kept` stays.
 * What is asked about are sublists of `operations`, in its order.
 */
export function shrink<State>(
  operations: readonly Operation[],
  kept: Operation,
  model: Model<State>,
  given: unknown,
  isViolated: (operations: readonly Operation[]) => boolean,
): readonly Operation[] {
  const ties = new Ties(operations, tracesOf(operations, model, given));
  let left = operations.map((_, number) => number);
  const keptNumber = operations.indexOf(kept);
  for (let size = left.length >> 1; size >= 1; size >>= 1) {
    let removedSome: boolean;
    do {
      removedSome = false;
      for (let start = 0; start < left.length; start += size) {
        const without = ties.closure(left.slice(start, start + size));
        if (without === undefined || without.has(keptNumber)) continue;
        const rest = left.filter((number) => !without.has(number));
        if (!isViolated(rest.map((number) => operations[number]!))) continue;
        left = rest;
        start -= size;
        removedSome = true;
      }
      // At the end, what could not go before may be able to go now that others have.
    } while (removedSome && size === 1);
  }
  return left.map((number) => operations[number]!);
}

/** A name that no model gives, for what is not known to be removable. */
const FIXED = "\u0000fixed";

function tracesOf<State>(
  operations: readonly Operation[],
  model: Model<State>,
  given: unknown,
): readonly Trace[] {
  return (
    model.traces?.(operations, given) ??
    operations.map((operation) => ({ writes: model.isReadOnly(operation) ? [] : [FIXED], reads: [] }))
  );
}

/** Which operations must be left out with which. */
class Ties {
  private readonly traces: readonly Trace[];
  private readonly readers = new Map<string, number[]>();

  constructor(operations: readonly Operation[], traces: readonly Trace[]) {
    this.traces = traces;
    for (let number = 0; number < operations.length; number++) {
      for (const name of traces[number]!.reads) {
        const readers = this.readers.get(name);
        if (readers === undefined) this.readers.set(name, [number]);
        else readers.push(number);
      }
    }
  }

  /** The operations and all that must go with them; undefined when one may not go at all. */
  closure(numbers: readonly number[]): ReadonlySet<number> | undefined {
    const found = new Set(numbers);
    const names = new Set<string>();
    // A set is iterated to its end, with what is added on the way.
    for (const number of found) {
      for (const name of this.traces[number]!.writes) {
        if (name === FIXED) return undefined;
        if (names.has(name)) continue;
        names.add(name);
        for (const reader of this.readers.get(name) ?? []) found.add(reader);
      }
    }
    return found;
  }
}
