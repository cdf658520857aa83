/**
 * What Boki's work costs, beside the model and never in it (docs/calibration.md gives the reason of each number).
 *
 * The costs are micro-costs of one machine type, c5d.2xlarge: what it takes to receive one message, to send one, to insert
 * one tuple. None is fitted to a data point of its own. A scenario may override any of them by name.
 */

import type { CostModel, TimerName } from "../../sim/machine.ts";
import type { Bytes, Nanos } from "../../sim/units.ts";
import type { BokiMessage } from "./messages.ts";
import { entryBytes } from "./metalog.ts";
import { recordBytes } from "./observations.ts";
import { COLLECT, FLUSH } from "./storage-state.ts";
import { PING } from "./zookeeper-session.ts";

/** CPU times in nanoseconds. */
export const COSTS = {
  /** Take one message off a TCP connection: completion, parse, dispatch under the node's view lock. */
  tcpReceive: 6_000,
  /** Put one message on a TCP connection: copy into the egress buffer, submit, kernel transmit path with the overlay's encapsulation. */
  tcpSend: 5_000,
  /** Each byte received or sent: two user copies and one kernel copy at about 5 GB/s each. */
  perByte: 0.6,
  /** Write one pipe message of 2,560 bytes, and read one. */
  pipeWrite: 2_500,
  pipeRead: 2_500,
  /** Give a message to another I/O thread: queue, eventfd, its wake-up's system call. */
  handOff: 1_500,
  /** Look up a call's context, create an operation. */
  operation: 1_000,
  /** Producer: number an append, build the message. */
  append: 1_500,
  /** Complete an append or a read: context update, encode into the cache. */
  complete: 2_000,
  /** Storage: insert a record, scan the prefix. */
  storeRecord: 1_500,
  /** Storage: move a record from pending to live and build its index tuple. */
  orderRecord: 1_000,
  /** Storage: look a record up in memory. */
  readRecord: 1_000,
  /** Storage: serialise a record and put it into the database with its write-ahead log, on the flush thread. */
  flushRecord: 6_000,
  /** Storage: get a record from the database when its block is cached. */
  databaseRead: 10_000,
  /** Primary: take in one count of a progress report. */
  progressCount: 200,
  /** Primary: build a cut, per shard of the view. */
  cutPerShard: 300,
  /** Apply a metalog entry, per shard of the view. */
  applyPerShard: 100,
  /** Index: parse and deduplicate one tuple of one replica's message. */
  indexTuple: 350,
  /** Index: insert a record into its vectors; counted on the first replica's copy. */
  indexInsert: 600,
  /** Index: binary search. */
  indexSearch: 1_500,
  /** Engine: look into the record cache. */
  cacheLookup: 1_000,
  /** Re-evaluate one blocked read at an index advance. */
  blockedReadCheck: 300,
  /** Worker library and Go runtime: encode a request, and decode a result and wake the goroutine. */
  workerRequest: 6_000,
  workerSerialisePerByte: 4,
  workerResult: 6_000,
  /** Gateway: take in a call or a result (HTTP on the client's side). */
  gatewayRequest: 15_000,
  gatewayReply: 12_000,
  /** ZooKeeper client callback. */
  zooKeeperEvent: 20_000,
} as const;

export type CostName = keyof typeof COSTS;
export type Costs = { readonly [Name in CostName]: number };

const HEADER_BYTES: Bytes = 64;
const GATEWAY_HEADER_BYTES: Bytes = 16;
/** A pipe message has one size whatever it carries; appends beyond it travel in shared memory. */
const PIPE_BYTES: Bytes = 2_560;

/** Size of a message on the wire (docs/models/boki.md, "Sizes"). */
function sizeBytes(message: BokiMessage): Bytes {
  switch (message.kind) {
    case "replicate":
      return HEADER_BYTES + recordBytes(message.record);
    case "shardProgress":
      return HEADER_BYTES + 4 * message.counts.length;
    case "metalogReplicate":
    case "metalogs":
      return HEADER_BYTES + entryBytes(message.entry);
    case "indexData":
      // Varints: about 10 bytes for position, engine, LogBook and tag count, 9 a tag.
      return HEADER_BYTES + 10 * message.records.length + 9 * message.tagCount;
    case "readResult":
      return (
        HEADER_BYTES +
        (message.record === undefined ? 0 : recordBytes(message.record)) +
        (message.aux === undefined ? 0 : message.aux.sizeBytes)
      );
    case "storeAux":
      return HEADER_BYTES + message.aux.sizeBytes;
    case "metalogFetched":
      return HEADER_BYTES + message.entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
    case "metalogProgress":
    case "metalogFetch":
    case "indexFetch":
    case "trimRequest":
    case "trimResult":
    case "remoteRead":
    case "readAt":
      return HEADER_BYTES;
    case "append":
      return Math.max(PIPE_BYTES, HEADER_BYTES + 8 * message.tags.length + message.dataBytes);
    case "read":
    case "setAux":
    case "trim":
    case "invoke":
    case "callDone":
    case "workerStarted":
    case "call":
    case "invokeResult":
    case "engineStarted":
      return PIPE_BYTES;
    case "opResult":
      return Math.max(
        PIPE_BYTES,
        message.record === undefined ? 0 : HEADER_BYTES + recordBytes(message.record),
      );
    case "request":
    case "dispatch":
    case "complete":
    case "reply":
      return GATEWAY_HEADER_BYTES + 128;
    case "zkConnect":
    case "zkCreate":
    case "zkEvents":
    case "zkCreated":
    case "zkPing":
    case "zkExpired":
    case "zkFetched":
      return 256;
  }
}

