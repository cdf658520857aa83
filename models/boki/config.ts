/**
 * The configuration of a Boki deployment, as plain numbers. Every flag of the released system has its field here; the
 * defaults are the released flags, and scenarios set the values of the published experiments.
 */

import type { Distribution } from "../../sim/distribution.ts";
import type { Bytes, Nanos } from "../../sim/units.ts";
import { MEBIBYTE, MICROSECOND, MILLISECOND, SECOND } from "../../sim/units.ts";

/** How many processes of each role there are; each runs on a host of its own. */
export interface ClusterConfig {
  readonly engines: number;
  readonly storages: number;
  readonly sequencers: number;
  /** Nodes beyond those of a view, which take the place of one that fails. */
  readonly spareEngines: number;
  readonly spareStorages: number;
  readonly spareSequencers: number;
  /** Function workers on each engine's host: as many calls run there at a time. */
  readonly workersPerEngine: number;
  /** Processor cores of each host (c5d.2xlarge: 8). */
  readonly coresPerHost: number;
}

export interface BokiConfig {
  /** Period of a storage node's progress report (`slog_local_cut_interval_us`). */
  readonly localCutNanos: Nanos;
  /** Period of the primary sequencer's cut (`slog_global_cut_interval_us`). */
  readonly globalCutNanos: Nanos;
  readonly metalogReplicas: number;
  readonly userlogReplicas: number;
  readonly indexReplicas: number;
  readonly physicalLogs: number;
  readonly hashTokens: number;
  /** Metalog entries in a seal report (`slog_num_tail_metalog_entries`). */
  readonly sealTailEntries: number;
  /** Period of a storage node's flush thread (`slog_storage_bgthread_interval_ms`). */
  readonly flushIntervalNanos: Nanos;
  /** Live records kept in memory per log space before flushed ones are evicted (`slog_storage_max_live_entries`). */
  readonly maxLiveRecords: number;
  readonly engineCache: boolean;
  readonly engineCacheBytes: Bytes;
  readonly propagateAuxData: boolean;
  readonly storageAuxCacheBytes: Bytes;
  /** Database block cache of a storage node per log space; reads beyond it go to the disk. */
  readonly databaseCacheBytes: Bytes;
  readonly blockingReadLimitNanos: Nanos;
  readonly engineThreads: number;
  readonly storageThreads: number;
  readonly sequencerThreads: number;
  readonly gatewayThreads: number;
  /** TCP connections per I/O thread and peer. */
  readonly connectionsPerPeer: number;
  /** Share of reads that go to a remote index even where a local one exists (test flags of the release), 0 to 1. */
  readonly remoteIndexShare: number;
  readonly zookeeperSessionTimeoutNanos: Nanos;
  /**
   * Whether records count only once they are on a disk of each of their storage nodes. Off: what holds them is the memory of
   * several nodes, as published. Metalog entries are in memory either way.
   */
  readonly journal: boolean;
  /** How often a node looks after what is overdue, and sends or asks again. */
  readonly repairIntervalNanos: Nanos;
  /** A read without a result for this long is asked again, of another node. */
  readonly readRetryNanos: Nanos;
  /** A function stops waiting for an operation of the log after this long, and does not know what became of it. */
  readonly operationTimeoutNanos: Nanos;
  /** A storage node withholds its progress from this many records that the database lacks, */
  readonly unflushedRecordsMax: number;
  /** until only this many are left. */
  readonly unflushedRecordsTarget: number;
  /** The largest append the worker library takes, payload and 8 bytes a tag; the release: what fits a pipe message. */
  readonly appendBytesMax: Bytes;
}

