/**
 * The view: the configuration of the log that everybody agrees on, immutable once published (docs/models/boki.md, "Views").
 *
 * Every derived list goes by position in the view's lists, never by node id: the controller may order the lists as it likes,
 * and the order of the engine list is the order of shards within a cut.
 */

import {
  hashLogBook,
  type LogBookId,
  type LogspaceId,
  logspaceId,
  type NodeId,
  type ViewId,
} from "./identifiers.ts";
import type { Birth } from "./messages.ts";
import { Mutation } from "./mutations.ts";

/**
 * Sequencers keep the metalogs of so many views, for nodes that come late. A storage node that was down meanwhile needs them to put
 * its journal back, so it may miss so many views and no more.
 */
export const METALOG_VIEWS_KEPT = 16;

export interface ViewSpec {
  readonly viewId: ViewId;
  readonly metalogReplicas: number;
  readonly userlogReplicas: number;
  readonly indexReplicas: number;
  readonly physicalLogs: number;
  readonly sequencers: readonly NodeId[];
  readonly engines: readonly NodeId[];
  readonly storages: readonly NodeId[];
  /** Parallel to the lists: which life of each node the view counts on. */
  readonly births: {
    readonly sequencers: readonly Birth[];
    readonly engines: readonly Birth[];
    readonly storages: readonly Birth[];
  };
  readonly hashSeed: number;
  /** Sequencer ids; a LogBook's hash picks one. */
  readonly hashTokens: readonly NodeId[];
}

export interface View extends ViewSpec {
  /** One per physical log, in sequencer-list order. */
  readonly logspaces: readonly LogspaceId[];
  /** Storage nodes that hold the records appended through the engine at a position. The same for all physical logs. */
  readonly storageSets: readonly (readonly NodeId[])[];
  /** By position in the storage list: positions in the engine list of the engines it stores for, ascending. */
  readonly sourceEngines: readonly (readonly number[])[];
  /** By position in the sequencer list: the engines that hold the index of its physical log. */
  readonly indexSets: readonly (readonly NodeId[])[];
  readonly enginePositions: ReadonlyMap<NodeId, number>;
  readonly storagePositions: ReadonlyMap<NodeId, number>;
  readonly sequencerPositions: ReadonlyMap<NodeId, number>;
}

/** `mutation`: see mutations.ts; the slips about the lists of a view are made here. */
export function createView(spec: ViewSpec, mutation = 0): View {
  const { sequencers, engines, storages, userlogReplicas, indexReplicas } = spec;
  const storageSets = engines.map((_, position) =>
    deal(storages, position * userlogReplicas, userlogReplicas),
  );
  const storagePositions = positionsOf(storages);
  const sourceEngines: number[][] = storages.map(() => []);
  storageSets.forEach((set, engine) => {
    for (const storage of set) sourceEngines[storagePositions.get(storage)!]!.push(engine);
  });
  return {
    ...spec,
    logspaces: sequencers.slice(0, spec.physicalLogs).map((sequencer) => logspaceId(spec.viewId, sequencer)),
    storageSets,
    sourceEngines,
    indexSets: sequencers.map((_, position) =>
      deal(
        // The slip: the plan is dealt modulo the number of storage nodes.
        mutation === Mutation.indexPlanByStorages ? engines.slice(0, storages.length) : engines,
        position * indexReplicas,
        indexReplicas,
      ),
    ),
    enginePositions: positionsOf(engines),
    storagePositions,
    sequencerPositions: positionsOf(sequencers),
  };
}

/** The sequencers that back up the one at a position: those that follow it in the list, around its end. */
export function backupsOf(view: View, position: number): NodeId[] {
  return deal(view.sequencers, position + 1, view.metalogReplicas - 1);
}

/** The physical log that holds a LogBook in this view. */
export function logspaceOfLogBook(view: View, logBook: LogBookId): LogspaceId {
  const token = view.hashTokens[hashLogBook(logBook, view.hashSeed) % view.hashTokens.length]!;
  return logspaceId(view.viewId, token);
}

export type MemberRole = "sequencers" | "engines" | "storages";

/** Whether a view counts on this life of a node: one that has booted since has none of what the view's members know. */
export function isMember(view: View, role: MemberRole, node: NodeId, birth: Birth | undefined): boolean {
  const positions = {
    sequencers: view.sequencerPositions,
    engines: view.enginePositions,
    storages: view.storagePositions,
  }[role];
  const position = positions.get(node);
  return position !== undefined && view.births[role][position] === birth;
}

function deal(nodes: readonly NodeId[], from: number, count: number): NodeId[] {
  return Array.from({ length: count }, (_, k) => nodes[(from + k) % nodes.length]!);
}

function positionsOf(nodes: readonly NodeId[]): Map<NodeId, number> {
  return new Map(nodes.map((node, position) => [node, position]));
}
