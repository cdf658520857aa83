/**
 * The simulation: processes on hosts, exchanging messages over a network on a virtual clock (docs/kernel.md).
 *
 * Hot code, guarded by `npm run bench -- --only phold` (the contract alone) and `--only boki` (with hosts and costs). One
 * event is a few integers in the queue's arrays and at most one reference. The loop switches on the event's type; a step of
 * a process without a cost model runs straight from it, one with costs goes through sim/executor.ts.
 */

import { Digest } from "./digest.ts";
import { InstantEffects, StepEffects } from "./effects.ts";
import { EventQueue } from "./event-queue.ts";
import {
  CONTROL,
  DELIVER,
  DOWN,
  HAND_OFF,
  incarnationOf,
  metaOf,
  PAUSED,
  TIMER,
  threadOf,
  typeOf,
  WAKE_CORES,
  WAKE_THREAD,
} from "./events.ts";
import { Executor, JOB_HAND_OFF, JOB_MESSAGE, jobOf } from "./executor.ts";
import type { Mode } from "./interpreter.ts";
import { type CrashOptions, Lives } from "./lives.ts";
import { LookAhead, PROCESSES_MIN } from "./look-ahead.ts";
import type { Address, Observed, Tagged, TimerName } from "./machine.ts";
import { Network, type Routing } from "./network.ts";
import {
  createHost,
  createProcess,
  type Host,
  type HostOptions,
  type Process,
  type ProcessOptions,
} from "./process.ts";
import { type RandomState, streamFor } from "./random.ts";
import { Recorder } from "./recorder.ts";
import { type SeriesOfStation, type StationRow, StationSeries, stationRows } from "./station-report.ts";
import { settled } from "./structures/settled.ts";
import { TieShuffler } from "./ties.ts";
import { type TimerEntry, Timers } from "./timers.ts";
import { Tracer } from "./trace.ts";
import type { TraceOptions } from "./trace-records.ts";
import { type Corrupt, type MessageCount, Transport } from "./transport.ts";
import type { Nanos } from "./units.ts";

export type { Host } from "./process.ts";
export { stationMeans } from "./station-report.ts";

export interface SimulationOptions {
  readonly seed: number | string;
  readonly mode: Mode;
  readonly routing: Routing;
  readonly history?: boolean;
  readonly seriesIntervalNanos?: Nanos;
  readonly warmupNanos?: Nanos;
  /** Keep the moment and the latency of every completed operation. */
  readonly completions?: boolean;
  /**
   * What a receiver gets for a message that a fault alters on its way; undefined: nothing, as where a checksum finds it.
   * `below` draws an integer in [0, n). It returns a new message and leaves the one it is given alone. Default: nothing.
   */
  readonly corrupt?: Corrupt;
  /** Executes simultaneous events in an order drawn from a stream of its own; default: as they were scheduled. */
  readonly shuffleTies?: boolean;
  /** A run of more events throws: a deployment may set itself spinning. Default: no limit. */
  readonly eventsMax?: number;
  /** Receives what machines observe; undefined: nothing is observed and observing costs nothing. */
  readonly observer?: (at: Address, observation: Observed, nowNanos: Nanos) => void;
}

/**
 * A thing to do at a moment of the run that is not a message: a fault, a probe. Registered by name under every simulation
 * that is to restore a snapshot in which one is pending.
 */
export type Control = (simulation: Simulation, argument: unknown) => void;

/** Something beside the simulation whose state belongs into its snapshots, as plain data. */
export interface Keeper {
  save(): object;
  restore(saved: object): void;
}

/** Controls of processes that end by themselves. */
const CRASH_ITSELF = "crash itself";
const RESTART = "restart";

/** A process that has ended in its n-th life. */
interface EndedProcess {
  readonly address: Address;
  readonly boots: number;
  readonly restartNanos: Nanos;
}

/** Who wants to see every step of a process. `name`: of the message or the timer; `from`: the sender of a message. */
export interface StepFollower {
  readonly before: () => void;
  readonly after: (kind: "message" | "timer", name: TimerName, from: Address | undefined) => void;
}

