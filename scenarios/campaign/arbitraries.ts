/**
 * fast-check arbitraries for a user's own property tests (docs/property-tests.md): clusters, workloads, networks, fault
 * schedules and whole cases. What they draw shrinks with `fc.assert` towards few nodes, few operations, no faults and short times.
 */

import fc from "fast-check";
import type { BokiConfig } from "../../models/boki/config.ts";
import type { Distribution } from "../../sim/distribution.ts";
import type { DiskRule, Fault, FaultKind, LinkRule, Selector, TimedFault } from "../../sim/faults/fault.ts";
import { numbered } from "../../sim/faults/injector.ts";
import { MICROSECOND, MILLISECOND, type Nanos } from "../../sim/units.ts";
import {
  CASE_CLUSTER,
  type Case,
  type CaseCall,
  EMPTY_CASE,
  type LogOperation,
  type Operation,
  type Place,
} from "./case.ts";
import { budgetOf } from "./fault-budget.ts";

/** When calls, faults and reconfigurations begin, at the latest, unless a test says otherwise. */
const SPAN_NANOS: Nanos = 10 * MILLISECOND;

/** Nodes of each role, and the flags that depend on their number. */
export type DrawnCluster = Pick<Case, "cluster" | "boki">;

export interface ClusterOptions {
  /** Nodes of each role, at most; default: 5. */
  readonly nodesMax?: number;
  /** Flags that are given and not drawn. */
  readonly boki?: Partial<BokiConfig>;
}

/** Clusters of 1 to `nodesMax` engines and storage nodes and 2 to `nodesMax` sequencers, with as many replicas as fit. */
export function clusters({ nodesMax = 5, boki = {} }: ClusterOptions = {}): fc.Arbitrary<DrawnCluster> {
  const nodes = (least: number) => fc.integer({ min: least, max: Math.max(least, nodesMax) });
  return fc
    .record({
      engines: nodes(1),
      storages: nodes(1),
      sequencers: nodes(2),
      metalogReplicas: nodes(2),
      userlogReplicas: nodes(1),
      indexReplicas: nodes(1),
      physicalLogs: fc.integer({ min: 1, max: 3 }),
      maxLiveRecords: fc.constantFrom(65_536, 4),
      engineCache: fc.boolean(),
    })
    .map(({ engines, storages, sequencers, ...drawn }) => ({
      cluster: { engines, storages, sequencers },
      boki: {
        ...drawn,
        metalogReplicas: Math.min(drawn.metalogReplicas, sequencers),
        userlogReplicas: Math.min(drawn.userlogReplicas, storages),
        indexReplicas: Math.min(drawn.indexReplicas, engines),
        physicalLogs: Math.min(drawn.physicalLogs, sequencers),
        ...boki,
      },
    }));
}

/** Delays of the network, from always the same to such that any message may overtake any other. */
export function latencies(): fc.Arbitrary<Distribution> {
  return fc.oneof(
    fc.record({ kind: fc.constant("constant" as const), value: times(MICROSECOND, 400 * MICROSECOND) }),
    fc.record({
      kind: fc.constant("exponential" as const),
      mean: times(10 * MICROSECOND, 300 * MICROSECOND),
    }),
  );
}

/** Whole microseconds between two times. */
function times(lowNanos: Nanos, highNanos: Nanos): fc.Arbitrary<Nanos> {
  const inMicros = (nanos: Nanos): number => Math.ceil(nanos / MICROSECOND);
  return fc
    .integer({ min: inMicros(lowNanos), max: inMicros(highNanos) })
    .map((micros) => micros * MICROSECOND);
}

export interface WorkloadOptions {
  readonly callsMax?: number;
  readonly operationsPerCallMax?: number;
  readonly logBooks?: number;
  /** Tags are 1 to this. */
  readonly tags?: number;
  /** Calls begin within this. */
  readonly spanNanos?: Nanos;
}

/** Function calls from outside, each a list of operations on the log. */
export function workloads(options: WorkloadOptions = {}): fc.Arbitrary<CaseCall[]> {
  const { callsMax = 12, operationsPerCallMax = 16, logBooks = 3, tags = 3 } = options;
  const { spanNanos = SPAN_NANOS } = options;
  const operations = fc.array(operation(tags), {
    minLength: 1,
    maxLength: operationsPerCallMax,
    size: "max",
  });
  const call = fc.record({
    atNanos: times(0, spanNanos),
    logBook: fc.integer({ min: 1, max: logBooks }),
    operations,
  });
  return fc.array(call, { minLength: 1, maxLength: callsMax, size: "max" });
}

