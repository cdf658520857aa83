/**
 * Steps of processes with a cost model: a job first gets its thread, then a core of the host, then runs
 * (docs/kernel.md, "Hosts").
 *
 * Hot code, guarded by `npm run bench -- --only boki`. A job that finds thread and core free runs straight from the event
 * that brought it. Jobs that wait share one pending wake-up per station, at the moment its next server is free.
 *
 * A step is atomic: a crash comes before or after it. What a step sends leaves when its CPU time is over, also if its
 * process crashes meanwhile, and the core finishes the step. What waits for the thread or for a core is gone with the crash.
 */

import type { StepEffects } from "./effects.ts";
import type { EventQueue } from "./event-queue.ts";
import { metaOf, THREADS_MAX, WAKE_CORES, WAKE_THREAD } from "./events.ts";
import type { Address, Tagged, TimerName } from "./machine.ts";
import type { Host, Process } from "./process.ts";
import type { Station } from "./station.ts";
import type { TimerEntry, Timers } from "./timers.ts";
import type { Tracer } from "./trace.ts";
import type { InputId, InputKind } from "./trace-records.ts";
import type { HandOff, Transport } from "./transport.ts";
import type { Nanos } from "./units.ts";
import { FOREVER, toNanos } from "./units.ts";

/** A job is its kind, and above that the number by which a tracer knows its input, or 0. */
export const JOB_MESSAGE = 0;
export const JOB_TIMER = 1;
export const JOB_HAND_OFF = 2;
const KIND_BITS = 2;
const KIND_MASK = 3;
const TRACED_AS: readonly InputKind[] = ["message", "timer", "handOff"];

export function jobOf(kind: number, trace: InputId): number {
  return kind | (trace << KIND_BITS);
}

export function kindOfJob(job: number): number {
  return job & KIND_MASK;
}

export function traceOfJob(job: number): InputId {
  return job >> KIND_BITS;
}

export class Executor {
  private readonly clock: { readonly nowNanos: Nanos };
  private readonly queue: EventQueue;
  private readonly processes: readonly Process[];
  private readonly incarnations: readonly number[];
  private readonly transport: Transport;
  private readonly timers: Timers;
  private readonly step: StepEffects;
  tracer: Tracer | undefined = undefined;

  constructor(
    clock: { readonly nowNanos: Nanos },
    queue: EventQueue,
    processes: readonly Process[],
    incarnations: readonly number[],
    transport: Transport,
    timers: Timers,
    step: StepEffects,
  ) {
    this.clock = clock;
    this.queue = queue;
    this.processes = processes;
    this.incarnations = incarnations;
    this.transport = transport;
    this.timers = timers;
    this.step = step;
  }

  /** A job reaches its thread. */
  arrive(process: Process, thread: number, job: number, source: Address, payload: unknown): void {
    const station = process.threads[thread]!;
    const now = this.clock.nowNanos;
    const its = this.tracer === undefined ? job : this.traced(this.tracer, process, job, source, payload);
    const server = station.freeServer(now);
    if (server >= 0) {
      this.onThread(process, thread, server, its, source, payload);
      return;
    }
    station.enqueue(its, source, 0, now, payload);
    this.ensureThreadWake(process, thread, station);
  }

  /** A timer expires: periodic timers are armed on every thread of a pool in turn, so ticks alternate between them. */
  expire(process: Process, entry: TimerEntry): void {
    const pool = process.costs!.pool?.(undefined, entry.name) ?? 0;
    const size = process.poolStations[pool]!;
    const thread = process.poolStart[pool]! + (size === 1 ? 0 : process.timerTurn++ % size);
    entry.waits = true;
    this.arrive(process, thread, jobOf(JOB_TIMER, entry.trace), 0, entry);
  }

  /** The job with the number of its input, which may be a new one. */
  private traced(tracer: Tracer, process: Process, job: number, source: Address, payload: unknown): number {
    const kind = kindOfJob(job);
    const name = nameOfInput(kind, payload);
    const from = kind === JOB_MESSAGE ? source : process.address;
    const { nowNanos } = this.clock;
    const trace = tracer.reaches(traceOfJob(job), TRACED_AS[kind]!, name, process.address, from, nowNanos);
    return jobOf(kind, trace);
  }

  wakeThread(process: Process, thread: number): void {
    const station = process.threads[thread]!;
    const now = this.clock.nowNanos;
    if (!station.wakePending || station.wakeAtNanos !== now) return;
    station.wakePending = false;
    if (station.waiting === 0) return;
    const queue = station.queues[0]!;
    const job = queue.headKind;
    const source = queue.headSource;
    const payload = queue.headPayload;
    const server = station.idleServer(now);
    // Of a shared pool fewer threads may work than when this was scheduled.
    if (server >= 0) {
      station.dequeue(queue, now);
      this.onThread(process, thread, server, job, source, payload);
    }
    this.ensureThreadWake(process, thread, station);
  }

