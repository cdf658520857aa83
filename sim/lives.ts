/**
 * Whether processes are up: booting, crashing, pausing (docs/kernel.md, "Faults").
 *
 * An event belongs to one incarnation of its process. A crash changes the process's incarnation, and all events for the
 * old one are void. A pause marks it, so that events for it are noticed to miss and are held, in order, until it goes on.
 */

import type { InstantEffects, StepEffects } from "./effects.ts";
import {
  DELIVER,
  DOWN,
  INCARNATIONS,
  incarnationOf,
  PAUSED,
  threadOf,
  typeOf,
  WAKE_THREAD,
} from "./events.ts";
import {
  cpuFactor,
  type Executor,
  JOB_HAND_OFF,
  JOB_MESSAGE,
  JOB_TIMER,
  jobOf,
  kindOfJob,
  traceOfJob,
} from "./executor.ts";
import type { Address, Tagged } from "./machine.ts";
import type { Network } from "./network.ts";
import type { Process } from "./process.ts";
import { settled } from "./structures/settled.ts";
import type { TimerEntry, Timers } from "./timers.ts";
import type { Tracer } from "./trace.ts";
import type { InputId } from "./trace-records.ts";
import type { Transport } from "./transport.ts";
import type { Nanos } from "./units.ts";

export interface CrashOptions {
  /** With every process of its host, and with the writes that were not durable. Else the operating system keeps those. */
  readonly wholeHost?: boolean;
  /** `lost`: the host's disk comes back empty; implies `wholeHost`. */
  readonly disk?: "kept" | "lost";
}

/** What lives need of the simulation. */
interface World {
  readonly nowNanos: Nanos;
  readonly checked: boolean;
  readonly processes: readonly Process[];
  readonly network: Network;
  readonly transport: Transport;
  readonly timers: Timers;
  readonly tracer: Tracer | undefined;
}

export class Lives {
  private readonly world: World;
  private readonly incarnations: number[];
  private readonly executor: Executor;
  private readonly instant: InstantEffects;
  private readonly step: StepEffects;

  /** `incarnations`: by address, the number of the process's current life, or DOWN. */
  constructor(
    world: World,
    incarnations: number[],
    executor: Executor,
    instant: InstantEffects,
    step: StepEffects,
  ) {
    this.world = world;
    this.incarnations = incarnations;
    this.executor = executor;
    this.instant = instant;
    this.step = step;
  }

  boot(processes: readonly Process[]): void {
    for (const process of processes) {
      if (process.up) throw new Error(`${process.name} is already up`);
    }
    // All of them are there before the first one speaks, or what it sends to a later one would be lost.
    for (const process of processes) {
      process.up = true;
      this.incarnations[process.address] = process.boots++ % INCARNATIONS;
    }
    for (const process of processes) this.runStart(process);
  }

  /** Booting occupies no thread; what a machine with costs sends from `start` leaves when it has been paid for. */
  private runStart(process: Process): void {
    const { machine, config } = process.options;
    const out = process.costs === undefined ? this.instant : this.step;
    const { nowNanos, tracer } = this.world;
    tracer?.instant(0, "start", "start", process.address, process.address, nowNanos);
    out.enter(process, nowNanos);
    if (out === this.step) {
      this.step.thread = 0;
      this.step.factor = cpuFactor(process);
    }
    const state = machine.start(config, out);
    process.cell[0] = this.world.checked ? settled(state) : state;
    if (out === this.step) {
      const ends = this.step.flush(0);
      tracer?.ends(nowNanos, ends, ends);
    } else tracer?.ends(nowNanos, nowNanos, nowNanos);
  }

  crash(process: Process, { wholeHost = false, disk = "kept" }: CrashOptions): void {
    if (!wholeHost && disk === "kept") {
      this.stop(process, false);
      return;
    }
    const { host } = process;
    for (const each of this.world.processes) if (each.host === host) this.stop(each, true);
    host.disk?.crash(this.world.nowNanos, disk === "kept");
  }

  private stop(process: Process, withHost: boolean): void {
    if (!process.up) return;
    const { timers, network, processes } = this.world;
    process.up = false;
    const told = this.tellWatchers(process, withHost);
    this.incarnations[process.address] = DOWN;
    timers.cancelAll(process);
    this.executor.abandon(process);
    network.disconnect(process, processes);
    for (const [watcher, atNanos] of told) network.holdBack(network.link(process, watcher), atNanos);
    process.generators.clear();
    process.cell[0] = undefined;
    this.world.transport.lostMessages += process.held.filter(
      ({ job }) => kindOfJob(job) !== JOB_TIMER,
    ).length;
    process.held.length = 0;
  }

