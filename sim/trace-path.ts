/**
 * The critical path of an operation: what it was waiting for at every moment between its begin and its end, found by walking back
 * from the step that completed it over what caused what (docs/kernel.md, "Causes"). The pieces follow each other without gaps and
 * their sum is the operation's latency, to the nanosecond.
 *
 * Causes alone lead astray where a process works on many operations together. A timer that gathers was set by whoever came first; a
 * call that waits is begun by the end of somebody else's. So a model says which steps take up what (`TakesUp`), and there the path
 * goes on with the latest step of the same process that this operation led to: the time between the two was waited for the step.
 * Only where neither leads back to the begin is the path that of somebody else all the way, cut off at the begin.
 */

import type { Tracer } from "./trace.ts";
import { type InputId, type InputKind, MOMENTS, type TracedOperation } from "./trace-records.ts";
import { type Hop, type TakesUpOf, wayBack } from "./trace-search.ts";
import type { Nanos } from "./units.ts";

/** What time goes by with. */
export const PARTS = [
  /** Waiting for the sender's network interface, and for the receiver's. */
  "nicQueue",
  "receiverQueue",
  /** Bits on the line. */
  "transmission",
  "propagation",
  /** What a fault of the network adds. */
  "faultDelay",
  /** Waiting for what was sent before on the same connection. */
  "order",
  "timer",
  "sync",
  /** Its process is paused by a fault. */
  "paused",
  "thread",
  "core",
  "wakeUp",
  "cpu",
  "diskRead",
  /** Of something that is there: waiting for a step that takes it up. */
  "waiting",
  /** The rest of the step that begins the operation, up to what it sends; its input is the one that it sends. */
  "begin",
  /** The client began later than it should have. */
  "late",
  /** Before the oldest cause that is known. */
  "unknown",
] as const;
export type Part = (typeof PARTS)[number];

/** A stretch of a path: what was going on with an input. */
export interface Piece {
  readonly input: InputId;
  readonly part: Part;
  /** Of a wait for a step: what the process had taken in, which waited; 0: of other parts. */
  readonly waiting: InputId;
  readonly fromNanos: Nanos;
  readonly toNanos: Nanos;
}

export interface Path {
  /** In the order of time; the first begins with the operation, the last ends with it. */
  readonly pieces: readonly Piece[];
  /** Whether it leads back to the step that began the operation. */
  readonly complete: boolean;
}

/** The part of the time from each moment of an input to the next; of the last before its arrival `ARRIVES` says more. */
const PART_FROM: readonly Part[] = [
  "nicQueue",
  "transmission",
  "propagation",
  "faultDelay",
  "receiverQueue",
  "order",
  "paused",
  "thread",
  "core",
  "wakeUp",
  "cpu",
  "cpu",
  "diskRead",
];
const SENT = MOMENTS.indexOf("sent");
const RECEIVED = MOMENTS.indexOf("received");
const ARRIVED = MOMENTS.indexOf("arrived");
const ON_CORE = MOMENTS.indexOf("onCore");
const ENDED = MOMENTS.indexOf("ended");
const ARRIVES: Readonly<Record<InputKind, Part>> = {
  message: "order",
  timer: "timer",
  sync: "sync",
  handOff: "order",
  start: "order",
};

/** Finds the path of an operation, whose records must still be there: at its completion they are. */
export function followPath(tracer: Tracer, operation: TracedOperation, takesUpOf: TakesUpOf): Path {
  const { startNanos, begunNanos, endNanos, begunBy, completedBy } = operation;
  const way = wayBack(tracer, takesUpOf, completedBy, 0, begunBy, begunNanos);
  const hops = way ?? causesOf(tracer, operation);
  const pieces: Piece[] = [];
  let at = endNanos;
  const take = (input: InputId, part: Part, fromNanos: Nanos, waiting: InputId = 0): void => {
    const from = Math.max(fromNanos, startNanos);
    if (from < at) {
      pieces.push({ input, part, waiting, fromNanos: from, toNanos: at });
      at = from;
    }
  };
  hops.forEach(({ id, joined }, i) => {
    // The step that the path goes on with may have been under way still when this one arrived, or even began.
    const next = hops[i + 1]?.id ?? begunBy;
    const free = joined ? freeFrom(tracer, next, id) : startNanos;
    for (let moment = ENDED - 1; moment >= ARRIVED; moment--) {
      const from = tracer.momentAt(id, moment);
      if (!Number.isNaN(from)) take(id, PART_FROM[moment]!, Math.max(from, free));
    }
    if (joined) {
      // It may have come while the disk was busy with what had come before it.
      if (tracer.kindOf(id) === "sync") take(id, "sync", Math.max(free, tracer.momentAt(id, SENT)), next);
      take(id, "waiting", free, next);
      return;
    }
    for (let moment = ARRIVED - 1; moment >= SENT; moment--) {
      const part = moment === RECEIVED ? ARRIVES[tracer.kindOf(id)] : PART_FROM[moment]!;
      take(id, part, tracer.momentAt(id, moment));
    }
  });
  const last = hops.at(-1)?.id ?? completedBy;
  const complete = way !== undefined;
  if (complete) {
    take(last, "begin", begunNanos);
    take(begunBy, "late", startNanos);
  }
  take(tracer.has(last) ? last : 0, "unknown", startNanos);
  return { pieces: pieces.reverse(), complete };
}

/** The causes of the step that completed an operation, back to before its begin. */
function causesOf(tracer: Tracer, { startNanos, completedBy }: TracedOperation): Hop[] {
  const hops: Hop[] = [];
  for (let id = completedBy; tracer.has(id); id = tracer.causeOf(id)) {
    hops.push({ id, joined: false });
    if (tracer.momentAt(id, SENT) <= startNanos) break;
  }
  return hops;
}

/** From when on a step was waited for with what an earlier one had taken in. */
function freeFrom(tracer: Tracer, earlier: InputId, step: InputId): Nanos {
  const ended = tracer.momentAt(earlier, ENDED);
  return Math.min(Number.isNaN(ended) ? Number.POSITIVE_INFINITY : ended, tracer.momentAt(step, ON_CORE));
}
