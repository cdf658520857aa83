/**
 * What applications cost: their own computation by language, and the services around a runtime: web servers, consumers, stores
 * and queues (docs/models/applications.md, "Costs", gives the reason of each number).
 *
 * All numbers are global: per language, per kind of work, per kind of command. None belongs to one function or one data point.
 * A scenario may override any of them by name.
 */

import type { CostModel } from "../../sim/machine.ts";
import type { Pool } from "../../sim/process.ts";
import type { Bytes, Nanos } from "../../sim/units.ts";
import type { Language, StoreKind } from "./application.ts";
import type { ApplicationMessage } from "./messages.ts";

/** Kinds of `work` that code may name, and what their amounts count. */
export const WORKS = {
  compute: "microseconds of C++",
  handler: "calls: dispatch in the function's framework, spans, copies of arguments",
  regexScan: "characters times patterns",
  json: "bytes read or written",
  encode: "bytes in binary form (Thrift, Protocol Buffers, BSON), read or written",
  search: "entries of a table in memory that are looked at",
  logLine: "lines",
} as const;
export type Work = keyof typeof WORKS;

/** Commands of each kind of store. */
export const COMMANDS = {
  redis: ["get", "set", "add", "remove", "range", "count", "pipeline"],
  memcached: ["get", "set", "add", "increment"],
  mongodb: ["find", "insert", "findAndModify"],
  rabbitmq: ["get"],
  mysql: ["select", "insert", "update"],
  service: ["request"],
} as const satisfies Record<StoreKind, readonly string[]>;

/** CPU times in nanoseconds. */
export const COSTS = {
  /** What a call costs in its function's framework, C++: virtual call, tracing span, copies of arguments. */
  handler: 52_000,
  /** A character of a scan with std::regex, which walks its automaton through virtual calls and allocates per match; */
  regexScanCpp: 50,
  /** with Go's regexp, which runs in linear time; */
  regexScanGo: 40,
  /** with V8's, which compiles to machine code; */
  regexScanNode: 5,
  /** with Python's, an interpreter in C. */
  regexScanPython: 25,
  /** A byte of JSON in C++ (a tree of maps), in Go (reflection), in Node.js and in Python (both written in C or C++). */
  jsonCpp: 50,
  jsonGo: 15,
  jsonNode: 8,
  jsonPython: 15,
  /** A byte of a binary encoding, C++. */
  encode: 2,
  /** An entry of a table in memory: a distance, a comparison, C++. */
  search: 40,
  /** A line of a log to a file, C++: format and write. */
  logLine: 3_000,

  /** Client libraries, C++, per request and reply, without the kernel's TCP: hiredis with a pool of connections; */
  clientRedis: 8_000,
  /** and each further command of a pipeline; */
  clientPerCommand: 400,
  /** libmemcached; */
  clientMemcached: 6_000,
  /** the MongoDB driver: choose a server, take a session, BSON both ways; */
  clientMongodb: 40_000,
  /** an AMQP library: frames, properties; */
  clientRabbitmq: 10_000,
  clientMysql: 20_000,
  clientService: 10_000,

  /** The same work in Go against C++: garbage, interfaces, its scheduler; */
  factorGo: 1.7,
  /** in Node.js: dynamic types, promises; */
  factorNode: 2.3,
  /** in Python: interpreted. */
  factorPython: 11,
  /** In LuaJIT, in a web server: most of it is compiled. */
  factorLua: 3,

  /** Take one message off a TCP connection between containers: softirq, decapsulation, epoll, read. */
  tcpReceive: 7_500,
  /** Put one message on it. */
  tcpSend: 7_500,
  /** Each byte over TCP: three copies at about 5 GB/s each. */
  perByte: 0.6,

  /** Web server, a client's request: parse, route, start a coroutine, decode arguments. */
  webRequest: 180_000,
  /** Ask a runtime: a connection from the pool, headers, encode the arguments. */
  webCall: 12_000,
  /** Take in its answer: headers, body, wake the coroutine. */
  webResult: 10_000,
  /** Answer the client and log the access. */
  webReply: 100_000,
  /** Consumer: take a message out of its frames and decode it; acknowledge it. */
  consumerDelivery: 20_000,
  consumerAcknowledge: 5_000,

  /** redis, beyond the sockets: parse, look up, answer; per command of a pipeline. */
  redisRequest: 3_000,
  redisCommand: 1_500,
  memcachedRequest: 2_500,
  memcachedCommand: 1_000,
  /** MongoDB: message, plan, lock, execute; then per document, or item of the document that is changed. */
  mongodbFind: 50_000,
  mongodbFindItem: 250,
  mongodbInsert: 60_000,
  mongodbInsertItem: 6_000,
  mongodbFindAndModify: 65_000,
  mongodbFindAndModifyItem: 250,
  /** RabbitMQ: take a message in, route it and confirm it; hand it to a consumer; take its acknowledgement. */
  rabbitmqPublish: 60_000,
  rabbitmqDeliver: 30_000,
  rabbitmqAcknowledge: 20_000,
  /** MySQL: parse, plan, execute; then per row. */
  mysqlRequest: 80_000,
  mysqlRow: 1_000,
  /** Any other service, per unit. */
  serviceUnit: 50_000,
} as const;

