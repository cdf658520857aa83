/**
 * Waiting jobs, first in, first out: a ring of parallel arrays that hold what to do, from whom, whose job it is and since
 * when. Hot code, guarded by `npm run bench -- --only boki`. Most stations never queue: the arrays come with the first job.
 */

import type { Nanos } from "./units.ts";

/** A waiting job, as a snapshot holds it. */
export interface WaitingJob {
  readonly kind: number;
  readonly source: number;
  readonly owner: number;
  readonly arrivalNanos: Nanos;
  readonly payload: unknown;
}

const CAPACITY_MIN = 8;
const NO_INTEGERS = new Int32Array(0);
const NO_TIMES = new Float64Array(0);

export class JobQueue {
  length = 0;
  private head = 0;
  /** A power of two, as indices are masked; or 0. */
  private capacity = 0;
  private kinds: Int32Array = NO_INTEGERS;
  private sources: Int32Array = NO_INTEGERS;
  private owners: Int32Array = NO_INTEGERS;
  private arrivals: Float64Array = NO_TIMES;
  private payloads: unknown[] = [];

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
    this.capacity = Math.max(CAPACITY_MIN, 2 * this.capacity);
    this.kinds = new Int32Array(this.capacity);
    this.sources = new Int32Array(this.capacity);
    this.owners = new Int32Array(this.capacity);
    this.arrivals = new Float64Array(this.capacity);
    this.payloads = new Array(this.capacity).fill(undefined);
    this.head = 0;
    this.length = 0;
    for (const { kind, source, owner, arrivalNanos, payload } of jobs) {
      this.push(kind, source, owner, arrivalNanos, payload);
    }
  }
}
