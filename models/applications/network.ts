/** How the machines of a deployment are connected, and how they schedule processes (docs/models/nightcore.md, "Costs"). */

import type { Distribution } from "../../sim/distribution.ts";
import type { LinkProfile } from "../../sim/network.ts";
import { MICROSECOND, type Nanos, SECOND } from "../../sim/units.ts";

export interface NetworkConfig {
  /** One-way delay between two hosts, without the CPU time of either end. */
  readonly latency: Distribution;
  /** Line rate of each host's network interface, in bits per second; 0: unlimited. */
  readonly bitsPerSecond: number;
  /** One way between processes of one host that talk over TCP. */
  readonly loopbackLatency: Distribution;
  /** One crossing of a pipe, without the CPU time of either end and without the reader's wake-up. */
  readonly pipeLatency: Distribution;
  /** From work reaching an idle thread until the thread runs. */
  readonly wakeLatency: Distribution;
  /** Factor on the CPU time of each step; its mean should be 1. */
  readonly cpuJitter: Distribution;
  /** After this long a peer whose host has lost power is known to be gone. */
  readonly keepAliveNanos: Nanos;
}

/** Reasons: docs/models/nightcore.md, "Costs". */
export const NETWORK_DEFAULTS: NetworkConfig = {
  latency: {
    kind: "mixture",
    weights: [0.994, 0.006],
    parts: [
      { kind: "lognormal", median: 40 * MICROSECOND, sigma: 0.16 },
      { kind: "lognormal", median: 250 * MICROSECOND, sigma: 0.5 },
    ],
  },
  bitsPerSecond: 10_000_000_000,
  loopbackLatency: { kind: "constant", value: 5 * MICROSECOND },
  pipeLatency: { kind: "constant", value: 200 },
  wakeLatency: { kind: "lognormal", median: 5 * MICROSECOND, sigma: 0.9 },
  cpuJitter: { kind: "lognormal", median: 0.97, sigma: 0.25 },
  keepAliveNanos: 10 * SECOND,
};

/** What decides how a process is connected. */
export interface Place {
  /** What kind of process it is: results are grouped by it. */
  readonly role: string;
  /** Index of its host. */
  readonly host: number;
  /** Connections that it keeps to each server it asks; they are numbered from 0. */
  readonly connections: number;
  /** Which of those of its kind it is: its first connection belongs to another thread of the server than the others'. */
  readonly index: number;
}

/** How two processes are connected. */
export type Routing = (from: Place, to: Place) => LinkProfile;

/** Kept TCP connections: over the loopback within a host, over the network between two. */
export function createTcpRouting(network: NetworkConfig): Routing {
  const tcp = { pinned: true, keepAliveNanos: network.keepAliveNanos };
  const loopback = { ...tcp, name: "loopback", latency: network.loopbackLatency, local: true };
  const remote = { ...tcp, name: "network", latency: network.latency };
  return (from, to) => {
    const profile = from.host === to.host ? loopback : remote;
    // Only of several connections does each belong to a thread by its number.
    const connections = Math.max(2, from.connections, to.connections);
    // A server keeps none itself and is the first of its kind.
    return { ...profile, connections, shift: from.connections > 0 ? from.index : to.index };
  };
}
