/**
 * Timers of processes. A timer is an event and an entry in its process's table. It stays in the table while it waits for a
 * busy thread, so that it can still be cancelled or set again; then its turn passes without a step.
 *
 * Hot code, guarded by `npm run bench -- --only boki`: most processes set the same few timers again and again, so their
 * entries stay in the table and are used again.
 */

import type { EventQueue } from "./event-queue.ts";
import { metaOf, TIMER } from "./events.ts";
import type { TimerName } from "./machine.ts";
import type { Process } from "./process.ts";
import type { Tracer } from "./trace.ts";
import { FOREVER, type Nanos } from "./units.ts";

export interface TimerEntry {
  readonly name: TimerName;
  /** Set, and neither cancelled nor replaced nor run since. */
  live: boolean;
  /** Its event has come and it waits for a thread or a core: whoever holds this entry must find it as it was. */
  waits: boolean;
  atNanos: Nanos;
  /** It expires when a sync is over, which a fault of the disk may postpone. */
  sync: boolean;
  /** The queue's ticket, to cancel it by. */
  ticket: number;
  /** What the tracer knows it by; 0: it does not. */
  trace: number;
}

/** Entries of timers that are not set are kept in tables of at most this size. */
const TABLE_KEPT = 8;

export class Timers {
  tracer: Tracer | undefined = undefined;
  private readonly queue: EventQueue;
  private readonly incarnations: readonly number[];

  constructor(queue: EventQueue, incarnations: readonly number[]) {
    this.queue = queue;
    this.incarnations = incarnations;
  }

  arm(process: Process, name: TimerName, atNanos: Nanos, sync = false): void {
    let entry = process.timers.get(name);
    if (entry?.live) this.disarm(entry);
    if (entry === undefined || entry.waits) {
      entry = { name, live: true, waits: false, atNanos, sync, ticket: 0, trace: 0 };
      process.timers.set(name, entry);
    } else {
      entry.live = true;
      entry.atNanos = atNanos;
      entry.sync = sync;
    }
    this.tracer?.timerSet(entry, process);
    this.schedule(process, entry);
  }

  private schedule(process: Process, entry: TimerEntry): void {
    const meta = metaOf(TIMER, 0, this.incarnations[process.address]!, 0);
    entry.ticket = this.queue.ticket(this.queue.push(entry.atNanos, process.address, 0, meta, entry));
  }

  /** The syncs of a process that are not over at `nowNanos` take so much longer. */
  postponeSyncs(process: Process, nowNanos: Nanos, byNanos: Nanos): void {
    for (const entry of process.timers.values()) {
      if (!entry.live || entry.waits || !entry.sync || entry.atNanos <= nowNanos) continue;
      this.queue.cancel(entry.ticket);
      entry.atNanos = Math.min(FOREVER, entry.atNanos + byNanos);
      this.tracer?.timerPostponed(entry);
      this.schedule(process, entry);
    }
  }

  /** The entry of a timer that is set, whether it has yet to come or waits for its thread. */
  find(process: Process, name: TimerName): TimerEntry | undefined {
    const entry = process.timers.get(name);
    return entry?.live ? entry : undefined;
  }

  cancel(process: Process, name: TimerName): void {
    const entry = this.find(process, name);
    if (entry === undefined) return;
    this.disarm(entry);
    this.forget(process, entry);
  }

  cancelAll(process: Process): void {
    for (const entry of process.timers.values()) if (entry.live) this.disarm(entry);
    process.timers.clear();
  }

  /** The timer's turn has come, and its step is about to run. */
  take(process: Process, entry: TimerEntry): void {
    entry.live = false;
    entry.waits = false;
    this.forget(process, entry);
  }

  private disarm(entry: TimerEntry): void {
    entry.live = false;
    if (!entry.waits) this.queue.cancel(entry.ticket);
  }

  private forget(process: Process, entry: TimerEntry): void {
    if (entry.waits || process.timers.size > TABLE_KEPT) process.timers.delete(entry.name);
  }
}
