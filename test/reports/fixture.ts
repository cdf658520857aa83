/** Results as a run leaves them, built by formula: no run is needed to test what is made of one. */

import type {
  AnatomyResult,
  Estimate,
  OperationResult,
  ScenarioResult,
  StationResult,
  VariantResult,
} from "../../scenarios/result.ts";

const MICROSECOND_NANOS = 1e3;
const SECOND_NANOS = 1e9;

const estimate = (mean: number, relativeWidth = 0.011): Estimate => ({
  mean,
  low: mean * (1 - relativeWidth),
  high: mean * (1 + relativeWidth),
});

/** A lognormal-looking distribution by its median and p99, with a heavy last thousandth. */
function operation(
  name: string,
  count: number,
  perSecond: number,
  p50Nanos: number,
  p99Nanos: number,
): OperationResult {
  const sigma = Math.log(p99Nanos / p50Nanos) / 2.326;
  const quantile = (share: number): number => {
    // Tukey's lambda approximates the normal quantile well enough to draw.
    const z = (share ** 0.1349 - (1 - share) ** 0.1349) / 0.1975;
    return Math.round(p50Nanos * Math.exp(sigma * z) * (share > 0.999 ? 1 + (share - 0.999) * 900 : 1));
  };
  const cdf = [0.0001, 0.001, 0.01];
  for (let index = 1; index < 50; index += 1) cdf.push(index / 50);
  for (let tail = 0.02; tail > 1 / count; tail *= 0.9) cdf.push(1 - tail);
  return {
    operation: name,
    count,
    failed: 0,
    unknown: 0,
    throughputPerSecond: estimate(perSecond, 0.004),
    meanNanos: estimate(p50Nanos * 1.12),
    p50Nanos: estimate(p50Nanos),
    p90Nanos: estimate(quantile(0.9)),
    p99Nanos: estimate(p99Nanos, 0.03),
    p999Nanos: estimate(quantile(0.999), 0.08),
    maxNanos: estimate(quantile(1 - 1 / count), 0.3),
    cdf: [
      ...cdf.map((share) => ({ latencyNanos: quantile(share), share })),
      { latencyNanos: quantile(1 - 1 / count), share: 1 },
    ],
  };
}

function station(
  role: string,
  name: string,
  kind: StationResult["kind"],
  servers: number,
  busy: number,
): StationResult {
  const queue = busy ** 2 / (1 - Math.min(busy, 0.98)) / 4;
  return {
    station: name,
    role,
    kind,
    servers,
    utilisation: estimate(busy, 0.02),
    queueLength: estimate(queue, 0.05),
    queueLengthMax: Math.ceil(queue * 30),
    waitMeanNanos: estimate(queue * 9_000),
    jobsPerSecond: estimate(busy * servers * 110_000),
  };
}

function stations(load: number): StationResult[] {
  const of = (
    role: string,
    count: number,
    kinds: readonly [StationResult["kind"], string, number, number][],
  ) =>
    Array.from({ length: count }, (_, index) =>
      kinds.map(([kind, name, servers, busy]) =>
        station(
          role,
          `${role}-${index + 1}/${name}`,
          kind,
          servers,
          Math.min(0.985, busy * load * (1 + 0.03 * index)),
        ),
      ),
    ).flat();
  return [
    ...of("engine", 8, [
      ["threads", "io", 1, 0.42],
      ["cores", "cpu", 8, 0.11],
    ]),
    ...of("storage", 3, [
      ["threads", "io", 1, 0.71],
      ["disk", "disk", 1, 0.24],
    ]),
    ...of("sequencer", 3, [["threads", "io", 1, 0.05]]),
    ...of("controller", 1, [["threads", "io", 1, 0.001]]),
  ];
}

const APPEND_PHASES: AnatomyResult = {
  operation: "append",
  sampled: 4_000,
  phases: [
    { phase: "function to engine", meanNanos: 38_000, p99Nanos: 71_000 },
    { phase: "replicate to storage", meanNanos: 214_000, p99Nanos: 390_000 },
    { phase: "wait for the local cut", meanNanos: 151_000, p99Nanos: 298_000 },
    { phase: "progress to the sequencer", meanNanos: 96_000, p99Nanos: 141_000 },
    { phase: "wait for the global cut", meanNanos: 149_000, p99Nanos: 297_000 },
    { phase: "metalog quorum", meanNanos: 188_000, p99Nanos: 320_000 },
    { phase: "metalog to the engine", meanNanos: 92_000, p99Nanos: 139_000 },
    { phase: "engine to function", meanNanos: 31_000, p99Nanos: 60_000 },
  ],
};

