/**
 * A metalog backup: holds a copy of one physical log's metalog (docs/models/boki.md, "Sequencer replication").
 *
 * Entries may overtake each other, because a link is several connections. The backup acknowledges only its gap-free
 * prefix: the primary takes an acknowledgement of position p as "holds every entry before p", and the seal relies on it.
 */

import type { Effects } from "../../sim/machine.ts";
import { type ApplierState, createApplier, type FinalStanding, finish, provide } from "./applier.ts";
import type { LogspaceId, NodeId } from "./identifiers.ts";
import type { BokiMessage, FinalLog } from "./messages.ts";
import type { MetalogEntry } from "./metalog.ts";
import { extend, type MetalogWindow, metalogWindow } from "./metalog-window.ts";
import { Mutation } from "./mutations.ts";
import type { Observation } from "./observations.ts";

export interface BackupState {
  readonly applier: ApplierState;
  readonly window: MetalogWindow;
  /** The view's end, once it is known. */
  end: FinalLog | undefined;
}

export function createBackup(logspace: LogspaceId, mutation: number): BackupState {
  return { applier: createApplier(logspace, "full", [], mutation), window: metalogWindow(), end: undefined };
}

/**
 * Takes an entry in; returns the position to acknowledge, or undefined when there is nothing to say. An entry that it has
 * already is acknowledged again: the primary sends one again when it has not heard.
 */
export function takeEntry(
  state: BackupState,
  self: NodeId,
  entry: MetalogEntry,
  out: Effects<BokiMessage>,
): number | undefined {
  const before = state.applier.metalogPosition;
  provide(state.applier, entry, (applied) => hold(state, self, applied, out));
  const position = state.applier.metalogPosition;
  const { logspace, mutation } = state.applier;
  // The slip: what counts is the highest entry that has arrived, gaps or not.
  if (mutation === Mutation.backupAcksHighest) return Math.max(position, entry.position + 1);
  if (position === before) return entry.position < before ? position : undefined;
  out.observe?.({ kind: "acknowledged", sequencer: self, logspace, position } satisfies Observation);
  return position;
}

function hold(state: BackupState, self: NodeId, entry: MetalogEntry, out: Effects<BokiMessage>): void {
  out.observe?.({ kind: "applied", role: "backup", node: self, entry } satisfies Observation);
  extend(state.window, entry);
}

/** Takes in how the log ends, or, called again, entries that were missing for it. Returns how it stands now. */
export function endBackup(
  state: BackupState,
  self: NodeId,
  end: FinalLog,
  more: readonly MetalogEntry[],
  out: Effects<BokiMessage>,
): FinalStanding {
  state.end = end;
  const apply = (entry: MetalogEntry) => hold(state, self, entry, out);
  for (const entry of more) if (entry.position < end.final) provide(state.applier, entry, apply);
  return finish(state.applier, end, apply);
}