export class Simulation {
  readonly seed: string;
  readonly mode: Mode;
  readonly checked: boolean;
  readonly queue: EventQueue = new EventQueue();
  readonly network: Network;
  readonly recorder: Recorder;
  readonly digest: Digest = new Digest();
  readonly processes: Process[] = [];
  readonly hosts: Host[] = [];
  readonly observer: SimulationOptions["observer"];
  readonly transport: Transport;
  readonly timers: Timers;
  nowNanos: Nanos = 0;
  /** Events executed. */
  events = 0;
  /** Events that shared their moment with the one before: where the order of simultaneous events could matter. */
  ties = 0;
  /** Follows what causes what; see `trace`. */
  tracer: Tracer | undefined = undefined;

  private readonly instant: InstantEffects;
  private readonly step: StepEffects;
  private readonly executor: Executor;
  private readonly lives: Lives;
  private readonly lookAhead: LookAhead;
  private readonly shuffler: TieShuffler | undefined;
  private readonly eventsMax: number;
  private readonly keepers = new Map<string, Keeper>();
  private readonly series: StationSeries = new StationSeries();
  private readonly controls = new Map<string, Control>();
  private readonly seriesIntervalNanos: Nanos;
  /** By address: the number of the process's current life, or DOWN. */
  private readonly incarnations: number[] = [];

  constructor(options: SimulationOptions) {
    const { seriesIntervalNanos = 0, warmupNanos = 0 } = options;
    const { queue, processes, incarnations } = this;
    this.seed = String(options.seed);
    this.mode = options.mode;
    this.checked = options.mode === "checked";
    this.observer = options.observer;
    this.seriesIntervalNanos = seriesIntervalNanos;
    this.recorder = new Recorder({
      history: options.history ?? false,
      completions: options.completions ?? false,
      seriesIntervalNanos,
      warmupNanos,
    });
    this.network = new Network(this.seed, options.routing);
    this.transport = new Transport(queue, this.network, processes, incarnations, corruptOf(options));
    this.timers = new Timers(queue, incarnations);
    this.instant = new InstantEffects(this);
    this.step = new StepEffects(this);
    this.executor = new Executor(
      this,
      queue,
      processes,
      incarnations,
      this.transport,
      this.timers,
      this.step,
    );
    this.lookAhead = new LookAhead(queue, processes);
    this.lives = new Lives(this, incarnations, this.executor, this.instant, this.step);
    this.eventsMax = options.eventsMax ?? Number.POSITIVE_INFINITY;
    this.shuffler =
      options.shuffleTies === true ? new TieShuffler(queue, streamFor(this.seed, "ties")) : undefined;
    this.registerControl("interval", () => this.closeInterval());
    this.registerControl("warm", () => this.resetCounts());
    this.registerControl(CRASH_ITSELF, (_, ended) => this.endItself(ended as EndedProcess));
    this.registerControl(RESTART, (_, ended) => {
      const { address, boots } = ended as EndedProcess;
      if (!this.isUp(address) && this.processes[address]!.boots === boots) this.boot(address);
    });
    if (warmupNanos > 0) this.at(warmupNanos, "warm", undefined);
    if (seriesIntervalNanos > 0) this.at(seriesIntervalNanos, "interval", undefined);
  }

  // ---- Building ----------------------------------------------------------------------------------------------------

  addHost(options: HostOptions): Host {
    if (this.hosts.some(({ name }) => name === options.name)) {
      throw new Error(`two hosts are named ${options.name}`);
    }
    const host = createHost(options, this.hosts.length, this.seed);
    this.hosts.push(host);
    if (host.nic.out.nanosPerByte > 0) this.network.limitLines();
    return host;
  }

