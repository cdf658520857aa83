import { describe, expect, test } from "vitest";
import { defectsOf, NO_DEFECTS } from "../../../models/boki/defects.ts";
import type { EngineConfig } from "../../../models/boki/engine-state.ts";
import { join } from "../../../models/boki/identifiers.ts";
import type { BokiMessage } from "../../../models/boki/messages.ts";
import type { CutEntry } from "../../../models/boki/metalog.ts";
import type { ViewSpec } from "../../../models/boki/view.ts";
import { MILLISECOND, SECOND } from "../../../sim/units.ts";
import {
  CALL,
  type EngineNode,
  engineNode,
  installed,
  LIMIT_NANOS,
  LOG,
  type MessageOf,
  queryOf,
  REMOTE,
  REPAIR_NANOS,
  RETRY_NANOS,
  WORKERS,
} from "./engine-node.ts";
import { takeKind, takeSent } from "./fake-effects.ts";
import { cutsOf, engineAt, recordOf, storageAt } from "./nodes.ts";

describe("a read", () => {
  const record = recordOf(3, 0, { tags: [5] });
  const [entry] = cutsOf(LOG, [[0, 0, 1]]) as [CutEntry];

  /** An engine whose index has one record, of engine 3, that is not in its cache. */
  function indexed(changes: Partial<EngineConfig> = {}, spec: Partial<ViewSpec> = {}): EngineNode {
    const node = installed(1, changes, spec);
    node.metalog(entry);
    node.announce([0], [record]);
    takeSent(node.out);
    return node;
  }

  function resultFor(op: number, changes: Partial<MessageOf<"readResult">> = {}): BokiMessage {
    return {
      kind: "readResult",
      op,
      outcome: "ok",
      seqnum: join(LOG, 0),
      record,
      aux: undefined,
      progress: join(LOG, 1),
      ...changes,
    };
  }

  test("that the local index finds and the cache does not have is sent to the storage nodes by turns", () => {
    const node = indexed();
    for (const client of [1, 2, 3, 4]) node.read(client);
    const sent = takeKind(node.out, "readAt");
    expect(sent.map(({ to }) => to)).toEqual([1, 2, 3, 1].map(storageAt));
    expect(sent[1]!.message).toEqual({
      kind: "readAt",
      seqnum: join(LOG, 0),
      origin: 1,
      op: 1,
      progress: join(LOG, 1),
    });
  });

  test("passes over storage nodes whose address is not known, three tries in all", () => {
    const node = indexed();
    node.state.session.directory = {
      ...node.state.session.directory!,
      storage: [undefined, undefined, undefined, storageAt(3)],
    };
    node.read(1);
    node.read(2);
    expect(takeKind(node.out, "readAt").map(({ to }) => to)).toEqual([storageAt(3), storageAt(3)]);
  });

  test.each([
    { name: "a storage node", changes: {}, missing: "storage" },
    { name: "an index", changes: { remoteIndexShare: 1 }, missing: "engine" },
  ])("that cannot reach $name waits, and ends as lost in the release", ({ changes, missing }) => {
    for (const defects of [NO_DEFECTS, defectsOf(["P9"])]) {
      const node = indexed({ ...changes, defects });
      const known = node.state.session.directory!;
      node.state.session.directory = { ...known, [missing]: [] };
      node.read(3);
      expect(node.progress()).toBe(0);
      if (defects.noRetransmission) {
        expect(node.results()).toMatchObject([{ client: 3, outcome: "dataLost" }]);
        continue;
      }
      expect(takeSent(node.out)).toEqual([]);
      node.state.session.directory = known;
      for (let waited = 0; waited < RETRY_NANOS; waited += REPAIR_NANOS) node.repair();
      expect(takeSent(node.out)).toHaveLength(1);
    }
  });

  test("without a result is asked again, of the next node in turn, until its worker has ceased to wait", () => {
    const node = indexed();
    node.read(1);
    const asked: number[] = takeKind(node.out, "readAt").map(({ to }) => to);
    for (let i = 0; i < 8; i++) {
      node.repair();
      asked.push(...takeKind(node.out, "readAt").map(({ to }) => to));
    }
    expect(asked).toEqual([1, 2, 3].map(storageAt));
    node.out.now = 2 * SECOND;
    node.repair();
    expect(node.results()).toMatchObject([{ client: 1, outcome: "timedOut" }]);
    node.repair();
    expect(node.out.timers.has("repair")).toBe(false);
  });

  test("is never asked again in the release (P9)", () => {
    const node = indexed({ defects: defectsOf(["P9"]) });
    node.read(1);
    expect(node.out.timers.has("repair")).toBe(false);
  });

  test("goes to the next node at once when one has lost its memory, three times over", () => {
    const node = indexed();
    node.read(1);
    const asked: number[] = [];
    for (let i = 0; i < 5; i++) {
      asked.push(...takeKind(node.out, "readAt").map(({ to }) => to));
      node.receive(storageAt(1), resultFor(0, { outcome: "notHere", record: undefined }));
    }
    expect(asked).toEqual([1, 2, 3, 1].map(storageAt));
    for (let waited = 0; waited < RETRY_NANOS; waited += REPAIR_NANOS) node.repair();
    expect(takeKind(node.out, "readAt").map(({ to }) => to)).toEqual([storageAt(2)]);
  });

  test("of a record that was collected meanwhile ends as trimmed, and shows the call nothing", () => {
    const node = indexed();
    node.read(1);
    takeSent(node.out);
    node.receive(storageAt(1), resultFor(0, { outcome: "trimmed", record: undefined }));
    expect(node.results()).toMatchObject([{ client: 1, outcome: "trimmed" }]);
    expect(node.progress()).toBe(0);
  });

  test("is answered to its worker when the storage node's result is here, and the record is cached", () => {
    const node = indexed();
    node.read(1);
    takeSent(node.out);
    node.receive(storageAt(1), resultFor(0, { aux: { data: 6, sizeBytes: 10 } }));
    expect(takeSent(node.out)).toMatchObject([
      { to: WORKERS[0], message: { kind: "opResult", client: 1, outcome: "ok", record, aux: { data: 6 } } },
    ]);
    expect(node.progress()).toBe(join(LOG, 1));
    node.read(2);
    expect(node.results()).toMatchObject([{ client: 2, outcome: "ok", record, aux: { data: 6 } }]);
  });

  test("goes to storage again without a cache", () => {
    const node = indexed({ cache: false });
    for (const [op, client] of [1, 2].entries()) {
      node.read(client);
      expect(takeKind(node.out, "readAt")).toHaveLength(1);
      node.receive(storageAt(1), resultFor(op));
    }
  });

  test("of a lost record ends as that, and shows the call nothing", () => {
    const node = indexed();
    node.read(1);
    takeSent(node.out);
    node.receive(storageAt(1), resultFor(0, { outcome: "dataLost", record: undefined }));
    expect(node.results()).toMatchObject([{ client: 1, outcome: "dataLost" }]);
    expect(node.progress()).toBe(0);
  });

  test("whose result comes twice is answered once; the other is counted", () => {
    const node = indexed();
    node.read(1);
    takeSent(node.out);
    node.receive(storageAt(1), resultFor(0));
    node.receive(storageAt(1), resultFor(0));
    expect(node.results()).toHaveLength(1);
    expect(node.out.counters.get("engine.unknownRead")).toBe(1);
  });

  test("without a match ends empty, and shows the call where the index stands", () => {
    const node = indexed();
    node.read(1, { tag: 99 });
    expect(node.results()).toMatchObject([{ client: 1, outcome: "empty", record: undefined }]);
    expect(node.progress()).toBe(join(LOG, 1));
  });

  test("waits for the first view", () => {
    const node = engineNode(1);
    node.read(1, { tag: 99 });
    expect(takeSent(node.out)).toEqual([]);
    node.install(node.view);
    node.metalog(entry);
    expect(node.state.heldReads).toEqual([]);
    expect(node.state.reads.size).toBe(0);
  });

  test("carries what its call had seen when the read began", () => {
    const node = installed(1, {}, REMOTE);
    node.read(1);
    const context = node.state.contexts.get(CALL)!;
    context.progress = join(LOG, 4);
    node.read(2);
    expect(takeKind(node.out, "remoteRead").map(({ message }) => message.query.progress)).toEqual([
      0,
      join(LOG, 4),
    ]);
  });
});

