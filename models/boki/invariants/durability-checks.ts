/**
 * Durability: D1 to D3.
 *
 * An acknowledged record stays where it was replicated, unchanged, in memory or in the database, until it is given up (D1),
 * and may leave memory only once it is in the database (D3). An append that a program asks for is in the log once at most,
 * however often it was sent, and not at all when it was discarded (D2).
 *
 * D1 is checked at every read that returns a record, and at the end of the run for all records at all their storage nodes. A
 * node that has booted since, or is down, may have lost what it held in memory; but what it still has must be right, and
 * somebody must have the record.
 */

import { damageOf } from "../../../sim/faults/damage.ts";
import { get } from "../../../sim/structures/grow-map.ts";
import type { Nanos } from "../../../sim/units.ts";
import { formatSeqnum, highOf, join, type LogspaceId, positionOf, viewOf } from "../identifiers.ts";
import { journalTable, type LogStorageState } from "../log-storage.ts";
import type { LogRecord } from "../messages.ts";
import type { Observation } from "../observations.ts";
import type { StorageState } from "../storage-state.ts";
import { isMember } from "../view.ts";
import type { CheckContext } from "./context.ts";
import { describeRecord, isGivenUp, type LogReference, sameRecord, viewOfLog } from "./reference.ts";

type Of<Kind> = Extract<Observation, { kind: Kind }>;

/** An append that a program waits for. */
interface OpenAppend {
  records: number;
  done: boolean;
}

export interface DurabilityChecks {
  appendBegun(observation: Of<"appendBegun">): void;
  /** A cut gave a record its place. */
  placed(nowNanos: Nanos, log: LogReference, position: number, record: LogRecord): void;
  /** The end of its log took a record's place away again. */
  takenBack(record: LogRecord): void;
  appendDone(observation: Of<"appendDone">, nowNanos: Nanos): void;
  appendReturned(observation: Of<"appendReturned">): void;
  evicted(observation: Of<"evicted">, nowNanos: Nanos): void;
  readDone(observation: Of<"readDone">, nowNanos: Nanos): void;
  finish(nowNanos: Nanos): void;
}

