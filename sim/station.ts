/**
 * Stations: the places where work queues (docs/kernel.md, "Stations").
 *
 * Hot code, guarded by `npm run bench -- --only boki`. A thread is a station with one server, the cores of a host are one
 * with several. A job that finds its server free starts at once and needs no event of its own: the server just remembers
 * until when it is busy. Only a job that has to wait costs a second event, the one that wakes it.
 */

import type { Nanos } from "./units.ts";
import { FOREVER } from "./units.ts";

/** A waiting job, as a snapshot holds it. */
interface WaitingJob {
  readonly kind: number;
  readonly source: number;
  readonly owner: number;
  readonly arrivalNanos: Nanos;
  readonly payload: unknown;
}

/** A ring of waiting jobs in parallel arrays: what to do, from whom, whose job it is, since when. */
export class JobQueue {
  /** Power of two; indices are masked. */
  private capacity = 8;
  private head = 0;
  length = 0;
  private kinds = new Int32Array(8);
  private sources = new Int32Array(8);
  private owners = new Int32Array(8);
  private arrivals = new Float64Array(8);
  private payloads: unknown[] = new Array(8).fill(undefined);

  push(kind: number, source: number, owner: number, arrivalNanos: Nanos, payload: unknown): void {
    if (this.length === this.capacity) this.grow();
    const at = (this.head + this.length) & (this.capacity - 1);
    this.kinds[at] = kind;
    this.sources[at] = source;
    this.owners[at] = owner;
    this.arrivals[at] = arrivalNanos;
    this.payloads[at] = payload;
    this.length++;
  }

  get headKind(): number {
    return this.kinds[this.head]!;
  }
  get headSource(): number {
    return this.sources[this.head]!;
  }
  /** What the station that queues here passed as `owner`: which process and thread wait for a core. */
  get headOwner(): number {
    return this.owners[this.head]!;
  }
  get headArrivalNanos(): Nanos {
    return this.arrivals[this.head]!;
  }
  get headPayload(): unknown {
    return this.payloads[this.head];
  }

  shift(): void {
    this.payloads[this.head] = undefined;
    this.head = (this.head + 1) & (this.capacity - 1);
    this.length--;
  }

  clear(): void {
    while (this.length > 0) this.shift();
  }

  /** The waiting jobs in order. */
  toArray(): WaitingJob[] {
    const jobs: WaitingJob[] = [];
    for (let i = 0; i < this.length; i++) {
      const at = (this.head + i) & (this.capacity - 1);
      jobs.push({
        kind: this.kinds[at]!,
        source: this.sources[at]!,
        owner: this.owners[at]!,
        arrivalNanos: this.arrivals[at]!,
        payload: this.payloads[at],
      });
    }
    return jobs;
  }

  private grow(): void {
    const jobs = this.toArray();
    this.capacity *= 2;
    this.kinds = new Int32Array(this.capacity);
    this.sources = new Int32Array(this.capacity);
    this.owners = new Int32Array(this.capacity);
    this.arrivals = new Float64Array(this.capacity);
    this.payloads = new Array(this.capacity).fill(undefined);
    this.head = 0;
    this.length = 0;
    for (const job of jobs) this.push(job.kind, job.source, job.owner, job.arrivalNanos, job.payload);
  }
}

/** What a station has done since its counters were last reset. */
export interface StationCounts {
  /** Service time given, over all servers; the part of a running job that lies ahead is not counted. */
  readonly busyNanos: number;
  /** Jobs that started. */
  readonly jobs: number;
  /**
   * Sum of the time between arrival and start over these jobs: all of it, also where the counters were reset while a job
   * waited. What left the queue otherwise (a crash, a cancelled timer) waited as well, so that this is the queue's area
   * once the queue is empty.
   */
  readonly waitNanos: number;
  /** Time integral of the number of waiting jobs. */
  readonly queueAreaNanos: number;
  readonly queueLengthMax: number;
}

/** A FIFO station with one or several servers. Time never runs backwards between calls. */
export class Station {
  readonly servers: number;
  readonly queue: JobQueue = new JobQueue();
  /** Until when each server is busy. `FOREVER` while it is held by a job that waits for something else. */
  readonly freeAt: Float64Array;
  /** How much of the time up to `freeAt` is work, for each server's latest job: its end. */
  private readonly service: Float64Array;
  /** Whether an event that will look at the queue is already scheduled. */
  wakePending = false;

  private busyNanos = 0;
  private jobs = 0;
  private waitNanos = 0;
  private queueAreaNanos = 0;
  private queueLengthMax = 0;
  private queueChangedAtNanos: Nanos = 0;

  constructor(servers: number) {
    if (!(servers >= 1 && Number.isInteger(servers))) {
      throw new RangeError(`a station needs at least one server, not ${servers}`);
    }
    this.servers = servers;
    this.freeAt = new Float64Array(servers);
    this.service = new Float64Array(servers);
  }

