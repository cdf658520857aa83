/**
 * The simulation: processes on hosts, exchanging messages over a network on a virtual clock (docs/kernel.md).
 *
 * Hot code, guarded by `npm run bench -- --only phold` (the contract alone) and `--only boki` (with hosts and costs). One
 * event is a few integers in the queue's arrays and at most one reference. The loop switches on the event's type; a step of
 * a process without a cost model runs straight from it, one with costs passes its thread and a core of its host first.
 */

import { Digest } from "./digest.ts";
import { Disk, type DiskProfile } from "./disk.ts";
import type { Distribution } from "./distribution.ts";
import { InstantEffects, StepEffects, type TimerEntry } from "./effects.ts";
import { EventQueue } from "./event-queue.ts";
import { type AnyMachine, type BoundMachine, bind, type Mode } from "./interpreter.ts";
import type { Address, CostModel, Observed, Tagged, TimerName } from "./machine.ts";
import {
  createNic,
  type Endpoint,
  type Link,
  type LinkProfile,
  LOST,
  Network,
  type Nic,
  ownerThread,
  type Routing,
} from "./network.ts";
import { type RandomStream, streamFor } from "./random.ts";
import { Recorder } from "./recorder.ts";
import { compile, type Sampler } from "./sampling.ts";
import { Station, type StationCounts } from "./station.ts";
import { settled } from "./structures/settled.ts";
import type { Nanos } from "./units.ts";
import { FOREVER, SECOND, toNanos } from "./units.ts";

/** Event types, in the low bits of an event's meta. */
const DELIVER = 0;
const TIMER = 1;
const WAKE_THREAD = 2;
const WAKE_CORES = 3;
const HAND_OFF = 4;
const CONTROL = 5;
const TYPE_MASK = 0x7;

/** Layout of the meta word: type 3 bits, thread 8, incarnation 10, message kind 10. */
const THREAD_SHIFT = 3;
const THREAD_MASK = 0xff;
const INCARNATION_SHIFT = 11;
const INCARNATION_MASK = 0x3ff;
const KIND_SHIFT = 21;

/** Kinds of queued jobs. */
const JOB_MESSAGE = 0;
const JOB_TIMER = 1;
const JOB_HAND_OFF = 2;

export interface HostOptions {
  readonly name: string;
  readonly cores: number;
  /** Line rate of the network interface; 0: unlimited. */
  readonly bitsPerSecond?: number;
  readonly disk?: DiskProfile;
}

export interface Pool {
  readonly name: string;
  readonly threads: number;
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
  /** From a message or timer reaching an idle thread until it runs: the kernel's wake-up. Not CPU time of the thread. */
  readonly wakeLatency?: Distribution;
  /** Multiplies each step's CPU time: caches, interrupts, clock changes. Mean should be 1. */
  readonly cpuJitter?: Distribution;
  /** Handing a message to another thread of the process: CPU time on the giver; the taker pays the send. */
  readonly handOffNanos?: Nanos;
  /** Sends everything through this profile without state per destination; for very many peers. */
  readonly datagrams?: LinkProfile;
}

export interface Host {
  readonly name: string;
  readonly index: number;
  readonly cores: Station;
  readonly nic: Nic;
  readonly disk: Disk | undefined;
}

export interface Process extends Endpoint {
  readonly role: string;
  readonly options: ProcessOptions;
  readonly host: Host;
  readonly costs: CostModel | undefined;
  readonly pools: readonly Pool[];
  /** First thread of each pool. */
  readonly poolStart: readonly number[];
  readonly threads: readonly Station[];
  readonly bound: BoundMachine;
  /** Index 0: the state. */
  readonly cell: unknown[];
  readonly timers: Map<TimerName, TimerEntry>;
  readonly generators: Map<number, Generator>;
  readonly choices: RandomStream;
  readonly cpu: RandomStream;
  readonly wakeSampler: Sampler | undefined;
  readonly jitterSampler: Sampler | undefined;
  readonly datagramSampler: Sampler | undefined;
  up: boolean;
  /** Share of its normal speed; a slow CPU fault lowers it. */
  speed: number;
  timerTurn: number;
}

