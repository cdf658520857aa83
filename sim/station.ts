/**
 * Stations: the places where work queues (docs/kernel.md, "Stations").
 *
 * Hot code, guarded by `npm run bench -- --only boki`. A thread is a station with one server, the cores of a host are one
 * with several. A job that finds its server free starts at once and needs no event of its own: the server just remembers
 * until when it is busy. Only a job that has to wait costs a second event, the one that wakes it.
 *
 * A large deployment has tens of thousands of stations, and what an event costs there is how much memory it touches: so
 * all times and sums of a station lie side by side in one array.
 */

import { JobQueue, type WaitingJob } from "./job-queue.ts";
import type { Nanos } from "./units.ts";
import { FOREVER } from "./units.ts";

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

/**
 * Where things lie in a station's `numbers`; behind these, per server, until when it is busy, and its service time; at the
 * end, from `rare`, the moment of the wake-up that is pending, and what the servers could have worked up to when `limit` changed.
 */
const BUSY = 0;
const WAIT = 1;
const QUEUE_AREA = 2;
const QUEUE_CHANGED_AT = 3;
const FREE_AT = 4;
const WAKE_AT = 0;
const CAPACITY = 1;
const CAPACITY_CHANGED_AT = 2;
const RARE = 3;

/**
 * A FIFO station with one or several servers, and one queue for all of them or one for each. Time never runs backwards between
 * calls.
 */
export class Station {
  readonly servers: number;
  /** Whether each server has a queue of its own: what waits for one does not go to another that is free. */
  readonly queueEach: boolean;
  /** Number of waiting jobs. */
  waiting = 0;
  /** Whether an event that will look at the queue is already scheduled. */
  wakePending = false;
  private limit: number;
  private jobs = 0;
  private queueLengthMax = 0;
  private readonly numbers: Float64Array;
  /** The queue for all servers, or one for each. */
  readonly queues: readonly JobQueue[];
  /** Jobs that go before those of the queue in the same place; undefined where there never are any. */
  private urgentQueues: readonly JobQueue[] | undefined;
  /** Of a pool of threads on a host with a queue for each core: the core that each thread ran on last. */
  lastCores: Uint16Array | undefined;

  constructor(servers: number, queueEach = false) {
    if (!(servers >= 1 && Number.isInteger(servers))) {
      throw new RangeError(`a station needs at least one server, not ${servers}`);
    }
    this.servers = servers;
    this.limit = servers;
    this.queueEach = queueEach && servers > 1;
    this.queues = this.newQueues();
    this.numbers = new Float64Array(FREE_AT + 2 * servers + RARE);
  }

  private newQueues(): readonly JobQueue[] {
    return Array.from({ length: this.queueEach ? this.servers : 1 }, () => new JobQueue());
  }

  /** From now on some jobs go first. */
  takeUrgent(): void {
    this.urgentQueues ??= this.newQueues();
  }

  /** Until when a server is busy; FOREVER while a job holds it that waits for something else. */
  freeAtNanos(server: number): Nanos {
    return this.numbers[FREE_AT + server]!;
  }

  /** A server that can start a job that arrives now, or -1: none is free, or others wait already. */
  freeServer(nowNanos: Nanos): number {
    return this.waiting > 0 ? -1 : this.idleServer(nowNanos);
  }

  /** A server that may start a job, or -1. */
  idleServer(nowNanos: Nanos): number {
    const { numbers, servers, limit } = this;
    if (limit < servers && this.busyServers(nowNanos) >= limit) return -1;
    for (let server = 0; server < servers; server++) {
      if (numbers[FREE_AT + server]! <= nowNanos) return server;
    }
    return -1;
  }

  /** With a queue for each server: one that is idle and that nobody waits for, the wanted one if it is, or -1. */
  unclaimedServer(wanted: number, nowNanos: Nanos): number {
    const { numbers, servers } = this;
    for (let i = 0; i < servers; i++) {
      const server = wanted + i < servers ? wanted + i : wanted + i - servers;
      if (numbers[FREE_AT + server]! <= nowNanos && !this.isAwaited(server)) return server;
    }
    return -1;
  }

  /** A server that may start what waits in the queue of this index, or -1. */
  serverFor(queue: number, nowNanos: Nanos): number {
    if (!this.queueEach) return this.idleServer(nowNanos);
    return this.freeAtNanos(queue) <= nowNanos ? queue : -1;
  }

  private isAwaited(queue: number): boolean {
    const { queues, urgentQueues } = this;
    return queues[queue]!.length > 0 || (urgentQueues !== undefined && urgentQueues[queue]!.length > 0);
  }

