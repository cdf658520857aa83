import { describe, expect, test } from "vitest";
import { loadScenario } from "../../scenarios/load.ts";
import { EXAMPLE, mistakes } from "./example.ts";

const CLIENTS = "workload.writers.arrival.closedLoop.clients";
const load = (more: string, set: string[] = []) => loadScenario(EXAMPLE + more, "x.yaml", { set });

describe("variants", () => {
  test("are the scenario under their settings", () => {
    const { variants, boki } = load(
      "variants:\n  - name: as it is\n  - name: fast\n    set: { boki.localCut: 100us, workload.calls.mix.append: 1 }\n",
    );
    expect(variants.map(({ name, settings }) => [name, settings])).toEqual([
      ["as it is", {}],
      ["fast", { "boki.localCut": "100us", "workload.calls.mix.append": 1 }],
    ]);
    expect(boki.localCutNanos).toBe(300_000);
    expect(variants[0]!.scenario).toEqual({
      ...load(""),
      written: expect.anything(),
      source: undefined,
    });
    expect(variants[1]!.scenario.boki.localCutNanos).toBe(100_000);
    expect(variants[1]!.scenario.workloads[1]!.mix).toEqual({ append: 1, readNext: 1 });
    expect(variants[1]!.scenario.variants).toEqual([]);
  });

  test("have the settings of the command line too", () => {
    const { variants } = load("variants: [{ name: a, set: { boki.localCut: 100us } }]\n", [
      "boki.globalCut=200us",
    ]);
    expect(variants[0]!.scenario.boki).toMatchObject({ localCutNanos: 100_000, globalCutNanos: 200_000 });
  });

  test.each([
    [
      "[{ name: a, set: { boki.localCutt: 1us } }]",
      '30:30  boki.localCutt: unknown field; did you mean "localCut"? [variant "a"]',
    ],
    [
      "[{ name: a, set: { boki.localCut: 1 } }]",
      '30:45  boki.localCut: found 1, which has no unit; a time is written as 1us, 1ms or 1s [variant "a"]',
    ],
    [
      "[{ name: a, set: { boki.indexReplicas: 5 } }]",
      '30:50  cluster.engines: found 4 engines for 5 replicas of an index (boki.indexReplicas); there must be at least as many [variant "a"]',
    ],
    [
      "[{ name: a, set: { workload.writers.mix: { readPrev: 1 } } }]",
      '30:30  expect.0: found "append.p50 < 2ms"; the workload has no operation "append"; it has: readPrev, readNext, call calls [variant "a"]',
    ],
    [
      "[{ name: a, set: { workload.foo.nested: 1% } }]",
      '30:30  variants.a.set.workload.foo.nested: workload has no entry "foo"; it has: writers, calls',
    ],
    ["[{ name: a, set: { name: b } }]", "30:30  variants.a.set.name: a variant cannot change name"],
    ["[{ name: a }, { name: a }]", '30:25  variants.a: found the name "a", which another variant has too'],
    ["[{ set: {} }]", "30:12  variants.0.name: is missing; an example: 100us"],
    ["a", '30:11  variants: found "a", which is not a list'],
  ])("%s are refused at the line of the variant", (variants, message) => {
    expect(mistakes(`${EXAMPLE}variants: ${variants}\n`)).toEqual([`x.yaml:${message}`]);
  });

  test("do not repeat the mistakes of the scenario", () => {
    const text = EXAMPLE.replace("localCut: 300us", "localCut: 300");
    expect(mistakes(`${text}variants: [{ name: a }, { name: b, set: { seed: 2 } }]\n`)).toHaveLength(1);
  });

  test("are refused at the option that brings them", () => {
    const set = ["variants=[{name: a, set: {seed: -1}}]"];
    expect(mistakes(EXAMPLE, { set })).toEqual([
      `--set ${set[0]}  seed: found -1, but it must be at least 0 [variant "a"]`,
    ]);
  });
});

describe("a sweep", () => {
  test("is a variant for each value", () => {
    const { variants } = load(`sweep: { path: ${CLIENTS}, values: [1, 8, 64] }\n`);
    expect(variants.map(({ name, settings }) => [name, settings])).toEqual([
      ["clients=1", { [CLIENTS]: 1 }],
      ["clients=8", { [CLIENTS]: 8 }],
      ["clients=64", { [CLIENTS]: 64 }],
    ]);
    expect(variants.map(({ scenario }) => scenario.workloads[0]!.arrival)).toMatchObject([
      { clients: 1 },
      { clients: 8 },
      { clients: 64 },
    ]);
  });

  test("moves several fields together and may be named otherwise", () => {
    const { variants } = load(
      "sweep: { paths: [boki.localCut, boki.globalCut], values: [100us, 1ms], label: cut }\n",
    );
    expect(variants.map(({ name }) => name)).toEqual(["cut=100us", "cut=1ms"]);
    expect(variants[0]!.scenario.boki).toMatchObject({ localCutNanos: 100_000, globalCutNanos: 100_000 });
  });

  test("is combined with other sweeps and with variants", () => {
    const { variants } = load(
      `variants: [{ name: a }, { name: b, set: { check: on } }]\nsweep:\n  - { path: seed, values: [1, 2] }\n  - { path: ${CLIENTS}, values: [3, 4] }\n`,
    );
    expect(variants.map(({ name }) => name)).toEqual([
      "a, seed=1, clients=3",
      "a, seed=1, clients=4",
      "a, seed=2, clients=3",
      "a, seed=2, clients=4",
      "b, seed=1, clients=3",
      "b, seed=1, clients=4",
      "b, seed=2, clients=3",
      "b, seed=2, clients=4",
    ]);
    expect(variants[7]!.scenario).toMatchObject({ seed: 2, check: true });
  });

  test.each([
    ["{ path: seed, values: [] }", "30:22  sweep.values: must have a value"],
    ["{ values: [1] }", '30:1  sweep: needs either "path" or "paths"'],
    [
      "{ path: seed, values: [1, 1] }",
      '30:34  sweep.values.1: found the name "seed=1", which another variant has too',
    ],
    [
      "{ path: seed, values: [1, x] }",
      '30:34  seed: found "x", which is not a whole number [variant "seed=x"]',
    ],
    ["{ path: sead, values: [1] }", '30:31  sead: unknown field; did you mean "seed"? [variant "sead=1"]'],
    ["3", "30:8  sweep: found 3, which is neither a mapping nor a list"],
  ])("%s is refused", (sweep, message) => {
    expect(mistakes(`${EXAMPLE}sweep: ${sweep}\n`)).toEqual([`x.yaml:${message}`]);
  });

  test("of too many combinations is refused before they are made", () => {
    const values = `[${Array.from({ length: 100 }, (_, i) => i).join(", ")}]`;
    const sweep = `[${`{ path: seed, values: ${values} }, `.repeat(9)}]`;
    expect(mistakes(`${EXAMPLE}sweep: ${sweep}\n`)).toEqual([
      "x.yaml:30:1  sweep: found 1000000000000000000 variants, all combinations counted; at most 1000 make sense",
    ]);
  });

  test("of a field that --set sets as well leaves that option without effect, which is an error", () => {
    expect(mistakes(`${EXAMPLE}sweep: { path: seed, values: [1, 2] }\n`, { set: ["seed=3"] })).toEqual([
      "--set seed=3  seed: has no effect, because every variant of the scenario sets this field itself",
    ]);
    expect(
      mistakes(`${EXAMPLE}variants: [{ name: a }, { name: b, set: { seed: 2 } }]\n`, { set: ["seed=3"] }),
    ).toEqual([]);
  });
});
