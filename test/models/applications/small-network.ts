/**
 * A small social network, after the published one's request to compose a post, with everything around a runtime: a client, two
 * processes of a web server, a queue with its consumer, stores. The runtime is a stand-in that runs methods at once, in any number.
 */

import type { Amount, Application, Code } from "../../../models/applications/application.ts";
import { type ClientConfig, client } from "../../../models/applications/client.ts";
import {
  COSTS,
  clientCosts,
  consumerCosts,
  queueCosts,
  storeCosts,
  storePools,
  webServerCosts,
} from "../../../models/applications/costs.ts";
import { type FrontEndConfig, frontEnd } from "../../../models/applications/front-end.ts";
import type { Load } from "../../../models/applications/load.ts";
import { queue } from "../../../models/applications/queue.ts";
import { store } from "../../../models/applications/store.ts";
import type { Distribution } from "../../../sim/distribution.ts";
import type { Mode } from "../../../sim/interpreter.ts";
import { Simulation } from "../../../sim/simulation.ts";
import { MICROSECOND } from "../../../sim/units.ts";
import { store as ask, call, compile, fixed, type Step, times, work } from "./structured.ts";

const STORES = [
  { name: "composed", kind: "redis" },
  { name: "documents", kind: "mongodb" },
  { name: "users", kind: "memcached" },
  { name: "userTimeline", kind: "redis" },
  { name: "graph", kind: "redis" },
  { name: "homeTimeline", kind: "redis" },
] as const;
const [COMPOSED, DOCUMENTS, USERS, USER_TIMELINE, GRAPH, HOME_TIMELINE] = [0, 1, 2, 3, 4, 5] as const;
const [URLS, MENTIONS] = [0, 1];
/** What the six parts of a post go to. */
const PUT_TOGETHER = 6;

const METHODS: readonly { readonly name: string; readonly steps: readonly Step[] }[] = [
  { name: "Media.Upload", steps: [call(PUT_TOGETHER)] },
  { name: "User.Upload", steps: [call(PUT_TOGETHER)] },
  { name: "Id.Upload", steps: [call(PUT_TOGETHER)] },
  {
    name: "Text.Upload",
    steps: [work("regexScan", 512), call(4), call(5), work("regexScan", 256), call(PUT_TOGETHER)],
  },
  {
    name: "Url.Upload",
    steps: [{ op: "store", store: DOCUMENTS, command: "insert", units: times(1, URLS) }, call(PUT_TOGETHER)],
  },
  {
    name: "Mention.Upload",
    steps: [{ op: "repeat", times: times(1, MENTIONS), body: [ask(USERS, "get")] }, call(PUT_TOGETHER)],
  },
  {
    name: "Compose.Upload",
    steps: [
      ask(COMPOSED, "pipeline", { units: 3, arrivalOf: 6 }),
      {
        op: "last",
        body: [
          ask(COMPOSED, "pipeline", { units: 7 }),
          call(7),
          call(8),
          { op: "publish", queue: 0, bytes: fixed(200) },
        ],
      },
    ],
  },
  { name: "Posts.Store", steps: [ask(DOCUMENTS, "insert")] },
  {
    name: "Timeline.Write",
    steps: [ask(DOCUMENTS, "find"), ask(DOCUMENTS, "findAndModify"), ask(USER_TIMELINE, "count")],
  },
  { name: "Graph.Followers", steps: [ask(GRAPH, "count"), ask(GRAPH, "range")] },
];
const COMPOSE: Step[] = [{ op: "parallel", branches: [[call(0)], [call(1)], [call(3)], [call(2)]] }];
const CONSUME: Step[] = [call(9), ask(HOME_TIMELINE, "pipeline", { units: 2 })];

/** Means per request, as published. */
export const PUBLISHED = {
  calls: 15,
  roundTrips: { composed: 7, documents: 4, users: 3.5, userTimeline: 1, graph: 2, homeTimeline: 1 },
  published: 1,
} as const;

