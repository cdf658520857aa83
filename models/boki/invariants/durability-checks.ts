/**
 * Durability: D1 to D3.
 *
 * An acknowledged record stays where it was replicated, unchanged, in memory or in the database (D1), and may leave memory
 * only once it is in the database (D3). An append that a program asks for is in the log once at most, however often it was
 * sent, and ends in one way (D2).
 *
 * D1 is checked at every read that returns a record, and at the end of the run for all records at all their storage nodes.
 */

import { get } from "../../../sim/structures/grow-map.ts";
import type { Nanos } from "../../../sim/units.ts";
import { formatSeqnum, highOf, join, positionOf } from "../identifiers.ts";
import type { LogStorageState } from "../log-storage.ts";
import type { LogRecord } from "../messages.ts";
import type { Observation } from "../observations.ts";
import type { StorageState } from "../storage.ts";
import type { CheckContext } from "./context.ts";
import { describeRecord, type LogReference, sameRecord } from "./reference.ts";

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
  appendDone(observation: Of<"appendDone">, nowNanos: Nanos): void;
  appendReturned(observation: Of<"appendReturned">): void;
  evicted(observation: Of<"evicted">, nowNanos: Nanos): void;
  readDone(observation: Of<"readDone">, nowNanos: Nanos): void;
  finish(nowNanos: Nanos): void;
}

export function createDurabilityChecks({ reference, violations, inspected }: CheckContext): DurabilityChecks {
  /** By the identity of the payload. */
  const open = new Map<number, OpenAppend>();

  function databaseRecord(storage: number, logspace: number, position: number): LogRecord | undefined {
    const { simulation, storages } = inspected();
    const disk = simulation.processes[storages[storage - 1]!]!.host.disk;
    return disk?.get(`log ${logspace}`, position) as LogRecord | undefined;
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
    const { view } = log;
    if (view === undefined) return;
    const { simulation, storages } = inspected();
    const states = view.storages.map((storage) =>
      (simulation.stateOf(storages[storage - 1]!) as StorageState | undefined)?.logs.get(log.logspace),
    );
    log.records.forEach((record, position) => {
      if (record === undefined || log.acknowledged[position] === 0) return;
      const shard = view.enginePositions.get(highOf(record.localid))!;
      for (const storage of view.storageSets[shard]!) {
        const state = states[view.storagePositions.get(storage)!];
        const found = readable(log, state, storage, position, record);
        if (sameRecord(found, record)) continue;
        violations.report(
          "D1",
          nowNanos,
          `storage node ${storage} has ${describeRecord(found)} at ${formatSeqnum(join(log.logspace, position))}, where ${describeRecord(record)} was acknowledged`,
        );
      }
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

    appendDone({ record, outcome, seqnum, engine }, nowNanos) {
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
      const found = databaseRecord(storage, highOf(seqnum), positionOf(seqnum));
      if (found !== undefined && sameRecord(found, record)) return;
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
