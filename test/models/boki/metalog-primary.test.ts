import { describe, expect, test } from "vitest";
import { type CutEntry, entryBytes, vectorAt } from "../../../models/boki/metalog.ts";
import {
  createPrimary,
  cut,
  mayCut,
  type PrimaryState,
  takeMetalogProgress,
  takeShardProgress,
} from "../../../models/boki/metalog-primary.ts";
import type { View } from "../../../models/boki/view.ts";
import { type FakeEffects, fakeEffects, takeKind, takeSent } from "./fake-effects.ts";
import { directoryOf, engineAt, ids, sequencerAt, storageAt, viewWith } from "./nodes.ts";

const TAIL = 32;

interface Primary {
  readonly view: View;
  readonly state: PrimaryState;
  readonly out: FakeEffects;
  report(storage: number, counts: readonly number[]): void;
  cut(): CutEntry | undefined;
  acknowledge(backup: number, position: number): void;
}

function primaryOf(changes: Parameters<typeof viewWith>[0] = {}): Primary {
  const view = viewWith(changes);
  const directory = directoryOf(view);
  const out = fakeEffects();
  const state = createPrimary(view, view.sequencers[0]!, view.logspaces[0]!, 0);
  return {
    view,
    state,
    out,
    report: (storage, counts) => takeShardProgress(state, storage, counts, out),
    cut() {
      cut(state, directory, out);
      const replicated = takeKind(out, "metalogReplicate");
      return replicated[0]?.message.entry;
    },
    acknowledge: (backup, position) => takeMetalogProgress(state, backup, position, directory, TAIL, out),
  };
}

/** All storage nodes report the same counts, in a view where each of them stores for every engine. */
function reportAll(primary: Primary, counts: readonly number[]): void {
  for (const storage of primary.view.storages) primary.report(storage, counts);
}

describe("what a shard may be ordered up to", () => {
  test("is what the storage node that is furthest behind holds", () => {
    const primary = primaryOf();
    primary.report(1, [5, 0, 0]);
    primary.report(2, [3, 0, 0]);
    expect(primary.state.dirty.size).toBe(0);
    primary.report(3, [4, 0, 0]);
    expect([...primary.state.dirty]).toEqual([0]);
    expect(primary.cut()).toMatchObject({ shards: [0], deltas: [3], total: 3 });
  });

  test("is taken when the cut is made, so what was reported after the shard became dirty is in it", () => {
    const primary = primaryOf();
    reportAll(primary, [2, 0, 0]);
    reportAll(primary, [6, 0, 0]);
    expect(primary.cut()).toMatchObject({ deltas: [6] });
  });

  test("is never less because a report came late or twice", () => {
    const primary = primaryOf();
    reportAll(primary, [4, 1, 0]);
    primary.report(2, [2, 0, 0]);
    primary.report(2, [4, 1, 0]);
    expect(primary.cut()).toMatchObject({ shards: [0, 1], deltas: [4, 1] });
  });

  test("asks only the nodes of the shard's set, whose counts come in the order of the engines they serve", () => {
    // Storage sets: engine 20 on 9 and 8, engine 10 on 6 and 9, engine 30 on 8 and 6.
    const primary = primaryOf({ engines: [20, 10, 30], storages: [9, 8, 6], userlogReplicas: 2 });
    primary.report(9, [3, 1]);
    primary.report(8, [2, 7]);
    expect([...primary.state.dirty]).toEqual([0]);
    primary.report(6, [1, 5]);
    expect(primary.cut()).toMatchObject({ shards: [0, 1, 2], deltas: [2, 1, 5] });
  });

  test("does not change by the word of a node that is not in the view", () => {
    const primary = primaryOf();
    primary.report(9, [1, 1, 1]);
    expect(primary.state.dirty.size).toBe(0);
  });
});

describe("a cut", () => {
  test("orders shards in the order of the engine list, whatever order they became dirty in", () => {
    const primary = primaryOf({ engines: [8, 3, 5] });
    for (const storage of primary.view.storages) primary.report(storage, [0, 0, 2]);
    for (const storage of primary.view.storages) primary.report(storage, [1, 4, 2]);
    expect(primary.cut()).toMatchObject({
      shards: [0, 1, 2],
      deltas: [1, 4, 2],
      firsts: [0, 1, 5],
      startSeqnum: 0,
    });
  });

  test("begins where those before it end, and names how much of each shard they ordered", () => {
    const primary = primaryOf();
    reportAll(primary, [2, 0, 1]);
    primary.cut();
    primary.acknowledge(2, 1);
    reportAll(primary, [2, 3, 5]);
    const entry = primary.cut()!;
    expect(entry).toMatchObject({ position: 1, startSeqnum: 3, shards: [1, 2], deltas: [3, 4], total: 7 });
    expect([0, 1, 2].map((shard) => vectorAt(entry.starts, shard))).toEqual([2, 0, 1]);
  });

  test("does not change an entry made before it", () => {
    const primary = primaryOf();
    reportAll(primary, [2, 0, 0]);
    const first = primary.cut()!;
    primary.acknowledge(2, 1);
    reportAll(primary, [9, 9, 9]);
    primary.cut();
    expect([0, 1, 2].map((shard) => vectorAt(first.starts, shard))).toEqual([0, 0, 0]);
  });

  test("is made of something: without new records there is none", () => {
    const primary = primaryOf();
    expect(primary.cut()).toBeUndefined();
    reportAll(primary, [1, 0, 0]);
    primary.cut();
    primary.acknowledge(2, 1);
    expect(primary.cut()).toBeUndefined();
    expect(primary.state.metalogPosition).toBe(1);
  });

  test("goes to the backups at once and to nobody else", () => {
    const primary = primaryOf({ sequencers: [4, 1, 6, 2], metalogReplicas: 3 });
    reportAll(primary, [1, 0, 0]);
    cut(primary.state, directoryOf(primary.view), primary.out);
    expect(takeSent(primary.out).map(({ to, message }) => [to, message.kind])).toEqual([
      [sequencerAt(1), "metalogReplicate"],
      [sequencerAt(6), "metalogReplicate"],
    ]);
  });

  test("has to wait until the one before it is committed", () => {
    const primary = primaryOf();
    expect(mayCut(primary.state)).toBe(true);
    reportAll(primary, [1, 0, 0]);
    primary.cut();
    expect(mayCut(primary.state)).toBe(false);
    primary.acknowledge(3, 1);
    expect(mayCut(primary.state)).toBe(true);
  });

  test("has its real size on the wire: a start and a delta for every shard of the view", () => {
    const primary = primaryOf({ engines: ids(8), indexReplicas: 1 });
    reportAll(primary, [1, 0, 0, 0, 0, 0, 0, 0]);
    expect(entryBytes(primary.cut()!)).toBe(20 + 8 * 5);
  });
});