describe("a read whose index is elsewhere", () => {
  const record = recordOf(1, 0);

  test("is sent to the engines of the index set by turns", () => {
    const node = installed(1, {}, REMOTE);
    for (const client of [1, 2, 3]) node.read(client);
    const sent = takeKind(node.out, "remoteRead");
    expect(sent.map(({ to }) => to)).toEqual([2, 3, 2].map(engineAt));
    expect(sent[0]!.message.query).toEqual(queryOf({ op: 0 }));
    expect(node.out.counters.get("readIndex.remote")).toBe(3);
  });

  test("leaves this engine out of its turns", () => {
    const forced = { remoteIndexShare: 1 };
    const node = installed(2, forced);
    for (const client of [1, 2, 3, 4]) node.read(client);
    expect(takeKind(node.out, "remoteRead").map(({ to }) => to)).toEqual([1, 3, 1, 3].map(engineAt));
  });

  test("is answered from the index engine's cache to the engine that asked", () => {
    const node = installed(2, {}, REMOTE);
    node.append(7);
    const own = takeKind(node.out, "replicate")[0]!.message.record;
    node.metalog(cutsOf(LOG, [[1, 0, 0]])[0]!);
    node.announce([0], [own]);
    takeSent(node.out);
    node.receive(engineAt(1), { kind: "remoteRead", query: queryOf() });
    expect(takeSent(node.out)).toMatchObject([
      { to: engineAt(1), message: { kind: "readResult", op: 8, outcome: "ok", record: own } },
    ]);
  });

  test("is passed by the index engine to a storage node, which is to answer the engine that asked", () => {
    const node = installed(2, {}, REMOTE);
    // Shard 2 is engine 1.
    node.metalog(cutsOf(LOG, [[0, 0, 1]])[0]!);
    node.announce([0], [record]);
    takeSent(node.out);
    node.receive(engineAt(1), { kind: "remoteRead", query: queryOf() });
    expect(takeSent(node.out)).toMatchObject([{ message: { kind: "readAt", origin: 1, op: 8 } }]);
  });

  test("is held by an engine that has no view yet", () => {
    const node = engineNode(2, {}, REMOTE);
    node.receive(engineAt(1), { kind: "remoteRead", query: queryOf() });
    expect(takeSent(node.out)).toEqual([]);
    node.install(node.view);
    expect(takeKind(node.out, "readResult")).toMatchObject([{ to: engineAt(1), message: { op: 8 } }]);
    expect(node.state.held).toEqual([]);
  });
});

