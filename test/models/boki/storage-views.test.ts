import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DefectId, defectsOf, NO_DEFECTS } from "../../../models/boki/defects.ts";
import { highOf, join } from "../../../models/boki/identifiers.ts";
import type { LogRecord } from "../../../models/boki/messages.ts";
import { type CutEntry, vectorAt } from "../../../models/boki/metalog.ts";
import { Mutation } from "../../../models/boki/mutations.ts";
import { FLUSH, LOCAL_CUT } from "../../../models/boki/storage-state.ts";
import { takeKind, takeSent } from "./fake-effects.ts";
import { cutsOf, engineAt, recordOf, sequencerAt, viewSpec, viewWith } from "./nodes.ts";
import { installed, LOG, NEXT_LOG, order, type StorageNode, singles, storageNode } from "./storage-node.ts";

const NEXT_VIEW = viewWith({ viewId: 1 });

function only(...ids: DefectId[]) {
  return { defects: defectsOf(ids) };
}

function endedAt(node: StorageNode): unknown[] {
  return node.out.observed.filter(({ kind }) => kind === "ended").map(({ position }) => position);
}

function results(node: StorageNode) {
  return takeKind(node.out, "readResult").map(({ message }) => message);
}

describe("at a freeze a storage node", () => {
  test("goes on storing, ordering and reporting", () => {
    const node = installed();
    node.tell({ topic: "view", phase: "freeze", viewId: 0 });
    node.hold(recordOf(1, 0));
    node.expire(LOCAL_CUT);
    expect(takeKind(node.out, "shardProgress")).toHaveLength(1);
    node.metalog(...singles(1));
    expect(takeKind(node.out, "indexData")).toHaveLength(3);
  });
});

describe("at the end of a view a storage node", () => {
  test("orders what the tail orders, announces it, and answers who waits for it", () => {
    const node = installed();
    node.hold(recordOf(1, 0), recordOf(1, 1));
    node.readAt(1);
    takeSent(node.out);
    node.finalize(singles(2));
    const sent = takeSent(node.out).map(({ message }) => message);
    expect(sent.map(({ kind }) => kind)).toEqual(["indexData", "indexData", "indexData", "readResult"]);
    expect(sent[0]).toMatchObject({ positions: [0, 1] });
    expect(sent[3]).toMatchObject({ outcome: "ok", record: recordOf(1, 1) });
    expect(endedAt(node)).toEqual([2]);
  });

  test("announces only what it had not ordered before", () => {
    const node = installed();
    order(node, 1);
    node.hold(recordOf(1, 1));
    takeSent(node.out);
    node.finalize(singles(2));
    expect(takeKind(node.out, "indexData").map(({ message }) => message.positions)).toEqual([[1], [1], [1]]);
  });

  test("orders a second time what the tail repeats, under the slip that does not look", () => {
    const node = installed({ mutation: Mutation.tailWithoutDuplicateCheck });
    order(node, 1);
    node.finalize(singles(1));
    expect(node.out.counters.get("storage.orderedButMissing")).toBe(1);
  });

  test("gives up what was not ordered, and reports nothing any more", () => {
    const node = installed();
    node.hold(recordOf(1, 0));
    node.finalize([]);
    expect(node.state.logs.get(LOG)!.unordered.size).toBe(0);
    node.expire(LOCAL_CUT);
    node.hold(recordOf(1, 1));
    expect(node.out.timers.has(LOCAL_CUT)).toBe(false);
    expect(takeSent(node.out)).toEqual([]);
  });

  test("answers reads that wait for what will never come", () => {
    const node = installed();
    node.readAt(5);
    node.finalize([]);
    node.readAt(6);
    expect(results(node).map(({ op, outcome }) => [op, outcome])).toEqual([
      [45, "dataLost"],
      [46, "dataLost"],
    ]);
  });

  test("comes to the end of logs it has heard nothing of", () => {
    const node = installed({}, { userlogReplicas: 1 });
    node.finalize(cutsOf(LOG, [[0, 1, 0]]));
    expect(endedAt(node)).toEqual([1]);
    expect(takeSent(node.out)).toEqual([]);
  });

  test("does nothing, under the slip, if it is there already", () => {
    const node = installed({ mutation: Mutation.finalizeSkippedWhenThere });
    order(node, 1);
    node.readAt(7);
    takeSent(node.out);
    node.finalize(singles(1));
    expect(takeSent(node.out)).toEqual([]);
    expect(endedAt(node)).toEqual([]);
  });

  test("gives up for good when it has applied what never became part of the log", () => {
    const node = installed();
    order(node, 2);
    node.finalize(singles(1));
    expect(node.state.aborted).toBe(`storage of log ${LOG} is at 2, the end is at 1`);
  });
});

