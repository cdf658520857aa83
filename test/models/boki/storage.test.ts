import { describe, expect, test } from "vitest";
import { join, logspaceId } from "../../../models/boki/identifiers.ts";
import type { BokiMessage } from "../../../models/boki/messages.ts";
import { FLUSH, LOCAL_CUT, type StorageConfig } from "../../../models/boki/storage-state.ts";
import { PING } from "../../../models/boki/zookeeper-session.ts";
import { MILLISECOND, SECOND } from "../../../sim/units.ts";
import { takeKind, takeSent } from "./fake-effects.ts";
import { cutsOf, engineAt, recordOf, sequencerAt } from "./nodes.ts";
import { CUT_NANOS, installed, LOG, order, storageNode } from "./storage-node.ts";

describe("a storage node's local cut", () => {
  test("tells the primary what it holds of each engine, at the next tick of the node's own clock", () => {
    const node = storageNode(1, {}, [77]);
    node.install();
    takeSent(node.out);
    node.hold(recordOf(1, 0), recordOf(3, 0), recordOf(3, 1));
    expect(node.out.timers.get(LOCAL_CUT)).toEqual({ periodNanos: CUT_NANOS, phaseNanos: SECOND + 77 });
    node.expire(LOCAL_CUT);
    expect(takeSent(node.out)).toEqual([
      {
        to: sequencerAt(1),
        message: { kind: "shardProgress", logspace: LOG, storage: 1, counts: [1, 0, 2] },
      },
    ]);
  });

  test("is silent when nothing has changed since the last", () => {
    const node = installed();
    node.hold(recordOf(1, 0));
    node.expire(LOCAL_CUT);
    takeSent(node.out);
    node.hold(recordOf(1, 0), recordOf(1, 2));
    expect(node.out.timers.has(LOCAL_CUT)).toBe(false);
  });

  test("reports each log to the primary of its own", () => {
    const node = installed({}, { physicalLogs: 2 });
    node.receive(engineAt(1), { kind: "replicate", logspace: 2, record: recordOf(1, 0) });
    node.hold(recordOf(2, 0));
    node.expire(LOCAL_CUT);
    expect(takeKind(node.out, "shardProgress").map(({ to, message }) => [to, message.counts])).toEqual([
      [sequencerAt(2), [1, 0, 0]],
      [sequencerAt(1), [0, 1, 0]],
    ]);
  });

  test("drops a record of an engine that does not store here", () => {
    // Engine 2 is stored on node 2 alone.
    const node = installed({}, { userlogReplicas: 1 });
    node.hold(recordOf(2, 0));
    expect(node.out.timers.has(LOCAL_CUT)).toBe(false);
    expect(takeSent(node.out)).toEqual([]);
  });
});

describe("an entry that orders records here", () => {
  test("has them announced to every engine of the index set, in one message each", () => {
    const node = installed({}, { engines: [5, 3, 4], indexReplicas: 2 });
    node.hold(recordOf(5, 0, { tags: [1, 2] }), recordOf(4, 0, { tags: [3] }));
    node.receive(sequencerAt(1), { kind: "metalogs", entry: cutsOf(LOG, [[1, 0, 1]])[0]! });
    const announced = takeKind(node.out, "indexData");
    expect(announced.map(({ to }) => to)).toEqual([engineAt(5), engineAt(3)]);
    expect(announced[0]!.message).toMatchObject({ logspace: LOG, positions: [0, 1], tagCount: 3 });
  });

  test("has the flush thread write them to the database at its next tick, once", () => {
    const node = installed();
    order(node, 2);
    expect(node.out.timers.get(FLUSH)).toEqual({
      periodNanos: MILLISECOND,
      phaseNanos: 100 * MILLISECOND,
    });
    node.expire(FLUSH);
    expect(node.out.timers.has(FLUSH)).toBe(false);
    expect(node.out.worked.get("flushRecord")).toBe(2);
    expect([...node.out.disk.get(`log ${LOG}`)!.keys()]).toEqual([0, 1]);
  });

  test("that orders nothing here changes nothing", () => {
    const node = installed({}, { userlogReplicas: 1 });
    node.receive(sequencerAt(1), { kind: "metalogs", entry: cutsOf(LOG, [[0, 1, 0]])[0]! });
    expect(takeSent(node.out)).toEqual([]);
    expect([...node.out.timers.keys()]).toEqual([PING]);
  });
});

