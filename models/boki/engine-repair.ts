/**
 * What an engine does about what is overdue, at its repair tick (docs/models/reconfiguration.md, "Catching up"). The tick is
 * set while something is open, and looks only after what has been so since the look before: in a run without faults that is
 * next to nothing.
 */

import { repairAppends } from "./engine-appends.ts";
import { fetchEntries, fetchRecords } from "./engine-fetch.ts";
import { isBehind } from "./engine-index.ts";
import { repairReads } from "./engine-reads.ts";
import { armRepair, type EngineEffects, type EngineState } from "./engine-state.ts";
import { repairTrims } from "./engine-trims.ts";
import type { IndexState } from "./index-state.ts";

export function repair(state: EngineState, out: EngineEffects): void {
  state.repairArmed = false;
  let isOpen = false;
  for (const producer of state.producers.values()) {
    if (repairAppends(state, producer, out)) isOpen = true;
  }
  for (const index of state.indexes.values()) {
    if (!isBehind(index)) continue;
    repairIndex(state, index, out);
    isOpen = true;
  }
  if (repairTrims(state, out)) isOpen = true;
  if (repairReads(state, out)) isOpen = true;
  if (isOpen) armRepair(state, out);
}

/** An index that has not moved since the last look asks for the entries or the records that it waits for. */
function repairIndex(state: EngineState, index: IndexState, out: EngineEffects): void {
  const { lastLook, applier, indexedMetalog, cuts } = index;
  const { metalogPosition, logspace } = applier;
  if (lastLook.indexedMetalog === indexedMetalog) {
    if (cuts.length > 0) fetchRecords(state, index, out);
    if (lastLook.metalogPosition === metalogPosition) fetchEntries(state, logspace, metalogPosition, out);
  }
  index.lastLook = { metalogPosition, indexedMetalog };
}
