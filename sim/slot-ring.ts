/** First in, first out, of event slots, without allocation until it grows. Part of the hot path, see sim/event-queue.ts. */
export class SlotRing {
  count = 0;
  private slots = new Int32Array(64);
  private head = 0;

  push(slot: number): void {
    if (this.count === this.slots.length) this.grow();
    this.slots[(this.head + this.count) & (this.slots.length - 1)] = slot;
    this.count++;
  }

  /** Must not be called when the ring is empty. */
  shift(): number {
    const slot = this.slots[this.head]!;
    this.head = (this.head + 1) & (this.slots.length - 1);
    this.count--;
    return slot;
  }

  /** The slot that `shift` would return after `index` others. */
  at(index: number): number {
    return this.slots[(this.head + index) & (this.slots.length - 1)]!;
  }

  private grow(): void {
    const { slots, head } = this;
    this.slots = new Int32Array(2 * slots.length);
    this.slots.set(slots.subarray(head));
    this.slots.set(slots.subarray(0, head), slots.length - head);
    this.head = 0;
  }
}
