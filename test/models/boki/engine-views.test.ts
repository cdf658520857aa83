/** An engine from view to view: appends at the end of one, reads that go on into older ones, lives that a view does not count on. */

import { describe, expect, test } from "vitest";
import { type DefectId, defectsOf } from "../../../models/boki/defects.ts";
import type { EngineConfig } from "../../../models/boki/engine-state.ts";
import { join, SEQNUM_MAX } from "../../../models/boki/identifiers.ts";
import type { BokiMessage, LogRecord } from "../../../models/boki/messages.ts";
import type { CutEntry } from "../../../models/boki/metalog.ts";
import { Mutation } from "../../../models/boki/mutations.ts";
import type { Observation } from "../../../models/boki/observations.ts";
import type { View, ViewSpec } from "../../../models/boki/view.ts";
import {
  CALL,
  dispatch,
  type EngineNode,
  engineNode,
  installed,
  LIMIT_NANOS,
  LOG,
  NEXT_LOG,
  queryOf,
  WORKERS,
} from "./engine-node.ts";
import { takeKind, takeSent } from "./fake-effects.ts";
import { birthOf, cutsOf, engineAt, ids, recordOf, sequencerAt, storageAt, viewWith } from "./nodes.ts";

/** Of two entries, each orders one record of engine 1. */
const [FIRST, SECOND] = cutsOf(LOG, [
  [1, 0, 0],
  [1, 0, 0],
]) as [CutEntry, CutEntry];

function nextView(spec: Partial<ViewSpec> = {}): View {
  return viewWith({ viewId: 1, ...spec });
}

function published(...ids: DefectId[]): Partial<EngineConfig> {
  return { defects: defectsOf(ids) };
}

/** Which appends ended how, since the last time. */
function ends(node: EngineNode): [number, string][] {
  return node.results().map(({ client, outcome }) => [client, outcome]);
}

/** Who came to the end of which log, and where. */
function ended(node: EngineNode): unknown[] {
  return observed(node).flatMap((each) => (each.kind === "ended" ? [[each.role, each.position]] : []));
}

function observed({ out }: EngineNode): Observation[] {
  return out.observed as unknown as Observation[];
}

describe("a frozen view", () => {
  test("takes no appends, and leaves those that are open", () => {
    const node = installed(1);
    node.append(7);
    node.freeze();
    takeSent(node.out);
    node.append(8);
    expect(ends(node)).toEqual([[8, "discarded"]]);
    node.metalog(FIRST);
    expect(ends(node)).toEqual([[7, "ok"]]);
  });

  test("is read on", () => {
    const node = installed(1);
    node.freeze();
    node.read(9);
    expect(ends(node)).toEqual([[9, "empty"]]);
  });

  test("takes appends to its end, by the change that is no bug", () => {
    const node = installed(1, { mutation: Mutation.activeUntilFinalize });
    node.freeze();
    node.append(7);
    node.finalize([]);
    expect(ends(node)).toEqual([[7, "discarded"]]);
  });
});

