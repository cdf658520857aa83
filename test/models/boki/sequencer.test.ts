import { describe, expect, test } from "vitest";
import { logspaceId } from "../../../models/boki/identifiers.ts";
import type { BokiMessage } from "../../../models/boki/messages.ts";
import { type SequencerState, sequencer } from "../../../models/boki/sequencer.ts";
import { MILLISECOND, SECOND } from "../../../sim/units.ts";
import { type FakeEffects, fakeEffects, takeKind, takeSent } from "./fake-effects.ts";
import { cutsOf, directoryOf, sequencerAt, storageAt, viewWith, ZOOKEEPER } from "./nodes.ts";

const CUT_NANOS = MILLISECOND;
const PHASE_NANOS = 1_234;

interface Node {
  readonly state: SequencerState;
  readonly out: FakeEffects;
  receive(from: number, message: BokiMessage): void;
  tick(): void;
  install(view?: ReturnType<typeof viewWith>): void;
}

function sequencerNode(id: number): Node {
  const out = fakeEffects({ self: sequencerAt(id), choices: [PHASE_NANOS] });
  const config = { id, zooKeeper: ZOOKEEPER, mutation: 0, globalCutNanos: CUT_NANOS, sealTailEntries: 32 };
  const state = sequencer.start(config, out);
  takeSent(out);
  return {
    state,
    out,
    receive: (from, message) => sequencer.receive(state, from, message, out),
    tick: () => sequencer.timeout(state, "globalCut", out),
    install(view = viewWith()) {
      sequencer.receive(
        state,
        ZOOKEEPER,
        {
          kind: "zkEvents",
          events: [
            { topic: "node", directory: directoryOf(view) },
            { topic: "view", phase: "new", view },
          ],
        },
        out,
      );
      takeKind(out, "zkFetched");
    },
  };
}

function progress(storage: number, counts: readonly number[], logspace = logspaceId(0, 1)): BokiMessage {
  return { kind: "shardProgress", logspace, storage, counts };
}

function reportAll(node: Node, counts: readonly number[]): void {
  for (const storage of [1, 2, 3]) node.receive(storageAt(storage), progress(storage, counts));
}

describe("a sequencer node", () => {
  test("registers, and watches nodes and views", () => {
    const out = fakeEffects();
    sequencer.start(
      { id: 2, zooKeeper: ZOOKEEPER, mutation: 0, globalCutNanos: 1, sealTailEntries: 32 },
      out,
    );
    expect(takeSent(out)).toEqual([
      { to: ZOOKEEPER, message: { kind: "zkConnect", role: "sequencer", id: 2, topics: ["node", "view"] } },
    ]);
  });

  test("becomes primary of its own log if that is active, and backup of those in front of it in the list", () => {
    const view = viewWith({ sequencers: [1, 2, 3, 4], physicalLogs: 2, metalogReplicas: 3 });
    const parts = [1, 2, 3, 4].map((id) => {
      const node = sequencerNode(id);
      node.install(view);
      return { primary: node.state.primary?.logspace, backups: [...node.state.backups.keys()] };
    });
    expect(parts).toEqual([
      { primary: 1, backups: [] },
      { primary: 2, backups: [1] },
      { primary: undefined, backups: [1, 2] },
      { primary: undefined, backups: [2] },
    ]);
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
    const node = sequencerNode(1);
    node.install();
    reportAll(node, [1, 0, 0]);
    node.tick();
    reportAll(node, [2, 0, 0]);
    takeSent(node.out);
    node.out.timers.clear();
    node.tick();
    expect(takeSent(node.out)).toEqual([]);
    expect(node.out.counters.get("sequencer.cutSkipped")).toBe(1);
    expect(node.out.timers.has("globalCut")).toBe(true);
    node.receive(sequencerAt(3), { kind: "metalogProgress", logspace: 1, position: 1 });
    takeSent(node.out);
    node.tick();
    expect(takeKind(node.out, "metalogReplicate").map(({ message }) => message.entry.position)).toEqual([
      1, 1,
    ]);
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
    const [first, second] = cutsOf(1, [[1], [1]]);
    node.receive(sequencerAt(1), { kind: "metalogReplicate", entry: second! });
    expect(takeSent(node.out)).toEqual([]);
    node.receive(sequencerAt(1), { kind: "metalogReplicate", entry: first! });
    expect(takeSent(node.out)).toEqual([
      { to: sequencerAt(1), message: { kind: "metalogProgress", logspace: 1, position: 2 } },
    ]);
  });

  test("holds what belongs to a view it has not installed, and handles it right after the installation", () => {
    const [primary, backup] = [sequencerNode(1), sequencerNode(2)];
    reportAll(primary, [1, 0, 0]);
    expect(primary.state.held).toHaveLength(3);
    primary.install();
    expect(primary.state.held).toEqual([]);
    expect(primary.out.timers.has("globalCut")).toBe(true);

    backup.receive(sequencerAt(1), { kind: "metalogReplicate", entry: cutsOf(1, [[1]])[0]! });
    expect(takeSent(backup.out)).toEqual([]);
    const view = viewWith();
    sequencer.receive(
      backup.state,
      ZOOKEEPER,
      { kind: "zkEvents", events: [{ topic: "view", phase: "new", view }] },
      backup.out,
    );
    expect(takeSent(backup.out).map(({ message }) => message.kind)).toEqual(["metalogProgress", "zkFetched"]);
  });

  test("keeps holding what belongs to a later view still", () => {
    const node = sequencerNode(1);
    node.receive(storageAt(1), progress(1, [1, 0, 0], logspaceId(1, 1)));
    node.install();
    expect(node.state.held.map(({ view }) => view)).toEqual([1]);
  });

  test("ignores what belongs to a log it has no part in", () => {
    const node = sequencerNode(2);
    node.install();
    node.receive(storageAt(1), progress(1, [1, 0, 0]));
    node.receive(sequencerAt(3), { kind: "metalogProgress", logspace: 1, position: 1 });
    expect(takeSent(node.out)).toEqual([]);
    expect(node.out.timers.size).toBe(0);
  });

  test("refuses a message that is none of its business", () => {
    const node = sequencerNode(1);
    expect(() => node.receive(storageAt(1), { kind: "zkFetched" })).toThrow("does not take zkFetched");
  });
});
