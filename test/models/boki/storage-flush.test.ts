import { describe, expect, test } from "vitest";
import { defectsOf, NO_DEFECTS } from "../../../models/boki/defects.ts";
import { FLUSH, LOCAL_CUT } from "../../../models/boki/storage-state.ts";
import { DAMAGED } from "../../../sim/faults/damage.ts";
import { MILLISECOND } from "../../../sim/units.ts";
import { takeKind, takeSent } from "./fake-effects.ts";
import { recordOf } from "./nodes.ts";
import { installed, LOG, order, type StorageNode, singles, storageNode } from "./storage-node.ts";

function outcomes(node: StorageNode) {
  return takeKind(node.out, "readResult").map(({ message }) => message.outcome);
}

describe("the table of a log", () => {
  test("is made within milliseconds of its view; what is ordered before waits for it", () => {
    // Phases of the local cut and the flush, then the fourth of the possible lengths.
    const node = storageNode(1, {}, [0, 0, 3]);
    node.install();
    expect(node.out.timers.get("tables 0")).toEqual({ afterNanos: 4 * MILLISECOND });
    order(node, 2);
    node.expire(FLUSH);
    expect(node.out.disk.size).toBe(0);
    node.expire("tables 0");
    node.expire(FLUSH);
    expect(node.out.disk.get(`log ${LOG}`)!.size).toBe(2);
  });

  test("is not waited for as released: what is flushed before is dropped and counts as written", () => {
    const node = storageNode(1, { maxLiveRecords: 1, defects: defectsOf(["P7"]) });
    node.install();
    order(node, 2);
    node.expire(FLUSH);
    node.makeTables();
    expect(node.out.counters.get("storage.writeDropped")).toBe(2);
    takeSent(node.out);
    node.readAt(0);
    node.readAt(1);
    expect(outcomes(node)).toEqual(["dataLost", "ok"]);
  });
});

describe("a disk that refuses writes", () => {
  test("leaves them to the next flush, and in memory until then", () => {
    const node = installed({ maxLiveRecords: 1 });
    order(node, 3);
    node.out.diskFull = true;
    node.expire(FLUSH);
    expect(node.state.logs.get(LOG)!).toMatchObject({ live: { size: 3 }, persistedPosition: 0 });
    node.expire(FLUSH);
    node.out.diskFull = false;
    node.expire(FLUSH);
    expect(node.state.logs.get(LOG)!).toMatchObject({ live: { size: 1 }, persistedPosition: 3 });
    expect(node.out.timers.has(FLUSH)).toBe(false);
    expect(node.out.counters.get("storage.writeRefused")).toBe(2);
  });

  test("keeps an ended log in memory", () => {
    const node = installed();
    order(node, 1);
    node.out.diskFull = true;
    node.finalize(singles(1));
    node.expire(FLUSH);
    expect(node.state.logs.get(LOG)!.retired).toBe(false);
    node.out.diskFull = false;
    node.expire(FLUSH);
    expect(node.state.logs.get(LOG)!.retired).toBe(true);
  });
});

test.each(Object.values(DAMAGED))(
  "a record that the disk gives back as $damage is left to other nodes",
  (damaged) => {
    const node = installed({ maxLiveRecords: 0 });
    order(node, 1);
    node.expire(FLUSH);
    node.out.disk.get(`log ${LOG}`)!.set(0, damaged);
    node.readAt(0);
    expect(outcomes(node)).toEqual(["notHere"]);
    expect(node.out.observed.filter(({ kind }) => kind === "damageFound")).toMatchObject([
      { storage: 1, origin: 3, op: 40 },
    ]);
  },
);

describe("when the flush cannot keep up", () => {
  const limits = { unflushedRecordsMax: 3, unflushedRecordsTarget: 1 };

  function overloaded(defects = NO_DEFECTS): StorageNode {
    const node = installed({ ...limits, defects });
    node.out.diskFull = true;
    order(node, 4);
    node.expire(FLUSH);
    node.hold(recordOf(1, 4));
    takeSent(node.out);
    node.expire(LOCAL_CUT);
    return node;
  }

  test("progress is withheld, until the database has caught up to the target", () => {
    const node = overloaded();
    expect(takeSent(node.out)).toEqual([]);
    expect(node.out.counters.get("storage.progressWithheld")).toBe(1);
    node.out.diskFull = false;
    node.expire(FLUSH);
    node.expire(LOCAL_CUT);
    expect(takeKind(node.out, "shardProgress").map(({ message }) => message.counts)).toEqual([[5, 0, 0]]);
  });

  test("records that are not ordered do not count: they could never be ordered otherwise", () => {
    const node = installed(limits);
    node.hold(...[0, 1, 2, 3, 4, 5].map((counter) => recordOf(1, counter)));
    node.expire(LOCAL_CUT);
    expect(takeKind(node.out, "shardProgress")).toHaveLength(1);
  });

  test("it goes on reporting, as released", () => {
    const node = overloaded(defectsOf(["P12"]));
    expect(takeKind(node.out, "shardProgress")).toHaveLength(1);
  });
});