export interface SimulationOptions {
  readonly seed: number | string;
  readonly mode: Mode;
  readonly routing: Routing;
  readonly history?: boolean;
  readonly seriesIntervalNanos?: Nanos;
  readonly warmupNanos?: Nanos;
  /** Receives what machines observe; undefined: nothing is observed and observing costs nothing. */
  readonly observer?: (at: Address, observation: Observed, nowNanos: Nanos) => void;
}

export interface MessageCount {
  readonly kind: string;
  readonly count: number;
  readonly bytes: number;
}

export interface SeriesOfStation {
  readonly station: string;
  readonly role: string;
  readonly busyShare: number[];
}

/** A thing to do at a moment of the run that is not a message: a fault, a probe. Named, so that a snapshot can hold it. */
export type Control = (simulation: Simulation, argument: unknown) => void;

export class Simulation {
  readonly seed: string;
  readonly mode: Mode;
  readonly queue: EventQueue = new EventQueue();
  readonly network: Network;
  readonly recorder: Recorder;
  readonly digest: Digest = new Digest();
  readonly processes: Process[] = [];
  readonly hosts: Host[] = [];
  readonly observer: SimulationOptions["observer"];
  readonly checked: boolean;
  nowNanos: Nanos = 0;
  /** Events executed. */
  events = 0;
  /** Events that shared their moment with the one before: where the order of simultaneous events could matter. */
  ties = 0;
  /** Messages that found their receiver crashed or restarted, or that a fault swallowed. */
  lostMessages = 0;

  private readonly instant: InstantEffects;
  private readonly step: StepEffects;
  /** Number of the current step, to tell which sends share an event-loop iteration. */
  private stepNumber = 0;
  private readonly incarnations: number[] = [];
  private readonly receivers: BoundMachine["receive"][] = [];
  private readonly cells: unknown[][] = [];
  private readonly kindIndex = new Map<string, number>();
  private readonly kindNames: string[] = [];
  private kindCounts = new Float64Array(64);
  private kindBytes = new Float64Array(64);
  private readonly controls = new Map<string, Control>();
  private readonly warmupNanos: Nanos;
  private readonly seriesIntervalNanos: Nanos;
  private readonly busyAtInterval: number[] = [];
  readonly stationSeries: SeriesOfStation[] = [];

  constructor(options: SimulationOptions) {
    this.seed = String(options.seed);
    this.mode = options.mode;
    this.checked = options.mode === "checked";
    this.network = new Network(this.seed, options.routing);
    this.warmupNanos = options.warmupNanos ?? 0;
    this.seriesIntervalNanos = options.seriesIntervalNanos ?? 0;
    this.recorder = new Recorder({
      history: options.history ?? false,
      seriesIntervalNanos: this.seriesIntervalNanos,
      warmupNanos: this.warmupNanos,
    });
    this.observer = options.observer;
    this.instant = new InstantEffects(this);
    this.step = new StepEffects(this);
    this.controls.set("interval", () => this.closeInterval());
    this.controls.set("warm", () => this.resetCounts());
    if (this.warmupNanos > 0) this.at(this.warmupNanos, "warm", undefined);
    if (this.seriesIntervalNanos > 0) this.at(this.seriesIntervalNanos, "interval", undefined);
  }

  // ---- Building ----------------------------------------------------------------------------------------------------

  addHost(options: HostOptions): Host {
    const host: Host = {
      name: options.name,
      index: this.hosts.length,
      cores: new Station(options.cores),
      nic: createNic(options.bitsPerSecond ?? 0),
      disk: options.disk && new Disk(options.disk, streamFor(this.seed, `disk ${options.name}`)),
    };
    this.hosts.push(host);
    return host;
  }

