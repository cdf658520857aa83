/**
 * The format of scenarios that run an application: on Nightcore, or on one of the systems that it is compared with. This is its only
 * definition, as schema.ts is of scenarios of the log.
 */

import { z } from "zod";
import { CLUSTER_DEFAULTS } from "../models/applications/deployment.ts";
import { NETWORK_DEFAULTS } from "../models/applications/network.ts";
import { BASELINES } from "../models/baselines/parts.ts";
import { writtenDistribution } from "./distribution-field.ts";
import {
  asText,
  choice,
  count,
  type FieldDoc,
  onOff,
  quantity,
  scalar,
  text,
  word,
  wrong,
} from "./fields.ts";
import { BIT_RATE, FACTOR, FINE_TIME, formatQuantity, parseQuantity, RATE, TIME } from "./quantity.ts";
import { lambdaFields, openFaasFields, rpcFields } from "./schema-baselines.ts";
import {
  bokiFields,
  diskFields,
  FACTORS,
  clusterFields as logClusterFields,
  networkFields as logNetworkFields,
  TIMES,
} from "./schema-cluster.ts";
import { commonFields } from "./schema-common.ts";
import { nightcoreFields } from "./schema-nightcore.ts";

/** Systems that run applications. */
export const RUNTIMES = ["nightcore", "nightcore-boki", ...BASELINES] as const;
export type Runtime = (typeof RUNTIMES)[number];

/** Whether functions run on Nightcore, with a log beside it or without. */
export function isNightcore(system: Runtime): system is "nightcore" | "nightcore-boki" {
  return system === "nightcore" || system === "nightcore-boki";
}

/** A cost by its name: which of the two it must be, the name says (rules-runtime.ts). */
const costField = scalar(
  { description: "Instead of the calibrated one.", kind: "time or factor", type: ["number", "string"] },
  "1.5us",
  (found) => {
    const isFactor = typeof found === "number";
    const parsed = parseQuantity(isFactor ? FACTOR : FINE_TIME, isFactor ? String(found) : asText(found));
    return parsed.ok ? { ok: true, value: { isFactor, value: parsed.value } } : parsed;
  },
);

const number = (doc: FieldDoc, value: number, least: number, most?: number) =>
  count(doc, least, most).prefault(value);

const cluster = CLUSTER_DEFAULTS;
const clusterFields = z
  .strictObject({
    nodes: number({ description: "Worker servers; each runs every function." }, cluster.nodes, 1, 1_000),
    coresPerNode: number(
      { description: "Processor cores of a worker server.", source: "c5.2xlarge" },
      cluster.coresPerNode,
      1,
      1_024,
    ),
    siblingSlowdown: quantity(
      FACTOR,
      { description: "A step takes so many times as long while both hyperthreads of a core are busy." },
      { least: [1, "1"] },
    ).prefault(cluster.siblingSlowdown),
    runQueues: onOff({
      description:
        "Each processor has a queue of its own, as in Linux: a thread that finds none idle waits for the one it last ran on.",
    }).prefault(cluster.runQueues),
    gatewayCores: number(
      { description: "Processor cores of the gateway's machine, which web servers share." },
      cluster.gatewayCores,
      1,
      1_024,
    ),
    serviceCores: number(
      { description: "Processor cores of the machines of stores and queues." },
      cluster.serviceCores,
      1,
      1_024,
    ),
    machineCores: z
      .record(z.string(), count({ description: "Cores of this machine." }, 1, 1_024))
      .meta({ description: "Cores of single machines of the application, by their names." })
      .prefault({}),
    webServers: number(
      { description: "Processes of the web server, with one thread each." },
      cluster.webServers,
      1,
      1_024,
    ),
    gatewayConnections: number(
      { description: "Connections that a web server's process and a queue's consumer keep to the gateway." },
      cluster.gatewayConnections,
      1,
      65_536,
    ),
    storeConnections: number(
      { description: "Connections that a process keeps to each store and queue." },
      cluster.storeConnections,
      1,
      65_536,
    ),
    prefetch: number(
      { description: "Messages that a queue's consumer may have without having acknowledged them." },
      cluster.prefetch,
      1,
      1_000_000,
    ),
  })
  .meta({ description: "The machines, and what is kept between them." });

