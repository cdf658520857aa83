/**
 * What a step can do, implemented twice: for processes without a cost model effects happen at once; for processes on
 * hosts they are collected and take place when the step's CPU time, which they help to determine, is over.
 *
 * Hot code, guarded by `npm run bench -- --only phold` (instant) and `--only boki` (collected). One object of each kind
 * serves all processes.
 */

import { isDraft, original } from "immer";
import type { Digest } from "./digest.ts";
import type { Disk } from "./disk.ts";
import type { Distribution } from "./distribution.ts";
import { momentOf, readingAt, trueLength } from "./faults/clock.ts";
import type {
  Address,
  Effects,
  Observed,
  OperationId,
  Outcome,
  ProgramCache,
  Tagged,
  TimerName,
} from "./machine.ts";
import { connectionOwner, type Link } from "./network.ts";
import type { Process } from "./process.ts";
import type { Recorder } from "./recorder.ts";
import { compile, type Sampler } from "./sampling.ts";
import { settled } from "./structures/settled.ts";
import type { Timers } from "./timers.ts";
import type { Tracer } from "./trace.ts";
import type { Transport } from "./transport.ts";
import type { Bytes, Nanos } from "./units.ts";
import { FOREVER, toNanos } from "./units.ts";

/** What effects need of the simulation. */
export interface World {
  readonly nowNanos: Nanos;
  readonly checked: boolean;
  readonly timers: Timers;
  readonly transport: Transport;
  readonly recorder: Recorder;
  readonly digest: Digest;
  readonly observer: ((at: Address, observation: Observed, nowNanos: Nanos) => void) | undefined;
  readonly tracer: Tracer | undefined;
  watch(watcher: Process, peer: Address): void;
  crashItself(process: Process, restartNanos: Nanos): void;
  setParallelism(process: Process, pool: number, threads: number): void;
}

/** Work of this kind waits for the host's disk: the amount is the bytes to read. */
export const DISK_READ = "diskRead";

function samplerOf(distribution: Distribution): Sampler {
  return compile(isDraft(distribution) ? (original(distribution as object) as Distribution) : distribution);
}

/** No generator outlives a step: in checked mode each resumption replays the recorded results. */
const NO_PROGRAMS: ProgramCache = { get: () => undefined, set: () => {}, delete: () => {} };

abstract class BaseEffects implements Effects {
  protected readonly world: World;
  protected readonly checked: boolean;
  protected process!: Process;
  readonly observe: ((observation: Observed) => void) | undefined;
  self: Address = 0;
  thread = 0;
  programs: ProgramCache = NO_PROGRAMS;
  /** When the step takes effect on clients: its input has been taken in, what it sends is still to be paid for. */
  protected momentNanos: Nanos = 0;

  constructor(world: World) {
    this.world = world;
    this.checked = world.checked;
    const observer = world.observer;
    if (observer !== undefined) {
      this.observe = world.checked
        ? (observation) => observer(this.self, settled(observation), world.nowNanos)
        : (observation) => observer(this.self, observation, world.nowNanos);
    }
  }

  enter(process: Process, momentNanos: Nanos): void {
    this.process = process;
    this.self = process.address;
    this.momentNanos = momentNanos;
    if (!this.checked) this.programs = process.generators;
  }

  get now(): Nanos {
    const { clock } = this.process;
    return clock === undefined ? this.world.nowNanos : readingAt(clock, this.world.nowNanos);
  }

  get spentNanos(): Nanos {
    return 0;
  }

  abstract send(to: Address, message: Tagged, connection?: number): void;

  watch(peer: Address): void {
    this.world.watch(this.process, peer);
  }

  crash(restartNanos: Nanos): void {
    this.world.crashItself(this.process, restartNanos);
  }

  setParallelism(pool: number, threads: number): void {
    this.world.setParallelism(this.process, pool, threads);
  }

  abstract setTimer(timer: TimerName, afterNanos: Nanos): void;
  abstract sync(timer: TimerName): void;
  abstract work(kind: string, amount: number): void;

  setTimerAtTick(timer: TimerName, periodNanos: Nanos, phaseNanos: Nanos): void {
    const now = this.world.nowNanos;
    const { clock } = this.process;
    const ticks = Math.max(0, Math.floor((this.now - phaseNanos) / periodNanos) + 1);
    const tick = toNanos(phaseNanos + ticks * periodNanos);
    const at = clock === undefined ? tick : momentOf(clock, now, tick);
    const known = this.world.timers.find(this.process, timer);
    // Armed for this tick already; or a tick has come and waits for its thread: it stands for the later ones as well.
    if (known !== undefined && (known.atNanos === at || known.atNanos <= now)) return;
    this.world.timers.arm(this.process, timer, at);
  }