  /**
   * The operating system closes the connections of a process that ends. One that has lost power tells nobody: a peer finds
   * out when its keep-alive remains without an answer. Returns who hears when of an end by a system that is still there: what a
   * next life sends comes behind that.
   */
  private tellWatchers(process: Process, withHost: boolean): [Process, Nanos][] {
    const { processes, nowNanos, transport, network } = this.world;
    const told: [Process, Nanos][] = [];
    for (const address of process.watchers) {
      const watcher = processes[address]!;
      const afterNanos = withHost ? network.link(process, watcher).keepAliveNanos : 0;
      if (afterNanos === undefined) continue;
      const atNanos = transport.close(process, watcher, nowNanos, afterNanos);
      if (!withHost) told.push([watcher, atNanos]);
    }
    process.watchers.clear();
    for (const other of processes) other.watchers.delete(process.address);
    return told;
  }

  watch(watcher: Process, peer: Address): void {
    const { processes, nowNanos, transport, network } = this.world;
    const watched = processes[peer];
    if (watched === undefined) {
      throw new RangeError(`${watcher.name} watches address ${peer}, which nobody has`);
    }
    if (watched.up) {
      watched.watchers.add(watcher.address);
      // There is a connection from now on, also if nothing has been sent, and a reset can break it.
      network.link(watched, watcher);
      return;
    }
    // LOST is earlier than any moment, and holds nothing back.
    network.holdBack(network.link(watched, watcher), transport.close(watched, watcher, nowNanos, 0));
  }

  pause(process: Process): void {
    if (!process.up || this.isPaused(process)) return;
    this.incarnations[process.address]! += PAUSED;
    this.executor.suspend(process);
  }

  resume(process: Process): void {
    if (!this.isPaused(process)) return;
    this.incarnations[process.address]! -= PAUSED;
    this.executor.resume(process);
    for (const { job, thread, source, payload } of process.held.splice(0)) {
      if (kindOfJob(job) === JOB_TIMER) this.expire(process, payload as TimerEntry);
      else this.deliver(process, job, thread, source, payload);
    }
  }

  private isPaused({ address }: Process): boolean {
    return this.incarnations[address]! >= PAUSED;
  }

  /** An event is not for the process as it is now: held if that is only paused, else lost. */
  miss(meta: number, target: Address, source: Address, payload: unknown, trace: InputId): void {
    const life = this.incarnations[target]!;
    const process = this.world.processes[target]!;
    const type = typeOf(meta);
    const thread = threadOf(meta);
    if (life >= PAUSED && (life & INCARNATIONS) === incarnationOf(meta)) {
      if (type === WAKE_THREAD) process.threads[thread]!.wakePending = false;
      else {
        const job = jobOf(type === DELIVER ? JOB_MESSAGE : JOB_HAND_OFF, trace);
        process.held.push({ job, thread, source, payload });
      }
    } else if (type !== WAKE_THREAD) {
      this.world.transport.lostMessages++;
    }
  }

  /** A timer of a paused process expires. */
  holdTimer(process: Process, entry: TimerEntry): void {
    entry.waits = true;
    process.held.push({ job: JOB_TIMER, thread: 0, source: 0, payload: entry });
  }

  private deliver(process: Process, job: number, thread: number, source: Address, payload: unknown): void {
    if (process.costs === undefined) {
      const { nowNanos, tracer } = this.world;
      const { kind } = payload as Tagged;
      tracer?.instant(traceOfJob(job), "message", kind, process.address, source, nowNanos);
      this.instant.enter(process, nowNanos);
      process.bound.receive(process.cell, source, payload as Tagged, this.instant);
    } else {
      this.executor.arrive(process, thread, job, source, payload);
    }
  }

  private expire(process: Process, entry: TimerEntry): void {
    // What was held before it may have cancelled it or set it again.
    if (!entry.live) return;
    if (process.costs === undefined) {
      const { nowNanos, timers, tracer } = this.world;
      timers.take(process, entry);
      tracer?.instant(entry.trace, "timer", entry.name, process.address, process.address, nowNanos);
      this.instant.enter(process, nowNanos);
      process.bound.timeout(process.cell, entry.name, this.instant);
    } else {
      this.executor.expire(process, entry);
    }
  }
}
