/** Histories as lists of whole operations (docs/histories.md, "Operations"). */

import type { Ending, History, Operation } from "../history.ts";
import { Complaints, type Item, isIdentity, isTime, nameProblem, shown, type Vocabulary } from "./items.ts";

const OUTCOMES: readonly string[] = ["ok", "failed", "unknown"] satisfies Ending[];
const FIELDS = [
  "process",
  "operation",
  "f",
  "key",
  "input",
  "output",
  "invokedNanos",
  "returnedNanos",
  "outcome",
];

export function historyOfOperations(items: readonly Item[], vocabulary: Vocabulary): History {
  const complaints = new Complaints();
  const operations = items.map((item, index) => operationOf(item, index, vocabulary, complaints));
  complaints.throwIfAny();
  return { operations, clock: "nanos" };
}

function operationOf(item: Item, index: number, vocabulary: Vocabulary, complaints: Complaints): Operation {
  const { fields } = item;
  const wrong = (field: string, allowed: string): void =>
    complaints.add(item, index, field, `is ${shown(fields[field])}; ${allowed}`);
  complaints.checkNames(item, index, FIELDS);
  const name = fields.operation ?? fields.f;
  const misnamed = nameProblem(name, vocabulary);
  if (misnamed !== undefined) complaints.add(item, index, "f" in fields ? "f" : "operation", misnamed);
  const { process, key, input, output, invokedNanos, returnedNanos } = fields;
  if (!isIdentity(process)) wrong("process", "a number or a text is wanted");
  if (key !== undefined && !isIdentity(key)) wrong("key", "a number or a text is wanted, or nothing");
  if (!isTime(invokedNanos)) wrong("invokedNanos", "a time in nanoseconds is wanted");
  const hasReturn = returnedNanos !== undefined && returnedNanos !== null;
  const outcome = (fields.outcome ?? (hasReturn ? "ok" : "unknown")) as Ending;
  if (!OUTCOMES.includes(outcome)) wrong("outcome", `one of ${OUTCOMES.join(", ")} is wanted`);
  else if (outcome === "ok" && !isTime(returnedNanos)) {
    wrong("returnedNanos", "an operation that is ok has the time of its return in nanoseconds");
  } else if (outcome === "ok" && (returnedNanos as number) < (invokedNanos as number)) {
    wrong("returnedNanos", `a time not before invokedNanos (${invokedNanos}) is wanted`);
  }
  const operation: Operation = {
    index,
    process: process as string | number,
    name: name as string,
    key: key === undefined ? undefined : String(key),
    input,
    output: outcome === "ok" ? output : undefined,
    outcome,
    invoked: invokedNanos as number,
    returned: outcome === "ok" ? (returnedNanos as number) : Number.POSITIVE_INFINITY,
  };
  if (misnamed === undefined) {
    const problem = vocabulary.problem?.(operation);
    if (problem !== undefined) complaints.add(item, index, problem.field, problem.message);
  }
  return operation;
}
