/**
 * What a step can do, implemented twice: for processes without a cost model effects happen at once; for processes on
 * hosts they are collected and take place when the step's CPU time, which they help to determine, is over.
 *
 * Hot code, guarded by `npm run bench -- --only phold` (instant) and `--only boki` (collected). One object of each kind
 * serves all processes.
 */

import { isDraft, original } from "immer";
import type { Distribution } from "./distribution.ts";
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
import { compile, type Sampler } from "./sampling.ts";
import type { Process, Simulation } from "./simulation.ts";
import { settled } from "./structures/settled.ts";
import type { Bytes, Nanos } from "./units.ts";
import { FOREVER, toNanos } from "./units.ts";

/** A timer that was set. `live` ends when it is cancelled, replaced or has run. */
export interface TimerEntry {
  readonly name: TimerName;
  live: boolean;
  readonly atNanos: Nanos;
  /** The queue's ticket, to cancel it by. */
  ticket: number;
}

/** Work of this kind waits for the host's disk: the amount is the bytes to read. */
export const DISK_READ = "diskRead";

const samplers = new WeakMap<Distribution, Sampler>();
function samplerOf(distribution: Distribution): Sampler {
  const plain = isDraft(distribution) ? (original(distribution as object) as Distribution) : distribution;
  let sampler = samplers.get(plain);
  if (sampler === undefined) {
    sampler = compile(plain);
    samplers.set(plain, sampler);
  }
  return sampler;
}

/** No generator outlives a step: in checked mode each resumption replays the recorded results. */
const NO_PROGRAMS: ProgramCache = { get: () => undefined, set: () => {}, delete: () => {} };

abstract class BaseEffects implements Effects {
  protected readonly simulation: Simulation;
  protected process!: Process;
  readonly observe: ((observation: Observed) => void) | undefined;
  self: Address = 0;
  programs: ProgramCache = NO_PROGRAMS;
  /** When the step takes effect on clients: after its input has been taken in. */
  momentNanos: Nanos = 0;

  constructor(simulation: Simulation) {
    this.simulation = simulation;
    const observer = simulation.observer;
    if (observer !== undefined) {
      this.observe = simulation.checked
        ? (observation) => observer(this.self, settled(observation), simulation.nowNanos)
        : (observation) => observer(this.self, observation, simulation.nowNanos);
    }
  }

  enter(process: Process, momentNanos: Nanos): void {
    this.process = process;
    this.self = process.address;
    this.momentNanos = momentNanos;
    if (!this.simulation.checked) this.programs = process.generators;
  }

  get now(): Nanos {
    return this.simulation.nowNanos;
  }

  abstract send(to: Address, message: Tagged): void;
  abstract setTimer(timer: TimerName, afterNanos: Nanos): void;
  abstract sync(timer: TimerName): void;
  abstract work(kind: string, amount: number): void;

  setTimerAtTick(timer: TimerName, periodNanos: Nanos, phaseNanos: Nanos): void {
    const now = this.simulation.nowNanos;
    const ticks = Math.floor((now - phaseNanos) / periodNanos) + 1;
    const at = Math.max(phaseNanos, phaseNanos + ticks * periodNanos);
    // A tick that is already due, or has come and waits for its thread, stands for the later ones as well.
    const known = this.process.timers.get(timer);
    if (known !== undefined && known.atNanos <= at) return;
    this.simulation.armTimer(this.process, timer, at);
  }

  cancelTimer(timer: TimerName): void {
    this.simulation.cancelTimer(this.process, timer);
  }

  put(table: string, key: number, value: unknown, sizeBytes: Bytes): void {
    const kept = this.simulation.checked ? settled(value) : value;
    this.disk().put(table, key, kept, sizeBytes, this.simulation.nowNanos);
  }

  get(table: string, key: number): unknown {
    return this.disk().get(table, key);
  }

  choose(options: number): number {
    return this.process.choices.below(options);
  }

  sample(distribution?: Distribution): number {
    if (distribution === undefined) return this.process.choices.uniform();
    return samplerOf(distribution)(this.process.choices);
  }

  begin(operation: string, input?: unknown, dueNanos?: Nanos): OperationId {
    const { recorder, checked } = this.simulation;
    const kept = checked ? settled(input) : input;
    return recorder.begin(operation, this.self, dueNanos ?? this.momentNanos, kept);
  }

  complete(operation: OperationId, outcome: Outcome, output?: unknown): void {
    const { recorder, checked, digest } = this.simulation;
    digest.number(this.momentNanos);
    recorder.complete(operation, this.momentNanos, outcome, checked ? settled(output) : output);
  }

  count(counter: string, amount = 1): void {
    this.simulation.recorder.count(counter, amount);
  }

  protected disk() {
    const disk = this.process.host.disk;
    if (disk === undefined) throw new Error(`${this.process.name} uses a disk, but its host has none`);
    return disk;
  }

