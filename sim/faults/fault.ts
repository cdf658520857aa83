/**
 * What can go wrong, as plain data (docs/kernel.md, "Faults"). A plan is a list of these with their times; it crosses threads,
 * is written into scenario files, drawn by campaigns and shrunk. sim/faults/injector.ts makes them happen.
 *
 * Whom a fault strikes is worked out at the moment it strikes, so that "the primary" is the one of that moment.
 */

import type { Distribution } from "../distribution.ts";
import type { Nanos } from "../units.ts";

/** Some processes. What is given narrows the choice; nothing given: every process that the plan may strike. */
export interface Selector {
  /** Exactly these, by name. */
  readonly names?: readonly string[];
  /** Those of a role, as `ProcessOptions.role` has it. */
  readonly role?: string;
  /** A part that the model knows and the kernel does not, such as `primary`; the model resolves it. */
  readonly part?: string;
  /** Only so many of them, drawn from the fault's own random stream; default: all. */
  readonly count?: number;
}

/** What is wrong with messages from some processes to others. Rules of several faults on one link add up. */
export interface LinkRule {
  /** Nothing gets through. */
  readonly blocked?: boolean;
  /** Share of messages that are lost, 0 to 1; so are the others. */
  readonly lossShare?: number;
  /** A second copy follows, later by one more draw of the link's delay, and keeps no order. */
  readonly duplicateShare?: number;
  /** Altered on the way; what the receiver gets is up to the model (`SimulationOptions.corrupt`); without it: lost. */
  readonly corruptShare?: number;
  /** Added to the delay of each message. */
  readonly extraLatency?: Distribution;
  /** Ignores the order within connections while it lasts. */
  readonly reorder?: boolean;
  /** Divides the bandwidth of the sending interface for this link. */
  readonly slowdown?: number;
}

/** What is wrong with a disk while the fault lasts; what was destroyed stays so. */
export interface DiskRule {
  /** Multiplies latencies and divides the rate. */
  readonly slowdown?: number;
  /** Reads and syncs do not finish before the fault is over. */
  readonly stalled?: boolean;
  /** Writes fail as they do on a full disk: nothing is written. The machine is told (`Effects.put` returns false). */
  readonly full?: boolean;
  /** Share of writes that fail the same way. */
  readonly writeErrorShare?: number;
  /** Share of writes that are reported as synced and are lost at the next crash all the same. */
  readonly unsyncedLossShare?: number;
  /** Share of the writes that a crash finds unsynced of which only a part reaches the disk. They read as torn. */
  readonly tornShare?: number;
  /** Share of writes that land on another key of the table. */
  readonly misdirectedShare?: number;
  /** Share of writes that are altered silently. They read as corrupt. */
  readonly corruptShare?: number;
  /** Share of reads of data not in the cache that fail. */
  readonly readErrorShare?: number;
}

export type Fault =
  /**
   * The process stops with all its volatile state; it boots again when the fault is over. `wholeHost`: with every process of
   * its host, and with it go the writes that were not durable; a process alone leaves them to the operating system.
   * `disk: "lost"`: the host comes back with an empty one; implies `wholeHost`.
   */
  | {
      readonly kind: "crash";
      readonly of: Selector;
      readonly wholeHost?: boolean;
      readonly disk?: "kept" | "lost";
    }
  /** The process does nothing until the fault is over; what comes for it waits. */
  | { readonly kind: "pause"; readonly of: Selector }
  /** The processes' cores are so many times slower. */
  | { readonly kind: "slowCpu"; readonly of: Selector; readonly factor: number }
  /** Connections break once: what is under way on them, in both directions, is lost. `and` undefined: those to everyone. */
  | { readonly kind: "reset"; readonly of: Selector; readonly and?: Selector }
  /**
   * Links between `of` and `from` (undefined: everyone who is not selected) are cut. `symmetric`: both ways; `oneWay`: only
   * from `of`. `ring`: of the selected, each reaches only its two neighbours in the order of addresses; `from` does not count.
   * `partial`: a random half of the pairs, both ways; `from` undefined: of the selected with everyone, each other included.
   */
  | {
      readonly kind: "partition";
      readonly shape: "symmetric" | "oneWay" | "ring" | "partial";
      readonly of: Selector;
      readonly from?: Selector;
    }
  /** Messages from one group to another suffer; `to` undefined: those to everyone. */
  | {
      readonly kind: "link";
      readonly of: Selector;
      readonly to?: Selector;
      readonly bothWays?: boolean;
      readonly rule: LinkRule;
    }
  /** The disks of the hosts of these processes suffer. */
  | { readonly kind: "disk"; readonly of: Selector; readonly rule: DiskRule }
  /**
   * The processes' clocks are wrong: they stand `offsetNanos` from the true time and run faster by `driftPpm` millionths
   * (negative: slower), which shortens their timers. The end of the fault sets them right at once.
   */
  | {
      readonly kind: "clock";
      readonly of: Selector;
      readonly offsetNanos?: Nanos;
      readonly driftPpm?: number;
    };

export type FaultKind = Fault["kind"];

/** A fault and when: from a moment on, for a while or until the plan's end. */
export interface TimedFault {
  /**
   * Names the fault's random streams; undefined: its position in the plan, the repeated after the timed. Who removes a fault
   * from a plan numbers it before, so that the others draw what they drew (`numbered` in sim/faults/injector.ts).
   */
  readonly number?: number;
  readonly atNanos: Nanos;
  /** Undefined: until the plan heals everything. A reset takes no time. */
  readonly forNanos?: Nanos;
  readonly fault: Fault;
}

/** Faults that come again and again: gaps between them and lengths are drawn. */
export interface RepeatedFault {
  readonly number?: number;
  /** The first one comes one gap later. */
  readonly fromNanos: Nanos;
  readonly untilNanos?: Nanos;
  /** From the beginning of one to the beginning of the next. */
  readonly everyNanos: Distribution;
  readonly lengthNanos: Distribution;
  readonly fault: Fault;
}

export interface FaultPlan {
  readonly timed: readonly TimedFault[];
  readonly repeated?: readonly RepeatedFault[];
  /** From here on everything is whole again, whatever lasts; undefined: what has no end lasts. */
  readonly healAtNanos?: Nanos;
}

/** A fault as it happened, for charts, checkers and the fault budget. */
export interface FaultPeriod {
  /** Position in the plan, the repeated after the timed. */
  readonly index: number;
  readonly fault: Fault;
  /** The processes it struck, by name: those of `of`, and with a whole host all that run on it. */
  readonly struck: readonly string[];
  readonly fromNanos: Nanos;
  /** Undefined: it lasted to the end of the run. */
  readonly untilNanos: Nanos | undefined;
}
