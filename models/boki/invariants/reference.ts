/**
 * The reference: what the log ought to be, worked out from what engines issued and what primaries decided, by the rules on
 * paper and not by the code of the roles. The checkers hold every node's view of the log against it.
 *
 * It learns of a record when an engine issues it and of its place when the primary makes the cut that orders it: shards in
 * the engine-list order, then by localid. Of each log it keeps the records by position, where each metalog entry ends,
 * and the positions per LogBook and tag; so it can answer any read as of any metalog position.
 *
 * A run has a record for each append, so what is kept per record is a reference and a few numbers.
 */

import { append, at, type IntList, intList, lowerBound } from "../../../sim/structures/int-list.ts";
import type { Nanos } from "../../../sim/units.ts";
import {
  highOf,
  join,
  type LogBookId,
  type LogspaceId,
  type NodeId,
  positionOf,
  type Seqnum,
  TAG_ALL,
  type Tag,
} from "../identifiers.ts";
import type { LogRecord, ReadDirection } from "../messages.ts";
import { type CutEntry, vectorAt } from "../metalog.ts";
import { logspaceOfLogBook, type View } from "../view.ts";

/** A record that has been issued and has no place yet. */
export interface Issued {
  readonly record: LogRecord;
  /** Numbers the records of a shard in the order they were issued. */
  readonly number: number;
  /** The highest position acknowledged in its LogBook by then; -1: none. */
  readonly floor: number;
}

export interface ShardReference {
  readonly engine: NodeId;
  readonly unordered: Map<number, Issued>;
  /** By the counter in the localid: the position in the log. */
  readonly positions: number[];
  issued: number;
  /** How many records cuts have ordered, and the number of the last one. */
  ordered: number;
  lastNumber: number;
}

export interface BookReference {
  readonly all: IntList;
  readonly byTag: Map<Tag, IntList>;
  /** The highest acknowledged position; -1: none. */
  acknowledged: number;
}

export interface LogReference {
  readonly logspace: LogspaceId;
  /** Known from the first cut on. */
  view: View | undefined;
  readonly shards: Map<NodeId, ShardReference>;
  readonly books: Map<LogBookId, BookReference>;
  /** By position. Undefined where a cut ordered what was never issued. */
  readonly records: (LogRecord | undefined)[];
  /** By position: 1 when its append has been acknowledged. */
  readonly acknowledged: number[];
  /** By metalog position: the position behind the last record of the entry. */
  readonly ends: number[];
}

export interface Reference {
  readonly logs: Map<LogspaceId, LogReference>;
  view(): View | undefined;
  log(logspace: LogspaceId): LogReference;
  shard(log: LogReference, engine: NodeId): ShardReference;
  book(log: LogReference, logBook: LogBookId): BookReference;
  recordAt(seqnum: Seqnum): LogRecord | undefined;
  issue(logspace: LogspaceId, record: LogRecord): Issued;
  /** Orders what an entry orders, and tells of each record in order. */
  order(entry: CutEntry, view: View, each: EachOrdered): void;
}

/** `issued` is undefined for a record that nobody issued; `before` is an earlier position of the same record. */
export type EachOrdered = (
  log: LogReference,
  shard: ShardReference,
  counter: number,
  position: number,
  issued: Issued | undefined,
  before: number | undefined,
) => void;

