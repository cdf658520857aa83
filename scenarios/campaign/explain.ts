/** What failed, in the words of the checker that says so. */

import { INVARIANTS } from "../../models/boki/invariants/violations.ts";
import type { CaseSize } from "./case.ts";
import type { Failure, FailureName } from "./run-case.ts";

/** What every run promises, besides the invariants of the model. */
const PROMISES: Readonly<Record<Exclude<FailureName, keyof typeof INVARIANTS>, string>> = {
  exception: "no role reaches a state that its author held to be impossible",
  abort: "no role gives up",
  determinism: "the same case always takes the same course",
};

export const promiseOf = (name: FailureName): string =>
  Object.hasOwn(INVARIANTS, name)
    ? INVARIANTS[name as keyof typeof INVARIANTS]
    : PROMISES[name as keyof typeof PROMISES];

/** `R1, at 3.104 ms: readPrev ... returns nothing` */
export function describeFailure({
  name,
  atNanos,
  message,
}: Pick<Failure, "atNanos" | "message"> & { readonly name: string }): string {
  return `${name}, at ${(atNanos / 1e6).toFixed(3)} ms: ${message}`;
}

/** `2 faults, 7 operations, 5 nodes` */
export function describeSize({ faults, operations, nodes }: CaseSize): string {
  const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
  return [plural(faults, "fault"), plural(operations, "operation"), plural(nodes, "node")].join(", ");
}
