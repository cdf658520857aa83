/**
 * The configuration of a Nightcore deployment, as plain numbers: every flag of the release with its default, and a switch for
 * each point in which the released code departs from the design (docs/models/nightcore.md, "Design and release").
 */

import type { Distribution } from "../../sim/distribution.ts";
import type { Nanos } from "../../sim/units.ts";
import { MICROSECOND, MILLISECOND } from "../../sim/units.ts";
import type { Language } from "../applications/application.ts";

/** When a function's pool may ask for one more worker. */
export const GROWTH_THROTTLES = ["intended", "shipped", "none"] as const;
export type GrowthThrottle = (typeof GROWTH_THROTTLES)[number];

export const BALANCINGS = ["random", "roundRobin", "leastLoad"] as const;
export type Balancing = (typeof BALANCINGS)[number];

/** Which measured time the concurrency limit takes: with or without the queueing of nested calls. */
export const LIMIT_TIMES = ["processing", "running"] as const;
export type LimitTime = (typeof LIMIT_TIMES)[number];

/** How a number of calls is made of Little's law, for the limit and for the pool's growth: the next whole number, or the nearest. */
export const LIMIT_ROUNDINGS = ["up", "nearest"] as const;
export type LimitRounding = (typeof LIMIT_ROUNDINGS)[number];

/** By what a gateway knows which nodes there are: their connections alone, or what ZooKeeper says as well (docs/models/stack.md). */
export const MEMBERSHIPS = ["connections", "zookeeper"] as const;
export type Membership = (typeof MEMBERSHIPS)[number];

/** What an engine does when its gateway is gone: look for it until it is back, go on alone, or stop. */
export const GATEWAY_LOSSES = ["reconnect", "goOn", "stop"] as const;
export type GatewayLoss = (typeof GATEWAY_LOSSES)[number];

/** What an engine makes of a call whose worker has died: it fails, nobody hears of it again, or the engine stops. */
export const WORKER_LOSSES = ["fail", "forget", "stop"] as const;
export type WorkerLoss = (typeof WORKER_LOSSES)[number];

/** What an engine makes of a call from inside that has waited too long: it fails, nobody hears of it, or the engine stops. */
export const DROPS = ["fail", "forget", "stop"] as const;
export type Dropping = (typeof DROPS)[number];

export interface NightcoreConfig {
  /** I/O threads (`num_io_workers`). */
  readonly engineThreads: number;
  readonly gatewayThreads: number;
  /** TCP connections to the gateway per I/O thread of an engine (`gateway_conn_per_worker`). */
  readonly connectionsPerThread: number;
  /** Calls from outside that are dispatched and not finished, per node that ever connected; 0: no limit (`max_running_requests`). */
  readonly maxRunningPerNode: number;
  readonly balancing: Balancing;

  /** Exponent of the power mean of instant arrival rates (`instant_rps_p_norm`); 0: the geometric mean. */
  readonly rateExponent: number;
  /** Weight of a new sample in the averages (`instant_rps_ema_alpha`), 0 to 1. */
  readonly averageWeight: number;
  /** Time constant of the rate's average (`instant_rps_ema_tau_ms`); 0: `averageWeight` instead. */
  readonly rateTimeConstantNanos: Nanos;
  /** Samples before an average is used (constant of the release: 128). */
  readonly averageSamplesMin: number;
  readonly limitCoefficient: number;
  readonly expectedCoefficient: number;
  /** Off: no limit but the pool's (`disable_concurrency_limiter`). */
  readonly concurrencyLimiter: boolean;
  /** Least time between two requests for a worker (`min_worker_request_interval_ms`); 0: none. */
  readonly growthIntervalNanos: Nanos;
  /** Ask for workers as long as there may be more (`always_request_worker_if_possible`). */
  readonly alwaysGrow: boolean;
  /** Internal calls that have waited longer than this multiple of the processing time are dropped; 0: never. */
  readonly queueingLimit: number;
  /** Any engine thread writes a worker's channel itself (`func_worker_pipe_direct_write`). */
  readonly directWrite: boolean;
  /** Data goes over the socket of the handshake instead of pipes (`func_worker_use_engine_socket`). */
  readonly socketChannels: boolean;
  /** Nested calls return over a pipe of their own (`use_fifo_for_nested_call`). */
  readonly nestedPipes: boolean;
  /** Nested calls leave by the gateway as calls from outside do: what it is like without the internal fast path. */
  readonly internalFastPath: boolean;
  /** Slots of a Go process that share one thread (`FAAS_GO_MAX_PROC_FACTOR`). */
  readonly goSlotsPerThread: number;
  /** Whether the engine's threads go before functions where both wait for a core (the raised CPU weight of its container). */
  readonly engineFirst: boolean;