  /** Adds a process; it starts when `start` is called. Addresses are dense, in the order of these calls. */
  addProcess(options: ProcessOptions): Address {
    const address = this.processes.length;
    const host = options.host ?? this.addHost({ name: options.name, cores: 1 });
    const pools = options.pools ?? [{ name: "main", threads: 1 }];
    const poolStart: number[] = [];
    const threads: Station[] = [];
    for (const pool of pools) {
      poolStart.push(threads.length);
      if (options.costs !== undefined) {
        for (let i = 0; i < pool.threads; i++) threads.push(new Station(1));
      }
    }
    if (threads.length > THREAD_MASK)
      throw new RangeError(`${options.name}: at most ${THREAD_MASK} threads a process`);
    const process: Process = {
      address,
      name: options.name,
      role: options.role,
      options,
      host,
      nic: host.nic,
      costs: options.costs,
      pools,
      poolStart,
      threads,
      // Connections are dealt to the threads of the first pool, which does the I/O.
      threadCount: options.costs === undefined ? 1 : pools[0]!.threads,
      links: new Map<Address, Link>(),
      bound: bind(options.machine, this.mode),
      cell: [undefined],
      timers: new Map(),
      generators: new Map(),
      choices: streamFor(this.seed, `choices ${options.name}`),
      cpu: streamFor(this.seed, `cpu ${options.name}`),
      wakeSampler: options.wakeLatency && compile(options.wakeLatency),
      jitterSampler: options.cpuJitter && compile(options.cpuJitter),
      datagramSampler: options.datagrams && compile(options.datagrams.latency),
      up: false,
      speed: 1,
      timerTurn: 0,
    };
    this.processes.push(process);
    this.incarnations.push(0);
    this.receivers.push(process.bound.receive);
    this.cells.push(process.cell);
    return address;
  }

  addressOf(name: string): Address {
    const process = this.processes.find((each) => each.name === name);
    if (process === undefined) throw new Error(`no process is named ${name}`);
    return process.address;
  }

  /** Starts every process that is not up, in the order of addresses. */
  start(): void {
    const down = this.processes.filter((process) => !process.up);
    // All of them are there before the first one speaks, or what it sends to a later one would be lost.
    for (const process of down) this.bringUp(process);
    for (const process of down) this.runStart(process);
  }

  // ---- Running -----------------------------------------------------------------------------------------------------

  /** Executes every event up to and including `untilNanos`; the clock then stands there. */
  run(untilNanos: Nanos): void {
    const queue = this.queue;
    const digest = this.digest;
    let lastTime = this.nowNanos;
    let events = 0;
    let ties = 0;
    for (;;) {
      const slot = queue.pop(untilNanos);
      if (slot < 0) break;
      const time = queue.times[slot]!;
      const target = queue.targets[slot]!;
      const source = queue.sources[slot]!;
      const meta = queue.metas[slot]!;
      const payload = queue.payloads[slot];
      if (time === lastTime) ties++;
      lastTime = time;
      this.nowNanos = time;
      events++;
      digest.event(time, meta, target, source);
      switch (meta & TYPE_MASK) {
        case DELIVER: {
          if (((meta >>> INCARNATION_SHIFT) & INCARNATION_MASK) !== this.incarnations[target]!) {
            this.lostMessages++;
            break;
          }
          const process = this.processes[target]!;
          if (process.costs === undefined) {
            this.instant.enter(process, time);
            this.receivers[target]!(this.cells[target]!, source, payload as Tagged, this.instant);
          } else {
            this.arrive(process, (meta >>> THREAD_SHIFT) & THREAD_MASK, JOB_MESSAGE, source, payload);
          }
          break;
        }
        case TIMER:
          this.expire(target, meta, payload as TimerEntry);
          break;
        case WAKE_THREAD:
          this.wakeThread(this.processes[target]!, (meta >>> THREAD_SHIFT) & THREAD_MASK);
          break;
        case WAKE_CORES:
          this.wakeCores(this.hosts[target]!);
          break;
        case HAND_OFF:
          if (((meta >>> INCARNATION_SHIFT) & INCARNATION_MASK) !== this.incarnations[target]!) break;
          this.arrive(
            this.processes[target]!,
            (meta >>> THREAD_SHIFT) & THREAD_MASK,
            JOB_HAND_OFF,
            source,
            payload,
          );
          break;
        default: {
          const [name, argument] = payload as [string, unknown];
          this.controls.get(name)!(this, argument);
        }
      }
    }
    this.events += events;
    this.ties += ties;
    this.nowNanos = untilNanos;
  }

  /** Schedules a registered control. */
  at(timeNanos: Nanos, control: string, argument: unknown): void {
    if (!this.controls.has(control)) throw new Error(`no control is named ${control}`);
    this.queue.push(timeNanos, 0, 0, CONTROL, [control, argument]);
  }

  registerControl(name: string, control: Control): void {
    this.controls.set(name, control);
  }

  // ---- Crashes -----------------------------------------------------------------------------------------------------

