/** The part of the scenario format that describes the deployment: cluster, boki, network and disk. */

import { z } from "zod";
import { BOKI_DEFAULTS, CLUSTER_DEFAULTS, DISK_DEFAULTS, NETWORK_DEFAULTS } from "../models/boki/config.ts";
import { distributionOf, writtenDistribution } from "./distribution-field.ts";
import { count, type FieldDoc, onOff, quantity, share } from "./fields.ts";
import { BIT_RATE, BYTE_RATE, FACTOR, formatQuantity, formatShare, SIZE, TIME } from "./quantity.ts";

/** Identifiers of nodes are 16 bits wide; a sequencer's is part of a log space of 10 bits. */
const NODES_MAX = 65_535;
const SEQUENCERS_MAX = 1_023;
/** A worker's number has 14 bits. */
const WORKERS_MAX = 16_383;
/** What the simulated pipes and links still take as one message. */
const APPEND_BYTES_MOST = 1_048_576;

const flag = (name: string): string => `flag \`${name}\` of the release`;
const PUBLISHED = "the published deployment";

const time = (description: string, source: string, nanos: number, positive = true) =>
  quantity(TIME, { description, source }, { positive }).prefault(formatQuantity(TIME, nanos));
const size = (description: string, source: string, bytes: number) =>
  quantity(SIZE, { description, source }).prefault(formatQuantity(SIZE, bytes));
const number = (doc: FieldDoc, value: number, least: number, most?: number) =>
  count(doc, least, most).prefault(value);
const threads = (role: string, value: number) =>
  number({ description: `I/O threads of ${role}.`, source: flag("num_io_workers") }, value, 1, 1_024);

const cluster = CLUSTER_DEFAULTS;
export const clusterFields = z
  .strictObject({
    engines: number(
      { description: "LogBook engines, each with function workers on its host.", source: PUBLISHED },
      cluster.engines,
      1,
      NODES_MAX,
    ),
    storages: number({ description: "Storage nodes.", source: PUBLISHED }, cluster.storages, 1, NODES_MAX),
    sequencers: number(
      {
        description:
          "Sequencers: one is the primary of each physical log, others hold copies of its metalog.",
        source: PUBLISHED,
      },
      cluster.sequencers,
      1,
      SEQUENCERS_MAX,
    ),
    spareEngines: number(
      { description: "Engines beyond those of a view; one takes the place of an engine that fails." },
      cluster.spareEngines,
      0,
      1_024,
    ),
    spareStorages: number(
      { description: "Storage nodes beyond those of a view." },
      cluster.spareStorages,
      0,
      1_024,
    ),
    spareSequencers: number(
      { description: "Sequencers beyond those of a view." },
      cluster.spareSequencers,
      0,
      1_024,
    ),
    workersPerEngine: number(
      {
        description: "Function workers on the host of each engine: as many calls run there at a time.",
        source: "32 of each of the two functions of the queue experiment",
      },
      cluster.workersPerEngine,
      1,
      WORKERS_MAX,
    ),
    coresPerHost: number(
      { description: "Processor cores of each host.", source: "c5d.2xlarge" },
      cluster.coresPerHost,
      1,
      1_024,
    ),
  })
  .meta({ description: "How many processes of each role there are; each has a host of its own." });

