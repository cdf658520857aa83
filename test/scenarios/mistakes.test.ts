/** Each mistake that a person can make in a scenario file, and what is said about it. */

import { describe, expect, test } from "vitest";
import { EXAMPLE, edited, mistakes } from "./example.ts";

/** What is replaced in the example, by what, and the messages, with line and column, that this brings. */
const MISTAKES: readonly (readonly [from: string, to: string, messages: readonly string[]])[] = [
  ["localCut:", "localCutt:", ['10:3  boki.localCutt: unknown field; did you mean "localCut"?']],
  [
    "localCut:",
    "tcpReceive:",
    [
      "10:3  boki.tcpReceive: unknown field; allowed here: localCut, globalCut, metalogReplicas, userlogReplicas, indexReplicas, physicalLogs, hashTokens, sealTailEntries, flushInterval, maxLiveRecords, engineCache, engineCacheSize, propagateAuxData, storageAuxCacheSize, databaseCacheSize, blockingReadLimit, engineThreads, storageThreads, sequencerThreads, gatewayThreads, connectionsPerPeer, remoteIndexShare, zookeeperSessionTimeout, journal, repairInterval, readRetry, operationTimeout, unflushedRecordsMax, unflushedRecordsTarget, appendSizeLimit",
    ],
  ],
  ["boki:\n", "Boki:\n", ['9:1  Boki: unknown field; did you mean "boki"?']],
  [
    "localCut: 300us",
    "localCut: 300",
    ["10:13  boki.localCut: found 300, which has no unit; a time is written as 300us, 300ms or 300s"],
  ],
  [
    "localCut: 300us",
    "localCut: 300lightyears",
    [
      '10:13  boki.localCut: found "300lightyears", which has the unknown unit "lightyears"; a time is in ns, us, ms, s, min, h',
    ],
  ],
  ["localCut: 300us", "localCut: -3us", ['10:13  boki.localCut: found "-3us", but it must not be negative']],
  ["localCut: 300us", "localCut: 0us", ['10:13  boki.localCut: found "0us", but it must be more than 0']],
  [
    "localCut: 300us",
    "localCut: 0.5ns",
    ['10:13  boki.localCut: found "0.5ns", but it must be a whole number of nanoseconds'],
  ],
  [
    "localCut: 300us",
    "localCut: soon",
    ['10:13  boki.localCut: found "soon", which is not a time, such as "300us"'],
  ],
  [
    "localCut: 300us",
    "localCut: [1us]",
    ['10:3  boki.localCut: found a list, which is not a time, such as "300us"'],
  ],
  [
    "localCut: 300us",
    "localCut: {}",
    ['10:3  boki.localCut: found a mapping, which is not a time, such as "300us"'],
  ],
  [
    "localCut: 300us",
    "localCut: true",
    ['10:13  boki.localCut: found true, which is not a time, such as "300us"'],
  ],
  ["localCut: 300us", "localCut: 1e300h", ['10:13  boki.localCut: found "1e300h", which is too large']],
  ["duration: 2s\n", "", ["1:1  duration: is missing; an example: 2s"]],
  ["duration: 2s", "duration: 0s", ['3:11  duration: found "0s", but it must be more than 0']],
  ["duration: 2s", "duration: 30000h", ['3:11  duration: found "30000h", which is too large']],
  ["duration: 2s", "duration:", ["3:1  duration: is missing; an example: 2s"]],
  ["engines: 4", "engines: 4.5", ["5:12  cluster.engines: found 4.5, which is not a whole number"]],
  ["engines: 4", "engines: '4'", ['5:12  cluster.engines: found "4", which is not a whole number']],
  ["engines: 4", "engines: 70000", ["5:12  cluster.engines: found 70000, but it must be at most 65535"]],
  [
    "engines: 4",
    "engines: 2",
    [
      "5:12  cluster.engines: found 2 engines for 4 replicas of an index (boki.indexReplicas); there must be at least as many",
    ],
  ],
  [
    "sequencers: 3",
    "sequencers: 1024",
    ["7:15  cluster.sequencers: found 1024, but it must be at most 1023"],
  ],
  [
    "sequencers: 3",
    "sequencers: 2",
    [
      "7:15  cluster.sequencers: found 2 sequencers for 3 replicas of a metalog (boki.metalogReplicas); there must be at least as many",
    ],
  ],
  [
    "storages: 3",
    "storages: 2",
    [
      "6:13  cluster.storages: found 2 storages for 3 replicas of a record (boki.userlogReplicas); there must be at least as many",
    ],
  ],
  [
    "indexReplicas: 4",
    "indexReplicas: 4\n  metalogReplicas: 1",
    ["12:20  boki.metalogReplicas: found 1, but it must be at least 2"],
  ],
  [
    "indexReplicas: 4",
    "indexReplicas: 4\n  physicalLogs: 4",
    [
      "7:15  cluster.sequencers: found 3 sequencers for 4 physical logs, each with a primary of its own (boki.physicalLogs); there must be at least as many",
    ],
  ],
  [
    "indexReplicas: 4",
    "indexReplicas: 5",
    [
      "5:12  cluster.engines: found 4 engines for 5 replicas of an index (boki.indexReplicas); there must be at least as many",
    ],
  ],
  [
    "indexReplicas: 4",
    "engineCache: yes",
    ['11:16  boki.engineCache: found "yes", which is neither on nor off'],
  ],
  [
    "indexReplicas: 4",
    "remoteIndexShare: 120%",
    ['11:21  boki.remoteIndexShare: found "120%", but it must be from 0% to 100%'],
  ],
  [
    "indexReplicas: 4",
    "remoteIndexShare: half",
    ['11:21  boki.remoteIndexShare: found "half", which is not a share, such as "95%" or 0.95'],
  ],
  [
    "indexReplicas: 4",
    "appendSizeLimit: 2MiB",
    ['11:20  boki.appendSizeLimit: found "2MiB", but it must be at most 1MiB'],
  ],
  [
    "latency: 50us",
    "latency: 50",
    ["13:12  network.latency: found 50, which has no unit; a time is written as 50us, 50ms or 50s"],
  ],
  [
    "latency: 50us",
    "latency: {normal: {}}",
    [
      "13:13  network.latency.normal: unknown field; allowed here: constant, uniform, exponential, lognormal, quantiles, mixture",
    ],
  ],
  [
    "latency: 50us",
    "latency: {uniform: {low: 3us, high: 2us}}",
    ["13:13  network.latency.uniform: low must not be above high"],
  ],
  [
    "latency: 50us",
    "latency: {uniform: {low: 3us}}",
    ["13:13  network.latency.uniform.high: is missing; an example: 300us"],
  ],
  [
    "latency: 50us",
    "latency: {}",
    [
      "13:3  network.latency: found none; exactly one of constant, uniform, exponential, lognormal, quantiles, mixture is needed",
    ],
  ],
  [
    "latency: 50us",
    "latency: {constant: 3us, uniform: {low: 1us, high: 2us}}",
    [
      "13:3  network.latency: found constant and uniform; exactly one of constant, uniform, exponential, lognormal, quantiles, mixture is needed",
    ],
  ],
  [
    "latency: 50us",
    "latency: {quantiles: {0%: 1us, 50%: 3us, 100%: 2us}}",
    ["13:13  network.latency.quantiles: values must not descend, as between 50% and 100%"],
  ],
  [
    "latency: 50us",
    "latency: {quantiles: {0%: 1us, 50%: 3us}}",
    ['13:13  network.latency.quantiles: must have the quantiles "0%" and "100%"'],
  ],
  [
    "latency: 50us",
    "latency: {quantiles: {median: 1us}}",
    [
      '13:13  network.latency.quantiles: found the quantile "median"; quantiles are written as "0%", "50%", "99.9%", "100%"',
    ],
  ],
  ["latency: 50us", "latency: {mixture: []}", ["13:13  network.latency.mixture: a mixture needs a part"]],
  [
    "latency: 50us",
    "latency: {mixture: [{weight: 1}]}",
    [
      "13:23  network.latency.mixture.0: found none; exactly one of constant, uniform, exponential, lognormal, quantiles is needed beside the weight",
    ],
  ],
  [
    "latency: 50us",
    "latency: {mixture: [{constant: 1us}]}",
    ["13:23  network.latency.mixture.0.weight: is missing; an example: 50%"],
  ],
  [
    "latency: 50us",
    "latency: {mixture: [{weight: 0, constant: 1us}]}",
    ["13:13  network.latency.mixture: one weight must be more than 0"],
  ],
  [
    "latency: 50us",
    "latency: {lognormal: {median: 1us, sigma: -1}}",
    ["13:45  network.latency.lognormal.sigma: found -1, but it must not be negative"],
  ],
  [
    "latency: 50us",
    "bandwidth: fast",
    ['13:14  network.bandwidth: found "fast", which is not a bandwidth, such as "10Gbps"; or unlimited'],
  ],
  [
    "latency: 50us",
    "cpuJitter: 1x",
    ['13:14  network.cpuJitter: found "1x", which is not a factor, such as 0.97'],
  ],
  ["append: 1.5us", "apend: 1us", ['15:3  costs.apend: unknown field; did you mean "append"?']],
  [
    "name: writers",
    "name: calls",
    ['23:11  workload.calls.name: found "calls", which another workload is named too'],
  ],
  [
    "name: writers\n",
    "name: the writers\n",
    [
      '17:11  workload.the writers.name: found "the writers", which is not a name of letters, digits, dashes and underscores',
    ],
  ],
  [
    "clients: 32",
    "clients: 65",
    [
      "18:39  workload.writers.arrival.closedLoop.clients: found 65 clients, each occupying a function worker, but only 64 workers (cluster.engines x cluster.workersPerEngine)",
    ],
  ],
  [
    "clients: 32",
    "clients: 0",
    ["18:39  workload.writers.arrival.closedLoop.clients: found 0, but it must be at least 1"],
  ],
  [
    "arrival: { closedLoop: { clients: 32, think: 1ms } }",
    "arrival: { open: {} }",
    [
      "18:16  workload.writers.arrival.open: unknown field; allowed here: closedLoop, paced, poisson, constantRate, timetable",
    ],
  ],
  [
    "arrival: { closedLoop: { clients: 32, think: 1ms } }",
    "nested: 0%",
    ["17:5  workload.writers.arrival: is missing; it is a mapping of fields"],
  ],
  [
    "arrival: { closedLoop: { clients: 32, think: 1ms } }",
    "arrival: { closedLoop: { clients: 64} }\n    nested: 5%",
    [
      "19:13  workload.writers.nested: nested calls need a free worker on every engine, but 16 of 16 (cluster.workersPerEngine) are occupied by clients",
    ],
  ],
  [
    "rate: 2k/s",
    "rate: 2000",
    [
      "24:33  workload.calls.arrival.poisson.rate: found 2000, which has no unit; a rate is written as 2000/s or 2000k/s",
    ],
  ],
  [
    "poisson: { rate: 2k/s }",
    "timetable: { rate: 2k/s, threads: 4, connections: 2 }",
    [
      "24:50  workload.calls.arrival.timetable.threads: found 4 threads for 2 connections; each thread needs one",
    ],
  ],
  ["append: 90%", "apend: 90%", ['19:12  workload.writers.mix.apend: unknown field; did you mean "append"?']],
  [
    "append: 90%",
    "append: -1",
    ["19:20  workload.writers.mix.append: found -1, but it must not be negative"],
  ],
  [
    "append: 90%, readPrev: 10%",
    "append: 0",
    ["19:5  workload.writers.mix: one operation must have a share of more than 0"],
  ],
  [
    "append: 90%, readPrev: 10%",
    "",
    ["19:5  workload.writers.mix: one operation must have a share of more than 0"],
  ],
  [
    "tagsPerRecord: 2",
    "tagsPerRecord: 11",
    ["21:20  workload.writers.tagsPerRecord: found 11 tags for each record, but tags.count is 10"],
  ],
  [
    "recordSize: 1KiB",
    "recordSize: 2500B",
    [
      "22:17  workload.writers.recordSize: 2500B and 2 tags of 8B are 2516B, more than an append may have: 2496B (boki.appendSizeLimit)",
    ],
  ],
  [
    "recordSize: 1KiB",
    "recordSize: {uniform: {low: 1B, high: 2481B}}",
    [
      "22:5  workload.writers.recordSize: 2481B and 2 tags of 8B are 2497B, more than an append may have: 2496B (boki.appendSizeLimit)",
    ],
  ],
  ["recordSize: 1KiB", "recordSize: 0B", ["22:17  workload.writers.recordSize: a record has at least 1B"]],
  [
    "recordSize: 1KiB",
    "auxSize: 3KiB",
    ["22:14  workload.writers.auxSize: found 3KiB; auxiliary data has at most 2496B"],
  ],
  ["read: next", "read: nxt", ['26:11  workload.calls.read: found "nxt", which is none of anywhere, next']],
  [
    "read: next",
    "read: {recent: 0}",
    ["26:20  workload.calls.read.recent: found 0, but it must be at least 1"],
  ],
  [
    "read: next",
    "start: 3s",
    ["26:12  workload.calls.start: found 3s, but the run ends after 2.5s (warmup + duration)"],
  ],
  [
    "read: next",
    "start: 1s\n    stop: 1s",
    ["27:11  workload.calls.stop: found 1s, which is not after the start at 1s"],
  ],
  [
    "append.p50 < 2ms",
    "append.p50 < 2",
    ['28:5  expect.0: found "append.p50 < 2"; "2" has no unit; a time is written as 2us, 2ms or 2s'],
  ],
  [
    "append.p50 < 2ms",
    "append.p51 < 2ms",
    ['28:5  expect.0: found "append.p51 < 2ms"; there is no metric "p51"; did you mean "p50"?'],
  ],
  [
    "append.p50 < 2ms",
    "trim.p50 < 2ms",
    [
      '28:5  expect.0: found "trim.p50 < 2ms"; the workload has no operation "trim"; it has: append, readPrev, readNext, call calls',
    ],
  ],
  [
    "append.p50 < 2ms",
    "append is fast",
    [
      '28:5  expect.0: found "append is fast"; an expectation looks like "append.p50 < 2ms": operation, dot, metric, one of <= >= < > =, value',
    ],
  ],
  [
    "append.p50 < 2ms",
    "append.failed = none",
    ['28:5  expect.0: found "append.failed = none"; "none" is not a whole number'],
  ],
  [
    "append.p50 < 2ms",
    "append.throughput >= 19k",
    [
      '28:5  expect.0: found "append.throughput >= 19k"; "19k" has the unknown unit "k"; a rate is in /s, k/s, M/s',
    ],
  ],
  [
    "  - append.p50 < 2ms",
    "  append.p50: 2ms",
    ["29:1  not valid YAML: a block sequence may not be used as an implicit map key"],
  ],
  [
    "summary: Appends and reads",
    "summary: |\n  two\n  lines",
    ['2:10  summary: found "two\\nlines\\n", which is not one line of text'],
  ],
  [
    "name: example",
    "name: my example",
    ['1:7  name: found "my example", which is not a name of letters, digits, dots, dashes and underscores'],
  ],
  ["summary: Appends and reads", "seed: 1.5", ["2:7  seed: found 1.5, which is not a whole number"]],
  ["summary: Appends and reads", "seed: -1", ["2:7  seed: found -1, but it must be at least 0"]],
  [
    "summary: Appends and reads",
    "profile: publishd",
    ['2:10  profile: found "publishd", which is none of intended, published'],
  ],
  [
    "summary: Appends and reads",
    "replications: 0",
    ["2:15  replications: found 0, but it must be at least 1"],
  ],
  ["summary: Appends and reads", "check: maybe", ['2:8  check: found "maybe", which is neither on nor off']],
  [
    "workload:\n",
    "workload: []\nx:\n",
    [
      "16:1  workload: must have an entry: without clients nothing happens",
      "17:1  x: unknown field; allowed here: system, name, summary, seed, duration, warmup, replications, check, profile, defects, cluster, boki, network, disk, costs, workload, faults, heal, reconfigure, variants, sweep, expect",
    ],
  ],
  ["  latency: 50us", "\tlatency: 50us", ["13:1  YAML does not allow a tab here; indent with spaces"]],
  ["engines: 4", "engines: 4\n  engines: 5", ["6:3  this field is given twice"]],
  ["engines: 4", "engines: *four", ["5:12  cluster.engines: unknown alias"]],
  [
    "engines: 4",
    "engines: {",
    ["6:3  not valid YAML: flow map in block collection must be sufficiently indented and end with a }"],
  ],
  [
    "name: example",
    "---\nname: a\n---\nname: example",
    ['3:1  a file holds one scenario; remove the "---" and what follows'],
  ],
  ["engines: 4", "engines: !!int 4.x", ["5:12  not valid YAML: unresolved tag: tag:yaml.org,2002:int"]],
  ["engines: 4", "engines: !four 4", ["5:12  not valid YAML: unresolved tag: !four"]],
  [
    "cluster:\n",
    "cluster: &a\n  <<: *a\n",
    ['5:3  cluster: "<<" takes an alias of another mapping, such as *base'],
  ],
  ["engines: 4", "? [a]\n  : 4", ["5:5  cluster: a field's name must be a plain word"]],
  ["engines: 4", "__proto__: 4", ["5:3  cluster: a field's name must be a plain word"]],
  ["engines: 4", "<<: 3", ['5:3  cluster: "<<" takes an alias of another mapping, such as *base']],
];