  /** The process is gone with all its volatile state; messages under way to it are lost. Its disk loses what was not durable. */
  crash(address: Address, options: { keepDisk?: boolean } = {}): void {
    const process = this.processes[address]!;
    if (!process.up) return;
    process.up = false;
    this.nextIncarnation(address);
    for (const entry of process.timers.values()) this.disarm(entry);
    process.timers.clear();
    process.generators.clear();
    for (const thread of process.threads) thread.clear(this.nowNanos);
    process.cell[0] = undefined;
    process.host.disk?.crash(this.nowNanos, options.keepDisk ?? true);
  }

  /** Boots a process that is down; its machine finds on the disk what was durable. */
  boot(address: Address): void {
    const process = this.processes[address]!;
    if (process.up) throw new Error(`${process.name} is already up`);
    this.bringUp(process);
    this.runStart(process);
  }

  private bringUp(process: Process): void {
    process.up = true;
    this.nextIncarnation(process.address);
  }

  private runStart(process: Process): void {
    const machine = process.options.machine;
    const out = process.costs === undefined ? this.instant : this.step;
    out.enter(process, this.nowNanos);
    const state = machine.start(process.options.config, out);
    process.cell[0] = this.checked ? settled(state) : state;
    if (out === this.step) this.step.flush(process, 0, this.nowNanos);
  }

  private nextIncarnation(address: Address): void {
    this.incarnations[address] = (this.incarnations[address]! + 1) & INCARNATION_MASK;
  }

  // ---- What effects call ---------------------------------------------------------------------------------------------

  /** Puts a message on the wire at `readyNanos`, sent by `thread`. */
  transmit(from: Process, thread: number, to: Address, message: Tagged, readyNanos: Nanos): void {
    const kind = this.kindOf(message.kind);
    this.kindCounts[kind]!++;
    if (from.datagramSampler !== undefined) {
      const arrival = toNanos(readyNanos + from.datagramSampler(from.choices));
      this.queue.push(arrival, to, from.address, this.deliveryMeta(to, 0, kind), message);
      return;
    }
    const sizeBytes = from.costs === undefined ? 0 : from.costs.sizeBytes(message);
    this.kindBytes[kind]! += sizeBytes;
    const target = this.processes[to]!;
    const link = this.linkTo(from, to);
    const lane = this.network.lane(link, thread, this.stepNumber);
    const arrival = this.network.arrivalNanos(link, lane, from.host.nic, readyNanos, sizeBytes);
    if (arrival === LOST) {
      this.lostMessages++;
      return;
    }
    const takes = this.receivingThread(link, lane, from, target, message);
    this.queue.push(arrival, to, from.address, this.deliveryMeta(to, takes, kind), message);
    if (this.network.duplicates(link)) {
      this.queue.push(arrival, to, from.address, this.deliveryMeta(to, takes, kind), message);
    }
  }

  /** The link from a process to an address; an address nobody has is a bug of the machine. */
  linkTo(from: Process, to: Address): Link {
    const target = this.processes[to];
    if (target === undefined) throw new RangeError(`${from.name} sends to address ${to}, which nobody has`);
    return this.network.link(from, target);
  }

  private deliveryMeta(to: Address, thread: number, kind: number): number {
    return (
      DELIVER |
      (thread << THREAD_SHIFT) |
      (this.incarnations[to]! << INCARNATION_SHIFT) |
      (kind << KIND_SHIFT)
    );
  }

  private receivingThread(link: Link, lane: number, from: Process, target: Process, message: Tagged): number {
    if (target.costs === undefined) return 0;
    const pool = target.costs.pool?.(message, undefined) ?? 0;
    const size = target.pools[pool]!.threads;
    if (size === 1) return target.poolStart[pool]!;
    // Receivers deal incoming connections to their threads in turn; a pinned one belongs to its owner for good.
    const turn = link.profile.pinned === true ? ownerThread(target, from) : from.address + lane;
    return target.poolStart[pool]! + (turn % size);
  }

  armTimer(process: Process, name: TimerName, atNanos: Nanos): void {
    const known = process.timers.get(name);
    if (known !== undefined) this.disarm(known);
    const entry: TimerEntry = { name, live: true, atNanos, ticket: 0 };
    process.timers.set(name, entry);
    const meta = TIMER | (this.incarnations[process.address]! << INCARNATION_SHIFT);
    const slot = this.queue.push(atNanos, process.address, 0, meta, entry);
    entry.ticket = this.queue.ticket(slot);
  }

