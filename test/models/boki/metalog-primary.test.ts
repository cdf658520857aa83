import { describe, expect, test } from "vitest";
import { type Defects, defectsOf, NO_DEFECTS } from "../../../models/boki/defects.ts";
import { join, logspaceId } from "../../../models/boki/identifiers.ts";
import type { Directory } from "../../../models/boki/messages.ts";
import { type CutEntry, entryBytes, vectorAt } from "../../../models/boki/metalog.ts";
import {
  createPrimary,
  cut,
  hasLaggards,
  mayCut,
  type PrimaryState,
  resendToBackups,
  takeMetalogProgress,
  takeShardProgress,
  trim,
} from "../../../models/boki/metalog-primary.ts";
import { entryAt } from "../../../models/boki/metalog-window.ts";
import { Mutation } from "../../../models/boki/mutations.ts";
import { createView, type ViewSpec } from "../../../models/boki/view.ts";
import { type FakeEffects, fakeEffects, takeSent } from "./fake-effects.ts";

const LOGSPACE = logspaceId(0, 1);

/** Engines are not in the order of their ids, and storage nodes hold for some engines each. */
const SPEC: ViewSpec = {
  viewId: 0,
  metalogReplicas: 3,
  userlogReplicas: 2,
  indexReplicas: 1,
  physicalLogs: 1,
  sequencers: [1, 2, 3, 4, 5],
  engines: [4, 1, 3, 2],
  storages: [1, 2, 3, 4],
  births: { sequencers: [1, 2, 3, 4, 5], engines: [6, 7, 8, 9], storages: [10, 11, 12, 13] },
  hashSeed: 0,
  hashTokens: [1],
};
// Sets: engines 4 and 3 are stored on 1 and 2, engines 1 and 2 on 3 and 4. The index is on engine 4.

/** Addresses are 100, 200 and 300 and the node's id. */
const DIRECTORY: Directory = {
  version: 1,
  gateway: [],
  engine: [0, 1, 2, 3, 4].map((id) => 100 + id),
  storage: [0, 1, 2, 3, 4].map((id) => 200 + id),
  sequencer: [0, 1, 2, 3, 4, 5].map((id) => 300 + id),
  births: [],
};

const SEAL_TAIL_ENTRIES = 4;

function createTest(spec: Partial<ViewSpec> = {}, defects: Defects = NO_DEFECTS) {
  const out = fakeEffects();
  const primary = createPrimary(createView({ ...SPEC, ...spec }), 1, LOGSPACE, {
    mutation: Mutation.none,
    defects,
    sealTailEntries: SEAL_TAIL_ENTRIES,
  });
  return {
    out,
    primary,
    report: (storage: number, counts: readonly number[]) => takeShardProgress(primary, storage, counts, out),
    cut: () => cut(primary, DIRECTORY, out),
    acknowledge: (backup: number, position: number) =>
      takeMetalogProgress(primary, backup, position, DIRECTORY, out),
  };
}

/** Engines and storage nodes that were sent a committed entry. */
function targets(out: FakeEffects): number[] {
  return out.sent
    .filter(({ message }) => message.kind === "metalogs")
    .map(({ to }) => to)
    .sort((a, b) => a - b);
}

function newest(primary: PrimaryState): CutEntry {
  return entryAt(primary.window, primary.metalogPosition - 1)!;
}

