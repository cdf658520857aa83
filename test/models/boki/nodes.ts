/** Nodes, views, records and cuts for tests of single roles. */

import { join, type NodeId } from "../../../models/boki/identifiers.ts";
import type {
  Birth,
  BokiMessage,
  Directory,
  LogRecord,
  ZooKeeperEvent,
} from "../../../models/boki/messages.ts";
import {
  type CutEntry,
  cutEntry,
  type ShardVector,
  vectorOfZeros,
  vectorPlus,
} from "../../../models/boki/metalog.ts";
import { createView, type View, type ViewSpec } from "../../../models/boki/view.ts";
import type { Address } from "../../../sim/machine.ts";

export const ZOOKEEPER: Address = 0;

export function sequencerAt(id: NodeId): Address {
  return 100 + id;
}
export function storageAt(id: NodeId): Address {
  return 200 + id;
}
export function engineAt(id: NodeId): Address {
  return 300 + id;
}

/** The life that everybody here is in: its number stands for the address. */
export function birthOf(address: Address): Birth {
  return 1_000 + address;
}

export function ids(count: number): NodeId[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

/** A view of three nodes of each role, ids from 1, one physical log, everything on three replicas; changed as given. */
export function viewSpec(changes: Partial<ViewSpec> = {}): ViewSpec {
  const { sequencers = ids(3), engines = ids(3), storages = ids(3) } = changes;
  return {
    viewId: 0,
    metalogReplicas: 3,
    userlogReplicas: 3,
    indexReplicas: 3,
    physicalLogs: 1,
    sequencers,
    engines,
    storages,
    births: {
      sequencers: sequencers.map((id) => birthOf(sequencerAt(id))),
      engines: engines.map((id) => birthOf(engineAt(id))),
      storages: storages.map((id) => birthOf(storageAt(id))),
    },
    hashSeed: 1,
    hashTokens: sequencers.slice(0, changes.physicalLogs ?? 1),
    ...changes,
  };
}

export function viewWith(changes: Partial<ViewSpec> = {}): View {
  return createView(viewSpec(changes));
}

/** Where all nodes of a view are. */
export function directoryOf({ sequencers, storages, engines }: ViewSpec, version = 1): Directory {
  const births: (Birth | undefined)[] = [];
  const table = (nodes: readonly NodeId[], at: (id: NodeId) => Address) => {
    const addresses: (Address | undefined)[] = [];
    for (const id of nodes) {
      addresses[id] = at(id);
      births[at(id)] = birthOf(at(id));
    }
    return addresses;
  };
  return {
    version,
    gateway: [],
    engine: table(engines, engineAt),
    sequencer: table(sequencers, sequencerAt),
    storage: table(storages, storageAt),
    births,
  };
}

/** ZooKeeper tells a process of `events`, the first `from` of its log being known. */
export function told(
  to: Address,
  events: readonly ZooKeeperEvent[],
  from = 0,
): Extract<BokiMessage, { kind: "zkEvents" }> {
  const logged = events.filter(({ topic }) => topic !== "node").length;
  // Every process under test boots at 0.
  return { kind: "zkEvents", boot: 0, birth: birthOf(to), from, upTo: from + logged, events };
}

/** The record with the n-th localid of an engine. Its payload is named after it. */
export function recordOf(engine: NodeId, counter: number, changes: Partial<LogRecord> = {}): LogRecord {
  const localid = join(engine, counter);
  return { localid, logBook: 1, tags: [], dataBytes: 100, data: localid, ...changes };
}

/** The entries of cuts that order these many records of each shard, one row a cut. */
export function cutsOf(logspace: number, rows: readonly (readonly number[])[]): CutEntry[] {
  const shardCount = rows[0]?.length ?? 0;
  let starts: ShardVector = vectorOfZeros(shardCount);
  let seqnum = 0;
  return rows.map((row, position) => {
    const shards = row.flatMap((delta, shard) => (delta > 0 ? [shard] : []));
    const deltas = shards.map((shard) => row[shard]!);
    const entry = cutEntry(logspace, position, seqnum, starts, shards, deltas, shardCount);
    starts = vectorPlus(starts, shards, deltas);
    seqnum += entry.total;
    return entry;
  });
}
