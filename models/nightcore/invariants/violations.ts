/** The invariants of docs/models/nightcore.md, "Invariants", and what each says in a line. */

import * as kernel from "../../../sim/violations.ts";

export const RUNTIME_INVARIANTS = {
  I1: "every call from outside is answered, and answered once",
  I2: "every call that a function makes returns once, with its own result, to the worker that made it",
  I3: "a worker runs one call at a time",
  I4: "no arriving call runs beyond the limit, and no more run than there are workers, nor more workers than may be",
  I5: "no call waits while a worker is idle and the limit allows it to run",
  I6: "calls of a function on a node begin in the order of their arrival",
  I7: "calls that have arrived wait, run, or have ended: none is counted otherwise",
  I8: "workers that are connected run a call or are idle, and only they are given calls",
  I9: "no more calls from outside run than may, and each counts at its node",
  I10: "no worker is asked for beyond the bound of its pool",
  I11: "a call arrives, is dispatched and ends in this order, and waits as long as its parts have waited",
  I12: "a payload is in a file if it does not fit a message, and the file does not outlive its call",
  I13: "the limit follows from the measured averages, within the bounds of the pool",
  I14: "a pool asks for a worker at most once in an interval",
  I15: "calls of functions stay on their node and do not come by the gateway",
} as const;

export type RuntimeInvariant = keyof typeof RUNTIME_INVARIANTS;
export type Violation = kernel.Violation<RuntimeInvariant>;
export type Violations = kernel.Violations<RuntimeInvariant>;
export const createViolations: () => Violations = kernel.createViolations;
