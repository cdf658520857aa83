/** Faults, orders and defects in scenario files: what is read, and what is refused with which words. */

import { describe, expect, test } from "vitest";
import { createDeployment } from "../../models/boki/cluster.ts";
import { PUBLISHED_DEFECTS } from "../../models/boki/defects.ts";
import { isWorkerName, processNames } from "../../models/boki/parts.ts";
import { loadScenario } from "../../scenarios/load.ts";
import { parseSelector } from "../../scenarios/selector-field.ts";
import { EXAMPLE, mistakes } from "./example.ts";

/** The example has 30 lines with its last line break: what is added begins on line 30. */
const load = (more: string) => loadScenario(`${EXAMPLE}${more}\n`, "x.yaml");
const planOf = (fault: string) => load(`faults: [${fault}]`).faults;
const at = (fault: string) => planOf(`{ at: 1s, for: 200ms, ${fault} }`).plan.timed[0]!.fault;

const MILLISECOND = 1_000_000;

describe("a selector", () => {
  test.each([
    ["storage-2", { names: ["storage-2"] }],
    ["zookeeper", { names: ["zookeeper"] }],
    ["storages", { role: "storage" }],
    ["all engines", { role: "engine" }],
    ["any sequencer", { role: "sequencer", count: 1 }],
    ["any 2 storages", { role: "storage", count: 2 }],
    ["primary", { part: "primary" }],
    ["primary of log 2", { part: "primary of log 2" }],
    ["backups", { part: "backups" }],
    ["any backup", { part: "backups", count: 1 }],
    ["any 2 backups of log 3", { part: "backups of log 3", count: 2 }],
    ["any 2 nodes", { part: "nodes", count: 2 }],
    ["any process", { part: "processes", count: 1 }],
    ["stores", { role: "store" }],
    ["any 2 web servers", { role: "web", count: 2 }],
    ["idle workers", { part: "idle worker" }],
    ["any idle worker", { part: "idle worker", count: 1 }],
    ["any 2 running workers of Feed on node 3", { part: "running worker of Feed on node 3", count: 2 }],
    ["launchers of Feed", { part: "launcher of Feed" }],
    ["processes on node 2", { part: "processes on node 2" }],
    ["any process on node 2", { part: "processes on node 2", count: 1 }],
  ])("%j is %j", (written, selector) => {
    expect(parseSelector(written)).toEqual(selector);
  });

  test.each([
    "storage",
    "all storage",
    "any storages",
    "engines of log 2",
    "primary of log 0",
    "idle worker",
    "any idle workers",
    "idle workers on node 0",
  ])("%j is no group, so it would have to be a name", (written) => {
    expect(parseSelector(written)).toEqual({ names: [written] });
  });

  test("may be a list of names", () => {
    expect(at("pause: [storage-1, engine-2]")).toEqual({
      kind: "pause",
      of: { names: ["storage-1", "engine-2"] },
    });
  });
});