describe("an entry is committed", () => {
  test.each([
    { replicas: 2, acknowledgements: 1 },
    { replicas: 3, acknowledgements: 1 },
    { replicas: 4, acknowledgements: 2 },
    { replicas: 5, acknowledgements: 2 },
    { replicas: 6, acknowledgements: 3 },
  ])(
    "with $replicas replicas of the metalog by $acknowledgements of the backups, whichever they are",
    ({ replicas, acknowledgements }) => {
      const backups = ids(replicas).slice(1);
      for (let turn = 0; turn < backups.length; turn++) {
        const order = [...backups.slice(turn), ...backups.slice(0, turn)];
        const primary = primaryOf({ sequencers: ids(replicas), metalogReplicas: replicas });
        reportAll(primary, [1, 0, 0]);
        primary.cut();
        const committed = order.map((backup) => {
          primary.acknowledge(backup, 1);
          return primary.state.replicatedPosition;
        });
        expect(committed).toEqual(order.map((_, i) => (i + 1 >= acknowledgements ? 1 : 0)));
        // And it is sent out once, however many acknowledge.
        expect(takeKind(primary.out, "metalogs")).toHaveLength(3 + 3);
      }
    },
  );

  test("not by one backup that acknowledges twice", () => {
    const primary = primaryOf({ sequencers: ids(5), metalogReplicas: 5 });
    reportAll(primary, [1, 0, 0]);
    primary.cut();
    primary.acknowledge(2, 1);
    primary.acknowledge(2, 1);
    expect(primary.state.replicatedPosition).toBe(0);
  });

  test("not by a sequencer that is no backup, and not by an acknowledgement of less than it was", () => {
    const primary = primaryOf({ sequencers: ids(4), metalogReplicas: 3 });
    reportAll(primary, [1, 0, 0]);
    primary.cut();
    primary.acknowledge(4, 1);
    expect(primary.state.replicatedPosition).toBe(0);
    primary.acknowledge(3, 1);
    primary.acknowledge(3, 0);
    expect(primary.state.acked).toEqual([0, 1]);
    expect(primary.state.replicatedPosition).toBe(1);
  });
});

describe("a committed entry goes", () => {
  /** Engines 1 to 4 on storage nodes 1 to 4, two replicas each; the index on engine 1. */
  function commitOf(counts: Readonly<Record<number, readonly number[]>>): Set<number> {
    const primary = primaryOf({
      engines: ids(4),
      storages: ids(4),
      userlogReplicas: 2,
      indexReplicas: 1,
    });
    for (const [storage, each] of Object.entries(counts)) primary.report(Number(storage), each);
    primary.cut();
    primary.acknowledge(2, 1);
    return new Set(takeKind(primary.out, "metalogs").map(({ to }) => to));
  }

  test("to the index engines, the engines with records in it and the storage nodes of their shards", () => {
    // Engine 2 is on storage nodes 3 and 4, as second to store for is engine 4.
    expect(commitOf({ 3: [5, 0], 4: [5, 0] })).toEqual(
      new Set([engineAt(1), engineAt(2), storageAt(3), storageAt(4)]),
    );
  });

  test("to an engine once, also when it has both the index and records in it", () => {
    expect(commitOf({ 1: [1, 0], 2: [1, 0] })).toEqual(new Set([engineAt(1), storageAt(1), storageAt(2)]));
  });
});

describe("the newest entries", () => {
  test("are kept for a seal report, as many as it carries", () => {
    const primary = primaryOf();
    for (let n = 1; n <= TAIL + 10; n++) {
      reportAll(primary, [n, 0, 0]);
      primary.cut();
      primary.acknowledge(2, n);
      expect(primary.state.recent.length).toBe(Math.min(n, TAIL));
    }
    expect(primary.state.recent[0]!.position).toBe(10);
    expect(primary.state.seqnumPosition).toBe(TAIL + 10);
  });
});
