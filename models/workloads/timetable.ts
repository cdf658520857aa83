/**
 * The published load generator's clock: a modified wrk2 whose connections each have a timetable of their own
 * (docs/models/boki.md, "Workloads"; docs/models/applications.md, "Clients"). Connection by connection: when its requests are due,
 * how fast it may catch up, and how late its timer wakes it.
 */

import type { Effects } from "../../sim/machine.ts";
import { MILLISECOND, type Nanos } from "../../sim/units.ts";

/** A connection that has fallen behind sends at most this much faster than its pace. */
const CATCH_UP = 1.2;
/** Connections of one thread start this far apart. */
const CONNECTION_STAGGER_NANOS: Nanos = 5 * MILLISECOND;

/**
 * When the first request of a connection is due. Connections are dealt to threads in blocks, and connection i of every thread
 * shares its phase, as the threads start together.
 */
export function firstDueNanos(startNanos: Nanos, index: number, connections: number, threads: number): Nanos {
  return startNanos + (index % Math.ceil(connections / threads)) * CONNECTION_STAGGER_NANOS;
}

/** When request `sent` of a connection is due, counted from 0. */
export function dueNanos(firstNanos: Nanos, sent: number, periodNanos: number): Nanos {
  return firstNanos + Math.floor(sent * periodNanos);
}

/** When a connection sends its next request: when it is due, and not so soon that it catches up faster than it may. */
export function sendNanos(due: Nanos, lastSentNanos: Nanos, periodNanos: number): Nanos {
  return Math.max(due, lastSentNanos + Math.floor(periodNanos / CATCH_UP));
}

/** The generator waits with a timer of whole milliseconds, so a request leaves up to one late. */
export function waitNanos(timeNanos: Nanos, out: Pick<Effects, "now" | "sample">): Nanos {
  return Math.max(0, timeNanos - out.now) + Math.floor(out.sample() * MILLISECOND);
}
