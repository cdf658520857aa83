import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { backupsOf, createView, isMember, logspaceOfLogBook } from "../../../models/boki/view.ts";
import { birthOf, ids, sequencerAt, viewSpec, viewWith } from "./nodes.ts";

describe("what follows from a view's lists", () => {
  test("goes by position in them, not by node id", () => {
    const view = viewWith({
      sequencers: [7, 3, 5],
      physicalLogs: 2,
      engines: [20, 10, 30, 40],
      storages: [9, 8, 6],
      userlogReplicas: 2,
      indexReplicas: 1,
    });
    expect(view.logspaces).toEqual([7, 3]);
    expect(view.storageSets).toEqual([
      [9, 8],
      [6, 9],
      [8, 6],
      [9, 8],
    ]);
    expect(view.indexSets).toEqual([[20], [10], [30]]);
    // Positions in the engine list, in its order.
    expect(view.sourceEngines).toEqual([
      [0, 1, 3],
      [0, 2, 3],
      [1, 2],
    ]);
  });

  test("deals storage nodes by the number of storage nodes and indexes by the number of engines", () => {
    const view = viewWith({ engines: ids(5), storages: ids(4), userlogReplicas: 3, indexReplicas: 2 });
    expect(view.storageSets).toEqual([
      [1, 2, 3],
      [4, 1, 2],
      [3, 4, 1],
      [2, 3, 4],
      [1, 2, 3],
    ]);
    expect(view.indexSets).toEqual([
      [1, 2],
      [3, 4],
      [5, 1],
    ]);
  });

  test("gives a sequencer those that follow it as backups, around the end of the list", () => {
    const view = viewWith({ sequencers: [4, 2, 9, 1], metalogReplicas: 3 });
    expect(ids(4).map((_, position) => backupsOf(view, position))).toEqual([
      [2, 9],
      [9, 1],
      [1, 4],
      [4, 2],
    ]);
  });

  test("has each engine among the sources of the nodes of its set and of no others, in list order", () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(ids(9), { minLength: 1 }),
        fc.shuffledSubarray(ids(9), { minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        (engines, storages, replicas) => {
          const userlogReplicas = Math.min(replicas, storages.length);
          const view = createView(viewSpec({ engines, storages, userlogReplicas }));
          for (const set of view.storageSets) expect(new Set(set).size).toBe(userlogReplicas);
          view.sourceEngines.forEach((sources, at) => {
            const expected = engines.flatMap((_, position) =>
              view.storageSets[position]!.includes(storages[at]!) ? [position] : [],
            );
            expect(sources).toEqual(expected);
          });
        },
      ),
    );
  });

  test("loads the storage nodes alike, give or take one engine", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 3, max: 12 }), (engines, storages) => {
        const view = viewWith({
          engines: ids(engines),
          storages: ids(storages),
          userlogReplicas: 3,
          indexReplicas: 1,
        });
        const loads = view.sourceEngines.map(({ length }) => length);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("has as many different nodes for a metalog and for an index as it asks for", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 0, max: 3 }),
        (metalogReplicas, indexReplicas, more) => {
          const sequencers = ids(metalogReplicas + more);
          const engines = ids(indexReplicas + more);
          const view = viewWith({ sequencers, engines, metalogReplicas, indexReplicas });
          sequencers.forEach((sequencer, position) => {
            expect(new Set([sequencer, ...backupsOf(view, position)]).size).toBe(metalogReplicas);
            expect(new Set(view.indexSets[position]).size).toBe(indexReplicas);
          });
        },
      ),
    );
  });
});

describe("a LogBook", () => {
  test("belongs to one of the active physical logs, always the same in a view", () => {
    const view = viewWith({ physicalLogs: 3, hashTokens: [2, 1, 3, 2, 1] });
    const logs = ids(1_000).map((logBook) => logspaceOfLogBook(view, logBook));
    expect(new Set(logs)).toEqual(new Set(view.logspaces));
    expect(ids(1_000).map((logBook) => logspaceOfLogBook(view, logBook))).toEqual(logs);
  });

  test("may belong to another one when the tokens are dealt anew", () => {
    const before = viewWith({ physicalLogs: 2, hashTokens: [1, 2] });
    const after = viewWith({ physicalLogs: 2, hashTokens: [2, 1] });
    expect(logspaceOfLogBook(after, 1)).not.toBe(logspaceOfLogBook(before, 1));
  });
});

describe("a member", () => {
  test("is the node in the life that the view counts on, and in no other", () => {
    const view = viewWith({ sequencers: [3, 1, 2] });
    const birth = birthOf(sequencerAt(1));
    expect(isMember(view, "sequencers", 1, birth)).toBe(true);
    expect(isMember(view, "sequencers", 1, birth + 1)).toBe(false);
    expect(isMember(view, "sequencers", 1, undefined)).toBe(false);
    expect(isMember(view, "sequencers", 4, birth)).toBe(false);
  });
});