/** The defaults of the released flags. */
export const BOKI_DEFAULTS: BokiConfig = {
  localCutNanos: 1_000 * MICROSECOND,
  globalCutNanos: 1_000 * MICROSECOND,
  metalogReplicas: 3,
  userlogReplicas: 3,
  indexReplicas: 3,
  physicalLogs: 1,
  hashTokens: 128,
  sealTailEntries: 32,
  flushIntervalNanos: MILLISECOND,
  maxLiveRecords: 65_536,
  engineCache: false,
  engineCacheBytes: 1_024 * MEBIBYTE,
  propagateAuxData: false,
  storageAuxCacheBytes: 1_024 * MEBIBYTE,
  databaseCacheBytes: 1_024 * MEBIBYTE,
  blockingReadLimitNanos: SECOND,
  engineThreads: 1,
  storageThreads: 1,
  sequencerThreads: 1,
  gatewayThreads: 1,
  connectionsPerPeer: 8,
  remoteIndexShare: 0,
  zookeeperSessionTimeoutNanos: 2 * SECOND,
  journal: false,
  repairIntervalNanos: 20 * MILLISECOND,
  readRetryNanos: 50 * MILLISECOND,
  operationTimeoutNanos: 5 * SECOND,
  unflushedRecordsMax: 10_000,
  unflushedRecordsTarget: 1_000,
  appendBytesMax: 2_496,
};

/** The network of a deployment and the scheduling of its machines: one profile between hosts, pipes inside an engine's host, sessions to ZooKeeper. */
export interface NetworkConfig {
  /** One-way delay between two hosts in nanoseconds, without the CPU time of either end. */
  readonly latency: Distribution;
  /** Line rate of each host's network interface, in bits per second; 0: unlimited. */
  readonly bitsPerSecond: number;
  /** One crossing of a pipe between a function worker and its engine. */
  readonly pipeLatency: Distribution;
  /** From the moment ZooKeeper has ordered a change to a watcher having fetched it. */
  readonly zookeeperDelay: Distribution;
  /** From work reaching an idle thread until the thread runs. */
  readonly wakeLatency: Distribution;
  /** Factor on the CPU time of each step; its mean should be 1. */
  readonly cpuJitter: Distribution;
}

/** The disk of a storage host. */
export interface DiskConfig {
  readonly readLatency: Distribution;
  readonly syncLatency: Distribution;
  readonly bytesPerSecond: number;
}

export const AUX_BYTES_MAX: Bytes = 2_496;

/** The published deployment's machines: 8 vCPUs each. Function workers per engine as in the queue experiment. */
export const CLUSTER_DEFAULTS: ClusterConfig = {
  engines: 8,
  storages: 3,
  sequencers: 3,
  spareEngines: 0,
  spareStorages: 0,
  spareSequencers: 0,
  workersPerEngine: 64,
  coresPerHost: 8,
};

/** Reasons: docs/calibration.md, "Network and scheduling". */
export const NETWORK_DEFAULTS: NetworkConfig = {
  latency: {
    kind: "mixture",
    weights: [0.994, 0.006],
    parts: [
      { kind: "lognormal", median: 58 * MICROSECOND, sigma: 0.16 },
      { kind: "lognormal", median: 250 * MICROSECOND, sigma: 0.8 },
    ],
  },
  bitsPerSecond: 10_000_000_000,
  pipeLatency: { kind: "constant", value: MICROSECOND },
  zookeeperDelay: { kind: "lognormal", median: 1_000 * MICROSECOND, sigma: 0.6 },
  wakeLatency: { kind: "lognormal", median: 16 * MICROSECOND, sigma: 0.7 },
  cpuJitter: { kind: "lognormal", median: 0.97, sigma: 0.25 },
};

/** NVMe of a c5d instance: about 100 us a read and a flush of the device's cache, 1 GB/s sequential. */
export const DISK_DEFAULTS: DiskConfig = {
  readLatency: { kind: "lognormal", median: 90 * MICROSECOND, sigma: 0.3 },
  syncLatency: { kind: "lognormal", median: 100 * MICROSECOND, sigma: 0.5 },
  bytesPerSecond: 1_000_000_000,
};
