/** What the tracer (sim/trace.ts) records: inputs with the moments they pass, and operations of clients. */

import type { Address, OperationId, Outcome, Tagged, TimerName } from "./machine.ts";
import type { Nanos } from "./units.ts";

/** Moments of an input and of the step that takes it in, in order. Those of the link are of messages only. */
export const MOMENTS = [
  /** It leaves the step that caused it: at the end of its CPU time; timers that tick are set during the step. */
  "sent",
  /** The sender's network interface begins with it, */
  "lineFree",
  /** and has put its last bit on the line. */
  "lineLeft",
  /** The delay of the link is over, */
  "propagated",
  /** and what a fault adds to it. */
  "delayed",
  /** The receiver's network interface has taken it in. */
  "received",
  /** What came before it on its connection is there as well; a timer expires, a sync is over. */
  "arrived",
  /** It queues for a thread: later than it arrived if its process was paused. */
  "reached",
  "onThread",
  "onCore",
  /** The thread has woken up, and runs. */
  "started",
  /** The input has been taken in: operations of clients begin and complete here. */
  "taken",
  /** The core is free again; from here to the end the step waits for what it reads from the disk. */
  "cpuOver",
  /** What the step sends leaves. */
  "ended",
] as const;
export type Moment = (typeof MOMENTS)[number];

/** What an input is. `start`: of a process; it has no cause but the run, or the fault that is over. */
export const INPUT_KINDS = ["message", "timer", "sync", "handOff", "start"] as const;
export type InputKind = (typeof INPUT_KINDS)[number];

/** Numbers an input, from 1 in the order in which they were sent or set. 0: nothing that was recorded. */
export type InputId = number;

/** An input as a plain object; moments that it did not come to are undefined, as of a message that was lost. */
export interface TracedInput {
  readonly id: InputId;
  /** The input of the step that sent or set it; 0: it was not recorded, or a fault or the start of the run did it. */
  readonly cause: InputId;
  readonly kind: InputKind;
  /** Of a message its kind, otherwise the timer; `start`. */
  readonly name: TimerName;
  readonly from: Address;
  /** Whose step takes it in. */
  readonly process: Address;
  /** Which of the process's stations (`Process.threads`), and which thread of it; -1 before it got one. */
  readonly thread: number;
  readonly server: number;
  readonly nanos: { readonly [moment in Moment]: Nanos | undefined };
}

/** An operation of a client that has completed. */
export interface TracedOperation {
  readonly operation: OperationId;
  readonly name: string;
  readonly process: Address;
  /** When its latency begins. Before `begunNanos` if it was begun late. */
  readonly startNanos: Nanos;
  /** When the step of `begunBy` began it. */
  readonly begunNanos: Nanos;
  readonly endNanos: Nanos;
  readonly begunBy: InputId;
  readonly completedBy: InputId;
  readonly outcome: Outcome;
}

export interface TraceOptions {
  /** Records that are kept: rounded up to a power of two; 150 bytes each. Default: 262,144. */
  readonly recordsMax?: number;
  /** When `recordsMax` of them have been recorded nothing more is: instead of the newest the first are kept. */
  readonly untilFull?: boolean;
  /** Nothing is recorded before and after. Default: from the start to the end. */
  readonly fromNanos?: Nanos;
  readonly untilNanos?: Nanos;
  /**
   * A number that a message and what comes of it have in common, where there is one (sim/trace-path.ts). Numbers of different kinds have
   * different signs.
   */
  readonly keyOf?: (message: Tagged) => number | undefined;
  /** Is told of every operation that completes, during the step that completes it: its records are there then. */
  readonly onOperation?: (operation: TracedOperation) => void;
}
