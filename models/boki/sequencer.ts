/**
 * A sequencer node: primary of at most one physical log, and backup of those whose primaries precede it in the view's list
 * (docs/models/boki.md, "The sequencer node"). The protocol itself is in metalog-primary.ts and metalog-backup.ts; here is
 * what a node adds: views from their beginning to their end, routing to the right component, and the clock of the cuts.
 *
 * A frozen sequencer makes no cut, takes no entry and counts no acknowledgement: what it has reported to the controller must
 * stay all there is (docs/models/reconfiguration.md, "Sealing").
 */

import type { Address, Effects, Machine } from "../../sim/machine.ts";
import type { Nanos } from "../../sim/units.ts";
import { SECOND } from "../../sim/units.ts";
import { type LogspaceId, logspaceId, type NodeId, sequencerOf, viewOf } from "./identifiers.ts";
import type { BokiMessage, FinalLog, NodeConfig, SealedLog } from "./messages.ts";
import type { MetalogEntry } from "./metalog.ts";
import { type BackupState, createBackup, endBackup, takeEntry } from "./metalog-backup.ts";
import {
  createPrimary,
  cut,
  hasLaggards,
  mayCut,
  type PrimaryState,
  resendToBackups,
  takeMetalogProgress,
  takeShardProgress,
  trim,
} from "./metalog-primary.ts";
import { cutsFrom, dropBehind, type MetalogWindow, newest, oldest, slice } from "./metalog-window.ts";
import { Mutation } from "./mutations.ts";
import type { Observation } from "./observations.ts";
import { backupsOf, METALOG_VIEWS_KEPT, type View } from "./view.ts";
import {
  abort,
  beforeAnyView,
  belongsTo,
  directoryOf,
  followZooKeeper,
  holdsFor,
  takeHeld,
  type ViewGate,
} from "./view-gate.ts";
import { create, PING, ping } from "./zookeeper-session.ts";

export interface SequencerConfig extends NodeConfig {
  readonly globalCutNanos: Nanos;
  readonly sealTailEntries: number;
  readonly threads: number;
}

export interface SequencerState extends ViewGate {
  readonly config: SequencerConfig;
  /** When this node's cut timer ticks: first at least a second after start, unrelated to other nodes' timers. */
  readonly cutPhaseNanos: Nanos;
  /** By logspace, those of earlier views included while somebody may still ask for their entries. */
  primaries: Map<LogspaceId, PrimaryState>;
  backups: Map<LogspaceId, BackupState>;
  /** Where the turns over whom to ask for missing entries stand. */
  turn: number;
}

const CUT = "globalCut";
/** When something is overdue, it is looked after this often. */
const REPAIR = "repair";
/** Entries in one answer to a fetch. */
const FETCHED_MAX = 64;

export const sequencer: Machine<SequencerConfig, SequencerState, BokiMessage> = {
  start(config, out) {
    return {
      ...beforeAnyView("sequencer", config, out),
      config,
      cutPhaseNanos: out.now + SECOND + out.choose(config.globalCutNanos),
      primaries: new Map(),
      backups: new Map(),
      turn: 0,
    };
  },

  receive(state, from, message, out) {
    if (state.aborted !== undefined) return;
    const { mutation, id } = state.config;
    switch (message.kind) {
      case "zkEvents":
      case "zkCreated":
      case "zkExpired":
        followZooKeeper(
          state,
          message,
          {
            install: (view) => installView(state, view, out),
            freeze: (view) => freeze(state, view, out),
            finalize: (view, { logs }) => finalizeView(state, view, logs, out),
          },
          out,
        );
        return;

      case "shardProgress": {
        if (holdsFor(state, viewOf(message.logspace), from, message, mutation)) return;
        const primary = state.primaries.get(message.logspace);
        if (primary === undefined || !takesPart(state, message.logspace, Mutation.frozenPrimaryCuts)) return;
        takeShardProgress(primary, message.storage, message.counts, out);
        if (primary.dirty.size > 0) armCut(state, out);
        return;
      }

      case "metalogReplicate": {
        const { logspace } = message.entry;
        if (holdsFor(state, viewOf(logspace), from, message, mutation)) return;
        const backup = state.backups.get(logspace);
        if (backup === undefined || !takesPart(state, logspace, Mutation.frozenBackupAcks)) return;
        const position = takeEntry(backup, id, message.entry, out);
        if (position === undefined) return;
        out.send(from, { kind: "metalogProgress", logspace, backup: id, position });
        if (mutation === Mutation.acknowledgesTwice) {
          out.send(from, { kind: "metalogProgress", logspace, backup: id, position });
        }
        return;
      }

      case "metalogProgress": {
        const primary = state.primaries.get(message.logspace);
        const directory = directoryOf(state);
        if (primary === undefined || directory === undefined) return;
        const slips = mutation === Mutation.frozenPrimaryCommits || mutation === Mutation.frozenPrimaryCuts;
        if (!takesPart(state, message.logspace, slips ? mutation : Mutation.none)) return;
        takeMetalogProgress(primary, message.backup, message.position, directory, out);
        return;
      }

      case "trimRequest": {
        const { logspace, trim: what } = message;
        if (holdsFor(state, viewOf(logspace), from, message, mutation)) return;
        const primary = state.primaries.get(logspace);
        const directory = directoryOf(state);
        if (primary === undefined || directory === undefined || !takesPart(state, logspace, Mutation.none)) {
          out.send(from, { kind: "trimResult", op: what.op, done: false, progress: 0 });
          return;
        }
        trim(primary, what, directory, out);
        armRepair(state, out);
        return;
      }

      case "metalogFetch":
        answerFetch(state, from, message.logspace, message.from, out);
        return;
      case "metalogFetched": {
        const backup = state.backups.get(message.logspace);
        if (backup?.end !== undefined) endLog(state, backup, backup.end, message.entries, out);
        return;
      }

      default:
        throw new Error(`a sequencer does not take ${message.kind}`);
    }
  },

  timeout(state, timer, out) {
    if (state.aborted !== undefined) return;
    if (timer === PING) ping(state.session, out);
    else if (timer === REPAIR) repair(state, out);
    else makeCut(state, out);
  },
};

