/** A scenario as the loader leaves it: complete, checked, plain data that crosses threads. */

import type { Application } from "../models/applications/application.ts";
import type {
  ClientsConfig,
  ClusterConfig as RuntimeClusterConfig,
} from "../models/applications/deployment.ts";
import type { NetworkConfig as RuntimeNetworkConfig } from "../models/applications/network.ts";
import type { LambdaConfig, OpenFaasConfig, RpcConfig } from "../models/baselines/config.ts";
import type { BokiConfig, ClusterConfig, DiskConfig, NetworkConfig } from "../models/boki/config.ts";
import type { DefectId } from "../models/boki/defects.ts";
import type { Reconfiguration } from "../models/boki/operator.ts";
import type { NightcoreConfig } from "../models/nightcore/config.ts";
import type { StackDeploymentConfig } from "../models/stack/cluster.ts";
import type { WorkloadConfig } from "../models/workloads/config.ts";
import type { FaultPlan } from "../sim/faults/fault.ts";
import type { Nanos } from "../sim/units.ts";
import type { Runtime } from "./schema-runtime.ts";

/** The protocol as designed, or as released. */
export type Profile = "intended" | "published";

/** What can be expected of an operation: latencies in nanoseconds, throughput per second, counts. */
export const METRICS = [
  "p50",
  "p90",
  "p99",
  "p999",
  "mean",
  "max",
  "throughput",
  "failed",
  "unknown",
  "count",
  "outage",
  "recovery",
] as const;
export type Metric = (typeof METRICS)[number];

/** Metrics of what faults did: the worst of all replications counts. They can be expected of all operations together. */
export const FAULT_METRICS = ["outage", "recovery"] as const satisfies readonly Metric[];
export type FaultMetric = (typeof FAULT_METRICS)[number];

export const COMPARISONS = ["<=", ">=", "<", ">", "="] as const;
export type Comparison = (typeof COMPARISONS)[number];

export interface Expectation {
  /** As written: `append.p50 < 2ms`. */
  readonly expression: string;
  /** Undefined: every operation. */
  readonly operation: string | undefined;
  readonly metric: Metric;
  readonly comparison: Comparison;
  /** Nanoseconds, per second or a count, as the metric has it. */
  readonly value: number;
}

/** What goes wrong in a run. */
export interface ScenarioFaults {
  /** Times count from the start of the warm-up. */
  readonly plan: FaultPlan;
  /** What each is called in tables and charts, such as `crash primary`: first the timed ones, then the repeated. */
  readonly labels: readonly string[];
}

/** A scenario file and what the command line changed. */
export interface ScenarioSource {
  readonly text: string;
  readonly set: readonly string[];
  readonly seed?: number;
}

/** What every scenario has, whatever system it is of. */
export interface CommonScenario {
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
  /** The warm-up has yet to be found (warmup.ts), and `warmupNanos` is 0. */
  readonly detectWarmup: boolean;
  readonly replications: number;
  /** Whether the invariants of the model are checked during the run. */
  readonly check: boolean;
  readonly profile: Profile;
  /** A bug switched on to see a checker fire (mutations.ts of the system); 0: none. */
  readonly mutation: number;
  /** Overrides of the costs by name, in nanoseconds. */
  readonly costs: Readonly<Record<string, number>>;
  readonly faults: ScenarioFaults;
  readonly expectations: readonly Expectation[];
  /** What it was read from, so that a result can be had again; of a scenario only, not of its variants. */
  readonly source?: ScenarioSource;
  /** The scenario as a file would have it, with overrides applied and defaults filled in. */
  readonly written: Readonly<Record<string, unknown>>;
}

/** A variant of a scenario, of whatever system it may be then. */
export interface VariantOf<S> {
  readonly name: string;
  /** What the variant changes: path and value as written. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly scenario: S;
}

/** A scenario of the log. */
export interface Scenario extends CommonScenario {
  readonly system: "boki";
  /** Defects of the release that are switched on, those of the profile included. */
  readonly defects: readonly DefectId[];
  readonly cluster: ClusterConfig;
  readonly boki: BokiConfig;
  readonly network: NetworkConfig;
  readonly disk: DiskConfig;
  readonly workloads: readonly WorkloadConfig[];
  /** Orders of the operator; times count from the start of the warm-up. */
  readonly reconfigurations: readonly Reconfiguration[];
  /** The base scenario under other settings, one run each; empty: the base itself is run. A variant has none of its own. */
  readonly variants: readonly VariantOf<Scenario>[];
}

/** What was measured of the real system: the latency of an operation. */
export interface Measurement {
  readonly operation: string;
  readonly metric: "p50" | "p90" | "p99" | "p999" | "mean";
  readonly nanos: Nanos;
}

/** A scenario of an application, and of what runs it. */
/** The shared log of `nightcore-boki`. */
export interface LogBesideScenario {
  readonly cluster: StackDeploymentConfig["logCluster"];
  readonly boki: BokiConfig;
  readonly disk: DiskConfig;
  readonly zookeeperDelay: NetworkConfig["zookeeperDelay"];
  /** Defects of the released log that are switched on. */
  readonly defects: readonly DefectId[];
}

export interface RuntimeScenario extends CommonScenario {
  readonly system: Runtime;
  readonly application: Application;
  readonly cluster: RuntimeClusterConfig;
  readonly nightcore: NightcoreConfig;
  readonly log: LogBesideScenario;
  readonly rpc: RpcConfig;
  readonly openfaas: OpenFaasConfig;
  readonly lambda: LambdaConfig;
  readonly network: RuntimeNetworkConfig;
  readonly clients: readonly ClientsConfig[];
  readonly measurements: readonly Measurement[];
  readonly variants: readonly VariantOf<RuntimeScenario>[];
}

export type AnyScenario = Scenario | RuntimeScenario;
