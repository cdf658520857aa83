/** Deployments and calls that the tests of the invariants share: each brings out other paths of the protocol. */

import type { NetworkConfig } from "../../../models/boki/config.ts";
import type { WorkloadConfig } from "../../../models/workloads/config.ts";
import { MICROSECOND, MILLISECOND } from "../../../sim/units.ts";
import type { Setup } from "./deployment.ts";
import { callsOf, type MixArgs } from "./programs.ts";
import { VIEW_SCENARIOS } from "./view-scenarios.ts";

const MIX: MixArgs = { rounds: 25, tags: 3, depth: 2, pauseNanos: 300 * MICROSECOND };
const BUSY: MixArgs = { ...MIX, pauseNanos: 0 };

/** Delays that differ by a factor of a hundred, and no two messages on one connection: any order is possible. */
const WILD: Partial<NetworkConfig> = { latency: { kind: "exponential", mean: 150 * MICROSECOND } };
const WILD_BOKI = {
  localCutNanos: 20 * MICROSECOND,
  globalCutNanos: 20 * MICROSECOND,
  connectionsPerPeer: 0,
};

const WORKLOAD: WorkloadConfig = {
  name: "mixed",
  arrival: { kind: "closedLoop", clients: 6, think: { kind: "exponential", mean: 100 * MICROSECOND } },
  mix: { append: 4, readNext: 2, readPrev: 2, checkTail: 1, readNextBlock: 1, setAuxData: 1 },
  logBooks: { count: 2, zipfExponent: 0 },
  tags: { count: 5, zipfExponent: 0.9 },
  tagsPerRecord: 1,
  recordBytes: { kind: "constant", value: 1_024 },
  auxBytes: { kind: "constant", value: 64 },
  readPosition: { kind: "recent", records: 20 },
  keepRecords: 100,
  nestedShare: 0.3,
  startNanos: 0,
  stopNanos: 15 * MILLISECOND,
};

export const SCENARIOS = {
  "everything at random, with pauses": { calls: callsOf("mix", MIX) },
  "everything at random, without pauses": { calls: callsOf("mix", BUSY, { count: 12 }) },
  "everything at random, on hosts with costs": { calls: callsOf("mix", BUSY), free: false },
  "messages overtake each other": {
    calls: callsOf("mix", BUSY, { count: 12 }),
    boki: WILD_BOKI,
    network: WILD,
  },
  "many appends at once, messages overtake each other": {
    calls: callsOf("appendOnly", { rounds: 15, width: 6, tag: 1 }, { count: 9 }),
    boki: WILD_BOKI,
    network: WILD,
  },
  "slow network": {
    calls: callsOf("mix", MIX),
    network: { latency: { kind: "constant", value: 400 * MICROSECOND } },
    nanos: 60 * MILLISECOND,
  },
  "two physical logs": {
    calls: callsOf("mix", MIX, { logBooks: 4, count: 8 }),
    boki: { physicalLogs: 2 },
  },
  "two physical logs read from the database": {
    calls: callsOf("mix", MIX, { logBooks: 4, count: 8 }),
    boki: { physicalLogs: 2, engineCache: false, maxLiveRecords: 3 },
  },
  "records read from the database": {
    calls: callsOf("mix", MIX),
    boki: { engineCache: false, maxLiveRecords: 3 },
  },
  "remote indexes, more engines than storage nodes": {
    calls: callsOf("mix", MIX, { count: 12 }),
    cluster: { engines: 5, storages: 4 },
    boki: { indexReplicas: 2 },
  },
  "remote indexes without caches, messages overtake each other": {
    calls: callsOf("mix", BUSY, { count: 12 }),
    cluster: { engines: 5, storages: 4 },
    boki: { ...WILD_BOKI, indexReplicas: 2, engineCache: false },
    network: WILD,
    nanos: 60 * MILLISECOND,
  },
  "more storage nodes than engines": {
    calls: callsOf("mix", MIX),
    cluster: { engines: 2, storages: 5 },
    boki: { indexReplicas: 2, userlogReplicas: 2 },
  },
  "five metalog replicas": {
    calls: callsOf("mix", MIX),
    cluster: { sequencers: 5 },
    boki: { metalogReplicas: 5 },
  },
  "two metalog replicas": { calls: callsOf("mix", MIX), boki: { metalogReplicas: 2 } },
  "reads right after appends": { calls: callsOf("appendAndRead", { rounds: 12, tag: 1 }) },
  "reads beside appends, remote indexes": {
    calls: callsOf("readBeside", { rounds: 12, tag: 1 }),
    cluster: { engines: 5, storages: 4 },
    boki: { indexReplicas: 2 },
  },
  "reads beside appends, messages overtake each other": {
    calls: callsOf("readBeside", { rounds: 12, tag: 1 }, { count: 12, logBooks: 1 }),
    cluster: { engines: 5, storages: 4 },
    boki: { ...WILD_BOKI, indexReplicas: 2, engineCache: false },
    network: WILD,
    nanos: 60 * MILLISECOND,
  },
  "children that read": { calls: callsOf("nest", { rounds: 12, tag: 1 }) },
  "aux data": { calls: callsOf("attach", { rounds: 8 }) },
  "blocking reads that time out": {
    calls: callsOf("appendAndWait", { tag: 1 }, { count: 3, everyNanos: 4 * MILLISECOND }),
  },
  "blocking reads that are woken": {
    calls: callsOf("appendAndWait", { tag: 1 }, { count: 3, logBooks: 1, everyNanos: 4 * MILLISECOND }),
    boki: { blockingReadLimitNanos: 12 * MILLISECOND },
    promptNanos: MILLISECOND,
    nanos: 40 * MILLISECOND,
  },
  "several readers of a new record": {
    calls: [
      ...callsOf("wait", { tag: 1, rounds: 8 }, { count: 8, logBooks: 1 }),
      ...callsOf("appendLater", { nanos: 3 * MILLISECOND, tag: 1, rounds: 8 }, { count: 1, logBooks: 1 }),
    ],
    cluster: { engines: 2 },
    boki: { indexReplicas: 2, engineCache: false, blockingReadLimitNanos: 30 * MILLISECOND },
    network: WILD,
    promptNanos: 5 * MILLISECOND,
    nanos: 60 * MILLISECOND,
  },
  "a workload of closed loops, on hosts with costs": { workloads: [WORKLOAD], free: false },
} satisfies Record<string, Setup>;

export type ScenarioName = keyof typeof SCENARIOS | keyof typeof VIEW_SCENARIOS;

/** A shared scenario, with some of it replaced. */
export function scenario(name: ScenarioName, changes: Partial<Setup> = {}): Setup {
  const scenarios: Readonly<Record<ScenarioName, Setup>> = { ...SCENARIOS, ...VIEW_SCENARIOS };
  return { ...scenarios[name], ...changes };
}