  protected expireOnSync(timer: TimerName, startNanos: Nanos): void {
    const doneNanos = this.disk().syncDoneNanos(startNanos);
    this.simulation.armTimer(this.process, timer, doneNanos);
  }
}

/** Steps of processes without a cost model: everything happens at the moment of the step. */
export class InstantEffects extends BaseEffects {
  send(to: Address, message: Tagged): void {
    const simulation = this.simulation;
    simulation.transmit(
      this.process,
      0,
      to,
      simulation.checked ? settled(message) : message,
      simulation.nowNanos,
    );
  }

  setTimer(timer: TimerName, afterNanos: Nanos): void {
    this.simulation.armTimer(this.process, timer, this.simulation.nowNanos + toNanos(afterNanos));
  }

  sync(timer: TimerName): void {
    this.expireOnSync(timer, this.simulation.nowNanos);
  }

  work(): void {}
}

/** Steps on a thread: sends, timers and syncs are collected until the cost of the step is known. */
export class StepEffects extends BaseEffects {
  /** Time the thread spent waiting for the disk during the step last flushed. */
  blockedNanos: Nanos = 0;
  private readonly sendTo: Address[] = [];
  private readonly sendMessage: Tagged[] = [];
  private readonly timerNames: TimerName[] = [];
  private readonly timerAfterNanos: Nanos[] = [];
  private readonly syncTimers: TimerName[] = [];
  private workNanos = 0;
  private readBytes: Bytes = 0;
  private readCount = 0;

  send(to: Address, message: Tagged): void {
    this.sendTo.push(to);
    this.sendMessage.push(this.simulation.checked ? settled(message) : message);
  }

  setTimer(timer: TimerName, afterNanos: Nanos): void {
    // What was pending under this name is void from now on, even if it expires before this step is over.
    this.simulation.cancelTimer(this.process, timer);
    this.timerNames.push(timer);
    this.timerAfterNanos.push(toNanos(afterNanos));
  }

  override cancelTimer(timer: TimerName): void {
    super.cancelTimer(timer);
    for (let i = this.timerNames.length - 1; i >= 0; i--) {
      if (this.timerNames[i] === timer) {
        this.timerNames.splice(i, 1);
        this.timerAfterNanos.splice(i, 1);
      }
    }
  }

  sync(timer: TimerName): void {
    this.syncTimers.push(timer);
  }

  work(kind: string, amount: number): void {
    if (kind === DISK_READ) {
      this.readBytes += amount;
      this.readCount++;
    } else {
      this.workNanos += this.process.costs!.workNanos(kind, amount);
    }
  }

  /**
   * Ends the step that began to take effect at `fromNanos`: adds the cost of what it asked for and lets it happen.
   * Returns when the thread is free again.
   */
  flush(process: Process, thread: number, fromNanos: Nanos): Nanos {
    const simulation = this.simulation;
    const costs = process.costs!;
    const { sendTo, sendMessage, timerNames, timerAfterNanos, syncTimers } = this;
    const handOffNanos = process.options.handOffNanos ?? 0;
    let cpuNanos = this.workNanos;
    for (let i = 0; i < sendTo.length; i++) {
      cpuNanos += this.isForeign(process, thread, sendTo[i]!)
        ? handOffNanos
        : costs.sendNanos(sendMessage[i]!);
    }
    let end = fromNanos + simulation.cpuNanos(process, cpuNanos);
    this.blockedNanos = 0;
    if (this.readCount > 0) {
      const disk = this.disk();
      for (let i = 0; i < this.readCount; i++) {
        this.blockedNanos += disk.readNanos(end + this.blockedNanos, this.readBytes / this.readCount);
      }
      end += this.blockedNanos;
      this.readCount = 0;
      this.readBytes = 0;
    }
    for (let i = 0; i < sendTo.length; i++) {
      const to = sendTo[i]!;
      const message = sendMessage[i]!;
      if (this.isForeign(process, thread, to)) {
        simulation.handOff(process, simulation.linkTo(process, to).owner, to, message, end);
      } else {
        simulation.transmit(process, thread, to, message, end);
      }
    }
    for (let i = 0; i < timerNames.length; i++) {
      simulation.armTimer(process, timerNames[i]!, Math.min(FOREVER, end + timerAfterNanos[i]!));
    }
    for (const timer of syncTimers) this.expireOnSync(timer, end);
    this.workNanos = 0;
    sendTo.length = 0;
    sendMessage.length = 0;
    timerNames.length = 0;
    timerAfterNanos.length = 0;
    syncTimers.length = 0;
    return end;
  }

  /** Whether the connection to a process belongs to another thread than the one that runs this step. */
  private isForeign(process: Process, thread: number, to: Address): boolean {
    if (process.threadCount === 1 || process.datagramSampler !== undefined) return false;
    const link = this.simulation.linkTo(process, to);
    return link.profile.pinned === true && link.owner !== thread;
  }
}
