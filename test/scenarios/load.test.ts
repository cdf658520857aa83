import { describe, expect, test } from "vitest";
import {
  BOKI_DEFAULTS,
  CLUSTER_DEFAULTS,
  DISK_DEFAULTS,
  NETWORK_DEFAULTS,
} from "../../models/boki/config.ts";
import { loadScenario } from "../../scenarios/load.ts";
import { formatProblems, type ScenarioError } from "../../scenarios/problems.ts";
import { EXAMPLE, edited, mistakes } from "./example.ts";

const MINIMAL =
  "name: minimal\nduration: 1s\nworkload: [{ name: w, arrival: { closedLoop: { clients: 1 } } }]\n";

describe("a scenario that leaves everything out", () => {
  const scenario = loadScenario(MINIMAL, "minimal.yaml");

  test("has the defaults of the models", () => {
    expect(scenario.cluster).toEqual(CLUSTER_DEFAULTS);
    expect(scenario.boki).toEqual(BOKI_DEFAULTS);
    expect(scenario.network).toEqual(NETWORK_DEFAULTS);
    expect(scenario.disk).toEqual(DISK_DEFAULTS);
    expect(scenario.costs).toEqual({});
  });

  test("has the defaults of the format", () => {
    expect(scenario).toMatchObject({
      file: "minimal.yaml",
      summary: "",
      seed: 1,
      durationNanos: 1_000_000_000,
      warmupNanos: 500_000_000,
      replications: 1,
      check: false,
      profile: "intended",
      mutation: 0,
      expectations: [],
      variants: [],
    });
    expect(scenario.workloads).toEqual([
      {
        name: "w",
        arrival: { kind: "closedLoop", clients: 1, think: { kind: "constant", value: 0 } },
        mix: { append: 1 },
        logBooks: { count: 1, zipfExponent: 0 },
        tags: { count: 1, zipfExponent: 0 },
        tagsPerRecord: 1,
        recordBytes: { kind: "constant", value: 1_024 },
        auxBytes: { kind: "constant", value: 256 },
        readPosition: { kind: "recent", records: 1_000 },
        keepRecords: 1_000,
        nestedShare: 0,
        startNanos: 0,
      },
    ]);
  });

  test("shows in its written form what was left out, and that form is a scenario again", () => {
    expect(scenario.written).toMatchObject({
      warmup: "500ms",
      boki: { localCut: "1ms", engineCache: "off", engineCacheSize: "1GiB" },
      workload: [{ name: "w", recordSize: "1KiB", mix: { append: "100%" } }],
    });
    expect(scenario.written).not.toHaveProperty("mutation");
    // YAML is a superset of JSON.
    const text = JSON.stringify(scenario.written);
    expect(loadScenario(text, "minimal.yaml")).toEqual({ ...scenario, source: { text, set: [] } });
  });
});

