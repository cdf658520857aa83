/**
 * The event queue: a ladder queue over parallel typed arrays. This is the hottest code of the project; `npm run bench`
 * (bench/hold.ts against C++, bench/floor.ts over awkward delay laws) guards it. Measure before and after any change.
 *
 * An event is a slot, an index into the arrays `times`, `targets`, `sources`, `metas`, `payloads`: no object and no
 * closure per event. Events come out by time, and first in, first out among equal times. No sequence number is
 * stored; the order among equals follows from where events wait:
 *
 * - the **bottom**, at most 32 events sorted descending and popped from the end. Small populations never leave it;
 * - the **now ring**, first in, first out: events for exactly the current time, which is where zero delays go, and
 *   long runs of equal times whose moment has come. Events of the same time in the bottom are older;
 * - the **levels**, each a row of buckets of equal width and behind them one overflow bucket for all that is later.
 *   A level refines the bucket that the level above it is draining. A bucket is a chain through `next`, newest first.
 *   When bottom and ring are empty, the next bucket is sorted into the bottom, or, when it is too long for that, spread
 *   over a finer level; an overflow bucket whose turn has come is spread over its own level again.
 *
 * Which bucket a time belongs to is a monotone function of the time, so equal times always share a bucket and two
 * buckets never overlap, whatever the rounding.
 */

import { DEAD, EventSlots, UNMARKED, widened } from "./event-slots.ts";
import { SlotRing } from "./slot-ring.ts";

/**
 * The longest bottom, and so the longest bucket that is sorted rather than spread. Beyond 32 a population that fits in
 * the bottom is slower than one that does not: 66 ns an event with 60 pending, against 52 in buckets.
 */
const BOTTOM_MAX = 32;
const BUCKETS_MIN = 64;
const BUCKETS_MAX = 1 << 20;
/** Each level is at least 64 times finer than the one above, so doubles run out of digits long before this. */
const LEVELS_MAX = 400;

/** Where a level's numbers lie in `shape`: its first time, buckets per unit of time, and the first bucket not drained. */
const START = 0;
const SCALE = 1;
const CURSOR = 2;
const SHAPE = 3;

export class EventQueue extends EventSlots {
  /** The time of the last event popped, in an array so that it is never boxed. */
  private readonly clock = new Float64Array(1);

  private readonly bottomTimes = new Float64Array(BOTTOM_MAX + 1);
  private readonly bottomSlots = new Int32Array(BOTTOM_MAX + 1);
  private bottomCount = 0;

  private readonly ring = new SlotRing();

  private depth = 0;
  private readonly shape = new Float64Array(SHAPE * LEVELS_MAX);
  /** Per level the newest slot of each bucket, and the index of its overflow bucket. */
  private readonly heads: Int32Array[] = [];
  private readonly overflows = new Int32Array(LEVELS_MAX);

  /** What `gather` found: the slots and times of a bucket, and their extremes. */
  private gatheredSlots = new Int32Array(4 * BOTTOM_MAX);
  private gatheredTimes = new Float64Array(4 * BOTTOM_MAX);
  private readonly extremes = new Float64Array(2);

  /** The time of the last event popped. */
  get now(): number {
    return this.clock[0]!;
  }

  /**
   * Adds an event and returns its slot. The time must not lie before the last event popped. Small enough to be inlined,
   * so that the time reaches `place` through the slot and not as a boxed argument.
   */
  push(time: number, target: number, source: number, meta: number, payload: unknown): number {
    if (this.free < 0) this.grow();
    const slot = this.free;
    this.free = this.next[slot]!;
    this.times[slot] = time;
    this.targets[slot] = target;
    this.sources[slot] = source;
    this.metas[slot] = meta;
    if (payload !== undefined) {
      this.hasPayloads = true;
      this.payloads[slot] = payload;
    } else if (this.hasPayloads) this.payloads[slot] = undefined;
    this.size++;
    this.place(slot);
    return slot;
  }

  /**
   * Removes the earliest event if its time is at most `limit` and returns its slot, or -1. The fields of the slot stay
   * as they are until the next push, pop or cancel.
   */
  pop(limit: number): number {
    this.forgetPopped();
    const clock = this.clock;
    for (;;) {
      let slot: number;
      let time: number;
      const last = this.bottomCount - 1;
      if (last >= 0 && (this.ring.count === 0 || this.bottomTimes[last]! <= clock[0]!)) {
        time = this.bottomTimes[last]!;
        if (time > limit) return -1;
        slot = this.bottomSlots[last]!;
        this.bottomCount = last;
      } else if (this.ring.count > 0) {
        time = clock[0]!;
        if (time > limit) return -1;
        slot = this.ring.shift();
      } else {
        if (this.depth === 0 || !this.refill(limit)) return -1;
        continue;
      }
      this.next[slot] = this.free;
      this.free = slot;
      if (this.hasTickets) {
        const mark = this.marks[slot]!;
        this.marks[slot] = UNMARKED;
        if (mark === DEAD) {
          this.dead--;
          continue;
        }
      }
      clock[0] = time;
      this.size--;
      return slot;
    }
  }

