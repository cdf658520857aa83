/**
 * Reads at the index of one physical log: what they find, what they wait for, and when they have to go on into another view
 * (docs/models/boki.md, "The read path"; docs/models/reconfiguration.md, "Reads across views").
 *
 * A read that begins here waits until the index shows what the reader has seen. One that comes from a newer view waits until
 * this one is complete: nothing will be added to it any more then, so what it shows is all there is of it.
 */

import type { Effects } from "../../sim/machine.ts";
import { get } from "../../sim/structures/grow-map.ts";
import { at, type IntList, last, lowerBound } from "../../sim/structures/int-list.ts";
import type { Nanos } from "../../sim/units.ts";
import {
  highOf,
  join,
  type LogspaceId,
  type MetalogProgress,
  positionOf,
  type Seqnum,
  TAG_ALL,
  viewOf,
  viewOfJoined,
} from "./identifiers.ts";
import { type IndexState, isEnded } from "./index-state.ts";
import { boundOf } from "./index-trims.ts";
import type { BokiMessage, FoundRecord, ReadDirection, ReadQuery } from "./messages.ts";
import { Mutation } from "./mutations.ts";
import type { Observation } from "./observations.ts";

/** What an index says to a read. */
export interface Answer {
  readonly query: ReadQuery;
  /** The best match in this view and those asked before. */
  readonly found: FoundRecord | undefined;
  /** The metalog position the result reflects. */
  readonly progress: MetalogProgress;
  /**
   * Where the read has to go on: in the view before this one, or, when a blocking read has found nothing in all older views,
   * in the one it was put to first. Undefined: the answer is final.
   */
  readonly goesOn: "older" | "newest" | undefined;
  /** Below which seqnum nothing is shown any more, as far as the views asked know. */
  readonly bound: Seqnum;
}

/** Takes a read in: answered now, or kept until the index shows enough, or until a match. */
export function ask(state: IndexState, query: ReadQuery, out: Effects<BokiMessage>): Answer[] {
  if (!query.initial) {
    if (isEnded(state) || state.applier.mutation === Mutation.continuationBeforeComplete)
      return evaluate(state, query, out);
    state.continuations.push(query);
    out.count("index.continuationWaited");
    return [];
  }
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
  const isFinal = answer.found === undefined && answer.goesOn === undefined;
  if (isFinal && query.direction === "nextBlock" && mayAppear) {
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
  const { direction, initial, logBook, tag } = query;
  const shown = initial && mutation !== Mutation.readReturnsOwnProgress;
  const progress = shown ? join(logspace, state.indexedMetalog) : query.progress;
  const bound = Math.max(query.bound, boundOf(state.trims, logBook, tag));
  const view = viewOf(logspace);
  const tagBook = mutation === Mutation.tagsSharedByLogBooks && tag !== TAG_ALL ? 0 : logBook;
  const book = get(state.books, tagBook);
  const positions = tag === TAG_ALL ? book?.all : book && get(book.byTag, tag);

  if (direction === "prev") {
    const position = positions && find(positions, direction, query.seqnum, logspace, mutation);
    const hit = foundAt(state, position);
    if (hit !== undefined) {
      const found = hit.seqnum >= bound ? hit : undefined;
      return { query, found, progress, goesOn: undefined, bound };
    }
    // Nothing is left of the views before the one the bound is in.
    const goesOn = view > 0 && viewOfJoined(bound) < view ? "older" : undefined;
    return { query, found: undefined, progress, goesOn, bound };
  }

  const from = Math.max(query.seqnum, bound);
  const position = positions && find(positions, direction, from, logspace, mutation);
  const hit = foundAt(state, position);
  // The slip keeps what the newer view has; rightly the older one's match comes first.
  const found = mutation === Mutation.newerHitKept ? (query.foundBefore ?? hit) : (hit ?? query.foundBefore);
  if (viewOfJoined(from) < view) return { query, found, progress, goesOn: "older", bound };
  const blocksAgain = direction === "nextBlock" && !initial && found === undefined;
  return { query, found, progress, goesOn: blocksAgain ? "newest" : undefined, bound };
}

function foundAt(state: IndexState, position: number | undefined): FoundRecord | undefined {
  if (position === undefined) return undefined;
  return { seqnum: join(state.applier.logspace, position), engine: at(state.engineOf, position) };
}

function find(
  positions: IntList,
  direction: ReadDirection,
  seqnum: Seqnum,
  logspace: LogspaceId,
  mutation: number,
): number | undefined {
  const base = join(logspace, 0);
  if (direction !== "prev") {
    const from = seqnum <= base ? 0 : lowerBound(positions, Math.min(seqnum - base, 0xffffffff));
    return from < positions.length ? at(positions, from) : undefined;
  }
  if (seqnum < base) return undefined;
  const bound = seqnum - base;
  if (positions.length > 0 && bound > last(positions)!) return last(positions);
  // The newest at or before the bound is the one in front of the first behind it.
  const behind = lowerBound(positions, mutation === Mutation.readPrevStrict ? bound : bound + 1);
  return behind > 0 ? at(positions, behind - 1) : undefined;
}

// ---- When the index has advanced -----------------------------------------------------------------------------------

/** Blocking reads that have a match by now. */
export function releaseBlocked(state: IndexState, out: Effects<BokiMessage>): Answer[] {
  const { mutation } = state.applier;
  if (state.blocked.length === 0 || mutation === Mutation.blockingOnlyOnArrival) return [];
  const answers: Answer[] = [];
  const still: IndexState["blocked"] = [];
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

/** Reads whose position the index shows by now. */
export function releaseWaiting(state: IndexState, out: Effects<BokiMessage>): Answer[] {
  if (state.waiting.size === 0) return [];
  return releaseUpTo(state, admittedPosition(state), out);
}

/** All reads that wait, for whatever. */
export function releaseEverything(state: IndexState, out: Effects<BokiMessage>): Answer[] {
  return [...releaseUpTo(state, Number.POSITIVE_INFINITY, out), ...releaseContinuations(state, out)];
}

function releaseUpTo(state: IndexState, limit: number, out: Effects<BokiMessage>): Answer[] {
  const reached = [...state.waiting.keys()].filter((position) => position <= limit);
  const answers: Answer[] = [];
  for (const position of reached.sort((a, b) => a - b)) {
    for (const query of state.waiting.get(position)!) answers.push(...evaluate(state, query, out));
    state.waiting.delete(position);
  }
  return answers;
}

/** Reads that came from a newer view. */
export function releaseContinuations(state: IndexState, out: Effects<BokiMessage>): Answer[] {
  const { continuations } = state;
  state.continuations = [];
  return continuations.flatMap((query) => evaluate(state, query, out));
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

/** Takes the blocking reads out, to be put to another view. */
export function takeBlocked(state: IndexState): ReadQuery[] {
  const queries = state.blocked.map(({ query }) => query);
  state.blocked = [];
  return queries;
}