  /** A server that can start a job that arrives now, or -1: none is free, or others wait already. */
  freeServer(nowNanos: Nanos): number {
    if (this.queue.length > 0) return -1;
    return this.idleServer(nowNanos);
  }

  /** A server that is not busy, or -1. */
  idleServer(nowNanos: Nanos): number {
    const freeAt = this.freeAt;
    for (let server = 0; server < freeAt.length; server++) {
      if (freeAt[server]! <= nowNanos) return server;
    }
    return -1;
  }

  /** The moment at which the next server becomes free. */
  nextFreeNanos(): Nanos {
    let earliest: Nanos = FOREVER;
    const freeAt = this.freeAt;
    for (let server = 0; server < freeAt.length; server++) {
      if (freeAt[server]! < earliest) earliest = freeAt[server]!;
    }
    return earliest;
  }

  enqueue(kind: number, source: number, owner: number, nowNanos: Nanos, payload: unknown): void {
    this.settleQueueArea(nowNanos);
    this.queue.push(kind, source, owner, nowNanos, payload);
    if (this.queue.length > this.queueLengthMax) this.queueLengthMax = this.queue.length;
  }

  /** Drops the job at the head of the queue, whose fields the caller has read; its wait counts. */
  dequeue(nowNanos: Nanos): void {
    this.settleQueueArea(nowNanos);
    this.waitNanos += nowNanos - this.queue.headArrivalNanos;
    this.queue.shift();
  }

  /** The server is taken from now until `endNanos`, of which the last `serviceNanos` are work. */
  occupy(server: number, endNanos: Nanos, serviceNanos: Nanos): void {
    this.freeAt[server] = endNanos;
    this.service[server] = serviceNanos;
    this.busyNanos += serviceNanos;
    this.jobs++;
  }

  counts(nowNanos: Nanos): StationCounts {
    this.settleQueueArea(nowNanos);
    return {
      busyNanos: this.busyNanos - this.aheadNanos(nowNanos),
      jobs: this.jobs,
      waitNanos: this.waitNanos,
      queueAreaNanos: this.queueAreaNanos,
      queueLengthMax: this.queueLengthMax,
    };
  }

  /** Forgets what was counted, at the end of the warm-up; work that lies ahead of now still counts. */
  resetCounts(nowNanos: Nanos): void {
    this.settleQueueArea(nowNanos);
    this.busyNanos = this.aheadNanos(nowNanos);
    this.jobs = 0;
    this.waitNanos = 0;
    this.queueAreaNanos = 0;
    this.queueLengthMax = this.queue.length;
  }

  /** A crash: everything that waited is gone and every server is free. */
  clear(nowNanos: Nanos): void {
    this.busyNanos -= this.aheadNanos(nowNanos);
    this.drop(nowNanos, () => true);
    this.freeAt.fill(nowNanos);
    this.wakePending = false;
  }

  /** Drops the waiting jobs of some owners; the others keep their order. */
  drop(nowNanos: Nanos, whose: (owner: number) => boolean): void {
    this.settleQueueArea(nowNanos);
    const waiting = this.queue.toArray();
    this.queue.clear();
    for (const { kind, source, owner, arrivalNanos, payload } of waiting) {
      if (whose(owner)) this.waitNanos += nowNanos - arrivalNanos;
      else this.queue.push(kind, source, owner, arrivalNanos, payload);
    }
  }

  /** Work of running jobs that lies ahead. A server that was taken for a job that has yet to wake up works later. */
  private aheadNanos(nowNanos: Nanos): number {
    let ahead = 0;
    for (let server = 0; server < this.servers; server++) {
      const freeAt = this.freeAt[server]!;
      if (freeAt > nowNanos && freeAt < FOREVER) ahead += Math.min(freeAt - nowNanos, this.service[server]!);
    }
    return ahead;
  }

  private settleQueueArea(nowNanos: Nanos): void {
    this.queueAreaNanos += this.queue.length * (nowNanos - this.queueChangedAtNanos);
    this.queueChangedAtNanos = nowNanos;
  }

  save(): object {
    const { busyNanos, jobs, waitNanos, queueAreaNanos, queueLengthMax, queueChangedAtNanos, wakePending } =
      this;
    return {
      freeAt: this.freeAt.slice(),
      service: this.service.slice(),
      waiting: this.queue.toArray(),
      numbers: {
        busyNanos,
        jobs,
        waitNanos,
        queueAreaNanos,
        queueLengthMax,
        queueChangedAtNanos,
        wakePending,
      },
    };
  }

  restore(saved: object): void {
    const { freeAt, service, waiting, numbers } = saved as {
      freeAt: Float64Array;
      service: Float64Array;
      waiting: WaitingJob[];
      numbers: object;
    };
    this.freeAt.set(freeAt);
    this.service.set(service);
    this.queue.clear();
    for (const { kind, source, owner, arrivalNanos, payload } of waiting) {
      this.queue.push(kind, source, owner, arrivalNanos, payload);
    }
    Object.assign(this, numbers);
  }
}
