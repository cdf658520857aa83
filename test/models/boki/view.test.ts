import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { logspaceId } from "../../../models/boki/identifiers.ts";
import {
  backupsOf,
  createView,
  enoughNodes,
  logspaceOfLogBook,
  type ViewSpec,
} from "../../../models/boki/view.ts";

const SPEC: ViewSpec = {
  viewId: 1,
  metalogReplicas: 3,
  userlogReplicas: 3,
  indexReplicas: 2,
  physicalLogs: 2,
  sequencers: [5, 3, 1, 4],
  engines: [30, 10, 20],
  storages: [2, 4, 1, 3, 5],
  hashSeed: 7,
  hashTokens: [5, 3, 3, 5],
};

/** Views with any numbers of nodes, ids in any order. */
const spec: fc.Arbitrary<ViewSpec> = fc
  .record({
    engines: fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 12 }),
    storages: fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 12 }),
    sequencers: fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 6 }),
    share: fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
  })
  .map(({ engines, storages, sequencers, share }) => ({
    viewId: 0,
    engines,
    storages,
    sequencers,
    metalogReplicas: 1 + (share[0]! % sequencers.length),
    userlogReplicas: 1 + (share[1]! % storages.length),
    indexReplicas: 1 + (share[2]! % engines.length),
    physicalLogs: 1 + (share[3]! % sequencers.length),
    hashSeed: 0,
    hashTokens: [sequencers[0]!],
  }));

describe("a view", () => {
  test("deals storage nodes to engines in turn, by place in the lists and not by id", () => {
    const view = createView(SPEC);
    expect(view.storageSets).toEqual([
      [2, 4, 1],
      [3, 5, 2],
      [4, 1, 3],
    ]);
    // By place in the storage list, places in the engine list.
    expect(view.sourceEngines).toEqual([[0, 1], [0, 2], [0, 2], [1, 2], [1]]);
  });

  test("deals engines to the indexes of sequencers in turn", () => {
    expect(createView(SPEC).indexSets).toEqual([
      [30, 10],
      [20, 30],
      [10, 20],
      [30, 10],
    ]);
  });

  test("has the first sequencers as primaries, each backed up by those behind it, around the end of the list", () => {
    const view = createView(SPEC);
    expect(view.logspaces).toEqual([logspaceId(1, 5), logspaceId(1, 3)]);
    expect(backupsOf(view, 0)).toEqual([3, 1]);
    expect(backupsOf(view, 3)).toEqual([5, 3]);
  });

  test("has for every engine as many different storage nodes as asked, and names each in both directions", () => {
    fc.assert(
      fc.property(spec, (each) => {
        expect(enoughNodes(each)).toBe(true);
        const view = createView(each);
        view.storageSets.forEach((set, engine) => {
          expect(new Set(set).size).toBe(each.userlogReplicas);
          each.storages.forEach((storage, at) => {
            expect(view.sourceEngines[at]!.includes(engine)).toBe(set.includes(storage));
          });
        });
        for (const sources of view.sourceEngines) {
          expect(sources).toEqual([...new Set(sources)].sort((a, b) => a - b));
        }
        each.sequencers.forEach((sequencer, at) => {
          const backups = backupsOf(view, at);
          expect(new Set([sequencer, ...backups]).size).toBe(each.metalogReplicas);
          expect(new Set(view.indexSets[at]).size).toBe(each.indexReplicas);
        });
      }),
    );
  });

  test("gives the storage nodes of a larger cluster the same load, give or take one engine", () => {
    fc.assert(
      fc.property(spec, (each) => {
        const loads = createView(each).sourceEngines.map(({ length }) => length);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("assigns a LogBook to the log its hash token says, always the same, and uses all of them", () => {
    const view = createView(SPEC);
    const logs = Array.from({ length: 200 }, (_, logBook) => logspaceOfLogBook(view, logBook));
    expect(new Set(logs)).toEqual(new Set(view.logspaces));
    expect(Array.from({ length: 200 }, (_, logBook) => logspaceOfLogBook(view, logBook))).toEqual(logs);
  });
});

describe("nodes suffice for a view", () => {
  test.each<[string, Partial<ViewSpec>]>([
    ["sequencers for the replicas of the metalog", { sequencers: [1, 2] }],
    ["sequencers for the physical logs", { physicalLogs: 5 }],
    ["engines for the replicas of the index", { engines: [1] }],
    ["storage nodes for the replicas of a record", { storages: [1, 2] }],
  ])("unless there are too few %s", (_, change) => {
    expect(enoughNodes(SPEC)).toBe(true);
    expect(enoughNodes({ ...SPEC, ...change })).toBe(false);
  });
});
