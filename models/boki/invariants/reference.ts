/**
 * The reference: what the log ought to be, worked out from what engines issued, what primaries decided and how the controller
 * ended views, by the rules on paper and not by the code of the roles. The checkers hold every node's view of the log
 * against it.
 *
 * It learns of a record when an engine issues it, of its place when the primary makes the cut that orders it (shards in
 * the engine-list order, then by localid), and of the end of a log when the end of its view is published: what lies behind
 * the final position never was. Of each log it keeps the records by position, where each metalog entry ends, and the positions
 * per LogBook and tag. A LogBook is the logs that hold it, view after view; so any read can be answered as of any progress.
 *
 * A run has a record for each append, so what is kept per record is a reference and a few numbers.
 */

import { append, at, type IntList, intList, lowerBound } from "../../../sim/structures/int-list.ts";
import {
  highOf,
  join,
  type LogBookId,
  type LogspaceId,
  type MetalogProgress,
  type NodeId,
  positionOf,
  type Seqnum,
  TAG_ALL,
  type Tag,
  type ViewId,
  viewOf,
  viewOfJoined,
} from "../identifiers.ts";
import type { FinalLog, LogRecord, ReadDirection } from "../messages.ts";
import { type CutEntry, type Trim, vectorAt } from "../metalog.ts";
import { logspaceOfLogBook, type View } from "../view.ts";

/** A record that has been issued and has no place yet. */
export interface Issued {
  readonly record: LogRecord;
  /** Numbers the records of a shard in the order they were issued. */
  readonly number: number;
  /** The highest seqnum acknowledged in its LogBook by then; -1: none. */
  readonly floor: Seqnum;
}

export interface ShardReference {
  readonly engine: NodeId;
  readonly unordered: Map<number, Issued>;
  /** By the counter in the localid: the position in the log. */
  readonly positions: (number | undefined)[];
  issued: number;
  /** How many records cuts have ordered, and the number of the last one. */
  ordered: number;
  lastNumber: number;
}

export interface BookReference {
  readonly all: IntList;
  readonly byTag: Map<Tag, IntList>;
}

export interface LogReference {
  readonly logspace: LogspaceId;
  readonly shards: Map<NodeId, ShardReference>;
  readonly books: Map<LogBookId, BookReference>;
  /** By position. Undefined where a cut ordered what was never issued. */
  readonly records: (LogRecord | undefined)[];
  /** By position: 1 when its append has been acknowledged. */
  readonly acknowledged: number[];
  /** By metalog position: the position behind the last record of the entry. */
  readonly ends: number[];
  /** The metalog position behind the last entry, once the view has ended. */
  final: number | undefined;
}

/** From when on, and below which seqnum, a LogBook or one of its tags is given up. */
export interface TrimReference {
  /** Behind the trim's entry: an answer that shows as much shows nothing below the bound. */
  readonly progress: MetalogProgress;
  readonly tag: Tag;
  readonly bound: Seqnum;
}

