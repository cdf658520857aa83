/**
 * Deployments whose views end, one after the other, while calls go on: for bugs that only the end of a view brings out. The
 * same scenarios without a bug break nothing (invariants-views-clean.test.ts).
 */

import type { NetworkConfig } from "../../../models/boki/config.ts";
import { MICROSECOND, MILLISECOND } from "../../../sim/units.ts";
import type { Call, Setup } from "./deployment.ts";
import { callsOf, type TurnoverArgs } from "./programs.ts";

/** Two physical logs on four nodes of each kind, unless said otherwise, and enough time for everything to end. */
function views(setup: Setup, atMillis: readonly number[] = [10, 30, 50, 70]): Setup {
  return {
    nanos: 400 * MILLISECOND,
    stuckNanos: 200 * MILLISECOND,
    promptNanos: 200 * MILLISECOND,
    reconfigurations: atMillis.map((millis) => ({ atNanos: millis * MILLISECOND })),
    ...setup,
    cluster: { engines: 3, storages: 4, sequencers: 4, ...setup.cluster },
    boki: {
      physicalLogs: 2,
      zookeeperSessionTimeoutNanos: 100 * MILLISECOND,
      repairIntervalNanos: 5 * MILLISECOND,
      readRetryNanos: 10 * MILLISECOND,
      ...setup.boki,
    },
  };
}

/** Calls that append and read all the time. */
function turnover(args: Partial<TurnoverArgs> = {}, logBooks = 2): Call[] {
  return callsOf(
    "turnover",
    { rounds: 60, tag: 1, pauseNanos: 500 * MICROSECOND, ...args },
    { count: 9, logBooks },
  );
}

const MIX = { rounds: 40, tags: 3, depth: 1, pauseNanos: 4 * MILLISECOND };

const ANY_ORDER = {
  localCutNanos: 20 * MICROSECOND,
  globalCutNanos: 20 * MICROSECOND,
  connectionsPerPeer: 0,
};
const WILD: Partial<NetworkConfig> = { latency: { kind: "exponential", mean: MILLISECOND } };
const UNEVEN_ZOOKEEPER: Partial<NetworkConfig> = {
  latency: { kind: "exponential", mean: 500 * MICROSECOND },
  zookeeperDelay: { kind: "exponential", mean: 4 * MILLISECOND },
};
/** A view is over and the next one installed while messages of it are still on their way. */
const OUTRUN_BY_ZOOKEEPER: Partial<NetworkConfig> = {
  latency: { kind: "exponential", mean: 3 * MILLISECOND },
  zookeeperDelay: { kind: "constant", value: 300 * MICROSECOND },
};

export const VIEW_SCENARIOS = {
  "views that end, everything at random": views(
    { calls: callsOf("mix", MIX, { count: 8 }) },
    [20, 60, 61, 120],
  ),
  "views that end, messages overtake each other": views(
    { calls: callsOf("mix", MIX, { count: 8 }), network: WILD, boki: ANY_ORDER },
    [20, 60, 61, 120],
  ),
  "views that end under appends and reads": views({ calls: turnover() }),
  "views that end before all nodes know, nothing sent twice": views({
    calls: turnover(),
    network: UNEVEN_ZOOKEEPER,
    boki: ANY_ORDER,
    defects: ["P9"],
  }),
  "views that end before index data arrives": views({
    calls: turnover(),
    network: OUTRUN_BY_ZOOKEEPER,
    boki: ANY_ORDER,
  }),
  "views that end before index data arrives, rare tags": views({
    calls: callsOf("mix", { rounds: 60, tags: 12, depth: 0, pauseNanos: 2 * MILLISECOND }, { count: 9 }),
    network: OUTRUN_BY_ZOOKEEPER,
    boki: ANY_ORDER,
  }),
  "views that end while the log is trimmed": views(
    { calls: turnover({ trimEvery: 1 }) },
    [10, 18, 26, 34, 42, 50, 58, 66, 74, 82],
  ),
  "trims beside reads, messages overtake each other": views(
    {
      calls: turnover({ trimEvery: 3 }, 1),
      network: UNEVEN_ZOOKEEPER,
      cluster: { engines: 5 },
      boki: { ...ANY_ORDER, indexReplicas: 2, engineCache: false },
    },
    [],
  ),
  "an engine with an index dies": views(
    {
      calls: turnover(),
      cluster: { storages: 1, spareEngines: 1 },
      boki: {
        indexReplicas: 2,
        userlogReplicas: 1,
        physicalLogs: 1,
        zookeeperSessionTimeoutNanos: 20 * MILLISECOND,
      },
      calmFromNanos: 60 * MILLISECOND,
      faults: {
        timed: [
          {
            atNanos: 20 * MILLISECOND,
            forNanos: 480 * MILLISECOND,
            fault: { kind: "crash", of: { names: ["engine-1"] }, wholeHost: true },
          },
        ],
      },
    },
    [],
  ),
  "backups sleep through the end of a view": views({
    calls: turnover({ pauseNanos: 0 }, 1),
    cluster: { sequencers: 5 },
    boki: { physicalLogs: 1, metalogReplicas: 5 },
    reconfigurations: [10, 30].map((millis) => ({
      atNanos: millis * MILLISECOND,
      sequencers: [1, 2, 3, 4, 5],
    })),
    calmFromNanos: 31 * MILLISECOND,
    faults: {
      timed: [
        {
          atNanos: 8 * MILLISECOND,
          forNanos: 23 * MILLISECOND,
          fault: { kind: "pause", of: { names: ["sequencer-4", "sequencer-5"] } },
        },
      ],
    },
  }),
  "the primary is the last to know of the end of a view": views(
    {
      calls: turnover({ pauseNanos: 0, trimEvery: 1 }),
      network: { zookeeperDelay: { kind: "constant", value: 300 * MICROSECOND } },
      cluster: { sequencers: 3 },
      boki: { physicalLogs: 1 },
      calmFromNanos: 40 * MILLISECOND,
      faults: {
        timed: [
          {
            atNanos: 9 * MILLISECOND,
            forNanos: 12 * MILLISECOND,
            fault: {
              kind: "link",
              of: { names: ["zookeeper"] },
              to: { part: "primary" },
              rule: { extraLatency: { kind: "constant", value: 4 * MILLISECOND } },
            },
          },
        ],
      },
    },
    [10, 30],
  ),
} satisfies Record<string, Setup>;
