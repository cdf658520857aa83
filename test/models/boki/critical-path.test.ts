/** The critical path of operations of the log: what each of them waited for, at every moment. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { APPEND_PHASES, createAppendAnatomy } from "../../../models/boki/append-anatomy.ts";
import { createDeployment, START_UP_NANOS } from "../../../models/boki/cluster.ts";
import { BOKI_DEFAULTS, DISK_DEFAULTS, NETWORK_DEFAULTS } from "../../../models/boki/config.ts";
import { LOG_PHASES } from "../../../models/boki/phases.ts";
import { OPERATIONS, type WorkloadConfig } from "../../../models/workloads/config.ts";
import type { Simulation } from "../../../sim/simulation.ts";
import type { Tracer } from "../../../sim/trace.ts";
import { followPath, type Path } from "../../../sim/trace-path.ts";
import type { TracedOperation } from "../../../sim/trace-records.ts";
import { MICROSECOND, MILLISECOND } from "../../../sim/units.ts";
import { generatedSetup } from "./arbitrary.ts";
import { run, type Setup } from "./deployment.ts";
import { callsOf } from "./programs.ts";

interface Followed {
  readonly operation: TracedOperation;
  readonly path: Path;
  /** Nanoseconds by phase. */
  readonly phases: ReadonlyMap<string, number>;
}

/** Traces a simulation that has not started, and follows every operation when it completes. */
function follow(simulation: Simulation, followed: Followed[]): Tracer {
  const roleOf = (process: number) => simulation.processes[process]!.role;
  const tracer = simulation.trace({
    keyOf: LOG_PHASES.keyOf,
    onOperation(operation) {
      const path = followPath(tracer, operation, (process, kind, name) =>
        LOG_PHASES.takenUpBy(roleOf(process), kind, name),
      );
      const phases = new Map<string, number>();
      for (const { input, part, fromNanos, toNanos } of path.pieces) {
        const role = roleOf(tracer.processOf(input));
        const phase = LOG_PHASES.phaseOf(role, tracer.kindOf(input), tracer.nameOf(input), part);
        phases.set(phase, (phases.get(phase) ?? 0) + toNanos - fromNanos);
      }
      followed.push({ operation, path, phases });
    },
  });
  return tracer;
}

function followedIn(setup: Setup): Followed[] {
  const followed: Followed[] = [];
  run({ check: false, ...setup, prepare: ({ simulation }) => follow(simulation, followed) });
  return followed;
}

function expectWhole({ operation, path }: Followed): void {
  let atNanos = operation.startNanos;
  for (const { fromNanos, toNanos } of path.pieces) {
    expect(fromNanos).toBe(atNanos);
    expect(Number.isInteger(toNanos)).toBe(true);
    expect(toNanos).toBeGreaterThan(fromNanos);
    atNanos = toNanos;
  }
  expect(atNanos).toBe(operation.endNanos);
}

/** The phases that took time, in the order of their names. */
const named = ({ phases }: Followed): string[] => [...phases.keys()].sort();

