import { describe, expect, test } from "vitest";
import { type DefectId, defectsOf } from "../../../models/boki/defects.ts";
import { join, logspaceId } from "../../../models/boki/identifiers.ts";
import type { BokiMessage, FinalLog, ZooKeeperEvent } from "../../../models/boki/messages.ts";
import type { CutEntry } from "../../../models/boki/metalog.ts";
import { Mutation } from "../../../models/boki/mutations.ts";
import { type SequencerConfig, type SequencerState, sequencer } from "../../../models/boki/sequencer.ts";
import type { View } from "../../../models/boki/view.ts";
import { MILLISECOND, SECOND } from "../../../sim/units.ts";
import { type FakeEffects, fakeEffects, takeKind, takeSent } from "./fake-effects.ts";
import { cutsOf, directoryOf, engineAt, sequencerAt, storageAt, told, viewWith, ZOOKEEPER } from "./nodes.ts";

const CUT_NANOS = MILLISECOND;
const PHASE_NANOS = 1_234;
const LOG = logspaceId(0, 1);

interface Node {
  readonly state: SequencerState;
  readonly out: FakeEffects;
  receive(from: number, message: BokiMessage): void;
  tick(timer?: string): void;
  tell(...events: ZooKeeperEvent[]): void;
  install(view?: View): void;
  freeze(): void;
  finalize(final: number, tail?: readonly CutEntry[]): void;
}

function sequencerNode(id: number, changes: Partial<SequencerConfig> = {}): Node {
  const out = fakeEffects({ self: sequencerAt(id), choices: [PHASE_NANOS] });
  const config: SequencerConfig = {
    id,
    zooKeeper: ZOOKEEPER,
    sessionTimeoutNanos: SECOND,
    repairIntervalNanos: 20 * MILLISECOND,
    mutation: 0,
    defects: defectsOf([]),
    globalCutNanos: CUT_NANOS,
    sealTailEntries: 32,
    threads: 2,
    ...changes,
  };
  const state = sequencer.start(config, out);
  takeSent(out);
  out.timers.clear();
  let read = 0;
  const node: Node = {
    state,
    out,
    receive: (from, message) => sequencer.receive(state, from, message, out),
    tick: (timer = "globalCut") => sequencer.timeout(state, timer, out),
    tell(...events) {
      const message = told(sequencerAt(id), events, read);
      read = message.upTo;
      sequencer.receive(state, ZOOKEEPER, message, out);
    },
    install(view = viewWith()) {
      node.tell(
        { topic: "node", directory: directoryOf(view, view.viewId + 1) },
        { topic: "view", phase: "new", view },
      );
      const kept = takeSent(out).filter(({ message }) => message.kind !== "zkFetched");
      out.sent.push(...kept);
    },
    freeze: () => node.tell({ topic: "view", phase: "freeze", viewId: state.view!.viewId }),
    finalize(final, tail = []) {
      const logs: FinalLog[] = [{ logspace: LOG, final, tail }];
      node.tell({ topic: "view", phase: "finalize", viewId: 0, logs });
    },
  };
  return node;
}

function progress(storage: number, counts: readonly number[], logspace = LOG): BokiMessage {
  return { kind: "shardProgress", logspace, storage, counts };
}

function acknowledges(backup: number, position: number): BokiMessage {
  return { kind: "metalogProgress", logspace: LOG, backup, position };
}

function reportAll(node: Node, counts: readonly number[]): void {
  for (const storage of [1, 2, 3]) node.receive(storageAt(storage), progress(storage, counts));
}

/** A primary that has made so many cuts of a record each, of which all but the last are committed. */
function primaryWith(cuts: number, changes: Partial<SequencerConfig> = {}): Node {
  const node = sequencerNode(1, changes);
  node.install();
  for (let count = 1; count <= cuts; count++) {
    node.receive(sequencerAt(2), acknowledges(2, count - 1));
    reportAll(node, [count, 0, 0]);
    node.tick();
  }
  takeSent(node.out);
  return node;
}

function backupWith(entries: readonly CutEntry[], changes: Partial<SequencerConfig> = {}): Node {
  const node = sequencerNode(2, changes);
  node.install();
  for (const entry of entries) node.receive(sequencerAt(1), { kind: "metalogReplicate", entry });
  takeSent(node.out);
  return node;
}