  /**
   * Adds a process; it starts when `start` is called. Addresses are dense, in the order of these calls. Random streams go
   * by name, so a name is given once.
   */
  addProcess(options: ProcessOptions): Address {
    const { name } = options;
    if (this.byName.has(name)) throw new Error(`two processes are named ${name}`);
    const address = this.processes.length;
    const host = options.host ?? this.addHost({ name, cores: 1 });
    this.processes.push(createProcess(options, address, host, this.seed, this.mode));
    this.incarnations.push(DOWN);
    this.byName.set(name, address);
    return address;
  }
  private readonly byName = new Map<string, Address>();

  addressOf(name: string): Address {
    const address = this.byName.get(name);
    if (address === undefined) throw new Error(`no process is named ${name}`);
    return address;
  }

  /** Starts every process that is not up, in the order of addresses. */
  start(): void {
    this.lives.boot(this.processes.filter((process) => !process.up));
  }

  // ---- Running -----------------------------------------------------------------------------------------------------

  /** Executes every event up to and including `untilNanos`; the clock then stands there. */
  run(untilNanos: Nanos): void {
    const { queue, digest, processes, incarnations, instant, executor, shuffler, eventsMax, tracer } = this;
    const looksAhead = processes.length >= PROCESSES_MIN;
    let untilLook = 1;
    for (;;) {
      if (looksAhead && --untilLook === 0) untilLook = this.lookAhead.look();
      const before = queue.now;
      const slot = shuffler === undefined ? queue.pop(untilNanos) : shuffler.pop(untilNanos);
      if (slot < 0) break;
      const time = queue.times[slot]!;
      const target = queue.targets[slot]!;
      const source = queue.sources[slot]!;
      const meta = queue.metas[slot]!;
      const payload = queue.payloads[slot];
      if (time === before) this.ties++;
      this.nowNanos = time;
      if (this.events++ >= eventsMax) throw new RangeError(`the run has more than ${eventsMax} events`);
      digest.event(time, meta, target, source);
      const trace = tracer === undefined ? 0 : tracer.comes(slot, time);
      switch (typeOf(meta)) {
        case DELIVER: {
          if (incarnationOf(meta) !== incarnations[target]) {
            this.lives.miss(meta, target, source, payload, trace);
            break;
          }
          const process = processes[target]!;
          if (process.costs === undefined) {
            tracer?.instant(trace, "message", (payload as Tagged).kind, target, source, time);
            instant.enter(process, time);
            process.bound.receive(process.cell, source, payload as Tagged, instant);
          } else {
            executor.arrive(process, threadOf(meta), jobOf(JOB_MESSAGE, trace), source, payload);
          }
          break;
        }
        case TIMER: {
          // Crashes and cancellations take a timer out of the queue: one that comes is wanted.
          const process = processes[target]!;
          const entry = payload as TimerEntry;
          if (incarnations[target]! >= PAUSED) {
            this.lives.holdTimer(process, entry);
            break;
          }
          if (process.costs === undefined) {
            this.timers.take(process, entry);
            tracer?.instant(entry.trace, "timer", entry.name, target, target, time);
            instant.enter(process, time);
            process.bound.timeout(process.cell, entry.name, instant);
          } else {
            executor.expire(process, entry);
          }
          break;
        }
        case WAKE_THREAD:
          if (incarnationOf(meta) === incarnations[target]) {
            executor.wakeThread(processes[target]!, threadOf(meta));
          } else {
            this.lives.miss(meta, target, source, payload, 0);
          }
          break;
        case WAKE_CORES:
          executor.wakeCores(this.hosts[target]!);
          break;
        case HAND_OFF:
          if (incarnationOf(meta) === incarnations[target]) {
            executor.arrive(processes[target]!, threadOf(meta), jobOf(JOB_HAND_OFF, trace), source, payload);
          } else {
            this.lives.miss(meta, target, source, payload, trace);
          }
          break;
        default: {
          const [name, argument] = payload as [string, unknown];
          this.controlOf(name)(this, argument);
        }
      }
    }
    this.nowNanos = untilNanos;
  }