/** A wobble without randomness: fixtures must not differ between runs. */
const wobble = (index: number, phase: number): number =>
  Math.sin(index * 1.7 + phase) * Math.cos(index * 0.61 + phase * 3);

function variant(name: string, settings: Record<string, unknown>, load: number): VariantResult {
  const operations = [
    operation(
      "append",
      412_345,
      46_120 * load,
      959 * MICROSECOND_NANOS * (0.8 + load * 0.2),
      2_410 * MICROSECOND_NANOS * load,
    ),
    operation("readNext", 103_000, 11_530 * load, 211 * MICROSECOND_NANOS, 870 * MICROSECOND_NANOS * load),
    operation("checkTail", 20_600, 2_306 * load, 74 * MICROSECOND_NANOS, 190 * MICROSECOND_NANOS * load),
  ];
  const allStations = stations(load);
  const intervals = 100;
  const warmth = (index: number): number => Math.min(1, (index + 1) / 12);
  return {
    variant: name,
    settings,
    replications: 3,
    digests: ["9f1c2ab47d03e5f1", "02bb64e19ac7d530", "77e0c15d3b9a2c48"],
    seeds: [1, 2, 3],
    events: 18_234_567,
    operations,
    stations: allStations,
    bottleneck:
      "The I/O threads of the storage nodes are the busiest stations (storage-3/io, 75.3 % busy); nothing is at its limit.",
    messages: [
      {
        kind: "replicate",
        count: 1_237_035,
        bytes: 1_345_000_000,
        countPerSecond: 138_360 * load,
        bytesPerSecond: 150_400_000 * load,
      },
      {
        kind: "shardProgress",
        count: 118_200,
        bytes: 9_456_000,
        countPerSecond: 10_010,
        bytesPerSecond: 800_800,
      },
      {
        kind: "metalogs",
        count: 412_000,
        bytes: 52_736_000,
        countPerSecond: 36_630,
        bytesPerSecond: 4_688_640,
      },
      {
        kind: "metalogProgress",
        count: 79_000,
        bytes: 5_056_000,
        countPerSecond: 6_660,
        bytesPerSecond: 426_240,
      },
      {
        kind: "indexData",
        count: 310_000,
        bytes: 99_200_000,
        countPerSecond: 26_640,
        bytesPerSecond: 8_524_800,
      },
      { kind: "read", count: 61_000, bytes: 4_880_000, countPerSecond: 5_200, bytesPerSecond: 416_000 },
      {
        kind: "readResult",
        count: 61_000,
        bytes: 67_344_000,
        countPerSecond: 5_200,
        bytesPerSecond: 5_740_800,
      },
    ],
    caches: [
      { cache: "engine records", hits: 84_000, misses: 19_000, hitRate: 84 / 103 },
      { cache: "storage aux", hits: 0, misses: 0, hitRate: null },
    ],
    counters: { cuts: 29_700, flushes: 8_900 },
    series: {
      intervalNanos: 0.1 * SECOND_NANOS,
      operations: operations.map((each, which) => ({
        operation: each.operation,
        completedPerSecond: Array.from(
          { length: intervals },
          (_, index) => each.throughputPerSecond.mean * warmth(index) * (1 + 0.03 * wobble(index, which)),
        ),
        p50Nanos: Array.from({ length: intervals }, (_, index) =>
          index === 0 ? null : each.p50Nanos.mean * (1 + 0.03 * wobble(index, which)),
        ),
        p99Nanos: Array.from({ length: intervals }, (_, index) =>
          index === 0 ? null : each.p99Nanos.mean * (1 + 0.12 * wobble(index, which + 1)),
        ),
      })),
      stations: allStations.map((each, which) => ({
        station: each.station,
        role: each.role,
        utilisation: Array.from({ length: intervals }, (_, index) =>
          Math.max(0, Math.min(1, each.utilisation.mean * warmth(index) * (1 + 0.15 * wobble(index, which)))),
        ),
        queueLength: Array.from(
          { length: intervals },
          (_, index) => each.queueLength.mean * warmth(index) * (1 + 0.4 * wobble(index, which)),
        ),
      })),
    },
    anatomy: [APPEND_PHASES],
    expectations: [
      { expression: "append.p50 < 1.2ms", measured: operations[0]!.p50Nanos.mean, held: true },
      {
        expression: "append.p99 < 4ms",
        measured: operations[0]!.p99Nanos.mean,
        held: operations[0]!.p99Nanos.mean < 4e6,
      },
    ],
    violations: [],
    violationCounts: {},
    warnings: [],
  };
}

