/**
 * The metalog: A1 to A5 and M1.
 *
 * Everything rests on one decision per cut that everybody shares. A cut must continue the cuts before it (A2), order only
 * what is safe on all storage nodes (A3), be alone on its way to the backups (A5), reach a quorum of them before it has any
 * effect (A4), and be the same wherever it is applied (A1). What the primary decides by, progress reports and
 * acknowledgements, may only grow (M1).
 *
 * A3 looks into the storage nodes, as their reports may be what is wrong. A4 and A5 count what backups have really applied,
 * as acknowledgements may be.
 */

import type { Nanos } from "../../../sim/units.ts";
import { join, type LogspaceId, type NodeId } from "../identifiers.ts";
import type { FinalLog } from "../messages.ts";
import { type CutEntry, vectorAt } from "../metalog.ts";
import type { Observation } from "../observations.ts";
import type { StorageState } from "../storage-state.ts";
import { isMember, type View } from "../view.ts";
import type { CheckContext } from "./context.ts";
import { viewOfLog } from "./reference.ts";

type Of<Kind> = Extract<Observation, { kind: Kind }>;

/** The newest entries are kept whole; of older ones a hash, for the node that is that far behind. */
const WHOLE_ENTRIES = 512;

interface MetalogRecord {
  readonly made: Map<number, CutEntry>;
  readonly hashes: number[];
  madeCount: number;
  /** By backup: the position before which it has applied every entry. */
  readonly held: Map<NodeId, number>;
  /** Before this position every entry is held by a quorum, or by everybody as the end of the view says. */
  committed: number;
  /** The position behind the newest entry that orders records. */
  madeCuts: number;
  /** By shard and storage node, and by backup: what the primary has taken in. */
  readonly progress: Map<number, number>;
  readonly acknowledged: Map<NodeId, number>;
}

export interface MetalogChecks {
  progressTaken(observation: Of<"progressTaken">, nowNanos: Nanos): void;
  acknowledgementTaken(observation: Of<"acknowledgementTaken">, nowNanos: Nanos): void;
  /** To be called before the reference orders the entry. */
  cutMade(observation: Of<"cutMade">, nowNanos: Nanos): void;
  applied(observation: Of<"applied">, nowNanos: Nanos): void;
  /** The end of a log is published. */
  ended(final: FinalLog): void;
}