describe("the end of a view", () => {
  test("completes what the tail orders, discards the rest, and says how it ended", () => {
    const node = installed(1);
    for (const data of [7, 8, 9]) node.append(data);
    const records = takeKind(node.out, "replicate").map(({ message }) => message.record);
    node.metalog(FIRST);
    node.freeze();
    takeSent(node.out);
    node.finalize([FIRST, SECOND]);
    expect(ends(node)).toEqual([
      [8, "ok"],
      [9, "discarded"],
    ]);
    expect(node.progress()).toBe(join(LOG, 2));
    expect(ended(node)).toEqual([["producer", 2]]);
    const outcomes = observed(node).flatMap((each) => (each.kind === "appendDone" ? [each.outcome] : []));
    expect(outcomes).toEqual(["ok", "ok", "discarded"]);
    // The index lacks what the storage nodes announce at the end.
    node.announce([0, 1], [records[0]!, records[3]!]);
    expect(ended(node)).toEqual([
      ["producer", 2],
      ["index", 2],
    ]);
  });

  test("comes again only to those who are behind", () => {
    const node = installed(1);
    node.append(7);
    node.finalize([], { final: 1 });
    expect(ends(node)).toEqual([]);
    const asked = () => takeKind(node.out, "metalogFetch").map(({ to, message }) => [to, message.from]);
    asked();
    node.repair();
    node.repair();
    expect(asked().every(([, from]) => from === 0)).toBe(true);
    expect(ended(node)).toEqual([]);
    node.receive(sequencerAt(2), { kind: "metalogFetched", logspace: LOG, entries: [FIRST] });
    expect(ends(node)).toEqual([[7, "ok"]]);
    expect(ended(node)).toEqual([["producer", 1]]);
  });

  test("asks the sequencers of the log in turn for what the tail lacks", () => {
    const node = installed(1);
    node.finalize([], { final: 1 });
    const asked: number[] = [];
    for (let i = 0; i < 4; i++) {
      asked.push(...takeKind(node.out, "metalogFetch").map(({ to }) => to));
      node.repair();
    }
    expect(asked).toEqual([1, 2, 3].map(sequencerAt));
  });

  test("is fatal in the release for who is behind (P6)", () => {
    const node = installed(1, published("P6"));
    node.append(7);
    node.finalize([], { final: 1 });
    expect(node.state.aborted).toContain(`log ${LOG} is at 0, the end is at 1`);
    takeSent(node.out);
    node.read(9);
    expect(takeSent(node.out)).toEqual([]);
  });

  test("does not come in slips: before the tail, or not at all when there", () => {
    const early = installed(1, { mutation: Mutation.failsBeforeTail });
    early.append(7);
    early.finalize([FIRST]);
    expect(ends(early)).toEqual([[7, "discarded"]]);
    const skipped = installed(1, { mutation: Mutation.finalizeSkippedWhenThere });
    skipped.append(7);
    skipped.finalize([]);
    expect(ends(skipped)).toEqual([]);
    expect(ended(skipped)).toEqual([]);
  });
});

describe("the next view", () => {
  test("takes appends again, numbered from 0, and drops entries of the one before", () => {
    const node = installed(1);
    node.append(7);
    node.freeze();
    node.finalize([]);
    node.append(8);
    takeSent(node.out);
    node.install(nextView());
    node.append(9);
    expect(takeKind(node.out, "replicate").map(({ message }) => message)).toMatchObject(
      [1, 2, 3].map(() => ({ logspace: NEXT_LOG, record: { localid: join(1, 0), data: 9 } })),
    );
    node.metalog(FIRST);
    expect(ends(node)).toEqual([]);
    node.metalog(cutsOf(NEXT_LOG, [[1, 0, 0]])[0]!);
    expect(ends(node)).toEqual([[9, "ok"]]);
  });

  test("numbers on in the slip, and is entered a phase early in another", () => {
    const carried = installed(1, { mutation: Mutation.countersCarriedOver });
    carried.append(7);
    carried.finalize([]);
    carried.install(nextView());
    takeSent(carried.out);
    carried.append(8);
    expect(takeKind(carried.out, "replicate")[0]!.message.record.localid).toBe(join(1, 1));
    const early = installed(1, { mutation: Mutation.activeAtFinalize });
    early.freeze();
    early.finalize([]);
    early.append(7);
    expect(ends(early)).toEqual([]);
  });

  test("takes index data of the one before, however late", () => {
    for (const [mutation, complete] of [
      [Mutation.none, true],
      [Mutation.pastIndexDataDropped, false],
    ] as const) {
      const node = installed(1, { mutation });
      node.metalog(FIRST);
      node.finalize([FIRST]);
      node.install(nextView());
      node.announce([0], [recordOf(1, 0)]);
      expect(node.state.indexes.get(LOG)!.complete).toBe(complete);
    }
  });
});

