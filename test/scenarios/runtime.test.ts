/** Scenarios of applications: what is read, what is wrong, and what a run of one leaves behind. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { NIGHTCORE_DEFAULTS, RELEASED } from "../../models/nightcore/config.ts";
import { loadAny, loadScenario } from "../../scenarios/load.ts";
import { ScenarioError } from "../../scenarios/problems.ts";
import { type ReplicationResult, runReplication } from "../../scenarios/replication.ts";
import type { RuntimeScenario } from "../../scenarios/scenario.ts";
import { runtimePool } from "../../scenarios/systems/application.ts";

const MILLISECOND = 1_000_000;
const FILE = join(import.meta.dirname, "../../scenarios/guests.yaml");

const GUESTS = `name: guests
system: nightcore
application: apps/guestbook.yaml
duration: 600ms
warmup: 200ms
nightcore:
  engineThreads: 2
  balancing: leastLoad
workload:
  - name: visitors
    arrival: { timetable: { rate: 3k/s, connections: 64 } }
expect:
  - request.p99 < 100ms
`;

function edited(from: string, to: string): string {
  if (!GUESTS.includes(from)) throw new Error(`the example has no ${from}`);
  return GUESTS.replace(from, () => to);
}

function load(text: string, set: readonly string[] = []): RuntimeScenario {
  const scenario = loadAny(text, FILE, { set });
  if (scenario.system === "boki") throw new Error("a scenario of the log");
  return scenario;
}

function mistakes(text: string, set: readonly string[] = []): string[] {
  try {
    load(text, set);
    return [];
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    return error.problems.map(({ where, line, column, path, message }) =>
      line === undefined ? `${where}  ${path}: ${message}` : `${line}:${column}  ${path}: ${message}`,
    );
  }
}

function run(scenario: RuntimeScenario, mode: "fast" | "checked" = "fast"): ReplicationResult {
  return runReplication({ scenario, seed: scenario.seed, replication: 0, mode });
}

describe("a scenario of an application", () => {
  test("has the application that it names, and the release's flags with the design's behaviour", () => {
    const scenario = load(GUESTS);
    expect(scenario).toMatchObject({ system: "nightcore", name: "guests", profile: "intended" });
    expect(scenario.application.functions.map(({ name }) => name)).toEqual(["Notes", "Feed"]);
    expect(scenario.nightcore).toEqual({ ...NIGHTCORE_DEFAULTS, engineThreads: 2, balancing: "leastLoad" });
    expect(scenario.clients).toEqual([
      {
        name: "visitors",
        load: { kind: "timetable", rate: 3_000, connections: 64, threads: 4 },
        mix: [0.9, 0.1],
      },
    ]);
  });

  test("of the release departs from the design in every point, and in single ones if it says so", () => {
    const released = load(`${GUESTS}profile: published\n`).nightcore;
    expect(released).toMatchObject(RELEASED);
    const setBack = load(`${GUESTS}profile: published\n`, ["nightcore.fifo=on"]).nightcore;
    expect(setBack).toEqual({ ...released, fifo: true });
    const one = load(GUESTS, ["nightcore.growthThrottle=shipped"]).nightcore;
    expect(one).toEqual({ ...load(GUESTS).nightcore, growthThrottle: "shipped" });
  });

  test("has loads in steps", () => {
    const rate = "rate: [{ from: 0s, rate: 700/s }, { from: 300ms, rate: 6k/s }]";
    expect(load(edited("rate: 3k/s", rate)).clients[0]!.load).toMatchObject({
      rate: [
        { fromNanos: 0, perSecond: 700 },
        { fromNanos: 300 * MILLISECOND, perSecond: 6_000 },
      ],
    });
  });

  test("sets variables and workers of its application, in sweeps as well", () => {
    const scenario = load(
      `${GUESTS}workers: { min: 2, max: 9 }\nsweep: { path: variables.words, values: [10, 500] }\n`,
    );
    expect(scenario.variants.map(({ name }) => name)).toEqual(["words=10", "words=500"]);
    const [few, many] = scenario.variants.map((variant) => variant.scenario.application);
    expect(few!.functions.map(({ minWorkers, maxWorkers }) => [minWorkers, maxWorkers])).toEqual([
      [2, 9],
      [2, 9],
    ]);
    expect(few!.requests[0]!.draws).toEqual([{ variable: 0, value: { kind: "constant", value: 10 } }]);
    expect(many!.requests[0]!.draws).toEqual([{ variable: 0, value: { kind: "constant", value: 500 } }]);
  });

  test("is none of the log", () => {
    expect(() => loadScenario(GUESTS, FILE)).toThrow('found "nightcore", which is not "boki"');
  });
});

describe("a mistake in a scenario of an application:", () => {
  test.each<readonly [from: string, to: string, messages: readonly string[]]>([
    [
      "system: nightcore",
      "system: nightcor",
      ['2:9  system: found "nightcor", which is no system; did you mean "nightcore"?'],
    ],
    [
      "system: nightcore",
      "system: 7",
      [
        "2:9  system: found 7, which is no system; there are boki, nightcore, nightcore-boki, rpc, openfaas, lambda",
      ],
    ],
    [
      "engineThreads: 2",
      "engineTreads: 2",
      ['7:3  nightcore.engineTreads: unknown field; did you mean "engineThreads"?'],
    ],
    [
      "balancing: leastLoad",
      "balancing: best",
      ['8:14  nightcore.balancing: found "best", which is none of random, roundRobin, leastLoad'],
    ],
    [
      "expect:",
      "variables: { word: 5 }\nexpect:",
      ['12:14  variables.word: the application has no variable "word"; did you mean "words"?'],
    ],
    [
      "  - name: visitors",
      "  - name: visitors\n    mix: visitor",
      ['11:10  workload.visitors.mix: the application has no mix "visitor"; did you mean "visitors"?'],
    ],
    [
      "connections: 64",
      "connections: 2",
      [
        "11:16  workload.visitors.arrival.timetable.threads: found 4 threads for 2 connections; each thread needs one",
      ],
    ],
    [
      "rate: 3k/s",
      "rate: [{ from: 900ms, rate: 1/s }]",
      [
        "11:29  workload.visitors.arrival.timetable.rate: found nothing before 900ms, but the run ends after 800ms (warmup + duration)",
      ],
    ],
    [
      "rate: 3k/s",
      "rate: [{ from: 5ms, rate: 1/s }, { from: 5ms, rate: 2/s }]",
      ["11:29  workload.visitors.arrival.timetable.rate: steps must be in the order of time"],
    ],
    [
      "request.p99",
      "request wirte.p99",
      [
        '13:5  expect.0: found "request wirte.p99 < 100ms"; the workload has no operation "request wirte"; did you mean "request write"?',
      ],
    ],
    [
      "expect:",
      "costs: { jsonCp: 1us }\nexpect:",
      ['12:10  costs.jsonCp: unknown cost; did you mean "jsonCpp"?'],
    ],
    [
      "expect:",
      "costs: { jsonCpp: 50, factorGo: 1.7us }\nexpect:",
      [
        "12:19  costs.jsonCpp: is a time, such as 1.5us",
        "12:33  costs.factorGo: is a factor, a plain number such as 1.5",
      ],
    ],
    [
      "expect:",
      "cluster: { machineCores: { cach: 2 } }\nexpect:",
      ['12:28  cluster.machineCores.cach: the application has no machine "cach"; did you mean "cache"?'],
    ],
    [
      "expect:",
      "measured: { request.p98: 1ms }\nexpect:",
      [
        "12:13  measured.request.p98: a measurement is of an operation and one of p50, p90, p99, p999, mean, such as request.p50",
      ],
    ],
    [
      "expect:",
      "workers: { min: 5, max: 3 }\nexpect:",
      [
        "12:1  workers: found at least 5 and at most 3 workers of Notes",
        "12:1  workers: found at least 5 and at most 3 workers of Feed",
      ],
    ],
    [
      "expect:",
      "faults: [{ at: 300ms, crash: engine-2 }]\nexpect:",
      ['12:30  faults.0.crash: found "engine-2"; there is no process "engine-2"; did you mean "engine-1"?'],
    ],
    [
      "expect:",
      "faults: [{ at: 300ms, crash: any idle worker of Fed }]\nexpect:",
      [
        '12:30  faults.0.crash: found "any idle worker of Fed"; there is no function "Fed"; did you mean "Feed"?',
      ],
    ],
    [
      "expect:",
      "faults: [{ at: 300ms, crash: processes on node 3 }]\nexpect:",
      ['12:30  faults.0.crash: found "processes on node 3"; cluster.nodes is 1'],
    ],
    [
      "expect:",
      "faults: [{ at: 300ms, crash: primary }]\nexpect:",
      [
        '12:30  faults.0.crash: found "primary"; nightcore has no such part; engine, launcher, worker, store, queue, consumer, web, client are its roles',
      ],
    ],
    ["duration: 600ms\n", "defects: []\nduration: 600ms\n", ["4:1  defects: unknown field"]],
  ])("%j replaced by %j", (from, to, messages) => {
    const found = mistakes(edited(from, to));
    expect(found.map((each, i) => each.slice(0, messages[i]?.length))).toEqual(messages);
  });

  test("a file that is not there", () => {
    const [found] = mistakes(edited("apps/guestbook", "apps/gestbook"));
    expect(found).toMatch(
      /^3:14 {2}application: found "apps\/gestbook.yaml"; there is no such file: .*apps\/gestbook.yaml$/,
    );
  });

  test("a setting of the command line", () => {
    expect(mistakes(GUESTS, ["nightcore.fifo=maybe"])).toEqual([
      '--set nightcore.fifo=maybe  nightcore.fifo: found "maybe", which is neither on nor off',
    ]);
    expect(mistakes(GUESTS, ["workload.visitors.mix=guests"])).toEqual([
      '--set workload.visitors.mix=guests  workload.visitors.mix: the application has no mix "guests"; it has: visitors',
    ]);
  });
});

describe("a run of an application", () => {
  const result = run(load(GUESTS, ["check=on"]));

  test("measures all requests together and each kind", () => {
    expect(result.operations.map(({ operation }) => operation)).toEqual([
      "request",
      "request read",
      "request write",
    ]);
    const [all, read, write] = result.operations.map(({ count }) => count) as [number, number, number];
    expect(all).toBe(read + write);
    expect(all).toBeGreaterThan(1_700);
    expect(all).toBeLessThan(1_900);
    expect(write / all).toBeGreaterThan(0.05);
    expect(write / all).toBeLessThan(0.15);
    expect(result.violations).toEqual([]);
  });

  test("has the workers of a function on a node in one row, and the rows of everybody else", () => {
    const threads = result.stations.filter(({ kind }) => kind === "threads").map(({ station }) => station);
    expect(threads).toEqual(
      expect.arrayContaining([
        "node-1/Notes",
        "node-1/Feed",
        "node-1/launchers",
        "engine-1/io",
        "gateway/io",
      ]),
    );
    expect(threads.filter((station) => /^(worker|launcher)-/.test(station))).toEqual([]);
  });

  test("says how many workers there were, from the start of the warm-up to the end", () => {
    const { intervalNanos, functions } = result.series.pools!;
    expect(functions.map(({ name }) => name)).toEqual(["Notes", "Feed"]);
    for (const { workers, running, waiting } of functions) {
      expect((workers.length - 1) * intervalNanos).toBe(800 * MILLISECOND);
      expect([running.length, waiting.length]).toEqual([workers.length, workers.length]);
      expect(workers[0]).toBe(4);
    }
  });

  test("is the same in both modes, with and without a look at its pools", () => {
    const short = load(GUESTS, ["duration=100ms", "warmup=100ms"]);
    expect(run(short, "checked").digest).toBe(run(short).digest);
  });

  test("notices what a fault does, and whom it struck", () => {
    const crash = "faults=[{at: 400ms, for: 100ms, crash: any idle worker of Notes}]";
    const { faults } = run(load(GUESTS, [crash]));
    const [period] = faults!.periods;
    expect(period).toMatchObject({ fault: "crash any idle worker of Notes", fromNanos: 400 * MILLISECOND });
    expect(period!.struck).toHaveLength(1);
    expect(period!.struck[0]).toMatch(/^worker-1\.Notes\.\d+$/);
  });

  test("on servers of remote procedure calls has no pools, and needs no gateway", () => {
    const rpc = run(load(edited("system: nightcore", "system: rpc")));
    expect(rpc.series.pools).toBeUndefined();
    expect(rpc.operations[0]!.count).toBeGreaterThan(1_700);
    expect(rpc.stations.some(({ role }) => role === "gateway")).toBe(false);
  });
});

test.each([
  ["worker-2.Text.7/main", "worker", "node-2/Text"],
  ["launcher-1.Text/main", "launcher", "node-1/launchers"],
  ["worker-2.Text.7/cores", "worker", undefined],
  ["engine-2/io", "engine", undefined],
  ["store-worker-1/main", "store", undefined],
])("station %s of a %s is part of %s", (station, role, pool) => {
  expect(runtimePool(station, role)).toBe(pool);
});

test("the small application of the catalogue does what its file says", () => {
  const text = readFileSync(join(import.meta.dirname, "../../scenarios/nightcore-quickstart.yaml"), "utf8");
  const { operations } = run(load(text, ["duration=700ms", "warmup=500ms"]));
  const median = (name: string) =>
    operations.find(({ operation }) => operation === name)!.p50Nanos / MILLISECOND;
  expect(Math.abs(median("request read") - 1.3)).toBeLessThan(0.15);
  expect(Math.abs(median("request write") - 1.6)).toBeLessThan(0.15);
});
