/**
 * How much may go wrong in a case before the protocol's promises end (docs/models/reconfiguration.md, "Failures").
 *
 * What counts is memory that is lost for good, over the whole run: which processes crash, whose disks are damaged. Pauses,
 * partitions, losses on links, wrong clocks, slow processors and lines take nothing away, so there may be any number of them as long
 * as they end.
 *
 * - Sequencers: a view is sealed by ceil(R/2) of the R that hold a metalog, so floor(R/2) may lose theirs.
 * - Storage nodes: a record is on Ru of them, so Ru - 1 may lose theirs. With a journal a crash costs them nothing.
 * - Disks: a write that is corrupted for good, or lost although it was reported as synced, is one that its node has lost, journal or
 *   not: these nodes are among the Ru - 1. What a disk refuses is still in memory, or is sent again; what it fails to read it reads
 *   later; and a write is torn only where the power fails before a sync, when nobody counts on it. Writes that land under another
 *   key are noticed by nobody: no budget covers them, and campaigns do not draw them.
 * - Engines: an index is on Ri of them and is never made anew, so Ri - 1 may lose theirs, and one must be left.
 * - The controller remembers nothing that ZooKeeper does not have. ZooKeeper's own log stands for a quorum that survives.
 */

import type { Fault, Selector, TimedFault } from "../../sim/faults/fault.ts";
import { CASE_BOKI, CASE_CLUSTER, type Case } from "./case.ts";

export interface FaultBudget {
  readonly sequencers: number;
  readonly storages: number;
  readonly engines: number;
}

export function budgetOf({ cluster, boki }: Pick<Case, "cluster" | "boki">): FaultBudget {
  const { engines } = { ...CASE_CLUSTER, ...cluster };
  const { metalogReplicas, userlogReplicas, indexReplicas } = { ...CASE_BOKI, ...boki };
  return {
    sequencers: Math.floor(metalogReplicas / 2),
    storages: userlogReplicas - 1,
    engines: Math.min(indexReplicas, engines) - 1,
  };
}

/** Processes of each role that a plan takes memory from. */
interface Victims {
  readonly sequencers: ReadonlySet<string>;
  readonly storages: ReadonlySet<string>;
  readonly engines: ReadonlySet<string>;
  /** A process that is not named, or one or a fault that no budget covers. */
  readonly others: boolean;
}

export function isWithinBudget(subject: Case): boolean {
  const budget = budgetOf(subject);
  const victims = victimsOf(subject);
  return (
    !victims.others &&
    leavesEnough(subject) &&
    victims.sequencers.size <= budget.sequencers &&
    victims.storages.size <= budget.storages &&
    victims.engines.size <= budget.engines
  );
}

/** Whether there are nodes enough for a view without those that stay down. */
export function leavesEnough({
  cluster,
  boki,
  staysDown,
}: Pick<Case, "cluster" | "boki" | "staysDown">): boolean {
  const counts = { ...CASE_CLUSTER, ...cluster };
  const { metalogReplicas, physicalLogs, userlogReplicas, indexReplicas } = { ...CASE_BOKI, ...boki };
  const left = (role: string, nodes: number): number =>
    nodes - staysDown.filter((name) => name.startsWith(`${role}-`)).length;
  return (
    left("sequencer", counts.sequencers + counts.spareSequencers) >=
      Math.max(metalogReplicas, physicalLogs) &&
    left("storage", counts.storages + counts.spareStorages) >= userlogReplicas &&
    left("engine", counts.engines + counts.spareEngines) >= indexReplicas
  );
}

function victimsOf({ faults, boki, staysDown }: Case): Victims {
  const sequencers = new Set<string>();
  const storages = new Set<string>();
  const engines = new Set<string>();
  let others = false;
  const journal = boki.journal ?? CASE_BOKI.journal;
  for (const { fault } of [...faults.timed, ...(faults.repeated ?? [])] as readonly Pick<
    TimedFault,
    "fault"
  >[]) {
    if (fault.kind === "disk" && (fault.rule.misdirectedShare ?? 0) > 0) others = true;
    for (const name of namesOf(fault.of) ?? [""]) {
      // Only storage nodes have one, and it helps only those who come back to it.
      const remembers = journal && name.startsWith("storage-") && !staysDown.includes(name);
      if (!losesMemory(fault, remembers)) continue;
      if (name.startsWith("sequencer-")) sequencers.add(name);
      else if (name.startsWith("storage-")) storages.add(name);
      else if (name.startsWith("engine-")) engines.add(name);
      else if (name !== "controller") others = true;
    }
  }
  return { sequencers, storages, engines, others };
}

/** Undefined: who it is shows only when the fault strikes. */
function namesOf({ names, role, part }: Selector): readonly string[] | undefined {
  return names !== undefined && role === undefined && part === undefined ? names : undefined;
}

function losesMemory(fault: Fault, journal: boolean): boolean {
  switch (fault.kind) {
    case "crash":
      return !(journal && fault.disk !== "lost");
    case "disk": {
      const { unsyncedLossShare = 0, corruptShare = 0 } = fault.rule;
      return unsyncedLossShare > 0 || corruptShare > 0;
    }
    default:
      return false;
  }
}
