/** Nodes, views, records and cuts for tests of single roles. */

import { join, type NodeId } from "../../../models/boki/identifiers.ts";
import type { Directory, LogRecord } from "../../../models/boki/messages.ts";
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

export function ids(count: number): NodeId[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

/** A view of three nodes of each role, ids from 1, one physical log, everything on three replicas; changed as given. */
export function viewSpec(changes: Partial<ViewSpec> = {}): ViewSpec {
  return {
    viewId: 0,
    metalogReplicas: 3,
    userlogReplicas: 3,
    indexReplicas: 3,
    physicalLogs: 1,
    sequencers: ids(3),
    engines: ids(3),
    storages: ids(3),
    hashSeed: 1,
    hashTokens: (changes.sequencers ?? ids(3)).slice(0, changes.physicalLogs ?? 1),
    ...changes,
  };
}

export function viewWith(changes: Partial<ViewSpec> = {}): View {
  return createView(viewSpec(changes));
}

/** Where all nodes of a view are. */
export function directoryOf({ sequencers, storages, engines }: ViewSpec): Directory {
  const table = (nodes: readonly NodeId[], at: (id: NodeId) => Address) => {
    const addresses: (Address | undefined)[] = [];
    for (const id of nodes) addresses[id] = at(id);
    return addresses;
  };
  return {
    version: 1,
    gateway: [],
    engine: table(engines, engineAt),
    sequencer: table(sequencers, sequencerAt),
    storage: table(storages, storageAt),
  };
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
