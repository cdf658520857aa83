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

export interface ViewSpec {
  readonly viewId: ViewId;
  readonly metalogReplicas: number;
  readonly userlogReplicas: number;
  readonly indexReplicas: number;
  readonly physicalLogs: number;
  readonly sequencers: readonly NodeId[];
  readonly engines: readonly NodeId[];
  readonly storages: readonly NodeId[];
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

/** Whether the nodes suffice for a view; if not, the command that asked for it is dropped. */
export function enoughNodes(spec: ViewSpec): boolean {
  return (
    spec.sequencers.length >= Math.max(spec.metalogReplicas, spec.physicalLogs) &&
    spec.engines.length >= spec.indexReplicas &&
    spec.storages.length >= spec.userlogReplicas
  );
}

export function createView(spec: ViewSpec): View {
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
    indexSets: sequencers.map((_, position) => deal(engines, position * indexReplicas, indexReplicas)),
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

function deal(nodes: readonly NodeId[], from: number, count: number): NodeId[] {
  return Array.from({ length: count }, (_, k) => nodes[(from + k) % nodes.length]!);
}

function positionsOf(nodes: readonly NodeId[]): Map<NodeId, number> {
  return new Map(nodes.map((node, position) => [node, position]));
}
