/** The state of a process at a moment of a run, and what its steps changed. */

import fc from "fast-check";
import { applyPatches, enablePatches, type Patch as ImmerPatch } from "immer";
import { describe, expect, test } from "vitest";
import { renderStates } from "../../../reports/states.ts";
import { loadAny } from "../../../scenarios/load.ts";
import { buildReplication, runReplication } from "../../../scenarios/replication.ts";
import { type Patch, type Plain, patchesBetween, plainOf } from "../../../scenarios/tracing/plain-state.ts";
import { runStates } from "../../../scenarios/tracing/run-explain.ts";
import { type StatesSpec, statesOf } from "../../../scenarios/tracing/states.ts";
import { growMap, set } from "../../../sim/structures/grow-map.ts";
import { intList } from "../../../sim/structures/int-list.ts";
import { list } from "../../../sim/structures/list.ts";

enablePatches();

const TEXT = `name: small
duration: 60ms
warmup: 20ms
cluster: { engines: 3, workersPerEngine: 8 }
workload:
  - { name: callers, arrival: { poisson: { rate: 15k/s } }, mix: { append: 1 } }
faults:
  - { at: 50ms, for: 5ms, crash: storage-2 }
`;
const scenario = loadAny(TEXT, "small.yaml");
const MILLISECOND = 1_000_000;
const SPEC: StatesSpec = {
  ...{ scenario, variant: "base", seed: 1, replication: 0, node: "sequencer-1" },
  ...{ atNanos: 30 * MILLISECOND, untilNanos: 34 * MILLISECOND },
};

/** With Immer's own words and by Immer. */
const applied = (state: Plain, patches: readonly Patch[]): Plain =>
  applyPatches(
    { state },
    patches.map(({ path, ...rest }) => ({ ...rest, path: ["state", ...path] })) as ImmerPatch[],
  ).state;

describe("what differs between two states", () => {
  const plain = fc.letrec<{ plain: Plain }>((tie) => ({
    plain: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<Plain>(1, 2, "a", true, null),
      fc.array(tie("plain"), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom("a", "b", "3"), tie("plain"), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).plain;

  test("makes the one of the other, as Immer applies it", () => {
    fc.assert(
      fc.property(plain, plain, (before, after) => {
        expect(applied(before, patchesBetween(before, after))).toEqual(after);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  test("is nothing between a state and itself", () => {
    fc.assert(
      fc.property(plain, (state) => {
        expect(patchesBetween(state, structuredClone(state))).toEqual([]);
      }),
      { seed: 1 },
    );
  });
});

describe("a state as plain data", () => {
  test("has the kernel's structures as what they hold", () => {
    const many = growMap<number, string>();
    for (let i = 0; i < 2_000; i++) set(many, i, `${i}`);
    const state = {
      list: list(["a", "b"]),
      ints: intList([1, 2]),
      set: new Set([3]),
      map: new Map([[4, { at: Infinity }]]),
    };
    expect(plainOf(state)).toEqual({
      list: ["a", "b"],
      ints: [1, 2],
      set: [3],
      map: { 4: { at: "Infinity" } },
    });
    expect(plainOf(many)).toEqual(Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [i, `${i}`])));
  });
});

describe("the states of a run", { timeout: 60_000 }, () => {
  test("lead from one moment to another by the changes of the steps in between", () => {
    const { state, changes, up } = statesOf(SPEC, "0");
    expect(up).toBe(true);
    expect(changes.length).toBeGreaterThan(10);
    expect(changes.map(({ inputs }) => inputs[0]!.name)).toContain("globalCut");
    const end = statesOf({ ...SPEC, atNanos: 34 * MILLISECOND, untilNanos: undefined }, "0");
    expect(end.changes).toEqual([]);
    expect(changes.reduce((last, { patches }) => applied(last, patches), state)).toEqual(end.state);
    expect(end.state).not.toEqual(state);
  });

  test("are those of the run: looking changes nothing", () => {
    const run = { scenario, seed: 1, replication: 0, mode: "fast" } as const;
    const { running } = buildReplication(run);
    const { simulation, startUpNanos } = running;
    let steps = 0;
    simulation.followSteps(simulation.addressOf("storage-1"), { before() {}, after: () => steps++ });
    simulation.start();
    simulation.run(startUpNanos + 80 * MILLISECOND);
    expect(steps).toBeGreaterThan(100);
    expect(simulation.digest.toString()).toBe(runReplication(run).digest);
  });

  test("show a process that is down, and that it began anew", () => {
    const crash = { ...SPEC, node: "storage-2", atNanos: 52 * MILLISECOND };
    expect(statesOf({ ...crash, untilNanos: undefined }, "0").up).toBe(false);
    const { changes } = statesOf({ ...crash, untilNanos: 57 * MILLISECOND }, "0");
    const [first, second] = changes;
    expect(first!.inputs).toEqual([]);
    expect(first!.patches.length).toBeGreaterThan(0);
    expect(second!.inputs).toHaveLength(1);
  });

  test("are told on the terminal, long lists by their ends", () => {
    const states = statesOf(SPEC, "0");
    const text = renderStates(
      { ...states, state: { many: Array.from({ length: 500 }, (_, i) => i) } },
      false,
    );
    expect(text).toContain("sequencer-1 at 0.030s (small, seed 1)");
    expect(text).toContain("many: [0, 1, 2, 3, 4, 5, … 491 more, 497, 498, 499]");
    expect(text).toMatch(/^0\.03\d+s {2}timer globalCut\n {4}primaries\.1\./m);
    expect(text).toMatch(/metalogPosition: \d+ → \d+/);
  });

  test.each([
    [{ node: "sequencer-9" }, /no process is named sequencer-9; did you mean "sequencer-1"/],
    [
      { atNanos: 90 * MILLISECOND, untilNanos: undefined },
      /the run ends at 0.08 s, warm-up included, before 0.09 s/,
    ],
    [
      { node: "storage-1", atNanos: 0, untilNanos: 80 * MILLISECOND },
      /storage-1 takes more than 500 steps in that time/,
    ],
    [{ replication: 2 }, /there is no replication 2/],
  ])("%j is refused", async (request, reason) => {
    await expect(runStates(scenario, { ...SPEC, variant: undefined, ...request }, {})).rejects.toThrow(
      reason,
    );
  });
});