function operation(tags: number): fc.Arbitrary<Operation> {
  const one = logOperation(tags);
  const several = fc.array(one, { minLength: 1, maxLength: 4 });
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 10, arbitrary: one },
    {
      weight: 1,
      arbitrary: fc.record({ op: fc.constant("sleep" as const), nanos: times(MICROSECOND, 2 * MILLISECOND) }),
    },
    { weight: 1, arbitrary: fc.record({ op: fc.constant("all" as const), operations: several }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant("invoke" as const), operations: several }) },
  );
}

function logOperation(tags: number): fc.Arbitrary<LogOperation> {
  const tag = fc.integer({ min: 0, max: tags });
  const place: fc.Arbitrary<Place> = fc.oneof(
    fc.constant("start" as const),
    fc.record({ back: fc.nat(8) }),
    fc.record({ back: fc.nat(3), plus: fc.constantFrom(1, -1) }),
    fc.constant("end" as const),
  );
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        op: fc.constant("append" as const),
        tags: fc.uniqueArray(fc.integer({ min: 1, max: tags }), { maxLength: Math.min(3, tags) }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        op: fc.constantFrom("readNext" as const, "readPrev" as const, "readNextBlock" as const),
        tag,
        at: place,
      }),
    },
    { weight: 1, arbitrary: fc.record({ op: fc.constant("checkTail" as const), tag }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant("setAuxData" as const), at: place }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant("trim" as const), tag, at: place }) },
  );
}

/** Kinds of faults that arbitraries draw; a slow CPU shows nothing where steps take no time. */
export const FAULT_KINDS = [
  "crash",
  "pause",
  "partition",
  "link",
  "reset",
  "clock",
  "disk",
] as const satisfies readonly FaultKind[];

export interface FaultOptions {
  readonly kinds?: readonly (typeof FAULT_KINDS)[number][];
  readonly faultsMax?: number;
  /** Faults begin within this. */
  readonly spanNanos?: Nanos;
}

/**
 * Faults that a cluster is promised to survive (fault-budget.ts): crashes and disks that spoil what they are given strike no more nodes
 * than may lose their memory.
 */
export function faultSchedules(
  of: DrawnCluster,
  options: FaultOptions = {},
): fc.Arbitrary<readonly TimedFault[]> {
  return faultPlans(options).map((plans) => plans.flatMap((plan) => faultIn(of, plan) ?? []));
}

/** A fault before it is known which nodes there are: they are numbered, and counted around. */
interface FaultDraft {
  readonly atNanos: Nanos;
  readonly forNanos: Nanos;
  readonly kind: (typeof FAULT_KINDS)[number];
  readonly nodes: readonly number[];
  readonly shape: "symmetric" | "oneWay" | "partial";
  readonly rule: LinkRule;
  readonly diskRule: DiskRule;
  readonly bothWays: boolean;
  readonly driftPpm: number;
}

function faultPlans({
  kinds = FAULT_KINDS,
  faultsMax = 4,
  spanNanos = SPAN_NANOS,
}: FaultOptions): fc.Arbitrary<readonly FaultDraft[]> {
  if (kinds.length === 0) return fc.constant([]);
  const draft = fc.record<FaultDraft>({
    atNanos: times(0, spanNanos),
    forNanos: times(100 * MICROSECOND, 60 * MILLISECOND),
    kind: fc.constantFrom(...kinds),
    nodes: fc.uniqueArray(fc.nat(20), { minLength: 1, maxLength: 3 }),
    shape: fc.constantFrom("symmetric", "oneWay", "partial"),
    rule: fc.constantFrom<LinkRule>(
      { reorder: true },
      { duplicateShare: 0.5 },
      { lossShare: 0.05 },
      { lossShare: 0.3 },
      { corruptShare: 0.1 },
    ),
    diskRule: fc.constantFrom<DiskRule>(
      { slowdown: 10 },
      { stalled: true },
      { full: true },
      { writeErrorShare: 0.5 },
      { readErrorShare: 0.5 },
      { corruptShare: 0.5 },
    ),
    bothWays: fc.boolean(),
    driftPpm: fc.constantFrom(100_000, -100_000),
  });
  return fc.array(draft, { maxLength: faultsMax });
}

