/**
 * What a register and a key of a map have in common: one value that is read, written, compared and set, appended to, deleted.
 * `null` is the value of a cell that has none.
 */

import { canonical } from "../canonical.ts";
import type { Operation } from "../history.ts";
import type { Model, OperationProblem, Trace } from "../model.ts";
import { UNWRITTEN } from "./append-chains.ts";
import { appendedCell, chainsOf, wholeCell } from "./cell-numbers.ts";
import { type CellOperation, expectationOf, isReadOnly, matched } from "./cell-operations.ts";

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
    traces: (operations, given) => tracesOf(operations, given ?? null, kindOf),
    specify: (timeline, given) =>
      timeline.operations.some((operation) => kindOf(operation) === "append")
        ? appendedCell(timeline, given ?? null, kindOf)
        : wholeCell(timeline, given ?? null, kindOf),
  };
}

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

/** What operations do to a value with this name; it stands for any value. */
const EVERY = "*";

function tracesOf(
  operations: readonly Operation[],
  given: unknown,
  kindOf: (operation: Operation) => CellOperation,
): Trace[] {
  const nameOf = namesOf(operations, given, kindOf);
  let appended = 0;
  const traceOf = (operation: Operation): Trace => {
    const kind = kindOf(operation);
    switch (kind) {
      case "read":
        return { writes: [], reads: operation.outcome === "ok" ? nameOf(operation.output) : [] };
      case "write":
        return { writes: [...nameOf(operation.input).slice(0, 1), EVERY], reads: [] };
      case "delete":
        return { writes: [...nameOf(null).slice(0, 1), EVERY], reads: [] };
      case "append":
        return { writes: [`+${appended++}`, EVERY], reads: [] };
      case "cas": {
        const { from, to } = expectationOf(operation);
        if (!matched(operation)) return { writes: [], reads: [EVERY] };
        return { writes: [...nameOf(to).slice(0, 1), EVERY], reads: nameOf(from) };
      }
    }
  };
  return operations.map(traceOf);
}

/** Names for what a value is made of: the value written as a whole first, then the appends by their number. */
function namesOf(
  operations: readonly Operation[],
  given: unknown,
  kindOf: (operation: Operation) => CellOperation,
): (value: unknown) => string[] {
  const whole = (value: unknown): string => `=${canonical(value)}`;
  if (!operations.some((operation) => kindOf(operation) === "append")) return (value) => [whole(value)];
  const found = chainsOf(operations, given, kindOf);
  if (found === undefined) return () => [EVERY];
  const { chains } = found;
  return (value) => {
    const chain = chains.decompose(value);
    if (chain === undefined) return [EVERY];
    if (chain === UNWRITTEN) return [];
    return [`=${chain.base}`, ...chain.appends.map((append) => `+${append}`)];
  };
}
