import { describe, expect, test } from "vitest";
import { engine } from "../../../models/boki/engine.ts";
import type { EngineConfig, EngineState } from "../../../models/boki/engine-state.ts";
import { join, logspaceId } from "../../../models/boki/identifiers.ts";
import type {
  BokiMessage,
  CallId,
  LogRecord,
  ReadDirection,
  ReadQuery,
} from "../../../models/boki/messages.ts";
import type { CutEntry } from "../../../models/boki/metalog.ts";
import type { View, ViewSpec } from "../../../models/boki/view.ts";
import { SharedLists } from "../../../sim/structures/int-list.ts";
import { MILLISECOND } from "../../../sim/units.ts";
import { type FakeEffects, fakeEffects, takeKind, takeSent } from "./fake-effects.ts";
import {
  cutsOf,
  directoryOf,
  engineAt,
  ids,
  recordOf,
  sequencerAt,
  storageAt,
  viewWith,
  ZOOKEEPER,
} from "./nodes.ts";

type MessageOf<Kind> = Extract<BokiMessage, { kind: Kind }>;

const LOG = logspaceId(0, 1);
const GATEWAY = 50;
const WORKERS = [61, 62, 63];
const CALL: CallId = 1_000;
const LIMIT_NANOS = 5 * MILLISECOND;

interface Node {
  readonly state: EngineState;
  readonly out: FakeEffects;
  readonly view: View;
  receive(from: number, message: BokiMessage): void;
  expire(timer: number): void;
  /** Progress of a call. */
  progress(call?: CallId): number | undefined;
  append(data: number, call?: CallId): void;
  read(
    client: number,
    query?: { direction?: ReadDirection; tag?: number; seqnum?: number; call?: CallId },
  ): void;
  metalog(entry: CutEntry): void;
  /** What one storage node says of newly ordered records. */
  announce(positions: readonly number[], records: readonly LogRecord[]): void;
  results(): MessageOf<"opResult">[];
}

function engineNode(id: number, changes: Partial<EngineConfig> = {}, spec: Partial<ViewSpec> = {}): Node {
  const out = fakeEffects({ self: engineAt(id) });
  const view = viewWith(spec);
  const config: EngineConfig = {
    id,
    zooKeeper: ZOOKEEPER,
    mutation: 0,
    workers: WORKERS,
    cache: true,
    cacheBytes: 1_000_000,
    propagateAuxData: true,
    blockingReadLimitNanos: LIMIT_NANOS,
    remoteIndexShare: 0,
    resultBytesMax: 500,
    sharedLists: new SharedLists(),
    ...changes,
  };
  const state = engine.start(config, out);
  const receive = (from: number, message: BokiMessage) => engine.receive(state, from, message, out);
  const node: Node = {
    state,
    out,
    view,
    receive,
    expire: (timer) => engine.timeout(state, timer, out),
    progress: (call = CALL) => state.contexts.get(call)?.progress,
    append(data, call = CALL) {
      receive(WORKERS[0]!, { kind: "append", call, client: data, tags: [1], dataBytes: 100, data });
    },
    read(client, { direction = "prev", tag = 0, seqnum = join(LOG, 1_000), call = CALL } = {}) {
      receive(WORKERS[0]!, { kind: "read", call, client, direction, tag, seqnum });
    },
    metalog: (entry) => receive(sequencerAt(1), { kind: "metalogs", entry }),
    announce(positions, records) {
      receive(storageAt(1), { kind: "indexData", logspace: LOG, positions, records, tagCount: 0 });
    },
    results: () => takeKind(out, "opResult").map(({ message }) => message),
  };
  dispatch(node, CALL);
  takeSent(out);
  return node;
}

function dispatch(node: Node, call: CallId): void {
  node.receive(GATEWAY, { kind: "dispatch", call, logBook: 1, input: { program: "p", args: null } });
}

function install({ receive, view, out }: Node): void {
  receive(ZOOKEEPER, {
    kind: "zkEvents",
    events: [
      { topic: "node", directory: directoryOf(view) },
      { topic: "view", phase: "new", view },
    ],
  });
  takeKind(out, "zkFetched");
}

/** An engine in a view, with a call running. */
function installed(id = 1, changes: Partial<EngineConfig> = {}, spec: Partial<ViewSpec> = {}): Node {
  const node = engineNode(id, changes, spec);
  install(node);
  return node;
}

/** Three engines, of which only the second and third have the index. */
const REMOTE: Partial<ViewSpec> = { engines: [2, 3, 1], indexReplicas: 2 };

