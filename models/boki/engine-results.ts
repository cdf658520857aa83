/** Results of reads, on their way from an index or a storage node to the worker that asked. */

import { lruPut } from "../../sim/structures/lru.ts";
import { raiseProgress } from "./engine-calls.ts";
import { cacheKey, cacheRecord, type EngineEffects, type EngineState } from "./engine-state.ts";
import type { NodeId } from "./identifiers.ts";
import type { BokiMessage, OperationOutcome } from "./messages.ts";
import type { Observation } from "./observations.ts";
import { directoryOf } from "./view-gate.ts";

export type ReadResult = Omit<Extract<BokiMessage, { kind: "readResult" }>, "kind">;

/** A read's result that has no record. */
export function withoutRecord(
  op: number,
  outcome: Exclude<ReadResult["outcome"], "ok">,
  seqnum = 0,
  progress = 0,
): ReadResult {
  return { op, outcome, seqnum, record: undefined, aux: undefined, progress };
}

/** Hands a read's result to the engine whose worker asked. */
export function deliver(state: EngineState, origin: NodeId, result: ReadResult, out: EngineEffects): void {
  if (origin === state.config.id) {
    finishRead(state, result, out);
    return;
  }
  const address = directoryOf(state)?.engine[origin];
  if (address !== undefined) out.send(address, { kind: "readResult", ...result });
}

/**
 * Completes a read of a worker of this engine. A result for an operation that is not known any more is counted. Where the
 * answer is that nobody can know now, the read stays open and is asked again later; the release ends it as lost.
 */
export function finishRead(
  state: EngineState,
  result: Omit<ReadResult, "outcome"> & { readonly outcome: OperationOutcome | "notHere" },
  out: EngineEffects,
): void {
  const { op, seqnum, record, aux, progress } = result;
  let { outcome } = result;
  const read = state.reads.get(op);
  if (read === undefined) {
    out.count("engine.unknownRead");
    return;
  }
  if (outcome === "notHere") {
    if (!state.config.defects.noRetransmission) return;
    outcome = "dataLost";
  }
  state.reads.delete(op);
  out.observe?.({
    kind: "readDone",
    engine: state.config.id,
    op,
    outcome,
    seqnum,
    record,
    aux,
    progress,
  } satisfies Observation);
  out.send(read.worker, { kind: "opResult", client: read.client, outcome, seqnum, record, aux, progress });
  if (outcome !== "ok" && outcome !== "empty") return;
  raiseProgress(state, read.call, progress);
  if (record === undefined) return;
  cacheRecord(state, seqnum, record);
  if (aux !== undefined && state.cache !== undefined)
    lruPut(state.cache, -cacheKey(state, seqnum), aux, aux.sizeBytes);
}