  wakeCores(host: Host): void {
    const cores = host.cores;
    const now = this.clock.nowNanos;
    if (!cores.wakePending || cores.wakeAtNanos !== now) return;
    cores.wakePending = false;
    for (let index = 0; index < cores.queues.length; index++) {
      for (let queue = cores.nextQueue(index); queue.length > 0; queue = cores.nextQueue(index)) {
        const core = cores.serverFor(index, now);
        if (core < 0) break;
        const job = queue.headKind;
        const source = queue.headSource;
        const payload = queue.headPayload;
        const process = this.processes[ownerAddress(queue.headOwner)]!;
        const thread = queue.headOwner % THREADS_MAX;
        cores.dequeue(queue, now);
        this.execute(process, thread, process.threads[thread]!.heldServer(), core, job, source, payload);
        this.ensureThreadWake(process, thread, process.threads[thread]!);
      }
    }
    this.ensureCoresWake(host);
  }

  /** A crash: what waited for the process's threads, or with one of them for a core, is gone. */
  abandon(process: Process): void {
    const now = this.clock.nowNanos;
    for (const thread of process.threads) thread.clear(now);
    process.cores.drop(now, (owner) => ownerAddress(owner) === process.address);
    process.suspended.length = 0;
  }

  /** A pause: what waits for a core waits aside, and keeps its thread. What waits for a thread waits on. */
  suspend(process: Process): void {
    const dropped = process.cores.drop(
      this.clock.nowNanos,
      (owner) => ownerAddress(owner) === process.address,
    );
    process.suspended.push(...dropped);
  }

  /** The pause is over: what had its thread looks for a core again, and threads with jobs waiting take the next. */
  resume(process: Process): void {
    for (const { kind, source, owner, payload } of process.suspended.splice(0)) {
      const thread = owner % THREADS_MAX;
      this.onCore(process, thread, process.threads[thread]!.heldServer(), kind, source, payload);
    }
    for (const [thread, station] of process.threads.entries()) {
      this.ensureThreadWake(process, thread, station);
    }
  }

  /** The thread is free and nobody waits for it: the job needs a core next. */
  private onThread(
    process: Process,
    thread: number,
    server: number,
    job: number,
    source: Address,
    payload: unknown,
  ): void {
    // Cancelled or set again while it waited: its turn passes without a step.
    if (kindOfJob(job) === JOB_TIMER && !(payload as TimerEntry).live) return;
    this.tracer?.getsThread(traceOfJob(job), this.clock.nowNanos);
    this.onCore(process, thread, server, job, source, payload);
  }

  private onCore(
    process: Process,
    thread: number,
    server: number,
    job: number,
    source: Address,
    payload: unknown,
  ): void {
    const cores = process.cores;
    const now = this.clock.nowNanos;
    const { lastCores } = process.threads[thread]!;
    const wanted = lastCores === undefined ? 0 : lastCores[server]!;
    const core = lastCores === undefined ? cores.freeServer(now) : cores.unclaimedServer(wanted, now);
    if (core >= 0) {
      if (lastCores !== undefined) lastCores[server] = core;
      this.execute(process, thread, server, core, job, source, payload);
      return;
    }
    process.threads[thread]!.hold(server);
    const owner = process.address * THREADS_MAX + thread;
    cores.enqueue(job, source, owner, now, payload, process.urgent, wanted);
    this.ensureCoresWake(process.host);
  }

  /** From now on so many threads of a shared pool work at a time. Who waits need not wait for one that is busy any more. */
  setParallelism(process: Process, thread: number, threads: number): void {
    const station = process.threads[thread]!;
    station.limitTo(threads, this.clock.nowNanos);
    // What is scheduled comes when a thread ends its job; it is superseded.
    if (station.wakePending && station.nextFreeNanos() < station.wakeAtNanos) station.wakePending = false;
    this.ensureThreadWake(process, thread, station);
  }

  /** Somebody waits for a thread: it is woken when one is free. */
  private ensureThreadWake(process: Process, thread: number, station: Station): void {
    if (station.wakePending || station.waiting === 0) return;
    const freeAt = station.nextFreeNanos();
    // A thread that waits for a core is woken by the core.
    if (freeAt === FOREVER) return;
    const at = Math.max(this.clock.nowNanos, freeAt);
    station.wakePending = true;
    station.wakeAtNanos = at;
    const meta = metaOf(WAKE_THREAD, thread, this.incarnations[process.address]!, 0);
    this.queue.push(at, process.address, 0, meta, undefined);
  }