describe("an engine that has booted anew", () => {
  /** Engine 1, told at once of a view that counts on an earlier life of it, and of what came after. */
  function reborn(...later: ("freeze" | "finalize")[]): EngineNode {
    const node = engineNode(1);
    const births = { ...node.view.births, engines: [4_711, ...ids(3).slice(1).map(engineAt).map(birthOf)] };
    const view = { ...node.view, births };
    node.install(view);
    for (const phase of later) {
      if (phase === "freeze") node.freeze();
      else node.finalize([FIRST], { final: 40 });
    }
    takeSent(node.out);
    return node;
  }

  test("takes no part in a view that counts on an earlier life, whatever becomes of it", () => {
    for (const node of [reborn(), reborn("freeze", "finalize")]) {
      node.append(7);
      expect(ends(node)).toEqual([[7, "discarded"]]);
      node.metalog(FIRST);
      node.announce([0], [recordOf(1, 0)]);
      expect(node.state.indexes.size).toBe(0);
      expect(node.state.aborted).toBeUndefined();
    }
  });

  test("passes a query to an index it lost on to who may have it, and says when all were asked that nobody knows", () => {
    const node = reborn();
    const query = queryOf({ origin: 2 });
    node.receive(engineAt(2), { kind: "remoteRead", query });
    const [passed, ...rest] = takeSent(node.out);
    expect(rest).toEqual([]);
    expect(passed).toMatchObject({ message: { kind: "remoteRead", query: { ...query, passedOn: 1 } } });
    expect(passed!.to).not.toBe(engineAt(node.state.config.id));
    node.receive(engineAt(2), { kind: "remoteRead", query: { ...query, passedOn: 1 } });
    expect(takeSent(node.out)).toMatchObject([{ message: { kind: "remoteRead", query: { passedOn: 2 } } }]);
    node.receive(engineAt(2), { kind: "remoteRead", query: { ...query, passedOn: 2 } });
    expect(takeSent(node.out)).toMatchObject([
      { to: engineAt(2), message: { kind: "readResult", op: 8, outcome: "notHere" } },
    ]);
  });

  test("is a member of the next view that counts on it", () => {
    const node = reborn("freeze", "finalize");
    node.install(nextView());
    node.append(7);
    expect(takeKind(node.out, "replicate")).toHaveLength(3);
  });

  test("tells its workers, and counts from where no earlier life has", () => {
    const node = engineNode(1);
    expect(node.state.idleWorkers.length + 1).toBe(WORKERS.length);
    expect(node.state.nextOp).toBe(0);
  });
});

