/**
 * A storage node's part of one physical log: the records of the shards it stores, from arrival to their place in the log
 * (docs/models/boki.md, "Storage"). What becomes of them then is in log-database.ts, who reads them in log-storage-reads.ts.
 *
 * A record comes in unordered and is filed under its localid. The node reports how long a gap-free run it holds of each
 * shard, because only that can be ordered. Once a cut orders it, a record is live under its seqnum, is announced to the
 * index, is written to the database by the flush thread, and may leave memory after that, oldest first. Records that no cut
 * has ordered when the view ends are given up (docs/models/reconfiguration.md, "Phases of a view").
 */

import type { Effects } from "../../sim/machine.ts";
import { type GrowMap, get, growMap, set } from "../../sim/structures/grow-map.ts";
import { append, type IntList, intList } from "../../sim/structures/int-list.ts";
import type { Bytes } from "../../sim/units.ts";
import {
  type ApplierState,
  createApplier,
  type FinalStanding,
  finish,
  firstPosition,
  provide,
} from "./applier.ts";
import type { Defects } from "./defects.ts";
import {
  highOf,
  join,
  type LogBookId,
  type LogspaceId,
  type NodeId,
  positionOf,
  type Seqnum,
  type Tag,
} from "./identifiers.ts";
import type { BokiMessage, FinalLog, LogRecord } from "./messages.ts";
import { indexInEntry, type MetalogEntry, vectorAt } from "./metalog.ts";
import { Mutation } from "./mutations.ts";
import { type Observation, recordBytes } from "./observations.ts";
import type { View } from "./view.ts";

/** A read that waits for its record to be ordered. */
export interface ParkedRead {
  readonly seqnum: Seqnum;
  readonly origin: NodeId;
  readonly op: number;
  readonly progress: number;
}

/** What the journal adds: records count once it is durable up to them. */
export interface JournalState {
  /** Parallel to the log's sources: length of the gap-free prefix in memory and in the journal, durable or not, */
  held: number[];
  /** and what it was when the sync under way began. */
  syncing: number[];
}

/** Where the records of one LogBook are. */
export interface BookPositions {
  /** Ascending. */
  positions: IntList;
  /** How many of them, from the front, have been collected. */
  collected: number;
  /** By engine and tags: what stands in the database in their place. */
  marks: Map<string, CollectedRecord>;
}

/** In the place of a record that a trim has given up: what an index needs of it. */
export interface CollectedRecord {
  readonly kind: "collected";
  readonly logBook: LogBookId;
  readonly engine: NodeId;
  readonly tags: readonly Tag[];
}

export interface LogStorageState {
  readonly applier: ApplierState;
  readonly storage: NodeId;
  readonly mutation: number;
  /** Positions in the engine list of the shards stored here, ascending; the order of progress vectors. */
  readonly sources: readonly number[];
  /** Engine ids, parallel to `sources`. */
  readonly sourceIds: readonly NodeId[];
  /** Parallel to `sources`: how many records the node says it holds without a gap. */
  counts: number[];
  /** Undefined: memory is enough for a record to count. */
  journal: JournalState | undefined;
  /** Held and not ordered, by localid. */
  unordered: Map<number, LogRecord>;
  /** Ordered and in memory, by position. */
  live: GrowMap<number, LogRecord>;
  /**
   * Positions of the records ordered here, in order, without the oldest `forgotten`. Counted from the first ever: all before
   * `evicted` have left memory, all before `flushed` are in the database.
   */
  ordered: IntList;
  forgotten: number;
  evicted: number;
  flushed: number;
  /** Every ordered record below this position is in the database. */
  persistedPosition: number;
  /** Bytes flushed so far, and how many had been when each 1,024th record was: what the block cache still holds. */
  flushedBytes: Bytes;
  parked: Map<number, ParkedRead[]>;
  /** Where each LogBook's records are; made at the first trim that has something to collect. */
  books: GrowMap<LogBookId, BookPositions> | undefined;
  /** The view's end, once it is known, */
  end: FinalLog | undefined;
  /** everything before it is applied, */
  complete: boolean;
  /** and all of that is in the database and nothing in memory any more. */
  retired: boolean;
  /** How the log stood when the repair tick last looked. */
  lastLook: LastLook;
}

export interface LastLook {
  /** Parallel to `sources`: what had been reported. */
  readonly counts: readonly number[];
  readonly metalogPosition: number;
  /** Whether reads or entries waited for an entry. */
  readonly waited: boolean;
}

/** What differs between the logs of a node's configurations. */
export interface LogStorageOptions {
  readonly mutation: number;
  readonly defects: Defects;
  readonly journal: boolean;
}

export function createLogStorage(
  view: View,
  logspace: LogspaceId,
  storage: NodeId,
  { mutation, defects, journal }: LogStorageOptions,
): LogStorageState {
  const sources = view.sourceEngines[view.storagePositions.get(storage)!]!;
  const none = () => sources.map(() => 0);
  return {
    applier: createApplier(logspace, "lite", sources, mutation, defects.liteIgnoresTrim),
    storage,
    mutation,
    sources,
    sourceIds: sources.map((position) => view.engines[position]!),
    counts: none(),
    journal: journal ? { held: none(), syncing: none() } : undefined,
    unordered: new Map(),
    live: growMap(),
    ordered: intList(),
    forgotten: 0,
    evicted: 0,
    flushed: 0,
    persistedPosition: 0,
    flushedBytes: 0,
    parked: new Map(),
    books: undefined,
    end: undefined,
    complete: false,
    retired: false,
    lastLook: { counts: none(), metalogPosition: 0, waited: false },
  };
}

