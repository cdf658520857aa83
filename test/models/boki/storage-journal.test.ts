import { describe, expect, test } from "vitest";
import { defectsOf } from "../../../models/boki/defects.ts";
import { FLUSH, LOCAL_CUT, REPAIR } from "../../../models/boki/storage-state.ts";
import { METALOG_VIEWS_KEPT } from "../../../models/boki/view.ts";
import { DAMAGED } from "../../../sim/faults/damage.ts";
import { takeKind, takeSent } from "./fake-effects.ts";
import { cutsOf, recordOf, sequencerAt, viewSpec, viewWith } from "./nodes.ts";
import { installed, LOG, order, type StorageNode, singles, storageNode } from "./storage-node.ts";

const JOURNAL = { journal: true };
const SYNC = "journal";

function reported(node: StorageNode): readonly number[] | undefined {
  if (!node.out.timers.has(LOCAL_CUT)) return undefined;
  node.expire(LOCAL_CUT);
  return takeKind(node.out, "shardProgress")[0]?.message.counts;
}

describe("with a journal a record", () => {
  test("counts once it is durable", () => {
    const node = installed(JOURNAL);
    node.hold(recordOf(1, 0));
    expect([...node.out.disk.get(`journal ${LOG}`)!.values()]).toEqual([recordOf(1, 0)]);
    expect(reported(node)).toBeUndefined();
    expect(node.out.observed.filter(({ kind }) => kind === "stored")).toEqual([]);
    node.expire(SYNC);
    expect(reported(node)).toEqual([1, 0, 0]);
    expect(node.out.observed.filter(({ kind }) => kind === "stored")).toHaveLength(1);
  });

  test("that comes while a sync is under way becomes durable with the next", () => {
    const node = installed(JOURNAL);
    node.hold(recordOf(1, 0));
    node.hold(recordOf(1, 1), recordOf(2, 0));
    node.expire(SYNC);
    expect(reported(node)).toEqual([1, 0, 0]);
    node.expire(SYNC);
    expect(reported(node)).toEqual([2, 1, 0]);
    expect(node.out.timers.has(SYNC)).toBe(false);
  });

  test("is looked after by the repair tick from then on", () => {
    const node = installed(JOURNAL);
    node.hold(recordOf(1, 0));
    node.expire(REPAIR);
    expect(node.out.timers.has(REPAIR)).toBe(false);
    node.expire(SYNC);
    expect(node.out.timers.has(REPAIR)).toBe(true);
  });

  test("that the disk refuses is not here, until it is sent again", () => {
    const node = installed(JOURNAL);
    node.out.diskFull = true;
    node.hold(recordOf(1, 0));
    expect(node.out.timers.has(SYNC)).toBe(false);
    node.out.diskFull = false;
    node.hold(recordOf(1, 0));
    node.expire(SYNC);
    expect(reported(node)).toEqual([1, 0, 0]);
  });

  test("that is sent twice is written once", () => {
    const node = installed(JOURNAL);
    node.hold(recordOf(1, 1));
    node.out.disk.clear();
    node.hold(recordOf(1, 1));
    expect(node.out.disk.size).toBe(0);
  });

  test("counts at once, as released", () => {
    const node = installed({ ...JOURNAL, defects: defectsOf(["P11"]) });
    node.hold(recordOf(1, 0));
    expect(reported(node)).toEqual([1, 0, 0]);
    expect(node.out.disk.size).toBe(0);
  });
});

