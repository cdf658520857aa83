/**
 * The Nightcore model: events and requests per second of CPU time on one worker server, of which each request makes seven calls
 * and six requests to stores: about what one of the published social network's does.
 */

import type { Application } from "../models/applications/application.ts";
import { CLUSTER_DEFAULTS } from "../models/applications/deployment.ts";
import { NETWORK_DEFAULTS } from "../models/applications/network.ts";
import { createNightcore, START_UP_NANOS } from "../models/nightcore/cluster.ts";
import { NIGHTCORE_DEFAULTS } from "../models/nightcore/config.ts";
import { SECOND } from "../sim/units.ts";
import { cpuSecondsOf, median, type Options, type Row, roundsOf } from "./suite.ts";

const REQUESTS_PER_SECOND = 5_000;
const SERVICES = 6;

export async function run(options: Options): Promise<Row[]> {
  const lengthNanos = (options.quick ? 1 : 4) * SECOND;
  const rates: { events: number; requests: number }[] = [];
  const expected = (REQUESTS_PER_SECOND * lengthNanos) / SECOND;
  let completed = 0;
  for (let round = 0; round <= roundsOf(options); round++) {
    const { simulation } = createNightcore({
      seed: round,
      mode: "fast",
      application: APPLICATION,
      cluster: CLUSTER_DEFAULTS,
      nightcore: {
        ...NIGHTCORE_DEFAULTS,
        engineThreads: 2,
        gatewayThreads: 4,
        connectionsPerThread: 16,
        balancing: "leastLoad",
        maxRunningPerNode: 40,
      },
      network: NETWORK_DEFAULTS,
      costs: {},
      clients: [
        {
          name: "wrk",
          load: { kind: "timetable", rate: REQUESTS_PER_SECOND, connections: 64, threads: 4 },
        },
      ],
      mutation: 0,
    });
    simulation.start();
    simulation.run(START_UP_NANOS);
    const before = simulation.events;
    const cpuSeconds = cpuSecondsOf(() => simulation.run(START_UP_NANOS + lengthNanos));
    completed = simulation.recorder.results().find(({ name }) => name === "request")!.count;
    // The first round is where the code is compiled.
    if (round > 0)
      rates.push({ events: (simulation.events - before) / cpuSeconds, requests: completed / cpuSeconds });
  }
  const measure = "Nightcore, 1 node, 5,000 requests/s";
  const isRight = Math.abs(completed / expected - 1) < 0.05;
  const check = `${isRight ? "right" : "WRONG"}: ${completed} for ${expected} requests`;
  const row = { measure, program: "bokisim", compared: "", check };
  return [
    { ...row, perSecond: median(rates.map(({ events }) => events)), unit: "events" },
    { ...row, perSecond: median(rates.map(({ requests }) => requests)), unit: "requests" },
  ];
}

const amount = (factor: number) => ({ factor, variables: [] });
const work = { op: "work", work: "compute", amount: amount(60) } as const;
const pool = { language: "cpp", minWorkers: 20, maxWorkers: 20 } as const;
const services = Array.from({ length: SERVICES }, (_, i) => i + 1);

/** A page behind a web server, which calls one service after the other, each of which asks a store. */
const APPLICATION: Application = {
  name: "page",
  functions: [
    { name: "page", ...pool },
    ...services.map((service) => ({ name: `service-${service}`, ...pool })),
  ],
  methods: [
    {
      name: "page",
      fn: 0,
      code: [
        work,
        ...services.map((method) => ({ op: "call", method, inputBytes: amount(200) }) as const),
        { op: "end" },
      ],
      outputBytes: amount(800),
    },
    ...services.map((fn) => ({
      name: `service-${fn}`,
      fn,
      code: [
        work,
        {
          op: "store",
          store: 0,
          command: "get",
          units: amount(1),
          requestBytes: amount(60),
          replyBytes: amount(400),
        },
        { op: "end" },
      ] as const,
      outputBytes: amount(400),
    })),
  ],
  stores: [{ name: "cache", kind: "memcached", machine: "cache" }],
  queues: [],
  variables: [],
  requests: [
    {
      name: "page",
      entry: "web",
      draws: [],
      code: [{ op: "call", method: 0, inputBytes: amount(200) }, { op: "end" }],
      method: 0,
      inputBytes: amount(100),
    },
  ],
  mix: [1],
};