describe("a read over several views", () => {
  /** Records 0 of view 0 and 1, if any, of engine 1. Both views have ended logs and full indexes but for what is left out. */
  function twoViews(
    { older = true, newer = true, announced = true } = {},
    changes: Partial<EngineConfig> = {},
    spec: Partial<ViewSpec> = {},
  ): EngineNode {
    const node = installed(1, changes);
    const entries = older ? [FIRST] : [];
    node.freeze();
    node.finalize(entries);
    if (older && announced) node.announce([0], [recordOf(1, 0)]);
    node.install(nextView(spec));
    if (newer) {
      node.metalog(cutsOf(NEXT_LOG, [[1, 0, 0]])[0]!);
      node.announce([0], [recordOf(1, 0)], NEXT_LOG);
    }
    takeSent(node.out);
    return node;
  }
  const asked = (node: EngineNode) => takeKind(node.out, "readAt").map(({ message }) => message.seqnum);

  test("backwards goes on into the older view when the newer has nothing", () => {
    const node = twoViews({ newer: false });
    node.read(1, { seqnum: SEQNUM_MAX });
    expect(asked(node)).toEqual([join(LOG, 0)]);
    const full = twoViews();
    full.read(1, { seqnum: SEQNUM_MAX });
    expect(asked(full)).toEqual([join(NEXT_LOG, 0)]);
  });

  test("forwards prefers the older view's match, and falls back on the newer's", () => {
    const both = twoViews();
    both.read(1, { direction: "next", seqnum: 0 });
    expect(asked(both)).toEqual([join(LOG, 0)]);
    const fallback = twoViews({ older: false });
    fallback.read(1, { direction: "next", seqnum: 0 });
    expect(asked(fallback)).toEqual([join(NEXT_LOG, 0)]);
    const slip = twoViews({}, { mutation: Mutation.newerHitKept });
    slip.read(1, { direction: "next", seqnum: 0 });
    expect(asked(slip)).toEqual([join(NEXT_LOG, 0)]);
  });

  test("shows its call where the index asked first stood", () => {
    const node = twoViews();
    node.read(1, { seqnum: join(LOG, 5), tag: 9 });
    expect(ends(node)).toEqual([[1, "empty"]]);
    expect(node.progress()).toBe(join(NEXT_LOG, 1));
  });

  test("waits until the older index is complete", () => {
    const node = twoViews({ newer: false, announced: false });
    node.read(1, { seqnum: SEQNUM_MAX });
    expect(takeSent(node.out)).toEqual([]);
    node.announce([0], [recordOf(1, 0)]);
    expect(asked(node)).toEqual([join(LOG, 0)]);
  });

  test("does not wait in the release (P3) or by the slip, waits for ever in the release (P1)", () => {
    for (const changes of [published("P3"), { mutation: Mutation.continuationBeforeComplete }]) {
      const hasty = twoViews({ newer: false, announced: false }, changes);
      hasty.read(1, { seqnum: SEQNUM_MAX });
      expect(ends(hasty)).toEqual([[1, "empty"]]);
    }
    const stuck = twoViews({ newer: false }, published("P1"));
    stuck.read(1, { seqnum: SEQNUM_MAX });
    expect(takeSent(stuck.out)).toEqual([]);
    expect(stuck.state.indexes.get(LOG)!.continuations).toHaveLength(1);
  });

  test("asks the storage nodes that the record's own view has", () => {
    const storages = { storages: [4, 5, 6] };
    const node = twoViews({}, {}, storages);
    node.read(1, { seqnum: join(LOG, 0) });
    expect(takeKind(node.out, "readAt").map(({ to }) => to)).toEqual([]);
    const known = node.state.session.directory!;
    node.state.session.directory = { ...known, storage: [undefined, ...ids(6).map(storageAt)] };
    node.read(2, { seqnum: join(LOG, 0) });
    node.read(3, { seqnum: join(NEXT_LOG, 0) });
    expect(takeKind(node.out, "readAt").map(({ to }) => to)).toEqual([storageAt(1), storageAt(4)]);
  });

  test("goes on at another engine, which is told that it does not begin there", () => {
    const node = installed(1, {}, { engines: [2, 3, 1], indexReplicas: 2 });
    node.finalize([]);
    node.install(nextView());
    takeSent(node.out);
    node.read(1, { seqnum: SEQNUM_MAX });
    expect(takeKind(node.out, "remoteRead")).toMatchObject([
      { to: engineAt(2), message: { query: { logspace: LOG, initial: false, progress: join(NEXT_LOG, 0) } } },
    ]);
  });

  test("that has gone on is fatal to the index of the release, and to any by the slip (P2)", () => {
    const onward = queryOf({ origin: 2, progress: join(NEXT_LOG, 3), initial: false });
    const node = twoViews({}, published("P2"));
    node.receive(engineAt(2), { kind: "remoteRead", query: onward });
    expect(node.state.aborted).toContain("has seen view 1");
    const slip = twoViews({ newer: false }, { mutation: Mutation.continuationIsInitial });
    slip.read(1, { seqnum: SEQNUM_MAX });
    expect(slip.state.aborted).toContain("has seen view 1");
  });

  test("whose way into the older view is closed is turned back; the release says nothing (P19)", () => {
    for (const [changes, answers] of [
      [{}, ["notHere"]],
      [published("P19"), []],
    ] as const) {
      const node = installed(1, changes, { engines: [2, 3, 1], indexReplicas: 2 });
      node.finalize([]);
      node.install(nextView());
      node.state.session.directory = { ...node.state.session.directory!, engine: [] };
      node.state.session.directory = {
        ...node.state.session.directory,
        engine: [undefined, undefined, undefined, undefined, engineAt(4)],
      };
      takeSent(node.out);
      const query = queryOf({ origin: 4, logspace: NEXT_LOG, seqnum: SEQNUM_MAX });
      node.receive(engineAt(4), { kind: "remoteRead", query });
      expect(takeKind(node.out, "readResult").map(({ message }) => message.outcome)).toEqual(answers);
    }
  });

  test("is answered on the way as well, by the slip", () => {
    const node = twoViews({ newer: false }, { mutation: Mutation.foundAndEmptyBoth });
    node.read(1, { seqnum: SEQNUM_MAX });
    expect(takeSent(node.out).map(({ message }) => message.kind)).toEqual(["readAt", "opResult"]);
  });
});

describe("a read from a newer view", () => {
  test("is held by an engine that has not heard of that view", () => {
    const node = installed(1);
    node.finalize([]);
    takeSent(node.out);
    const query = queryOf({ origin: 2, initial: false, progress: join(NEXT_LOG, 3) });
    node.receive(engineAt(2), { kind: "remoteRead", query });
    expect(takeSent(node.out)).toEqual([]);
    node.install(nextView());
    expect(takeKind(node.out, "readResult")).toMatchObject([
      { message: { outcome: "empty", progress: join(NEXT_LOG, 3) } },
    ]);
  });
});