describe("a node that boots with its journal", () => {
  const births = { ...viewSpec().births, storages: [1, 2, 3] };

  /** Boots with the disk of another life, in a view that counts on that. */
  function reborn(before: StorageNode, changes = JOURNAL): StorageNode {
    const node = storageNode(1, changes, [], before.out.disk);
    node.install(viewWith({ births }));
    takeSent(node.out);
    return node;
  }

  /** Two records in the database, two more in the journal alone; all are ordered. */
  function crashed(): StorageNode {
    const before = installed(JOURNAL);
    order(before, 2);
    before.expire(FLUSH);
    before.hold(recordOf(1, 2), recordOf(1, 3));
    return before;
  }

  function outcomesOf(node: StorageNode, count: number): string[] {
    takeSent(node.out);
    for (let position = 0; position < count; position++) node.readAt(position);
    return takeKind(node.out, "readResult").map(({ message }) => message.outcome);
  }

  test("has its records again when the view has ended", () => {
    const node = reborn(crashed());
    expect(outcomesOf(node, 4)).toEqual(["ok", "ok", "notHere", "notHere"]);
    node.finalize(singles(4));
    expect(outcomesOf(node, 4)).toEqual(["ok", "ok", "ok", "ok"]);
    expect(node.out.counters.get("storage.recordRecovered")).toBe(2);
    expect(node.out.timers.has(REPAIR)).toBe(false);
  });

  test("asks the sequencers for entries that the tail lacks, from where its database is complete", () => {
    const node = reborn(crashed());
    node.finalize(singles(4), { tail: singles(4).slice(3) });
    node.expire(REPAIR);
    expect(takeKind(node.out, "metalogFetch").map(({ to, message }) => [to, message.from])).toEqual([
      [sequencerAt(1), 2],
      [sequencerAt(2), 2],
    ]);
    const answer = (from: number, end: number) =>
      node.receive(sequencerAt(1), {
        kind: "metalogFetched",
        logspace: LOG,
        entries: singles(4).slice(from, end),
      });
    answer(2, 3);
    expect(takeKind(node.out, "metalogFetch").map(({ message }) => message.from)).toEqual([3]);
    answer(3, 4);
    expect(outcomesOf(node, 4)).toEqual(["ok", "ok", "ok", "ok"]);
  });

  test("puts records of several shards where the entry says", () => {
    const before = installed(JOURNAL);
    before.hold(recordOf(3, 0), recordOf(1, 0), recordOf(2, 0));
    const node = reborn(before);
    node.finalize(cutsOf(LOG, [[1, 1, 1]]));
    expect([...node.out.disk.get(`log ${LOG}`)!]).toEqual([
      [0, recordOf(1, 0)],
      [1, recordOf(2, 0)],
      [2, recordOf(3, 0)],
    ]);
  });

  test("asks nobody about a log that it had come to the end of", () => {
    const before = installed(JOURNAL);
    order(before, 1);
    before.finalize(singles(1));
    before.expire(FLUSH);
    const node = reborn(before);
    node.finalize(singles(1), { tail: [] });
    expect(node.state.recoveries.size).toBe(0);
    expect(node.out.timers.has(REPAIR)).toBe(false);
  });

  test("gives up asking when the sequencers have forgotten the log", () => {
    const node = reborn(crashed());
    node.finalize(singles(4), { tail: [] });
    for (let viewId = 1; viewId <= METALOG_VIEWS_KEPT; viewId++) node.install(viewWith({ viewId }));
    takeSent(node.out);
    node.expire(REPAIR);
    expect(takeSent(node.out)).toEqual([]);
    expect(node.state.recoveries.size).toBe(0);
  });

  test("goes on later where its disk fails to read or to take a record for a while", () => {
    const node = reborn(crashed());
    const journal = node.out.disk.get(`journal ${LOG}`)!;
    const kept = journal.get(recordOf(1, 2).localid);
    journal.set(recordOf(1, 2).localid, DAMAGED.unreadable);
    node.finalize(singles(4));
    expect(outcomesOf(node, 4)).toEqual(["ok", "ok", "notHere", "notHere"]);
    journal.set(recordOf(1, 2).localid, kept);
    node.out.diskFull = true;
    node.expire(REPAIR);
    const answer = () =>
      node.receive(sequencerAt(1), { kind: "metalogFetched", logspace: LOG, entries: singles(4).slice(2) });
    answer();
    expect(outcomesOf(node, 4)).toEqual(["ok", "ok", "notHere", "notHere"]);
    node.out.diskFull = false;
    node.expire(REPAIR);
    answer();
    expect(outcomesOf(node, 4)).toEqual(["ok", "ok", "ok", "ok"]);
    expect(node.state.recoveries.size).toBe(0);
  });

  test("passes over what its disk has spoilt for good", () => {
    const node = reborn(crashed());
    node.out.disk.get(`journal ${LOG}`)!.set(recordOf(1, 2).localid, DAMAGED.corrupt);
    node.finalize(singles(4));
    expect(outcomesOf(node, 4)).toEqual(["ok", "ok", "notHere", "ok"]);
    expect(node.state.recoveries.size).toBe(0);
  });

  test("has only its database without one", () => {
    const node = reborn(crashed(), { journal: false });
    node.finalize(singles(4));
    expect(outcomesOf(node, 4)).toEqual(["ok", "ok", "notHere", "notHere"]);
  });
});