  private ensureCoresWake(host: Host): void {
    const cores = host.cores;
    if (cores.waiting === 0) return;
    // With one queue no core is free before the one that is waited for already; with several it may be another's turn.
    if (cores.wakePending && !cores.queueEach) return;
    const at = Math.max(this.clock.nowNanos, cores.nextFreeNanos());
    if (cores.wakePending && cores.wakeAtNanos <= at) return;
    cores.wakePending = true;
    cores.wakeAtNanos = at;
    this.queue.push(at, host.index, 0, metaOf(WAKE_CORES, 0, 0, 0), undefined);
  }

  /** Runs one step on a thread and a core that are both free; its effects take place when its CPU time is over. */
  private execute(
    process: Process,
    thread: number,
    server: number,
    core: number,
    job: number,
    source: Address,
    payload: unknown,
  ): void {
    const now = this.clock.nowNanos;
    const station = process.threads[thread]!;
    const { step, transport, tracer } = this;
    const kind = kindOfJob(job);
    if (
      (kind === JOB_TIMER && !(payload as TimerEntry).live) ||
      (kind === JOB_HAND_OFF && transport.isStale(process, payload as HandOff))
    ) {
      // It lost its life while it waited for a core, or its connection is gone.
      station.release(server, now);
      return;
    }
    const costs = process.costs!;
    transport.stepNumber++;
    // A thread that comes from its last job, or from waiting for a core, is awake.
    const asleep = process.wakeSampler !== undefined && station.freeAtNanos(server) < now;
    const starts = asleep ? now + toNanos(process.wakeSampler!(process.cpu)) : now;
    const { siblingSlowdown } = process.host;
    let factor = cpuFactor(process);
    if (siblingSlowdown !== undefined) factor *= sharedCoreFactor(process.cores, siblingSlowdown, now);
    step.thread = thread < process.ioThreadCount ? thread : 0;
    step.factor = factor;
    tracer?.begins(traceOfJob(job), thread, server, now, starts);
    if (kind === JOB_HAND_OFF) {
      const { to, message, connection } = payload as HandOff;
      const ends = starts + toNanos(costs.sendNanos(message) * factor);
      station.occupy(server, ends, ends - starts);
      process.cores.occupy(core, ends, ends - starts);
      const link = transport.linkTo(process, to);
      transport.transmit(link, process, thread, to, message, connection, now, ends);
      tracer?.ends(ends, ends, ends);
      return;
    }
    let taken = starts;
    if (kind === JOB_TIMER) {
      const entry = payload as TimerEntry;
      const { name } = entry;
      this.timers.take(process, entry);
      taken += toNanos(costs.timerNanos(name) * factor);
      step.enter(process, taken);
      process.bound.timeout(process.cell, name, step);
    } else {
      taken += toNanos(costs.receiveNanos(payload as Tagged) * factor);
      step.enter(process, taken);
      process.bound.receive(process.cell, source, payload as Tagged, step);
    }
    const ends = step.flush(thread);
    const blocked = step.blockedNanos;
    // A thread that waits for the disk is taken, its core is not.
    station.occupy(server, ends, ends - starts);
    process.cores.occupy(core, ends - blocked, ends - starts - blocked);
    tracer?.ends(taken, ends - blocked, ends);
  }
}

function nameOfInput(kind: number, payload: unknown): TimerName {
  switch (kind) {
    case JOB_TIMER:
      return (payload as TimerEntry).name;
    case JOB_HAND_OFF:
      return (payload as HandOff).message.kind;
    default:
      return (payload as Tagged).kind;
  }
}

/** Whose job waits for a core: `owner` is the address and the thread in one number. */
function ownerAddress(owner: number): Address {
  return Math.floor(owner / THREADS_MAX);
}

/**
 * How much longer a step takes that begins now, with the cores that are busy then: of k busy threads on n / 2 physical cores, those
 * beyond n / 2 share a core, each with one of the others. What runs already keeps its end.
 */
export function sharedCoreFactor(cores: Station, siblingSlowdown: number, nowNanos: Nanos): number {
  const physical = cores.servers / 2;
  const busy = cores.busyServers(nowNanos) + 1;
  if (busy <= physical) return 1;
  return 1 + ((siblingSlowdown - 1) * 2 * (busy - physical)) / busy;
}

/** What a step's nominal CPU time is multiplied by: one draw for all of the step. */
export function cpuFactor(process: Process): number {
  const { jitterSampler, speed } = process;
  return jitterSampler === undefined ? 1 / speed : jitterSampler(process.cpu) / speed;
}