  /**
   * From now on a tracer records what causes what, and where the time of every step goes; to be called between runs, once.
   * Nothing the run does depends on it.
   */
  trace(options: TraceOptions = {}): Tracer {
    if (this.tracer !== undefined) throw new Error("the simulation is traced already");
    const tracer = new Tracer(options);
    this.tracer = tracer;
    this.transport.tracer = tracer;
    this.timers.tracer = tracer;
    this.executor.tracer = tracer;
    this.network.moments = tracer.link;
    if (this.shuffler !== undefined) this.shuffler.tracer = tracer;
    return tracer;
  }

  /**
   * Calls before and after every step of a process from now on. For looking only: nothing the run does depends on it, and whoever is
   * called must change nothing.
   */
  followSteps(address: Address, { before, after }: StepFollower): void {
    const process = this.processes[address]!;
    const { bound } = process;
    process.bound = {
      receive(cell, from, message, out) {
        before();
        bound.receive(cell, from, message, out);
        after("message", message.kind, from);
      },
      timeout(cell, timer, out) {
        before();
        bound.timeout(cell, timer, out);
        after("timer", timer, undefined);
      },
    };
  }

  registerControl(name: string, control: Control): void {
    this.controls.set(name, control);
  }

  /** Schedules a registered control. */
  at(timeNanos: Nanos, control: string, argument: unknown): void {
    this.controlOf(control);
    this.queue.push(timeNanos, 0, 0, metaOf(CONTROL, 0, 0, 0), [control, argument]);
  }

  private controlOf(name: string): Control {
    const control = this.controls.get(name);
    if (control === undefined) throw new Error(`no control is named ${name}`);
    return control;
  }

  // ---- Who is up, and what goes wrong: docs/kernel.md, "Faults" --------------------------------------------------------

  /** Whether the process runs; one that is paused does. */
  isUp(address: Address): boolean {
    return this.processes[address]!.up;
  }

  /** The process is gone with all its volatile state. Messages under way to it are lost, those it has sent are not. */
  crash(address: Address, options: CrashOptions = {}): void {
    this.lives.crash(this.processes[address]!, options);
  }

  /** Boots processes that are down; their machines find on their disks what is left. */
  boot(...addresses: readonly Address[]): void {
    this.lives.boot(addresses.map((address) => this.processes[address]!));
  }

  /** The process does nothing until `resume`; what comes for it waits. Nothing happens to one that is down. */
  pause(address: Address): void {
    this.lives.pause(this.processes[address]!);
  }

  resume(address: Address): void {
    this.lives.resume(this.processes[address]!);
  }

  /**
   * The connections between processes of one group and of another break: what is under way on them, in both directions, is
   * lost. Pipes and datagrams have no connection that could break.
   */
  reset(group: readonly Address[], other: readonly Address[]): void {
    this.transport.reset(new Set(group), new Set(other), this.nowNanos);
  }

  /** For effects. */
  watch(watcher: Process, peer: Address): void {
    this.lives.watch(watcher, peer);
  }

  /** For effects. The step that asks for it ends first. */
  crashItself({ address, boots }: Process, restartNanos: Nanos): void {
    this.at(this.nowNanos, CRASH_ITSELF, { address, boots, restartNanos } satisfies EndedProcess);
  }

  private endItself({ address, boots, restartNanos }: EndedProcess): void {
    if (!this.isUp(address) || this.processes[address]!.boots !== boots) return;
    this.crash(address);
    this.at(this.nowNanos + restartNanos, RESTART, { address, boots });
  }

  /** For effects. */
  setParallelism(process: Process, pool: number, threads: number): void {
    const { pools, poolStart, costs } = process;
    const { shared = false, threads: all = 0, name = "" } = pools[pool] ?? {};
    if (!shared || !(Number.isInteger(threads) && threads >= 1 && threads <= all)) {
      throw new RangeError(
        `${process.name} cannot let ${threads} threads work of pool ${pool} (${name}, ${shared ? `shared, ${all} threads` : "not shared"})`,
      );
    }
    if (costs !== undefined) this.executor.setParallelism(process, poolStart[pool]!, threads);
  }