describe("a storage node that the tail does not bring to the end", () => {
  const entries = singles(3);

  function behind(defects = NO_DEFECTS): StorageNode {
    const node = installed({ defects });
    node.hold(recordOf(1, 0), recordOf(1, 1), recordOf(1, 2));
    node.finalize(entries, { tail: entries.slice(1) });
    return node;
  }
  const fetched = (node: StorageNode, from: number, end: number) =>
    node.receive(sequencerAt(2), {
      kind: "metalogFetched",
      logspace: LOG,
      entries: entries.slice(from, end),
    });

  test("asks the sequencers of the log in turn, until it is there", () => {
    const node = behind();
    node.expire("repair");
    node.expire("repair");
    node.expire("repair");
    expect(takeKind(node.out, "metalogFetch").map(({ to, message }) => [to, message.from])).toEqual([
      [sequencerAt(1), 0],
      [sequencerAt(2), 0],
      [sequencerAt(3), 0],
      [sequencerAt(1), 0],
    ]);
    expect(endedAt(node)).toEqual([]);
    fetched(node, 0, 1);
    expect(takeKind(node.out, "indexData")).toHaveLength(3);
    expect(endedAt(node)).toEqual([3]);
    node.expire("repair");
    expect(node.out.timers.has("repair")).toBe(false);
  });

  test("asks on at once when an answer does not suffice", () => {
    const node = installed();
    node.hold(recordOf(1, 0), recordOf(1, 1), recordOf(1, 2));
    node.finalize(entries, { tail: [] });
    takeSent(node.out);
    fetched(node, 0, 2);
    expect(takeKind(node.out, "metalogFetch").map(({ message }) => message.from)).toEqual([2]);
    fetched(node, 2, 3);
    expect(endedAt(node)).toEqual([3]);
  });

  test("does so in later views as well, and keeps the records until then", () => {
    const node = behind();
    node.install(NEXT_VIEW);
    takeSent(node.out);
    fetched(node, 0, 1);
    node.readAt(2);
    expect(results(node)[0]).toMatchObject({ outcome: "ok", record: recordOf(1, 2) });
    expect(endedAt(node)).toEqual([3]);
  });

  test("gives up for good, as released", () => {
    const node = behind(defectsOf(["P6"]));
    expect(node.state.aborted).toBe(`storage of log ${LOG} is at 0, the end is at 3`);
    expect(takeKind(node.out, "metalogFetch")).toEqual([]);
  });
});