/** Engines, storage nodes and sequencers: a call that is lost on its way to an engine says nothing of the log. */
const EVERYONE: Selector = { part: "nodes" };

/** Undefined: there is nobody whom it may strike. */
function faultIn(of: DrawnCluster, draft: FaultDraft): TimedFault | undefined {
  const { atNanos, forNanos } = draft;
  const cluster = { ...CASE_CLUSTER, ...of.cluster };
  const budget = budgetOf(of);
  const named = (role: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => `${role}-${i + 1}`);
  const roles = (counts: { sequencers: number; storages: number; engines: number }): string[] => [
    ...named("sequencer", counts.sequencers),
    ...named("storage", counts.storages),
    ...named("engine", counts.engines),
  ];
  const pick = (names: readonly string[], count: number) => ({
    names: [...new Set(draft.nodes.slice(0, count).map((node) => names[node % names.length]!))],
  });
  // As many of each role as the budget has, the first ones: it is enough that one of them is a primary.
  const victims = roles(budget);
  if (draft.kind === "crash" && victims.length === 0) return undefined;
  const isSpoilt = draft.diskRule.corruptShare !== undefined;
  const disks = named("storage", isSpoilt ? budget.storages : cluster.storages);
  if (draft.kind === "disk" && disks.length === 0) return undefined;
  const several = pick(roles(cluster), draft.nodes.length);
  const fault = ((): Fault => {
    switch (draft.kind) {
      case "crash":
        return { kind: "crash", of: pick(victims, 1), wholeHost: true };
      case "partition":
        return { kind: "partition", shape: draft.shape, of: several, from: EVERYONE };
      case "link":
        return { kind: "link", of: several, to: EVERYONE, bothWays: draft.bothWays, rule: draft.rule };
      case "clock":
        return { kind: "clock", of: several, driftPpm: draft.driftPpm };
      case "reset":
        return { kind: "reset", of: several, and: EVERYONE };
      case "pause":
        return { kind: "pause", of: several };
      case "disk":
        return { kind: "disk", of: pick(disks, 1), rule: draft.diskRule };
    }
  })();
  return fault.kind === "reset" ? { atNanos, fault } : { atNanos, forNanos, fault };
}

export interface CaseOptions {
  readonly cluster?: ClusterOptions;
  readonly workload?: WorkloadOptions;
  /** `false`: nothing goes wrong. */
  readonly faults?: FaultOptions | false;
  /** Orders to move on to a new view, at most; default: 1. */
  readonly reconfigurationsMax?: number;
  /** What is the same in all cases: a mutation, defects, how long settling may take. */
  readonly fixed?: Partial<Pick<Case, "mutation" | "defects" | "settleNanos" | "shuffleTies">>;
}

/** Whole cases for `simulate`. */
export function cases(options: CaseOptions = {}): fc.Arbitrary<Case> {
  const { faults, reconfigurationsMax = 1, fixed = {} } = options;
  const spanNanos = options.workload?.spanNanos ?? SPAN_NANOS;
  // All parts side by side, none drawn from another: so each shrinks by itself.
  return fc
    .record({
      of: clusters(options.cluster),
      drafts: faultPlans(faults === false ? { kinds: [] } : { spanNanos, ...faults }),
      reconfigurations: fc.array(fc.record({ atNanos: times(0, spanNanos) }), {
        maxLength: reconfigurationsMax,
      }),
      calls: workloads(options.workload),
      latency: latencies(),
      seed: fc.nat(1_000_000),
    })
    .map(({ of, drafts, reconfigurations, calls, latency, seed }): Case => {
      const timed = drafts.flatMap((draft) => faultIn(of, draft) ?? []);
      const ends = timed.map(({ atNanos, forNanos = 0 }) => atNanos + forNanos);
      return {
        ...EMPTY_CASE,
        ...of,
        seed,
        network: { latency },
        calls,
        reconfigurations,
        faults: { timed: numbered({ timed }).timed },
        healNanos: Math.max(0, ...ends),
        ...fixed,
      };
    });
}