  /** Cancels the event of a ticket. False when it has fired or was cancelled before. */
  cancel(ticket: number): boolean {
    if (!this.kill(ticket)) return false;
    if (this.dead > this.size && this.dead > BOTTOM_MAX) this.compact();
    return true;
  }

  /**
   * Writes the slots of events that come next into `slots` and returns how many they are: nearly in order, those that are pushed
   * from now on missing, and none beyond the finest level. Some may have been cancelled.
   */
  upcoming(slots: Int32Array): number {
    let count = 0;
    while (count < this.bottomCount && count < slots.length) {
      slots[count] = this.bottomSlots[this.bottomCount - 1 - count]!;
      count++;
    }
    for (let i = 0; i < this.ring.count && count < slots.length; i++) slots[count++] = this.ring.at(i);
    if (this.depth === 0) return count;
    const level = this.depth - 1;
    const heads = this.heads[level]!;
    const overflow = this.overflows[level]!;
    for (let bucket = this.shape[SHAPE * level + CURSOR]! | 0; bucket < overflow; bucket++) {
      for (let slot = heads[bucket]!; slot >= 0; slot = this.next[slot]!) {
        if (count === slots.length) return count;
        slots[count++] = slot;
      }
    }
    return count;
  }

  /**
   * Visits the live events in the order in which they would be popped. Pushing them in this order into a queue that was
   * `reset` to the same time restores this one.
   */
  forEachInOrder(visit: (slot: number) => void): void {
    const slots: number[] = [];
    for (let i = this.bottomCount - 1; i >= 0; i--) slots.push(this.bottomSlots[i]!);
    for (let i = 0; i < this.ring.count; i++) slots.push(this.ring.at(i));
    for (let level = this.depth - 1; level >= 0; level--) {
      for (let bucket = 0; bucket <= this.overflows[level]!; bucket++) {
        const newestFirst: number[] = [];
        for (let slot = this.heads[level]![bucket]!; slot >= 0; slot = this.next[slot]!)
          newestFirst.push(slot);
        for (let i = newestFirst.length - 1; i >= 0; i--) slots.push(newestFirst[i]!);
      }
    }
    const live = slots.filter((slot) => this.marks[slot] !== DEAD);
    // Stable: events of equal times are already first in, first out.
    live.sort((a, b) => this.times[a]! - this.times[b]!);
    for (const slot of live) visit(slot);
  }

  /** Forgets all events and sets the time before which nothing may be pushed. */
  reset(now: number): void {
    for (let level = 0; level < this.depth; level++) this.heads[level]!.fill(-1);
    this.depth = 0;
    this.bottomCount = 0;
    this.ring.count = 0;
    this.releaseAll();
    this.clock[0] = now;
  }

  /** Puts a new event where its time says. */
  private place(slot: number): void {
    const time = this.times[slot]!;
    if (!(time > this.clock[0]!)) {
      this.placeNow(slot);
      return;
    }
    const shape = this.shape;
    const depth = this.depth;
    for (let level = 0, at = 0; level < depth; level++, at += SHAPE) {
      const position = (time - shape[at + START]!) * shape[at + SCALE]!;
      if (position >= shape[at + CURSOR]!) {
        const heads = this.heads[level]!;
        const overflow = this.overflows[level]!;
        const bucket = position < overflow ? position | 0 : overflow;
        this.next[slot] = heads[bucket]!;
        heads[bucket] = slot;
        return;
      }
    }
    const bottomTimes = this.bottomTimes;
    const bottomSlots = this.bottomSlots;
    let i = this.bottomCount++;
    while (i > 0 && bottomTimes[i - 1]! <= time) {
      bottomTimes[i] = bottomTimes[i - 1]!;
      bottomSlots[i] = bottomSlots[i - 1]!;
      i--;
    }
    bottomTimes[i] = time;
    bottomSlots[i] = slot;
    if (this.bottomCount > BOTTOM_MAX) this.spill();
  }