describe("a fault", () => {
  test.each([
    ["crash: primary", { kind: "crash", of: { part: "primary" }, wholeHost: true, disk: "kept" }],
    ["crash: engine-1", { kind: "crash", of: { names: ["engine-1"] }, wholeHost: true, disk: "kept" }],
    ["crash: controller", { kind: "crash", of: { names: ["controller"] }, wholeHost: false, disk: "kept" }],
    [
      "crash: { of: any storage, host: off, disk: lost }",
      { kind: "crash", of: { role: "storage", count: 1 }, wholeHost: false, disk: "lost" },
    ],
    ["pause: zookeeper", { kind: "pause", of: { names: ["zookeeper"] } }],
    ["slowCpu: { of: engines, factor: 2.5x }", { kind: "slowCpu", of: { role: "engine" }, factor: 2.5 }],
    [
      "partition: { of: storage-1, from: zookeeper }",
      {
        kind: "partition",
        shape: "symmetric",
        of: { names: ["storage-1"] },
        from: { names: ["zookeeper"] },
      },
    ],
    ["partition: { of: nodes, shape: ring }", { kind: "partition", shape: "ring", of: { part: "nodes" } }],
    [
      "loss: { of: storages, to: sequencers, share: 5%, bothWays: on }",
      {
        kind: "link",
        of: { role: "storage" },
        to: { role: "sequencer" },
        bothWays: true,
        rule: { lossShare: 0.05 },
      },
    ],
    [
      "delay: { of: zookeeper, by: uniform 10ms 20ms }",
      {
        kind: "link",
        of: { names: ["zookeeper"] },
        bothWays: false,
        rule: { extraLatency: { kind: "uniform", low: 10 * MILLISECOND, high: 20 * MILLISECOND } },
      },
    ],
    [
      "bandwidth: { of: storage-1, slow: 100x }",
      { kind: "link", of: { names: ["storage-1"] }, bothWays: false, rule: { slowdown: 100 } },
    ],
    [
      "reorder: storages",
      { kind: "link", of: { role: "storage" }, bothWays: false, rule: { reorder: true } },
    ],
    [
      "disk: { of: storages, slow: 10x, writeErrors: 1% }",
      { kind: "disk", of: { role: "storage" }, rule: { slowdown: 10, writeErrorShare: 0.01 } },
    ],
    [
      "clock: { of: any node, offset: -5ms, drift: 100ppm }",
      { kind: "clock", of: { part: "nodes", count: 1 }, offsetNanos: -5 * MILLISECOND, driftPpm: 100 },
    ],
  ])("{ %s } is %j", (written, fault) => {
    expect(at(written)).toEqual(fault);
  });

  test("strikes once, or again and again", () => {
    const { plan, labels } = load(
      `faults:
  - { every: exponential 500ms, for: uniform 5ms 50ms, until: 2s, pause: any storage }
  - { at: 1s, for: 200ms, crash: primary }
  - { at: 1s, reset: any backup }
heal: 2s`,
    ).faults;
    expect(plan).toMatchObject({
      timed: [
        { atNanos: 1_000 * MILLISECOND, forNanos: 200 * MILLISECOND, fault: { kind: "crash" } },
        { atNanos: 1_000 * MILLISECOND, fault: { kind: "reset" } },
      ],
      repeated: [
        {
          // The end of the warm-up.
          fromNanos: 500 * MILLISECOND,
          untilNanos: 2_000 * MILLISECOND,
          everyNanos: { kind: "exponential", mean: 500 * MILLISECOND },
          lengthNanos: { kind: "uniform", low: 5 * MILLISECOND, high: 50 * MILLISECOND },
          fault: { kind: "pause" },
        },
      ],
      healAtNanos: 2_000 * MILLISECOND,
    });
    expect(labels).toEqual(["crash primary", "reset any backup", "pause any storage"]);
  });
});

test("orders of the operator and defects are handed on", () => {
  const scenario = load("reconfigure: [{ at: 1s, sequencers: [3, 1, 2] }, { at: 2s }]\ndefects: [P9, P3]");
  expect(scenario.reconfigurations).toEqual([
    { atNanos: 1_000 * MILLISECOND, sequencers: [3, 1, 2] },
    { atNanos: 2_000 * MILLISECOND },
  ]);
  expect(scenario.defects).toEqual(["P3", "P9"]);
  expect(load("profile: published").defects).toEqual(PUBLISHED_DEFECTS);
  expect(load("profile: published\ndefects: [P20]").defects).toEqual([...PUBLISHED_DEFECTS, "P20"]);
});

test("the names that selectors may have are those of the processes", () => {
  const scenario = load("");
  const { simulation } = createDeployment({
    ...scenario,
    mode: "fast",
    cluster: { ...scenario.cluster, spareEngines: 1, spareStorages: 2, spareSequencers: 1 },
  });
  const byRole: Record<string, string[]> = {};
  for (const { role, name } of simulation.processes) byRole[role] = [...(byRole[role] ?? []), name];
  const cluster = { ...scenario.cluster, spareEngines: 1, spareStorages: 2, spareSequencers: 1 };
  const { worker, ...others } = byRole;
  expect(processNames(cluster, ["writers", "calls"])).toEqual(others);
  expect(worker!.every((name) => isWorkerName(name, cluster))).toBe(true);
  for (const name of ["worker-6.1", "worker-1.17", "worker-0.1", "worker-1.0", "worker-1", "worker-1.01"]) {
    expect(isWorkerName(name, cluster), name).toBe(false);
  }
});

const KINDS =
  "crash, pause, slowCpu, reset, partition, loss, duplicate, corrupt, delay, reorder, bandwidth, disk, clock";

