/** Whole deployments whose storage nodes or their disks fail, with all invariants checked. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DiskRule, Fault } from "../../../sim/faults/fault.ts";
import { MILLISECOND, type Nanos } from "../../../sim/units.ts";
import { brokenBy, type Run, run, type Setup } from "./deployment.ts";
import { callsOf } from "./programs.ts";

/** Calls that do everything at random over two physical logs, with records that leave memory soon. */
function setup(changes: Partial<Setup> = {}): Setup {
  const args = { rounds: 60, tags: 3, depth: 1, pauseNanos: 4 * MILLISECOND };
  return {
    calls: callsOf("mix", args, { count: 6, logBooks: 2 }),
    nanos: 900 * MILLISECOND,
    stuckNanos: 400 * MILLISECOND,
    promptNanos: 300 * MILLISECOND,
    ...changes,
    cluster: { engines: 3, storages: 3, sequencers: 3, ...changes.cluster },
    boki: {
      physicalLogs: 2,
      maxLiveRecords: 10,
      engineCache: false,
      zookeeperSessionTimeoutNanos: 20 * MILLISECOND,
      repairIntervalNanos: 5 * MILLISECOND,
      readRetryNanos: 10 * MILLISECOND,
      operationTimeoutNanos: 400 * MILLISECOND,
      ...changes.boki,
    },
  };
}

function strikes(fault: Fault, forNanos: Nanos = 60 * MILLISECOND): Partial<Setup> {
  const atNanos = 50 * MILLISECOND;
  return { faults: { timed: [{ atNanos, forNanos, fault }] }, calmFromNanos: atNanos + forNanos };
}

function counted({ deployment }: Run, counter: string): number {
  return deployment.simulation.recorder.counts().get(counter) ?? 0;
}

const POWER: Fault = { kind: "crash", of: { role: "storage" }, wholeHost: true };

describe("a power failure of all storage nodes", () => {
  const broken = (changes: Partial<Setup>) => brokenBy(run(setup({ ...strikes(POWER), ...changes })));

  test("loses nothing with a journal, whenever it strikes", () => {
    let recovered = 0;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => {
        const result = run(setup({ seed, ...strikes(POWER), boki: { journal: true } }));
        expect(result.invariants.violations).toEqual([]);
        recovered += counted(result, "storage.recordRecovered");
      }),
      { numRuns: 10, seed: 1 },
    );
    expect(recovered).toBeGreaterThan(0);
  });

  test.each<[string, Partial<Setup>]>([
    ["without one", {}],
    ["with one that acknowledgements do not wait for", { boki: { journal: true }, defects: ["P11"] }],
  ])("loses acknowledged records %s", (_, changes) => {
    expect(broken(changes)).toContain("D1");
  });
});

describe("a disk of one storage node that", () => {
  const disks: readonly [string, DiskRule, string][] = [
    ["is full", { full: true }, "storage.writeRefused"],
    ["refuses some writes", { writeErrorShare: 0.3 }, "storage.writeRefused"],
    ["cannot read some records", { readErrorShare: 0.3 }, "storage.damagedRead"],
    ["corrupts some records", { corruptShare: 0.3 }, "storage.damagedRead"],
    ["only promises some writes", { unsyncedLossShare: 0.3 }, "databaseCache.hit"],
  ];
  test.each(disks)("%s loses and misplaces nothing", (_, rule, counter) => {
    const fault: Fault = { kind: "disk", of: { names: ["storage-2"] }, rule };
    // The journal's syncs make the database durable as well: what is not cannot fail to be read.
    const result = run(setup({ ...strikes(fault, 300 * MILLISECOND), boki: { journal: true } }));
    expect(result.invariants.violations).toEqual([]);
    expect(counted(result, counter)).toBeGreaterThan(0);
  });
});

test("disks that fail, a journal and nodes that boot anew give the same run in checked mode", () => {
  const faults = {
    timed: [
      {
        atNanos: 10 * MILLISECOND,
        forNanos: 15 * MILLISECOND,
        fault: { kind: "disk", of: { role: "storage" }, rule: { writeErrorShare: 0.3 } },
      },
      { atNanos: 30 * MILLISECOND, forNanos: 5 * MILLISECOND, fault: POWER },
    ],
  } satisfies Setup["faults"];
  const digests = (["fast", "checked"] as const).map((mode) => {
    const { deployment } = run(setup({ mode, faults, nanos: 120 * MILLISECOND, boki: { journal: true } }));
    return deployment.simulation.digest.toString();
  });
  expect(digests[1]).toBe(digests[0]);
});
