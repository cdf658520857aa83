/**
 * The index of one physical log, on the engines of its index set: which records a LogBook has, and which carry a tag
 * (docs/models/boki.md, "The index").
 *
 * The index needs two things to know of a record: the metalog entry that ordered it, and its LogBook and tags, which every
 * storage replica of it sends. It advances by whole cuts, when all records of the next cut are known, so that what it
 * shows is always the log up to a metalog position and nothing else. A read that has seen more than the index waits.
 */

import type { Effects } from "../../sim/machine.ts";
import { type GrowMap, get, growMap, set } from "../../sim/structures/grow-map.ts";
import {
  append,
  at,
  type IntList,
  last,
  lowerBound,
  type SharedLists,
} from "../../sim/structures/int-list.ts";
import type { Nanos } from "../../sim/units.ts";
import { type ApplierState, createApplier, provide } from "./applier.ts";
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
  viewOf,
  viewOfJoined,
} from "./identifiers.ts";
import type { BokiMessage, LogRecord, ReadQuery } from "./messages.ts";
import type { MetalogEntry } from "./metalog.ts";
import { Mutation } from "./mutations.ts";
import type { Observation } from "./observations.ts";

/** The records of one LogBook, as ascending positions. */
interface BookIndex {
  readonly all: IntList;
  readonly byTag: GrowMap<Tag, IntList>;
}

interface BlockedRead {
  readonly query: ReadQuery;
  readonly since: Nanos;
}

export interface IndexState {
  readonly applier: ApplierState;
  readonly engine: NodeId;
  /** Every index of a log holds the same lists; their elements are in memory once. */
  readonly shared: SharedLists;
  books: GrowMap<LogBookId, BookIndex>;
  /** By position, dense: the engine whose shard holds the record. */
  engineOf: IntList;
  /** Records known of and not yet indexed, by position. */
  received: Map<number, LogRecord>;
  /** Every record before this position is known. */
  dataPosition: number;
  /** Every record before this position is indexed, */
  indexedSeqnum: number;
  /** which is the log up to this metalog position. */
  indexedMetalog: number;
  /** Cuts applied and not yet indexed: the metalog position behind each, and the seqnum position at its end. */
  cuts: { readonly behind: number; readonly endSeqnum: number }[];
  /** Reads that have seen more than the index, by the metalog position they wait for. */
  waiting: Map<number, ReadQuery[]>;
  /** Blocking reads without a match, in order of arrival. */
  blocked: BlockedRead[];
}

/** What a read found. */
export interface Answer {
  readonly query: ReadQuery;
  readonly found: { readonly seqnum: Seqnum; readonly engine: NodeId } | undefined;
  /** The metalog position the answer reflects. */
  readonly progress: MetalogProgress;
}

export function createIndex(
  logspace: LogspaceId,
  engine: NodeId,
  shared: SharedLists,
  mutation: number,
): IndexState {
  return {
    applier: createApplier(logspace, "full", [], mutation),
    engine,
    shared,
    books: growMap(),
    engineOf: shared.handle(join(logspace, 0), ENGINE_OF),
    received: new Map(),
    dataPosition: 0,
    indexedSeqnum: 0,
    indexedMetalog: 0,
    cuts: [],
    waiting: new Map(),
    blocked: [],
  };
}

/** Takes in what a storage node says of records; the other replicas' copies change nothing. Returns reads now answered. */
export function takeIndexData(
  state: IndexState,
  positions: readonly number[],
  records: readonly LogRecord[],
  out: Effects<BokiMessage>,
): Answer[] {
  const { mutation } = state.applier;
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i]!;
    if (mutation === Mutation.indexWithoutDedup && position < state.indexedSeqnum) {
      indexRecord(state, position, records[i]!);
      continue;
    }
    if (mutation === Mutation.earlyIndexDataDropped && position >= state.applier.seqnumPosition) continue;
    if (position < state.indexedSeqnum || state.received.has(position)) continue;
    state.received.set(position, records[i]!);
  }
  while (state.received.has(state.dataPosition)) state.dataPosition++;
  return advance(state, out);
}

