/**
 * What calls cost in the systems that Nightcore is compared with, beside the machines and never in them (docs/models/baselines.md,
 * "Costs"). TCP, applications and services cost what they cost everywhere (models/applications/costs.ts): only what lies between a
 * socket and a function's code is here.
 */

import type { CostModel } from "../../sim/machine.ts";
import type { Pool } from "../../sim/process.ts";
import type { Language } from "../applications/application.ts";
import { type Costs as ApplicationCosts, applicationNanos, sizeBytes } from "../applications/costs.ts";
import type { DeploymentConfig } from "../applications/deployment.ts";
import type { ApplicationMessage } from "../applications/messages.ts";

/** CPU times in nanoseconds, for each message of a call, at each end. */
export const COSTS = {
  /**
   * A message between containers that finds its server by the service's virtual address: address translation, both containers'
   * namespaces and the bridge between. Chosen so that TCP takes about twice the share of CPU time that it takes with
   * Nightcore, as published; the only number here that is chosen so.
   */
  overlay: 6_500,
  /**
   * Thrift in C++: a read for the length of each frame and one for the rest, the binary protocol, and at a server the way from
   * its I/O thread to a handler and back, at a client the pool of connections under its lock.
   */
  rpcCpp: 6_000,
  /** gRPC in Go: a 1 KiB message over a Unix socket takes 13 us one way, over a pipe 3.4: HTTP/2, header tables, streams. */
  rpcGo: 4_800,
  /** gRPC in Node.js, which is JavaScript down to the frames of HTTP/2; */
  rpcNode: 30_000,
  /** and in Python: its core is C++, but every message passes the interpreter's lock between its threads. */
  rpcPython: 60_000,

  /** HTTP/1.1 in a function's process, C++: parse or write a head, find the handler; */
  httpCpp: 4_000,
  /** Go's net/http: two goroutines for a connection, a head as a map; */
  httpGo: 15_000,
  /** in Node.js; */
  httpNode: 25_000,
  /** in Python. */
  httpPython: 60_000,

  /** A proxy in Go, each message in and out: as `httpGo`, and its share of logs, metrics and the copying of a body. */
  proxyMessage: 25_000,
} as const;

export type CostName = keyof typeof COSTS;
export type Costs = { readonly [Name in CostName]: number };

export function costsOf({ costs }: Pick<DeploymentConfig, "costs">): Costs {
  return { ...COSTS, ...(costs as Partial<Costs>) };
}

const RPC: Readonly<Record<Language, CostName>> = {
  cpp: "rpcCpp",
  go: "rpcGo",
  node: "rpcNode",
  python: "rpcPython",
};
const HTTP: Readonly<Record<Language, CostName>> = {
  cpp: "httpCpp",
  go: "httpGo",
  node: "httpNode",
  python: "httpPython",
};

/** A server of remote procedure calls, which is a client of others as well. */
export function rpcCosts(
  costs: Costs,
  application: ApplicationCosts,
  language: Language,
): CostModel<ApplicationMessage> {
  return overTcp(application, costs.overlay + costs[RPC[language]], applicationNanos(application, language));
}

/** A function's process behind a watchdog, or in an environment of its own. */
export function httpCosts(
  costs: Costs,
  application: ApplicationCosts,
  language: Language,
): CostModel<ApplicationMessage> {
  return overTcp(application, costs[HTTP[language]], applicationNanos(application, language));
}

/** A gateway or a watchdog. */
export function proxyCosts(costs: Costs, application: ApplicationCosts): CostModel<ApplicationMessage> {
  return overTcp(application, costs.proxyMessage, () => 0);
}

/** A service whose inside nobody knows: all its time is its delay. */
export function unknownCosts(): CostModel<ApplicationMessage> {
  return { receiveNanos: () => 0, sendNanos: () => 0, timerNanos: () => 0, workNanos: () => 0, sizeBytes };
}

/** `callNanos`: each request and response of a call, in or out; what goes to stores and queues has the costs of client libraries. */
function overTcp(
  { tcpReceive, tcpSend, perByte }: ApplicationCosts,
  callNanos: number,
  workNanos: (kind: string, amount: number) => number,
): CostModel<ApplicationMessage> {
  const call = ({ kind }: ApplicationMessage) =>
    kind === "httpRequest" || kind === "httpResponse" ? callNanos : 0;
  return {
    receiveNanos: (message) => Math.round(tcpReceive + perByte * sizeBytes(message) + call(message)),
    sendNanos: (message) => Math.round(tcpSend + perByte * sizeBytes(message) + call(message)),
    timerNanos: () => 0,
    workNanos,
    sizeBytes,
  };
}

/** Threads of a process that runs functions of a language on so many cores. */
export function threadsOf(language: Language, handlers: number, cores: number): readonly Pool[] {
  switch (language) {
    case "cpp":
      return [{ name: "handlers", threads: handlers, shared: true }];
    case "go":
      // Goroutines: as many run as there are cores.
      return [{ name: "handlers", threads: cores, shared: true }];
    case "node":
    case "python":
      return [{ name: "handlers", threads: 1 }];
  }
}