describe("an append", () => {
  test("goes to every storage node of the engine's set under the engine's next number", () => {
    const node = installed(2, {}, { storages: ids(4), userlogReplicas: 2 });
    node.append(7);
    node.append(8);
    const sent = takeKind(node.out, "replicate");
    expect(sent.map(({ to }) => to)).toEqual([storageAt(3), storageAt(4), storageAt(3), storageAt(4)]);
    expect(sent.map(({ message }) => message.record.localid)).toEqual(
      [0, 0, 1, 1].map((counter) => join(2, counter)),
    );
    expect(sent[0]!.message).toMatchObject({
      logspace: LOG,
      record: { logBook: 1, tags: [1], dataBytes: 100, data: 7 },
    });
  });

  test("is discarded at once when the engine has no view", () => {
    const node = engineNode(1);
    node.append(7);
    expect(node.results()).toMatchObject([{ client: 7, outcome: "discarded" }]);
  });

  test("is discarded at once by an engine that is not in the view", () => {
    const node = installed(4);
    node.append(7);
    expect(node.results()).toMatchObject([{ client: 7, outcome: "discarded" }]);
    expect(node.progress()).toBe(0);
  });

  test("is answered with its place when the metalog orders it, and raises the call's progress to behind the entry", () => {
    const node = installed(2);
    node.append(7);
    node.append(8);
    takeSent(node.out);
    const [first, second] = cutsOf(LOG, [
      [4, 1, 0],
      [0, 1, 0],
    ]);
    node.metalog(first!);
    expect(node.results()).toMatchObject([{ client: 7, outcome: "ok", seqnum: join(LOG, 4) }]);
    expect(node.progress()).toBe(join(LOG, 1));
    node.metalog(second!);
    expect(node.results()).toMatchObject([{ client: 8, outcome: "ok", seqnum: join(LOG, 5) }]);
    expect(node.progress()).toBe(join(LOG, 2));
  });

  test("is answered once, though its entry comes twice and out of order", () => {
    const node = installed(2);
    node.append(7);
    node.append(8);
    takeSent(node.out);
    const [first, second] = cutsOf(LOG, [
      [0, 1, 0],
      [0, 1, 0],
    ]);
    node.metalog(second!);
    expect(node.results()).toEqual([]);
    node.metalog(first!);
    node.metalog(second!);
    expect(node.results().map(({ client }) => client)).toEqual([7, 8]);
  });

  test("is in the cache before its answer leaves, so a read right behind it finds it there", () => {
    const node = installed(1);
    node.append(7);
    const record = takeKind(node.out, "replicate")[0]!.message.record;
    node.metalog(cutsOf(LOG, [[1, 0, 0]])[0]!);
    node.announce([0], [record]);
    takeSent(node.out);
    node.read(9);
    expect(node.results()).toMatchObject([{ client: 9, outcome: "ok", record, seqnum: join(LOG, 0) }]);
    expect(node.out.counters.get("engineCache.hit")).toBe(1);
  });

  test("of a call that is not known is dropped without an answer, and counted", () => {
    const node = installed(1);
    node.append(7, 4_711);
    expect(takeSent(node.out)).toEqual([]);
    expect(node.out.counters.get("engine.unknownCall")).toBe(1);
  });
});

describe("a call's progress", () => {
  const [first, second] = cutsOf(LOG, [
    [1, 0, 0],
    [0, 1, 0],
  ]) as [CutEntry, CutEntry];

  test("is never lowered by a result that reflects less", () => {
    const node = installed(1, {}, REMOTE);
    node.read(1);
    node.read(2);
    const [one, two] = takeKind(node.out, "remoteRead").map(({ message }) => message.query.op);
    const empty = {
      kind: "readResult",
      outcome: "empty",
      seqnum: 0,
      record: undefined,
      aux: undefined,
    } as const;
    node.receive(engineAt(2), { ...empty, op: two!, progress: join(LOG, 5) });
    node.receive(engineAt(3), { ...empty, op: one!, progress: join(LOG, 3) });
    expect(node.progress()).toBe(join(LOG, 5));
    expect(node.results().map(({ client, outcome }) => [client, outcome])).toEqual([
      [2, "empty"],
      [1, "empty"],
    ]);
  });

  test("holds the next read back until the local index has reached it", () => {
    const node = installed(1);
    node.append(7);
    const { record } = takeKind(node.out, "replicate")[0]!.message;
    node.metalog(first);
    takeSent(node.out);
    node.read(9);
    expect(takeSent(node.out)).toEqual([]);
    node.announce([0], [record]);
    expect(node.results()).toMatchObject([{ client: 9, outcome: "ok", record }]);
  });

  test("is what its child starts with, and what the child learns does not flow back", () => {
    const node = installed(1);
    node.append(7);
    const own = takeKind(node.out, "replicate")[0]!.message.record;
    node.metalog(first);
    takeSent(node.out);
    const child = 2_000;
    node.receive(WORKERS[0]!, {
      kind: "invoke",
      call: CALL,
      client: 3,
      child,
      input: { program: "c", args: 1 },
    });
    expect(takeSent(node.out)).toMatchObject([
      {
        to: WORKERS[1],
        message: { kind: "call", call: child, logBook: 1, input: { program: "c", args: 1 } },
      },
    ]);
    expect(node.progress(child)).toBe(join(LOG, 1));

    node.metalog(second);
    node.announce([0, 1], [own, recordOf(2, 0)]);
    node.read(4, { call: child, tag: 1 });
    expect(node.progress(child)).toBe(join(LOG, 2));
    takeSent(node.out);
    node.receive(WORKERS[1]!, { kind: "callDone", call: child, output: "done" });
    expect(takeSent(node.out)).toEqual([
      { to: WORKERS[0], message: { kind: "invokeResult", client: 3, output: "done" } },
    ]);
    expect(node.progress()).toBe(join(LOG, 1));
    expect(node.progress(child)).toBeUndefined();
  });

  test("of a call from outside starts at nothing, whatever calls before it have seen", () => {
    const node = installed(1);
    node.append(7);
    node.metalog(first);
    dispatch(node, 3_000);
    expect(node.progress(3_000)).toBe(0);
  });
});