  cancelTimer(process: Process, name: TimerName): void {
    const known = process.timers.get(name);
    if (known === undefined) return;
    this.disarm(known);
    process.timers.delete(name);
  }

  private disarm(entry: TimerEntry): void {
    entry.live = false;
    this.queue.cancel(entry.ticket);
  }

  // ---- Steps on hosts ------------------------------------------------------------------------------------------------

  private expire(target: Address, meta: number, entry: TimerEntry): void {
    if (!entry.live || ((meta >>> INCARNATION_SHIFT) & INCARNATION_MASK) !== this.incarnations[target]!)
      return;
    const process = this.processes[target]!;
    if (process.costs === undefined) {
      process.timers.delete(entry.name);
      this.instant.enter(process, this.nowNanos);
      process.bound.timeout(process.cell, entry.name, this.instant);
      return;
    }
    const pool = process.costs.pool?.(undefined, entry.name) ?? 0;
    const size = process.pools[pool]!.threads;
    // Periodic timers are armed on every I/O thread in turn, so ticks alternate between threads.
    const thread = process.poolStart[pool]! + (size === 1 ? 0 : process.timerTurn++ % size);
    this.arrive(process, thread, JOB_TIMER, 0, entry);
  }

  private arrive(process: Process, thread: number, job: number, source: Address, payload: unknown): void {
    const station = process.threads[thread]!;
    const now = this.nowNanos;
    if (station.freeServer(now) === 0) {
      this.onThread(process, thread, job, source, payload);
      return;
    }
    station.enqueue(job, source, now, payload);
    this.ensureThreadWake(process, thread, station);
  }

  /** The thread is free and nobody waits for it: the job needs a core next. */
  private onThread(process: Process, thread: number, job: number, source: Address, payload: unknown): void {
    const cores = process.host.cores;
    const core = cores.freeServer(this.nowNanos);
    if (core >= 0) {
      this.execute(process, thread, core, job, source, payload);
      return;
    }
    process.threads[thread]!.freeAt[0] = FOREVER;
    cores.enqueue(job, source, this.nowNanos, [process, thread, payload]);
    this.ensureCoresWake(process.host);
  }

  private wakeThread(process: Process, thread: number): void {
    const station = process.threads[thread]!;
    station.wakePending = false;
    const queue = station.queue;
    if (queue.length === 0) return;
    if (station.freeAt[0]! > this.nowNanos) {
      this.ensureThreadWake(process, thread, station);
      return;
    }
    const job = queue.headKind;
    const source = queue.headSource;
    const payload = queue.headPayload;
    station.dequeue(this.nowNanos);
    this.onThread(process, thread, job, source, payload);
    this.ensureThreadWake(process, thread, station);
  }

  private wakeCores(host: Host): void {
    const cores = host.cores;
    cores.wakePending = false;
    while (cores.queue.length > 0) {
      const core = cores.idleServer(this.nowNanos);
      if (core < 0) break;
      const job = cores.queue.headKind;
      const source = cores.queue.headSource;
      const [process, thread, payload] = cores.queue.headPayload as [Process, number, unknown];
      cores.dequeue(this.nowNanos);
      this.execute(process, thread, core, job, source, payload);
      this.ensureThreadWake(process, thread, process.threads[thread]!);
    }
    this.ensureCoresWake(host);
  }

  private ensureThreadWake(process: Process, thread: number, station: Station): void {
    // A thread that waits for a core is woken by the core.
    if (station.wakePending || station.queue.length === 0 || station.freeAt[0] === FOREVER) return;
    station.wakePending = true;
    const at = Math.max(this.nowNanos, station.freeAt[0]!);
    this.queue.push(at, process.address, 0, WAKE_THREAD | (thread << THREAD_SHIFT), undefined);
  }

  private ensureCoresWake(host: Host): void {
    const cores = host.cores;
    if (cores.wakePending || cores.queue.length === 0) return;
    cores.wakePending = true;
    this.queue.push(Math.max(this.nowNanos, cores.nextFreeNanos()), host.index, 0, WAKE_CORES, undefined);
  }