  /** Reads from all lines of memory that the next job will need. What it returns means nothing. */
  touch(): number {
    const { numbers } = this;
    return numbers[BUSY]! < numbers[FREE_AT + this.servers]! || numbers[this.rare]! > 0 ? 1 : 0;
  }

  /** Servers that are at work. */
  busyServers(nowNanos: Nanos): number {
    let busy = 0;
    for (let server = 0; server < this.servers; server++) {
      if (this.numbers[FREE_AT + server]! > nowNanos) busy++;
    }
    return busy;
  }

  /** The moment from which a server may start a job; with a queue for each, one that waits. */
  nextFreeNanos(): Nanos {
    const { numbers, servers, limit, queueEach } = this;
    // So many servers have to be free that, of all, fewer than the limit are busy.
    if (limit < servers) return numbers.slice(FREE_AT, FREE_AT + servers).sort()[servers - limit]!;
    let earliest: Nanos = FOREVER;
    for (let server = 0; server < servers; server++) {
      if (!queueEach || this.isAwaited(server)) earliest = Math.min(earliest, this.freeAtNanos(server));
    }
    return earliest;
  }

  /** When the pending wake-up comes. One that comes at another moment has been superseded by an earlier one. */
  get wakeAtNanos(): Nanos {
    return this.numbers[this.rare + WAKE_AT]!;
  }
  set wakeAtNanos(atNanos: Nanos) {
    this.numbers[this.rare + WAKE_AT] = atNanos;
  }

  /** So many servers may be busy when another job starts; what runs is not interrupted when this falls. */
  get parallelism(): number {
    return this.limit;
  }

  limitTo(servers: number, nowNanos: Nanos): void {
    this.numbers[this.rare + CAPACITY] = this.capacityNanos(nowNanos);
    this.numbers[this.rare + CAPACITY_CHANGED_AT] = nowNanos;
    this.limit = servers;
  }

  /** How long the servers together could have worked since the counters were reset: all of the time, those that may work. */
  capacityNanos(nowNanos: Nanos): number {
    const { numbers, rare, limit } = this;
    return numbers[rare + CAPACITY]! + limit * (nowNanos - numbers[rare + CAPACITY_CHANGED_AT]!);
  }

  private get rare(): number {
    return FREE_AT + 2 * this.servers;
  }

  /** A server that a job holds; which of several does not matter, as they are alike. */
  heldServer(): number {
    for (let server = 0; server < this.servers; server++) {
      if (this.numbers[FREE_AT + server] === FOREVER) return server;
    }
    throw new Error("a job that has its thread finds none that is held");
  }

  /** The queue whose head is served next, of those of this index; it may be empty. */
  nextQueue(index: number): JobQueue {
    const urgent = this.urgentQueues?.[index];
    return urgent !== undefined && urgent.length > 0 ? urgent : this.queues[index]!;
  }

  /** `server`: which one the job waits for, where each has a queue. */
  enqueue(
    kind: number,
    source: number,
    owner: number,
    nowNanos: Nanos,
    payload: unknown,
    urgent = false,
    server = 0,
  ): void {
    this.settleQueueArea(nowNanos);
    const queues = urgent ? this.urgentQueues! : this.queues;
    queues[server]!.push(kind, source, owner, nowNanos, payload);
    this.waiting++;
    if (this.waiting > this.queueLengthMax) this.queueLengthMax = this.waiting;
  }

  /** Drops the job at the head of a queue, whose fields the caller has read; its wait counts. */
  dequeue(queue: JobQueue, nowNanos: Nanos): void {
    this.settleQueueArea(nowNanos);
    this.numbers[WAIT]! += nowNanos - queue.headArrivalNanos;
    queue.shift();
    this.waiting--;
  }

  /** The server is taken from now until `endNanos`, of which the last `serviceNanos` are work. */
  occupy(server: number, endNanos: Nanos, serviceNanos: Nanos): void {
    const numbers = this.numbers;
    numbers[FREE_AT + server] = endNanos;
    numbers[FREE_AT + this.servers + server] = serviceNanos;
    numbers[BUSY]! += serviceNanos;
    this.jobs++;
  }

  /** A job holds the server while it waits for something else; no work yet. */
  hold(server: number): void {
    this.numbers[FREE_AT + server] = FOREVER;
  }

  /** The job that held the server has come to nothing. */
  release(server: number, nowNanos: Nanos): void {
    this.numbers[FREE_AT + server] = nowNanos;
  }