describe("a blocking read", () => {
  function blocking(changes: Partial<EngineConfig> = {}): EngineNode {
    const node = installed(1, changes);
    node.read(1, { direction: "nextBlock", seqnum: 0 });
    takeSent(node.out);
    return node;
  }
  const own = (counter: number): LogRecord => recordOf(1, counter);

  test("of a view that has ended is put to the next, and woken there", () => {
    const node = blocking();
    node.finalize([]);
    node.install(nextView());
    expect(node.state.indexes.get(LOG)!.blocked).toEqual([]);
    node.metalog(cutsOf(NEXT_LOG, [[1, 0, 0]])[0]!);
    node.announce([0], [own(0)], NEXT_LOG);
    expect(takeKind(node.out, "readAt")).toMatchObject([{ message: { seqnum: join(NEXT_LOG, 0), op: 0 } }]);
  });

  test("of a view that has ended finds there what the tail brings late", () => {
    const node = blocking();
    node.finalize([FIRST]);
    node.install(nextView());
    expect(takeKind(node.out, "readAt")).toEqual([]);
    node.announce([0], [own(0)]);
    expect(takeKind(node.out, "readAt")).toMatchObject([{ message: { seqnum: join(LOG, 0) } }]);
  });

  test("is forgotten at the end of a view in the release (P4)", () => {
    const node = blocking(published("P4"));
    node.finalize([]);
    node.install(nextView());
    expect(node.state.indexes.get(LOG)!.blocked).toHaveLength(1);
    expect(node.out.timers.has(LOG)).toBe(false);
  });

  test("reaches its limit in the release when the index advances (P4)", () => {
    const node = blocking(published("P4"));
    node.out.now = 2 * LIMIT_NANOS;
    node.metalog(cutsOf(LOG, [[0, 1, 0]])[0]!);
    node.announce([0], [recordOf(2, 0, { logBook: 2 })]);
    expect(ends(node)).toEqual([[1, "empty"]]);
  });

  test("from an older view looks there first, then blocks in the newest", () => {
    const node = installed(1);
    node.finalize([FIRST]);
    node.install(nextView());
    takeSent(node.out);
    node.read(1, { direction: "nextBlock", seqnum: 0, tag: 9 });
    expect(node.state.indexes.get(LOG)!.continuations).toHaveLength(1);
    node.announce([0], [own(0)]);
    const { blocked } = node.state.indexes.get(NEXT_LOG)!;
    expect(blocked.map(({ query }) => query.seqnum)).toEqual([join(NEXT_LOG, 0)]);
    node.out.now = LIMIT_NANOS;
    node.expire(NEXT_LOG);
    expect(ends(node)).toEqual([[1, "empty"]]);
  });

  test("from an older view does not block in the release (P17)", () => {
    const node = installed(1, published("P17"));
    node.finalize([]);
    node.install(nextView());
    takeSent(node.out);
    node.read(1, { direction: "nextBlock", seqnum: 0 });
    expect(ends(node)).toEqual([[1, "empty"]]);
  });
});

describe("a read of a call that has seen a later view than this engine", () => {
  test.each([
    { name: "is held until that view", defects: defectsOf([]), again: 0 },
    { name: "is registered twice in the release (P13)", defects: defectsOf(["P13"]), again: 1 },
  ])("$name", ({ defects, again }) => {
    const node = installed(1, { defects });
    node.state.contexts.get(CALL)!.progress = join(NEXT_LOG, 0);
    node.read(1, { tag: 9, seqnum: join(NEXT_LOG, 3) });
    expect(takeSent(node.out)).toEqual([]);
    node.finalize([]);
    node.install(nextView());
    expect(ends(node)).toEqual([[1, "empty"]]);
    expect(node.out.counters.get("engine.readRegisteredTwice") ?? 0).toBe(again);
  });
});

