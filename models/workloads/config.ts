/** What clients do, as plain data: who calls when, on which LogBooks and tags, with which operations and sizes. */

import type { Distribution } from "../../sim/distribution.ts";
import type { Nanos } from "../../sim/units.ts";

/** The operations of the function-side API that a workload can mix. */
export const OPERATIONS = [
  "append",
  "readNext",
  "readPrev",
  "checkTail",
  "readNextBlock",
  "setAuxData",
  "trim",
] as const;
export type OperationName = (typeof OPERATIONS)[number];

/** When a client acts. */
export type Arrival =
  /** `clients` long function calls, each: operation, wait for `think`, next operation. */
  | { readonly kind: "closedLoop"; readonly clients: number; readonly think: Distribution }
  /** `clients` long function calls, each begins an operation every `intervalNanos`, or at once when the last took longer. */
  | { readonly kind: "paced"; readonly clients: number; readonly intervalNanos: Nanos }
  /** Each operation is an external call of its own; gaps are exponential. */
  | { readonly kind: "poisson"; readonly perSecond: number }
  | { readonly kind: "constantRate"; readonly perSecond: number }
  /**
   * The load generator of the authors (a modified wrk2): `connections` over `threads`, each connection with one request
   * outstanding and a fixed timetable; a late connection catches up at 1.2 times its pace.
   */
  | {
      readonly kind: "timetable";
      readonly perSecond: number;
      readonly connections: number;
      readonly threads: number;
    };

/** How often each of n things is chosen: exponent 0 is uniform, about 1 is the classic web skew. */
export interface Popularity {
  readonly count: number;
  readonly zipfExponent: number;
}

/** Where in the log a read looks. */
export type ReadPosition =
  /** Uniformly among the newest `records` that the client knows of. */
  | { readonly kind: "recent"; readonly records: number }
  /** Uniformly over the whole log that the client knows of. */
  | { readonly kind: "anywhere" }
  /** The record after the last one this client read: it follows the tail. */
  | { readonly kind: "next" };

export interface WorkloadConfig {
  readonly name: string;
  readonly arrival: Arrival;
  /** Weight of each operation; they need not add up to 1. */
  readonly mix: Partial<Record<OperationName, number>>;
  readonly logBooks: Popularity;
  readonly tags: Popularity;
  readonly tagsPerRecord: number;
  /** Payload of an appended record in bytes. */
  readonly recordBytes: Distribution;
  readonly auxBytes: Distribution;
  readonly readPosition: ReadPosition;
  /** A trim gives up what lies further than so many places of the log behind the newest record of the LogBook. */
  readonly keepRecords: number;
  /** Share of the calls, 0 to 1, that invoke a nested call on the same engine for their operation. */
  readonly nestedShare: number;
  /** Offset of the first action after the start of the run, and when to stop; undefined: until the end. */
  readonly startNanos: Nanos;
  readonly stopNanos?: Nanos;
}
