/**
 * The order: O1 to O3.
 *
 * From the same entries every node works out the same seqnums on its own (O1). The order they give is the one in which each
 * engine issued its appends (O2), and agrees with real time within a LogBook: what was acknowledged before an append was
 * issued is in front of it (O3).
 */

import type { Nanos } from "../../../sim/units.ts";
import { formatSeqnum, highOf, join, positionOf } from "../identifiers.ts";
import type { Observation } from "../observations.ts";
import type { CheckContext } from "./context.ts";
import { describeRecord, type EachOrdered } from "./reference.ts";

type Of<Kind> = Extract<Observation, { kind: Kind }>;

export interface OrderChecks {
  appendIssued(observation: Of<"appendIssued">, nowNanos: Nanos): void;
  /** A cut gave a record its place. */
  placed(nowNanos: Nanos, ...of: Parameters<EachOrdered>): void;
  ordered(observation: Of<"ordered">, nowNanos: Nanos): void;
  appendDone(observation: Of<"appendDone">, nowNanos: Nanos): void;
}

export function createOrderChecks({ reference, violations }: CheckContext): OrderChecks {
  /** By role, by logspace and node, by engine: the counter of the record that comes next there. */
  const next = new Map<string, Map<number, Map<number, number>>>();

  function nextOf(role: string, node: number, logspace: number): Map<number, number> {
    let ofRole = next.get(role);
    if (ofRole === undefined) {
      ofRole = new Map();
      next.set(role, ofRole);
    }
    const key = join(logspace, node);
    let ofNode = ofRole.get(key);
    if (ofNode === undefined) {
      ofNode = new Map();
      ofRole.set(key, ofNode);
    }
    return ofNode;
  }

  return {
    appendIssued({ logspace, record, engine }, nowNanos) {
      const log = reference.log(logspace);
      const position = reference.shard(log, engine).positions[positionOf(record.localid)];
      if (position === undefined) return;
      const floor = reference.acknowledgedIn(record.logBook);
      const seqnum = join(logspace, position);
      if (floor > seqnum) {
        violations.report(
          "O3",
          nowNanos,
          `${describeRecord(record)} is issued after ${formatSeqnum(floor)} was acknowledged, but was given ${formatSeqnum(seqnum)} in front of it`,
        );
      }
    },

    placed(nowNanos, log, shard, counter, position, issued, before) {
      const seqnum = formatSeqnum(join(log.logspace, position));
      if (before !== undefined) {
        violations.report(
          "O1",
          nowNanos,
          `record ${counter} of engine ${shard.engine} is ordered as ${seqnum}, and was before as ${formatSeqnum(join(log.logspace, before))}`,
        );
      }
      if (issued === undefined) return;
      const { record, number, floor } = issued;
      if (number < shard.lastNumber) {
        violations.report(
          "O2",
          nowNanos,
          `${describeRecord(record)} was issued as number ${number} of its engine, but is ordered as ${seqnum} behind number ${shard.lastNumber}`,
        );
      }
      if (floor > join(log.logspace, position)) {
        violations.report(
          "O3",
          nowNanos,
          `${describeRecord(record)} was issued after ${formatSeqnum(floor)} was acknowledged, but is ordered as ${seqnum} in front of it`,
        );
      }
    },

    ordered({ role, node, localid, seqnum }, nowNanos) {
      const log = reference.log(highOf(seqnum));
      const engine = highOf(localid);
      const counter = positionOf(localid);
      const position = reference.shard(log, engine).positions[counter];
      if (position !== positionOf(seqnum)) {
        const expected = position === undefined ? "no place yet" : formatSeqnum(join(log.logspace, position));
        violations.report(
          "O1",
          nowNanos,
          `the ${role} of node ${node} gives record ${counter} of engine ${engine} ${formatSeqnum(seqnum)}; it has ${expected}`,
        );
      }
      const counters = nextOf(role, node, log.logspace);
      const due = counters.get(engine) ?? 0;
      if (counter !== due) {
        violations.report(
          "O1",
          nowNanos,
          `the ${role} of node ${node} orders record ${counter} of engine ${engine}; ${due} is next`,
        );
      }
      counters.set(engine, counter + 1);
    },

    appendDone({ outcome, logspace, record, seqnum }, nowNanos) {
      if (outcome !== "ok") return;
      const log = reference.log(logspace);
      const position = positionOf(seqnum);
      const placed = log.records[position];
      if (placed === undefined || placed.localid !== record.localid) {
        violations.report(
          "O1",
          nowNanos,
          `${describeRecord(record)} is acknowledged with ${formatSeqnum(seqnum)}, where ${describeRecord(placed)} is`,
        );
        return;
      }
      reference.acknowledge(seqnum);
    },
  };
}