// ---- Ordering ------------------------------------------------------------------------------------------------------

function makeCut(state: SequencerState, out: Effects<BokiMessage>): void {
  const primary = currentPrimary(state);
  const directory = directoryOf(state);
  if (primary === undefined || directory === undefined || primary.dirty.size === 0) return;
  if (!takesPart(state, primary.logspace, Mutation.frozenPrimaryCuts)) return;
  if (!mayCut(primary)) {
    // The previous entry is still on its way to a quorum: this tick makes no cut.
    out.count("sequencer.cutSkipped");
    armCut(state, out);
    return;
  }
  out.count("sequencer.cut");
  cut(primary, directory, out);
  armRepair(state, out);
}

/** The timer ticks all the time; a tick with nothing to order does nothing, so it is armed only while there is something. */
function armCut(state: SequencerState, out: Effects<BokiMessage>): void {
  const { globalCutNanos, mutation, threads } = state.config;
  // The slip: the timer of one of the threads never ticks. With a single thread no cut is ever made.
  if (mutation === Mutation.oneThreadNeverTicks && threads === 1) return;
  const skipped = mutation === Mutation.oneThreadNeverTicks ? 2 : 1;
  out.setTimerAtTick(CUT, skipped * globalCutNanos, state.cutPhaseNanos);
}

function currentPrimary(state: SequencerState): PrimaryState | undefined {
  const { view, config } = state;
  return view && state.primaries.get(logspaceId(view.viewId, config.id));
}

/** Whether a log is one of the current view and not frozen. `slip`: the mutation that forgets to ask for the latter. */
function takesPart(state: SequencerState, logspace: LogspaceId, slip: number): boolean {
  if (viewOf(logspace) !== state.view?.viewId) return false;
  return state.phase === "normal" || (slip !== Mutation.none && state.config.mutation === slip);
}

// ---- Views ---------------------------------------------------------------------------------------------------------

function installView(state: SequencerState, view: View, out: Effects<BokiMessage>): void {
  const { id, mutation } = state.config;
  for (const logs of [state.primaries, state.backups]) {
    for (const logspace of logs.keys())
      if (viewOf(logspace) <= view.viewId - METALOG_VIEWS_KEPT) logs.delete(logspace);
  }
  if (belongsTo(state, "sequencers", view)) {
    view.sequencers.forEach((node, position) => {
      if (position >= view.physicalLogs) return;
      const logspace = logspaceId(view.viewId, node);
      if (node === id) state.primaries.set(logspace, createPrimary(view, id, logspace, state.config));
      else if (backupsOf(view, position).includes(id))
        state.backups.set(logspace, createBackup(logspace, mutation));
    });
  }
  for (const { from, message } of takeHeld(state, view.viewId, out))
    sequencer.receive(state, from, message, out);
}

/** Reports the newest entries of each log this node has a copy of. A primary's report has its uncommitted entry as well. */
function freeze(state: SequencerState, view: View, out: Effects<BokiMessage>): void {
  const { id, sealTailEntries, mutation } = state.config;
  const logs: SealedLog[] = [];
  for (const logspace of view.logspaces) {
    const primary = state.primaries.get(logspace);
    const window = primary?.window ?? state.backups.get(logspace)?.window;
    if (window === undefined) continue;
    let tail = newest(window, sealTailEntries);
    if (primary !== undefined && mutation === Mutation.reportOmitsNewest) tail.pop();
    if (primary !== undefined && mutation === Mutation.reportsReplicatedOnly) {
      const end = primary.replicatedPosition;
      tail = slice(window, end - sealTailEntries, end);
    }
    logs.push({ logspace, tail });
  }
  if (logs.length === 0) return;
  const { viewId } = view;
  out.observe?.({ kind: "reported", sequencer: id, viewId, logs } satisfies Observation);
  create(state.session, { topic: "seal", viewId, sequencer: id, logs }, `seal ${viewId} ${id}`, out);
}

