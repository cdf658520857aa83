/**
 * A sequencer node: primary of at most one physical log, and backup of those whose primaries precede it in the view's list
 * (docs/models/boki.md, "The sequencer node"). The protocol itself is in metalog-primary.ts and metalog-backup.ts; here is
 * what a node adds: views, routing to the right component, and the clock of the cuts.
 */

import type { Effects, Machine } from "../../sim/machine.ts";
import type { Nanos } from "../../sim/units.ts";
import { SECOND } from "../../sim/units.ts";
import { type LogspaceId, logspaceId, viewOf } from "./identifiers.ts";
import type { BokiMessage, NodeConfig } from "./messages.ts";
import { type BackupState, createBackup, takeEntry } from "./metalog-backup.ts";
import {
  createPrimary,
  cut,
  mayCut,
  type PrimaryState,
  takeMetalogProgress,
  takeShardProgress,
} from "./metalog-primary.ts";
import { Mutation } from "./mutations.ts";
import { backupsOf, type View } from "./view.ts";
import { beforeAnyView, followZooKeeper, holdsFor, takeHeld, type ViewGate } from "./view-gate.ts";

export interface SequencerConfig extends NodeConfig {
  readonly globalCutNanos: Nanos;
  readonly sealTailEntries: number;
}

export interface SequencerState extends ViewGate {
  readonly config: SequencerConfig;
  /** When this node's cut timer ticks: first at least a second after start, unrelated to other nodes' timers. */
  readonly cutPhaseNanos: Nanos;
  primary: PrimaryState | undefined;
  backups: Map<LogspaceId, BackupState>;
}

const CUT = "globalCut";

export const sequencer: Machine<SequencerConfig, SequencerState, BokiMessage> = {
  start(config, out) {
    out.send(config.zooKeeper, {
      kind: "zkConnect",
      role: "sequencer",
      id: config.id,
      topics: ["node", "view"],
    });
    return {
      ...beforeAnyView(),
      config,
      cutPhaseNanos: out.now + SECOND + out.choose(config.globalCutNanos),
      primary: undefined,
      backups: new Map(),
    };
  },

  receive(state, from, message, out) {
    switch (message.kind) {
      case "zkEvents":
        followZooKeeper(state, from, message, (view) => installView(state, view, out), out);
        return;

      case "shardProgress": {
        if (holdsFor(state, viewOf(message.logspace), from, message)) return;
        const { primary } = state;
        if (primary?.logspace !== message.logspace) return;
        takeShardProgress(primary, message.storage, message.counts, out);
        if (primary.dirty.size > 0) armCut(state, out);
        return;
      }

      case "metalogReplicate": {
        const { logspace } = message.entry;
        if (holdsFor(state, viewOf(logspace), from, message)) return;
        const backup = state.backups.get(logspace);
        if (backup === undefined) return;
        const { id, sealTailEntries } = state.config;
        const position = takeEntry(backup, id, message.entry, sealTailEntries, out);
        if (position === undefined) return;
        out.send(from, { kind: "metalogProgress", logspace, position });
        if (state.config.mutation === Mutation.acknowledgesTwice) {
          out.send(from, { kind: "metalogProgress", logspace, position });
        }
        return;
      }

      case "metalogProgress": {
        const { primary, directory } = state;
        if (primary?.logspace !== message.logspace || directory === undefined) return;
        const backup = directory.sequencer.indexOf(from);
        takeMetalogProgress(primary, backup, message.position, directory, state.config.sealTailEntries, out);
        return;
      }

      default:
        throw new Error(`a sequencer does not take ${message.kind}`);
    }
  },

  timeout(state, _timer, out) {
    const { primary, directory } = state;
    if (primary === undefined || directory === undefined || primary.dirty.size === 0) return;
    if (!mayCut(primary)) {
      // The previous entry is still on its way to a quorum: this tick makes no cut.
      out.count("sequencer.cutSkipped");
      armCut(state, out);
      return;
    }
    out.count("sequencer.cut");
    cut(primary, directory, out);
  },
};

/** The timer ticks all the time; a tick with nothing to order does nothing, so it is armed only while there is something. */
function armCut(state: SequencerState, out: Effects<BokiMessage>): void {
  out.setTimerAtTick(CUT, state.config.globalCutNanos, state.cutPhaseNanos);
}

function installView(state: SequencerState, view: View, out: Effects<BokiMessage>): void {
  const { id, mutation } = state.config;
  state.view = view;
  view.sequencers.forEach((node, position) => {
    const isActive = position < view.physicalLogs;
    if (!isActive) return;
    const logspace = logspaceId(view.viewId, node);
    if (node === id) state.primary = createPrimary(view, id, logspace, mutation);
    else if (backupsOf(view, position).includes(id))
      state.backups.set(logspace, createBackup(logspace, mutation));
  });
  for (const { from, message } of takeHeld(state, view.viewId)) sequencer.receive(state, from, message, out);
}
