/**
 * The metalog's primary: decides what is ordered next, for one physical log (docs/models/boki.md, "The primary sequencer").
 *
 * A record may be ordered once every storage node of its shard holds it and all before it; the primary learns that from
 * the progress reports, and the minimum over a shard's replicas is what it may order. Every cut interval it orders
 * everything it may, in one entry of a few numbers, gives it to the backups, and sends it to the rest once a quorum holds
 * it. At most one cut is outstanding, and of all entries no more than a sequencer reports at a seal: that keeps what a seal has to
 * settle small enough for any one report to have it.
 */

import type { Effects } from "../../sim/machine.ts";
import type { Defects } from "./defects.ts";
import { join, type LogspaceId, type NodeId } from "./identifiers.ts";
import type { BokiMessage, Directory } from "./messages.ts";
import {
  type CutEntry,
  cutEntry,
  type ShardVector,
  type Trim,
  vectorAt,
  vectorOfZeros,
  vectorPlus,
} from "./metalog.ts";
import { entryAt, extend, type MetalogWindow, metalogWindow, slice } from "./metalog-window.ts";
import { Mutation } from "./mutations.ts";
import type { Observation } from "./observations.ts";
import { backupsOf, type View } from "./view.ts";

export interface PrimaryState {
  readonly logspace: LogspaceId;
  readonly view: View;
  readonly backups: readonly NodeId[];
  readonly indexSet: readonly NodeId[];
  readonly mutation: number;
  /** Without backups there is nobody to wait for: the primary is the quorum. The release waits all the same (P5). */
  readonly commitsAlone: boolean;
  /** By shard, then by position in its storage set: records that replica holds without a gap. Made at the first report. */
  stored: (number[] | undefined)[];
  /** Records of each shard that cuts have ordered. */
  lastCut: ShardVector;
  /** Shards that have records to order. */
  dirty: Set<number>;
  /** By backup, parallel to `backups`: the position before which it holds every entry. */
  acked: number[];
  metalogPosition: number;
  seqnumPosition: number;
  /**
   * How many entries may be uncommitted, at most as many as a sequencer reports when the log is sealed: then a report has all that
   * other sequencers may lack, and nobody depends on its sender to be there later.
   */
  readonly uncommittedMax: number;
  /** Trims that wait for an entry to be committed, because there are so many. */
  waitingTrims: Trim[];
  /** The position behind the newest entry that is a cut. */
  cutsEnd: number;
  /** Entries before this position are committed. */
  replicatedPosition: number;
  readonly window: MetalogWindow;
  /** What the backups had acknowledged, and where the metalog stood, when the repair tick last looked. */
  lastLook: { readonly acked: readonly number[]; readonly metalogPosition: number };
}

/** What the configuration of a sequencer has to say on it. */
export interface PrimaryOptions {
  readonly mutation: number;
  readonly defects: Defects;
  readonly sealTailEntries: number;
}

export function createPrimary(
  view: View,
  sequencer: NodeId,
  logspace: LogspaceId,
  { mutation, defects, sealTailEntries }: PrimaryOptions,
): PrimaryState {
  const position = view.sequencerPositions.get(sequencer)!;
  const backups = backupsOf(view, position);
  return {
    logspace,
    view,
    backups,
    indexSet: view.indexSets[position]!,
    mutation,
    commitsAlone: backups.length === 0 && !defects.loneSequencerNeverCommits,
    stored: [],
    lastCut: vectorOfZeros(view.engines.length),
    dirty: new Set(),
    acked: backups.map(() => 0),
    metalogPosition: 0,
    seqnumPosition: 0,
    uncommittedMax: Math.max(1, sealTailEntries),
    waitingTrims: [],
    cutsEnd: 0,
    replicatedPosition: 0,
    window: metalogWindow(),
    lastLook: { acked: [], metalogPosition: 0 },
  };
}

/** Takes in a storage node's progress: counts in the order of its source engines. Older counts change nothing. */
export function takeShardProgress(
  state: PrimaryState,
  storage: NodeId,
  counts: readonly number[],
  out: Effects<BokiMessage>,
): void {
  const { view } = state;
  const storagePosition = view.storagePositions.get(storage);
  if (storagePosition === undefined) return;
  const sources = view.sourceEngines[storagePosition]!;
  for (let i = 0; i < sources.length; i++) {
    const shard = sources[i]!;
    const count = counts[i]!;
    const stored = (state.stored[shard] ??= view.storageSets[shard]!.map(() => 0));
    const replica = view.storageSets[shard]!.indexOf(storage);
    const before = stored[replica]!;
    if (count <= before && state.mutation !== Mutation.progressOverwrites) continue;
    if (count === before) continue;
    out.observe?.({
      kind: "progressTaken",
      logspace: state.logspace,
      shard,
      engine: view.engines[shard]!,
      storage,
      before,
      count,
    } satisfies Observation);
    stored[replica] = count;
    if (replicatedCount(state, stored) > vectorAt(state.lastCut, shard)) state.dirty.add(shard);
  }
}