const ENTRIES = cutsOf(LOG, [
  [1, 0, 0],
  [1, 0, 0],
  [1, 0, 0],
  [1, 0, 0],
]);

function reportOf(node: Node): readonly number[] | undefined {
  const [report] = takeKind(node.out, "zkCreate").map(({ message }) => message.event);
  return report?.topic === "seal" ? report.logs[0]!.tail.map(({ position }) => position) : undefined;
}

function endsOf({ out }: Node): unknown[] {
  return out.observed.flatMap((each) => (each.kind === "ended" ? [[each.role, each.position]] : []));
}

describe("a sequencer node", () => {
  test("registers, and watches nodes and views", () => {
    const out = fakeEffects();
    sequencer.start({ ...sequencerNode(2).state.config, id: 2 }, out);
    expect(takeSent(out)).toMatchObject([
      { to: ZOOKEEPER, message: { kind: "zkConnect", role: "sequencer", id: 2, topics: ["node", "view"] } },
    ]);
  });

  test("becomes primary of its own log if that is active, and backup of those in front of it in the list", () => {
    const view = viewWith({ sequencers: [1, 2, 3, 4], physicalLogs: 2, metalogReplicas: 3 });
    const parts = [1, 2, 3, 4].map((id) => {
      const node = sequencerNode(id);
      node.install(view);
      return [[...node.state.primaries.keys()], [...node.state.backups.keys()]];
    });
    expect(parts).toEqual([
      [[1], []],
      [[2], [1]],
      [[], [1, 2]],
      [[], [2]],
    ]);
  });

  test("takes no part in a view that counts on another life of it", () => {
    const { births } = viewWith();
    const node = sequencerNode(1);
    node.install(viewWith({ births: { ...births, sequencers: [7, 8, 9] } }));
    expect(node.state.primaries.size).toBe(0);
    node.freeze();
    expect(takeKind(node.out, "zkCreate")).toEqual([]);
  });

  test("cuts at the ticks of a clock that first ticks a second after the node's start", () => {
    const node = sequencerNode(1);
    node.install();
    expect(node.out.timers.size).toBe(0);
    reportAll(node, [1, 0, 0]);
    expect(node.out.timers.get("globalCut")).toEqual({
      periodNanos: CUT_NANOS,
      phaseNanos: SECOND + PHASE_NANOS,
    });
    node.tick();
    expect(takeKind(node.out, "metalogReplicate")).toHaveLength(2);
  });

  test("makes no cut at a tick at which the last entry is not committed, counts it, and cuts at the next", () => {
    const node = primaryWith(1);
    reportAll(node, [2, 0, 0]);
    node.out.timers.clear();
    node.tick();
    expect(takeSent(node.out)).toEqual([]);
    expect(node.out.counters.get("sequencer.cutSkipped")).toBe(1);
    expect(node.out.timers.has("globalCut")).toBe(true);
    node.receive(sequencerAt(3), acknowledges(3, 1));
    takeSent(node.out);
    node.tick();
    const made = takeKind(node.out, "metalogReplicate").map(({ message }) => message.entry.position);
    expect(made).toEqual([1, 1]);
    expect(node.out.counters.get("sequencer.cut")).toBe(2);
  });

  test("does nothing at a tick without anything to order", () => {
    const node = sequencerNode(1);
    node.tick();
    node.install();
    node.tick();
    expect(takeSent(node.out)).toEqual([]);
    expect(node.out.counters.size).toBe(0);
  });

  test("acknowledges an entry as backup to the primary that sent it", () => {
    const node = sequencerNode(2);
    node.install();
    node.receive(sequencerAt(1), { kind: "metalogReplicate", entry: ENTRIES[1]! });
    expect(takeSent(node.out)).toEqual([]);
    node.receive(sequencerAt(1), { kind: "metalogReplicate", entry: ENTRIES[0]! });
    expect(takeSent(node.out)).toEqual([{ to: sequencerAt(1), message: acknowledges(2, 2) }]);
  });

  test("holds what belongs to a view it has not installed, and handles it right after the installation", () => {
    const node = sequencerNode(1);
    reportAll(node, [1, 0, 0]);
    node.receive(storageAt(1), progress(1, [1, 0, 0], logspaceId(1, 1)));
    expect(node.state.held).toHaveLength(4);
    node.install();
    expect(node.state.held.map(({ view }) => view)).toEqual([1]);
    expect(node.out.timers.has("globalCut")).toBe(true);
  });

  test("ignores what belongs to a log it has no part in", () => {
    const node = sequencerNode(2);
    node.install();
    node.receive(storageAt(1), progress(1, [1, 0, 0]));
    node.receive(sequencerAt(3), acknowledges(3, 1));
    expect(takeSent(node.out)).toEqual([]);
    expect(node.out.timers.size).toBe(0);
  });

  test("refuses a message that is none of its business", () => {
    const node = sequencerNode(1);
    expect(() => node.receive(storageAt(1), { kind: "zkFetched", boot: 0 })).toThrow(
      "does not take zkFetched",
    );
  });
});