describe("a cut", () => {
  test("orders of each shard what all its replicas hold", () => {
    const { primary, report, cut } = createTest();
    report(1, [5, 2]);
    expect(primary.dirty.size).toBe(0);
    report(2, [3, 4]);
    cut();
    // Storage nodes 1 and 2 hold shards 0 and 2.
    expect(newest(primary)).toMatchObject({ shards: [0, 2], deltas: [3, 2], firsts: [0, 3], total: 5 });
  });

  test("is not made of what only some replicas hold", () => {
    const { primary, report, cut, out } = createTest();
    report(1, [5, 2]);
    cut();
    expect(primary.metalogPosition).toBe(0);
    expect(out.sent).toEqual([]);
  });

  test("orders only what earlier cuts have not", () => {
    const { primary, report, cut, acknowledge } = createTest();
    report(1, [5, 2]);
    report(2, [3, 4]);
    cut();
    acknowledge(2, 1);
    report(2, [4, 4]);
    report(1, [5, 3]);
    cut();
    expect(newest(primary)).toMatchObject({
      position: 1,
      startSeqnum: 5,
      starts: [[3, 0, 2, 0]],
      shards: [0, 2],
      deltas: [1, 1],
    });
  });

  test("takes in what was reported after its shard had something to order", () => {
    const { primary, report, cut } = createTest();
    report(1, [1, 0]);
    report(2, [1, 0]);
    report(1, [6, 0]);
    report(2, [7, 0]);
    cut();
    expect(newest(primary)).toMatchObject({ shards: [0], deltas: [6] });
  });

  test("ignores reports that are older than what is known", () => {
    const { primary, report, cut } = createTest();
    report(1, [5, 2]);
    report(2, [5, 2]);
    report(1, [2, 1]);
    report(2, [4, 0]);
    cut();
    expect(newest(primary)).toMatchObject({ deltas: [5, 2] });
  });

  test("ignores storage nodes that are not in the view", () => {
    const { primary, report } = createTest();
    report(9, [1, 1]);
    expect(primary.stored).toEqual([]);
  });

  test("lists shards in the order of the engine list, whatever the order of the reports and ids", () => {
    const { primary, report, cut } = createTest();
    report(4, [7, 1]);
    report(3, [7, 1]);
    report(2, [2, 3]);
    report(1, [2, 3]);
    cut();
    // Shards by position: engines 4, 1, 3, 2.
    expect(newest(primary)).toMatchObject({
      shards: [0, 1, 2, 3],
      deltas: [2, 7, 3, 1],
      firsts: [0, 2, 9, 12],
    });
  });

  test("leaves the entries before it as they were", () => {
    const { primary, report, cut, acknowledge } = createTest();
    report(1, [2, 0]);
    report(2, [2, 0]);
    cut();
    const first = structuredClone(newest(primary));
    acknowledge(2, 1);
    report(1, [9, 9]);
    report(2, [9, 9]);
    cut();
    expect(entryAt(primary.window, 0)).toEqual(first);
  });

  test("is made of something: without new records there is none", () => {
    const { primary, report, cut, acknowledge, out } = createTest();
    report(1, [1, 0]);
    report(2, [1, 0]);
    cut();
    acknowledge(2, 1);
    takeSent(out);
    cut();
    expect(out.sent).toEqual([]);
    expect(primary.metalogPosition).toBe(1);
  });

  test("is sent to the backups only, until it is committed", () => {
    const { primary, report, cut, out } = createTest();
    report(1, [1, 0]);
    report(2, [1, 0]);
    cut();
    expect(out.sent.map(({ to }) => to)).toEqual([302, 303]);
    expect(out.sent[0]!.message).toEqual({ kind: "metalogReplicate", entry: newest(primary) });
  });

  test("costs work, and bytes, for every shard of the view", () => {
    const { primary, report, cut, out } = createTest();
    report(1, [1, 0]);
    report(2, [1, 0]);
    cut();
    expect(out.worked.get("cutPerShard")).toBe(4);
    expect(entryBytes(newest(primary))).toBe(20 + 4 * 5);
  });

  test("waits for the one before it to be committed", () => {
    const { primary, report, cut, acknowledge } = createTest();
    expect(mayCut(primary)).toBe(true);
    report(1, [1, 0]);
    report(2, [1, 0]);
    cut();
    expect(mayCut(primary)).toBe(false);
    report(1, [2, 0]);
    report(2, [2, 0]);
    expect(mayCut(primary)).toBe(false);
    acknowledge(3, 1);
    expect(mayCut(primary)).toBe(true);
  });
});

describe("commit", () => {
  test.each([
    { metalogReplicas: 2, needed: 1 },
    { metalogReplicas: 3, needed: 1 },
    { metalogReplicas: 4, needed: 2 },
    { metalogReplicas: 5, needed: 2 },
  ])("of $metalogReplicas replicas needs the primary and $needed backups", ({ metalogReplicas, needed }) => {
    const { primary, report, cut, acknowledge, out } = createTest({ metalogReplicas });
    report(1, [1, 0]);
    report(2, [1, 0]);
    cut();
    // The last backup of the list first: which of them it is does not matter.
    const backups = [...primary.backups].reverse();
    for (let i = 0; i < backups.length; i++) {
      acknowledge(backups[i]!, 1);
      expect(primary.replicatedPosition).toBe(i + 1 >= needed ? 1 : 0);
      expect(targets(out).length > 0).toBe(i + 1 >= needed);
    }
  });

  test("counts a backup once however often it acknowledges, and nobody else", () => {
    const { primary, report, cut, acknowledge } = createTest({ metalogReplicas: 5 });
    report(1, [1, 0]);
    report(2, [1, 0]);
    cut();
    acknowledge(2, 1);
    acknowledge(2, 1);
    acknowledge(1, 1);
    acknowledge(9, 1);
    expect(primary.replicatedPosition).toBe(0);
    acknowledge(5, 1);
    expect(primary.replicatedPosition).toBe(1);
  });

  test("does not go back when an older acknowledgement comes late", () => {
    const { primary, report, cut, acknowledge } = createTest();
    for (const count of [1, 2]) {
      report(1, [count, 0]);
      report(2, [count, 0]);
      cut();
      acknowledge(2, count);
    }
    acknowledge(2, 1);
    expect(primary.acked).toEqual([2, 0]);
    expect(primary.replicatedPosition).toBe(2);
  });

  test("sends the entry once to the engines with new records, those of the index, and the shards' storages", () => {
    const { report, cut, acknowledge, out } = createTest();
    report(3, [0, 2]);
    report(4, [0, 2]);
    cut();
    takeSent(out);
    acknowledge(2, 1);
    // Shard 3 is engine 2, stored on 3 and 4; the index is on engine 4.
    expect(targets(out)).toEqual([102, 104, 203, 204]);
    acknowledge(3, 1);
    expect(targets(out)).toEqual([102, 104, 203, 204]);
  });

  test("sends an engine that has new records and the index one copy", () => {
    const { report, cut, acknowledge, out } = createTest();
    report(1, [1, 0]);
    report(2, [1, 0]);
    cut();
    takeSent(out);
    acknowledge(2, 1);
    expect(targets(out)).toEqual([104, 201, 202]);
  });

  test("passes over nodes that the directory does not know", () => {
    const { primary, report, out } = createTest();
    const known: Directory = { ...DIRECTORY, storage: [undefined, 201], sequencer: [undefined, 301, 302] };
    report(1, [1, 0]);
    report(2, [1, 0]);
    cut(primary, known, out);
    expect(out.sent.map(({ to }) => to)).toEqual([302]);
    takeSent(out);
    takeMetalogProgress(primary, 2, 1, known, out);
    expect(targets(out)).toEqual([104, 201]);
  });

  test("needs nobody when there is no backup; the release waits for ever", () => {
    for (const [defects, expected] of [
      [NO_DEFECTS, [104, 201, 202]],
      [defectsOf(["P5"]), []],
    ] as const) {
      const { report, cut, out } = createTest({ metalogReplicas: 1 }, defects);
      report(1, [1, 0]);
      report(2, [1, 0]);
      cut();
      expect(targets(out)).toEqual(expected);
    }
  });
});

