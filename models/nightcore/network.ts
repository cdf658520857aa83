/**
 * How the processes of a deployment are connected, and how their machines schedule them (docs/models/nightcore.md, "Costs").
 */

import type { Distribution } from "../../sim/distribution.ts";
import type { LinkProfile } from "../../sim/network.ts";
import { MICROSECOND, type Nanos, SECOND } from "../../sim/units.ts";
import { CHANNELS_PER_PROCESS, type NightcoreConfig } from "./config.ts";

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
      { kind: "lognormal", median: 50 * MICROSECOND, sigma: 0.16 },
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