describe("the pieces of a path", () => {
  test("add up to the latency of every operation, to the nanosecond, in generated clusters", () => {
    const names = new Set<string>();
    const shortened = generatedSetup.map((setup) => ({ ...setup, nanos: 15 * MILLISECOND }));
    fc.assert(
      fc.property(shortened, (setup) => {
        for (const each of followedIn(setup)) {
          names.add(each.operation.name);
          expectWhole(each);
          expect(each.path.complete).toBe(true);
          expect(each.phases.has("before what is recorded")).toBe(false);
        }
      }),
      { numRuns: 60, seed: 5 },
    );
    expect([...names].sort()).toEqual([
      "append",
      "checkTail",
      "invoke",
      "readNext",
      "readNextBlock",
      "readPrev",
      "setAuxData",
    ]);
  }, 60_000);

  test("do so for every operation of workloads too, with queues for threads and cores", () => {
    const workload = (arrival: WorkloadConfig["arrival"]): WorkloadConfig => ({
      name: "mixed",
      arrival,
      mix: Object.fromEntries(OPERATIONS.map((name) => [name, 1])),
      logBooks: { count: 2, zipfExponent: 0.5 },
      tags: { count: 3, zipfExponent: 0.9 },
      tagsPerRecord: 1,
      recordBytes: { kind: "uniform", low: 1, high: 2_000 },
      auxBytes: { kind: "constant", value: 64 },
      readPosition: { kind: "recent", records: 10 },
      keepRecords: 20,
      nestedShare: 0.3,
      startNanos: 0,
    });
    const names = new Set<string>();
    for (const arrival of [
      { kind: "closedLoop", clients: 40, think: { kind: "constant", value: 0 } },
      { kind: "poisson", perSecond: 20_000 },
      { kind: "timetable", perSecond: 20_000, connections: 16, threads: 2 },
    ] as const) {
      const followed = followedIn({
        workloads: [workload(arrival)],
        free: false,
        cluster: { coresPerHost: 2 },
        nanos: 25 * MILLISECOND,
      });
      for (const each of followed) {
        names.add(each.operation.name);
        expectWhole(each);
      }
      // What waits behind others that wait may be too far to be seen.
      const complete = followed.filter(({ path }) => path.complete).length;
      expect(complete / followed.length).toBeGreaterThan(0.99);
    }
    expect([...names].sort()).toEqual([...OPERATIONS, "call mixed", "invoke"].sort());
  });

  test("do so while things fail and views end", () => {
    const followed = followedIn({
      calls: callsOf(
        "mix",
        { rounds: 40, tags: 3, depth: 1, pauseNanos: MILLISECOND },
        { count: 8, logBooks: 3 },
      ),
      boki: { repairIntervalNanos: 3 * MILLISECOND, operationTimeoutNanos: 20 * MILLISECOND },
      reconfigurations: [{ atNanos: 8 * MILLISECOND }],
      faults: {
        timed: [
          {
            atNanos: 2 * MILLISECOND,
            forNanos: 10 * MILLISECOND,
            fault: { kind: "link", of: {}, rule: { lossShare: 0.05, duplicateShare: 0.1, reorder: true } },
          },
          {
            atNanos: 6 * MILLISECOND,
            forNanos: 2 * MILLISECOND,
            fault: { kind: "pause", of: { role: "storage" } },
          },
        ],
      },
      nanos: 60 * MILLISECOND,
    });
    expect(followed.length).toBeGreaterThan(100);
    for (const each of followed) expectWhole(each);
    expect(followed.some(({ path }) => path.pieces.some(({ part }) => part === "paused"))).toBe(true);
  });
});

