/**
 * What a storage node does about what is overdue, at its repair tick (docs/models/reconfiguration.md, "Catching up"). The tick
 * is set while something is open, and acts only on what has been so since the look before.
 */

import { type LogspaceId, sequencerOf, viewOf } from "./identifiers.ts";
import type { LogStorageState } from "./log-storage.ts";
import { openRecoveries } from "./storage-journal.ts";
import { armRepair, markDirty, type StorageEffects, type StorageState } from "./storage-state.ts";
import { backupsOf } from "./view.ts";
import { directoryOf } from "./view-gate.ts";

export function repair(state: StorageState, out: StorageEffects): void {
  state.repairArmed = false;
  let isOpen = false;
  for (const log of state.logs.values()) if (repairLog(state, log, out)) isOpen = true;
  for (const [logspace, { next }] of openRecoveries(state)) {
    fetchEntries(state, logspace, next, out);
    isOpen = true;
  }
  if (isOpen) armRepair(state, out);
}

/** Looks after one log. Returns whether anything is open in it. */
function repairLog(state: StorageState, log: LogStorageState, out: StorageEffects): boolean {
  if (log.complete) return false;
  const { applier, counts, lastLook } = log;
  const { logspace, metalogPosition, progress } = applier;
  if (log.end !== undefined) {
    fetchEntries(state, logspace, metalogPosition, out);
    return true;
  }
  const waits = isWaiting(log);
  const isUnordered = counts.some((count, i) => count > progress[i]!);
  if (lastLook.counts.some((count, i) => count > progress[i]!)) {
    out.count("storage.reportedAgain");
    markDirty(state, logspace, out);
    fetchEntries(state, logspace, metalogPosition, out);
  } else if (waits && lastLook.waited && lastLook.metalogPosition === metalogPosition) {
    fetchEntries(state, logspace, metalogPosition, out);
  }
  log.lastLook = { counts: [...counts], metalogPosition, waited: waits };
  return waits || isUnordered;
}

/** Whether reads or entries wait for an entry that has not come. */
export function isWaiting({ parked, applier }: LogStorageState): boolean {
  return parked.size > 0 || applier.early.size > 0;
}

/**
 * Asks for the entries of a log from a position on: the primary, which knows what is committed; of a log that has ended, its
 * sequencers in turn.
 */
export function fetchEntries(
  state: StorageState,
  logspace: LogspaceId,
  from: number,
  out: StorageEffects,
): void {
  const view = state.views.get(viewOf(logspace))!;
  const primary = sequencerOf(logspace);
  const hasEnded = view.viewId !== state.view?.viewId || state.phase === "finalized";
  const holders = hasEnded ? [primary, ...backupsOf(view, view.sequencerPositions.get(primary)!)] : [primary];
  const address = directoryOf(state)?.sequencer[holders[state.turn++ % holders.length]!];
  if (address === undefined) return;
  out.count("storage.entriesAskedFor");
  out.send(address, { kind: "metalogFetch", logspace, from });
}
