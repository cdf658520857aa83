import { describe, expect, test } from "vitest";
import { defectsOf, NO_DEFECTS } from "../../../models/boki/defects.ts";
import { join } from "../../../models/boki/identifiers.ts";
import type { CutEntry } from "../../../models/boki/metalog.ts";
import { CALL, dispatch, engineNode, GATEWAY, installed, LOG, REMOTE, WORKERS } from "./engine-node.ts";
import { takeKind, takeSent } from "./fake-effects.ts";
import { cutsOf, engineAt, ids, recordOf, storageAt } from "./nodes.ts";

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

  test("of a call that is not known is answered as cancelled, and counted", () => {
    const node = installed(1);
    node.append(7, 4_711);
    expect(takeSent(node.out)).toMatchObject([
      { to: WORKERS[0], message: { kind: "opResult", client: 7, outcome: "cancelled" } },
    ]);
    expect(node.out.counters.get("engine.unknownCall")).toBe(1);
  });

  test("of a call that is not known gets no answer in the release (P18)", () => {
    const node = installed(1, { defects: defectsOf(["P18"]) });
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

  test.each([
    { name: "flows back", defects: NO_DEFECTS, learned: 2 },
    { name: "does not flow back in the release (P15)", defects: defectsOf(["P15"]), learned: 1 },
  ])("is what its child starts with, and what the child learns $name", ({ defects, learned }) => {
    const node = installed(1, { defects });
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
      {
        to: WORKERS[0],
        message: { kind: "invokeResult", client: 3, output: "done", progress: join(LOG, 2) },
      },
    ]);
    expect(node.progress()).toBe(join(LOG, learned));
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