export type CostName = keyof typeof COSTS;
export type Costs = { readonly [Name in CostName]: number };

/** What a cost model takes for the work that a client library does for one request to a store, with its units. */
export type ClientWork = `client.${StoreKind}`;
export const CLIENT_WORK: { readonly [Kind in StoreKind]: ClientWork } = {
  redis: "client.redis",
  memcached: "client.memcached",
  mongodb: "client.mongodb",
  rabbitmq: "client.rabbitmq",
  mysql: "client.mysql",
  service: "client.service",
};

/** What runs application code: a function of a language, or a web server's scripts. */
type Runner = Language | "lua";

/**
 * CPU time of work that application code names, and of `CLIENT_WORK`, in this language. A kind that is neither is a bug:
 * files of applications are checked against `WORKS`.
 */
export function applicationNanos(costs: Costs, runner: Runner): (kind: string, amount: number) => Nanos {
  const factor = {
    cpp: 1,
    go: costs.factorGo,
    node: costs.factorNode,
    python: costs.factorPython,
    lua: costs.factorLua,
  }[runner];
  const byRunner = {
    cpp: { regex: costs.regexScanCpp, json: costs.jsonCpp },
    go: { regex: costs.regexScanGo, json: costs.jsonGo },
    node: { regex: costs.regexScanNode, json: costs.jsonNode },
    python: { regex: costs.regexScanPython, json: costs.jsonPython },
    // Its patterns are matched by a library in C, as Python's.
    lua: { regex: costs.regexScanPython, json: costs.jsonPython },
  }[runner];
  return (kind, amount) => Math.round(workNanos(kind as Work | ClientWork, amount));

  function workNanos(kind: Work | ClientWork, amount: number): number {
    switch (kind) {
      case "compute":
        return 1_000 * factor * amount;
      case "handler":
        return costs.handler * factor * amount;
      case "regexScan":
        return byRunner.regex * amount;
      case "json":
        return byRunner.json * amount;
      case "encode":
        return costs.encode * factor * amount;
      case "search":
        return costs.search * factor * amount;
      case "logLine":
        return costs.logLine * factor * amount;
      case "client.redis":
        return (costs.clientRedis + costs.clientPerCommand * Math.max(0, amount - 1)) * factor;
      case "client.memcached":
        return (costs.clientMemcached + costs.clientPerCommand * Math.max(0, amount - 1)) * factor;
      case "client.mongodb":
        return costs.clientMongodb * factor;
      case "client.rabbitmq":
        return costs.clientRabbitmq * factor;
      case "client.mysql":
        return costs.clientMysql * factor;
      case "client.service":
        return costs.clientService * factor;
      default:
        throw new Error(`no cost is known of work that is ${String(kind satisfies never)}`);
    }
  }
}

/** Request and status lines with headers, as the published clients send and the gateway formats them. */
const HTTP_REQUEST_BYTES: Bytes = 180;
const HTTP_RESPONSE_BYTES: Bytes = 150;
/** A stateful service's protocol around what is carried. */
const STORE_HEADER_BYTES: Bytes = 40;

/** Size on the wire. */
export function sizeBytes(message: ApplicationMessage): Bytes {
  switch (message.kind) {
    case "httpRequest":
      return HTTP_REQUEST_BYTES + message.inputBytes;
    case "httpResponse":
      return HTTP_RESPONSE_BYTES + message.outputBytes;
    case "storeRequest":
      return STORE_HEADER_BYTES + message.requestBytes;
    case "storeReply":
      return STORE_HEADER_BYTES + message.replyBytes;
    case "publish":
    case "deliver":
      return STORE_HEADER_BYTES + message.bytes;
    case "acknowledge":
      return STORE_HEADER_BYTES;
    case "closed":
      return 0;
  }
}

