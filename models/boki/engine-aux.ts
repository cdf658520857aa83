/** Aux data at an engine (docs/models/boki.md, "The API"): a hint that goes into caches, without order or durability. */

import type { Address } from "../../sim/machine.ts";
import { lruPeek, lruPut } from "../../sim/structures/lru.ts";
import { contextOf } from "./engine-calls.ts";
import { cacheKey, type EngineEffects, type EngineState } from "./engine-state.ts";
import { highOf, viewOfJoined } from "./identifiers.ts";
import type { BokiMessage, LogRecord } from "./messages.ts";
import { Mutation } from "./mutations.ts";
import type { Observation } from "./observations.ts";
import { directoryOf } from "./view-gate.ts";

/** Aux data goes into this engine's cache at once, and to the storage nodes of the record when that is switched on. */
export function setAux(
  state: EngineState,
  worker: Address,
  message: Extract<BokiMessage, { kind: "setAux" }>,
  out: EngineEffects,
): void {
  const { call, client, seqnum, aux } = message;
  if (contextOf(state, worker, call, client, out) === undefined) return;
  const { cache, config } = state;
  out.observe?.({ kind: "auxSet", seqnum, aux } satisfies Observation);
  // The slip files aux data under the seqnum that follows.
  const filed = config.mutation === Mutation.auxOffByOne ? seqnum + 1 : seqnum;
  if (cache !== undefined) lruPut(cache, -cacheKey(state, filed), aux, aux.sizeBytes);
  const done = {
    kind: "opResult",
    client,
    outcome: "ok",
    seqnum,
    record: undefined,
    aux: undefined,
    progress: 0,
  } as const;
  out.send(worker, done);
  if (!config.propagateAuxData || cache === undefined) return;
  const record = lruPeek(cache, cacheKey(state, seqnum)) as LogRecord | undefined;
  const view = state.views.get(viewOfJoined(seqnum));
  if (record === undefined || view === undefined) return;
  const shard = view.enginePositions.get(highOf(record.localid));
  if (shard === undefined) return;
  for (const storage of view.storageSets[shard]!) {
    const address = directoryOf(state)?.storage[storage];
    if (address !== undefined) out.send(address, { kind: "storeAux", seqnum, aux });
  }
}
