/** The calls of a function that wait for a worker, by the places of their records: first in, first out. */

export interface PendingCalls {
  /** What has been taken from the front stays until it is more than what waits. */
  readonly slots: number[];
  head: number;
}

export function noPendingCalls(): PendingCalls {
  return { slots: [], head: 0 };
}

export function pendingCount({ slots, head }: PendingCalls): number {
  return slots.length - head;
}

export function pushPending(pending: PendingCalls, slot: number): void {
  pending.slots.push(slot);
}

/** The call that waits longest. Must not be asked for when nothing waits. */
export function headOf({ slots, head }: PendingCalls): number {
  return slots[head]!;
}

export function dropHead(pending: PendingCalls): void {
  pending.head++;
  if (pending.head < GARBAGE_MIN || pending.head * 2 < pending.slots.length) return;
  pending.slots.splice(0, pending.head);
  pending.head = 0;
}
const GARBAGE_MIN = 32;
