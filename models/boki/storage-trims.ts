/**
 * Trims at a storage node (docs/models/reconfiguration.md, "Trim"). An entry says itself how far it reaches, so a trim is noted as it
 * arrives, whatever has been applied by then; collected is every 100 ms, while there is something to collect. Trims of a single
 * tag leave the records to the others.
 */

import { MILLISECOND, type Nanos } from "../../sim/units.ts";
import { join, TAG_ALL, viewOf } from "./identifiers.ts";
import { type Collection, collect } from "./log-collect.ts";
import type { MetalogEntry } from "./metalog.ts";
import { COLLECT, type StorageEffects, type StorageState } from "./storage-state.ts";
import { logspaceOfLogBook } from "./view.ts";

const COLLECT_NANOS: Nanos = 100 * MILLISECOND;

export function noteTrim(state: StorageState, entry: MetalogEntry, out: StorageEffects): void {
  if (entry.trim?.tag !== TAG_ALL) return;
  const { logBook, seqnum } = entry.trim;
  // Nothing that is ordered behind the trim is given up by it.
  const bound = Math.min(seqnum, join(entry.logspace, entry.startSeqnum));
  state.trims.set(logBook, Math.max(bound, state.trims.get(logBook) ?? 0));
  armCollection(state, out);
}

function armCollection(state: StorageState, out: StorageEffects): void {
  out.setTimerAtTick(COLLECT, COLLECT_NANOS, state.flushPhaseNanos);
}

export function collectTrimmed(state: StorageState, out: StorageEffects): void {
  const total: Collection = { records: 0, bytes: 0 };
  for (const [logBook, bound] of [...state.trims]) {
    let isDone = true;
    for (const log of state.logs.values()) {
      const { logspace } = log.applier;
      if (logspaceOfLogBook(state.views.get(viewOf(logspace))!, logBook) !== logspace) continue;
      if (!collect(log, logBook, bound, total, out)) isDone = false;
    }
    if (isDone) state.trims.delete(logBook);
  }
  if (total.records > 0) {
    out.count("storage.recordsReclaimed", total.records);
    out.count("storage.bytesReclaimed", total.bytes);
    out.work("flushRecord", total.records);
  }
  if (state.trims.size > 0) armCollection(state, out);
}
