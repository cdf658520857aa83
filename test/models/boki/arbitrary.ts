/** Generated deployments: every shape of a small cluster, network and configuration that the protocol is made for. */

import fc from "fast-check";
import type { Distribution } from "../../../sim/distribution.ts";
import { MICROSECOND, MILLISECOND } from "../../../sim/units.ts";
import type { Setup } from "./deployment.ts";
import { callsOf } from "./programs.ts";

const latency: fc.Arbitrary<Distribution> = fc.oneof(
  fc.record({ kind: fc.constant("constant" as const), value: fc.integer({ min: 1_000, max: 300_000 }) }),
  fc.record({ kind: fc.constant("exponential" as const), mean: fc.integer({ min: 10_000, max: 300_000 }) }),
  fc.record({
    kind: fc.constant("lognormal" as const),
    median: fc.integer({ min: 20_000, max: 150_000 }),
    sigma: fc.double({ min: 0.1, max: 0.8, noNaN: true }),
  }),
);

const interval = fc.integer({ min: 5, max: 300 }).map((micros) => micros * MICROSECOND);

/** Deployments of all shapes under the program that does everything. */
export const generatedSetup: fc.Arbitrary<Setup> = fc
  .record({
    engines: fc.integer({ min: 1, max: 5 }),
    storages: fc.integer({ min: 1, max: 5 }),
    sequencers: fc.integer({ min: 2, max: 5 }),
    userlog: fc.integer({ min: 1, max: 3 }),
    index: fc.integer({ min: 1, max: 5 }),
    metalog: fc.integer({ min: 2, max: 5 }),
    logs: fc.integer({ min: 1, max: 3 }),
    localCutNanos: interval,
    globalCutNanos: interval,
    latency,
    connectionsPerPeer: fc.constantFrom(0, 1, 8),
    engineCache: fc.boolean(),
    propagateAuxData: fc.boolean(),
    maxLiveRecords: fc.constantFrom(0, 2, 20, 65_536),
    remoteIndexShare: fc.constantFrom(0, 0, 0.5),
    blockingReadLimitNanos: fc.integer({ min: 100, max: 3_000 }).map((micros) => micros * MICROSECOND),
    calls: fc.integer({ min: 1, max: 10 }),
    logBooks: fc.integer({ min: 1, max: 4 }),
    tags: fc.integer({ min: 1, max: 3 }),
    depth: fc.integer({ min: 0, max: 2 }),
    pauseNanos: fc.constantFrom(0, 200 * MICROSECOND),
    free: fc.boolean(),
    seed: fc.nat(),
  })
  .map((drawn): Setup => {
    const { engines, storages, sequencers, calls, logBooks, tags, depth, pauseNanos, free, seed } = drawn;
    const { localCutNanos, globalCutNanos, connectionsPerPeer, engineCache, propagateAuxData } = drawn;
    const { maxLiveRecords, blockingReadLimitNanos } = drawn;
    const indexReplicas = Math.min(drawn.index, engines);
    return {
      seed,
      free,
      cluster: { engines, storages, sequencers, workersPerEngine: 12 },
      boki: {
        userlogReplicas: Math.min(drawn.userlog, storages),
        indexReplicas,
        metalogReplicas: Math.min(drawn.metalog, sequencers),
        physicalLogs: Math.min(drawn.logs, sequencers),
        localCutNanos,
        globalCutNanos,
        connectionsPerPeer,
        engineCache,
        propagateAuxData,
        maxLiveRecords,
        blockingReadLimitNanos,
        // A read that is sent away needs another index to go to.
        remoteIndexShare: indexReplicas > 1 ? drawn.remoteIndexShare : 0,
      },
      network: { latency: drawn.latency },
      calls: callsOf("mix", { rounds: 12, tags, depth, pauseNanos }, { count: calls, logBooks }),
      nanos: 60 * MILLISECOND,
      stuckNanos: 30 * MILLISECOND,
      promptNanos: 20 * MILLISECOND,
    };
  });
