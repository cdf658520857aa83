/**
 * A network interface: two lines, one out and one in, that carry so many bits per second.
 *
 * Hot code, guarded by `npm run bench -- --only boki`. A message is booked when it is sent, for the moment at which it is
 * ready; steps end in another order than they begin, so bookings come out of order. A line therefore remembers what is
 * booked from now on, as intervals, and a message takes the capacity that is free from its moment on. It never
 * waits for one that is ready later unless that one was booked first, and no capacity is given twice or lost.
 */

import type { Nanos } from "./units.ts";

const INTERVALS_MIN = 16;

export class Line {
  /** 0: unlimited, nothing is booked. */
  readonly nanosPerByte: number;
  frames = 0;
  /** Time messages spent waiting for the line, over all of them. */
  waitNanos = 0;
  private bookedNanos = 0;
  /** What is booked: ascending, disjoint, from `head` to `tail`. */
  private starts = new Float64Array(INTERVALS_MIN);
  private ends = new Float64Array(INTERVALS_MIN);
  private head = 0;
  private tail = 0;

  constructor(bitsPerSecond: number) {
    this.nanosPerByte = bitsPerSecond > 0 ? 8e9 / bitsPerSecond : 0;
  }

  /** Books `lineNanos` of the line from `readyNanos` on, which is not before now; returns when the last bit has passed. */
  book(nowNanos: Nanos, readyNanos: number, lineNanos: number): number {
    const { starts, ends } = this;
    let { head } = this;
    while (head < this.tail && ends[head]! <= nowNanos) head++;
    if (head === this.tail) {
      this.tail = 0;
      head = 0;
    }
    this.head = head;
    const { tail } = this;
    let first = tail;
    while (first > head && ends[first - 1]! >= readyNanos) first--;
    // Intervals from `first` on end at or after the message is ready; it fills the gaps between them until it is through.
    const start = first < tail && starts[first]! < readyNanos ? starts[first]! : readyNanos;
    let at = readyNanos;
    let left = lineNanos;
    let next = first;
    while (next < tail && starts[next]! < at + left) {
      if (starts[next]! > at) left -= starts[next]! - at;
      at = ends[next]!;
      next++;
    }
    const end = at + left;
    this.replace(first, next, start, end);
    this.frames++;
    this.bookedNanos += lineNanos;
    this.waitNanos += end - readyNanos - lineNanos;
    return end;
  }

  /** Time the line was busy since the counts were last reset; what is booked for later does not count yet. */
  busyNanos(nowNanos: Nanos): number {
    return this.bookedNanos - this.aheadNanos(nowNanos);
  }

  resetCounts(nowNanos: Nanos): void {
    this.bookedNanos = this.aheadNanos(nowNanos);
    this.frames = 0;
    this.waitNanos = 0;
  }

  save(): object {
    const { frames, waitNanos, bookedNanos, head, tail } = this;
    const [starts, ends] = [this.starts.slice(head, tail), this.ends.slice(head, tail)];
    return { starts, ends, numbers: { frames, waitNanos, bookedNanos } };
  }

  restore(saved: object): void {
    const { starts, ends, numbers } = saved as { starts: Float64Array; ends: Float64Array; numbers: object };
    this.head = 0;
    this.tail = starts.length;
    while (this.starts.length < this.tail) this.grow();
    this.starts.set(starts);
    this.ends.set(ends);
    Object.assign(this, numbers);
  }

  /** Puts one interval in the place of those from `first` up to, not including, `next`. */
  private replace(first: number, next: number, start: number, end: number): void {
    if (next === first) {
      if (this.tail === this.starts.length) {
        const moved = this.head;
        this.makeRoom();
        // With the forgotten ones gone, everything is that much further to the front.
        first -= moved - this.head;
      }
      for (let i = this.tail++; i > first; i--) {
        this.starts[i] = this.starts[i - 1]!;
        this.ends[i] = this.ends[i - 1]!;
      }
    } else if (next > first + 1) {
      this.starts.copyWithin(first + 1, next, this.tail);
      this.ends.copyWithin(first + 1, next, this.tail);
      this.tail -= next - first - 1;
    }
    this.starts[first] = start;
    this.ends[first] = end;
  }

  private makeRoom(): void {
    this.starts.copyWithin(0, this.head, this.tail);
    this.ends.copyWithin(0, this.head, this.tail);
    this.tail -= this.head;
    this.head = 0;
    if (this.tail * 2 > this.starts.length) this.grow();
  }

  private grow(): void {
    const [starts, ends] = [this.starts, this.ends];
    this.starts = new Float64Array(2 * starts.length);
    this.ends = new Float64Array(2 * ends.length);
    this.starts.set(starts);
    this.ends.set(ends);
  }

  private aheadNanos(nowNanos: Nanos): number {
    let ahead = 0;
    for (let i = this.head; i < this.tail; i++) {
      ahead += Math.max(0, this.ends[i]! - Math.max(nowNanos, this.starts[i]!));
    }
    return ahead;
  }
}

export interface Nic {
  readonly out: Line;
  readonly in: Line;
}

export function createNic(bitsPerSecond: number): Nic {
  return { out: new Line(bitsPerSecond), in: new Line(bitsPerSecond) };
}
