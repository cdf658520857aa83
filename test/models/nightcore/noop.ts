/** A deployment in which functions do nothing: one that clients call, and one that calls another. */

import type { Application, Code, Language } from "../../../models/applications/application.ts";
import { CLUSTER_DEFAULTS } from "../../../models/applications/deployment.ts";
import type { Load } from "../../../models/applications/load.ts";
import { NETWORK_DEFAULTS } from "../../../models/applications/network.ts";
import {
  createNightcore,
  type NightcoreDeployment,
  type NightcoreDeploymentConfig,
} from "../../../models/nightcore/cluster.ts";
import { NIGHTCORE_DEFAULTS, type NightcoreConfig } from "../../../models/nightcore/config.ts";
import { MILLISECOND } from "../../../sim/units.ts";

const NOTHING = { factor: 0, variables: [] };
const bytes = (factor: number) => ({ factor, variables: [] });

/** `noop`, and `caller`, which calls it `calls` times, one after the other. */
export function noopApplication(
  calls: number,
  {
    language = "cpp",
    payloadBytes = 100,
    workers = 4,
  }: { language?: Language; payloadBytes?: number; workers?: number } = {},
): Application {
  const pool = { language, minWorkers: workers, maxWorkers: workers };
  const call = { op: "call", method: 0, inputBytes: bytes(payloadBytes) } as const;
  return {
    name: "noop",
    functions: [
      { name: "noop", ...pool },
      { name: "caller", ...pool },
    ],
    methods: [
      { name: "noop", fn: 0, code: [{ op: "end" }], outputBytes: bytes(payloadBytes) },
      {
        name: "caller",
        fn: 1,
        code: [...Array.from({ length: calls }, () => call), { op: "end" }],
        outputBytes: bytes(payloadBytes),
      },
    ],
    stores: [],
    queues: [],
    variables: [],
    requests: [
      {
        name: calls > 0 ? "caller" : "noop",
        entry: "direct",
        draws: [],
        code: [{ op: "end" }],
        method: calls > 0 ? 1 : 0,
        inputBytes: calls > 0 ? NOTHING : bytes(payloadBytes),
      },
    ],
    mix: [1],
  };
}

/** Like `noopApplication` with one call, but both work for two milliseconds. */
export function busyApplication(): Application {
  const work = { op: "work", work: "compute", amount: bytes(2_000) } as const;
  const idle = noopApplication(1, { workers: 8 });
  const names = ["callee", "caller"];
  return {
    ...idle,
    functions: idle.functions.map((spec, fn) => ({ ...spec, name: names[fn]! })),
    methods: idle.methods.map((method) => ({ ...method, code: [work, ...method.code] })),
  };
}

/**
 * Web servers call a function in Go, which asks a store, and two others at the same time: one in C++ that gives a message to a
 * queue, and one in Node.js with large payloads. The queue's consumer calls one in Python.
 */
export function mixedApplication(): Application {
  const work = { op: "work", work: "compute", amount: bytes(50) } as const;
  const pool = { minWorkers: 2, maxWorkers: 4 };
  const method = (fn: number, name: string, code: Code, outputBytes = 100) => ({
    name,
    fn,
    code,
    outputBytes: bytes(outputBytes),
  });
  return {
    name: "mixed",
    functions: [
      { name: "front", language: "go", ...pool },
      { name: "writer", language: "cpp", ...pool },
      { name: "renderer", language: "node", ...pool },
      { name: "indexer", language: "python", ...pool },
    ],
    methods: [
      method(0, "front", [
        work,
        {
          op: "store",
          store: 0,
          command: "get",
          units: bytes(1),
          requestBytes: bytes(40),
          replyBytes: bytes(400),
        },
        { op: "parallel", branches: [3, 5], behind: 7 },
        { op: "call", method: 1, inputBytes: bytes(200) },
        { op: "end" },
        { op: "call", method: 2, inputBytes: bytes(3_000) },
        { op: "end" },
        { op: "end" },
      ]),
      method(1, "writer", [work, { op: "publish", queue: 0, bytes: bytes(300) }, { op: "end" }]),
      method(2, "renderer", [work, { op: "end" }], 5_000),
      method(3, "indexer", [work, { op: "end" }]),
    ],
    stores: [{ name: "cache", kind: "redis", machine: "caches" }],
    queues: [
      {
        name: "written",
        machine: "queues",
        consumer: {
          name: "reader",
          threads: 2,
          code: [{ op: "call", method: 3, inputBytes: bytes(300) }, { op: "end" }],
        },
      },
    ],
    variables: [],
    requests: [
      {
        name: "page",
        entry: "web",
        draws: [],
        code: [work, { op: "call", method: 0, inputBytes: bytes(150) }, { op: "end" }],
        method: 0,
        inputBytes: bytes(80),
      },
    ],
    mix: [1],
  };
}

/** One client at a time, with a pause between. */
export const ONE_AT_A_TIME: Load = {
  kind: "closedLoop",
  clients: 1,
  think: { kind: "constant", value: MILLISECOND },
};

export function deploy(
  application: Application,
  settings: Partial<NightcoreConfig> = {},
  more: Partial<NightcoreDeploymentConfig> = {},
  nodes = 1,
): NightcoreDeployment {
  return createNightcore({
    seed: 1,
    mode: "fast",
    application,
    cluster: { ...CLUSTER_DEFAULTS, nodes },
    nightcore: { ...NIGHTCORE_DEFAULTS, ...settings },
    network: NETWORK_DEFAULTS,
    costs: {},
    clients: [{ name: "one", load: ONE_AT_A_TIME }],
    mutation: 0,
    ...more,
  });
}
