/** Whole deployments whose views end: by order, by failures, under load, with all invariants checked. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ControllerState } from "../../../models/boki/controller.ts";
import type { Fault } from "../../../sim/faults/fault.ts";
import { MILLISECOND, type Nanos } from "../../../sim/units.ts";
import { brokenBy, type Run, run, type Setup } from "./deployment.ts";
import { callsOf } from "./programs.ts";

const SESSION: Nanos = 20 * MILLISECOND;
const ROUNDS = 60;

/** Eight calls that do everything at random, over two physical logs and views that change. */
function setup(changes: Partial<Setup> = {}): Setup {
  const args = { rounds: ROUNDS, tags: 3, depth: 1, pauseNanos: 4 * MILLISECOND };
  return {
    calls: callsOf("mix", args, { count: 8, logBooks: 2 }),
    nanos: 900 * MILLISECOND,
    stuckNanos: 300 * MILLISECOND,
    promptNanos: 300 * MILLISECOND,
    ...changes,
    cluster: { engines: 3, storages: 4, sequencers: 4, ...changes.cluster },
    boki: {
      physicalLogs: 2,
      zookeeperSessionTimeoutNanos: SESSION,
      repairIntervalNanos: 5 * MILLISECOND,
      readRetryNanos: 10 * MILLISECOND,
      operationTimeoutNanos: 400 * MILLISECOND,
      ...changes.boki,
    },
  };
}

function viewsOf({ deployment }: Run): number {
  const state = deployment.simulation.stateOf(
    deployment.simulation.addressOf("controller"),
  ) as ControllerState;
  return state.view!.viewId + 1;
}

function completed({ deployment }: Run, name: string): number {
  return deployment.simulation.recorder.results().find((each) => each.name === name)?.count ?? 0;
}

function strikes(fault: Fault, forNanos: Nanos = 60 * MILLISECOND): Partial<Setup> {
  const atNanos = 50 * MILLISECOND;
  return { faults: { timed: [{ atNanos, forNanos, fault }] }, calmFromNanos: atNanos + forNanos };
}

describe("an operator's reconfiguration", () => {
  const reconfigurations = [20, 60, 61, 120].map((millis) => ({ atNanos: millis * MILLISECOND }));

  test("moves the log from view to view without losing, inventing or misplacing anything", () => {
    const result = run(setup({ reconfigurations }));
    expect(result.invariants.violations).toEqual([]);
    expect(viewsOf(result)).toBeGreaterThanOrEqual(4);
    expect(completed(result, "append")).toBeGreaterThan(100);
    expect(completed(result, "readNext")).toBeGreaterThan(20);
  });

  test("holds for every seed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => {
        expect(run(setup({ seed, reconfigurations })).invariants.violations).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });

  test("gives the same run in checked mode", () => {
    const small = { seed: 5, reconfigurations: reconfigurations.slice(0, 1), nanos: 60 * MILLISECOND };
    const [fast, checked] = (["fast", "checked"] as const).map((mode) => run(setup({ ...small, mode })));
    const digestOf = (each: Run | undefined) => String(each!.deployment.simulation.digest);
    expect(digestOf(checked)).toBe(digestOf(fast));
    expect(viewsOf(fast!)).toBe(2);
  });
});

describe("without an operator, the log goes on after the crash of", () => {
  const spares = { spareEngines: 1, spareStorages: 1, spareSequencers: 1 };
  const victims: readonly [string, Fault][] = [
    ["the primary", { kind: "crash", of: { part: "primary" }, wholeHost: true }],
    ["a backup", { kind: "crash", of: { part: "backups", count: 1 }, wholeHost: true }],
    ["a storage node", { kind: "crash", of: { names: ["storage-1"] }, wholeHost: true }],
    ["an engine", { kind: "crash", of: { names: ["engine-1"] }, wholeHost: true }],
  ];
  for (const [who, fault] of victims) {
    test(who, () => {
      const result = run(setup({ cluster: spares, ...strikes(fault, 800 * MILLISECOND) }));
      expect(brokenBy(result)).toEqual([]);
      expect(viewsOf(result)).toBeGreaterThanOrEqual(2);
      const { recorder } = result.deployment.simulation;
      const late = recorder.pending().filter(({ name }) => name === "append");
      expect(late).toEqual([]);
    });
    test(`${who}, which comes back`, () => {
      const result = run(setup(strikes(fault)));
      expect(brokenBy(result)).toEqual([]);
      expect(viewsOf(result)).toBeGreaterThanOrEqual(2);
    });
  }
});