const network = NETWORK_DEFAULTS;
const CALIBRATED = "docs/calibration-nightcore.md";
const networkFields = z
  .strictObject({
    latency: TIMES.meta({
      description: "Delay from one host to another, one way, without the CPU time of either.",
      source: CALIBRATED,
    }).prefault(writtenDistribution(TIME, network.latency) as never),
    bandwidth: quantity(
      BIT_RATE,
      { description: "Line rate of the network interface of each host, or `unlimited`." },
      { positive: true, word: ["unlimited", 0] },
    ).prefault(formatQuantity(BIT_RATE, network.bitsPerSecond)),
    loopbackLatency: TIMES.meta({
      description: "Delay between processes of one host that talk over TCP.",
      source: CALIBRATED,
    }).prefault(writtenDistribution(TIME, network.loopbackLatency) as never),
    pipeLatency: TIMES.meta({ description: "A crossing of a pipe.", source: CALIBRATED }).prefault(
      writtenDistribution(TIME, network.pipeLatency) as never,
    ),
    wakeLatency: TIMES.meta({
      description: "From work reaching an idle thread until the thread runs.",
      source: CALIBRATED,
    }).prefault(writtenDistribution(TIME, network.wakeLatency) as never),
    cpuJitter: FACTORS.meta({
      description: "Factor on the CPU time of each step; its mean should be 1.",
      source: CALIBRATED,
    }).prefault(writtenDistribution(FACTOR, network.cpuJitter) as never),
    keepAlive: quantity(TIME, {
      description: "After this long a peer whose host has lost power is known to be gone.",
    }).prefault(formatQuantity(TIME, network.keepAliveNanos)),
  })
  .meta({ description: "Delays of links, pipes and schedulers." });

/** The log beside the runtime: engines are those of the nodes. */
const logFields = logClusterFields
  .pick({
    storages: true,
    sequencers: true,
    spareStorages: true,
    spareSequencers: true,
    coresPerHost: true,
  })
  .extend({ zookeeperDelay: logNetworkFields.shape.zookeeperDelay })
  .meta({
    description:
      "The shared log of `nightcore-boki`: its nodes besides the engines, which are the worker servers'.",
  });

const onePerSecond = quantity(
  RATE,
  { description: "Requests per second, of all connections together." },
  { positive: true },
);
const rate = z
  .union([
    onePerSecond,
    z
      .array(
        z.strictObject({
          from: quantity(TIME, { description: "From when on, counted from the start of the warm-up." }),
          rate: quantity(RATE, { description: "Requests per second." }),
        }),
      )
      .min(1, { error: "needs a step" })
      .check(({ value, issues }) => {
        if (value.some(({ from }, i) => i > 0 && from <= value[i - 1]!.from)) {
          issues.push({ code: "custom", input: value, message: "steps must be in the order of time" });
        }
      }),
  ])
  .meta({
    description:
      "Requests per second: `4k/s`, or steps of load, `[{from: 0s, rate: 700/s}, {from: 2s, rate: 6k/s}]`.",
  });
const connections = (value: number) =>
  number(
    { description: "Connections, with one request under way on each; further requests wait in the client." },
    value,
    1,
    1_000_000,
  );

const arrivalFields = choice(
  {
    timetable: z
      .strictObject({
        rate,
        connections: count({ description: "Connections, each with a timetable of its own." }, 1, 1_000_000),
        threads: number({ description: "Threads the connections are divided between." }, 4, 1, 10_000),
      })
      .meta({
        description: "The load generator of the published experiments: each connection keeps to a timetable.",
      }),
    poisson: z
      .strictObject({ rate, connections: connections(1_000) })
      .meta({ description: "Requests at random moments." }),
    constantRate: z
      .strictObject({ rate, connections: connections(1_000) })
      .meta({ description: "Requests at equal distances." }),
    closedLoop: z
      .strictObject({
        clients: count({ description: "Clients, each with a connection." }, 1, 1_000_000),
        think: TIMES.meta({ description: "From an answer to the next request." }).prefault("0us"),
      })
      .meta({
        description: "Each client makes its next request when the last is answered and a pause has passed.",
      }),
  },
  { description: "When requests begin." },
);

