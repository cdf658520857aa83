/** A cell in numbers: each value that matters is a state (sim/linearizability/specification.ts, `Values`). */

import { canonical } from "../canonical.ts";
import { hasReturned, type Operation } from "../history.ts";
import { ANY, IMPOSSIBLE, NONE, type Specification } from "../specification.ts";
import type { Timeline } from "../timeline.ts";
import { Chains, UNWRITTEN } from "./append-chains.ts";
import { type CellOperation, expectationOf, isReadOnly, matched } from "./cell-operations.ts";

type KindOf = (operation: Operation) => CellOperation;

/** Needs, effects and exceptions of the operations, filled in by number of operation. */
class Numbers {
  readonly needs: Int32Array;
  readonly makes: Int32Array;
  /** The state in which alone an operation is impossible. */
  readonly excludes: Int32Array;
  count = 0;
  excluding = false;

  constructor(operations: number) {
    this.needs = new Int32Array(operations).fill(ANY);
    this.makes = new Int32Array(operations).fill(NONE);
    this.excludes = new Int32Array(operations).fill(NONE);
  }

  specification(initial: number, readOnly: Uint8Array): Specification {
    const { needs, makes, excludes, count, excluding } = this;
    return {
      initial,
      step(state, operation) {
        const needed = needs[operation]!;
        if ((needed !== ANY && needed !== state) || excludes[operation] === state) return IMPOSSIBLE;
        const made = makes[operation]!;
        return made === NONE ? state : made;
      },
      readOnly,
      values: { count, needs, makes, excluding },
    };
  }
}

const readOnlyOf = ({ operations }: Timeline, kindOf: KindOf): Uint8Array =>
  Uint8Array.from(operations, (operation) => (isReadOnly(kindOf(operation), operation) ? 1 : 0));

/** A cell that nobody appends to. */
export function wholeCell(timeline: Timeline, given: unknown, kindOf: KindOf): Specification {
  const numbers = new Numbers(timeline.count);
  const values = new Map<unknown, number>();
  const numberOf = (value: unknown): number => {
    // Numbers are their own key; text is marked, so that it is not taken for the canonical text of another value.
    const identity =
      typeof value === "number" ? value : typeof value === "string" ? `"${value}` : canonical(value);
    let number = values.get(identity);
    if (number === undefined) values.set(identity, (number = numbers.count++));
    return number;
  };
  const initial = numberOf(given);
  const readOnly = readOnlyOf(timeline, kindOf);
  timeline.operations.forEach((operation, number) => {
    const kind = kindOf(operation);
    if (kind === "read") {
      if (hasReturned(operation)) numbers.needs[number] = numberOf(operation.output);
    } else if (kind === "write") numbers.makes[number] = numberOf(operation.input);
    else if (kind === "delete") numbers.makes[number] = numberOf(null);
    else {
      const { from, to } = expectationOf(operation);
      if (matched(operation)) {
        numbers.needs[number] = numberOf(from);
        if (readOnly[number] === 0) numbers.makes[number] = numberOf(to);
      } else if (hasReturned(operation)) {
        numbers.excludes[number] = numberOf(from);
        numbers.excluding = true;
      }
    }
  });
  return numbers.specification(initial, readOnly);
}

/** Decomposes the values of a cell, where they tell enough; `appends` are the operations in the order of its numbers. */
export function chainsOf(
  operations: readonly Operation[],
  given: unknown,
  kindOf: KindOf,
): { readonly chains: Chains; readonly appends: readonly number[] } | undefined {
  const written: unknown[] = [given];
  const appends: number[] = [];
  for (let number = 0; number < operations.length; number++) {
    const operation = operations[number]!;
    const kind = kindOf(operation);
    if (kind === "cas" && !(hasReturned(operation) && matched(operation))) return undefined;
    if (kind === "write") written.push(operation.input);
    else if (kind === "delete") written.push(null);
    else if (kind === "cas") written.push(expectationOf(operation).to);
    else if (kind === "append") appends.push(number);
  }
  const chains = Chains.of(
    written,
    appends.map((number) => operations[number]!.input),
  );
  return chains && { chains, appends };
}

/**
 * A cell with appends whose values tell which appends made them (append-chains.ts); undefined when they do not. An append that was
 * read is a compare-and-set from the value before it; one that was not is a write of a value nobody reads. Compare-and-sets that
 * did not match, or may not have, are left to the search.
 */
export function appendedCell(timeline: Timeline, given: unknown, kindOf: KindOf): Specification | undefined {
  const { operations, count } = timeline;
  const found = chainsOf(operations, given, kindOf);
  if (found === undefined) return undefined;
  const { chains, appends } = found;
  const numbers = new Numbers(count);
  const bases = new Map<string | null, number>();
  const baseNumber = (base: string | null): number => {
    let number = bases.get(base);
    if (number === undefined) bases.set(base, (number = numbers.count++));
    return number;
  };
  const wholeNumber = (value: unknown): number => baseNumber(chains.baseOf(value));
  /** The number of a value that was read; of one that nobody can have written a new one, which nothing makes. */
  const readNumber = (value: unknown): number | undefined => {
    const chain = chains.decompose(value);
    if (chain === undefined) return undefined;
    if (chain === UNWRITTEN) return numbers.count++;
    let state = baseNumber(chain.base);
    for (const append of chain.appends) {
      const number = appends[append]!;
      if (numbers.makes[number] === NONE) {
        numbers.needs[number] = state;
        numbers.makes[number] = numbers.count++;
      }
      // An append takes effect once: not on this value and on another.
      if (numbers.needs[number] !== state) return numbers.count++;
      state = numbers.makes[number]!;
    }
    return state;
  };
  const initial = wholeNumber(given);
  const readOnly = readOnlyOf(timeline, kindOf);
  for (let number = 0; number < count; number++) {
    const operation = operations[number]!;
    const kind = kindOf(operation);
    if (kind === "write") numbers.makes[number] = wholeNumber(operation.input);
    else if (kind === "delete") numbers.makes[number] = wholeNumber(null);
    else if (kind === "cas" || (kind === "read" && hasReturned(operation))) {
      const needed = readNumber(kind === "cas" ? expectationOf(operation).from : operation.output);
      if (needed === undefined) return undefined;
      numbers.needs[number] = needed;
      if (kind === "cas" && readOnly[number] === 0)
        numbers.makes[number] = wholeNumber(expectationOf(operation).to);
    }
  }
  for (const number of appends) if (numbers.makes[number] === NONE) numbers.makes[number] = numbers.count++;
  return numbers.specification(initial, readOnly);
}
