/**
 * A network interface: two lines, one out and one in, that carry so many bits per second.
 *
 * Hot code, guarded by `npm run bench -- --only boki`. A message is booked when it is sent, for the moment at which it is
 * ready; steps end in another order than they begin, so bookings come out of order. A line therefore remembers what is
 * booked from now on, as intervals, and a message takes the capacity that is free from its moment on. It never
 * waits for one that is ready later unless that one was booked first, and no capacity is given twice or lost.
 */

import type { Nanos } from "./units.ts";

/** Where things lie in a line's `numbers`; behind these what is booked: starts and ends in turn, ascending, disjoint. */
const WAIT = 0;
const BOOKED = 1;
const INTERVALS = 2;
const LENGTH_MIN = 32;

export class Line {
  /** 0: unlimited, nothing is booked. */
  readonly nanosPerByte: number;
  frames = 0;
  /** All in one array: what an event costs in a large deployment is how much memory it touches. */
  private numbers = new Float64Array(LENGTH_MIN);
  /** The intervals not over yet: from the index of the first start up to, not including, that behind the last end. */
  private head = INTERVALS;
  private tail = INTERVALS;

  constructor(bitsPerSecond: number) {
    this.nanosPerByte = bitsPerSecond > 0 ? 8e9 / bitsPerSecond : 0;
  }

  /** Time messages spent waiting for the line, over all of them. */
  get waitNanos(): number {
    return this.numbers[WAIT]!;
  }

  /** Books `lineNanos` of the line from `readyNanos` on, which is not before now; returns when the last bit has passed. */
  book(nowNanos: Nanos, readyNanos: number, lineNanos: number): number {
    const { numbers } = this;
    let { head, tail } = this;
    while (head < tail && numbers[head + 1]! <= nowNanos) head += 2;
    if (head === tail) this.tail = head = tail = INTERVALS;
    this.head = head;
    let first = tail;
    while (first > head && numbers[first - 1]! >= readyNanos) first -= 2;
    // Intervals from `first` on end at or after the message is ready; it fills the gaps between them until it is through.
    const start = first < tail && numbers[first]! < readyNanos ? numbers[first]! : readyNanos;
    let at = readyNanos;
    let left = lineNanos;
    let next = first;
    for (; next < tail && numbers[next]! < at + left; next += 2) {
      if (numbers[next]! > at) left -= numbers[next]! - at;
      at = numbers[next + 1]!;
    }
    const end = at + left;
    this.frames++;
    numbers[BOOKED]! += lineNanos;
    numbers[WAIT]! += end - readyNanos - lineNanos;
    this.replace(first, next, start, end);
    return end;
  }

  /** Time the line was busy since the counts were last reset; what is booked for later does not count yet. */
  busyNanos(nowNanos: Nanos): number {
    return this.numbers[BOOKED]! - this.aheadNanos(nowNanos);
  }

  resetCounts(nowNanos: Nanos): void {
    this.numbers[BOOKED] = this.aheadNanos(nowNanos);
    this.numbers[WAIT] = 0;
    this.frames = 0;
  }

  save(): object {
    const { frames, head, tail } = this;
    return { frames, head, tail, numbers: this.numbers.slice() };
  }

  restore(saved: object): void {
    const { frames, head, tail, numbers } = saved as {
      frames: number;
      head: number;
      tail: number;
      numbers: Float64Array<ArrayBuffer>;
    };
    Object.assign(this, { frames, head, tail });
    this.numbers = numbers.slice();
  }

  /** Puts one interval in the place of those from `first` up to, not including, `next`. */
  private replace(first: number, next: number, start: number, end: number): void {
    let at = first;
    if (next === first) {
      if (this.tail === this.numbers.length) at -= this.makeRoom();
      this.numbers.copyWithin(at + 2, at, this.tail);
      this.tail += 2;
    } else if (next > first + 2) {
      this.numbers.copyWithin(first + 2, next, this.tail);
      this.tail -= next - first - 2;
    }
    this.numbers[at] = start;
    this.numbers[at + 1] = end;
  }

  /** Moves the intervals to the front, into a larger array if they fill half of it; returns how far they moved. */
  private makeRoom(): number {
    const { numbers, head } = this;
    numbers.copyWithin(INTERVALS, head, this.tail);
    this.tail -= head - INTERVALS;
    this.head = INTERVALS;
    if (this.tail * 2 > numbers.length) {
      this.numbers = new Float64Array(2 * numbers.length);
      this.numbers.set(numbers);
    }
    return head - INTERVALS;
  }

  private aheadNanos(nowNanos: Nanos): number {
    let ahead = 0;
    for (let i = this.head; i < this.tail; i += 2) {
      ahead += Math.max(0, this.numbers[i + 1]! - Math.max(nowNanos, this.numbers[i]!));
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
