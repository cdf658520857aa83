/** What a storage node tells engines: what was ordered here, to those with the index, and records, to who reads them. */

import { lruGet } from "../../sim/structures/lru.ts";
import { highOf, join, type LogspaceId, positionOf, sequencerOf, viewOf } from "./identifiers.ts";
import { recordAt, rowAt, tableOf } from "./log-database.ts";
import type { CollectedRecord, Ordered, ParkedRead } from "./log-storage.ts";
import { noteDamage, type ReadOutcome, readAt } from "./log-storage-reads.ts";
import type { BokiMessage, LogRecord } from "./messages.ts";
import { Mutation } from "./mutations.ts";
import { recordBytes } from "./observations.ts";
import { armRepair, logOf, type StorageEffects, type StorageState } from "./storage-state.ts";
import { directoryOf } from "./view-gate.ts";

/** Tells every index engine of a physical log what was ordered. */
export function announce(
  state: StorageState,
  logspace: LogspaceId,
  { positions, records }: Ordered,
  out: StorageEffects,
): void {
  if (positions.length === 0) return;
  if (state.config.mutation === Mutation.oneReplicaAnnounces) {
    const own = records.map((record) => isFirstReplica(state, logspace, record));
    send(
      positions.filter((_, i) => own[i]),
      records.filter((_, i) => own[i]),
    );
    return;
  }
  send(positions, records);

  function send(announced: readonly number[], of: readonly LogRecord[]): void {
    if (announced.length === 0) return;
    const view = state.views.get(viewOf(logspace))!;
    const indexSet = view.indexSets[view.sequencerPositions.get(sequencerOf(logspace))!]!;
    const tagCount = countTags(of);
    for (const engine of indexSet) {
      const address = directoryOf(state)?.engine[engine];
      if (address !== undefined)
        out.send(address, { kind: "indexData", logspace, positions: announced, records: of, tagCount });
    }
  }
}

function countTags(records: readonly LogRecord[]): number {
  let count = 0;
  for (const record of records) count += record.tags.length;
  return count;
}

/** Whether this node is the first in the storage set of a record's shard. */
function isFirstReplica(state: StorageState, logspace: LogspaceId, record: LogRecord): boolean {
  const view = state.views.get(viewOf(logspace))!;
  return view.storageSets[view.enginePositions.get(highOf(record.localid))!]![0] === state.config.id;
}

/** Announces again what an index engine lacks, as far as it is here and ordered. */
export function answerIndexFetch(
  state: StorageState,
  from: number,
  { logspace, from: first, end }: Extract<BokiMessage, { kind: "indexFetch" }>,
  out: StorageEffects,
): void {
  const log = logOf(state, logspace);
  const table = tableOf(logspace, state.config.mutation);
  const ordered: Ordered = { positions: [], records: [] };
  for (let position = first; position < end; position++) {
    const row = log === undefined ? rowAt(table, position, out) : recordAt(log, position, out);
    if (row.kind !== "record" && row.kind !== "collected") continue;
    ordered.positions.push(position);
    ordered.records.push(row.kind === "record" ? row.record : remainsOf(row.collected));
  }
  const { positions, records } = ordered;
  if (positions.length === 0) return;
  out.count("storage.announcedAgain", positions.length);
  out.send(from, { kind: "indexData", logspace, positions, records, tagCount: countTags(records) });
}

/** What an index is told of a record that was given up: its place in the vectors, which it has until the index comes to the trim. */
function remainsOf({ logBook, engine, tags }: CollectedRecord): LogRecord {
  return { localid: join(engine, 0), logBook, tags, dataBytes: 0, data: 0 };
}

/** Reads a record by its seqnum; parked reads are answered later. */
export function answerRead(
  state: StorageState,
  read: Extract<BokiMessage, { kind: "readAt" }>,
  out: StorageEffects,
): void {
  const log = logOf(state, highOf(read.seqnum));
  const outcome =
    log === undefined ? readAlien(state, read, out) : readAt(log, read, state.config.databaseCacheBytes, out);
  if (outcome.kind === "parked") armRepair(state, out);
  else answer(state, read, outcome, out);
}

/** A read of a log that this life of the node has no part in: its disk may have the record. */
function readAlien(state: StorageState, read: ParkedRead, out: StorageEffects): ReadOutcome {
  const { seqnum } = read;
  const row = rowAt(tableOf(highOf(seqnum), state.config.mutation), positionOf(seqnum), out);
  out.work("databaseRead", 1);
  if (row.kind === "record") return { kind: "found", record: row.record };
  if (row.kind === "damaged") noteDamage(state.config.id, read, out);
  return { kind: row.kind === "collected" ? "trimmed" : "notHere" };
}

/** Answers the engine whose worker asked. */
export function answer(
  state: StorageState,
  read: ParkedRead,
  outcome: Exclude<ReadOutcome, { kind: "parked" }>,
  out: StorageEffects,
): void {
  const address = directoryOf(state)?.engine[read.origin];
  if (address === undefined) return;
  const { op, seqnum, progress } = read;
  if (outcome.kind !== "found") {
    const why = outcome.kind === "lost" ? "dataLost" : outcome.kind;
    const [record, aux] = [undefined, undefined];
    out.send(address, { kind: "readResult", op, outcome: why, seqnum, record, aux, progress });
    return;
  }
  const { record } = outcome;
  const kept = lruGet(state.aux, seqnum);
  out.count(kept === undefined ? "storageAuxCache.miss" : "storageAuxCache.hit");
  const fits = kept !== undefined && recordBytes(record) + kept.sizeBytes <= state.config.resultBytesMax;
  const aux = fits ? kept : undefined;
  out.send(address, { kind: "readResult", op, outcome: "ok", seqnum, record, aux, progress });
}
