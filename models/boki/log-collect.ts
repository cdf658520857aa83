/**
 * Collecting what a trim has given up, in one physical log of a storage node (docs/models/reconfiguration.md, "Trim"): the record leaves
 * memory, the journal and the database, where a mark takes its place: who reads it hears what became of it, and an index that
 * still lacks it is told what it needs to go on.
 */

import type { Effects } from "../../sim/machine.ts";
import { get, growMap, remove } from "../../sim/structures/grow-map.ts";
import { at, intList, slice } from "../../sim/structures/int-list.ts";
import type { Bytes } from "../../sim/units.ts";
import { highOf, join, type LogBookId, positionOf, type Seqnum } from "./identifiers.ts";
import { forgetPositions, recordAt, tableOf } from "./log-database.ts";
import {
  type BookPositions,
  type CollectedRecord,
  fileUnderBook,
  journalTable,
  type LogStorageState,
  orderedCount,
} from "./log-storage.ts";
import type { BokiMessage, LogRecord } from "./messages.ts";
import { recordBytes } from "./observations.ts";

/** A deletion is a write as well: a key without a value. */
const KEY_BYTES: Bytes = 16;
/** A list of positions is copied without its collected part when that is at least so long, and half of it. */
const COLLECTED_MIN = 1_024;
/** Marks of a LogBook that are kept to be shared. */
const MARKS_MAX = 256;

export interface Collection {
  records: number;
  bytes: Bytes;
}

/**
 * Collects the records of a LogBook below a seqnum, as far as they are in the database; adds them to `total`. Returns whether that is
 * all there will ever be.
 */
export function collect(
  state: LogStorageState,
  logBook: LogBookId,
  bound: Seqnum,
  total: Collection,
  out: Effects<BokiMessage>,
): boolean {
  const { logspace, seqnumPosition } = state.applier;
  if (join(logspace, 0) >= bound) return true;
  const isWhole = logspace !== highOf(bound);
  const end = isWhole ? Number.POSITIVE_INFINITY : positionOf(bound);
  // Entries that order such records may be still to come here.
  const mayCome = isWhole ? !state.complete : seqnumPosition < end;
  state.books ??= booksOf(state, out);
  const book = get(state.books, logBook);
  if (book === undefined) return !mayCome;
  const { positions } = book;
  while (book.collected < positions.length) {
    const position = at(positions, book.collected);
    if (position >= end) break;
    if (position >= state.persistedPosition || !collectRecord(state, book, position, total, out))
      return false;
    book.collected++;
  }
  if (book.collected >= COLLECTED_MIN && 2 * book.collected >= positions.length) {
    book.positions = intList(slice(positions, book.collected));
    book.collected = 0;
  }
  passOverCollected(state);
  return !mayCome;
}

/** Returns whether the record is gone: the disk may refuse that. */
function collectRecord(
  state: LogStorageState,
  { marks }: BookPositions,
  position: number,
  total: Collection,
  out: Effects<BokiMessage>,
): boolean {
  const row = recordAt(state, position, out);
  // What cannot be read cannot be shown either.
  if (row.kind !== "record") return true;
  const { record } = row;
  const { logspace } = state.applier;
  const mark = markOf(marks, record);
  if (!out.put(tableOf(logspace, state.mutation), position, mark, KEY_BYTES)) return false;
  if (state.journal !== undefined) out.put(journalTable(logspace), record.localid, undefined, KEY_BYTES);
  remove(state.live, position);
  total.records++;
  total.bytes += recordBytes(record);
  return true;
}

/** The mark in the place of a record. Records of one engine with the same tags share one. */
function markOf(marks: BookPositions["marks"], { localid, logBook, tags }: LogRecord): CollectedRecord {
  const engine = highOf(localid);
  const name = `${engine}: ${tags.join(" ")}`;
  const known = marks.get(name);
  if (known !== undefined) return known;
  // Where hardly any two records have the same tags, there is little to share.
  if (marks.size === MARKS_MAX) marks.clear();
  const mark: CollectedRecord = { kind: "collected", logBook, engine, tags };
  marks.set(name, mark);
  return mark;
}

/** The oldest that are still counted as in memory may be collected by now. */
function passOverCollected(state: LogStorageState): void {
  const { live, ordered, forgotten } = state;
  while (state.evicted < state.flushed && get(live, at(ordered, state.evicted - forgotten)) === undefined)
    state.evicted++;
  forgetPositions(state);
}

/** Where each LogBook's records are, from what is in memory and in the database. */
function booksOf(state: LogStorageState, out: Effects<BokiMessage>): NonNullable<LogStorageState["books"]> {
  const books: NonNullable<LogStorageState["books"]> = growMap();
  const { ordered, forgotten, applier } = state;
  const note = (position: number) => {
    const row = recordAt(state, position, out);
    if (row.kind === "record") fileUnderBook(books, row.record.logBook, position);
  };
  const firstKept = ordered.length > 0 ? at(ordered, 0) : applier.seqnumPosition;
  // Of the forgotten positions all that is known is that the database has them.
  if (forgotten > 0) for (let position = 0; position < firstKept; position++) note(position);
  for (let i = forgotten; i < orderedCount(state); i++) note(at(ordered, i - forgotten));
  return books;
}
