/**
 * An engine's producer for one physical log: numbers the appends of this engine and learns their seqnums from the metalog
 * (docs/models/boki.md, "The append path"). At the end of its view it learns of the last ones; what is left then is
 * certainly not in the log (docs/models/reconfiguration.md, "Phases of a view").
 */

import type { Address, Effects } from "../../sim/machine.ts";
import {
  type ApplierState,
  createApplier,
  type FinalStanding,
  finish,
  firstPosition,
  provide,
} from "./applier.ts";
import type { Defects } from "./defects.ts";
import { join, type LogspaceId, type MetalogProgress, type NodeId, type Seqnum } from "./identifiers.ts";
import type { BokiMessage, CallId, FinalLog, LogRecord } from "./messages.ts";
import { indexInEntry, type MetalogEntry, vectorAt } from "./metalog.ts";
import { Mutation } from "./mutations.ts";
import type { Observation } from "./observations.ts";

/** An append on its way. */
export interface PendingAppend {
  readonly worker: Address;
  readonly client: number;
  readonly call: CallId;
  readonly record: LogRecord;
}

export interface ProducerState {
  readonly applier: ApplierState;
  readonly engine: NodeId;
  /** Position of this engine in the view's list: its shard. */
  readonly shard: number;
  nextCounter: number;
  /** By the counter in the localid, in that order. */
  pending: Map<number, PendingAppend>;
  /** Appends below this counter had been issued when the repair tick last looked. */
  lastLook: number;
  /** The view's end, once it is known. */
  end: FinalLog | undefined;
  /** Everything before the end is applied, and no append is open any more. */
  complete: boolean;
}

/** An append that now has its place in the log. */
export interface OrderedAppend {
  readonly append: PendingAppend;
  readonly seqnum: Seqnum;
  /** What the caller's session has seen once it knows of this append: everything up to and including its entry. */
  readonly progress: MetalogProgress;
}

export function createProducer(
  logspace: LogspaceId,
  engine: NodeId,
  shard: number,
  mutation: number,
  defects: Defects,
): ProducerState {
  return {
    applier: createApplier(logspace, "lite", [shard], mutation, defects.liteIgnoresTrim),
    engine,
    shard,
    nextCounter: 0,
    pending: new Map(),
    lastLook: 0,
    end: undefined,
    complete: false,
  };
}

/** The localid of this engine's next append to the log. */
export function nextLocalid(state: ProducerState): number {
  let counter = state.nextCounter++;
  // The slip hands out 1, 0, 3, 2, ...: an engine's appends are no longer ordered as they were issued.
  if (state.applier.mutation === Mutation.localidsSwapped) counter += counter % 2 === 0 ? 1 : -1;
  return join(state.engine, counter);
}

/** Applies an entry; returns the appends of this engine that it, and entries it released, put in their place. */
export function orderAppends(
  state: ProducerState,
  entry: MetalogEntry,
  out: Effects<BokiMessage>,
): OrderedAppend[] {
  const ordered: OrderedAppend[] = [];
  provide(state.applier, entry, (applied) => placeAppends(state, applied, ordered, out));
  return ordered;
}

/** Applies the tail of the log. Says whether it sufficed, and which appends it put in their place. */
export function orderTail(
  state: ProducerState,
  end: FinalLog,
  out: Effects<BokiMessage>,
): { readonly standing: FinalStanding; readonly ordered: readonly OrderedAppend[] } {
  const ordered: OrderedAppend[] = [];
  state.end = end;
  const standing = finish(state.applier, end, (applied) => placeAppends(state, applied, ordered, out));
  return { standing, ordered };
}

function placeAppends(
  state: ProducerState,
  entry: MetalogEntry,
  ordered: OrderedAppend[],
  out: Effects<BokiMessage>,
): void {
  const { applier, engine, shard } = state;
  out.observe?.({ kind: "applied", role: "producer", node: engine, entry } satisfies Observation);
  const index = indexInEntry(entry, shard);
  if (index < 0) return;
  const start = vectorAt(entry.starts, shard);
  const first = firstPosition(applier, entry, index);
  const behind = applier.mutation === Mutation.appendProgressOffByOne ? 0 : 1;
  for (let j = 0; j < entry.deltas[index]!; j++) {
    const append = state.pending.get(start + j);
    const localid = join(engine, start + j);
    const seqnum = join(applier.logspace, first + j);
    out.observe?.({
      kind: "ordered",
      role: "producer",
      node: engine,
      localid,
      seqnum,
    } satisfies Observation);
    if (append === undefined) continue;
    state.pending.delete(start + j);
    ordered.push({ append, seqnum, progress: join(applier.logspace, entry.position + behind) });
  }
}

/** Takes out the appends that have no place in the log. */
export function takePending(state: ProducerState): PendingAppend[] {
  const pending = [...state.pending.values()];
  state.pending.clear();
  return pending;
}
