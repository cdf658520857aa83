/** Hosts and the processes on them: how they are described, and what the kernel keeps for each. */

import { Disk, type DiskProfile } from "./disk.ts";
import type { Distribution } from "./distribution.ts";
import { THREADS_MAX } from "./events.ts";
import type { Clock } from "./faults/clock.ts";
import { type AnyMachine, type BoundMachine, bind, type Mode } from "./interpreter.ts";
import type { WaitingJob } from "./job-queue.ts";
import type { Address, CostModel, TimerName } from "./machine.ts";
import { createLink, type Endpoint, type Link, type LinkProfile } from "./network.ts";
import { createNic, type Nic } from "./nic.ts";
import { type RandomStream, streamFor } from "./random.ts";
import { compile, type Sampler } from "./sampling.ts";
import { Station } from "./station.ts";
import type { TimerEntry } from "./timers.ts";
import type { Nanos } from "./units.ts";

export interface HostOptions {
  readonly name: string;
  readonly cores: number;
  /**
   * The cores are hyperthreads, two of which share a physical core: a step takes so many times as long while both are busy. 1 or
   * undefined: they are cores of their own. Work is spread over physical cores as far as they go.
   */
  readonly siblingSlowdown?: number;
  /**
   * Each core has a queue of its own, as Linux has run queues: a thread that is to run goes to the core that it last ran on if that is
   * idle, else to the next idle one; if none is, it waits for the core it last ran on, also when another becomes idle first. Default:
   * one queue for all cores.
   */
  readonly runQueues?: boolean;
  /** Line rate of the network interface, each way; 0: unlimited. */
  readonly bitsPerSecond?: number;
  readonly disk?: DiskProfile;
}

export interface Pool {
  readonly name: string;
  readonly threads: number;
  /**
   * Any idle thread takes the next job, as with Go's scheduler or a pool of handlers: one station with several servers.
   * Connections belong to the pool as a whole. Otherwise each thread has its connections, and a queue of its own.
   */
  readonly shared?: boolean;
}

export interface ProcessOptions {
  readonly name: string;
  /** What the process is, to group results by. */
  readonly role: string;
  readonly machine: AnyMachine;
  readonly config: unknown;
  readonly host?: Host;
  /** Without a cost model a step takes no time and needs no thread. */
  readonly costs?: CostModel;
  /** Thread pools, the first of which takes what the cost model does not place. Default: one thread named `main`. */
  readonly pools?: readonly Pool[];
  /**
   * From a message or timer reaching an idle thread until it runs: the kernel's wake-up. The thread and its core are taken
   * meanwhile, but do no work. A thread that had to wait for a core is awake when it gets one.
   */
  readonly wakeLatency?: Distribution;
  /** Multiplies each step's CPU time: caches, interrupts, clock changes. Mean should be 1. */
  readonly cpuJitter?: Distribution;
  /**
   * Where its jobs and others wait for a core of the host, its jobs go first: a raised share of the processor. What runs is
   * not interrupted.
   */
  readonly urgent?: boolean;
  /** Handing a message to another thread of the process: CPU time on the giver; the taker pays the send. */
  readonly handOffNanos?: Nanos;
  /** Sends everything through this profile without state per destination; for very many peers. */
  readonly datagrams?: LinkProfile;
}

export interface Host {
  readonly name: string;
  readonly index: number;
  readonly cores: Station;
  /** Undefined: steps take as long however many cores are busy. */
  readonly siblingSlowdown: number | undefined;
  readonly nic: Nic;
  readonly disk: Disk | undefined;
}

export interface Process extends Endpoint {
  readonly role: string;
  readonly options: ProcessOptions;
  readonly host: Host;
  /** Those of the host. */
  readonly cores: Station;
  readonly costs: CostModel | undefined;
  readonly handOffNanos: Nanos;
  readonly pools: readonly Pool[];
  /** First station of each pool in `threads`. */
  readonly poolStart: readonly number[];
  /** How many stations each pool is: one for each thread, or one for all where they are shared. */
  readonly poolStations: readonly number[];
  readonly threads: readonly Station[];
  /** As the interpreter binds them; or what somebody put around them (`Simulation.followSteps`). */
  bound: BoundMachine;
  /** Index 0: the state. */
  readonly cell: unknown[];
  readonly timers: Map<TimerName, TimerEntry>;
  readonly generators: Map<number, Generator>;
  readonly urgent: boolean;
  /** Who wants to know when this process is gone. */
  readonly watchers: Set<Address>;
  readonly choices: RandomStream;
  readonly cpu: RandomStream;
  readonly wakeSampler: Sampler | undefined;
  readonly jitterSampler: Sampler | undefined;
  up: boolean;
  /** How often it was started. */
  boots: number;
  /** Share of its normal speed; a slow CPU fault lowers it. */
  speed: number;
  /** Undefined: the true time. */
  clock: Clock | undefined;
  /** Of a paused process: what has come for it since, in order. */
  readonly held: HeldInput[];
  /** Of a paused process: jobs that have their thread and wait for the pause to end to get a core. */
  readonly suspended: WaitingJob[];
  /** The thread of a pool that takes the next timer. */
  timerTurn: number;
}