describe("messages of a view", () => {
  test("that is past are dropped, but for reads", () => {
    const node = installed();
    order(node, 1);
    node.hold(recordOf(1, 1));
    node.finalize(singles(1));
    node.install(NEXT_VIEW);
    takeSent(node.out);
    node.hold(recordOf(1, 2));
    node.metalog(...singles(3).slice(1));
    node.readAt(0);
    expect(takeSent(node.out).map(({ message }) => message.kind)).toEqual(["readResult"]);
    expect(node.state.logs.has(NEXT_LOG)).toBe(false);
  });

  test("that is past are filed in the current one, under the slip", () => {
    const node = installed({ mutation: Mutation.oldReplicateAccepted });
    node.finalize([]);
    node.install(NEXT_VIEW);
    node.hold(recordOf(1, 0));
    expect(node.state.logs.get(NEXT_LOG)!.counts).toEqual([1, 0, 0]);
  });

  test("that is yet to come are lost, under the slip", () => {
    const node = installed({ mutation: Mutation.futureDropped });
    node.receive(engineAt(1), { kind: "replicate", logspace: NEXT_LOG, record: recordOf(1, 0) });
    node.finalize([]);
    node.install(NEXT_VIEW);
    expect(node.state.logs.has(NEXT_LOG)).toBe(false);
  });

  test("count from the beginning again", () => {
    const node = installed();
    order(node, 2);
    node.finalize(singles(2));
    node.install(NEXT_VIEW);
    takeSent(node.out);
    node.receive(engineAt(1), { kind: "replicate", logspace: NEXT_LOG, record: recordOf(1, 0) });
    node.expire(LOCAL_CUT);
    expect(takeKind(node.out, "shardProgress")[0]!.message).toMatchObject({
      logspace: NEXT_LOG,
      counts: [1, 0, 0],
    });
  });

  test("are announced to the index set of that view", () => {
    const node = installed({}, { indexReplicas: 1, engines: [3, 2, 1] });
    node.hold(recordOf(3, 0));
    const [entry] = cutsOf(LOG, [[1, 0, 0]]);
    node.finalize([entry!], { tail: [] });
    node.install(viewWith({ viewId: 1, indexReplicas: 1, engines: [1, 2, 3] }));
    takeSent(node.out);
    node.receive(sequencerAt(1), { kind: "metalogFetched", logspace: LOG, entries: [entry!] });
    expect(takeKind(node.out, "indexData").map(({ to }) => to)).toEqual([engineAt(3)]);
  });
});

describe("a log that has ended and is in the database altogether", () => {
  test("leaves memory, and is read from the database", () => {
    const node = installed();
    order(node, 3);
    node.finalize(singles(3));
    expect(node.state.logs.get(LOG)!.live.size).toBe(3);
    node.expire(FLUSH);
    const log = node.state.logs.get(LOG)!;
    expect([log.retired, log.live.size, log.ordered.length]).toEqual([true, 0, 0]);
    expect(node.out.observed.filter(({ kind }) => kind === "evicted")).toHaveLength(3);
    takeSent(node.out);
    for (const position of [0, 1, 2, 3]) node.readAt(position);
    expect(results(node).map(({ record }) => record)).toEqual([
      recordOf(1, 0),
      recordOf(1, 1),
      recordOf(1, 2),
      undefined,
    ]);
    expect(node.out.worked.get("databaseRead")).toBe(3);
  });

  test("leaves it even if nothing was left to flush at its end", () => {
    const node = installed();
    order(node, 1);
    node.expire(FLUSH);
    node.finalize(singles(1));
    node.expire(FLUSH);
    expect(node.state.logs.get(LOG)!.retired).toBe(true);
  });

  test("never does, as released", () => {
    const node = installed(only("P1"));
    order(node, 1);
    node.finalize(singles(1));
    node.expire(FLUSH);
    expect(node.state.logs.get(LOG)!).toMatchObject({ retired: false, live: { size: 1 } });
  });
});

describe("a storage node that has booted anew", () => {
  function reborn(before: StorageNode): StorageNode {
    const node = storageNode(1, {}, [], before.out.disk);
    // The view counts on another life than the one that ZooKeeper now tells of it.
    const births = { ...viewSpec().births, storages: [1, 2, 3] };
    node.install(viewWith({ births }));
    takeSent(node.out);
    return node;
  }

  test("answers reads of what its disk has; of what it has not, it says that it cannot know", () => {
    const before = installed();
    order(before, 2);
    before.expire(FLUSH);
    before.hold(recordOf(1, 2));
    const node = reborn(before);
    for (const position of [1, 2]) node.readAt(position);
    expect(results(node).map(({ outcome, record, progress }) => [outcome, record, progress])).toEqual([
      ["ok", recordOf(1, 1), 9],
      ["notHere", undefined, 9],
    ]);
  });

  test("takes no part in the view, and comes to no end of it", () => {
    const node = reborn(installed());
    node.hold(recordOf(1, 0));
    node.metalog(...singles(1));
    node.finalize(singles(1));
    expect(node.state.logs.size).toBe(0);
    expect(takeSent(node.out)).toEqual([]);
    expect(endedAt(node)).toEqual([]);
  });

  test("is a member of the next view that counts on it", () => {
    const node = reborn(installed());
    node.finalize([]);
    node.install(NEXT_VIEW);
    node.receive(engineAt(1), { kind: "replicate", logspace: NEXT_LOG, record: recordOf(1, 0) });
    node.expire(LOCAL_CUT);
    expect(takeKind(node.out, "shardProgress")).toHaveLength(1);
  });
});