export function createReference(): Reference {
  const logs = new Map<LogspaceId, LogReference>();
  let view: View | undefined;

  function log(logspace: LogspaceId): LogReference {
    let known = logs.get(logspace);
    if (known === undefined) {
      known = {
        logspace,
        view,
        shards: new Map(),
        books: new Map(),
        records: [],
        acknowledged: [],
        ends: [],
      };
      logs.set(logspace, known);
    }
    return known;
  }

  function shard(of: LogReference, engine: NodeId): ShardReference {
    let known = of.shards.get(engine);
    if (known === undefined) {
      known = { engine, unordered: new Map(), positions: [], issued: 0, ordered: 0, lastNumber: -1 };
      of.shards.set(engine, known);
    }
    return known;
  }

  function book(of: LogReference, logBook: LogBookId): BookReference {
    let known = of.books.get(logBook);
    if (known === undefined) {
      known = { all: intList(), byTag: new Map(), acknowledged: -1 };
      of.books.set(logBook, known);
    }
    return known;
  }

  function index(of: LogReference, record: LogRecord, position: number): void {
    const { all, byTag } = book(of, record.logBook);
    append(all, position);
    for (const tag of record.tags) {
      let positions = byTag.get(tag);
      if (positions === undefined) {
        positions = intList();
        byTag.set(tag, positions);
      }
      append(positions, position);
    }
  }

  return {
    logs,
    view: () => view,
    log,
    shard,
    book,
    recordAt: (seqnum) => logs.get(highOf(seqnum))?.records[positionOf(seqnum)],

    issue(logspace, record) {
      const of = log(logspace);
      const into = shard(of, highOf(record.localid));
      const issued: Issued = { record, number: into.issued++, floor: book(of, record.logBook).acknowledged };
      into.unordered.set(positionOf(record.localid), issued);
      return issued;
    },

    order(entry, now, each) {
      view = now;
      const of = log(entry.logspace);
      of.view = now;
      for (let i = 0; i < entry.shards.length; i++) {
        const at = entry.shards[i]!;
        const from = shard(of, now.engines[at]!);
        const start = vectorAt(entry.starts, at);
        const delta = entry.deltas[i]!;
        for (let counter = start; counter < start + delta; counter++) {
          const position = of.records.length;
          const issued = from.unordered.get(counter);
          const before = from.positions[counter];
          of.records.push(issued?.record);
          of.acknowledged.push(0);
          if (before === undefined) from.positions[counter] = position;
          if (issued !== undefined) {
            from.unordered.delete(counter);
            index(of, issued.record, position);
          }
          each(of, from, counter, position, issued, before);
          if (issued !== undefined) from.lastNumber = issued.number;
        }
        from.ordered = Math.max(from.ordered, start + delta);
      }
      of.ends.push(of.records.length);
    },
  };
}

/** How many records the entries before a metalog position order. */
export function endBefore(log: LogReference, metalogPosition: number): number {
  if (metalogPosition <= 0) return 0;
  return log.ends[Math.min(metalogPosition, log.ends.length) - 1] ?? 0;
}

/** The metalog position of the entry that ordered the record at a position. */
export function entryOf(log: LogReference, position: number): number {
  const { ends } = log;
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle]! <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What a read asks for, as the checkers need it. */
export interface Question {
  readonly direction: ReadDirection;
  readonly logBook: LogBookId;
  readonly tag: Tag;
  readonly seqnum: Seqnum;
}

/** The seqnum that answers a question on the first `end` records of a log; undefined: there is none. */
export function answerOf(log: LogReference, question: Question, end: number): Seqnum | undefined {
  const { direction, logBook, tag, seqnum } = question;
  const book = log.books.get(logBook);
  const positions = tag === TAG_ALL ? book?.all : book?.byTag.get(tag);
  if (positions === undefined || end === 0) return undefined;
  const from = seqnum - join(log.logspace, 0);
  if (direction !== "prev") {
    const first = lowerBound(positions, Math.min(Math.max(from, 0), end));
    if (first === positions.length) return undefined;
    const position = at(positions, first);
    return position < end && position >= from ? join(log.logspace, position) : undefined;
  }
  if (from < 0) return undefined;
  const behind = lowerBound(positions, Math.min(from + 1, end));
  return behind === 0 ? undefined : join(log.logspace, at(positions, behind - 1));
}

/** The log that answers for a LogBook, if a view is known and anything has been appended to it. */
export function logOfBook(reference: Reference, logBook: LogBookId): LogReference | undefined {
  const view = reference.view();
  return view === undefined ? undefined : reference.logs.get(logspaceOfLogBook(view, logBook));
}

/** Whether two records are the same in everything an application can see, and in their localid. */
export function sameRecord(a: LogRecord | undefined, b: LogRecord | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return (
    a.localid === b.localid &&
    a.logBook === b.logBook &&
    a.data === b.data &&
    a.dataBytes === b.dataBytes &&
    a.tags.length === b.tags.length &&
    a.tags.every((tag, i) => tag === b.tags[i])
  );
}

export function describeRecord(record: LogRecord | undefined): string {
  if (record === undefined) return "no record";
  const { localid, logBook, tags, data } = record;
  return `record ${positionOf(localid)} of engine ${highOf(localid)} (LogBook ${logBook}, tags [${tags.join(", ")}], data ${data})`;
}

/** "1.2003 s": for messages. */
export function seconds(timeNanos: Nanos): string {
  return `${(timeNanos / 1e9).toFixed(6)} s`;
}