/** How many records of a shard all its replicas hold. */
function replicatedCount(state: PrimaryState, stored: readonly number[]): number {
  return state.mutation === Mutation.cutUsesMax ? Math.max(...stored) : Math.min(...stored);
}

/** Whether the previous cut is committed, so that another may be made. Of trims there may be several under way as well. */
export function mayCut(state: PrimaryState): boolean {
  if (state.mutation === Mutation.severalOutstanding) return true;
  return state.replicatedPosition >= state.cutsEnd && hasRoom(state);
}

function hasRoom({ metalogPosition, replicatedPosition, uncommittedMax }: PrimaryState): boolean {
  return metalogPosition - replicatedPosition < uncommittedMax;
}

/** Orders everything that may be ordered: makes the next entry and gives it to the backups. Requires `mayCut`. */
export function cut(state: PrimaryState, directory: Directory, out: Effects<BokiMessage>): void {
  const shards = [...state.dirty].sort((a, b) => a - b);
  // The minimum is taken now, so the cut includes progress reported after a shard became dirty.
  const deltas = shards.map(
    (shard) => replicatedCount(state, state.stored[shard]!) - vectorAt(state.lastCut, shard),
  );
  state.dirty.clear();
  if (shards.length === 0) return;
  const { logspace, metalogPosition, seqnumPosition, lastCut, view } = state;
  const shardCount = view.engines.length;
  out.work("cutPerShard", shardCount);
  const entry = cutEntry(logspace, metalogPosition, seqnumPosition, lastCut, shards, deltas, shardCount);
  if (state.mutation !== Mutation.lastCutNotUpdated) state.lastCut = vectorPlus(lastCut, shards, deltas);
  state.seqnumPosition += entry.total;
  state.cutsEnd = entry.position + 1;
  replicate(state, entry, directory, out);
  if (state.mutation === Mutation.propagatesOnCreation) propagate(state, entry, directory, out);
  // The slip: the index into the sorted acknowledgements is one too high, so the primary alone is a quorum.
  if (state.mutation === Mutation.quorumOffByOne) commit(state, state.metalogPosition, directory, out);
}

/**
 * Makes an entry of a trim, at once unless too many entries are uncommitted: it orders nothing, so it need not wait for the cut before
 * it. A request that comes twice may make two entries, of which the second changes nothing.
 */
export function trim(state: PrimaryState, what: Trim, directory: Directory, out: Effects<BokiMessage>): void {
  if (hasRoom(state)) {
    makeTrim(state, what, directory, out);
    return;
  }
  const isKnown = state.waitingTrims.some(({ engine, op }) => engine === what.engine && op === what.op);
  if (!isKnown) state.waitingTrims.push(what);
}

function makeTrim(state: PrimaryState, what: Trim, directory: Directory, out: Effects<BokiMessage>): void {
  const { logspace, metalogPosition, seqnumPosition, lastCut, view } = state;
  const empty = cutEntry(logspace, metalogPosition, seqnumPosition, lastCut, [], [], view.engines.length);
  replicate(state, { ...empty, trim: what }, directory, out);
}

/** Adds an entry to the metalog and gives it to the backups. */
function replicate(
  state: PrimaryState,
  entry: CutEntry,
  directory: Directory,
  out: Effects<BokiMessage>,
): void {
  state.metalogPosition++;
  extend(state.window, entry);
  const { replicatedPosition, view } = state;
  out.observe?.({ kind: "cutMade", entry, replicatedPosition, view } satisfies Observation);
  for (const backup of state.backups) {
    const address = directory.sequencer[backup];
    if (address !== undefined) out.send(address, { kind: "metalogReplicate", entry });
  }
  if (state.commitsAlone) commit(state, state.metalogPosition, directory, out);
}

/** A backup holds every entry before `position`. Commits and sends out what a quorum now holds. */
export function takeMetalogProgress(
  state: PrimaryState,
  backup: NodeId,
  position: number,
  directory: Directory,
  out: Effects<BokiMessage>,
): void {
  const at = state.backups.indexOf(backup);
  if (at < 0 || position <= state.acked[at]!) return;
  state.acked[at] = position;
  const { logspace } = state;
  out.observe?.({ kind: "acknowledgementTaken", logspace, backup, position } satisfies Observation);
  commit(state, quorumPosition(state), directory, out);
}

