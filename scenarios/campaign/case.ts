/**
 * A case: everything that determines one run of a campaign, as plain data. It crosses threads, is written into a file, drawn
 * from a seed (generate.ts), and made smaller by leaving parts out (shrink.ts).
 *
 * What differs from the defaults below is spelled out and nothing else, so that a small case is a short text. Operations
 * name records relative to what their call knows ("the newest"), so that they keep their sense when others are left out.
 */

import type { BokiConfig, ClusterConfig, NetworkConfig } from "../../models/boki/config.ts";
import { BOKI_DEFAULTS } from "../../models/boki/config.ts";
import type { DefectId } from "../../models/boki/defects.ts";
import type { Reconfiguration } from "../../models/boki/operator.ts";
import type { FaultPlan } from "../../sim/faults/fault.ts";
import { MICROSECOND, MILLISECOND, type Nanos } from "../../sim/units.ts";

/**
 * A place in the log, as a call knows it: the record `back` places before the newest it has appended or read, moved by
 * `plus` seqnums. A call that knows nothing, or too little, means the beginning of the log.
 */
export type Place = "start" | "end" | { readonly back: number; readonly plus?: number };

/** An operation that can be one of several at once. */
export type LogOperation =
  | { readonly op: "append"; readonly tags: readonly number[]; readonly dataBytes?: number }
  | {
      readonly op: "readNext" | "readPrev" | "readNextBlock";
      readonly tag: number;
      readonly at: Place;
    }
  | { readonly op: "checkTail"; readonly tag: number }
  /** Attaches aux data to a record; without one that the call knows nothing is done. */
  | { readonly op: "setAuxData"; readonly at: Place }
  /** Gives up the records below a place: all of the LogBook's (tag 0), or as far as the tag goes. */
  | { readonly op: "trim"; readonly tag: number; readonly at: Place };

export type Operation =
  | LogOperation
  | { readonly op: "sleep"; readonly nanos: Nanos }
  | { readonly op: "all"; readonly operations: readonly LogOperation[] }
  /** A nested call on the same engine; it begins with what this one knows, and this one learns what it has seen. */
  | { readonly op: "invoke"; readonly operations: readonly Operation[] };

/** A function call from outside. */
export interface CaseCall {
  /** From the moment the cluster is up. */
  readonly atNanos: Nanos;
  readonly logBook: number;
  readonly operations: readonly Operation[];
}

export interface Case {
  readonly seed: number;
  /** A bug switched on (models/boki/mutations.ts); 0: none. */
  readonly mutation: number;
  readonly defects: readonly DefectId[];
  /** Whether simultaneous events take a random order instead of that in which they were scheduled. */
  readonly shuffleTies: boolean;
  readonly cluster: Partial<CaseCluster>;
  readonly boki: Partial<BokiConfig>;
  readonly network: Partial<NetworkConfig>;
  /** Whether steps take CPU time and messages have sizes (models/boki/costs.ts); else only links and timers take time. */
  readonly costs: boolean;
  readonly calls: readonly CaseCall[];
  /** Times count from the moment the cluster is up, here and in the faults. */
  readonly reconfigurations: readonly Reconfiguration[];
  readonly faults: FaultPlan;
  /** What lasts ends here, and the cluster is whole again, but for those that stay down. */
  readonly healNanos: Nanos;
  /** Processes that a crash of the plan strikes and that never come back. */
  readonly staysDown: readonly string[];
  /** When faults are over and the last call was made, everything must finish within this. */
  readonly settleNanos: Nanos;
}

/** Cores are those of any deployment; there are as many function workers as calls can need. */
export type CaseCluster = Omit<ClusterConfig, "coresPerHost" | "workersPerEngine">;

export const CASE_CLUSTER: CaseCluster = {
  engines: 3,
  storages: 3,
  sequencers: 3,
  spareEngines: 0,
  spareStorages: 0,
  spareSequencers: 0,
};

/** Small caches and short timers: what a deployment sees in hours happens within milliseconds. */
export const CASE_BOKI: BokiConfig = {
  ...BOKI_DEFAULTS,
  localCutNanos: 100 * MICROSECOND,
  globalCutNanos: 100 * MICROSECOND,
  engineCache: true,
  propagateAuxData: true,
  blockingReadLimitNanos: 3 * MILLISECOND,
  zookeeperSessionTimeoutNanos: 30 * MILLISECOND,
  repairIntervalNanos: 4 * MILLISECOND,
  readRetryNanos: 10 * MILLISECOND,
  operationTimeoutNanos: 100 * MILLISECOND,
};

export const CASE_NETWORK: NetworkConfig = {
  latency: { kind: "exponential", mean: 60 * MICROSECOND, floor: 20 * MICROSECOND },
  bitsPerSecond: 0,
  pipeLatency: { kind: "constant", value: MICROSECOND },
  zookeeperDelay: { kind: "exponential", mean: 300 * MICROSECOND, floor: 100 * MICROSECOND },
  wakeLatency: { kind: "constant", value: 0 },
  cpuJitter: { kind: "constant", value: 1 },
};

export const NO_FAULTS: FaultPlan = { timed: [] };

export function hasFaults({ timed, repeated = [] }: FaultPlan): boolean {
  return timed.length + repeated.length > 0;
}

/** A case of nothing: what a generator, a file or a shrunk case fills in. */
export const EMPTY_CASE: Case = {
  seed: 1,
  mutation: 0,
  defects: [],
  shuffleTies: false,
  cluster: {},
  boki: {},
  network: {},
  costs: false,
  calls: [],
  reconfigurations: [],
  faults: NO_FAULTS,
  healNanos: 0,
  staysDown: [],
  settleNanos: 2_000 * MILLISECOND,
};

/** What people compare cases by. */
export interface CaseSize {
  readonly faults: number;
  readonly operations: number;
  readonly nodes: number;
}

export function sizeOf(subject: Case): CaseSize {
  const cluster = { ...CASE_CLUSTER, ...subject.cluster };
  return {
    faults:
      subject.faults.timed.length + (subject.faults.repeated?.length ?? 0) + subject.reconfigurations.length,
    operations: subject.calls.reduce((sum, { operations }) => sum + countOf(operations), 0),
    nodes: Object.values(cluster).reduce((sum, count) => sum + count, 0),
  };
}

/** Log operations, nested ones included. */
export function countOf(operations: readonly Operation[]): number {
  return operations.reduce((sum, each) => {
    if (each.op === "sleep") return sum;
    return sum + ("operations" in each ? countOf(each.operations) : 1);
  }, 0);
}