describe("a blocking read", () => {
  test("ends empty at its limit by a timer", () => {
    const node = installed(1);
    node.out.now = 1_000;
    node.read(1, { direction: "nextBlock", seqnum: 0 });
    expect(takeSent(node.out)).toEqual([]);
    expect(node.out.timers.get(LOG)).toEqual({ afterNanos: LIMIT_NANOS });
    node.out.now += LIMIT_NANOS;
    node.expire(LOG);
    expect(node.results()).toMatchObject([{ client: 1, outcome: "empty" }]);
  });

  test("that begins while another blocks has a limit of its own", () => {
    const node = installed(1);
    node.read(1, { direction: "nextBlock", seqnum: 0 });
    node.out.now = MILLISECOND;
    node.read(2, { direction: "nextBlock", seqnum: 0 });
    node.out.now = LIMIT_NANOS;
    node.expire(LOG);
    expect(node.results().map(({ client }) => client)).toEqual([1]);
    expect(node.out.timers.get(LOG)).toEqual({ afterNanos: MILLISECOND });
    node.out.now += MILLISECOND;
    node.expire(LOG);
    expect(node.results().map(({ client }) => client)).toEqual([2]);
  });

  test("that had to wait for the index first has its limit from when it began to block", () => {
    const node = installed(1);
    node.append(7);
    const { record } = takeKind(node.out, "replicate")[0]!.message;
    node.metalog(cutsOf(LOG, [[1, 0, 0]])[0]!);
    node.read(1, { direction: "nextBlock", seqnum: join(LOG, 1) });
    expect(node.out.timers.has(LOG)).toBe(false);
    node.out.now = 2 * MILLISECOND;
    node.announce([0], [record]);
    expect(node.out.timers.get(LOG)).toEqual({ afterNanos: LIMIT_NANOS });
  });

  test("is answered as soon as a match is indexed", () => {
    const node = installed(1);
    node.read(1, { direction: "nextBlock", seqnum: 0, tag: 5 });
    node.metalog(cutsOf(LOG, [[0, 0, 1]])[0]!);
    takeSent(node.out);
    node.announce([0], [recordOf(3, 0, { tags: [5] })]);
    expect(takeKind(node.out, "readAt")).toHaveLength(1);
  });
});