  cancelTimer(timer: TimerName): void {
    this.world.timers.cancel(this.process, timer);
  }

  put(table: string, key: number, value: unknown, sizeBytes: Bytes): boolean {
    const kept = this.checked ? settled(value) : value;
    return this.disk().put(table, key, kept, sizeBytes, this.world.nowNanos);
  }

  get(table: string, key: number): unknown {
    return this.disk().get(table, key, this.world.nowNanos);
  }

  choose(options: number): number {
    return this.process.choices.below(options);
  }

  sample(distribution?: Distribution): number {
    if (distribution === undefined) return this.process.choices.uniform();
    return samplerOf(distribution)(this.process.choices);
  }

  begin(operation: string, input?: unknown, dueNanos?: Nanos): OperationId {
    const kept = this.checked ? settled(input) : input;
    // Late by its own clock, recorded by the true one.
    const due = dueNanos === undefined ? this.momentNanos : this.world.nowNanos - (this.now - dueNanos);
    const started = Math.min(this.momentNanos, due);
    const id = this.world.recorder.begin(operation, this.self, started, kept);
    this.world.tracer?.begun(id, operation, this.self, started, this.momentNanos);
    return id;
  }

  complete(operation: OperationId, outcome: Outcome, output?: unknown): void {
    const { recorder, digest } = this.world;
    digest.number(this.momentNanos);
    recorder.complete(operation, this.momentNanos, outcome, this.checked ? settled(output) : output);
    this.world.tracer?.completed(operation, this.momentNanos, outcome);
  }

  count(counter: string, amount = 1): void {
    this.world.recorder.count(counter, amount);
  }

  protected disk(): Disk {
    const disk = this.process.host.disk;
    if (disk === undefined) throw new Error(`${this.process.name} uses a disk, but its host has none`);
    return disk;
  }
}

/** Steps of processes without a cost model: everything happens at the moment of the step. */
export class InstantEffects extends BaseEffects {
  override enter(process: Process, momentNanos: Nanos): void {
    super.enter(process, momentNanos);
    this.world.transport.stepNumber++;
  }

  send(to: Address, message: Tagged, connection?: number): void {
    const { transport, nowNanos } = this.world;
    const link = transport.linkTo(this.process, to);
    if (connection !== undefined) transport.checkConnection(link, this.process, to, connection);
    transport.transmit(
      link,
      this.process,
      0,
      to,
      this.checked ? settled(message) : message,
      connection ?? 0,
      nowNanos,
      nowNanos,
    );
  }

  setTimer(timer: TimerName, afterNanos: Nanos): void {
    const after = delayOf(this.process, timer, afterNanos);
    this.world.timers.arm(this.process, timer, Math.min(FOREVER, this.world.nowNanos + after));
  }

  sync(timer: TimerName): void {
    const { nowNanos, timers } = this.world;
    timers.arm(this.process, timer, this.disk().syncDoneNanos(nowNanos, nowNanos), true);
  }

  work(): void {}
}

/** In the place of a timer's delay: it expires when the disk has synced; or the sync goes on, but the timer was cancelled. */
const WHEN_SYNCED = -1;
const SYNC_ONLY = -2;

/** Steps on a thread: sends, timers and syncs are collected until the cost of the step is known. */
export class StepEffects extends BaseEffects {
  /** Time the thread spent waiting for the disk during the step last flushed. */
  blockedNanos: Nanos = 0;
  /** What the CPU time of the step is multiplied by. */
  factor = 1;
  private readonly sendTo: Address[] = [];
  private readonly sendMessage: Tagged[] = [];
  private readonly sendLink: Link[] = [];
  private readonly sendConnection: number[] = [];
  private readonly timerNames: TimerName[] = [];
  private readonly timerAfterNanos: Nanos[] = [];
  private workNanos = 0;
  private readBytes: Bytes = 0;
  private readCount = 0;

  override get spentNanos(): Nanos {
    return this.momentNanos + toNanos(this.workNanos * this.factor) - this.world.nowNanos;
  }

  send(to: Address, message: Tagged, connection?: number): void {
    const { transport } = this.world;
    const link = transport.linkTo(this.process, to);
    if (connection !== undefined) transport.checkConnection(link, this.process, to, connection);
    this.sendTo.push(to);
    this.sendMessage.push(this.checked ? settled(message) : message);
    this.sendLink.push(link);
    this.sendConnection.push(connection ?? 0);
  }

