/** A deployment in which functions do nothing: one that clients call, and one that calls another. */

import type { Application, Language } from "../../../models/applications/application.ts";
import type { Load } from "../../../models/applications/load.ts";
import {
  createNightcore,
  NIGHTCORE_CLUSTER_DEFAULTS,
  type NightcoreDeployment,
  type NightcoreDeploymentConfig,
} from "../../../models/nightcore/cluster.ts";
import { NIGHTCORE_DEFAULTS, type NightcoreConfig } from "../../../models/nightcore/config.ts";
import { NETWORK_DEFAULTS } from "../../../models/nightcore/network.ts";
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
): NightcoreDeployment {
  return createNightcore({
    seed: 1,
    mode: "fast",
    application,
    cluster: NIGHTCORE_CLUSTER_DEFAULTS,
    nightcore: { ...NIGHTCORE_DEFAULTS, ...settings },
    network: NETWORK_DEFAULTS,
    costs: {},
    clients: [{ name: "one", load: ONE_AT_A_TIME }],
    mutation: 0,
    ...more,
  });
}