  /** Runs one step on a thread and a core that are both free; its effects take place when its CPU time is over. */
  private execute(
    process: Process,
    thread: number,
    core: number,
    job: number,
    source: Address,
    payload: unknown,
  ): void {
    const now = this.nowNanos;
    const costs = process.costs!;
    const station = process.threads[thread]!;
    this.stepNumber++;
    let wakeNanos = 0;
    if (process.wakeSampler !== undefined && station.freeAt[0]! < now) {
      wakeNanos = toNanos(process.wakeSampler(process.cpu));
    }
    if (job === JOB_HAND_OFF) {
      const { to, message } = payload as { to: Address; message: Tagged };
      const service = this.cpuNanos(process, costs.sendNanos(message));
      const end = now + wakeNanos + service;
      station.occupy(0, end, service);
      process.host.cores.occupy(core, end, service);
      this.transmit(process, thread, to, message, end);
      return;
    }
    const step = this.step;
    if (job === JOB_TIMER) {
      const entry = payload as TimerEntry;
      // Cancelled or set again while it waited for the thread.
      if (!entry.live) {
        station.freeAt[0] = now;
        return;
      }
      process.timers.delete(entry.name);
      const takes = this.cpuNanos(process, costs.timerNanos(entry.name));
      step.enter(process, now + wakeNanos + takes);
      process.bound.timeout(process.cell, entry.name, step);
    } else {
      const takes = this.cpuNanos(process, costs.receiveNanos(payload as Tagged));
      step.enter(process, now + wakeNanos + takes);
      process.bound.receive(process.cell, source, payload as Tagged, step);
    }
    const end = step.flush(process, thread, step.momentNanos);
    const service = end - now - wakeNanos;
    // A thread that waits for the disk is occupied, its core is not.
    station.occupy(0, end, service);
    process.host.cores.occupy(core, end - step.blockedNanos, service - step.blockedNanos);
  }

  /** CPU time with this host's speed and jitter applied. */
  cpuNanos(process: Process, nominalNanos: Nanos): Nanos {
    if (process.jitterSampler === undefined && process.speed === 1) return nominalNanos;
    const factor = process.jitterSampler === undefined ? 1 : process.jitterSampler(process.cpu);
    return toNanos((nominalNanos * factor) / process.speed);
  }

  /** Gives a message to the thread that owns the connection. */
  handOff(process: Process, owner: number, to: Address, message: Tagged, readyNanos: Nanos): void {
    const meta =
      HAND_OFF | (owner << THREAD_SHIFT) | (this.incarnations[process.address]! << INCARNATION_SHIFT);
    this.queue.push(readyNanos, process.address, to, meta, { to, message });
  }

  kindOf(name: string): number {
    const known = this.kindIndex.get(name);
    if (known !== undefined) return known;
    const index = this.kindNames.length;
    this.kindIndex.set(name, index);
    this.kindNames.push(name);
    if (index === this.kindCounts.length) {
      const counts = new Float64Array(index * 2);
      counts.set(this.kindCounts);
      this.kindCounts = counts;
      const bytes = new Float64Array(index * 2);
      bytes.set(this.kindBytes);
      this.kindBytes = bytes;
    }
    return index;
  }

  // ---- Results -----------------------------------------------------------------------------------------------------

  /** Messages sent since the end of the warm-up, by kind in the order of first use. */
  messageCounts(): MessageCount[] {
    return this.kindNames
      .map((kind, index) => ({ kind, count: this.kindCounts[index]!, bytes: this.kindBytes[index]! }))
      .filter(({ count }) => count > 0);
  }

  /** Every station with what it did since the end of the warm-up. Pools are summed over their threads. */
  stations(): {
    station: string;
    role: string;
    kind: "threads" | "cores";
    servers: number;
    counts: StationCounts;
  }[] {
    const rows = [];
    for (const process of this.processes) {
      process.pools.forEach((pool, index) => {
        if (process.costs === undefined) return;
        const start = process.poolStart[index]!;
        const threads = process.threads.slice(start, start + pool.threads);
        rows.push({
          station: `${process.name}/${pool.name}`,
          role: process.role,
          kind: "threads" as const,
          servers: pool.threads,
          counts: sumCounts(threads.map((thread) => thread.counts(this.nowNanos))),
        });
      });
    }
    for (const host of this.hosts) {
      const used = this.processes.find((process) => process.host === host && process.costs !== undefined);
      if (used === undefined) continue;
      rows.push({
        station: `${host.name}/cores`,
        role: used.role,
        kind: "cores" as const,
        servers: host.cores.servers,
        counts: host.cores.counts(this.nowNanos),
      });
    }
    return rows;
  }

