/**
 * The two interpreters of a step (docs/kernel.md, "Two modes").
 *
 * Fast: the recipe changes the state in place. Checked: the recipe runs on an Immer draft of a frozen state, messages are
 * frozen when they leave, and generators are rebuilt from their recorded results at every resumption. Both give the same
 * run; what depends on a mutation that the contract forbids fails in checked mode with a TypeError at its place.
 */

import { enableMapSet, produce, setAutoFreeze } from "immer";
import type { Address, Effects, Machine, Tagged, TimerName } from "./machine.ts";

// biome-ignore lint/suspicious/noExplicitAny: the kernel holds machines of every kind side by side.
export type AnyMachine = Machine<any, any, any, any>;

/** A process's steps bound to an interpreter. `state` is the process's cell: index 0 holds the state. */
export interface BoundMachine {
  receive(cell: unknown[], from: Address, message: Tagged, out: Effects): void;
  timeout(cell: unknown[], timer: TimerName, out: Effects): void;
}

export type Mode = "fast" | "checked";

/** Bound once for all processes that run the same machine: the fewer objects an event touches, the better. */
export function bind(machine: AnyMachine, mode: Mode): BoundMachine {
  const known = BOUND[mode].get(machine);
  if (known !== undefined) return known;
  const bound = bindAnew(machine, mode);
  BOUND[mode].set(machine, bound);
  return bound;
}
const BOUND = {
  fast: new WeakMap<AnyMachine, BoundMachine>(),
  checked: new WeakMap<AnyMachine, BoundMachine>(),
};

function bindAnew(machine: AnyMachine, mode: Mode): BoundMachine {
  if (mode === "fast") {
    return {
      receive: (cell, from, message, out) => machine.receive(cell[0], from, message, out),
      timeout: (cell, timer, out) => machine.timeout(cell[0], timer, out),
    };
  }
  enableMapSet();
  setAutoFreeze(true);
  return {
    receive(cell, from, message, out) {
      cell[0] = produce(cell[0], (draft: unknown) => {
        machine.receive(draft, from, message, out);
      });
    },
    timeout(cell, timer, out) {
      cell[0] = produce(cell[0], (draft: unknown) => {
        machine.timeout(draft, timer, out);
      });
    },
  };
}