describe("a mistake in", () => {
  test.each([
    [
      "{ at: 1s, crash: primry }",
      '30:27  faults.0.crash: found "primry"; there is no process "primry"; did you mean "primary"?',
    ],
    [
      "{ at: 1s, crash: everybody }",
      '30:27  faults.0.crash: found "everybody"; there is no process "everybody"; there are zookeeper, controller, operator, gateway, sequencer-1 to sequencer-3, storage-1 to storage-3, engine-1 to engine-4, client-writers to client-calls, worker-1.1 to worker-4.16; groups are primary, backups, nodes, storages, any storage, any 2 storages and so on',
    ],
    [
      "{ at: 1s, partition: { of: storage-4 } }",
      '30:37  faults.0.partition.of: found "storage-4"; there is no process "storage-4"; did you mean "storage-1"?',
    ],
    [
      "{ at: 1s, pause: [storage-1, enigne-2] }",
      '30:20  faults.0.pause: found "storage-1, enigne-2"; there is no process "enigne-2"; did you mean "engine-2"?',
    ],
    ["{ at: 1s, crash: any 4 storages }", '30:27  faults.0.crash: found "any 4 storages"; there are only 3'],
    [
      "{ at: 1s, crash: primary of log 2 }",
      '30:27  faults.0.crash: found "primary of log 2"; there is 1 physical log (boki.physicalLogs)',
    ],
    ["{ at: 1s, crash: any 3 backups }", '30:27  faults.0.crash: found "any 3 backups"; there are only 2'],
    [
      "{ at: 1s, crash: zookeeper }",
      "30:27  faults.0.crash: ZooKeeper stands for an ensemble that does not lose its memory; it can be paused or partitioned, but not crashed",
    ],
    [
      "{ at: 1s, crash: { of: gateway, host: on } }",
      '30:48  faults.0.crash.host: found host: on for "gateway", whose host has ZooKeeper too, which cannot crash',
    ],
    [
      "{ at: 1s, disk: { of: engine-1, full: on } }",
      '30:32  faults.0.disk.of: found "engine-1"; only storage nodes and sequencers have disks that matter',
    ],
    [
      "{ at: 1s, disk: { of: storages } }",
      "30:20  faults.0.disk: found nothing that is wrong with the disk; one of slow, stalled, full, writeErrors, unsyncedLoss, torn, misdirected, corrupt, readErrors is needed",
    ],
    [
      "{ at: 1s, clock: { of: storages } }",
      "30:20  faults.0.clock: found nothing that is wrong with the clock; offset or drift is needed",
    ],
    [
      "{ at: 1s, disk: { of: storages, slow: 10 } }",
      "30:48  faults.0.disk.slow: found 10, which has no unit; a slowdown is written as 10x",
    ],
    [
      "{ at: 1s, disk: { of: storages, slow: 0.5x } }",
      '30:48  faults.0.disk.slow: found "0.5x", but it must be at least 1x',
    ],
    [
      "{ at: 1s, clock: { of: storages, drift: 5 } }",
      "30:50  faults.0.clock.drift: found 5, which has no unit; a drift is written as 5ppm",
    ],
    ["{ at: 1s, crsh: primary }", '30:20  faults.0.crsh: unknown field; did you mean "crash"?'],
    ["{ at: 1s }", `30:10  faults.0: found no fault; exactly one of ${KINDS} is needed beside its times`],
    [
      "{ at: 1s, crash: primary, pause: primary }",
      `30:10  faults.0: found crash and pause; exactly one of ${KINDS} is needed beside its times`,
    ],
    [
      "{ crash: primary }",
      '30:10  faults.0: needs a time: "at", or "every" for one that comes again and again',
    ],
    [
      "{ at: 1s, every: 1s, for: 1ms, crash: primary }",
      "30:10  faults.0: found at and every; a fault has one of them",
    ],
    [
      "{ at: 1s, until: 2s, crash: primary }",
      "30:27  faults.0.until: found until beside at; it belongs to every",
    ],
    [
      "{ at: 1s, for: uniform 1ms 2ms, crash: primary }",
      "30:25  faults.0.for: found a distribution, but a fault that strikes once lasts a set time",
    ],
    [
      "{ at: 1s, for: uniform 2ms 1ms, crash: primary }",
      '30:25  faults.0.for: found "uniform 2ms 1ms", which has a least value above the greatest',
    ],
    [
      "{ at: 1s, for: exponential, crash: primary }",
      '30:25  faults.0.for: found "exponential", but it must have a mean, a time, such as 300us, behind the word exponential',
    ],
    [
      "{ at: 1s, for: exponential 5, crash: primary }",
      '30:25  faults.0.for: found "exponential 5", which has "5", which has no unit; a time is written as 5us, 5ms or 5s',
    ],
    ["{ at: 1s, for: 0s, crash: primary }", "30:25  faults.0.for: must be more than 0"],
    ["{ at: 1s, for: 1s, reset: primary }", "30:25  faults.0.for: a reset takes no time"],
    [
      "{ at: 3s, crash: primary }",
      "30:16  faults.0.at: found 3s, but the run ends after 2.5s (warmup + duration)",
    ],
    ["{ every: 1s, crash: primary }", "30:19  faults.0.every: needs for beside every: how long each lasts"],
    ["{ every: 5us, for: 1us, crash: primary }", "30:19  faults.0.every: must be at least 10us on average"],
    [
      "{ every: 1s, for: 1ms, until: 400ms, crash: primary }",
      "30:40  faults.0.until: found 400ms, which is not after the beginning at 500ms",
    ],
    [
      "{ every: 1s, for: 1ms, from: 2500ms, crash: primary }",
      "30:39  faults.0.from: found 2.5s, but the run ends after 2.5s (warmup + duration)",
    ],
    ["storage-1", '30:10  faults.0: found "storage-1", which is not a mapping of fields'],
  ])("faults: [%s] is told", (fault, message) => {
    expect(mistakes(`${EXAMPLE}faults: [${fault}]\n`)).toEqual([`x.yaml:${message}`]);
  });

  test.each([
    ["heal: 2s", "30:7  heal: found without faults"],
    [
      "faults: [{ at: 1s, crash: primary }]\nheal: 1s",
      "30:16  faults.0.at: found 1s, but everything is whole again from 1s on (heal)",
    ],
    [
      "faults: [{ at: 1s, crash: primary }]\nheal: 3s",
      "31:7  heal: found 3s, but the run ends after 2.5s (warmup + duration)",
    ],
    [
      "reconfigure: [{ at: 3s }]",
      "30:21  reconfigure.0.at: found 3s, but the run ends after 2.5s (warmup + duration)",
    ],
    [
      "reconfigure: [{ at: 1s, sequencers: [1, 2, 4] }]",
      "30:44  reconfigure.0.sequencers.2: found 4, but there are 3 sequencers, spares included",
    ],
    ["reconfigure: [{ at: 1s, sequencers: [1, 2, 2] }]", "30:44  reconfigure.0.sequencers.2: found 2 twice"],
    [
      "reconfigure: [{ at: 1s, sequencers: [1, 2] }]",
      "30:25  reconfigure.0.sequencers: found 2 sequencers; a view needs at least 3 (boki.metalogReplicas, boki.physicalLogs)",
    ],
    [
      "defects: [P21]",
      '30:11  defects.0: found "P21", which is none of P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17, P18, P19, P20',
    ],
  ])("%j is told", (more, message) => {
    expect(mistakes(`${EXAMPLE}${more}\n`)).toEqual([`x.yaml:${message}`]);
  });

  test.each([
    [
      "append.outage < 3s",
      'found "append.outage < 3s"; the scenario has no faults that this could be measured of',
    ],
    [
      "p99 < 3s",
      'found "p99 < 3s"; only outage and recovery can stand alone, for all operations; "p99" needs an operation before it, as in "append.p50 < 2ms"',
    ],
    ["recovery < 3", 'found "recovery < 3"; "3" has no unit; a time is written as 3us, 3ms or 3s'],
  ])("the expectation %j without faults is told", (expectation, message) => {
    const text = EXAMPLE.replace("append.p50 < 2ms", expectation);
    expect(mistakes(text)).toEqual([`x.yaml:28:5  expect.0: ${message}`]);
  });
});

test("expectations of faults are of one operation or of all", () => {
  const text = EXAMPLE.replace("append.p50 < 2ms", "append.outage < 3s\n  - recovery <= 5s");
  const faults = "faults: [{ at: 1s, for: 1ms, pause: primary }]\n";
  expect(loadScenario(text + faults, "x.yaml").expectations).toMatchObject([
    { operation: "append", metric: "outage", comparison: "<", value: 3_000 * MILLISECOND },
    { operation: undefined, metric: "recovery", comparison: "<=", value: 5_000 * MILLISECOND },
    { operation: "call calls" },
  ]);
});