const ONE_TO_SIX: Distribution = { kind: "uniform", low: 1, high: 7 };
const APPLICATION: Pick<Application, "requests" | "mix" | "variables"> = {
  variables: ["urls", "mentions"],
  mix: [1],
  requests: [
    {
      name: "compose",
      entry: "web",
      draws: [
        { variable: URLS!, value: ONE_TO_SIX },
        { variable: MENTIONS!, value: ONE_TO_SIX },
      ],
      code: compile(COMPOSE),
      method: 0,
      inputBytes: fixed(400),
    },
  ],
};

const ADDRESS = { client: 0, web: [1, 2], runtime: 3, consumer: 4, queue: 5, stores: 6 } as const;

export interface SmallNetwork {
  readonly mode?: Mode;
  readonly seed?: number;
  readonly load: Load;
  /** Without costs a step takes no time. */
  readonly costs?: boolean;
  readonly stopNanos?: number;
}

export function smallNetwork({ mode = "fast", seed = 1, load, costs = true, stopNanos }: SmallNetwork) {
  const simulation = new Simulation({
    seed,
    mode,
    history: mode === "checked",
    routing: () => ({
      name: "cluster",
      latency: { kind: "lognormal", median: 50 * MICROSECOND, sigma: 0.2 },
      connections: 256,
      pinned: true,
    }),
  });
  const host = (name: string, cores: number) => simulation.addHost({ name, cores });
  const hosts = {
    web: host("web", 8),
    runtime: host("runtime", 16),
    queue: host("queue", 8),
    stores: host("stores", 16),
  };
  const withCosts = <Options>(options: Options): Options | object => (costs ? options : {});

  const clientConfig: ClientConfig = {
    application: APPLICATION,
    load,
    entries: [{ targets: ADDRESS.web, number: 0 }],
    startNanos: 0,
    stopNanos,
    index: 0,
    clients: 1,
  };
  simulation.addProcess({
    name: "client",
    role: "client",
    machine: client,
    config: clientConfig,
    costs: clientCosts(),
  });
  for (const address of ADDRESS.web) {
    simulation.addProcess({
      name: `web ${address}`,
      role: "web",
      machine: frontEnd,
      config: frontEndConfig([compile(COMPOSE)], 0),
      host: hosts.web,
      ...withCosts({ costs: webServerCosts(COSTS) }),
    });
  }
  simulation.addProcess({
    name: "runtime",
    role: "runtime",
    machine: frontEnd,
    config: frontEndConfig(
      METHODS.map(({ steps }) => compile(steps)),
      0,
    ),
    host: hosts.runtime,
    pools: [{ name: "workers", threads: 16, shared: true }],
    ...withCosts({ costs: consumerCosts(COSTS) }),
  });
  simulation.addProcess({
    name: "consumer",
    role: "consumer",
    machine: frontEnd,
    config: frontEndConfig([compile(CONSUME)], 4),
    host: hosts.queue,
    pools: [{ name: "threads", threads: 4, shared: true }],
    ...withCosts({ costs: consumerCosts(COSTS) }),
  });
  simulation.addProcess({
    name: "queue",
    role: "queue",
    machine: queue,
    config: { consumers: [ADDRESS.consumer], prefetch: 4 },
    host: hosts.queue,
    pools: storePools("rabbitmq", 8),
    ...withCosts({ costs: queueCosts(COSTS) }),
  });
  for (const { name, kind } of STORES) {
    simulation.addProcess({
      name,
      role: "store",
      machine: store,
      config: undefined,
      host: hosts.stores,
      pools: storePools(kind, 16),
      ...withCosts({ costs: storeCosts(COSTS, kind) }),
    });
  }
  return simulation;
}

function frontEndConfig(codes: readonly Code[], threads: number): FrontEndConfig {
  return {
    codes,
    runtimes: [{ address: ADDRESS.runtime, connections: 96 }],
    methods: METHODS.map((_, method) => ({ runtime: 0, target: method })),
    stores: STORES.map(({ kind }, i) => ({ kind, address: ADDRESS.stores + i, connections: 64 })),
    queues: [{ address: ADDRESS.queue, connections: 64 }],
    callTimeoutNanos: 0,
    threads,
    ...(codes.length > 1 ? { outputs: codes.map((): Amount => fixed(30)) } : {}),
  };
}
