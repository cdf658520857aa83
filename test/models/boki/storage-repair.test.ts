import { describe, expect, test } from "vitest";
import { defectsOf } from "../../../models/boki/defects.ts";
import type { BokiMessage } from "../../../models/boki/messages.ts";
import { FLUSH, LOCAL_CUT, REPAIR, type StorageConfig } from "../../../models/boki/storage-state.ts";
import { takeKind, takeSent } from "./fake-effects.ts";
import { cutsOf, engineAt, recordOf, sequencerAt } from "./nodes.ts";
import { installed, LOG, order, REPAIR_NANOS, type StorageNode, singles } from "./storage-node.ts";

/** A node that has reported a record and hears nothing of it. */
function unheard(changes: Partial<StorageConfig> = {}): StorageNode {
  const node = installed(changes);
  node.hold(recordOf(1, 0));
  node.expire(LOCAL_CUT);
  takeSent(node.out);
  return node;
}

describe("the repair tick of a storage node", () => {
  test("is set while something is open, and looks only after what was open at the look before", () => {
    const node = unheard();
    expect(node.out.timers.get(REPAIR)).toEqual({ afterNanos: REPAIR_NANOS });
    node.expire(REPAIR);
    expect(takeSent(node.out)).toEqual([]);
    expect(node.out.timers.has(LOCAL_CUT)).toBe(false);
    expect(node.out.timers.has(REPAIR)).toBe(true);
  });

  test("ends when everything is ordered", () => {
    const node = unheard();
    node.metalog(...singles(1));
    takeSent(node.out);
    node.expire(REPAIR);
    expect(takeSent(node.out)).toEqual([]);
    expect(node.out.timers.has(REPAIR)).toBe(false);
  });

  test("has the progress reported again, and asks the primary whether the records are ordered by now", () => {
    const node = unheard();
    node.expire(REPAIR);
    node.expire(REPAIR);
    expect(takeSent(node.out)).toEqual([
      { to: sequencerAt(1), message: { kind: "metalogFetch", logspace: LOG, from: 0 } },
    ]);
    node.expire(LOCAL_CUT);
    expect(takeKind(node.out, "shardProgress").map(({ message }) => message.counts)).toEqual([[1, 0, 0]]);
  });

  test("leaves shards alone whose records come to be ordered", () => {
    const node = unheard();
    node.expire(REPAIR);
    node.metalog(...singles(1));
    node.hold(recordOf(1, 1));
    takeSent(node.out);
    node.expire(REPAIR);
    expect(takeKind(node.out, "metalogFetch")).toEqual([]);
  });

  test("asks for the entries in front of one that came too early", () => {
    const node = installed();
    node.hold(recordOf(1, 0), recordOf(1, 1));
    node.metalog(singles(2)[1]!);
    node.expire(LOCAL_CUT);
    takeSent(node.out);
    node.expire(REPAIR);
    node.expire(REPAIR);
    expect(takeKind(node.out, "metalogFetch")).toHaveLength(1);
    node.receive(sequencerAt(1), { kind: "metalogFetched", logspace: LOG, entries: singles(2) });
    expect(takeKind(node.out, "indexData")[0]!.message.positions).toEqual([0, 1]);
  });

  test("asks for the entry that a parked read waits for, and on until it has come", () => {
    const node = installed({}, { userlogReplicas: 1 });
    const entries = cutsOf(LOG, [
      [0, 1, 0],
      [0, 1, 0],
      [1, 0, 0],
    ]);
    node.hold(recordOf(1, 0));
    node.readAt(2);
    node.out.timers.delete(LOCAL_CUT);
    node.expire(REPAIR);
    takeSent(node.out);
    node.expire(REPAIR);
    expect(takeKind(node.out, "metalogFetch").map(({ message }) => message.from)).toEqual([0]);
    const answer = (from: number, end: number) =>
      node.receive(sequencerAt(1), {
        kind: "metalogFetched",
        logspace: LOG,
        entries: entries.slice(from, end),
      });
    answer(0, 2);
    expect(takeKind(node.out, "metalogFetch").map(({ message }) => message.from)).toEqual([2]);
    answer(2, 3);
    expect(takeKind(node.out, "readResult").map(({ message }) => message.outcome)).toEqual(["ok"]);
  });

  test("is never set, as released", () => {
    const node = unheard({ defects: defectsOf(["P9"]) });
    node.readAt(7);
    expect(node.out.timers.has(REPAIR)).toBe(false);
  });
});

describe("an index engine that lacks records", () => {
  const fetch = (from: number, end: number): BokiMessage => ({
    kind: "indexFetch",
    logspace: LOG,
    from,
    end,
  });

  test("is told again of those that are ordered here, from memory or from the database", () => {
    const node = installed({ maxLiveRecords: 1 });
    order(node, 2);
    node.expire(FLUSH);
    node.hold(recordOf(1, 2, { tags: [1, 2] }), recordOf(1, 3));
    node.metalog(singles(3)[2]!);
    takeSent(node.out);
    node.receive(engineAt(2), fetch(1, 9));
    expect(takeSent(node.out)).toEqual([
      {
        to: engineAt(2),
        message: {
          kind: "indexData",
          logspace: LOG,
          positions: [1, 2],
          records: [recordOf(1, 1), recordOf(1, 2, { tags: [1, 2] })],
          tagCount: 2,
        },
      },
    ]);
  });

  test("is not answered by who has none of them", () => {
    const node = installed();
    node.receive(engineAt(2), fetch(0, 9));
    expect(takeSent(node.out)).toEqual([]);
  });
});
