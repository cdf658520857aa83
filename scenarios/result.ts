/**
 * What a run leaves behind: `result.json`, written for people and programs, and all that reports may see. Every number
 * has its unit in its name; times are integer nanoseconds of virtual time unless the name says otherwise.
 */

import type { Impact } from "./fault-impact.ts";
import type { ScenarioSource } from "./scenario.ts";

/** A mean over replications with its 95 % confidence interval (Student's t); no interval with fewer than two. */
export interface Estimate {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
}

export interface OperationResult {
  readonly operation: string;
  /** Completed in the measured window, all replications together. */
  readonly count: number;
  readonly failed: number;
  /** Nobody knows what became of them: a time-out, or a function that died. */
  readonly unknown: number;
  readonly throughputPerSecond: Estimate;
  readonly meanNanos: Estimate;
  readonly p50Nanos: Estimate;
  readonly p90Nanos: Estimate;
  readonly p99Nanos: Estimate;
  readonly p999Nanos: Estimate;
  readonly maxNanos: Estimate;
  /** The latency distribution of all replications together, as (latency, share at or below it), ascending. */
  readonly cdf: readonly { readonly latencyNanos: number; readonly share: number }[];
}

/** A place where work queues: the I/O threads of a process, the cores of a host, a network interface, a disk. */
export interface StationResult {
  /** `storage-1/io`. */
  readonly station: string;
  /** The role the process plays, to group by: `storage`. */
  readonly role: string;
  readonly kind: "threads" | "cores" | "disk" | "nic";
  readonly servers: number;
  /** Busy share of all its servers, 0 to 1. */
  readonly utilisation: Estimate;
  /** Time-weighted mean number waiting, not in service. */
  readonly queueLength: Estimate;
  readonly queueLengthMax: number;
  readonly waitMeanNanos: Estimate;
  readonly jobsPerSecond: Estimate;
}

export interface MessageResult {
  readonly kind: string;
  readonly count: number;
  readonly bytes: number;
  readonly countPerSecond: number;
  readonly bytesPerSecond: number;
}

export interface CacheResult {
  readonly cache: string;
  readonly hits: number;
  readonly misses: number;
  /** hits / (hits + misses); null when it was never asked. */
  readonly hitRate: number | null;
}

/** From when on an operation of a run without warm-up was steady. */
export interface SettledSeries {
  readonly variant: string;
  readonly operation: string;
  readonly of: "p50" | "throughput";
  /** null: it was not within the run. */
  readonly endNanos: number | null;
}

/** Pools of workers, looked at in regular intervals from the start of the warm-up on; all nodes together. */
export interface PoolSeries {
  readonly intervalNanos: number;
  readonly functions: readonly {
    readonly name: string;
    readonly workers: readonly number[];
    /** Calls that ran, and calls that waited for a worker. */
    readonly running: readonly number[];
    readonly waiting: readonly number[];
  }[];
}

/** Values per interval of virtual time, over the whole run including the warm-up; the first replication. */
export interface SeriesResult {
  readonly intervalNanos: number;
  readonly operations: readonly {
    readonly operation: string;
    readonly completedPerSecond: readonly number[];
    /** null in an interval without a completion. */
    readonly p50Nanos: readonly (number | null)[];
    readonly p99Nanos: readonly (number | null)[];
  }[];
  readonly stations: readonly {
    readonly station: string;
    readonly role: string;
    readonly utilisation: readonly number[];
    /** Mean number waiting, not in service. Absent in results of earlier versions. */
    readonly queueLength?: readonly number[];
  }[];
  /** Absent in systems without. */
  readonly pools?: PoolSeries;
}

/** Where the time of an operation went: mean time per phase, in the order an operation passes them. */
export interface AnatomyResult {
  readonly operation: string;
  readonly sampled: number;
  readonly phases: readonly {
    readonly phase: string;
    readonly meanNanos: number;
    readonly p99Nanos: number;
  }[];
}

/** A fault, or an order of the operator, as it happened in one replication. Times count from the start of the warm-up. */
export interface FaultPeriodResult {
  readonly replication: number;
  /** Which fault of the scenario, as tables and charts call it: `crash primary`. */
  readonly fault: string;
  /** As in sim/faults/fault.ts, or `reconfigure`. */
  readonly kind: string;
  /** The processes it struck, without the workers of engines that it struck. */
  readonly struck: readonly string[];
  readonly fromNanos: number;
  /** null: it lasted to the end of the run. */
  readonly untilNanos: number | null;
  /** What it did to each operation; empty for faults beyond the first hundred of a replication. */
  readonly operations: readonly Impact[];
}