describe("a backup that has said nothing since the last look", () => {
  test("is sent again what it lacks, and only what was there at that look", () => {
    const { primary, report, cut, acknowledge, out } = createTest();
    report(1, [1, 0]);
    report(2, [1, 0]);
    cut();
    expect(hasLaggards(primary)).toBe(true);
    takeSent(out);
    resendToBackups(primary, DIRECTORY, out);
    expect(takeSent(out)).toEqual([]);
    acknowledge(2, 1);
    takeSent(out);
    resendToBackups(primary, DIRECTORY, out);
    expect(takeSent(out)).toEqual([
      { to: 303, message: { kind: "metalogReplicate", entry: newest(primary) } },
    ]);
    acknowledge(3, 1);
    expect(hasLaggards(primary)).toBe(false);
  });
});

describe("a trim", () => {
  const what = { engine: 3, op: 9, logBook: 1, tag: 0, seqnum: 5 };

  test("is an entry at once that orders nothing, beside a cut that is not committed", () => {
    const { primary, report, cut, out } = createTest();
    report(1, [1, 0]);
    report(2, [1, 0]);
    cut();
    trim(primary, what, DIRECTORY, out);
    expect(newest(primary)).toMatchObject({ position: 1, startSeqnum: 1, total: 0, shards: [], trim: what });
    expect(vectorAt(newest(primary).starts, 0)).toBe(1);
    expect(mayCut(primary)).toBe(false);
  });

  test("waits when as many entries are uncommitted as a report carries, and so does a cut", () => {
    const { primary, out } = createTest();
    for (let op = 1; op <= SEAL_TAIL_ENTRIES + 2; op++) trim(primary, { ...what, op }, DIRECTORY, out);
    trim(primary, { ...what, op: SEAL_TAIL_ENTRIES + 2 }, DIRECTORY, out);
    expect(primary.metalogPosition).toBe(SEAL_TAIL_ENTRIES);
    expect(mayCut(primary)).toBe(false);
    takeMetalogProgress(primary, primary.backups[0]!, 1, DIRECTORY, out);
    expect(primary.metalogPosition).toBe(SEAL_TAIL_ENTRIES + 1);
    takeMetalogProgress(primary, primary.backups[0]!, SEAL_TAIL_ENTRIES + 1, DIRECTORY, out);
    // The request that came twice while it waited makes one entry.
    expect(primary.metalogPosition).toBe(SEAL_TAIL_ENTRIES + 2);
    expect(mayCut(primary)).toBe(true);
  });

  test("does not keep the next cut waiting", () => {
    const { primary, out } = createTest();
    trim(primary, what, DIRECTORY, out);
    expect(mayCut(primary)).toBe(true);
  });

  test("goes to the index and to every storage node when it is committed, and its engine hears of it", () => {
    const { primary, acknowledge, out } = createTest();
    trim(primary, what, DIRECTORY, out);
    takeSent(out);
    acknowledge(2, 1);
    expect(targets(out)).toEqual([104, 201, 202, 203, 204]);
    const progress = join(LOGSPACE, 1);
    expect(out.sent.filter(({ message }) => message.kind === "trimResult")).toEqual([
      { to: 103, message: { kind: "trimResult", op: 9, done: true, progress } },
    ]);
  });
});
