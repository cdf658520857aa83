/** What deploying an application takes, whichever system runs its functions. */

import type { Address, Observed } from "../../sim/machine.ts";
import type { Nanos } from "../../sim/units.ts";
import type { Application } from "./application.ts";
import type { Load } from "./load.ts";
import type { NetworkConfig } from "./network.ts";

/** Machines and what is kept between them. */
export interface ClusterConfig {
  /** Worker servers; each runs every function. */
  readonly nodes: number;
  /** A step takes so many times as long while both hyperthreads of a core are busy (docs/models/nightcore.md, "Costs"). */
  readonly siblingSlowdown: number;
  /** Whether each processor has a queue of its own (docs/models/nightcore.md, "Costs"). */
  readonly runQueues: boolean;
  readonly coresPerNode: number;
  readonly gatewayCores: number;
  /** Of machines of stores and queues, by name; the others have `serviceCores`. */
  readonly machineCores: Readonly<Record<string, number>>;
  readonly serviceCores: number;
  /** Processes of the web server. */
  readonly webServers: number;
  /** Connections that a web server's process and a queue's consumer keep to the gateway. */
  readonly gatewayConnections: number;
  /** Connections that a process keeps to each store and queue. */
  readonly storeConnections: number;
  /** Messages that a queue's consumer may have without having acknowledged them. */
  readonly prefetch: number;
}

/** The published machines of one worker server: 8 processors each. */
export const CLUSTER_DEFAULTS: ClusterConfig = {
  nodes: 1,
  siblingSlowdown: 1.6,
  runQueues: true,
  coresPerNode: 8,
  gatewayCores: 8,
  machineCores: {},
  serviceCores: 8,
  webServers: 4,
  gatewayConnections: 512,
  storeConnections: 64,
  prefetch: 64,
};

/** Clients that do the same. */
export interface ClientsConfig {
  readonly name: string;
  readonly load: Load;
  /** Instead of the application's: shares of its requests. */
  readonly mix?: readonly number[];
  /** The last request may begin so long after the end of the start-up; undefined: the load does not end. */
  readonly stopNanos?: Nanos;
}

export interface DeploymentConfig {
  readonly seed: number | string;
  readonly mode: "fast" | "checked";
  readonly application: Application;
  readonly cluster: ClusterConfig;
  readonly network: NetworkConfig;
  /** Overrides by name, in nanoseconds, of the costs of the system and of applications. */
  readonly costs: Readonly<Partial<Record<string, number>>>;
  readonly clients: readonly ClientsConfig[];
  /** Without queueing and CPU costs a step takes no time; what remains are the delays of links and timers. */
  readonly free?: boolean;
  readonly history?: boolean;
  /** Simultaneous events take a random order, drawn from the seed. */
  readonly shuffleTies?: boolean;
  /** A run of more events throws. */
  readonly eventsMax?: number;
  /** Keep the moment and the latency of every completed operation. */
  readonly completions?: boolean;
  readonly warmupNanos?: Nanos;
  readonly seriesIntervalNanos?: Nanos;
  readonly observer?: (at: Address, observation: Observed, nowNanos: Nanos) => void;
}