export interface Reference {
  readonly logs: Map<LogspaceId, LogReference>;
  readonly views: ReadonlyMap<ViewId, View>;
  /** The newest view that any node has heard of. */
  view(): View | undefined;
  learnView(view: View): void;
  log(logspace: LogspaceId): LogReference;
  shard(log: LogReference, engine: NodeId): ShardReference;
  recordAt(seqnum: Seqnum): LogRecord | undefined;
  issue(logspace: LogspaceId, record: LogRecord): Issued;
  /** Orders what an entry orders, and tells of each record in order. */
  order(entry: CutEntry, view: View, each: EachOrdered): void;
  /** Ends a log: takes back what lies behind the final position, and tells of each such record. */
  end(final: FinalLog, each: (record: LogRecord) => void): void;
  /** The highest seqnum acknowledged in a LogBook; -1: none. */
  acknowledgedIn(logBook: LogBookId): Seqnum;
  acknowledge(seqnum: Seqnum): void;
  trims(logBook: LogBookId): readonly TrimReference[];
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

const NO_TRIMS: readonly TrimReference[] = [];

export function createReference(): Reference {
  const logs = new Map<LogspaceId, LogReference>();
  const views = new Map<ViewId, View>();
  const acknowledged = new Map<LogBookId, Seqnum>();
  const trims = new Map<LogBookId, TrimReference[]>();
  let newest: View | undefined;

  function log(logspace: LogspaceId): LogReference {
    let known = logs.get(logspace);
    if (known === undefined) {
      known = {
        logspace,
        shards: new Map(),
        books: new Map(),
        records: [],
        acknowledged: [],
        ends: [],
        final: undefined,
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
      known = { all: intList(), byTag: new Map() };
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

  /** Takes the newest record of a log out again. */
  function takeBack(of: LogReference, each: (record: LogRecord) => void): void {
    const position = of.records.length - 1;
    const record = of.records.pop();
    of.acknowledged.pop();
    if (record === undefined) return;
    const { all, byTag } = book(of, record.logBook);
    all.length--;
    for (const tag of record.tags) byTag.get(tag)!.length--;
    const from = shard(of, highOf(record.localid));
    const counter = positionOf(record.localid);
    if (from.positions[counter] === position) from.positions[counter] = undefined;
    from.ordered = Math.min(from.ordered, counter);
    each(record);
  }

  function addTrim(of: LogReference, entry: CutEntry, trim: Trim): void {
    // What the index shows when it comes to the entry: nothing behind it is given up, whatever was asked for.
    const shown = join(of.logspace, of.records.length);
    const trimmed = trims.get(trim.logBook) ?? [];
    trims.set(trim.logBook, trimmed);
    const progress = join(of.logspace, entry.position + 1);
    trimmed.push({ progress, tag: trim.tag, bound: Math.min(trim.seqnum, shown) });
  }

  return {
    logs,
    views,
    view: () => newest,
    learnView(view) {
      if (views.has(view.viewId)) return;
      views.set(view.viewId, view);
      if (newest === undefined || view.viewId > newest.viewId) newest = view;
    },
    log,
    shard,
    recordAt: (seqnum) => logs.get(highOf(seqnum))?.records[positionOf(seqnum)],

    issue(logspace, record) {
      const of = log(logspace);
      const into = shard(of, highOf(record.localid));
      const floor = acknowledged.get(record.logBook) ?? -1;
      const issued: Issued = { record, number: into.issued++, floor };
      into.unordered.set(positionOf(record.localid), issued);
      return issued;
    },

    order(entry, view, each) {
      const of = log(entry.logspace);
      for (let i = 0; i < entry.shards.length; i++) {
        const at = entry.shards[i]!;
        const from = shard(of, view.engines[at]!);
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
      if (entry.trim !== undefined) addTrim(of, entry, entry.trim);
    },

    end({ logspace, final }, each) {
      const of = log(logspace);
      if (of.final !== undefined) return;
      of.final = final;
      of.ends.length = Math.min(of.ends.length, final);
      const records = of.ends[of.ends.length - 1] ?? 0;
      while (of.records.length > records) takeBack(of, each);
      const behind = join(logspace, final);
      for (const [logBook, trimmed] of trims) {
        const kept = trimmed.filter(({ progress }) => highOf(progress) !== logspace || progress <= behind);
        trims.set(logBook, kept);
      }
    },

    acknowledgedIn: (logBook) => acknowledged.get(logBook) ?? -1,
    acknowledge(seqnum) {
      const of = log(highOf(seqnum));
      const position = positionOf(seqnum);
      of.acknowledged[position] = 1;
      const { logBook } = of.records[position]!;
      acknowledged.set(logBook, Math.max(acknowledged.get(logBook) ?? -1, seqnum));
    },

    trims: (logBook) => trims.get(logBook) ?? NO_TRIMS,
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

/** The seqnum that answers a question on the first `end` records of one log; undefined: there is none. */
function answerIn(log: LogReference, question: Question, end: number): Seqnum | undefined {
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

/**
 * The seqnum that answers a question as of a progress: on the LogBook's logs of earlier views, which are complete, and on what
 * the log of the progress's view had shown by then; without what had been given up. undefined: there is none.
 */
export function answerOf(
  reference: Reference,
  question: Question,
  progress: MetalogProgress,
): Seqnum | undefined {
  const { direction, seqnum } = question;
  const current = viewOfJoined(progress);
  const bound = boundAt(reference, question, progress);
  const asked = direction === "prev" ? question : { ...question, seqnum: Math.max(seqnum, bound) };
  const first = viewOfJoined(asked.seqnum);
  if (direction === "prev") {
    for (let view = Math.min(first, current); view >= 0; view--) {
      const found = answerInView(reference, asked, view, current, progress);
      if (found !== undefined) return found >= bound ? found : undefined;
    }
    return undefined;
  }
  for (let view = first; view <= current; view++) {
    const found = answerInView(reference, asked, view, current, progress);
    if (found !== undefined) return found;
  }
  return undefined;
}

function answerInView(
  reference: Reference,
  question: Question,
  viewId: ViewId,
  current: ViewId,
  progress: MetalogProgress,
): Seqnum | undefined {
  const view = reference.views.get(viewId);
  const log = view && reference.logs.get(logspaceOfLogBook(view, question.logBook));
  if (log === undefined) return undefined;
  const end = viewId === current ? endBefore(log, positionOf(progress)) : log.records.length;
  return answerIn(log, question, end);
}

/** Below which seqnum the records that a question asks for are given up, as of a progress. */
export function boundAt(reference: Reference, { logBook, tag }: Question, progress: MetalogProgress): Seqnum {
  let bound = 0;
  for (const trim of reference.trims(logBook)) {
    if (trim.progress <= progress && (trim.tag === TAG_ALL || trim.tag === tag)) {
      bound = Math.max(bound, trim.bound);
    }
  }
  return bound;
}

/** Whether a record may have been collected: some trim of the whole LogBook reaches beyond it. */
export function isGivenUp(reference: Reference, logBook: LogBookId, seqnum: Seqnum): boolean {
  return reference.trims(logBook).some(({ tag, bound }) => tag === TAG_ALL && seqnum < bound);
}

/** The log that holds a LogBook in a view; undefined as long as the view is not known. */
export function logspaceIn(reference: Reference, viewId: ViewId, logBook: LogBookId): LogspaceId | undefined {
  const view = reference.views.get(viewId);
  return view && logspaceOfLogBook(view, logBook);
}

/** The view of a log; known before anything is appended to it. */
export function viewOfLog(reference: Reference, logspace: LogspaceId): View | undefined {
  return reference.views.get(viewOf(logspace));
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
export function seconds(timeNanos: number): string {
  return `${(timeNanos / 1e9).toFixed(6)} s`;
}