  /** The state of a process; in fast mode the live object, to be read only. */
  stateOf(address: Address): unknown {
    return this.processes[address]!.cell[0];
  }

  private resetCounts(): void {
    for (const process of this.processes)
      for (const thread of process.threads) thread.resetCounts(this.nowNanos);
    for (const host of this.hosts) {
      host.cores.resetCounts(this.nowNanos);
      host.nic.busyNanos = 0;
      host.nic.frames = 0;
      host.nic.waitNanos = 0;
      host.disk?.resetCounts();
    }
    this.kindCounts.fill(0);
    this.kindBytes.fill(0);
    this.recorder.resetCounters();
    this.busyAtInterval.length = 0;
  }

  private closeInterval(): void {
    this.recorder.closeInterval();
    const interval = this.seriesIntervalNanos;
    this.stations().forEach(({ station, role, servers, counts }, index) => {
      let series = this.stationSeries[index];
      if (series === undefined) {
        series = { station, role, busyShare: [] };
        this.stationSeries.push(series);
      }
      // After the warm-up's end the counters begin at zero again, in the middle of this interval.
      const before = this.busyAtInterval[index] ?? 0;
      series.busyShare.push(Math.max(0, counts.busyNanos - before) / (interval * servers));
      this.busyAtInterval[index] = counts.busyNanos;
    });
    this.at(this.nowNanos + interval, "interval", undefined);
  }

  // ---- Snapshots -----------------------------------------------------------------------------------------------------

  /** Where incarnations, counters and numbering stand, for sim/snapshot.ts. */
  saveNumbers(): object {
    const { nowNanos, events, ties, lostMessages, stepNumber } = this;
    return {
      plain: { nowNanos, events, ties, lostMessages, stepNumber },
      incarnations: [...this.incarnations],
      kinds: this.kindNames.map((name, index) => [name, this.kindCounts[index]!, this.kindBytes[index]!]),
      busyAtInterval: [...this.busyAtInterval],
      stationSeries: this.stationSeries.map((series) => ({ ...series, busyShare: [...series.busyShare] })),
    };
  }

  restoreNumbers(saved: object): void {
    const state = saved as {
      plain: object;
      incarnations: number[];
      kinds: [string, number, number][];
      busyAtInterval: number[];
      stationSeries: SeriesOfStation[];
    };
    Object.assign(this, state.plain);
    this.incarnations.splice(0, this.incarnations.length, ...state.incarnations);
    this.kindIndex.clear();
    this.kindNames.length = 0;
    for (const [name, count, bytes] of state.kinds) {
      const index = this.kindOf(name);
      this.kindCounts[index] = count;
      this.kindBytes[index] = bytes;
    }
    this.busyAtInterval.splice(0, this.busyAtInterval.length, ...state.busyAtInterval);
    const series = state.stationSeries.map((each) => ({ ...each, busyShare: [...each.busyShare] }));
    this.stationSeries.splice(0, this.stationSeries.length, ...series);
  }
}

function sumCounts(all: readonly StationCounts[]): StationCounts {
  let [busyNanos, jobs, waitNanos, queueAreaNanos, queueLengthMax] = [0, 0, 0, 0, 0];
  for (const counts of all) {
    busyNanos += counts.busyNanos;
    jobs += counts.jobs;
    waitNanos += counts.waitNanos;
    queueAreaNanos += counts.queueAreaNanos;
    queueLengthMax = Math.max(queueLengthMax, counts.queueLengthMax);
  }
  return { busyNanos, jobs, waitNanos, queueAreaNanos, queueLengthMax };
}

/** The share of its time a station was busy, and the means that Little's law ties together. */
export function stationMeans(counts: StationCounts, servers: number, windowNanos: Nanos) {
  return {
    utilisation: counts.busyNanos / (windowNanos * servers),
    queueLength: counts.queueAreaNanos / windowNanos,
    waitMeanNanos: counts.jobs === 0 ? 0 : counts.waitNanos / counts.jobs,
    jobsPerSecond: (counts.jobs * SECOND) / windowNanos,
  };
}
