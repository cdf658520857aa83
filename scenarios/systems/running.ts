/** What running a scenario needs of its system, whichever it is. */

import type { ViewChange } from "../../models/boki/view-changes.ts";
import type { PoolSize } from "../../models/nightcore/pools.ts";
import type { Phases } from "../../models/phases.ts";
import type { FaultPeriod } from "../../sim/faults/fault.ts";
import type { Address, Observed, OperationId } from "../../sim/machine.ts";
import type { Simulation } from "../../sim/simulation.ts";
import type { Nanos } from "../../sim/units.ts";
import type { Violation } from "../../sim/violations.ts";

/** What is asked for besides the scenario. */
export interface RunOptions {
  readonly seed: number;
  readonly mode: "fast" | "checked";
  /** Keep the moment and the latency of every completed operation. */
  readonly completions: boolean;
  readonly history: boolean;
  readonly seriesIntervalNanos: Nanos;
  /** Follow single operations through the system. */
  readonly anatomy: boolean;
  /** When nothing is wrong any more, counted as the scenario's times are; 0: nothing ever is. */
  readonly calmFromNanos: Nanos;
}

export interface Running {
  readonly simulation: Simulation;
  /** How long the system takes to come up: the scenario's times begin there. */
  readonly startUpNanos: Nanos;
  /** Who plays a part now, as faults name it. */
  playersOf(part: string): readonly Address[];
  /** Whether who began an operation has ended since, by itself, and knows nothing of it; where operations are of such processes. */
  hasForgotten?(process: Address, operation: OperationId): boolean;
  /** Undefined where nothing is checked. To be finished once, at the end of the run. */
  readonly invariants:
    | {
        readonly rules: Readonly<Record<string, string>>;
        readonly violations: readonly Violation[];
        readonly counts: ReadonlyMap<string, number>;
        finish(nowNanos: Nanos): void;
      }
    | undefined;
  /** Ends of views; empty in systems without. */
  readonly viewChanges: readonly ViewChange[];
  /** Phases of operations that were followed, in nanoseconds. */
  readonly anatomy:
    | { readonly phases: readonly string[]; readonly appends: readonly (readonly number[])[] }
    | undefined;
  /** Pools of workers, function by function, as they are now; undefined in systems without. */
  readonly pools: { readonly functions: readonly string[]; sizes(): readonly PoolSize[] } | undefined;
  /** What the time of an operation is called, piece by piece. */
  readonly phases: Phases;
  /** Stations that are one row in a result, by the name of the row: `worker-3.17/main` belongs to `engine-3/workers`. */
  poolOf(station: string, role: string): string | undefined;
}

/** One observer out of several, as far as there are any. */
export function observerOf(
  observers: readonly ((at: Address, observation: Observed, nowNanos: Nanos) => void)[],
): { observer?: (at: Address, observation: Observed, nowNanos: Nanos) => void } {
  if (observers.length === 0) return {};
  return {
    observer: (at, observation, nowNanos) => {
      for (const observe of observers) observe(at, observation, nowNanos);
    },
  };
}

/** Whether a crash has ended one of these processes since a moment. */
export function wasStruck(periods: readonly FaultPeriod[], process: string, sinceNanos: Nanos): boolean {
  return periods.some(
    ({ fault, struck, fromNanos }) =>
      fault.kind === "crash" && fromNanos >= sinceNanos && struck.includes(process),
  );
}