export function createDurabilityChecks({ reference, violations, inspected }: CheckContext): DurabilityChecks {
  /** By the identity of the payload. */
  const open = new Map<number, OpenAppend>();

  /** What a storage node has on its disk. What a fault has damaged is told from what is right by its checksum: it is not there. */
  function databaseRecord(storage: number, logspace: number, position: number): LogRecord | undefined {
    const { simulation, storages } = inspected();
    const disk = simulation.processes[storages[storage - 1]!]!.host.disk;
    const found = disk?.peek(`log ${logspace}`, position);
    return damageOf(found) === undefined ? (found as LogRecord | undefined) : undefined;
  }

  function isDamaged(storage: number, logspace: number, position: number): boolean {
    const { simulation, storages } = inspected();
    const disk = simulation.processes[storages[storage - 1]!]!.host.disk;
    return damageOf(disk?.peek(`log ${logspace}`, position)) !== undefined;
  }

  /** What a storage node has in its journal. */
  function journalled(storage: number, logspace: number, localid: number): LogRecord | undefined {
    const { simulation, storages } = inspected();
    const disk = simulation.processes[storages[storage - 1]!]!.host.disk;
    const found = disk?.peek(journalTable(logspace), localid);
    return damageOf(found) === undefined ? (found as LogRecord | undefined) : undefined;
  }

  /** What a storage node would answer to a read, once it has applied the entry that ordered the record. */
  function readable(
    log: LogReference,
    state: LogStorageState | undefined,
    storage: number,
    position: number,
    record: LogRecord,
  ): LogRecord | undefined {
    const live = state && get(state.live, position);
    if (live !== undefined) return live;
    if (state !== undefined && position >= state.applier.seqnumPosition)
      return state.unordered.get(record.localid);
    return databaseRecord(storage, log.logspace, position);
  }

  function checkLog(log: LogReference, nowNanos: Nanos): void {
    const view = viewOfLog(reference, log.logspace);
    if (view === undefined) return;
    const { simulation, storages } = inspected();
    const states = view.storages.map((storage) => {
      const state = simulation.stateOf(storages[storage - 1]!) as StorageState | undefined;
      const isSame = state !== undefined && isMember(view, "storages", storage, state.session.birth);
      return { isSame, mayRecover: mayRecover(state, log.logspace), log: state?.logs.get(log.logspace) };
    });
    log.records.forEach((record, position) => {
      if (record === undefined || log.acknowledged[position] === 0) return;
      const seqnum = join(log.logspace, position);
      if (isGivenUp(reference, record.logBook, seqnum)) return;
      const shard = view.enginePositions.get(highOf(record.localid))!;
      let copies = 0;
      for (const storage of view.storageSets[shard]!) {
        const state = states[view.storagePositions.get(storage)!]!;
        let found = readable(log, state.log, storage, position, record);
        if (found === undefined && !state.isSame && state.mayRecover)
          found = journalled(storage, log.logspace, record.localid);
        if (sameRecord(found, record)) {
          copies++;
          continue;
        }
        if (found === undefined && (!state.isSame || isDamaged(storage, log.logspace, position))) continue;
        violations.report(
          "D1",
          nowNanos,
          `storage node ${storage} has ${describeRecord(found)} at ${formatSeqnum(seqnum)}, where ${describeRecord(record)} was acknowledged`,
        );
      }
      if (copies > 0) return;
      violations.report(
        "D1",
        nowNanos,
        `no storage node has ${formatSeqnum(seqnum)}, where ${describeRecord(record)} was acknowledged`,
      );
    });
  }

  return {
    appendBegun({ data }) {
      open.set(data, { records: 0, done: false });
    },

    placed(nowNanos, log, position, record) {
      const append = open.get(record.data);
      if (append !== undefined && append.records === 0) {
        append.records++;
        return;
      }
      violations.report(
        "D2",
        nowNanos,
        `append ${record.data} has a further record, ${formatSeqnum(join(log.logspace, position))}: ${describeRecord(record)}`,
      );
    },

    takenBack(record) {
      const append = open.get(record.data);
      if (append !== undefined) append.records--;
    },

    appendDone({ record, outcome, seqnum, engine, logspace }, nowNanos) {
      if (outcome === "discarded") {
        const log = reference.log(logspace);
        const position = reference.shard(log, engine).positions[positionOf(record.localid)];
        if (position === undefined) return;
        violations.report(
          "D2",
          nowNanos,
          `engine ${engine} discards append ${record.data}, which is in the log as ${formatSeqnum(join(logspace, position))}`,
        );
        return;
      }
      if (outcome !== "ok") return;
      const append = open.get(record.data);
      if (append !== undefined && !append.done) {
        append.done = true;
        return;
      }
      violations.report(
        "D2",
        nowNanos,
        `engine ${engine} acknowledges append ${record.data} again, with ${formatSeqnum(seqnum)}`,
      );
    },

    appendReturned({ data }) {
      open.delete(data);
    },

    evicted({ storage, seqnum }, nowNanos) {
      const record = reference.recordAt(seqnum);
      if (record !== undefined && isGivenUp(reference, record.logBook, seqnum)) return;
      const found = databaseRecord(storage, highOf(seqnum), positionOf(seqnum));
      if (found !== undefined && sameRecord(found, record)) return;
      if (isDamaged(storage, highOf(seqnum), positionOf(seqnum))) return;
      violations.report(
        "D3",
        nowNanos,
        `storage node ${storage} drops ${formatSeqnum(seqnum)} from memory; its database has ${describeRecord(found)}, not ${describeRecord(record)}`,
      );
    },

    readDone({ engine, outcome, seqnum, record }, nowNanos) {
      if (outcome === "dataLost") {
        violations.report(
          "D1",
          nowNanos,
          `a read of engine ${engine} finds ${formatSeqnum(seqnum)} lost, where ${describeRecord(reference.recordAt(seqnum))} is`,
        );
      } else if (outcome === "ok" && !sameRecord(record, reference.recordAt(seqnum))) {
        violations.report(
          "D1",
          nowNanos,
          `a read of engine ${engine} returns ${describeRecord(record)} for ${formatSeqnum(seqnum)}, where ${describeRecord(reference.recordAt(seqnum))} is`,
        );
      }
    },

    finish(nowNanos) {
      for (const log of reference.logs.values()) checkLog(log, nowNanos);
    },
  };
}

/** Whether a node that has booted anew, or is still to boot, has yet to put a log together again from its journal. */
function mayRecover(state: StorageState | undefined, logspace: LogspaceId): boolean {
  if (state?.view === undefined || state.recoveries.has(logspace)) return true;
  const { viewId } = state.view;
  return viewOf(logspace) > viewId || (viewOf(logspace) === viewId && state.phase !== "finalized");
}