  /** A time that is not after now must be now. All earlier events of this time are in the bottom or the ring. */
  private placeNow(slot: number): void {
    const time = this.times[slot]!;
    if (time !== this.now) throw new RangeError(`event at ${time}, before the current time ${this.now}`);
    this.ring.push(slot);
  }

  /**
   * The bottom is too long: moves it to a new finest level, which starts at the current time so that whatever is pushed
   * next finds a bucket there. What is due now stays, because the ring relies on finding its elders in the bottom.
   */
  private spill(): void {
    const now = this.clock[0]!;
    const { bottomTimes, bottomSlots } = this;
    let count = this.bottomCount;
    while (count > 0 && bottomTimes[count - 1]! <= now) count--;
    if (count === 0) return;
    const kept = this.bottomCount - count;
    // Descending is newest first among equals, as `spread` expects.
    this.gatheredSlots.set(bottomSlots.subarray(0, count));
    this.gatheredTimes.set(bottomTimes.subarray(0, count));
    this.extremes[0] = now;
    this.extremes[1] = bottomTimes[0]!;
    bottomTimes.copyWithin(0, count, this.bottomCount);
    bottomSlots.copyWithin(0, count, this.bottomCount);
    this.bottomCount = kept;
    this.spread(this.depth++, count);
  }

  /**
   * Fills the empty bottom or ring with the earliest events of the levels. Changes nothing and returns false when they
   * are later than `limit`: a bucket is only ever opened to pop its first event, so that the current time and what can
   * still be pushed lie inside it.
   */
  private refill(limit: number): boolean {
    while (this.depth > 0) {
      const level = this.depth - 1;
      const heads = this.heads[level]!;
      const overflow = this.overflows[level]!;
      const at = SHAPE * level + CURSOR;
      let bucket = this.shape[at]! | 0;
      while (bucket < overflow && heads[bucket]! < 0) bucket++;
      const head = heads[bucket]!;
      if (head < 0) {
        this.depth = level;
        continue;
      }
      const count = bucket === overflow && this.isLong(head) ? BOTTOM_MAX + 1 : this.sortIntoBottom(head);
      if (count > BOTTOM_MAX) {
        if (this.openLong(level, bucket, limit)) continue;
        return this.ring.count > 0;
      }
      if (this.bottomTimes[count - 1]! > limit) return false;
      this.bottomCount = count;
      heads[bucket] = -1;
      if (bucket < overflow) this.shape[at] = bucket + 1;
      else this.depth = level;
      return true;
    }
    return false;
  }

  /** Sorts a chain into the bottom, unless it is too long: then returns a count above `BOTTOM_MAX`. Leaves it intact. */
  private sortIntoBottom(head: number): number {
    const { times, next, bottomTimes, bottomSlots } = this;
    let count = 0;
    for (let slot = head; slot >= 0; slot = next[slot]!) {
      if (count === BOTTOM_MAX) return BOTTOM_MAX + 1;
      const time = times[slot]!;
      let i = count++;
      // An older event of the same time comes later here and must be popped first: it stays behind its equals.
      while (i > 0 && bottomTimes[i - 1]! < time) {
        bottomTimes[i] = bottomTimes[i - 1]!;
        bottomSlots[i] = bottomSlots[i - 1]!;
        i--;
      }
      bottomTimes[i] = time;
      bottomSlots[i] = slot;
    }
    return count;
  }

  /** Whether a chain is too long for the bottom. Asked of overflow buckets only: others seldom are. */
  private isLong(head: number): boolean {
    let count = 0;
    for (let slot = head; slot >= 0 && count <= BOTTOM_MAX; slot = this.next[slot]!) count++;
    return count > BOTTOM_MAX;
  }

  /**
   * Opens the next bucket of the finest level, which is too long to be sorted. Returns true if the search is to go on:
   * not when it was a run of equal times, which goes into the ring, nor when it is later than `limit`.
   */
  private openLong(level: number, bucket: number, limit: number): boolean {
    const heads = this.heads[level]!;
    const count = this.gather(heads[bucket]!);
    // With the cancelled events gone it may be short.
    if (count <= BOTTOM_MAX || this.extremes[0]! > limit) {
      this.relink(heads, bucket, count);
      return count <= BOTTOM_MAX;
    }
    heads[bucket] = -1;
    if (bucket < this.overflows[level]!) this.shape[SHAPE * level + CURSOR] = bucket + 1;
    else this.depth = level;
    if (this.extremes[0] === this.extremes[1]) {
      this.moveIntoRing(count);
      return false;
    }
    this.spread(this.depth++, count);
    return true;
  }

