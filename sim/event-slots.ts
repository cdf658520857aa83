/**
 * The pending events of a queue, by slot: an index into parallel typed arrays, so that an event costs no object and no
 * closure. Hot code, the lower half of sim/event-queue.ts; the same benchmarks guard it. It is a base class and not a
 * part because then both halves are one object: a field is one load away.
 *
 * Free slots are a chain, last in, first out: the slot used next is the one that is still in the cache.
 */

/** A ticket is a serial number and a slot in one double: 29 and 24 bits. */
const SLOTS_MAX = 1 << 24;
const SERIAL_MAX = 2 ** 29 - 1;
const CAPACITY_MIN = 256;

/** Values of `marks` that are not serial numbers of tickets. */
export const UNMARKED = 0;
export const DEAD = -1;

export class EventSlots {
  /** The fields of the events, by slot. Growth replaces the arrays: read them through the queue. */
  times = new Float64Array(0);
  targets = new Int32Array(0);
  sources = new Int32Array(0);
  metas = new Int32Array(0);
  payloads: unknown[] = [];
  /** Live events: neither popped nor cancelled. */
  size = 0;

  /** The next slot in the same bucket or in the chain of free ones. */
  protected next = new Int32Array(0);
  protected free = -1;
  /** Per slot: no ticket, the serial number of its ticket, or cancelled. */
  protected marks = new Int32Array(0);
  /** Cancelled events that still occupy a slot. */
  protected dead = 0;
  /** Whether there was ever a ticket or a payload: what is not used costs nothing, not even a look at its array. */
  protected hasTickets = false;
  protected hasPayloads = false;
  private serial = 0;

  constructor() {
    this.grow();
  }

  /** A number by which the pending event in `slot` can be cancelled. A later ticket for it voids an earlier one. */
  ticket(slot: number): number {
    this.hasTickets = true;
    this.serial = this.serial === SERIAL_MAX ? 1 : this.serial + 1;
    this.marks[slot] = this.serial;
    return this.serial * SLOTS_MAX + slot;
  }

  /** Marks the event of a ticket as cancelled. False when it has fired or was cancelled before. */
  protected kill(ticket: number): boolean {
    const serial = Math.floor(ticket / SLOTS_MAX);
    const slot = ticket - serial * SLOTS_MAX;
    if (serial <= 0 || this.marks[slot] !== serial) return false;
    this.marks[slot] = DEAD;
    if (this.hasPayloads) this.payloads[slot] = undefined;
    this.size--;
    this.dead++;
    return true;
  }

  /** Frees the slot of a cancelled event. */
  protected bury(slot: number): void {
    this.marks[slot] = UNMARKED;
    this.dead--;
    this.next[slot] = this.free;
    this.free = slot;
  }

  /** Lets the payload of the event popped last go. It was readable until now, and only the slot freed last can hold one. */
  protected forgetPopped(): void {
    if (this.hasPayloads && this.free >= 0) this.payloads[this.free] = undefined;
  }

  /** The serial number goes on, so that tickets from before stay void. */
  protected releaseAll(): void {
    this.size = 0;
    this.dead = 0;
    this.marks.fill(UNMARKED);
    this.payloads.fill(undefined);
    this.free = -1;
    this.freeFrom(0);
  }

  protected grow(): void {
    const before = this.times.length;
    const capacity = Math.max(2 * before, CAPACITY_MIN);
    if (capacity > SLOTS_MAX) throw new RangeError(`more than ${SLOTS_MAX} pending events`);
    this.times = widened(this.times, new Float64Array(capacity));
    this.targets = widened(this.targets, new Int32Array(capacity));
    this.sources = widened(this.sources, new Int32Array(capacity));
    this.metas = widened(this.metas, new Int32Array(capacity));
    this.next = widened(this.next, new Int32Array(capacity));
    this.marks = widened(this.marks, new Int32Array(capacity));
    while (this.payloads.length < capacity) this.payloads.push(undefined);
    this.freeFrom(before);
  }

  /** Puts every slot from `first` on the chain of free ones, lowest on top. */
  private freeFrom(first: number): void {
    for (let slot = this.times.length - 1; slot >= first; slot--) {
      this.next[slot] = this.free;
      this.free = slot;
    }
  }
}

/** Copies a typed array into a larger one. */
export function widened<A extends Float64Array | Int32Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
