/**
 * The index of one physical log, on the engines of its index set: which records a LogBook has, and which carry a tag
 * (docs/models/boki.md, "The index"). Its state is in index-state.ts, its reads are in index-reads.ts.
 *
 * The index needs two things to know of a record: the metalog entry that ordered it, and its LogBook and tags, which every
 * storage replica of it sends. It advances by whole cuts, when all records of the next cut are known, so that what it
 * shows is always the log up to a metalog position and nothing else. A read that has seen more than the index waits.
 *
 * At the end of its view it comes to the final position; from then on it never changes (docs/models/reconfiguration.md).
 */

import type { Effects } from "../../sim/machine.ts";
import { get, growMap, set } from "../../sim/structures/grow-map.ts";
import { append } from "../../sim/structures/int-list.ts";
import { type FinalStanding, finish, provide } from "./applier.ts";
import { highOf, join, type LogBookId, TAG_ALL } from "./identifiers.ts";
import {
  type Answer,
  releaseBlocked,
  releaseContinuations,
  releaseEverything,
  releaseWaiting,
} from "./index-reads.ts";
import type { BookIndex, IndexState } from "./index-state.ts";
import { applyTrim } from "./index-trims.ts";
import type { BokiMessage, FinalLog, LogRecord } from "./messages.ts";
import type { MetalogEntry } from "./metalog.ts";
import { Mutation } from "./mutations.ts";
import type { Observation } from "./observations.ts";

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
  provide(state.applier, entry, (applied) => queueEntry(state, applied, out));
  return advance(state, out);
}

/** Takes in how the log ends. Says whether the tail sufficed, and which reads are answered now. */
export function endIndex(
  state: IndexState,
  end: FinalLog,
  out: Effects<BokiMessage>,
): { readonly standing: FinalStanding; readonly answers: Answer[] } {
  const { applier } = state;
  // The slip: who has every entry already does nothing, and so never counts as ended.
  if (applier.mutation === Mutation.finalizeSkippedWhenThere && applier.metalogPosition === end.final)
    return { standing: "there", answers: [] };
  state.end = end;
  const standing = finish(applier, end, (applied) => queueEntry(state, applied, out));
  const answers = [...advance(state, out), ...settleEnd(state, out)];
  if (state.defects.releasesUnfinishedAtFinalize) answers.push(...releaseEverything(state, out));
  return { standing, answers };
}

function queueEntry(state: IndexState, entry: MetalogEntry, out: Effects<BokiMessage>): void {
  out.observe?.({ kind: "applied", role: "index", node: state.engine, entry } satisfies Observation);
  state.cuts.push(entry);
  // The slip: a trim takes effect at once, and in full.
  if (entry.trim !== undefined && state.applier.mutation === Mutation.trimBoundEarly)
    applyTrim(state.trims, entry.trim, entry.trim.seqnum);
}

function advance(state: IndexState, out: Effects<BokiMessage>): Answer[] {
  const { applier } = state;
  const before = state.indexedMetalog;
  if (applier.mutation === Mutation.indexPerRecord) {
    // The slip: the index shows records, and the position of their cut, as soon as the first of the cut are known.
    while (state.cuts.length > 0 && state.dataPosition > state.indexedSeqnum)
      indexCut(state, state.dataPosition);
  }
  while (state.cuts.length > 0 && endOf(state.cuts[0]!) <= state.dataPosition)
    indexCut(state, endOf(state.cuts[0]!));
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
  const answers = [...releaseBlocked(state, out), ...releaseWaiting(state, out)];
  if (state.end !== undefined) answers.push(...settleEnd(state, out));
  return answers;
}

/** Once everything before the end is indexed, reads from newer views may look here. */
function settleEnd(state: IndexState, out: Effects<BokiMessage>): Answer[] {
  const { end, engine, indexedMetalog } = state;
  if (end === undefined || state.complete || indexedMetalog !== end.final) return [];
  state.complete = true;
  out.observe?.({
    kind: "ended",
    role: "index",
    node: engine,
    log: end,
    position: indexedMetalog,
  } satisfies Observation);
  return releaseContinuations(state, out);
}

/** Seqnum position behind the last record that an entry orders. */
export function endOf(entry: MetalogEntry): number {
  return entry.startSeqnum + entry.total;
}

/** Indexes the records before `endSeqnum`, and takes the head entry as shown when that reaches its end. */
function indexCut(state: IndexState, endSeqnum: number): void {
  const cut = state.cuts[0]!;
  const end = Math.min(endSeqnum, endOf(cut));
  for (let position = state.indexedSeqnum; position < end; position++) {
    const record = state.received.get(position)!;
    state.received.delete(position);
    indexRecord(state, position, record);
  }
  state.indexedSeqnum = end;
  state.indexedMetalog = cut.position + 1;
  if (end !== endOf(cut)) return;
  if (cut.trim !== undefined) applyTrim(state.trims, cut.trim, join(state.applier.logspace, end));
  state.cuts.shift();
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

/** First part of a list's name among the shared ones; the second is the tag. */
function listName(state: IndexState, logBook: LogBookId): number {
  return join(state.applier.logspace, logBook);
}

function bookOf(state: IndexState, logBook: LogBookId): BookIndex {
  let book = get(state.books, logBook);
  if (book === undefined) {
    const all = state.shared.handle(listName(state, logBook), TAG_ALL);
    set(state.books, logBook, { all, byTag: growMap() });
    book = get(state.books, logBook)!;
  }
  return book;
}