describe("a frozen sequencer", () => {
  test("reports its newest entries, as primary the uncommitted one as well", () => {
    const primary = primaryWith(3, { sealTailEntries: 2 });
    primary.freeze();
    expect(reportOf(primary)).toEqual([1, 2]);
    const backup = backupWith(ENTRIES.slice(0, 2));
    backup.freeze();
    expect(reportOf(backup)).toEqual([0, 1]);
  });

  test("makes no cut, takes no entry and counts no acknowledgement", () => {
    const primary = primaryWith(1);
    reportAll(primary, [2, 0, 0]);
    primary.freeze();
    takeSent(primary.out);
    primary.receive(sequencerAt(2), acknowledges(2, 1));
    reportAll(primary, [3, 0, 0]);
    primary.tick();
    expect(takeSent(primary.out)).toEqual([]);
    const backup = backupWith(ENTRIES.slice(0, 1));
    backup.freeze();
    takeSent(backup.out);
    backup.receive(sequencerAt(1), { kind: "metalogReplicate", entry: ENTRIES[1]! });
    expect(takeSent(backup.out)).toEqual([]);
  });

  test.each([
    ["frozenPrimaryCuts", "metalogReplicate"],
    ["frozenPrimaryCommits", "metalogs"],
  ] as const)("goes on with %s", (name, kind) => {
    const primary = primaryWith(1, { mutation: Mutation[name] });
    primary.freeze();
    takeSent(primary.out);
    primary.receive(sequencerAt(2), acknowledges(2, 1));
    const committed = takeKind(primary.out, "metalogs");
    reportAll(primary, [3, 0, 0]);
    primary.tick();
    const made = takeKind(primary.out, "metalogReplicate");
    expect((kind === "metalogs" ? committed : made).length).toBeGreaterThan(0);
  });

  test("takes entries with frozenBackupAcks, and leaves its newest out with reportOmitsNewest", () => {
    const backup = backupWith(ENTRIES.slice(0, 1), { mutation: Mutation.frozenBackupAcks });
    backup.freeze();
    takeSent(backup.out);
    backup.receive(sequencerAt(1), { kind: "metalogReplicate", entry: ENTRIES[1]! });
    expect(takeKind(backup.out, "metalogProgress")).toHaveLength(1);
    const primary = primaryWith(3, { mutation: Mutation.reportOmitsNewest });
    primary.freeze();
    expect(reportOf(primary)).toEqual([0, 1]);
  });
});