test("a storage node says of a read of a log that it has no part in that it cannot know", () => {
  const node = installed();
  node.receive(engineAt(2), { kind: "readAt", seqnum: join(7, 0), origin: 2, op: 1, progress: 0 });
  expect(results(node).map(({ outcome }) => outcome)).toEqual(["notHere"]);
});

describe("whatever arrives, in any order, twice or not at all before the end", () => {
  const rows = fc.array(
    fc
      .array(fc.integer({ min: 0, max: 2 }), { minLength: 3, maxLength: 3 })
      .filter((deltas) => deltas.some((delta) => delta > 0)),
    { minLength: 1, maxLength: 10 },
  );
  const histories = rows.chain((deltas) => {
    const entries = cutsOf(LOG, deltas);
    const records = deltas[0]!.flatMap((_, shard) => {
      const count = deltas.reduce((sum, row) => sum + row[shard]!, 0);
      return Array.from({ length: count }, (_each, counter) => recordOf(shard + 1, counter));
    });
    return fc.record({
      entries: fc.constant(entries),
      records: fc.shuffledSubarray(records, { minLength: records.length }),
      arriving: fc.shuffledSubarray([...entries, ...entries]),
      tail: fc.integer({ min: 0, max: entries.length }),
      userlogReplicas: fc.constantFrom(1, 3),
      flushes: fc.boolean(),
    });
  });

  /** Sequencers answer, two entries at a time, and repair ticks pass, until the node asks for nothing any more. */
  function catchUp(node: StorageNode, entries: readonly CutEntry[]): void {
    for (let round = 0; round < 100; round++) {
      const asked = takeKind(node.out, "metalogFetch");
      for (const { to, message } of asked) {
        const more = entries.slice(message.from, message.from + 2);
        node.receive(to, { kind: "metalogFetched", logspace: LOG, entries: more });
      }
      if (asked.length > 0) continue;
      if (!node.out.timers.has("repair")) return;
      node.expire("repair");
    }
    throw new Error("the node goes on asking");
  }

  test("a storage node ends at the final position, with every record of its shards in its place", () => {
    fc.assert(
      fc.property(histories, ({ entries, records, arriving, tail, userlogReplicas, flushes }) => {
        const node = installed({ maxLiveRecords: 2 }, { userlogReplicas });
        const isHere = ({ localid }: LogRecord) => userlogReplicas === 3 || highOf(localid) === 1;
        // A cut orders only what is here: records come before all entries, in an order of their own.
        node.hold(...records.filter(isHere));
        for (const entry of arriving) {
          node.metalog(entry);
          if (flushes && node.out.timers.has(FLUSH)) node.expire(FLUSH);
        }
        node.finalize(entries, { tail: entries.slice(tail) });
        catchUp(node, entries);
        expect(endedAt(node)).toEqual([entries.length]);
        expect(node.out.counters.get("storage.orderedButMissing")).toBeUndefined();
        while (node.out.timers.has(FLUSH)) node.expire(FLUSH);
        expect(node.state.logs.get(LOG)!.live.size).toBe(0);
        for (const entry of entries) {
          entry.shards.forEach((shard, i) => {
            for (let j = 0; j < entry.deltas[i]!; j++) {
              const expected = recordOf(shard + 1, vectorAt(entry.starts, shard) + j);
              takeSent(node.out);
              node.readAt(entry.firsts[i]! + j);
              const [result] = results(node);
              expect(result!.record).toEqual(isHere(expected) ? expected : undefined);
            }
          });
        }
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});