/** The end of a view in one replication, and what followed; null for what never came. */
export interface ViewChangeResult {
  readonly replication: number;
  /** The view that ended. */
  readonly viewId: number;
  /** The last fault or order of the operator that began before it; null for none. */
  readonly cause: string | null;
  readonly causeNanos: number | null;
  /** The first node learned of the freeze. */
  readonly frozenNanos: number;
  /** The controller had what it needs to end the logs. */
  readonly sealedNanos: number | null;
  /** The first node learned of the next view. */
  readonly nextViewNanos: number | null;
  /** The first append of a later view completed. */
  readonly firstAppendNanos: number | null;
}

/** The time around a fault of the first replication, finely divided. */
export interface CloseUpResult {
  readonly fault: string;
  /** When it began, and when the picture of it begins. */
  readonly atNanos: number;
  readonly fromNanos: number;
  readonly intervalNanos: number;
  readonly operations: readonly {
    readonly operation: string;
    readonly completedPerSecond: readonly number[];
    /** null in an interval without a completion. */
    readonly p50Nanos: readonly (number | null)[];
    readonly maxNanos: readonly (number | null)[];
  }[];
}

export interface OutageResult {
  readonly operation: string;
  /** The longest time of a replication's measured part without a completion. */
  readonly longestNanos: Estimate;
  /** Of all replications. */
  readonly maxNanos: number;
}

/** What faults and orders of the operator did. */
export interface FaultsResult {
  readonly periods: readonly FaultPeriodResult[];
  readonly viewChanges: readonly ViewChangeResult[];
  readonly outages: readonly OutageResult[];
  readonly closeUps: readonly CloseUpResult[];
}

export interface ExpectationResult {
  /** As written in the scenario: `append.p50 < 2ms`. */
  readonly expression: string;
  /** The measured value, in nanoseconds, per second or as a share. */
  readonly measured: number | null;
  readonly held: boolean;
}

/** A latency that was measured of the real system, and what the run had. */
export interface MeasurementResult {
  readonly operation: string;
  readonly metric: "p50" | "p90" | "p99" | "p999" | "mean";
  readonly measuredNanos: number;
  readonly simulatedNanos: Estimate;
  /** Of the simulated mean over the measured value: 0.1 is 10 % too slow. */
  readonly difference: number;
}

export interface ViolationResult {
  /** The invariant: `A3`. */
  readonly invariant: string;
  /** What the invariant says. */
  readonly rule: string;
  readonly replication: number;
  readonly atNanos: number;
  readonly message: string;
}

export interface VariantResult {
  /** The variant's name; `base` when the scenario has no variants. */
  readonly variant: string;
  /** What the variant changes, as path and value as written. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly replications: number;
  /** One per replication, in order of their seeds. */
  readonly digests: readonly string[];
  readonly seeds: readonly number[];
  readonly events: number;
  readonly operations: readonly OperationResult[];
  readonly stations: readonly StationResult[];
  /** One sentence that names what limits the system, or says that nothing is near its limit. */
  readonly bottleneck: string;
  readonly messages: readonly MessageResult[];
  readonly caches: readonly CacheResult[];
  /** Other named counts of the models, summed over replications. */
  readonly counters: Readonly<Record<string, number>>;
  readonly series: SeriesResult;
  readonly anatomy: readonly AnatomyResult[];
  /** Absent where nothing was to go wrong and nothing to be reconfigured. */
  readonly faults?: FaultsResult;
  readonly expectations: readonly ExpectationResult[];
  /** Absent where the scenario names no measurement. */
  readonly measurements?: readonly MeasurementResult[];
  /** The first violations of each invariant in each replication. */
  readonly violations: readonly ViolationResult[];
  /** How many there were in all, by invariant. */
  readonly violationCounts: Readonly<Record<string, number>>;
  /** Things a reader must know: no steady state, operations still running at the end. */
  readonly warnings: readonly string[];
}

export interface ScenarioResult {
  readonly format: "bokisim-result-1";
  readonly bokisimVersion: string;
  readonly scenario: string;
  readonly summary: string;
  readonly file: string;
  /** The text of the file, and what the command line changed: with it and the version the run can be had again. */
  readonly source?: ScenarioSource;
  readonly seed: number;
  readonly warmupNanos: number;
  /** What the length of the warm-up was found from; only of scenarios with `warmup: auto`. */
  readonly settled?: readonly SettledSeries[];
  readonly durationNanos: number;
  readonly checked: boolean;
  readonly invariantsChecked: boolean;
  readonly variants: readonly VariantResult[];
  /** No expectation and no invariant failed in any variant. */
  readonly held: boolean;
}
