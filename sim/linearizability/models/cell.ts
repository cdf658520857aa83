/**
 * What a register and a key of a map have in common: one value that is read, written, compared and set, appended to, deleted.
 * `null` is the value of a cell that has none.
 */

import { canonical } from "../canonical.ts";
import type { Operation } from "../history.ts";
import type { Model, OperationProblem, Trace } from "../model.ts";
import { ANY, IMPOSSIBLE, NONE, type Specification } from "../specification.ts";
import type { Timeline } from "../timeline.ts";

export type CellOperation = "read" | "write" | "cas" | "append" | "delete";

/** A cell whose operations have the names that `names` gives them. */
export function cellModel(name: string, names: Readonly<Record<string, CellOperation>>): Model<unknown> {
  const kindOf = (operation: Operation): CellOperation => names[operation.name]!;
  return {
    name,
    operations: Object.keys(names),
    problem: (operation) => problemOf(kindOf(operation), operation),
    initial: (_operations, given) => given ?? null,
    step: (state, operation) => stepOf(kindOf(operation), state, operation),
    isReadOnly: (operation) => isReadOnly(kindOf(operation), operation),
    identify: canonical,
    describe: (state) => canonical(state),
    expected: (state, operation) =>
      kindOf(operation) === "cas"
        ? String(canonical(state) === canonical(expectationOf(operation).from))
        : canonical(state),
    traces: (operations) => tracesOf(operations, kindOf),
    specify: (timeline, given) => specify(timeline, given ?? null, kindOf),
  };
}

/** What a compare-and-set expects and sets; written `{from, to}` or `[from, to]`. */
function expectationOf({ input }: Operation): { readonly from: unknown; readonly to: unknown } {
  return Array.isArray(input) ? { from: input[0], to: input[1] } : (input as { from: unknown; to: unknown });
}

/** Whether it set the value, as far as the client was told. A compare-and-set without an output did. */
const matched = ({ output }: Operation): boolean => output !== false;

function problemOf(kind: CellOperation, operation: Operation): OperationProblem | undefined {
  const { input, output, outcome, name } = operation;
  switch (kind) {
    case "read":
      if (outcome !== "ok" || output !== undefined) return undefined;
      return {
        field: "output",
        message: `is missing; an ok ${name} has the value it returned, null when there was none`,
      };
    case "write":
      if (input !== undefined) return undefined;
      return { field: "input", message: `is missing; a ${name} has the value it writes` };
    case "append":
      if (typeof input === "string" || Array.isArray(input)) return undefined;
      return {
        field: "input",
        message: `is ${canonical(input)}; an ${name} has the text or the list that it adds to the end`,
      };
    case "cas": {
      const pair = Array.isArray(input)
        ? input.length === 2
        : typeof input === "object" && input !== null && "from" in input && "to" in input;
      if (!pair) {
        const found = input === undefined ? "missing" : canonical(input);
        return {
          field: "input",
          message: `is ${found}; a ${name} has {"from": old, "to": new} or [old, new]`,
        };
      }
      if (output === undefined || typeof output === "boolean") return undefined;
      return {
        field: "output",
        message: `is ${canonical(output)}; a ${name} returns true, or false when the value was another`,
      };
    }
    case "delete":
      return undefined;
  }
}

function stepOf(kind: CellOperation, state: unknown, operation: Operation): unknown {
  const { input, output, outcome } = operation;
  switch (kind) {
    case "read":
      return outcome === "unknown" || canonical(output) === canonical(state) ? state : undefined;
    case "write":
      return input;
    case "delete":
      return null;
    case "append":
      return appended(state, input as string | readonly unknown[]);
    case "cas": {
      const { from, to } = expectationOf(operation);
      const same = canonical(state) === canonical(from);
      if (outcome === "unknown") return same ? to : state;
      if (same !== matched(operation)) return undefined;
      return same ? to : state;
    }
  }
}

/** Text is added to text and a list to a list; a cell without a value counts as empty. */
function appended(state: unknown, tail: string | readonly unknown[]): unknown {
  if (typeof tail === "string") {
    return state === null ? tail : typeof state === "string" ? state + tail : undefined;
  }
  return state === null ? tail : Array.isArray(state) ? [...state, ...tail] : undefined;
}

function isReadOnly(kind: CellOperation, operation: Operation): boolean {
  if (kind === "read") return true;
  if (kind !== "cas") return false;
  const { from, to } = expectationOf(operation);
  return !matched(operation) || canonical(from) === canonical(to);
}

/** What operations do to a value with this name; it stands for any value. */
const EVERY = "*";

function tracesOf(operations: readonly Operation[], kindOf: (of: Operation) => CellOperation): Trace[] {
  const appends = operations.some((operation) => kindOf(operation) === "append");
  const value = (written: unknown): string => (appends ? EVERY : `=${canonical(written)}`);
  const traceOf = (operation: Operation): Trace => {
    const kind = kindOf(operation);
    switch (kind) {
      case "read":
        return { writes: [], reads: [value(operation.output)] };
      case "write":
        return { writes: [value(operation.input), EVERY], reads: [] };
      case "delete":
        return { writes: [value(null), EVERY], reads: [] };
      case "append":
        return { writes: [EVERY], reads: [] };
      case "cas": {
        const { from, to } = expectationOf(operation);
        if (!matched(operation)) return { writes: [], reads: [EVERY] };
        return { writes: [value(to), EVERY], reads: [value(from)] };
      }
    }
  };
  return operations.map(traceOf);
}

/** The cell in numbers, when no operation appends: each value is a state. */
function specify(
  { operations, count }: Timeline,
  given: unknown,
  kindOf: (operation: Operation) => CellOperation,
): Specification | undefined {
  if (operations.some((operation) => kindOf(operation) === "append")) return undefined;
  const numbers = new Map<unknown, number>();
  const numberOf = (value: unknown): number => {
    // Numbers are their own key; text is marked, so that it is not taken for the canonical text of another value.
    const identity =
      typeof value === "number" ? value : typeof value === "string" ? `"${value}` : canonical(value);
    let number = numbers.get(identity);
    if (number === undefined) numbers.set(identity, (number = numbers.size));
    return number;
  };
  const initial = numberOf(given);
  const needs = new Int32Array(count).fill(ANY);
  const makes = new Int32Array(count).fill(NONE);
  /** The state in which it is impossible. */
  const excludes = new Int32Array(count).fill(NONE);
  const readOnly = new Uint8Array(count);
  let excluding = false;
  operations.forEach((operation, number) => {
    const kind = kindOf(operation);
    readOnly[number] = isReadOnly(kind, operation) ? 1 : 0;
    if (kind === "read") {
      if (operation.outcome === "ok") needs[number] = numberOf(operation.output);
    } else if (kind === "write") makes[number] = numberOf(operation.input);
    else if (kind === "delete") makes[number] = numberOf(null);
    else {
      const { from, to } = expectationOf(operation);
      if (matched(operation)) {
        needs[number] = numberOf(from);
        if (readOnly[number] === 0) makes[number] = numberOf(to);
      } else {
        excludes[number] = numberOf(from);
        excluding = true;
      }
    }
  });
  return {
    initial,
    step(state, operation) {
      const needed = needs[operation]!;
      if ((needed !== ANY && needed !== state) || excludes[operation] === state) return IMPOSSIBLE;
      const made = makes[operation]!;
      return made === NONE ? state : made;
    },
    readOnly,
    values: { count: numbers.size, needs, makes, excluding },
  };
}