describe("a read by seqnum is answered to the engine whose worker asked", () => {
  const readAt = (position: number, origin = 3): BokiMessage => ({
    kind: "readAt",
    seqnum: join(LOG, position),
    origin,
    op: 40 + position,
    progress: 9,
  });

  test("from memory", () => {
    const node = installed();
    order(node, 1);
    takeSent(node.out);
    node.receive(engineAt(2), readAt(0));
    expect(takeSent(node.out)).toEqual([
      {
        to: engineAt(3),
        message: {
          kind: "readResult",
          op: 40,
          outcome: "ok",
          seqnum: join(LOG, 0),
          record: recordOf(1, 0),
          aux: undefined,
          progress: 9,
        },
      },
    ]);
  });

  test("from the database once the record has left memory", () => {
    const node = installed({ maxLiveRecords: 1 });
    order(node, 3);
    expect(node.state.logs.get(LOG)!.live.size).toBe(3);
    node.expire(FLUSH);
    expect(node.state.logs.get(LOG)!.live.size).toBe(1);
    takeSent(node.out);
    node.receive(engineAt(2), readAt(0));
    expect(takeKind(node.out, "readResult")[0]!.message).toMatchObject({
      outcome: "ok",
      record: recordOf(1, 0),
    });
    expect(node.out.worked.get("databaseRead")).toBe(1);
  });

  test("when its entry has come, every one that waits for it", () => {
    const node = installed();
    node.hold(recordOf(1, 0));
    node.receive(engineAt(2), readAt(0, 2));
    node.receive(engineAt(2), readAt(0, 3));
    expect(takeSent(node.out)).toEqual([]);
    node.receive(sequencerAt(1), { kind: "metalogs", entry: cutsOf(LOG, [[1, 0, 0]])[0]! });
    expect(takeKind(node.out, "readResult").map(({ to, message }) => [to, message.outcome])).toEqual([
      [engineAt(2), "ok"],
      [engineAt(3), "ok"],
    ]);
  });

  test("with the news that the record is lost, when it was sent to a node that does not store it", () => {
    const node = installed({}, { userlogReplicas: 1 });
    const [other, own] = cutsOf(LOG, [
      [0, 1, 0],
      [1, 0, 0],
    ]);
    node.hold(recordOf(1, 0));
    node.receive(engineAt(2), readAt(0));
    // The node is not sent the first entry, and learns of it by the second.
    expect(other!.position).toBe(0);
    node.receive(sequencerAt(1), { kind: "metalogs", entry: own! });
    expect(takeKind(node.out, "readResult").map(({ message }) => message.outcome)).toEqual(["dataLost"]);
    expect(node.state.logs.get(LOG)!.parked.size).toBe(0);
  });
});

describe("aux data at a storage node", () => {
  function readBack(sizesBytes: readonly number[], changes: Partial<StorageConfig> = {}): unknown {
    const node = installed(changes);
    order(node, 1);
    const seqnum = join(LOG, 0);
    sizesBytes.forEach((sizeBytes, data) => {
      node.receive(engineAt(1), { kind: "storeAux", seqnum, aux: { data, sizeBytes } });
    });
    takeSent(node.out);
    node.receive(engineAt(2), { kind: "readAt", seqnum, origin: 1, op: 1, progress: 0 });
    return takeKind(node.out, "readResult")[0]!.message.aux;
  }

  test("comes with the record, the latest of what was attached", () => {
    expect(readBack([10, 20])).toEqual({ data: 1, sizeBytes: 20 });
  });

  test("is left out when record and aux data together are too large", () => {
    // The record has 100 bytes, a result 500 at most.
    expect(readBack([400])).toEqual({ data: 0, sizeBytes: 400 });
    expect(readBack([401])).toBeUndefined();
  });

  test("is forgotten when there is no room for it", () => {
    expect(readBack([300], { auxCacheBytes: 200 })).toBeUndefined();
  });

  test("is taken before there is a view", () => {
    const node = storageNode();
    node.receive(engineAt(1), { kind: "storeAux", seqnum: 1, aux: { data: 1, sizeBytes: 1 } });
    expect(node.state.held).toEqual([]);
  });
});

describe("before the view is installed", () => {
  test("records, entries and reads are held, and handled in their order right after", () => {
    const node = storageNode();
    node.hold(recordOf(1, 0));
    node.receive(sequencerAt(1), { kind: "metalogs", entry: cutsOf(LOG, [[1, 0, 0]])[0]! });
    node.receive(engineAt(2), { kind: "readAt", seqnum: join(LOG, 0), origin: 2, op: 1, progress: 0 });
    expect(takeSent(node.out)).toEqual([]);
    node.install();
    expect(takeSent(node.out).map(({ message }) => message.kind)).toEqual([
      "indexData",
      "indexData",
      "indexData",
      "readResult",
    ]);
    expect(node.state.held).toEqual([]);
  });

  test("what belongs to a later view still is held on", () => {
    const node = storageNode();
    const logspace = logspaceId(1, 1);
    node.receive(engineAt(1), { kind: "replicate", logspace, record: recordOf(1, 0) });
    node.install();
    expect(node.state.held.map(({ view }) => view)).toEqual([1]);
    expect(node.state.logs.size).toBe(0);
  });
});
