/**
 * A metalog backup: holds a copy of one physical log's metalog (docs/models/boki.md, "Sequencer replication").
 *
 * Entries may overtake each other, because a link is several connections. The backup acknowledges only its gap-free
 * prefix: the primary takes an acknowledgement of position p as "holds every entry before p", and the seal relies on it.
 */

import type { Effects } from "../../sim/machine.ts";
import { type ApplierState, createApplier, provide } from "./applier.ts";
import type { LogspaceId, NodeId } from "./identifiers.ts";
import type { BokiMessage } from "./messages.ts";
import type { MetalogEntry } from "./metalog.ts";
import type { Observation } from "./observations.ts";

export interface BackupState {
  readonly applier: ApplierState;
  /** The newest entries, as many as a seal report carries. */
  recent: MetalogEntry[];
}

export function createBackup(logspace: LogspaceId, mutation: number): BackupState {
  return { applier: createApplier(logspace, "full", [], mutation), recent: [] };
}

/** Takes an entry in; returns the position to acknowledge, or undefined when the prefix did not grow. */
export function takeEntry(
  state: BackupState,
  self: NodeId,
  entry: MetalogEntry,
  tailEntries: number,
  out: Effects<BokiMessage>,
): number | undefined {
  const before = state.applier.metalogPosition;
  provide(state.applier, entry, (applied) => {
    out.observe?.({ kind: "applied", role: "backup", node: self, entry: applied } satisfies Observation);
    state.recent.push(applied);
    if (state.recent.length > tailEntries) state.recent.shift();
  });
  const position = state.applier.metalogPosition;
  if (position === before) return undefined;
  const { logspace } = state.applier;
  out.observe?.({ kind: "acknowledged", sequencer: self, logspace, position } satisfies Observation);
  return position;
}