describe("aux data", () => {
  const aux = { data: 3, sizeBytes: 40 };
  const seqnum = join(LOG, 0);

  /** An engine that has appended one record and knows it is ordered. */
  function appended(changes: Partial<EngineConfig> = {}): EngineNode {
    const node = installed(1, changes);
    node.append(7);
    const { record } = takeKind(node.out, "replicate")[0]!.message;
    node.metalog(cutsOf(LOG, [[1, 0, 0]])[0]!);
    node.announce([0], [record]);
    takeSent(node.out);
    return node;
  }

  function setAux(node: EngineNode, at = seqnum, sizeBytes = aux.sizeBytes): number[] {
    const message = {
      kind: "setAux",
      call: CALL,
      client: 5,
      seqnum: at,
      aux: { ...aux, sizeBytes },
    } as const;
    node.receive(WORKERS[0]!, message);
    const sent = takeSent(node.out);
    expect(sent[0]).toMatchObject({
      to: WORKERS[0],
      message: { kind: "opResult", client: 5, outcome: "ok" },
    });
    return sent.slice(1).map(({ to, message: { kind } }) => {
      expect(kind).toBe("storeAux");
      return to;
    });
  }

  test("is answered at once, cached, and sent to the record's storage nodes", () => {
    const node = appended();
    const before = node.progress();
    expect(setAux(node)).toEqual([1, 2, 3].map(storageAt));
    expect(node.progress()).toBe(before);
    node.read(9);
    expect(node.results()).toMatchObject([{ client: 9, aux }]);
  });

  test("stays here when propagation is off, or the record is not in the cache", () => {
    expect(setAux(appended({ propagateAuxData: false }))).toEqual([]);
    expect(setAux(appended(), join(LOG, 77))).toEqual([]);
    expect(setAux(appended({ cache: false }))).toEqual([]);
  });

  test("is left out of a result that would be too large with it", () => {
    // The record has 100 bytes and a tag of 8, a result 500 at most.
    for (const [sizeBytes, fits] of [
      [392, true],
      [393, false],
    ] as const) {
      const node = appended();
      setAux(node, seqnum, sizeBytes);
      node.read(9);
      expect(node.results()[0]!.aux !== undefined).toBe(fits);
    }
  });
});
