/**
 * Reads by seqnum at one physical log of a storage node (docs/models/boki.md, "Storage"): parked until the record is ordered,
 * answered from memory or from the database.
 */

import type { Effects } from "../../sim/machine.ts";
import { get, has } from "../../sim/structures/grow-map.ts";
import type { Bytes } from "../../sim/units.ts";
import { type NodeId, positionOf } from "./identifiers.ts";
import { readDatabase } from "./log-database.ts";
import type { LogStorageState, Ordered, ParkedRead } from "./log-storage.ts";
import type { BokiMessage, LogRecord } from "./messages.ts";
import { Mutation } from "./mutations.ts";
import type { Observation } from "./observations.ts";

export type ReadOutcome =
  | { readonly kind: "found"; readonly record: LogRecord }
  | { readonly kind: "parked" }
  | { readonly kind: "trimmed" }
  /** It is on a disk that does not give it back: another node may have it. */
  | { readonly kind: "notHere" }
  | { readonly kind: "lost" };

/** Looks a record up. */
export function readAt(
  state: LogStorageState,
  read: ParkedRead,
  cacheBytes: Bytes,
  out: Effects<BokiMessage>,
): ReadOutcome {
  const position = positionOf(read.seqnum);
  if (position >= state.applier.seqnumPosition) {
    // Nothing will be ordered any more.
    if (state.complete) return { kind: "lost" };
    if (state.mutation === Mutation.lateReadIsLost) return { kind: "lost" };
    const waiting = state.parked.get(position);
    if (waiting === undefined) state.parked.set(position, [read]);
    else waiting.push(read);
    out.count("storage.readParked");
    return { kind: "parked" };
  }
  const record = get(state.live, position);
  if (record !== undefined) {
    out.count("storageMemory.hit");
    return { kind: "found", record };
  }
  out.count("storageMemory.miss");
  if (position >= state.persistedPosition) return { kind: "lost" };
  const row = readDatabase(state, position, cacheBytes, out);
  switch (row.kind) {
    case "record":
      return { kind: "found", record: row.record };
    case "collected":
      return { kind: "trimmed" };
    case "damaged":
      noteDamage(state.storage, read, out);
      return { kind: "notHere" };
    case "nothing":
      return { kind: "lost" };
  }
}

/** The database does not give a record back as it was written. */
export function noteDamage(
  storage: NodeId,
  { seqnum, origin, op }: ParkedRead,
  out: Effects<BokiMessage>,
): void {
  out.count("storage.damagedRead");
  out.observe?.({ kind: "damageFound", storage, seqnum, origin, op } satisfies Observation);
}

/** Takes out the reads that waited for what has just been ordered, with their records. */
export function takeParked(
  state: LogStorageState,
  { positions, records }: Ordered,
): { read: ParkedRead; record: LogRecord }[] {
  if (state.parked.size === 0) return [];
  const released: { read: ParkedRead; record: LogRecord }[] = [];
  positions.forEach((position, i) => {
    const waiting = state.parked.get(position);
    if (waiting === undefined) return;
    if (state.mutation === Mutation.wakesOneParkedRead)
      released.push({ read: waiting[0]!, record: records[i]! });
    else for (const read of waiting) released.push({ read, record: records[i]! });
    state.parked.delete(position);
  });
  return released;
}

/**
 * Parked reads below what is now ordered that found no record here: they were sent to the wrong node. Once the log is complete
 * that is so for all that are left.
 */
export function takeMisdirected(state: LogStorageState): ParkedRead[] {
  if (state.parked.size === 0) return [];
  const misdirected: ParkedRead[] = [];
  for (const [position, waiting] of state.parked) {
    const isOrdered = position < state.applier.seqnumPosition;
    if (!state.complete && (!isOrdered || has(state.live, position))) continue;
    misdirected.push(...waiting);
    state.parked.delete(position);
  }
  return misdirected;
}
