/**
 * The applier: the part that primary, backups, producers, storages and indexes have in common. It takes the entries of one
 * metalog in any order and applies them in the only right one (docs/models/boki.md, "Applying the metalog").
 *
 * A full applier applies entry n after entry n-1 and no other. A lite applier is sent only the entries that order records
 * of the shards it cares for, so it cannot count entries; it applies one when each of its shards stands where the entry
 * says the shard starts. That works because every entry names the starts of all shards. Over an entry that orders nothing, a
 * trim, it moves like over one that orders nothing of its shards.
 */

import type { LogspaceId } from "./identifiers.ts";
import type { FinalLog } from "./messages.ts";
import { indexInEntry, type MetalogEntry, vectorAt } from "./metalog.ts";
import { Mutation } from "./mutations.ts";

export interface ApplierState {
  readonly logspace: LogspaceId;
  readonly mode: "full" | "lite";
  /** Lite: positions in the engine list of the shards it cares for, ascending. */
  readonly interested: readonly number[];
  readonly mutation: number;
  /** The slip, and P20: a trim orders nothing, so a lite applier drops it without moving over it. */
  readonly ignoresTrims: boolean;
  /** The next metalog position to apply; a lite applier has passed over what it was not sent. */
  metalogPosition: number;
  /** Records ordered so far, as far as this applier knows. */
  seqnumPosition: number;
  /** Lite, parallel to `interested`: records of the shard ordered so far. */
  readonly progress: number[];
  /** Entries that arrived ahead of one they need, by position. */
  readonly early: Map<number, MetalogEntry>;
}

export function createApplier(
  logspace: LogspaceId,
  mode: "full" | "lite",
  interested: readonly number[],
  mutation: number,
  liteIgnoresTrim = false,
): ApplierState {
  const slips = liteIgnoresTrim || mutation === Mutation.liteIgnoresTrim;
  return {
    logspace,
    mode,
    interested,
    mutation,
    ignoresTrims: mode === "lite" && slips,
    metalogPosition: 0,
    seqnumPosition: 0,
    progress: interested.map(() => 0),
    early: new Map(),
  };
}

/**
 * Takes an entry in, and calls `apply` for each entry whose turn has come, in order. A duplicate changes nothing.
 */
export function provide(
  state: ApplierState,
  entry: MetalogEntry,
  apply: (entry: MetalogEntry) => void,
): void {
  if (entry.position < state.metalogPosition) return;
  if (entry.trim !== undefined && state.ignoresTrims) return;
  if (!canApply(state, entry)) {
    state.early.set(entry.position, entry);
    return;
  }
  advance(state, entry, apply);
  while (state.early.size > 0) {
    const next = earliest(state);
    if (next.position >= state.metalogPosition && !canApply(state, next)) return;
    state.early.delete(next.position);
    if (next.position >= state.metalogPosition) advance(state, next, apply);
  }
}

/** How an applier stands to the end of its log after the end has been taken in. */
export type FinalStanding =
  /** It was there already. */
  | "there"
  /** The tail brought it there. */
  | "reached"
  /** It holds one entry that the seal dropped; only a sequencer may. */
  | "oneAhead"
  /** It lacks entries that the tail does not have. */
  | "behind"
  /** It applied what never became part of the log. */
  | "tooFarAhead";

/** Takes in how the log ends: applies what is missing from the tail, and says whether that sufficed. */
export function finish(
  state: ApplierState,
  log: FinalLog,
  apply: (entry: MetalogEntry) => void,
): FinalStanding {
  const { final, tail } = log;
  if (state.mutation === Mutation.tailWithoutDuplicateCheck) {
    for (const entry of tail) advance(state, entry, apply);
    return "reached";
  }
  if (state.metalogPosition === final) return "there";
  if (state.metalogPosition > final) {
    return state.metalogPosition === final + 1 ? "oneAhead" : "tooFarAhead";
  }
  // What came early and was not sealed never became part of the log.
  for (const position of [...state.early.keys()]) if (position >= final) state.early.delete(position);
  for (const entry of tail) if (entry.position < final) provide(state, entry, apply);
  if (state.metalogPosition < final) return "behind";
  return state.metalogPosition === final ? "reached" : "tooFarAhead";
}

function advance(state: ApplierState, entry: MetalogEntry, apply: (entry: MetalogEntry) => void): void {
  for (let i = 0; i < state.interested.length; i++) {
    const shard = state.interested[i]!;
    const at = indexInEntry(entry, shard);
    if (at >= 0) state.progress[i] = vectorAt(entry.starts, shard) + entry.deltas[at]!;
  }
  state.seqnumPosition = entry.startSeqnum + entry.total;
  state.metalogPosition = entry.position + 1;
  apply(entry);
}

function canApply(state: ApplierState, entry: MetalogEntry): boolean {
  if (state.mode === "full") return entry.position === state.metalogPosition;
  if (state.mutation === Mutation.liteWithoutStartCheck) return true;
  for (let i = 0; i < state.interested.length; i++) {
    if (vectorAt(entry.starts, state.interested[i]!) !== state.progress[i]!) return false;
  }
  return true;
}

function earliest(state: ApplierState): MetalogEntry {
  let first: MetalogEntry | undefined;
  for (const entry of state.early.values()) {
    if (first === undefined || entry.position < first.position) first = entry;
  }
  return first!;
}

/** Seqnum position of the first record that an entry orders for the shard at index `at` of its shards. */
export function firstPosition(state: ApplierState, entry: MetalogEntry, at: number): number {
  if (state.mutation === Mutation.runningOnlyInterested && state.mode === "lite") {
    // The slip: a lite applier that skips shards it does not care for forgets to count their records.
    let running = entry.startSeqnum;
    for (let i = 0; i < at; i++) if (state.interested.includes(entry.shards[i]!)) running += entry.deltas[i]!;
    return running;
  }
  return entry.firsts[at]!;
}
