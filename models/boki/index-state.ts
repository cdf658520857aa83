/** The state of the index of one physical log, and what its parts share (docs/models/boki.md, "The index"). */

import { type GrowMap, growMap } from "../../sim/structures/grow-map.ts";
import type { IntList, SharedLists } from "../../sim/structures/int-list.ts";
import type { Nanos } from "../../sim/units.ts";
import { type ApplierState, createApplier } from "./applier.ts";
import type { Defects } from "./defects.ts";
import { join, type LogBookId, type LogspaceId, type NodeId, type Tag } from "./identifiers.ts";
import type { Trims } from "./index-trims.ts";
import type { FinalLog, LogRecord, ReadQuery } from "./messages.ts";
import type { MetalogEntry } from "./metalog.ts";

/** The records of one LogBook, as ascending positions. */
export interface BookIndex {
  readonly all: IntList;
  readonly byTag: GrowMap<Tag, IntList>;
}

interface BlockedRead {
  readonly query: ReadQuery;
  readonly since: Nanos;
}

export interface IndexState {
  readonly applier: ApplierState;
  readonly engine: NodeId;
  readonly defects: Defects;
  /** Every index of a log holds the same lists; their elements are in memory once. */
  readonly shared: SharedLists;
  books: GrowMap<LogBookId, BookIndex>;
  /** By position, dense: the engine whose shard holds the record. */
  engineOf: IntList;
  /** Records known of and not yet indexed, by position. */
  received: Map<number, LogRecord>;
  /** Every record before this position is known. */
  dataPosition: number;
  /** Every record before this position is indexed, */
  indexedSeqnum: number;
  /** which is the log up to this metalog position. */
  indexedMetalog: number;
  /** Entries applied and not yet indexed, in order. */
  cuts: MetalogEntry[];
  /** What has been given up. */
  trims: Trims;
  /** Reads that have seen more than the index, by the metalog position they wait for. */
  waiting: Map<number, ReadQuery[]>;
  /** Reads from newer views, which wait for the end of this one. */
  continuations: ReadQuery[];
  /** Blocking reads without a match, in order of arrival. */
  blocked: BlockedRead[];
  /** The view's end, once it is known. */
  end: FinalLog | undefined;
  /** Everything before the end is indexed. */
  complete: boolean;
  /** Where applier and index stood when the repair tick last looked. */
  lastLook: { readonly metalogPosition: number; readonly indexedMetalog: number };
}

export function createIndex(
  logspace: LogspaceId,
  engine: NodeId,
  shared: SharedLists,
  mutation: number,
  defects: Defects,
): IndexState {
  return {
    applier: createApplier(logspace, "full", [], mutation),
    engine,
    defects,
    shared,
    books: growMap(),
    engineOf: shared.handle(join(logspace, 0), ENGINE_OF),
    received: new Map(),
    dataPosition: 0,
    indexedSeqnum: 0,
    indexedMetalog: 0,
    cuts: [],
    trims: new Map(),
    waiting: new Map(),
    continuations: [],
    blocked: [],
    end: undefined,
    complete: false,
    lastLook: { metalogPosition: -1, indexedMetalog: -1 },
  };
}

/** Second part of the name of the list of engines among the shared ones, where others have their tag. */
const ENGINE_OF = -1;

/** Whether a read from a newer view may look here: nothing will be added any more. */
export function isEnded({ complete, end, defects }: IndexState): boolean {
  if (defects.finalizedNeverEntered) return false;
  return complete || (end !== undefined && defects.releasesUnfinishedAtFinalize);
}