  counts(nowNanos: Nanos): StationCounts {
    this.settleQueueArea(nowNanos);
    const { numbers, jobs, queueLengthMax } = this;
    return {
      busyNanos: numbers[BUSY]! - this.aheadNanos(nowNanos),
      jobs,
      waitNanos: numbers[WAIT]!,
      queueAreaNanos: numbers[QUEUE_AREA]!,
      queueLengthMax,
    };
  }

  /** Forgets what was counted, at the end of the warm-up; work that lies ahead of now still counts. */
  resetCounts(nowNanos: Nanos): void {
    this.settleQueueArea(nowNanos);
    this.numbers[BUSY] = this.aheadNanos(nowNanos);
    this.numbers[WAIT] = 0;
    this.numbers[QUEUE_AREA] = 0;
    this.numbers[this.rare + CAPACITY] = 0;
    this.numbers[this.rare + CAPACITY_CHANGED_AT] = nowNanos;
    this.jobs = 0;
    this.queueLengthMax = this.waiting;
  }

  /** A crash: everything that waited is gone and every server is free. */
  clear(nowNanos: Nanos): void {
    this.numbers[BUSY]! -= this.aheadNanos(nowNanos);
    this.drop(nowNanos, () => true);
    for (let server = 0; server < this.servers; server++) this.release(server, nowNanos);
    this.limitTo(this.servers, nowNanos);
    this.wakePending = false;
  }

  /** Drops the waiting jobs of some owners and returns them; the others keep their order. */
  drop(nowNanos: Nanos, whose: (owner: number) => boolean): WaitingJob[] {
    this.settleQueueArea(nowNanos);
    const dropped: WaitingJob[] = [];
    for (const queue of [...(this.urgentQueues ?? []), ...this.queues]) {
      const jobs = queue.toArray();
      queue.clear();
      for (const job of jobs) {
        const { kind, source, owner, arrivalNanos, payload } = job;
        if (whose(owner)) {
          this.numbers[WAIT]! += nowNanos - arrivalNanos;
          dropped.push(job);
        } else queue.push(kind, source, owner, arrivalNanos, payload);
      }
    }
    this.waiting -= dropped.length;
    return dropped;
  }

  /** Work of running jobs that lies ahead. A server that was taken for a job that has yet to wake up works later. */
  private aheadNanos(nowNanos: Nanos): number {
    let ahead = 0;
    for (let server = 0; server < this.servers; server++) {
      const freeAt = this.freeAtNanos(server);
      if (freeAt <= nowNanos || freeAt === FOREVER) continue;
      ahead += Math.min(freeAt - nowNanos, this.numbers[FREE_AT + this.servers + server]!);
    }
    return ahead;
  }

  private settleQueueArea(nowNanos: Nanos): void {
    const numbers = this.numbers;
    numbers[QUEUE_AREA]! += this.waiting * (nowNanos - numbers[QUEUE_CHANGED_AT]!);
    numbers[QUEUE_CHANGED_AT] = nowNanos;
  }

  save(): object {
    const { jobs, queueLengthMax, wakePending, limit } = this;
    return {
      numbers: this.numbers.slice(),
      waiting: this.queues.map((queue) => queue.toArray()),
      urgent: this.urgentQueues?.map((queue) => queue.toArray()) ?? [],
      lastCores: this.lastCores?.slice(),
      fields: { jobs, queueLengthMax, wakePending, limit },
    };
  }

  restore(saved: object): void {
    const { numbers, waiting, urgent, lastCores, fields } = saved as SavedStation & {
      numbers: Float64Array;
      lastCores: Uint16Array | undefined;
      fields: object;
    };
    this.numbers.set(numbers);
    this.waiting = 0;
    for (const [queues, jobs] of [
      [this.queues, waiting],
      [this.urgentQueues ?? [], urgent],
    ] as const) {
      for (const [index, queue] of queues.entries()) {
        queue.clear();
        for (const { kind, source, owner, arrivalNanos, payload } of jobs[index] ?? []) {
          queue.push(kind, source, owner, arrivalNanos, payload);
          this.waiting++;
        }
      }
    }
    if (lastCores !== undefined) this.lastCores!.set(lastCores);
    Object.assign(this, fields);
  }
}

/** What a snapshot holds of a station, as far as it is looked into: what waits, queue by queue. */
export interface SavedStation {
  readonly waiting: readonly (readonly WaitingJob[])[];
  readonly urgent: readonly (readonly WaitingJob[])[];
}