function finalizeView(
  state: SequencerState,
  view: View,
  logs: readonly FinalLog[],
  out: Effects<BokiMessage>,
): void {
  for (const log of logs) {
    const primary = state.primaries.get(log.logspace);
    const backup = state.backups.get(log.logspace);
    if (primary !== undefined) endPrimary(state, primary, log, out);
    else if (backup !== undefined) endLog(state, backup, log, [], out);
  }
  if (view.viewId === state.view?.viewId) out.cancelTimer(CUT);
}

function endPrimary(
  state: SequencerState,
  primary: PrimaryState,
  log: FinalLog,
  out: Effects<BokiMessage>,
): void {
  const { id, defects } = state.config;
  const ahead = primary.metalogPosition - log.final;
  const cuts = ahead > 0 ? cutsFrom(primary.window, log.final) : 0;
  if (cuts > 1 || ahead < 0) {
    abort(state, `primary of log ${log.logspace} is ${ahead} entries ahead of its end`, out);
    return;
  }
  primary.replicatedPosition = log.final;
  if (!defects.discardedEntryKept) {
    dropBehind(primary.window, log.final);
    primary.metalogPosition = log.final;
  }
  const position = primary.metalogPosition;
  out.observe?.({ kind: "ended", role: "primary", node: id, log, position } satisfies Observation);
}

/** A backup's end; called again when entries that it lacked arrive. */
function endLog(
  state: SequencerState,
  backup: BackupState,
  log: FinalLog,
  more: readonly MetalogEntry[],
  out: Effects<BokiMessage>,
): void {
  const { id, defects } = state.config;
  const before = backup.applier.metalogPosition;
  const standing = endBackup(backup, id, log, more, out);
  const isAhead = standing === "oneAhead" || standing === "tooFarAhead";
  if (
    (isAhead && cutsFrom(backup.window, log.final) > 1) ||
    (standing === "behind" && defects.noFetchAtFinalize)
  ) {
    const { metalogPosition } = backup.applier;
    abort(state, `backup of log ${log.logspace} is at ${metalogPosition}, the end is at ${log.final}`, out);
    return;
  }
  if (standing === "behind") {
    // Who got nothing new out of an answer asks again at the next look, not at once.
    if (more.length === 0 || backup.applier.metalogPosition > before) fetch(state, backup, out);
    else armRepair(state, out);
    return;
  }
  if (isAhead && !defects.discardedEntryKept) {
    dropBehind(backup.window, log.final);
    backup.applier.metalogPosition = log.final;
  }
  const position = backup.applier.metalogPosition;
  out.observe?.({ kind: "ended", role: "backup", node: id, log, position } satisfies Observation);
}

// ---- Catching up ---------------------------------------------------------------------------------------------------

/** Answers with committed entries: the primary knows what is, and at the end of a view everybody does. */
function answerFetch(
  state: SequencerState,
  to: Address,
  logspace: LogspaceId,
  from: number,
  out: Effects<BokiMessage>,
): void {
  const primary = state.primaries.get(logspace);
  const backup = state.backups.get(logspace);
  let window: MetalogWindow | undefined = primary?.window;
  let end = primary?.replicatedPosition ?? 0;
  if (window === undefined && backup?.end !== undefined) {
    window = backup.window;
    end = Math.min(backup.end.final, backup.applier.metalogPosition);
  }
  if (window === undefined || from >= end) return;
  // Who cares for some shards only may have passed over all that is not here any more.
  const first = Math.max(from, oldest(window));
  const entries = slice(window, first, Math.min(end, first + FETCHED_MAX));
  if (entries.length > 0) out.send(to, { kind: "metalogFetched", logspace, entries });
}

function fetch(state: SequencerState, backup: BackupState, out: Effects<BokiMessage>): void {
  const { logspace, metalogPosition } = backup.applier;
  const view = state.views.get(viewOf(logspace))!;
  const holders = [
    sequencerOf(logspace),
    ...backupsOf(view, view.sequencerPositions.get(sequencerOf(logspace))!),
  ];
  const others: NodeId[] = holders.filter((node) => node !== state.config.id);
  const address = directoryOf(state)?.sequencer[others[state.turn++ % others.length]!];
  if (address !== undefined) out.send(address, { kind: "metalogFetch", logspace, from: metalogPosition });
  armRepair(state, out);
}

function armRepair(state: SequencerState, out: Effects<BokiMessage>): void {
  if (state.config.defects.noRetransmission) return;
  out.setTimerAtTick(REPAIR, state.config.repairIntervalNanos, state.cutPhaseNanos);
}

function repair(state: SequencerState, out: Effects<BokiMessage>): void {
  const directory = directoryOf(state);
  const primary = currentPrimary(state);
  if (primary !== undefined && directory !== undefined && state.phase === "normal") {
    resendToBackups(primary, directory, out);
    if (hasLaggards(primary)) armRepair(state, out);
  }
  for (const backup of state.backups.values()) {
    if (backup.end !== undefined && backup.applier.metalogPosition < backup.end.final)
      fetch(state, backup, out);
  }
}
