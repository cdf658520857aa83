/**
 * Timers of processes. A timer is an event and an entry in its process's table; it stays in the table while it waits for
 * a busy thread, so that it can still be cancelled or set again. Then its turn passes without a step.
 */

import type { EventQueue } from "./event-queue.ts";
import { metaOf, TIMER } from "./events.ts";
import type { TimerName } from "./machine.ts";
import type { Process } from "./process.ts";
import type { Nanos } from "./units.ts";

/** A timer that was set. `live` ends when it is cancelled or replaced. */
export interface TimerEntry {
  readonly name: TimerName;
  live: boolean;
  readonly atNanos: Nanos;
  /** The queue's ticket, to cancel it by. */
  ticket: number;
}

export class Timers {
  private readonly queue: EventQueue;
  private readonly incarnations: readonly number[];

  constructor(queue: EventQueue, incarnations: readonly number[]) {
    this.queue = queue;
    this.incarnations = incarnations;
  }

  arm(process: Process, name: TimerName, atNanos: Nanos): void {
    const known = process.timers.get(name);
    if (known !== undefined) this.disarm(known);
    const entry: TimerEntry = { name, live: true, atNanos, ticket: 0 };
    process.timers.set(name, entry);
    const meta = metaOf(TIMER, 0, this.incarnations[process.address]!, 0);
    entry.ticket = this.queue.ticket(this.queue.push(atNanos, process.address, 0, meta, entry));
  }

  cancel(process: Process, name: TimerName): void {
    const known = process.timers.get(name);
    if (known === undefined) return;
    this.disarm(known);
    process.timers.delete(name);
  }

  cancelAll(process: Process): void {
    for (const entry of process.timers.values()) this.disarm(entry);
    process.timers.clear();
  }

  private disarm(entry: TimerEntry): void {
    entry.live = false;
    this.queue.cancel(entry.ticket);
  }
}
