/**
 * What an engine asks for when something is overdue: committed entries of a metalog, and records that its index lacks
 * (docs/models/reconfiguration.md, "Catching up").
 */

import { armRepair, type EngineEffects, type EngineState, takeTurn } from "./engine-state.ts";
import { type LogspaceId, sequencerOf, viewOf } from "./identifiers.ts";
import type { IndexState } from "./index-state.ts";
import { backupsOf } from "./view.ts";
import { directoryOf } from "./view-gate.ts";

/** Entries whose records are asked for at a time. */
const ENTRIES_MAX = 64;

/**
 * Asks for the entries of a log from a position on: the primary, which knows what is committed; of a log that has ended, its
 * sequencers in turn.
 */
export function fetchEntries(
  state: EngineState,
  logspace: LogspaceId,
  from: number,
  out: EngineEffects,
): void {
  armRepair(state, out);
  const view = state.views.get(viewOf(logspace))!;
  const primary = sequencerOf(logspace);
  let node = primary;
  if (view.viewId !== state.view!.viewId || state.phase === "finalized") {
    const holders = [primary, ...backupsOf(view, view.sequencerPositions.get(primary) ?? 0)];
    node = holders[takeTurn(state, `entries ${logspace}`, holders.length)]!;
  }
  const address = directoryOf(state)?.sequencer[node];
  if (address === undefined) return;
  out.count("engine.entriesAskedFor");
  out.send(address, { kind: "metalogFetch", logspace, from });
}

/** Asks storage nodes for the records that the oldest entries of an index wait for: of each shard one of its nodes in turn. */
export function fetchRecords(state: EngineState, index: IndexState, out: EngineEffects): void {
  const { logspace } = index.applier;
  const view = state.views.get(viewOf(logspace))!;
  for (const entry of index.cuts.slice(0, ENTRIES_MAX)) {
    entry.shards.forEach((shard, i) => {
      let from = entry.firsts[i]!;
      const end = from + entry.deltas[i]!;
      while (from < end && (from < index.dataPosition || index.received.has(from))) from++;
      if (from === end) return;
      const set = view.storageSets[shard]!;
      const node = set[takeTurn(state, `records ${view.viewId}.${shard}`, set.length)]!;
      const address = directoryOf(state)?.storage[node];
      if (address === undefined) return;
      out.count("engine.recordsAskedFor");
      out.send(address, { kind: "indexFetch", logspace, from, end });
    });
  }
}