  readonly growthThrottle: GrowthThrottle;
  readonly limitTime: LimitTime;
  readonly limitRounding: LimitRounding;
  /** Whether the limit also holds for calls that are taken from the queue, and is looked at again when it rises. */
  readonly limitOnDrain: boolean;
  /** Whether a new call waits behind those that are queued. */
  readonly fifo: boolean;
  /** Whether at least one call may always run: a limit of 0 strands what is queued. */
  readonly limitAtLeastOne: boolean;
  /** Whether workers beyond twice the target are stopped. */
  readonly shrinking: boolean;
  /** Whether failures are noticed and answered: workers, launchers, engines and the gateway. Off: as released. */
  readonly failureHandling: boolean;
  /** Gateway: whether calls wait for a node while there is none; otherwise they get 500. */
  readonly waitForNode: boolean;
  /** Gateway: whether one call more than the limit may run. */
  readonly admitOneMore: boolean;
  /** Gateway: whether a call that comes waits behind those that wait already. */
  readonly gatewayFifo: boolean;
  /** Gateway: whether a reply admits as many calls as may run; otherwise one at most. */
  readonly drainAll: boolean;
  /** Gateway: whether a node that is gone leaves the list. */
  readonly nodesLeave: boolean;
  readonly membership: Membership;
  readonly gatewayLost: GatewayLoss;
  readonly workerLost: WorkerLoss;
  readonly droppedCalls: Dropping;
  /** Whether an engine asks, when a call ends, if the worker that made it is still there; otherwise it stops where it is not. */
  readonly callerChecked: boolean;
  /** The gateway answers 504 after this long; 0: never. */
  readonly callTimeoutNanos: Nanos;

  /** From a request for a worker to its handshake, by language, once the container is up. */
  readonly launchDelay: Readonly<Record<Language, Distribution>>;
  /** From the end of a launcher to its container having restarted it. */
  readonly restartNanos: Nanos;
}

/** Times from a request for a further worker to its handshake, over all logs of the published runs: 887 for C++, 1,694 others. */
const LAUNCH_FORKED: Distribution = { kind: "lognormal", median: 21 * MILLISECOND, sigma: 0.68 };
const LAUNCH_SHARED: Distribution = { kind: "lognormal", median: 2_400 * MICROSECOND, sigma: 1.3 };

/** The flags as released, and the design where the release departs from it. */
export const NIGHTCORE_DEFAULTS: NightcoreConfig = {
  engineThreads: 1,
  gatewayThreads: 1,
  connectionsPerThread: 2,
  maxRunningPerNode: 0,
  balancing: "random",
  rateExponent: 1,
  averageWeight: 0.001,
  rateTimeConstantNanos: 0,
  averageSamplesMin: 128,
  limitCoefficient: 1,
  expectedCoefficient: 1,
  concurrencyLimiter: true,
  growthIntervalNanos: 200 * MILLISECOND,
  alwaysGrow: false,
  queueingLimit: 0,
  directWrite: false,
  socketChannels: false,
  nestedPipes: false,
  internalFastPath: true,
  goSlotsPerThread: 8,
  engineFirst: false,
  growthThrottle: "intended",
  limitTime: "processing",
  limitRounding: "up",
  limitOnDrain: true,
  fifo: true,
  limitAtLeastOne: true,
  shrinking: true,
  failureHandling: true,
  waitForNode: true,
  admitOneMore: false,
  gatewayFifo: true,
  drainAll: false,
  nodesLeave: true,
  membership: "connections",
  gatewayLost: "reconnect",
  workerLost: "fail",
  droppedCalls: "fail",
  callerChecked: true,
  callTimeoutNanos: 30_000 * MILLISECOND,
  launchDelay: { cpp: LAUNCH_FORKED, go: LAUNCH_SHARED, node: LAUNCH_SHARED, python: LAUNCH_SHARED },
  restartNanos: 1_000 * MILLISECOND,
};

/** What the profile `published` changes: each is a field of its own, so that any of them can be had alone. */
export const RELEASED: Partial<NightcoreConfig> = {
  growthThrottle: "shipped",
  limitTime: "running",
  limitRounding: "nearest",
  limitOnDrain: false,
  fifo: false,
  limitAtLeastOne: false,
  shrinking: false,
  failureHandling: false,
  waitForNode: false,
  gatewayFifo: false,
  nodesLeave: false,
  gatewayLost: "goOn",
  workerLost: "forget",
  droppedCalls: "forget",
  callerChecked: false,
  callTimeoutNanos: 0,
};

/** What is other where a log with ZooKeeper is beside the runtime, also as designed. */
export const DESIGNED_WITH_BOKI: Partial<NightcoreConfig> = { membership: "zookeeper" };

/** What `published` changes where the runtime is the copy that was released with Boki (docs/models/stack.md, "The runtime's copy"). */
export const RELEASED_WITH_BOKI: Partial<NightcoreConfig> = {
  ...RELEASED,
  ...DESIGNED_WITH_BOKI,
  waitForNode: true,
  admitOneMore: true,
  drainAll: true,
  nodesLeave: true,
  gatewayLost: "stop",
  workerLost: "stop",
  droppedCalls: "stop",
  callerChecked: true,
};

/** A function's pool before any field says otherwise (constant of the release). */
export const INITIAL_WORKERS = 4;
/** Connections that the channels of a function process are numbered over: a worker's is its number modulo this. */
export const CHANNELS_PER_PROCESS = 64;
