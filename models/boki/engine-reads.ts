/**
 * Reads of an engine's workers (docs/models/boki.md, "The read path").
 *
 * A read asks an index which record it wants: the local one, or one elsewhere when this engine has none. The engine that
 * holds the index then looks into its cache, and otherwise sends a storage node of the record's shard to answer the engine
 * whose worker asked. So the result arrives here from one of three places, and completes the operation whatever its path.
 * A read without a result for too long is asked again from the start, of the next nodes in turn.
 */

import type { Address } from "../../sim/machine.ts";
import { contextOf } from "./engine-calls.ts";
import { askIndex, remoteIndex } from "./engine-index.ts";
import { finishRead, type ReadResult, withoutRecord } from "./engine-results.ts";
import {
  armRepair,
  type EngineEffects,
  type EngineState,
  indexOf,
  type ReadOperation,
} from "./engine-state.ts";
import { viewOfJoined } from "./identifiers.ts";
import type { BokiMessage, ReadQuery } from "./messages.ts";
import type { Observation } from "./observations.ts";
import { logspaceOfLogBook } from "./view.ts";

/** Share of reads as an integer out of this many, to be drawn with `choose`. */
const SHARE_STEPS = 1_000_000;
/** So often a read is asked again at once when a node cannot know; after that it waits for its time. */
const TURNED_AWAY_MAX = 3;

export function startRead(
  state: EngineState,
  worker: Address,
  message: Extract<BokiMessage, { kind: "read" }>,
  out: EngineEffects,
): void {
  const { call, client, direction, tag, seqnum } = message;
  const context = contextOf(state, worker, call, client, out);
  if (context === undefined) return;
  const { logBook, progress } = context;
  const op = state.nextOp++;
  state.reads.set(op, {
    worker,
    client,
    call,
    logBook,
    direction,
    tag,
    seqnum,
    progress,
    begunNanos: out.now,
    askedNanos: out.now,
    turnedAway: 0,
  });
  const engine = state.config.id;
  out.observe?.({
    kind: "readStarted",
    engine,
    op,
    call,
    direction,
    logBook,
    tag,
    seqnum,
    progress,
  } satisfies Observation);
  putRead(state, op, out);
  if (!state.repairArmed && state.reads.has(op)) armRepair(state, out);
}

/** Puts a registered read to an index; it is held as long as its caller has seen a later view than this node. */
export function putRead(state: EngineState, op: number, out: EngineEffects): void {
  const read = state.reads.get(op)!;
  const { direction, logBook, tag, seqnum, progress } = read;
  const { view, config } = state;
  read.askedNanos = out.now;
  if (view === undefined || viewOfJoined(progress) > view.viewId) {
    state.heldReads.push(op);
    return;
  }
  const logspace = logspaceOfLogBook(view, logBook);
  const query: ReadQuery = {
    direction,
    origin: config.id,
    op,
    logspace,
    logBook,
    tag,
    seqnum,
    progress,
    initial: true,
    foundBefore: undefined,
    bound: 0,
    passedOn: 0,
  };
  const index = indexOf(state, logspace);
  if (index !== undefined && !isForcedRemote(state, out)) {
    out.count("readIndex.local");
    askIndex(state, index, query, out);
    return;
  }
  out.count("readIndex.remote");
  const target = remoteIndex(state, logspace);
  if (target === undefined) finishRead(state, withoutRecord(op, "notHere"), out);
  else out.send(target, { kind: "remoteRead", query });
}

function isForcedRemote(state: EngineState, out: EngineEffects): boolean {
  const { remoteIndexShare } = state.config;
  return remoteIndexShare > 0 && out.choose(SHARE_STEPS) < remoteIndexShare * SHARE_STEPS;
}

/** Reads that waited for a view that is installed now. */
export function releaseHeldReads(state: EngineState, out: EngineEffects): void {
  const { viewId } = state.view!;
  const held = state.heldReads;
  state.heldReads = [];
  for (const op of held) {
    const read = state.reads.get(op);
    if (read === undefined) continue;
    if (viewOfJoined(read.progress) > viewId) {
      state.heldReads.push(op);
      continue;
    }
    // The release registers the read once more, under the same number.
    if (state.config.defects.heldReadRegisteredTwice) {
      out.count("engine.readRegisteredTwice");
      state.reads.set(op, { ...read });
    }
    putRead(state, op, out);
  }
}

/** A result from another node. One that cannot know sends the read to the next. */
export function takeReadResult(state: EngineState, result: ReadResult, out: EngineEffects): void {
  const read = state.reads.get(result.op);
  const asksOn =
    result.outcome === "notHere" &&
    read !== undefined &&
    read.turnedAway < TURNED_AWAY_MAX &&
    !state.heldReads.includes(result.op);
  if (!asksOn) {
    finishRead(state, result, out);
    return;
  }
  read.turnedAway++;
  out.count("engine.readTurnedAway");
  putRead(state, result.op, out);
}

/** Looks after the reads that have been open for long. Returns whether any is open. */
export function repairReads(state: EngineState, out: EngineEffects): boolean {
  const { config, heldReads } = state;
  for (const [op, read] of [...state.reads]) {
    if (!config.defects.noTimeouts && out.now - read.begunNanos >= config.operationTimeoutNanos) {
      // Its worker has ceased to wait.
      finishRead(state, { ...withoutRecord(op, "empty"), outcome: "timedOut" }, out);
    } else if (out.now - read.askedNanos >= patienceNanos(state, read) && !heldReads.includes(op)) {
      out.count("engine.readAskedAgain");
      read.turnedAway = 0;
      putRead(state, op, out);
    }
  }
  return state.reads.size > 0;
}

/** How long an answer may take: a blocking read's its limit in addition. */
function patienceNanos({ config }: EngineState, { direction }: ReadOperation): number {
  const { readRetryNanos, blockingReadLimitNanos } = config;
  return direction === "nextBlock" ? readRetryNanos + blockingReadLimitNanos : readRetryNanos;
}