/** CPU time to send a message over TCP or a pipe. */
function sendNanos(costs: Costs, message: BokiMessage): Nanos {
  switch (message.kind) {
    case "append":
      return costs.pipeWrite + costs.workerRequest + costs.workerSerialisePerByte * message.dataBytes;
    case "read":
    case "setAux":
    case "trim":
    case "invoke":
    case "callDone":
      return costs.pipeWrite + costs.workerRequest;
    case "workerStarted":
    case "call":
    case "invokeResult":
    case "engineStarted":
      return costs.pipeWrite;
    case "opResult":
      return costs.pipeWrite + costs.perByte * (sizeBytes(message) - PIPE_BYTES);
    default:
      return costs.tcpSend + costs.perByte * sizeBytes(message);
  }
}

/** Thread pools of a node: 0 is its I/O threads, 1 its ZooKeeper thread, and of a storage node 2 its flush thread. */
const ZOOKEEPER_POOL = 1;
const FLUSH_POOL = 2;

function nodeCosts(costs: Costs, receive: (message: BokiMessage) => Nanos): CostModel<BokiMessage> {
  return {
    receiveNanos: (message) => Math.round(receive(message)),
    sendNanos: (message) => Math.round(sendNanos(costs, message)),
    timerNanos: () => costs.operation,
    workNanos: (kind, amount) => Math.round((costs[kind as CostName] ?? 0) * amount),
    sizeBytes,
    pool: (message: BokiMessage | undefined, timer: TimerName | undefined) => {
      if (message !== undefined) return isZooKeepers(message) ? ZOOKEEPER_POOL : 0;
      if (timer === PING) return ZOOKEEPER_POOL;
      return timer === FLUSH || timer === COLLECT ? FLUSH_POOL : 0;
    },
  };
}

function isZooKeepers({ kind }: BokiMessage): boolean {
  return kind === "zkEvents" || kind === "zkCreated" || kind === "zkExpired";
}

/** All nodes of a role share one model: in a large deployment an event costs what it touches. */
function shared(create: (costs: Costs) => CostModel<BokiMessage>): (costs: Costs) => CostModel<BokiMessage> {
  const models = new WeakMap<Costs, CostModel<BokiMessage>>();
  return (costs) => {
    const model = models.get(costs) ?? create(costs);
    models.set(costs, model);
    return model;
  };
}

export const engineCosts = shared((costs) =>
  nodeCosts(costs, (message) => {
    const tcp = costs.tcpReceive + costs.perByte * sizeBytes(message);
    switch (message.kind) {
      case "zkEvents":
      case "zkCreated":
      case "zkExpired":
        return costs.zooKeeperEvent;
      case "append":
        return costs.pipeRead + costs.operation + costs.append + costs.perByte * message.dataBytes;
      case "read":
        return costs.pipeRead + costs.operation + costs.indexSearch + costs.cacheLookup;
      case "setAux":
      case "trim":
      case "invoke":
      case "callDone":
      case "workerStarted":
        return costs.pipeRead + costs.operation;
      case "metalogs":
        return tcp + costs.applyPerShard * message.entry.shardCount;
      case "indexData":
        // Every replica's copy is parsed; one in three is inserted.
        return tcp + message.records.length * (costs.indexTuple + costs.indexInsert / 3);
      case "remoteRead":
        return tcp + costs.indexSearch + costs.cacheLookup;
      case "readResult":
        return tcp + costs.complete;
      default:
        return tcp + costs.operation;
    }
  }),
);

export const storageCosts = shared((costs) =>
  nodeCosts(costs, (message) => {
    const tcp = costs.tcpReceive + costs.perByte * sizeBytes(message);
    switch (message.kind) {
      case "zkEvents":
      case "zkCreated":
      case "zkExpired":
        return costs.zooKeeperEvent;
      case "replicate":
        return tcp + costs.storeRecord;
      case "metalogs":
        return tcp + costs.applyPerShard * message.entry.shardCount + costs.orderRecord * message.entry.total;
      case "readAt":
        return tcp + costs.readRecord;
      default:
        return tcp;
    }
  }),
);

export const sequencerCosts = shared((costs) =>
  nodeCosts(costs, (message) => {
    const tcp = costs.tcpReceive + costs.perByte * sizeBytes(message);
    switch (message.kind) {
      case "zkEvents":
      case "zkCreated":
      case "zkExpired":
        return costs.zooKeeperEvent;
      case "shardProgress":
        return tcp + costs.progressCount * message.counts.length;
      case "metalogReplicate":
        return tcp + costs.applyPerShard * message.entry.shardCount;
      default:
        return tcp;
    }
  }),
);

export const gatewayCosts = shared((costs) =>
  nodeCosts(costs, (message) => {
    switch (message.kind) {
      case "zkEvents":
      case "zkCreated":
      case "zkExpired":
        return costs.zooKeeperEvent;
      case "request":
        return costs.gatewayRequest;
      default:
        return costs.gatewayReply;
    }
  }),
);

export const workerCosts = shared((costs) => nodeCosts(costs, () => costs.pipeRead + costs.workerResult));

/** The load generator's own CPU time is no part of the system; its messages have a size all the same. */
export function clientCosts(): CostModel<BokiMessage> {
  return { receiveNanos: nothing, sendNanos: nothing, timerNanos: nothing, workNanos: nothing, sizeBytes };
}

function nothing(): Nanos {
  return 0;
}