  /** The disk of a host serves nobody until then; syncs that are under way take so much longer. */
  stallDisk(host: Host, untilNanos: Nanos): void {
    const { disk } = host;
    if (disk === undefined) throw new Error(`host ${host.name} has no disk to stall`);
    const byNanos = disk.stall(this.nowNanos, untilNanos);
    if (byNanos === 0) return;
    for (const process of this.processes) {
      if (process.host === host) this.timers.postponeSyncs(process, this.nowNanos, byNanos);
    }
  }

  // ---- Results -----------------------------------------------------------------------------------------------------

  /** Messages that found their receiver crashed or restarted, or that a fault swallowed. */
  get lostMessages(): number {
    return this.transport.lostMessages;
  }

  /** Messages sent since the end of the warm-up, by kind in the order of first use. */
  messageCounts(): MessageCount[] {
    return this.transport.messageCounts();
  }

  /** Every station with what it did since the end of the warm-up. Pools are summed over their threads. */
  stations(): StationRow[] {
    return stationRows(this.processes, this.hosts, this.nowNanos);
  }

  /** How busy each station was, interval by interval. */
  get stationSeries(): readonly SeriesOfStation[] {
    return this.series.all;
  }

  /** The state of a process; in fast mode the live object, to be read only. */
  stateOf(address: Address): unknown {
    return this.processes[address]!.cell[0];
  }

  private resetCounts(): void {
    const now = this.nowNanos;
    this.series.beforeReset(this.stations());
    for (const process of this.processes) {
      for (const thread of process.threads) thread.resetCounts(now);
    }
    for (const { cores, nic, disk } of this.hosts) {
      cores.resetCounts(now);
      nic.out.resetCounts(now);
      nic.in.resetCounts(now);
      disk?.resetCounts(now);
    }
    this.transport.resetCounts();
    this.recorder.resetCounters();
  }

  private closeInterval(): void {
    const interval = this.seriesIntervalNanos;
    this.recorder.closeInterval();
    this.series.closeInterval(this.stations());
    this.at(this.nowNanos + interval, "interval", undefined);
  }

  /** Puts the state of something that belongs to this run into its snapshots. To be done before a restore as well. */
  keep(name: string, keeper: Keeper): void {
    if (this.keepers.has(name)) throw new Error(`two things are kept as ${name}`);
    this.keepers.set(name, keeper);
  }

  // ---- Snapshots, see sim/snapshot.ts --------------------------------------------------------------------------------

  saveOwn(): object {
    if (this.tracer !== undefined) {
      throw new Error(
        "what is under way in a traced simulation has numbers that mean nothing in another: it is not saved",
      );
    }
    const { nowNanos, events, ties } = this;
    return {
      numbers: { nowNanos, events, ties },
      incarnations: [...this.incarnations],
      transport: this.transport.save(),
      series: this.series.save(),
      ties: this.shuffler?.stream.save(),
      kept: [...this.keepers].map(([name, keeper]) => [name, keeper.save()]),
    };
  }

  restoreOwn(saved: object): void {
    const { numbers, incarnations, transport, series, ties, kept } = saved as Record<string, object>;
    Object.assign(this, numbers);
    this.tracer?.forgetEvents();
    this.incarnations.splice(0, this.incarnations.length, ...(incarnations as number[]));
    this.transport.restore(transport!);
    this.series.restore(series!);
    if (ties !== undefined) this.shuffler?.stream.restore(ties as RandomState);
    const states = new Map(kept as [string, object][]);
    if (!sameNames(states, this.keepers)) {
      throw new Error(
        `the snapshot keeps [${[...states.keys()]}], the simulation [${[...this.keepers.keys()]}]`,
      );
    }
    for (const [name, state] of states) this.keepers.get(name)!.restore(state);
  }
}

/** In checked mode an altered message is frozen like any other. */
function corruptOf({ corrupt, mode }: SimulationOptions): Corrupt {
  if (corrupt === undefined) return () => undefined;
  return mode === "checked" ? (message, below) => settled(corrupt(message, below)) : corrupt;
}

function sameNames(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  return a.size === b.size && [...a.keys()].every((name) => b.has(name));
}
