/**
 * How far a search has come: which operations have taken effect, in which order, and which may be next.
 *
 * Every operation that returned before the *frontier* has taken effect: the frontier is the first return, in real time, of an
 * operation that has not. An operation that has not taken effect may be next if it was invoked before the frontier. So what
 * has taken effect is described by the frontier and by one bit for each operation open at it, however long the history:
 * `row` holds that, and the bits are as many as operations are open at the same time.
 *
 * Hot code, guarded by bench/linearizability.ts. Steps are undone in the opposite order; the lists are relinked in place as
 * in Knuth's dancing links.
 */

import type { Timeline } from "./timeline.ts";

/** Place of the frontier in `row`, of the state, which the search puts there, and of the first word of bits. */
export const ROW_RANK = 0;
export const ROW_STATE = 1;
const ROW_BITS = 2;

export class Progress {
  /** Operations that have taken effect, in order. */
  readonly trail: Int32Array;
  trailLength = 0;
  /** Rank among the returns of the frontier. All have taken effect when it is the number of returns. */
  rank = 0;
  /** Place of the frontier among the events: an operation invoked later may not be next. */
  limit: number;
  readonly row: Int32Array;
  readonly done: Uint8Array;
  /**
   * Operations that have not taken effect, in the order of invocation, from `next[RETURNED]` on for those that returned and
   * from `next[NEVER]` on for those that never did. Both end with their own head.
   */
  readonly next: Int32Array;
  readonly headOfReturned: number;
  readonly headOfNever: number;
  private readonly previous: Int32Array;
  private readonly rankBefore: Int32Array;
  private readonly timeline: Timeline;
  private readonly returns: number;

  /** `skipped`: operations that shall never take effect; they never returned. */
  constructor(timeline: Timeline, skipped: Uint8Array) {
    const { count, byReturn, returnedAt, slotCount } = timeline;
    this.timeline = timeline;
    this.returns = byReturn.length;
    this.trail = new Int32Array(count);
    this.rankBefore = new Int32Array(count);
    this.row = new Int32Array(ROW_BITS + Math.ceil(slotCount / 32));
    this.done = new Uint8Array(count);
    this.headOfReturned = count;
    this.headOfNever = count + 1;
    this.next = new Int32Array(count + 2);
    this.previous = new Int32Array(count + 2);
    for (const head of [this.headOfReturned, this.headOfNever]) this.next[head] = this.previous[head] = head;
    const never = 2 * count;
    for (let operation = 0; operation < count; operation++) {
      if (skipped[operation] === 1) continue;
      const head = returnedAt[operation] === never ? this.headOfNever : this.headOfReturned;
      const last = this.previous[head]!;
      this.next[last] = operation;
      this.previous[operation] = last;
      this.next[operation] = head;
      this.previous[head] = operation;
    }
    this.limit = this.limitAt(0);
  }

  get complete(): boolean {
    return this.rank === this.returns;
  }

  /** The operation takes effect. */
  take(operation: number): void {
    const { next, previous, done, row, timeline } = this;
    const before = previous[operation]!;
    const after = next[operation]!;
    next[before] = after;
    previous[after] = before;
    done[operation] = 1;
    this.trail[this.trailLength] = operation;
    this.rankBefore[this.trailLength++] = this.rank;
    const slot = timeline.slots[operation]!;
    row[ROW_BITS + (slot >>> 5)]! ^= 1 << (slot & 31);
    const { byReturn, slots } = timeline;
    if (byReturn[this.rank] !== operation) return;
    let rank = this.rank;
    while (rank < this.returns && done[byReturn[rank]!] === 1) {
      const passed = slots[byReturn[rank]!]!;
      row[ROW_BITS + (passed >>> 5)]! ^= 1 << (passed & 31);
      rank++;
    }
    this.rank = rank;
    row[ROW_RANK] = rank;
    this.limit = this.limitAt(rank);
  }

  /** Takes back the operation that took effect last, and returns it. */
  takeBack(): number {
    const { next, previous, row, timeline } = this;
    const operation = this.trail[--this.trailLength]!;
    const rank = this.rankBefore[this.trailLength]!;
    const { byReturn, slots } = timeline;
    if (rank !== this.rank) {
      for (let passed = rank; passed < this.rank; passed++) {
        const slot = slots[byReturn[passed]!]!;
        row[ROW_BITS + (slot >>> 5)]! ^= 1 << (slot & 31);
      }
      this.rank = rank;
      row[ROW_RANK] = rank;
      this.limit = this.limitAt(rank);
    }
    const slot = slots[operation]!;
    row[ROW_BITS + (slot >>> 5)]! ^= 1 << (slot & 31);
    this.done[operation] = 0;
    next[previous[operation]!] = operation;
    previous[next[operation]!] = operation;
    return operation;
  }

  private limitAt(rank: number): number {
    const { byReturn, returnedAt, count } = this.timeline;
    return rank < this.returns ? returnedAt[byReturn[rank]!]! : 2 * count;
  }
}