export function createMetalogChecks({ reference, violations, inspected }: CheckContext): MetalogChecks {
  const metalogs = new Map<LogspaceId, MetalogRecord>();

  function metalogOf(logspace: LogspaceId): MetalogRecord {
    let metalog = metalogs.get(logspace);
    if (metalog === undefined) {
      metalog = {
        made: new Map(),
        hashes: [],
        madeCount: 0,
        madeCuts: 0,
        held: new Map(),
        committed: 0,
        progress: new Map(),
        acknowledged: new Map(),
      };
      metalogs.set(logspace, metalog);
    }
    return metalog;
  }

  function checkChain(entry: CutEntry, view: View, metalog: MetalogRecord, nowNanos: Nanos): void {
    const log = reference.log(entry.logspace);
    const name = nameOf(entry);
    const fail = (message: string) => violations.report("A2", nowNanos, `${name} ${message}`);
    if (entry.position !== metalog.madeCount)
      fail(`has position ${entry.position}; ${metalog.madeCount} is next`);
    if (entry.startSeqnum !== log.records.length)
      fail(
        `starts at seqnum position ${entry.startSeqnum}; earlier entries order ${log.records.length} records`,
      );
    view.engines.forEach((engine, shard) => {
      const ordered = log.shards.get(engine)?.ordered ?? 0;
      const start = vectorAt(entry.starts, shard);
      if (start !== ordered)
        fail(
          `starts the shard of engine ${engine} at ${start}; earlier entries order ${ordered} of its records`,
        );
    });
    let running = entry.startSeqnum;
    entry.shards.forEach((shard, i) => {
      const delta = entry.deltas[i]!;
      if (!(delta > 0)) fail(`orders ${delta} records of the shard of engine ${view.engines[shard]!}`);
      if (entry.firsts[i] !== running)
        fail(`puts engine ${view.engines[shard]!} first at ${entry.firsts[i]}, not at ${running}`);
      running += delta;
    });
    const isEmpty = entry.total <= 0 && entry.trim === undefined;
    if (running - entry.startSeqnum !== entry.total || isEmpty)
      fail(`counts ${entry.total} records; its shards have ${running - entry.startSeqnum}`);
  }

  function checkStored(entry: CutEntry, view: View, nowNanos: Nanos): void {
    const { simulation, storages } = inspected();
    const log = reference.log(entry.logspace);
    entry.shards.forEach((shard, i) => {
      const engine = view.engines[shard]!;
      const start = vectorAt(entry.starts, shard);
      const ordered = log.shards.get(engine)?.positions;
      for (const storage of view.storageSets[shard]!) {
        const state = simulation.stateOf(storages[storage - 1]!) as StorageState | undefined;
        // One that has failed since it said what it holds has done its part: the others hold the records.
        if (state === undefined || !isMember(view, "storages", storage, state.session.birth)) continue;
        const held = state.logs.get(entry.logspace)?.unordered;
        for (let counter = start; counter < start + entry.deltas[i]!; counter++) {
          if (held?.has(join(engine, counter)) || ordered?.[counter] !== undefined) continue;
          violations.report(
            "A3",
            nowNanos,
            `${nameOf(entry)} orders records ${start} to ${start + entry.deltas[i]! - 1} of engine ${engine}, but storage node ${storage} does not hold record ${counter}`,
          );
          break;
        }
      }
    });
  }

  return {
    ended({ logspace, final }) {
      const metalog = metalogOf(logspace);
      // What the seal dropped never was; a sequencer that holds it may have applied it all the same.
      for (let position = final; position < metalog.madeCount; position++) metalog.made.delete(position);
      metalog.madeCount = Math.min(metalog.madeCount, final);
      metalog.madeCuts = Math.min(metalog.madeCuts, final);
      metalog.committed = Math.max(metalog.committed, final);
    },

    progressTaken({ logspace, shard, engine, storage, count }, nowNanos) {
      const { progress } = metalogOf(logspace);
      const key = join(shard, storage);
      const before = progress.get(key) ?? 0;
      if (count < before) {
        violations.report(
          "M1",
          nowNanos,
          `the primary of log ${logspace} sets what storage node ${storage} holds of engine ${engine} from ${before} back to ${count} records`,
        );
      }
      progress.set(key, count);
    },

    acknowledgementTaken({ logspace, backup, position }, nowNanos) {
      const { acknowledged } = metalogOf(logspace);
      const before = acknowledged.get(backup) ?? 0;
      if (position < before) {
        violations.report(
          "M1",
          nowNanos,
          `the primary of log ${logspace} sets what sequencer ${backup} has acknowledged from ${before} back to ${position}`,
        );
      }
      acknowledged.set(backup, position);
    },

    cutMade({ entry, view, replicatedPosition }, nowNanos) {
      const metalog = metalogOf(entry.logspace);
      checkChain(entry, view, metalog, nowNanos);
      checkStored(entry, view, nowNanos);
      const known = Math.min(replicatedPosition, metalog.committed);
      const isCut = entry.trim === undefined;
      if (view.metalogReplicas > 1 && isCut && known < metalog.madeCuts) {
        violations.report(
          "A5",
          nowNanos,
          `${nameOf(entry)} is made while a quorum holds only the entries before ${known} of ${metalog.madeCuts}`,
        );
      }
      const position = metalog.madeCount++;
      if (isCut) metalog.madeCuts = metalog.madeCount;
      metalog.made.set(position, entry);
      metalog.hashes.push(0);
      const old = metalog.made.get(position - WHOLE_ENTRIES);
      if (old === undefined) return;
      metalog.hashes[position - WHOLE_ENTRIES] = hashOf(old);
      metalog.made.delete(position - WHOLE_ENTRIES);
    },

    applied({ role, node, entry }, nowNanos) {
      const metalog = metalogOf(entry.logspace);
      const made = metalog.made.get(entry.position);
      const who = role === "backup" ? `backup ${node}` : `the ${role} of node ${node}`;
      if (entry.position >= metalog.madeCount) {
        // Of an entry behind the end of its log S1 speaks.
        if (reference.log(entry.logspace).final !== undefined) return;
        violations.report("A1", nowNanos, `${who} applies ${nameOf(entry)}, which the primary never made`);
        return;
      }
      const same =
        made === undefined ? metalog.hashes[entry.position] === hashOf(entry) : sameEntry(made, entry);
      if (!same) {
        const others = made === undefined ? "another" : describe(made);
        violations.report(
          "A1",
          nowNanos,
          `${who} applies ${nameOf(entry)} as ${describe(entry)}, while the primary made it as ${others}`,
        );
      }
      if (role === "backup") {
        hold(metalog, node, entry.position, viewOfLog(reference, entry.logspace)!);
        return;
      }
      if (entry.position < metalog.committed) return;
      const view = viewOfLog(reference, entry.logspace)!;
      if (view.metalogReplicas === 1) return;
      violations.report(
        "A4",
        nowNanos,
        `${who} applies ${nameOf(entry)}, while ${holders(metalog, entry.position)} of ${view.metalogReplicas} sequencers hold it`,
      );
    },
  };
}

/** A backup has applied an entry. Committed is what the primary and as many backups as make a majority hold. */
function hold(metalog: MetalogRecord, backup: NodeId, position: number, view: View): void {
  if (position !== (metalog.held.get(backup) ?? 0)) return;
  metalog.held.set(backup, position + 1);
  const descending = [...metalog.held.values()].sort((a, b) => b - a);
  // A seal may have committed more than that already.
  const counted = descending[Math.floor(view.metalogReplicas / 2) - 1] ?? 0;
  metalog.committed = Math.max(metalog.committed, counted);
}

function holders(metalog: MetalogRecord, position: number): number {
  let count = 1;
  for (const held of metalog.held.values()) if (held > position) count++;
  return count;
}

function nameOf(entry: CutEntry): string {
  return `entry ${entry.position} of log ${entry.logspace}`;
}

function describe(entry: CutEntry): string {
  const shards = entry.shards.map((shard, i) => `${entry.deltas[i]} of shard ${shard}`);
  return `${shards.join(", ")} from position ${entry.startSeqnum}`;
}

function sameEntry(a: CutEntry, b: CutEntry): boolean {
  if (a === b) return true;
  return hashOf(a) === hashOf(b) && JSON.stringify(a) === JSON.stringify(b);
}

/** Over all that orders records; the starts of shards without any are left out. */
function hashOf(entry: CutEntry): number {
  let hash = mixed(entry.position, entry.startSeqnum);
  for (let i = 0; i < entry.shards.length; i++) {
    const shard = entry.shards[i]!;
    hash = mixed(mixed(hash, shard), vectorAt(entry.starts, shard));
    hash = mixed(mixed(hash, entry.deltas[i]!), entry.firsts[i]!);
  }
  return hash;
}

function mixed(hash: number, value: number): number {
  const x = Math.imul(hash ^ value, 0x9e3779b1);
  return (x ^ (x >>> 15)) | 0;
}