/** Applies a metalog entry. Returns reads now answered. */
export function takeCut(state: IndexState, entry: MetalogEntry, out: Effects<BokiMessage>): Answer[] {
  provide(state.applier, entry, (applied) => {
    out.observe?.({
      kind: "applied",
      role: "index",
      node: state.engine,
      entry: applied,
    } satisfies Observation);
    state.cuts.push({ behind: applied.position + 1, endSeqnum: applied.startSeqnum + applied.total });
  });
  return advance(state, out);
}

function advance(state: IndexState, out: Effects<BokiMessage>): Answer[] {
  const { applier } = state;
  const before = state.indexedMetalog;
  if (applier.mutation === Mutation.indexPerRecord) {
    // The slip: the index shows records, and the position of their cut, as soon as the first of the cut are known.
    while (state.cuts.length > 0 && state.dataPosition > state.indexedSeqnum)
      indexCut(state, state.dataPosition);
  }
  while (state.cuts.length > 0 && state.cuts[0]!.endSeqnum <= state.dataPosition)
    indexCut(state, state.cuts[0]!.endSeqnum);
  if (state.indexedMetalog === before) {
    return applier.mutation === Mutation.admitsByApplied ? releaseWaiting(state, out) : [];
  }
  out.observe?.({
    kind: "indexAdvanced",
    engine: state.engine,
    logspace: applier.logspace,
    metalogPosition: state.indexedMetalog,
    seqnumPosition: state.indexedSeqnum,
  } satisfies Observation);
  out.work("blockedReadCheck", state.blocked.length);
  return [...releaseBlocked(state, out), ...releaseWaiting(state, out)];
}

/** Indexes the records before `endSeqnum`, and takes the head cut as shown when that reaches its end. */
function indexCut(state: IndexState, endSeqnum: number): void {
  const cut = state.cuts[0]!;
  const end = Math.min(endSeqnum, cut.endSeqnum);
  for (let position = state.indexedSeqnum; position < end; position++) {
    const record = state.received.get(position)!;
    state.received.delete(position);
    indexRecord(state, position, record);
  }
  state.indexedSeqnum = end;
  state.indexedMetalog = cut.behind;
  if (end === cut.endSeqnum) state.cuts.shift();
}

function indexRecord(state: IndexState, position: number, record: LogRecord): void {
  const { mutation } = state.applier;
  if (position === state.engineOf.length) append(state.engineOf, highOf(record.localid));
  const book = bookOf(state, record.logBook);
  append(book.all, position);
  const tags = mutation === Mutation.onlyFirstTagIndexed ? record.tags.slice(0, 1) : record.tags;
  const tagBook = mutation === Mutation.tagsSharedByLogBooks ? bookOf(state, 0) : book;
  for (const tag of tags) {
    let positions = get(tagBook.byTag, tag);
    if (positions === undefined) {
      set(tagBook.byTag, tag, state.shared.handle(listName(state, record.logBook), tag));
      positions = get(tagBook.byTag, tag)!;
    }
    append(positions, position);
  }
}

/** First part of a list's name among the shared ones; the second is the tag, or ENGINE_OF. */
function listName(state: IndexState, logBook: LogBookId): number {
  return join(state.applier.logspace, logBook);
}
const ENGINE_OF = -1;

function bookOf(state: IndexState, logBook: LogBookId): BookIndex {
  let book = get(state.books, logBook);
  if (book === undefined) {
    const all = state.shared.handle(listName(state, logBook), TAG_ALL);
    set(state.books, logBook, { all, byTag: growMap() });
    book = get(state.books, logBook)!;
  }
  return book;
}

/** Takes a read in: answered now, or kept until the index has reached what the reader has seen, or until a match. */
export function ask(state: IndexState, query: ReadQuery, out: Effects<BokiMessage>): Answer[] {
  const needed = positionOf(query.progress);
  const sameView = highOf(query.progress) === state.applier.logspace;
  if (sameView && needed > admittedPosition(state)) {
    const waiting = state.waiting.get(needed);
    if (waiting === undefined) state.waiting.set(needed, [query]);
    else waiting.push(query);
    out.count("index.readWaited");
    return [];
  }
  return evaluate(state, query, out);
}