function result(variants: readonly VariantResult[]): ScenarioResult {
  return {
    format: "bokisim-result-1",
    bokisimVersion: "0.1.0",
    scenario: "quickstart",
    summary: "Appends and reads on the published deployment: 8 engines, 3 storage nodes, 3 sequencers.",
    file: "scenarios/quickstart.yaml",
    seed: 1,
    warmupNanos: SECOND_NANOS,
    durationNanos: 10 * SECOND_NANOS,
    checked: false,
    invariantsChecked: true,
    variants,
    held: variants.every(
      (each) => each.violations.length === 0 && each.expectations.every((expectation) => expectation.held),
    ),
  };
}

/** One variant of a cluster that serves three operations, three replications. */
export const quickstartResult = (): ScenarioResult => result([variant("base", {}, 1)]);

/** One variant that broke an invariant, missed an expectation and never became steady; one replication. */
export function failedResult(): ScenarioResult {
  const base = variant("base", {}, 2);
  const single = <T>(value: T): T =>
    JSON.parse(JSON.stringify(value), (key, each) => (key === "low" || key === "high" ? null : each));
  return result([
    {
      ...single(base),
      replications: 1,
      digests: base.digests.slice(0, 1),
      seeds: [1],
      operations: single(base.operations).map((each) => ({ ...each, failed: 12 })),
      violations: [
        {
          invariant: "A3",
          rule: "a cut orders only records that every storage node of their shard holds without a gap",
          replication: 0,
          atNanos: 1_250_300_000,
          message: "record 17 of LogBook 3 is in two places <b>",
        },
      ],
      violationCounts: { A3: 3 },
      warnings: ["append never reached a steady state: throughput still rose by 12 % in the last quarter"],
    },
  ]);
}

/** Nothing completed, nothing was sent. */
export function emptyResult(): ScenarioResult {
  return result([
    {
      ...variant("base", {}, 1),
      operations: [],
      stations: [],
      messages: [],
      caches: [],
      counters: {},
      anatomy: [],
      expectations: [],
      series: { intervalNanos: SECOND_NANOS, operations: [], stations: [] },
      bottleneck: "Nothing happened: no station was ever busy.",
    },
  ]);
}

/** Variants of which one never completed an operation that the other did. */
export function idleResult(): ScenarioResult {
  const idle = (each: OperationResult): OperationResult => {
    const none = { mean: 0, low: null, high: null };
    return {
      ...each,
      count: 0,
      throughputPerSecond: none,
      meanNanos: none,
      p50Nanos: none,
      p90Nanos: none,
      p99Nanos: none,
      p999Nanos: none,
      maxNanos: none,
      cdf: [],
    };
  };
  const busy = variant("busy", { "boki.engineCache": true }, 1);
  const still = variant("idle", { "boki.engineCache": false }, 1);
  return result([busy, { ...still, operations: still.operations.map(idle) }]);
}

/** Variants along one quantity: `300us`, `600us`, ... */
export const quantityVariantsResult = (count: number): ScenarioResult =>
  result(
    Array.from({ length: count }, (_, index) =>
      variant(
        `cut-${(index + 1) * 300}us`,
        { "boki.globalCut": `${(index + 1) * 300}us` },
        0.7 + (index / count) * 0.6,
      ),
    ),
  );

/** Variants that are different things and not points on a line. */
export const namedVariantsResult = (): ScenarioResult =>
  result([
    variant("local index", { "boki.remoteIndexShare": "0%", "boki.engineCache": false }, 1),
    variant("remote index", { "boki.remoteIndexShare": "100%", "boki.engineCache": false }, 0.8),
    variant("engine cache", { "boki.remoteIndexShare": "0%", "boki.engineCache": true }, 1.3),
  ]);