describe("reading", () => {
  test("turns quantities into plain numbers", () => {
    const scenario = loadScenario(EXAMPLE, "example.yaml");
    expect(scenario.boki.localCutNanos).toBe(300_000);
    expect(scenario.network.latency).toEqual({ kind: "constant", value: 50_000 });
    expect(scenario.costs).toEqual({ append: 1_500 });
    expect(scenario.workloads[0]!.mix).toEqual({ append: 0.9, readPrev: 0.1 });
    expect(scenario.workloads[1]!.arrival).toEqual({ kind: "poisson", perSecond: 2_000 });
    expect(scenario.workloads[1]!.readPosition).toEqual({ kind: "next" });
    expect(scenario.expectations).toEqual([
      {
        expression: "append.p50 < 2ms",
        operation: "append",
        metric: "p50",
        comparison: "<",
        value: 2_000_000,
      },
      {
        expression: "call calls.count > 0",
        operation: "call calls",
        metric: "count",
        comparison: ">",
        value: 0,
      },
    ]);
  });

  test.each([
    ["50us", { kind: "constant", value: 50_000 }],
    ["{ constant: 50us }", { kind: "constant", value: 50_000 }],
    ["{ uniform: { low: 1us, high: 3us } }", { kind: "uniform", low: 1_000, high: 3_000 }],
    ["{ exponential: { mean: 1us } }", { kind: "exponential", mean: 1_000 }],
    ["{ exponential: { mean: 1us, floor: 2us } }", { kind: "exponential", mean: 1_000, floor: 2_000 }],
    ["{ lognormal: { median: 1us, sigma: 0.5 } }", { kind: "lognormal", median: 1_000, sigma: 0.5 }],
    [
      "{ quantiles: { 100%: 9us, 0%: 1us, 99.9%: 5us } }",
      { kind: "quantiles", probabilities: [0, 0.999, 1], values: [1_000, 5_000, 9_000] },
    ],
    [
      "{ mixture: [{ weight: 90%, constant: 1us }, { weight: 10%, exponential: { mean: 2us } }] }",
      {
        kind: "mixture",
        weights: [0.9, 0.1],
        parts: [
          { kind: "constant", value: 1_000 },
          { kind: "exponential", mean: 2_000 },
        ],
      },
    ],
  ])("takes the distribution %s", (written, distribution) => {
    const scenario = loadScenario(edited("latency: 50us", `latency: ${written}`), "x.yaml");
    expect(scenario.network.latency).toEqual(distribution);
  });

  test("takes a network without a limit", () => {
    const scenario = loadScenario(edited("latency: 50us", "bandwidth: unlimited"), "x.yaml");
    expect(scenario.network.bitsPerSecond).toBe(0);
  });

  test.each(["on", "true", "off", "false"])("takes %s for a switch", (written) => {
    const scenario = loadScenario(edited("localCut: 300us", `engineCache: ${written}`), "x.yaml");
    expect(scenario.boki.engineCache).toBe(written === "on" || written === "true");
  });

  test("takes larger records where the limit of appends is raised", () => {
    const large = edited("recordSize: 1KiB", "recordSize: 512KiB");
    expect(mistakes(large)).toHaveLength(1);
    expect(mistakes(large, { set: ["boki.appendSizeLimit=513KiB"] })).toEqual([]);
  });

  test("takes a size with a tail, of which no draw is the largest", () => {
    expect(
      mistakes(edited("recordSize: 1KiB", "recordSize: { lognormal: { median: 2KiB, sigma: 1 } }")),
    ).toEqual([]);
  });

  test("knows the mutations, which no reference names", () => {
    expect(loadScenario(`${EXAMPLE}mutation: cutUsesMax\n`, "x.yaml").mutation).toBe(1);
  });

  test("follows anchors, aliases and merged mappings", () => {
    const text = `${MINIMAL.replace("[{ name: w,", "[&w { name: w,").replace("} }]", "} }, { <<: *w, name: other }]")}`;
    const { workloads } = loadScenario(text, "x.yaml");
    expect(workloads.map(({ name }) => name)).toEqual(["w", "other"]);
    expect(workloads[1]!.arrival).toEqual(workloads[0]!.arrival);
  });

  test("points into the mapping that an alias stands for", () => {
    const text = edited("boki:\n", "disk: &d\n  bandwidht: 1GB/s\nnetwork: *d\nboki:\n").replace(
      "network:\n  latency: 50us\n",
      "",
    );
    expect(mistakes(text)).toEqual([
      'x.yaml:10:3  network.bandwidht: unknown field; did you mean "bandwidth"?',
      'x.yaml:10:3  disk.bandwidht: unknown field; did you mean "bandwidth"?',
    ]);
  });
});

describe("mistakes", () => {
  test("are all shown at once, each with its line and a caret", () => {
    const text = edited("localCut: 300us", "localCutt: 300us")
      .replace("clients: 32", "clients: 65")
      .replace("p50", "p51");
    try {
      loadScenario(text, "my/x.yaml");
      expect.unreachable();
    } catch (error) {
      expect((error as ScenarioError).problems).toHaveLength(3);
      expect((error as ScenarioError).problems[0]).toEqual({
        where: "my/x.yaml",
        line: 10,
        column: 3,
        source: "  localCutt: 300us",
        length: 9,
        path: "boki.localCutt",
        message: 'unknown field; did you mean "localCut"?',
      });
      expect(
        (error as Error).message,
      ).toBe(`my/x.yaml:10:3  boki.localCutt: unknown field; did you mean "localCut"?
  10 |   localCutt: 300us
     |   ^^^^^^^^^
my/x.yaml:18:39  workload.writers.arrival.closedLoop.clients: found 65 clients, each occupying a function worker, but only 64 workers (cluster.engines x cluster.workersPerEngine)
  18 |     arrival: { closedLoop: { clients: 65, think: 1ms } }
     |                                       ^^
my/x.yaml:28:5  expect.0: found "append.p51 < 2ms"; there is no metric "p51"; did you mean "p50"?
  28 |   - append.p51 < 2ms
     |     ^^^^^^^^^^^^^^^^`);
    }
  });

  test("have the right line whatever ends the lines of the file", () => {
    const text = edited("localCut: 300us", "localCut: 300").replaceAll("\n", "\r\n");
    try {
      loadScenario(text, "x.yaml");
      expect.unreachable();
    } catch (error) {
      expect((error as ScenarioError).problems).toMatchObject([
        { line: 10, column: 13, source: "  localCut: 300" },
      ]);
    }
  });

  test("are printed in the order of the file, those without a line first", () => {
    const printed = formatProblems([
      { where: "x.yaml", line: 2, column: 4, source: "\tab: 1", length: 9, path: "ab", message: "second" },
      { where: "x.yaml", line: 2, column: 1, path: "", message: "first" },
      { where: "--set a=1", path: "a", message: "before" },
    ]);
    expect(printed.split("\n")).toEqual([
      "--set a=1  a: before",
      "x.yaml:2:1  first",
      "x.yaml:2:4  ab: second",
      "  2 | \tab: 1",
      "    | \t  ^^^^^^^^^",
    ]);
  });
});