describe("what is overdue", () => {
  test("is looked after only while something is open", () => {
    const node = installed(1);
    expect(node.out.timers.has("repair")).toBe(false);
    node.append(7);
    const [record] = takeKind(node.out, "replicate").map(({ message }) => message.record);
    expect(node.out.timers.has("repair")).toBe(true);
    node.metalog(FIRST);
    node.announce([0], [record!]);
    node.repair();
    expect(node.out.timers.has("repair")).toBe(false);
  });

  test("is sent again: an append that was open at the look before, and its entry is asked for", () => {
    const node = installed(1);
    node.append(7);
    takeSent(node.out);
    node.repair();
    expect(takeSent(node.out)).toEqual([]);
    node.append(8);
    takeSent(node.out);
    node.repair();
    const sent = takeSent(node.out);
    const again = sent.flatMap(({ message }) => (message.kind === "replicate" ? [message.record.data] : []));
    expect(again).toEqual([7, 7, 7]);
    expect(sent.at(-1)).toEqual({
      to: sequencerAt(1),
      message: { kind: "metalogFetch", logspace: LOG, from: 0 },
    });
  });

  test("are the oldest of many appends, 64 at a time", () => {
    const node = installed(1);
    for (let data = 0; data < 100; data++) node.append(data);
    node.repair();
    takeSent(node.out);
    node.repair();
    const again = takeKind(node.out, "replicate").map(({ message }) => message.record.data);
    expect(new Set(again)).toEqual(new Set(Array.from({ length: 64 }, (_, data) => data)));
  });

  test("are entries behind a gap: they are asked for until it is closed", () => {
    const node = installed(2);
    node.metalog(SECOND);
    node.repair();
    takeSent(node.out);
    node.repair();
    expect(takeKind(node.out, "metalogFetch")).toEqual([
      { to: sequencerAt(1), message: { kind: "metalogFetch", logspace: LOG, from: 0 } },
    ]);
    node.receive(sequencerAt(1), { kind: "metalogFetched", logspace: LOG, entries: [FIRST] });
    expect(node.state.indexes.get(LOG)!.applier.metalogPosition).toBe(2);
    expect(takeKind(node.out, "metalogFetch")).toEqual([]);
  });

  test("are records that no storage node has announced: those of each shard are asked of its nodes in turn", () => {
    const node = installed(2);
    node.metalog(cutsOf(LOG, [[2, 0, 1]])[0]!);
    node.announce([0], [recordOf(1, 0)]);
    const asked: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      node.repair();
      asked.push(takeKind(node.out, "indexFetch").map(({ to, message }) => [to, message.from, message.end]));
    }
    expect(asked.slice(1)).toEqual(
      [1, 2, 3].map((storage) => [
        [storageAt(storage), 1, 2],
        [storageAt(storage), 2, 3],
      ]),
    );
  });

  test("is never looked after in the release (P9)", () => {
    const node = installed(1, published("P9"));
    node.append(7);
    node.metalog(SECOND);
    expect(node.out.timers.has("repair")).toBe(false);
  });
});

describe("calls", () => {
  const callOf = (call: number): BokiMessage => ({ kind: "callDone", call, output: 1 });

  test("whose worker has booted are lost, and the next one in line gets the worker", () => {
    const node = installed(1);
    for (const call of [1_001, 1_002, 1_003]) dispatch(node, call);
    takeSent(node.out);
    // The first call has the last worker of the list.
    const worker = node.state.contexts.get(CALL)!.worker!;
    node.receive(worker, { kind: "workerStarted" });
    expect(takeSent(node.out)).toMatchObject([
      { message: { kind: "complete", call: CALL, output: { error: "lost" } } },
      { to: worker, message: { kind: "call", call: 1_003 } },
    ]);
    node.receive(worker, callOf(CALL));
    expect(node.state.idleWorkers).toEqual([]);
    node.receive(worker, callOf(1_003));
    expect(node.state.idleWorkers).toEqual([worker]);
  });

  test("whose worker has booted are fatal to the engine of the release (P8)", () => {
    const node = installed(1, published("P8"));
    node.receive(node.state.contexts.get(CALL)!.worker!, { kind: "workerStarted" });
    expect(node.state.aborted).toContain("exited");
  });

  test("are lost when ZooKeeper has taken the engine for dead; its workers are free then", () => {
    const node = installed(1);
    for (const call of [1_001, 1_002, 1_003]) dispatch(node, call);
    takeSent(node.out);
    // What is late for an earlier boot says nothing of this one.
    node.receive(0, { kind: "zkExpired", boot: -1 });
    expect(takeSent(node.out)).toEqual([]);
    node.receive(0, { kind: "zkExpired", boot: 0 });
    expect(takeKind(node.out, "complete").map(({ message }) => message.call)).toEqual([
      CALL,
      1_001,
      1_002,
      1_003,
    ]);
    expect(node.state.idleWorkers).toEqual(WORKERS);
    node.append(7);
    expect(ends(node)).toEqual([[7, "cancelled"]]);
  });

  test("that are given twice run once", () => {
    const node = installed(1);
    node.state.contexts.get(CALL)!.progress = 5;
    dispatch(node, CALL);
    expect(takeKind(node.out, "call")).toEqual([]);
    expect(node.progress()).toBe(5);
  });
});