function admittedPosition(state: IndexState): number {
  return state.applier.mutation === Mutation.admitsByApplied
    ? state.applier.metalogPosition
    : state.indexedMetalog;
}

function evaluate(state: IndexState, query: ReadQuery, out: Effects<BokiMessage>): Answer[] {
  const answer = lookUp(state, query);
  // Behind this view nothing can appear in it, so there is nothing to wait for.
  const mayAppear = viewOfJoined(query.seqnum) <= viewOf(state.applier.logspace);
  if (answer.found === undefined && query.direction === "nextBlock" && mayAppear) {
    state.blocked.push({ query, since: out.now });
    const { origin, op } = query;
    out.observe?.({ kind: "readBlocked", engine: state.engine, origin, op } satisfies Observation);
    return [];
  }
  return [answer];
}

/** The answer as of now, whatever the reader has seen. */
export function lookUp(state: IndexState, query: ReadQuery): Answer {
  const { logspace, mutation } = state.applier;
  const indexed = join(logspace, state.indexedMetalog);
  const progress = mutation === Mutation.readReturnsOwnProgress ? query.progress : indexed;
  const tagBook = mutation === Mutation.tagsSharedByLogBooks && query.tag !== TAG_ALL ? 0 : query.logBook;
  const book = get(state.books, tagBook);
  const positions = query.tag === TAG_ALL ? book?.all : book && get(book.byTag, query.tag);
  const position = positions && find(positions, query, logspace, mutation);
  if (position === undefined) return { query, found: undefined, progress };
  return {
    query,
    found: { seqnum: join(logspace, position), engine: at(state.engineOf, position) },
    progress,
  };
}

function find(
  positions: IntList,
  query: ReadQuery,
  logspace: LogspaceId,
  mutation: number,
): number | undefined {
  const base = join(logspace, 0);
  if (query.direction !== "prev") {
    const from = query.seqnum <= base ? 0 : lowerBound(positions, Math.min(query.seqnum - base, 0xffffffff));
    return from < positions.length ? at(positions, from) : undefined;
  }
  if (query.seqnum < base) return undefined;
  const bound = query.seqnum - base;
  if (positions.length > 0 && bound > last(positions)!) return last(positions);
  // The newest at or before the bound is the one in front of the first behind it.
  const behind = lowerBound(positions, mutation === Mutation.readPrevStrict ? bound : bound + 1);
  return behind > 0 ? at(positions, behind - 1) : undefined;
}

function releaseBlocked(state: IndexState, out: Effects<BokiMessage>): Answer[] {
  const { mutation } = state.applier;
  if (state.blocked.length === 0 || mutation === Mutation.blockingOnlyOnArrival) return [];
  const answers: Answer[] = [];
  const still: BlockedRead[] = [];
  for (const blocked of state.blocked) {
    const answer = lookUp(state, blocked.query);
    if (answer.found !== undefined) answers.push(answer);
    else still.push(blocked);
  }
  if (answers.length > 0) {
    state.blocked = still;
    out.count("index.blockedReadWoken", answers.length);
  }
  return answers;
}

/** Ends the blocking reads whose limit has passed, with nothing found. */
export function expireBlocked(state: IndexState, limitNanos: Nanos, nowNanos: Nanos): Answer[] {
  const expired = state.blocked.filter(({ since }) => nowNanos - since >= limitNanos);
  if (expired.length === 0) return [];
  state.blocked = state.blocked.filter(({ since }) => nowNanos - since < limitNanos);
  return expired.map(({ query }) => lookUp(state, query));
}

/** When the first blocking read reaches its limit. */
export function nextExpiryNanos(state: IndexState, limitNanos: Nanos): Nanos | undefined {
  return state.blocked.length === 0 ? undefined : state.blocked[0]!.since + limitNanos;
}

function releaseWaiting(state: IndexState, out: Effects<BokiMessage>): Answer[] {
  if (state.waiting.size === 0) return [];
  const reached = [...state.waiting.keys()].filter((position) => position <= admittedPosition(state));
  const answers: Answer[] = [];
  for (const position of reached.sort((a, b) => a - b)) {
    for (const query of state.waiting.get(position)!) answers.push(...evaluate(state, query, out));
    state.waiting.delete(position);
  }
  return answers;
}