/** How many records have been ordered here. */
export function orderedCount({ forgotten, ordered }: LogStorageState): number {
  return forgotten + ordered.length;
}

/** Files a record that an engine sent. Returns whether there is something new to report, or to make durable first. */
export function holdRecord(state: LogStorageState, record: LogRecord, out: Effects<BokiMessage>): boolean {
  const engine = highOf(record.localid);
  const source = state.sourceIds.indexOf(engine);
  if (source < 0) return false;
  const counter = positionOf(record.localid);
  const prefixes = state.journal === undefined ? state.counts : state.journal.held;
  const before = prefixes[source]!;
  if (counter < before) return false;
  if (state.journal !== undefined) {
    if (state.unordered.has(record.localid)) return false;
    // What the journal does not take is not here; the engine sends it again.
    if (!out.put(journalTable(state.applier.logspace), record.localid, record, recordBytes(record))) {
      out.count("storage.journalRefused");
      return false;
    }
  }
  state.unordered.set(record.localid, record);
  let count = before;
  while (state.unordered.has(join(engine, count))) count++;
  if (state.mutation === Mutation.reportsHighest) count = Math.max(count, counter + 1);
  if (count === before) return false;
  prefixes[source] = count;
  if (state.journal === undefined) observeStored(state, source, count, out);
  return true;
}

export function observeStored(
  { storage, applier, sources, sourceIds }: LogStorageState,
  source: number,
  count: number,
  out: Effects<BokiMessage>,
): void {
  out.observe?.({
    kind: "stored",
    storage,
    logspace: applier.logspace,
    shard: sources[source]!,
    engine: sourceIds[source]!,
    count,
  } satisfies Observation);
}

export function journalTable(logspace: LogspaceId): string {
  return `journal ${logspace}`;
}

/** What a progress report carries. */
export function progressVector(state: LogStorageState): number[] {
  if (state.mutation === Mutation.progressReversed) {
    return [...state.counts].reverse();
  }
  return [...state.counts];
}

/** What one or more entries ordered here: parallel positions and records. */
export interface Ordered {
  readonly positions: number[];
  readonly records: LogRecord[];
}

/** Applies a metalog entry; returns what it, and entries it released, ordered here. */
export function orderRecords(
  state: LogStorageState,
  entry: MetalogEntry,
  out: Effects<BokiMessage>,
): Ordered {
  const ordered: Ordered = { positions: [], records: [] };
  provide(state.applier, entry, (applied) => place(state, applied, ordered, out));
  enliven(state, ordered);
  return ordered;
}

/** Takes in how the log ends. Says whether the tail sufficed, and what it ordered here. */
export function orderTail(
  state: LogStorageState,
  end: FinalLog,
  out: Effects<BokiMessage>,
): { readonly standing: FinalStanding; readonly ordered: Ordered } {
  const ordered: Ordered = { positions: [], records: [] };
  state.end = end;
  const standing = finish(state.applier, end, (applied) => place(state, applied, ordered, out));
  enliven(state, ordered);
  return { standing, ordered };
}

function place(
  state: LogStorageState,
  entry: MetalogEntry,
  { positions, records }: Ordered,
  out: Effects<BokiMessage>,
): void {
  const { storage, applier } = state;
  out.observe?.({ kind: "applied", role: "storage", node: storage, entry } satisfies Observation);
  for (let i = 0; i < state.sources.length; i++) {
    const shard = state.sources[i]!;
    const index = indexInEntry(entry, shard);
    if (index < 0) continue;
    const start = vectorAt(entry.starts, shard);
    const first = firstOf(state, entry, index);
    for (let j = 0; j < entry.deltas[index]!; j++) {
      const localid = join(state.sourceIds[i]!, start + j);
      const record = state.unordered.get(localid);
      if (record === undefined) {
        // Ordered without being here: the released code aborts. The run goes on, and the checkers report it.
        out.count("storage.orderedButMissing");
        continue;
      }
      state.unordered.delete(localid);
      positions.push(first + j);
      records.push(record);
      const seqnum = join(applier.logspace, first + j);
      out.observe?.({
        kind: "ordered",
        role: "storage",
        node: storage,
        localid,
        seqnum,
      } satisfies Observation);
    }
  }
}

function firstOf(state: LogStorageState, entry: MetalogEntry, index: number): number {
  if (state.mutation === Mutation.sortedShardOrder && state.storage === 1) {
    // The slip: shards are walked from the last engine to the first.
    let running = entry.startSeqnum;
    for (let k = entry.shards.length - 1; k > index; k--) running += entry.deltas[k]!;
    return running;
  }
  return firstPosition(state.applier, entry, index);
}

function enliven(state: LogStorageState, { positions, records }: Ordered): void {
  for (let i = 0; i < positions.length; i++) {
    append(state.ordered, positions[i]!);
    set(state.live, positions[i]!, records[i]!);
  }
  if (state.books === undefined) return;
  for (let i = 0; i < positions.length; i++) fileUnderBook(state.books, records[i]!.logBook, positions[i]!);
}

/** Notes where a record of a LogBook is; positions of a LogBook come in ascending order. */
export function fileUnderBook(
  books: GrowMap<LogBookId, BookPositions>,
  logBook: LogBookId,
  position: number,
): void {
  let book = get(books, logBook);
  if (book === undefined) {
    set(books, logBook, { positions: intList(), collected: 0, marks: new Map() });
    book = get(books, logBook)!;
  }
  append(book.positions, position);
}