function overTcp(
  costs: Costs,
  work: (kind: string, amount: number) => Nanos,
  receive: (message: ApplicationMessage) => number,
  send: (message: ApplicationMessage) => number,
): CostModel<ApplicationMessage> {
  const { tcpReceive, tcpSend, perByte } = costs;
  return {
    receiveNanos: (message) =>
      message.kind === "closed"
        ? tcpReceive
        : Math.round(tcpReceive + perByte * sizeBytes(message) + receive(message)),
    sendNanos: (message) => Math.round(tcpSend + perByte * sizeBytes(message) + send(message)),
    timerNanos: nothing,
    workNanos: work,
    sizeBytes,
  };
}

/** A web server that runs scripts. */
export function webServerCosts(costs: Costs): CostModel<ApplicationMessage> {
  return overTcp(
    costs,
    applicationNanos(costs, "lua"),
    ({ kind }) => (kind === "httpRequest" ? costs.webRequest : kind === "httpResponse" ? costs.webResult : 0),
    ({ kind }) => (kind === "httpRequest" ? costs.webCall : kind === "httpResponse" ? costs.webReply : 0),
  );
}

/** A consumer of a queue, in C++. */
export function consumerCosts(costs: Costs): CostModel<ApplicationMessage> {
  return overTcp(
    costs,
    applicationNanos(costs, "cpp"),
    ({ kind }) => (kind === "deliver" ? costs.consumerDelivery : 0),
    ({ kind }) => (kind === "acknowledge" ? costs.consumerAcknowledge : 0),
  );
}

export function storeCosts(costs: Costs, kind: StoreKind): CostModel<ApplicationMessage> {
  const { base, perUnit } = commandCosts(costs, kind);
  return overTcp(
    costs,
    nothing,
    (message) =>
      message.kind === "storeRequest"
        ? (base[message.command] ?? base.other!) +
          (perUnit[message.command] ?? perUnit.other!) * message.units
        : 0,
    nothing,
  );
}

interface CommandCosts {
  readonly base: Readonly<Record<string, number>>;
  readonly perUnit: Readonly<Record<string, number>>;
}

function commandCosts(costs: Costs, kind: StoreKind): CommandCosts {
  switch (kind) {
    case "redis":
      return { base: { other: costs.redisRequest }, perUnit: { other: costs.redisCommand } };
    case "memcached":
      return { base: { other: costs.memcachedRequest }, perUnit: { other: costs.memcachedCommand } };
    case "mongodb":
      return {
        base: {
          find: costs.mongodbFind,
          insert: costs.mongodbInsert,
          other: costs.mongodbFindAndModify,
        },
        perUnit: {
          find: costs.mongodbFindItem,
          insert: costs.mongodbInsertItem,
          other: costs.mongodbFindAndModifyItem,
        },
      };
    case "rabbitmq":
      return { base: { other: 0 }, perUnit: { other: costs.rabbitmqDeliver } };
    case "mysql":
      return { base: { other: costs.mysqlRequest }, perUnit: { other: costs.mysqlRow } };
    case "service":
      return { base: { other: 0 }, perUnit: { other: costs.serviceUnit } };
  }
}

export function queueCosts(costs: Costs): CostModel<ApplicationMessage> {
  return overTcp(
    costs,
    nothing,
    ({ kind }) =>
      kind === "publish" ? costs.rabbitmqPublish : kind === "acknowledge" ? costs.rabbitmqAcknowledge : 0,
    ({ kind }) => (kind === "deliver" ? costs.rabbitmqDeliver : 0),
  );
}

/** Threads of a store's process on a machine of so many cores. */
export function storePools(kind: StoreKind, cores: number): readonly Pool[] {
  switch (kind) {
    case "redis":
      // Its I/O threads only read and write sockets, and sleep below two waiting clients each; commands are one thread's.
      return [{ name: "main", threads: 1 }];
    case "memcached":
      return [{ name: "workers", threads: 4 }];
    case "rabbitmq":
      return [{ name: "schedulers", threads: 4, shared: true }];
    case "mongodb":
    case "mysql":
    case "service":
      // A thread per connection: as many of them run as there are cores.
      return [{ name: "connections", threads: cores, shared: true }];
  }
}

/** The load generator's own CPU time is no part of the system; its messages have a size all the same. */
export function clientCosts(): CostModel<ApplicationMessage> {
  return { receiveNanos: nothing, sendNanos: nothing, timerNanos: nothing, workNanos: nothing, sizeBytes };
}

function nothing(): Nanos {
  return 0;
}