describe("the path of an append", () => {
  test("is that of the last replica's report: phase by phase what the anatomy of appends measures", () => {
    let compared = 0;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.constantFrom(1, 2, 3), (seed, replicas) => {
        const anatomy = createAppendAnatomy(1, 0);
        const followed: Followed[] = [];
        const { simulation } = createDeployment({
          seed,
          mode: "fast",
          cluster: {
            ...{ engines: 3, storages: 3, sequencers: 3, workersPerEngine: 8, coresPerHost: 4 },
            ...{ spareEngines: 0, spareStorages: 0, spareSequencers: 0 },
          },
          boki: {
            ...BOKI_DEFAULTS,
            userlogReplicas: replicas,
            localCutNanos: 300 * MICROSECOND,
            connectionsPerPeer: 1,
          },
          network: {
            ...NETWORK_DEFAULTS,
            latency: { kind: "lognormal", median: 60 * MICROSECOND, sigma: 0.4 },
          },
          disk: DISK_DEFAULTS,
          costs: {},
          workloads: [
            {
              ...{ name: "appends", mix: { append: 1 }, tagsPerRecord: 1, nestedShare: 0, startNanos: 0 },
              ...{ logBooks: { count: 3, zipfExponent: 0.5 }, tags: { count: 3, zipfExponent: 0.9 } },
              arrival: { kind: "closedLoop", clients: 12, think: { kind: "exponential", mean: 200_000 } },
              recordBytes: { kind: "constant", value: 100 },
              auxBytes: { kind: "constant", value: 64 },
              readPosition: { kind: "anywhere" },
              keepRecords: 10,
            },
          ],
          mutation: 0,
          free: true,
          observer: anatomy.observe,
        });
        follow(simulation, followed);
        simulation.start();
        simulation.run(START_UP_NANOS + 15 * MILLISECOND);
        const appends = followed.filter(({ operation }) => operation.name === "append");
        expect(anatomy.appends.length).toBe(appends.length);
        anatomy.appends.forEach((phases, i) => {
          const ours = APPEND_PHASES.map((phase) => appends[i]!.phases.get(phase) ?? 0);
          expect(ours).toEqual(phases);
        });
        compared += appends.length;
      }),
      { numRuns: 8, seed: 1 },
    );
    expect(compared).toBeGreaterThan(1_000);
  });

  const appending = callsOf("appendOnly", { rounds: 40, width: 1, tag: 1 }, { count: 6, logBooks: 3 });
  const appendsOf = (all: readonly Followed[]) =>
    all.filter(({ operation }) => operation.name === "append" && operation.outcome === "ok");

  test("to journals waits for a disk", () => {
    const appends = appendsOf(followedIn({ calls: appending, boki: { journal: true } }));
    expect(appends.length).toBeGreaterThan(100);
    for (const each of appends) {
      expectWhole(each);
      expect(each.phases.get("storage's journal")).toBeGreaterThan(20 * MICROSECOND);
      expect(each.path.pieces.some(({ part }) => part === "sync")).toBe(true);
    }
  });

  test("that is lost on its way waits for the repair, and one that is only sent again does not", () => {
    const boki = { repairIntervalNanos: 3 * MILLISECOND, userlogReplicas: 1 };
    const lossy = appendsOf(
      followedIn({
        calls: appending,
        boki,
        faults: {
          timed: [
            {
              atNanos: MILLISECOND,
              forNanos: MILLISECOND,
              fault: {
                kind: "link",
                of: { role: "engine" },
                to: { role: "storage" },
                rule: { lossShare: 0.5 },
              },
            },
          ],
        },
      }),
    );
    const repaired = lossy.filter(({ phases }) => phases.has("wait for the repair"));
    expect(repaired.length).toBeGreaterThan(1);
    for (const { phases } of repaired) {
      expect(phases.get("wait for the repair")).toBeLessThanOrEqual(2 * boki.repairIntervalNanos);
    }
    // The journals take far longer than the repair's interval: everything is sent again, and nothing waits for that.
    const slow = appendsOf(
      followedIn({
        calls: appending,
        boki: { ...boki, journal: true },
        nanos: 100 * MILLISECOND,
        faults: {
          timed: [
            {
              atNanos: 0,
              forNanos: 100 * MILLISECOND,
              fault: { kind: "disk", of: { role: "storage" }, rule: { slowdown: 40 } },
            },
          ],
        },
      }),
    );
    expect(slow.length).toBeGreaterThan(5);
    for (const { phases, operation } of slow) {
      expect(phases.has("wait for the repair")).toBe(false);
      const journal = phases.get("storage's journal")!;
      expect(journal / (operation.endNanos - operation.startNanos)).toBeGreaterThan(0.8);
    }
  });

  test("that a view's end discards waits for the next view, and for its next try", () => {
    const appends = appendsOf(
      followedIn({ calls: appending, reconfigurations: [{ atNanos: 3 * MILLISECOND }] }),
    );
    const discarded = appends.filter(({ phases }) => phases.has("pause before the next try"));
    expect(discarded.length).toBeGreaterThan(0);
    for (const each of discarded) {
      expectWhole(each);
      expect(each.path.complete).toBe(true);
      expect(named(each)).not.toContain("function sleeps");
      expect(named(each)).not.toContain("wait for the repair");
    }
    // One that comes when the view has ended already is discarded at once.
    const waited = discarded.filter(
      ({ phases }) => (phases.get("wait for the view") ?? 0) > 100 * MICROSECOND,
    );
    expect(waited.length).toBeGreaterThan(0);
  });

  test("that finds every worker of its engine busy has waited for one", () => {
    const followed = followedIn({
      cluster: { engines: 1, workersPerEngine: 2 },
      boki: { indexReplicas: 1 },
      workloads: [
        {
          ...{ name: "calls", mix: { append: 1 }, tagsPerRecord: 1, nestedShare: 0, startNanos: 0 },
          ...{ logBooks: { count: 1, zipfExponent: 0 }, tags: { count: 1, zipfExponent: 0 } },
          arrival: { kind: "poisson", perSecond: 6_000 },
          recordBytes: { kind: "constant", value: 100 },
          auxBytes: { kind: "constant", value: 64 },
          readPosition: { kind: "anywhere" },
          keepRecords: 10,
        },
      ],
      nanos: 20 * MILLISECOND,
    });
    const calls = followed.filter(({ operation }) => operation.name === "call calls");
    const waited = calls.filter(
      ({ phases }) => (phases.get("wait for a function worker") ?? 0) > MILLISECOND,
    );
    expect(calls.length).toBeGreaterThan(20);
    expect(waited.length).toBeGreaterThan(calls.length / 2);
  });
});

describe("the path of a read", () => {
  test("right behind an append on the same engine is waiting for the index", () => {
    const followed = followedIn({
      calls: callsOf("appendAndRead", { rounds: 10, tag: 1 }),
      boki: { remoteIndexShare: 0, indexReplicas: 3 },
    });
    const reads = followed.filter(({ operation }) => operation.name === "readPrev");
    const waited = reads.filter(({ phases }) => phases.has("wait for the index"));
    expect(waited.length).toBeGreaterThan(reads.length / 3);
    for (const each of waited) {
      expect(named(each)).toEqual(["engine to function", "function to engine", "wait for the index"]);
    }
  });
});