/** A message, timer or hand-off that has come for a paused process. */
export interface HeldInput {
  readonly job: number;
  readonly thread: number;
  readonly source: Address;
  readonly payload: unknown;
}

export function createHost(options: HostOptions, index: number, seed: string): Host {
  const { siblingSlowdown = 1 } = options;
  if (!(siblingSlowdown >= 1)) {
    throw new RangeError(`host ${options.name} cannot have a sibling slowdown of ${siblingSlowdown}`);
  }
  return {
    name: options.name,
    index,
    cores: new Station(options.cores, options.runQueues),
    siblingSlowdown: siblingSlowdown === 1 ? undefined : siblingSlowdown,
    nic: createNic(options.bitsPerSecond ?? 0),
    disk:
      options.disk &&
      new Disk(options.disk, streamFor(seed, `disk ${options.name}`), (prefix) =>
        streamFor(seed, `${prefix} disk ${options.name}`),
      ),
  };
}

const MAIN_POOL: readonly Pool[] = [{ name: "main", threads: 1 }];

export function createProcess(
  options: ProcessOptions,
  address: Address,
  host: Host,
  seed: string,
  mode: Mode,
): Process {
  const { name, costs, datagrams, pools = MAIN_POOL } = options;
  const { poolStart, poolStations } = layoutOf(pools, costs !== undefined);
  const threads = costs === undefined ? [] : pools.flatMap(stationsOf);
  const { urgent = false } = options;
  if (urgent) host.cores.takeUrgent();
  if (host.cores.queueEach) spreadOver(host.cores, threads, address);
  if (threads.length > THREADS_MAX) {
    throw new RangeError(`${name} has ${threads.length} threads, more than ${THREADS_MAX}`);
  }
  const threadCount = costs === undefined ? 1 : threads.length;
  // What every event reads comes first and so lies together.
  return {
    address,
    costs,
    bound: bind(options.machine, mode),
    cell: [undefined],
    threads,
    poolStart,
    poolStations,
    pools,
    cores: host.cores,
    timers: new Map(),
    generators: new Map(),
    urgent,
    watchers: new Set(),
    choices: streamFor(seed, `choices ${name}`),
    datagrams: datagrams && datagramLink(datagrams, seed, name, threadCount),
    links: new Map<Address, Link>(),
    nic: host.nic,
    cpu: streamFor(seed, `cpu ${name}`),
    wakeSampler: options.wakeLatency && compile(options.wakeLatency),
    jitterSampler: options.cpuJitter && compile(options.cpuJitter),
    handOffNanos: options.handOffNanos ?? 0,
    speed: 1,
    clock: undefined,
    held: [],
    suspended: [],
    ioThreadCount: costs === undefined ? 1 : poolStations[0]!,
    sharedIo: pools[0]?.shared === true,
    threadCount,
    timerTurn: 0,
    up: false,
    boots: 0,
    host,
    name,
    role: options.role,
    options,
  };
}

/** Where the stations of each pool are among a process's threads. Processes with alike pools share one, and so its memory. */
function layoutOf(
  pools: readonly Pool[],
  hasThreads: boolean,
): { readonly poolStart: readonly number[]; readonly poolStations: readonly number[] } {
  const stations = pools.map(({ threads, shared = false }) => (shared ? 1 : threads));
  const key = `${hasThreads} ${stations}`;
  let layout = LAYOUTS.get(key);
  if (layout === undefined) {
    const poolStart: number[] = [];
    let start = 0;
    for (const count of stations) {
      poolStart.push(start);
      if (hasThreads) start += count;
    }
    layout = { poolStart, poolStations: stations };
    LAYOUTS.set(key, layout);
  }
  return layout;
}
const LAYOUTS = new Map<string, ReturnType<typeof layoutOf>>();

function stationsOf({ threads, shared = false }: Pool): Station[] {
  return shared ? [new Station(threads)] : Array.from({ length: threads }, () => new Station(1));
}

/** Where threads have run before they ever ran: one beside the other. */
function spreadOver({ servers }: Station, threads: readonly Station[], address: Address): void {
  let next = address;
  for (const thread of threads) {
    thread.lastCores = Uint16Array.from({ length: thread.servers }, () => next++ % servers);
  }
}

function datagramLink(profile: LinkProfile, seed: string, name: string, threadCount: number): Link {
  const alone = { ...profile, connections: 0, pinned: false };
  const stream = streamFor(seed, `datagrams ${name}`);
  return createLink(alone, stream, { threadCount, ioThreadCount: 1, sharedIo: false }, 0);
}