test("the example is right", () => {
  expect(mistakes(EXAMPLE)).toEqual([]);
});

describe("a scenario", () => {
  test.each(MISTAKES)("with %j replaced by %j is refused, and told why", (from, to, messages) => {
    expect(mistakes(edited(from, to))).toEqual(messages.map((message) => `x.yaml:${message}`));
  });

  test("without content is refused", () => {
    const nothing = 'x.yaml:1:1  the file is empty; a scenario is a mapping that begins with "name: ..."';
    expect(mistakes("")).toEqual([nothing]);
    expect(mistakes("# nothing\n")).toEqual([nothing]);
    expect(mistakes("- a")).toEqual([
      'x.yaml:1:1  found a list; a scenario is a mapping that begins with "name: ..."',
    ]);
  });

  test("without what is required is told all of it", () => {
    expect(mistakes("summary: nothing else")).toEqual([
      "x.yaml:1:1  name: is missing; an example: quickstart",
      "x.yaml:1:1  duration: is missing; an example: 2s",
      "x.yaml:1:1  workload: is missing; it is a list",
    ]);
  });

  test("that is nested without end is refused", () => {
    expect(mistakes(`a: ${"[".repeat(60)}${"]".repeat(60)}`)[0]).toContain("nested more than 50 deep");
  });

  test("whose aliases stand for millions of values is refused", () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `l${i}: &l${i} [${`*l${i - 1}, `.repeat(i === 0 ? 0 : 9)}1]`,
    );
    expect(mistakes(levels.join("\n")).join()).toContain("more than 100000 values, aliases counted");
  });
});
