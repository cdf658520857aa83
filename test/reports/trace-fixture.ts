/** Traces of a short run in which things fail, recorded once for all tests of what is made of them. */

import { loadScenario } from "../../scenarios/load.ts";
import { runTraced } from "../../scenarios/replication.ts";
import type { Trace, TraceRequest } from "../../scenarios/tracing/trace.ts";

const SCENARIO = `
name: traced
warmup: 10ms
duration: 60ms
seed: 3
cluster: { engines: 3, storages: 3, sequencers: 3, workersPerEngine: 8, coresPerHost: 2 }
boki: { engineThreads: 2 }
workload:
  - name: mixed
    arrival: { closedLoop: { clients: 16, think: 100us } }
    mix: { append: 3, readPrev: 1, checkTail: 1 }
    tagsPerRecord: 1
    tags: { count: 3 }
  - name: calls
    arrival: { poisson: { rate: 2k/s } }
    mix: { append: 1 }
faults:
  - { at: 20ms, for: 15ms, crash: engine-2 }
  - { at: 40ms, for: 5ms, pause: storage-1 }
  - { at: 45ms, for: 10ms, loss: { of: storages, share: 40%, bothWays: on } }
`;

export interface Traced {
  readonly trace: Trace;
  readonly digest: string;
}

export function traced(
  of: TraceRequest["of"],
  sample: TraceRequest["sample"] = { operations: 50 },
  window?: TraceRequest["window"],
): Traced {
  const scenario = loadScenario(SCENARIO, "traced.yaml");
  const request = { of, sample, window };
  const { trace, digest } = runTraced({ scenario, seed: 3, replication: 0, mode: "fast", trace: request });
  return { trace: trace!, digest };
}

export function untracedDigest(): string {
  const scenario = loadScenario(SCENARIO, "traced.yaml");
  return runTraced({ scenario, seed: 3, replication: 0, mode: "fast" }).digest;
}