/** Whether a backup lacks an entry, so that it may have to be sent again. */
export function hasLaggards(state: PrimaryState): boolean {
  return state.acked.some((position) => position < state.metalogPosition);
}

/**
 * Sends again what backups lack: those that have acknowledged nothing since the last look, of what was made before it.
 */
export function resendToBackups(state: PrimaryState, directory: Directory, out: Effects<BokiMessage>): void {
  const { acked, lastLook, metalogPosition, window } = state;
  state.backups.forEach((backup, i) => {
    const position = acked[i]!;
    const isStuck = position === lastLook.acked[i] && position < lastLook.metalogPosition;
    const address = directory.sequencer[backup];
    if (!isStuck || address === undefined) return;
    for (const entry of slice(window, position, Math.min(metalogPosition, position + RESENT_MAX))) {
      out.count("sequencer.entrySentAgain");
      out.send(address, { kind: "metalogReplicate", entry });
    }
  });
  state.lastLook = { acked: [...acked], metalogPosition };
}

/** Entries sent again to one backup at a time. */
const RESENT_MAX = 64;

function commit(
  state: PrimaryState,
  position: number,
  directory: Directory,
  out: Effects<BokiMessage>,
): void {
  while (state.replicatedPosition < position) {
    const entry = entryAt(state.window, state.replicatedPosition)!;
    state.replicatedPosition++;
    if (entry.trim !== undefined) propagateTrim(state, entry, entry.trim, directory, out);
    else if (state.mutation === Mutation.cutMadeAnewWhenSent)
      propagate(state, madeAnew(state, entry), directory, out);
    else if (state.mutation !== Mutation.propagatesOnCreation) propagate(state, entry, directory, out);
  }
  while (state.waitingTrims.length > 0 && hasRoom(state))
    makeTrim(state, state.waitingTrims.shift()!, directory, out);
}

/** A committed trim goes to everybody who may hold what it gives up, and its engine hears that it is done. */
function propagateTrim(
  state: PrimaryState,
  entry: CutEntry,
  { engine, op }: Trim,
  directory: Directory,
  out: Effects<BokiMessage>,
): void {
  out.observe?.({ kind: "propagated", entry } satisfies Observation);
  for (const node of state.indexSet) {
    const address = directory.engine[node];
    if (address !== undefined) out.send(address, { kind: "metalogs", entry });
  }
  for (const node of state.view.storages) {
    const address = directory.storage[node];
    if (address !== undefined) out.send(address, { kind: "metalogs", entry });
  }
  const progress = join(state.logspace, entry.position + 1);
  const origin = directory.engine[engine];
  if (origin !== undefined) out.send(origin, { kind: "trimResult", op, done: true, progress });
}

/** The slip `cutMadeAnewWhenSent`: the same cut with what may be ordered by now. */
function madeAnew(state: PrimaryState, entry: CutEntry): CutEntry {
  const { logspace, position, startSeqnum, starts, shards, shardCount } = entry;
  const deltas = shards.map(
    (shard) => replicatedCount(state, state.stored[shard]!) - vectorAt(starts, shard),
  );
  return cutEntry(logspace, position, startSeqnum, starts, shards, deltas, shardCount);
}

/** The position before which the primary and enough backups hold everything: with n backups, the upper half of them. */
function quorumPosition(state: PrimaryState): number {
  const ascending = [...state.acked].sort((a, b) => a - b);
  return ascending[Math.floor(ascending.length / 2)] ?? 0;
}

/** Sends a committed entry to the engines and storage nodes that have something to do for it. */
function propagate(
  state: PrimaryState,
  entry: CutEntry,
  directory: Directory,
  out: Effects<BokiMessage>,
): void {
  const { view } = state;
  const engines = new Set<NodeId>(state.mutation === Mutation.forgetsIndexEngines ? [] : state.indexSet);
  const storages = new Set<NodeId>();
  if (state.mutation === Mutation.propagatesToAll) {
    for (const engine of view.engines) engines.add(engine);
    for (const storage of view.storages) storages.add(storage);
  }
  for (const shard of entry.shards) {
    engines.add(view.engines[shard]!);
    for (const storage of view.storageSets[shard]!) storages.add(storage);
  }
  out.observe?.({ kind: "propagated", entry } satisfies Observation);
  for (const engine of engines) {
    const address = directory.engine[engine];
    if (address !== undefined) out.send(address, { kind: "metalogs", entry });
  }
  for (const storage of storages) {
    const address = directory.storage[storage];
    if (address !== undefined) out.send(address, { kind: "metalogs", entry });
  }
}