const boki = BOKI_DEFAULTS;
export const bokiFields = z
  .strictObject({
    localCut: time(
      "Interval at which a storage node reports its progress.",
      flag("slog_local_cut_interval_us"),
      boki.localCutNanos,
    ),
    globalCut: time(
      "Interval at which the primary sequencer makes a cut.",
      flag("slog_global_cut_interval_us"),
      boki.globalCutNanos,
    ),
    metalogReplicas: number(
      {
        description:
          "Copies of a metalog, the primary's counted. At least 2: a cut commits when backups acknowledge it.",
        source: "flag of the controller",
      },
      boki.metalogReplicas,
      2,
      SEQUENCERS_MAX,
    ),
    userlogReplicas: number(
      { description: "Storage nodes that hold the records of a shard.", source: "flag of the controller" },
      boki.userlogReplicas,
      1,
      NODES_MAX,
    ),
    indexReplicas: number(
      { description: "Engines that index the records of a physical log.", source: "flag of the controller" },
      boki.indexReplicas,
      1,
      NODES_MAX,
    ),
    physicalLogs: number(
      { description: "Physical logs that the LogBooks are spread over.", source: flag("num_phylogs") },
      boki.physicalLogs,
      1,
      SEQUENCERS_MAX,
    ),
    hashTokens: number(
      {
        description: "Tokens of the hash ring that maps LogBooks to physical logs.",
        source: "default of the release",
      },
      boki.hashTokens,
      1,
      1_000_000,
    ),
    sealTailEntries: number(
      { description: "Metalog entries in a seal report.", source: flag("slog_num_tail_metalog_entries") },
      boki.sealTailEntries,
      1,
    ),
    flushInterval: time(
      "Interval at which a storage node writes records to its database.",
      flag("slog_storage_bgthread_interval_ms"),
      boki.flushIntervalNanos,
    ),
    maxLiveRecords: number(
      {
        description:
          "Records that a storage node keeps in memory for each log before it evicts written ones.",
        source: flag("slog_storage_max_live_entries"),
      },
      boki.maxLiveRecords,
      1,
    ),
    engineCache: onOff({
      description: "Cache of records on the engines.",
      source: "flag of the engine",
    }).prefault(boki.engineCache ? "on" : "off"),
    engineCacheSize: size("Capacity of that cache.", "flag of the engine", boki.engineCacheBytes),
    propagateAuxData: onOff({
      description: "Send auxiliary data on to the storage nodes of its record.",
      source: "flag of the engine",
    }).prefault(boki.propagateAuxData ? "on" : "off"),
    storageAuxCacheSize: size(
      "Cache of auxiliary data on a storage node.",
      "flag of the storage node",
      boki.storageAuxCacheBytes,
    ),
    databaseCacheSize: size(
      "Block cache of a storage node's database for each log; reads beyond it go to the disk.",
      "the release's set-up of RocksDB",
      boki.databaseCacheBytes,
    ),
    blockingReadLimit: time(
      "How long a blocking read waits for a record.",
      "constant of the release",
      boki.blockingReadLimitNanos,
    ),
    engineThreads: threads("an engine", boki.engineThreads),
    storageThreads: threads("a storage node", boki.storageThreads),
    sequencerThreads: threads("a sequencer", boki.sequencerThreads),
    gatewayThreads: threads("the gateway", boki.gatewayThreads),
    connectionsPerPeer: number(
      { description: "TCP connections per I/O thread and peer.", source: "default of the release" },
      boki.connectionsPerPeer,
      1,
      1_024,
    ),
    remoteIndexShare: share({
      description: "Share of reads that ask a remote index even where there is a local one.",
      source: "test flag of the release",
    }).prefault(formatShare(boki.remoteIndexShare)),
    zookeeperSessionTimeout: time(
      "Silence after which ZooKeeper gives up a session.",
      "default of the release",
      boki.zookeeperSessionTimeoutNanos,
    ),
    journal: onOff({
      description:
        "Records count only once they are on a disk of each of their storage nodes; off: once those have them in memory.",
      source: "later design of the authors",
    }).prefault(boki.journal ? "on" : "off"),
    repairInterval: time(
      "How often a node looks after what is overdue, and sends or asks again.",
      "ours: the release sends nothing twice",
      boki.repairIntervalNanos,
    ),
    readRetry: time(
      "A read without a result for this long is asked again, of another node.",
      "ours: the release waits for ever",
      boki.readRetryNanos,
    ),
    operationTimeout: time(
      "A function stops waiting for an operation of the log after this long, and does not know what became of it.",
      "ours: the release waits for ever",
      boki.operationTimeoutNanos,
    ),
    unflushedRecordsMax: number(
      {
        description: "A storage node withholds its progress from this many records that the database lacks.",
        source: "later design of the authors",
      },
      boki.unflushedRecordsMax,
      1,
      1e9,
    ),
    unflushedRecordsTarget: number(
      {
        description: "It reports again when only this many are left.",
        source: "later design of the authors",
      },
      boki.unflushedRecordsTarget,
      0,
      1e9,
    ),
    appendSizeLimit: quantity(
      SIZE,
      {
        description:
          "The largest append, 8 bytes for each tag counted. Beyond the default a record no longer fits a pipe message and goes by shared memory.",
        source: "the worker library of the release",
      },
      { positive: true, most: [APPEND_BYTES_MOST, "1MiB"] },
    ).prefault(formatQuantity(SIZE, boki.appendBytesMax)),
  })
  .meta({
    description:
      "The settings of Boki. Defaults are those of the released system; the published experiments ran with others, which scenarios/quickstart.yaml has.",
  });

/** A time, always the same or drawn. */
export const TIMES = distributionOf(TIME, "timeDistribution");
export const SIZES = distributionOf(SIZE, "sizeDistribution");
export const FACTORS = distributionOf(FACTOR, "factorDistribution");

const network = NETWORK_DEFAULTS;
const CALIBRATED = "docs/calibration.md";
export const networkFields = z
  .strictObject({
    latency: TIMES.meta({
      description: "Delay from one host to another, one way, without the CPU time of either.",
      source: CALIBRATED,
    }).prefault(writtenDistribution(TIME, network.latency) as never),
    bandwidth: quantity(
      BIT_RATE,
      {
        description: "Line rate of the network interface of each host, or `unlimited`.",
        source: "c5d.2xlarge",
      },
      { positive: true, word: ["unlimited", 0] },
    ).prefault(formatQuantity(BIT_RATE, network.bitsPerSecond)),
    pipeLatency: TIMES.meta({
      description: "A crossing of the pipe between a function worker and its engine.",
      source: CALIBRATED,
    }).prefault(writtenDistribution(TIME, network.pipeLatency) as never),
    zookeeperDelay: TIMES.meta({
      description: "From a change in ZooKeeper until a node that watches has fetched it.",
      source: CALIBRATED,
    }).prefault(writtenDistribution(TIME, network.zookeeperDelay) as never),
    wakeLatency: TIMES.meta({
      description: "From work reaching an idle thread until the thread runs.",
      source: CALIBRATED,
    }).prefault(writtenDistribution(TIME, network.wakeLatency) as never),
    cpuJitter: FACTORS.meta({
      description: "Factor on the CPU time of each step; its mean should be 1.",
      source: CALIBRATED,
    }).prefault(writtenDistribution(FACTOR, network.cpuJitter) as never),
  })
  .meta({ description: "Delays of links, pipes and schedulers." });

const disk = DISK_DEFAULTS;
export const diskFields = z
  .strictObject({
    readLatency: TIMES.meta({
      description: "Latency of a read that misses every cache.",
      source: "local NVMe",
    }).prefault(writtenDistribution(TIME, disk.readLatency) as never),
    syncLatency: TIMES.meta({
      description: "Latency of making writes durable.",
      source: "local NVMe",
    }).prefault(writtenDistribution(TIME, disk.syncLatency) as never),
    bandwidth: quantity(
      BYTE_RATE,
      { description: "Bytes that the device reads or writes in a second.", source: "local NVMe" },
      { positive: true },
    ).prefault(formatQuantity(BYTE_RATE, disk.bytesPerSecond)),
  })
  .meta({ description: "The disk of each storage node." });