const workloadFields = z
  .strictObject({
    name: text(
      { description: "Name, unlike that of any other workload." },
      /^[A-Za-z][\w-]*$/,
      "visitors",
      "is not a name of letters, digits, dashes and underscores",
    ),
    arrival: arrivalFields,
    mix: text(
      { description: "Which mix of the application's requests.", otherwise: "the only one" },
      /\S/,
      "write",
      "is not the name of a mix",
    ).optional(),
    stop: quantity(TIME, {
      description: "When it ends, counted from the start of the warm-up.",
      otherwise: "end of the run",
    }).optional(),
  })
  .meta({ description: "Clients that do the same." });

export const runtimeFields = z
  .strictObject({
    system: word({ description: "What runs the application." }, RUNTIMES),
    ...commonFields,
    application: text(
      { description: "The application's file, relative to this one; see docs/applications.md." },
      /\S/,
      "apps/guestbook.yaml",
      "is not the path of a file",
    ),
    variables: z
      .record(z.string(), count({ description: "Always this." }, 0, 1e9))
      .meta({ description: "Variables of the application that are set instead of drawn as its file says." })
      .prefault({}),
    workers: z
      .strictObject({
        min: count({ description: "At least.", otherwise: "as the application says" }, 0, 16_383).optional(),
        max: count(
          { description: "At most; 0: no bound.", otherwise: "as the application says" },
          0,
          16_383,
        ).optional(),
      })
      .meta({ description: "Workers of every function on each node." })
      .prefault({}),
    pools: z
      .record(
        z.string(),
        count({ description: "Workers of this function on each node, from the start." }, 1, 16_383),
      )
      .meta({ description: "Pools of single functions that have a set size, such as one that was measured." })
      .prefault({}),
    cluster: clusterFields.prefault({}),
    nightcore: nightcoreFields.prefault({}),
    log: logFields.prefault({}),
    boki: bokiFields
      .extend({
        indexReplicas: count(
          {
            description: "Engines that keep the index of a physical log.",
            otherwise: "8, or as many as there are nodes",
          },
          1,
        ).optional(),
      })
      .meta({ description: "Flags of the log of `nightcore-boki`." })
      .prefault({}),
    disk: diskFields.prefault({}),
    rpc: rpcFields.prefault({}),
    openfaas: openFaasFields.prefault({}),
    lambda: lambdaFields.prefault({}),
    network: networkFields.prefault({}),
    costs: z
      .record(z.string(), costField)
      .meta({
        description:
          'CPU times of single steps, and factors of languages, by their names in docs/models/applications.md and in nightcore.md or baselines.md beside it, "Costs".',
      })
      .prefault({}),
    mutation: scalar(
      { description: "A bug to switch on.", kind: "whole number", type: "integer", hidden: true },
      1,
      (found) =>
        typeof found === "number" && Number.isInteger(found) && found >= 0
          ? { ok: true, value: found }
          : wrong("is not the number of a bug"),
    ).prefault(0),
    workload: z
      .array(workloadFields)
      .min(1, { error: "must have an entry: without clients nothing happens" })
      .meta({ description: "Who makes requests, when; any number of workloads at the same time." }),
    measured: z
      .record(
        z.string(),
        quantity(TIME, { description: "What was measured of the real system." }, { positive: true }),
      )
      .meta({
        description: "Published measurements to hold the results against, such as `request.p50: 2.65ms`.",
      })
      .prefault({}),
  })
  .meta({
    title: "bokisim scenario of an application",
    description: "An application, what runs it, and its load.",
  });

export type RuntimeFields = z.output<typeof runtimeFields>;
