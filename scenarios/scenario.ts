/** A scenario as the loader leaves it: complete, checked, plain data that crosses threads. */

import type { BokiConfig, ClusterConfig, DiskConfig, NetworkConfig } from "../models/boki/config.ts";
import type { WorkloadConfig } from "../models/workloads/config.ts";
import type { Nanos } from "../sim/units.ts";

/** The protocol as designed. */
export type Profile = "intended";

/** What can be expected of an operation: latencies in nanoseconds, throughput per second, counts. */
export const METRICS = ["p50", "p90", "p99", "p999", "mean", "max", "throughput", "failed", "count"] as const;
export type Metric = (typeof METRICS)[number];

export const COMPARISONS = ["<=", ">=", "<", ">", "="] as const;
export type Comparison = (typeof COMPARISONS)[number];

export interface Expectation {
  /** As written: `append.p50 < 2ms`. */
  readonly expression: string;
  readonly operation: string;
  readonly metric: Metric;
  readonly comparison: Comparison;
  /** Nanoseconds, per second or a count, as the metric has it. */
  readonly value: number;
}

export interface ScenarioVariant {
  readonly name: string;
  /** What the variant changes: path and value as written. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly scenario: Scenario;
}

export interface Scenario {
  readonly name: string;
  /** One line; may be empty. */
  readonly summary: string;
  /** Where it was read from. */
  readonly file: string;
  /** Seed of the first replication; each further one has the next. */
  readonly seed: number;
  /** The measured part, after the warm-up. */
  readonly durationNanos: Nanos;
  readonly warmupNanos: Nanos;
  readonly replications: number;
  /** Whether the invariants of the model are checked during the run. */
  readonly check: boolean;
  readonly profile: Profile;
  /** A bug switched on to see a checker fire (models/boki/mutations.ts); 0: none. */
  readonly mutation: number;
  readonly cluster: ClusterConfig;
  readonly boki: BokiConfig;
  readonly network: NetworkConfig;
  readonly disk: DiskConfig;
  /** Overrides of the costs by name, in nanoseconds. */
  readonly costs: Readonly<Record<string, number>>;
  readonly workloads: readonly WorkloadConfig[];
  readonly expectations: readonly Expectation[];
  /** The base scenario under other settings, one run each; empty: the base itself is run. A variant has none of its own. */
  readonly variants: readonly ScenarioVariant[];
  /** The scenario as a file would have it, with overrides applied and defaults filled in. */
  readonly written: Readonly<Record<string, unknown>>;
}