  /** Copies a chain to the gathered arrays, newest first, drops what was cancelled, and returns the count. */
  private gather(head: number): number {
    const { times, next, marks } = this;
    const watchDead = this.dead > 0;
    let slots = this.gatheredSlots;
    let gatheredTimes = this.gatheredTimes;
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    let count = 0;
    for (let slot = head, following: number; slot >= 0; slot = following) {
      following = next[slot]!;
      if (watchDead && marks[slot] === DEAD) {
        this.bury(slot);
        continue;
      }
      if (count === slots.length) {
        this.growGathered();
        slots = this.gatheredSlots;
        gatheredTimes = this.gatheredTimes;
      }
      const time = times[slot]!;
      if (time < min) min = time;
      if (time > max) max = time;
      slots[count] = slot;
      gatheredTimes[count++] = time;
    }
    this.extremes[0] = min;
    this.extremes[1] = max;
    return count;
  }

  /** Makes the gathered events the chain of a bucket again. */
  private relink(heads: Int32Array, bucket: number, count: number): void {
    let older = -1;
    for (let i = count - 1; i >= 0; i--) {
      const slot = this.gatheredSlots[i]!;
      this.next[slot] = older;
      older = slot;
    }
    heads[bucket] = older;
  }

  /** A run of equal times that is too long for the bottom is not worth sorting: it is the order already. */
  private moveIntoRing(count: number): void {
    for (let i = count - 1; i >= 0; i--) this.ring.push(this.gatheredSlots[i]!);
    this.clock[0] = this.extremes[0]!;
  }

  /** Spreads the gathered events over a level that has no events. */
  private spread(level: number, count: number): void {
    let buckets = BUCKETS_MIN;
    while (buckets < count && buckets < BUCKETS_MAX) buckets *= 2;
    const heads = this.bucketsOf(level, buckets);
    const start = this.extremes[0]!;
    const width = Math.min(this.extremes[1]! - start, Number.MAX_VALUE) / buckets;
    const scale = 1 / width;
    if (level === LEVELS_MAX || scale === Number.POSITIVE_INFINITY) {
      throw new RangeError(`event times from ${start} to ${this.extremes[1]} are too close to tell apart`);
    }
    this.shape[SHAPE * level + START] = start;
    this.shape[SHAPE * level + SCALE] = scale;
    this.shape[SHAPE * level + CURSOR] = 0;
    const { next, gatheredSlots, gatheredTimes } = this;
    for (let i = count - 1; i >= 0; i--) {
      const position = (gatheredTimes[i]! - start) * scale;
      const bucket = position < buckets ? position | 0 : buckets;
      const slot = gatheredSlots[i]!;
      next[slot] = heads[bucket]!;
      heads[bucket] = slot;
    }
  }

  /** The buckets of a level, all empty: those left from an earlier use of the level when they are enough. */
  private bucketsOf(level: number, buckets: number): Int32Array {
    this.overflows[level] = buckets;
    let heads = this.heads[level];
    if (heads === undefined || heads.length <= buckets) {
      heads = new Int32Array(buckets + 1).fill(-1);
      this.heads[level] = heads;
    }
    return heads;
  }

  /** Removes the cancelled events from everywhere. */
  private compact(): void {
    this.forgetPopped();
    this.bottomCount = this.compactBottom();
    const ringCount = this.ring.count;
    for (let i = 0; i < ringCount; i++) {
      const slot = this.ring.shift();
      if (this.marks[slot] === DEAD) this.bury(slot);
      else this.ring.push(slot);
    }
    for (let level = 0; level < this.depth; level++) {
      const heads = this.heads[level]!;
      for (let bucket = 0; bucket <= this.overflows[level]!; bucket++) {
        if (heads[bucket]! >= 0) this.relink(heads, bucket, this.gather(heads[bucket]!));
      }
    }
  }

  private compactBottom(): number {
    let kept = 0;
    for (let i = 0; i < this.bottomCount; i++) {
      const slot = this.bottomSlots[i]!;
      if (this.marks[slot] === DEAD) {
        this.bury(slot);
        continue;
      }
      this.bottomTimes[kept] = this.bottomTimes[i]!;
      this.bottomSlots[kept++] = slot;
    }
    return kept;
  }

  private growGathered(): void {
    const capacity = 2 * this.gatheredSlots.length;
    this.gatheredSlots = widened(this.gatheredSlots, new Int32Array(capacity));
    this.gatheredTimes = widened(this.gatheredTimes, new Float64Array(capacity));
  }
}