describe("calls", () => {
  test("wait for a worker in the order they came, and their output goes to the gateway", () => {
    const node = installed(1);
    for (const call of [1_001, 1_002, 1_003, 1_004]) dispatch(node, call);
    expect(takeKind(node.out, "call").map(({ message }) => message.call)).toEqual([1_001, 1_002]);
    node.receive(WORKERS[1]!, { kind: "callDone", call: 1_001, output: 5 });
    expect(takeSent(node.out)).toMatchObject([
      { to: GATEWAY, message: { kind: "complete", call: 1_001, output: 5 } },
      { to: WORKERS[1], message: { kind: "call", call: 1_003 } },
    ]);
  });
});

describe("a read", () => {
  const record = recordOf(3, 0, { tags: [5] });
  const [entry] = cutsOf(LOG, [[0, 0, 1]]) as [CutEntry];

  /** An engine whose index has one record, of engine 3, that is not in its cache. */
  function indexed(changes: Partial<EngineConfig> = {}, spec: Partial<ViewSpec> = {}): Node {
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
    node.state.directory = {
      ...node.state.directory!,
      storage: [undefined, undefined, undefined, storageAt(3)],
    };
    node.read(1);
    node.read(2);
    expect(takeKind(node.out, "readAt").map(({ to }) => to)).toEqual([storageAt(3), storageAt(3)]);
    node.state.directory = { ...node.state.directory!, storage: [] };
    node.read(3);
    expect(node.results()).toMatchObject([{ client: 3, outcome: "dataLost" }]);
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
    install(node);
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
  const query = (changes: Partial<ReadQuery> = {}): ReadQuery => ({
    direction: "prev",
    origin: 1,
    op: 8,
    logspace: LOG,
    logBook: 1,
    tag: 0,
    seqnum: join(LOG, 1_000),
    progress: 0,
    ...changes,
  });

  test("is sent to the engines of the index set by turns", () => {
    const node = installed(1, {}, REMOTE);
    for (const client of [1, 2, 3]) node.read(client);
    const sent = takeKind(node.out, "remoteRead");
    expect(sent.map(({ to }) => to)).toEqual([2, 3, 2].map(engineAt));
    expect(sent[0]!.message.query).toEqual(query({ op: 0 }));
    expect(node.out.counters.get("readIndex.remote")).toBe(3);
  });

  test("leaves this engine out of its turns, and ends as lost when no other has the index", () => {
    const forced = { remoteIndexShare: 1 };
    const node = installed(2, forced);
    for (const client of [1, 2, 3, 4]) node.read(client);
    expect(takeKind(node.out, "remoteRead").map(({ to }) => to)).toEqual([1, 3, 1, 3].map(engineAt));

    const alone = installed(1, forced, { indexReplicas: 1 });
    alone.read(1);
    expect(alone.results()).toMatchObject([{ client: 1, outcome: "dataLost" }]);
  });

  test("is answered from the index engine's cache to the engine that asked", () => {
    const node = installed(2, {}, REMOTE);
    node.append(7);
    const own = takeKind(node.out, "replicate")[0]!.message.record;
    node.metalog(cutsOf(LOG, [[1, 0, 0]])[0]!);
    node.announce([0], [own]);
    takeSent(node.out);
    node.receive(engineAt(1), { kind: "remoteRead", query: query() });
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
    node.receive(engineAt(1), { kind: "remoteRead", query: query() });
    expect(takeSent(node.out)).toMatchObject([{ message: { kind: "readAt", origin: 1, op: 8 } }]);
  });

  test("is held by an engine that has no view yet", () => {
    const node = engineNode(2, {}, REMOTE);
    node.receive(engineAt(1), { kind: "remoteRead", query: query() });
    expect(takeSent(node.out)).toEqual([]);
    install(node);
    expect(takeKind(node.out, "readResult")).toEqual([]);
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
    expect(node.out.timers.size).toBe(0);
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
  function appended(changes: Partial<EngineConfig> = {}): Node {
    const node = installed(1, changes);
    node.append(7);
    const { record } = takeKind(node.out, "replicate")[0]!.message;
    node.metalog(cutsOf(LOG, [[1, 0, 0]])[0]!);
    node.announce([0], [record]);
    takeSent(node.out);
    return node;
  }

  function setAux(node: Node, at = seqnum, sizeBytes = aux.sizeBytes): number[] {
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
