/**
 * The Boki model: events and appends per second of CPU time at the published deployment, and what its checkers cost.
 */

import {
  createDeployment,
  type Deployment,
  type DeploymentConfig,
  START_UP_NANOS,
} from "../models/boki/cluster.ts";
import { BOKI_DEFAULTS, CLUSTER_DEFAULTS, DISK_DEFAULTS, NETWORK_DEFAULTS } from "../models/boki/config.ts";
import { createInvariants } from "../models/boki/invariants/invariants.ts";
import { createSessionChecks } from "../models/boki/invariants/session-checks.ts";
import { createViolations } from "../models/boki/invariants/violations.ts";
import type { Observation } from "../models/boki/observations.ts";
import type { WorkloadConfig } from "../models/workloads/config.ts";
import { MICROSECOND, MILLISECOND, type Nanos, SECOND } from "../sim/units.ts";
import { cpuSecondsOf, median, type Options, type Row, roundsOf } from "./suite.ts";

export const PUBLISHED = {
  ...BOKI_DEFAULTS,
  localCutNanos: 300 * MICROSECOND,
  globalCutNanos: 300 * MICROSECOND,
  indexReplicas: 8,
  engineThreads: 4,
  storageThreads: 2,
  sequencerThreads: 2,
  gatewayThreads: 2,
  engineCache: true,
  propagateAuxData: true,
};

export async function run(options: Options): Promise<Row[]> {
  return [...quickstart(options), ...checking(options)];
}

/** The published deployment with 128 producers, each appending 1 KiB every 6 ms. */
function quickstart(options: Options): Row[] {
  const lengthNanos = (options.quick ? 1 : 4) * SECOND;
  const rates: { events: number; appends: number }[] = [];
  let expected = 0;
  let appended = 0;
  for (let round = 0; round <= roundsOf(options); round++) {
    const deployment = deploy(
      { boki: PUBLISHED, cluster: CLUSTER_DEFAULTS },
      producers(128, 6 * MILLISECOND),
    );
    const { simulation } = deployment;
    simulation.start();
    simulation.run(START_UP_NANOS);
    const before = simulation.events;
    const cpuSeconds = cpuSecondsOf(() => simulation.run(START_UP_NANOS + lengthNanos));
    appended = appendsOf(deployment);
    expected = (128 * lengthNanos) / (6 * MILLISECOND);
    // The first round is where the code is compiled.
    if (round > 0)
      rates.push({ events: (simulation.events - before) / cpuSeconds, appends: appended / cpuSeconds });
  }
  const measure = "Boki, 8 engines, 20 k appends/s";
  const check = `${Math.abs(appended / expected - 1) < 0.02 ? "right" : "WRONG"}: ${appended} for ${expected.toFixed(0)} appends`;
  return [
    {
      measure,
      program: "bokisim",
      perSecond: median(rates.map(({ events }) => events)),
      unit: "events",
      compared: "",
      check,
    },
    {
      measure,
      program: "bokisim",
      perSecond: median(rates.map(({ appends }) => appends)),
      unit: "appends",
      compared: "",
      check,
    },
  ];
}

/**
 * What checkers cost: the published deployment with 128 clients that append and read every 2 ms, unobserved, with the checks of
 * what functions see alone, and with all of them. The rounds of the three are interleaved.
 */
function checking(options: Options): Row[] {
  const lengthNanos = (options.quick ? 250 : 1_000) * MILLISECOND;
  const workload: WorkloadConfig = {
    ...producers(128, 2 * MILLISECOND),
    mix: { append: 2, readNext: 1, readPrev: 1, checkTail: 1 },
    nestedShare: 0.1,
  };
  const watchers = {
    "no checks": () => ({ observer: undefined, violations: () => 0 }),
    "checks of what functions see": () => {
      const violations = createViolations();
      const checks = createSessionChecks({ violations });
      const observer: Observer = (_at, observed, nowNanos) =>
        checks.observe(observed as unknown as Observation, nowNanos);
      return { observer, violations: () => violations.list.length };
    },
    "all checks": (deployment: () => Deployment) => {
      const { blockingReadLimitNanos } = PUBLISHED;
      const invariants = createInvariants({ inspected: deployment, blockingReadLimitNanos });
      return { observer: invariants.observe, violations: () => invariants.violations.length };
    },
  };
  const rounds = Object.entries(watchers).map(([program, watch]) => ({
    program,
    watch,
    seconds: [] as number[],
    events: 0,
    broken: 0,
  }));
  for (let number = 0; number <= roundsOf(options); number++) {
    for (const round of rounds) {
      const { observer, violations } = round.watch(() => deployment);
      const config = { boki: PUBLISHED, cluster: CLUSTER_DEFAULTS };
      const deployment: Deployment = deploy(config, workload, observer);
      const { simulation } = deployment;
      simulation.start();
      simulation.run(START_UP_NANOS);
      const before = simulation.events;
      const cpuSeconds = cpuSecondsOf(() => simulation.run(START_UP_NANOS + lengthNanos));
      // The first round is where the code is compiled.
      if (number > 0) round.seconds.push(cpuSeconds);
      round.events = simulation.events - before;
      round.broken += violations();
    }
  }
  const unchecked = median(rounds[0]!.seconds);
  return rounds.map(({ program, seconds, events, broken }) => ({
    measure: "checking, appends and reads",
    program,
    perSecond: events / median(seconds),
    unit: "events",
    compared: `${(median(seconds) / unchecked).toFixed(2)} x the time without checks`,
    check: broken === 0 ? "right" : `WRONG: ${broken} violations`,
  }));
}

type Observer = NonNullable<DeploymentConfig["observer"]>;

export function deploy(
  { boki, cluster }: Pick<DeploymentConfig, "boki" | "cluster">,
  workload: WorkloadConfig,
  observer?: Observer,
): Deployment {
  return createDeployment({
    seed: 1,
    mode: "fast",
    cluster,
    boki,
    network: NETWORK_DEFAULTS,
    disk: DISK_DEFAULTS,
    costs: {},
    workloads: [workload],
    mutation: 0,
    ...(observer === undefined ? {} : { observer }),
  });
}

export function producers(clients: number, intervalNanos: Nanos): WorkloadConfig {
  return {
    name: "producers",
    arrival: { kind: "paced", clients, intervalNanos },
    mix: { append: 1 },
    logBooks: { count: 1, zipfExponent: 0 },
    tags: { count: 100, zipfExponent: 0 },
    tagsPerRecord: 2,
    recordBytes: { kind: "constant", value: 1_024 },
    auxBytes: { kind: "constant", value: 64 },
    readPosition: { kind: "recent", records: 1_000 },
    keepRecords: 1_000,
    nestedShare: 0,
    startNanos: 0,
  };
}

export function appendsOf({ simulation }: Deployment): number {
  return simulation.recorder.results().find(({ name }) => name === "append")?.count ?? 0;
}