describe("at the end of a view a sequencer", () => {
  const released = (...ids: DefectId[]) => ({ defects: defectsOf(ids) });

  test("stands at the final position", () => {
    const primary = primaryWith(2);
    primary.freeze();
    primary.finalize(2);
    expect(endsOf(primary)).toEqual([["primary", 2]]);
    const backup = backupWith(ENTRIES.slice(0, 1));
    backup.freeze();
    backup.finalize(3, ENTRIES.slice(1, 3));
    expect(endsOf(backup)).toEqual([["backup", 3]]);
  });

  test("gives up the entry that the seal dropped; as released it keeps it", () => {
    for (const [changes, position] of [
      [{}, 1],
      [released("P14"), 2],
    ] as const) {
      const primary = primaryWith(2, changes);
      primary.freeze();
      primary.finalize(1);
      expect(endsOf(primary)).toEqual([["primary", position]]);
    }
  });

  test("gives up any number of trims, but gives up itself if two cuts were dropped", () => {
    const primary = primaryWith(1);
    const trim = { engine: 1, op: 1, logBook: 1, tag: 0, seqnum: 0 };
    for (let i = 0; i < 3; i++) primary.receive(engineAt(1), { kind: "trimRequest", logspace: LOG, trim });
    primary.freeze();
    primary.finalize(0);
    expect(endsOf(primary)).toEqual([["primary", 0]]);
    const broken = primaryWith(2);
    broken.freeze();
    broken.finalize(0);
    expect(broken.state.aborted).toBe("primary of log 1 is 2 entries ahead of its end");
  });

  test("asks the other sequencers in turn for what the tail does not have; as released it gives up", () => {
    const backup = backupWith([]);
    backup.freeze();
    takeSent(backup.out);
    backup.finalize(4, ENTRIES.slice(3));
    const asked = () => takeKind(backup.out, "metalogFetch").map(({ to, message }) => [to, message.from]);
    expect(asked()).toEqual([[sequencerAt(1), 0]]);
    backup.tick("repair");
    expect(asked()).toEqual([[sequencerAt(3), 0]]);
    const entries = ENTRIES.slice(0, 3);
    backup.receive(sequencerAt(3), { kind: "metalogFetched", logspace: LOG, entries });
    expect(endsOf(backup)).toEqual([["backup", 4]]);

    const old = backupWith([], released("P6"));
    old.freeze();
    old.finalize(4, ENTRIES.slice(3));
    expect(old.state.aborted).toMatch("the end is at 4");
    takeSent(old.out);
    old.receive(sequencerAt(1), { kind: "metalogReplicate", entry: ENTRIES[0]! });
    expect(takeSent(old.out)).toEqual([]);
  });
});

describe("who asks a sequencer for entries", () => {
  const fetch: BokiMessage = { kind: "metalogFetch", logspace: LOG, from: 0 };
  const answered = (node: Node) => {
    node.receive(engineAt(1), fetch);
    return takeKind(node.out, "metalogFetched").map(({ message }) =>
      message.entries.map(({ position }) => position),
    );
  };

  test("gets committed ones from the primary, and none from a backup before the view's end", () => {
    expect(answered(primaryWith(3))).toEqual([[0, 1]]);
    const backup = backupWith(ENTRIES);
    expect(answered(backup)).toEqual([]);
    backup.freeze();
    backup.finalize(3);
    takeSent(backup.out);
    expect(answered(backup)).toEqual([[0, 1, 2]]);
  });
});

describe("a backup that said nothing for a while", () => {
  test("is sent again what it lacks; as released it is not", () => {
    for (const [ids, expected] of [
      [[], 1],
      [["P9"], 0],
    ] as const) {
      const primary = primaryWith(1, { defects: defectsOf([...ids]) });
      primary.receive(sequencerAt(2), acknowledges(2, 1));
      if (primary.out.timers.has("repair")) {
        primary.tick("repair");
        takeSent(primary.out);
        primary.tick("repair");
      } else {
        takeSent(primary.out);
      }
      const again = takeKind(primary.out, "metalogReplicate");
      expect(again.map(({ to }) => to)).toEqual(expected === 1 ? [sequencerAt(3)] : []);
    }
  });
});

describe("a trim", () => {
  const trim = { engine: 2, op: 5, logBook: 1, tag: 0, seqnum: 3 };
  const request: BokiMessage = { kind: "trimRequest", logspace: LOG, trim };

  test("becomes an entry, and its engine hears when it is committed", () => {
    const primary = primaryWith(0);
    primary.receive(engineAt(2), request);
    expect(takeKind(primary.out, "metalogReplicate").map(({ message }) => message.entry.trim)).toEqual([
      trim,
      trim,
    ]);
    primary.receive(sequencerAt(2), acknowledges(2, 1));
    expect(takeKind(primary.out, "trimResult")).toEqual([
      {
        to: engineAt(2),
        message: { kind: "trimResult", op: 5, done: true, progress: join(LOG, 1) },
      },
    ]);
  });

  test("is refused by who is not its log's primary, and once the view is frozen", () => {
    const refused = { kind: "trimResult", op: 5, done: false, progress: 0 };
    const backup = backupWith([]);
    backup.receive(engineAt(2), request);
    expect(takeSent(backup.out)).toEqual([{ to: engineAt(2), message: refused }]);
    const primary = primaryWith(0);
    primary.freeze();
    takeSent(primary.out);
    primary.receive(engineAt(2), request);
    expect(takeSent(primary.out)).toEqual([{ to: engineAt(2), message: refused }]);
  });
});