  setTimer(timer: TimerName, afterNanos: Nanos): void {
    this.timerNames.push(timer);
    this.timerAfterNanos.push(delayOf(this.process, timer, afterNanos));
  }

  override setTimerAtTick(timer: TimerName, periodNanos: Nanos, phaseNanos: Nanos): void {
    this.forget(timer);
    super.setTimerAtTick(timer, periodNanos, phaseNanos);
  }

  override cancelTimer(timer: TimerName): void {
    this.forget(timer);
    super.cancelTimer(timer);
  }

  sync(timer: TimerName): void {
    this.timerNames.push(timer);
    this.timerAfterNanos.push(WHEN_SYNCED);
  }

  work(kind: string, amount: number): void {
    if (kind === DISK_READ) {
      this.readBytes += amount;
      this.readCount++;
    } else {
      this.workNanos += this.process.costs!.workNanos(kind, amount);
    }
  }

  /** Ends the step: adds the cost of what it asked for, and lets it happen. Returns when the thread is free again. */
  flush(thread: number): Nanos {
    const { process, world, factor, sendTo, sendMessage, sendLink, sendConnection } = this;
    const { transport, nowNanos } = world;
    const costs = process.costs!;
    let cpuNanos = this.workNanos;
    for (let i = 0; i < sendTo.length; i++) {
      const foreign = isForeign(sendLink[i]!, sendConnection[i]!, thread);
      cpuNanos += foreign ? process.handOffNanos : costs.sendNanos(sendMessage[i]!);
    }
    let end = this.momentNanos + toNanos(cpuNanos * factor);
    this.workNanos = 0;
    this.blockedNanos = 0;
    if (this.readCount > 0) end = this.readDisk(end);
    if (world.tracer !== undefined) world.tracer.effectNanos = end;
    for (let i = 0; i < sendTo.length; i++) {
      const link = sendLink[i]!;
      const named = sendConnection[i]!;
      if (isForeign(link, named, thread)) {
        transport.handOff(link, process, sendTo[i]!, sendMessage[i]!, named, end);
      } else transport.transmit(link, process, thread, sendTo[i]!, sendMessage[i]!, named, nowNanos, end);
    }
    if (sendTo.length > 0) {
      sendTo.length = 0;
      sendMessage.length = 0;
      sendLink.length = 0;
      sendConnection.length = 0;
    }
    if (this.timerNames.length > 0) this.armTimers(end);
    return end;
  }

  /** One read after the other; the thread waits. */
  private readDisk(fromNanos: Nanos): Nanos {
    const disk = this.disk();
    const sizeBytes = this.readBytes / this.readCount;
    let end = fromNanos;
    for (; this.readCount > 0; this.readCount--) end += disk.readNanos(this.world.nowNanos, end, sizeBytes);
    this.readBytes = 0;
    this.blockedNanos = end - fromNanos;
    return end;
  }

  /** In the order of the step's calls, so that the last one about a name holds. */
  private armTimers(endNanos: Nanos): void {
    const { process, world, timerNames, timerAfterNanos } = this;
    for (let i = 0; i < timerNames.length; i++) {
      const name = timerNames[i]!;
      const after = timerAfterNanos[i]!;
      let at = Math.min(FOREVER, endNanos + after);
      if (after < 0) at = this.disk().syncDoneNanos(world.nowNanos, endNanos);
      if (after !== SYNC_ONLY) world.timers.arm(process, name, at, after === WHEN_SYNCED);
    }
    timerNames.length = 0;
    timerAfterNanos.length = 0;
  }

  /** Takes back what this step asked for about a timer. */
  private forget(timer: TimerName): void {
    for (let i = this.timerNames.length - 1; i >= 0; i--) {
      if (this.timerNames[i] !== timer) continue;
      if (this.timerAfterNanos[i]! < 0) {
        this.timerAfterNanos[i] = SYNC_ONLY;
      } else {
        this.timerNames.splice(i, 1);
        this.timerAfterNanos.splice(i, 1);
      }
    }
  }
}

/** Whether another thread than the one that runs this step owns the connection. */
function isForeign(link: Link, connection: number, thread: number): boolean {
  return link.handsOver && connectionOwner(link, connection) !== thread;
}

function delayOf(process: Process, timer: TimerName, afterNanos: Nanos): Nanos {
  if (!(afterNanos >= 0)) {
    throw new RangeError(`${process.name} sets timer ${timer} to expire after ${afterNanos} ns`);
  }
  return process.clock === undefined ? toNanos(afterNanos) : trueLength(process.clock, afterNanos);
}
