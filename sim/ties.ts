/**
 * Executes simultaneous events in an order drawn at random, in the place of the order in which they were scheduled
 * (docs/kernel.md, "Time and order"). Messages from one process to another keep their order, as do the controls of a run.
 *
 * Events of the moment that has come are taken out of the queue into lanes, each first in, first out; the next one comes
 * from a lane drawn at random. It passes through the empty moment of the queue once more, so that the loop of the
 * simulation finds it in a slot like any other. An event that is alone at its moment, as most are, needs no lane.
 */

import type { EventQueue } from "./event-queue.ts";
import { CONTROL, DELIVER, HAND_OFF, TIMER, typeOf } from "./events.ts";
import type { RandomStream } from "./random.ts";
import type { TimerEntry } from "./timers.ts";
import type { Tracer } from "./trace.ts";

interface Drained {
  readonly target: number;
  readonly source: number;
  readonly meta: number;
  readonly payload: unknown;
  /** Of a timer, to see whether it was cancelled or set again since. */
  readonly ticket: number;
  /** What the tracer knows a message by. */
  readonly trace: number;
}

interface Lane {
  readonly key: number;
  readonly events: Drained[];
  /** The first that has not been executed. */
  from: number;
}

/** Lanes have numbers: those of messages from 0, of hand-overs from the second of these, others negative ones. */
const ADDRESSES = 2 ** 24;
const HAND_OVERS = ADDRESSES * ADDRESSES;
const CONTROLS = -1;

export class TieShuffler {
  private readonly queue: EventQueue;
  readonly stream: RandomStream;
  tracer: Tracer | undefined = undefined;
  private readonly lanes: Lane[] = [];
  private readonly byKey = new Map<number, Lane>();
  private lastOwnLane = CONTROLS;

  constructor(queue: EventQueue, stream: RandomStream) {
    this.queue = queue;
    this.stream = stream;
  }

  /** As `EventQueue.pop`. Between two runs nothing is left in the lanes. */
  pop(limitNanos: number): number {
    const { queue, lanes } = this;
    if (lanes.length === 0) {
      const slot = queue.pop(limitNanos);
      if (slot < 0) return -1;
      const [target, source, meta] = [queue.targets[slot]!, queue.sources[slot]!, queue.metas[slot]!];
      const payload = queue.payloads[slot];
      const trace = this.tracer?.takeFrom(slot) ?? 0;
      const second = queue.pop(queue.now);
      if (second < 0) return this.throughQueue(target, source, meta, payload, trace);
      this.drain(target, source, meta, payload, trace);
      this.drainSlot(second);
    }
    for (let slot = queue.pop(queue.now); slot >= 0; slot = queue.pop(queue.now)) this.drainSlot(slot);
    while (lanes.length > 0) {
      const { target, source, meta, payload, ticket, trace } = this.draw();
      const gone = typeOf(meta) === TIMER && !isSet(payload as TimerEntry, ticket);
      if (!gone) return this.throughQueue(target, source, meta, payload, trace);
    }
    return this.pop(limitNanos);
  }

  private throughQueue(
    target: number,
    source: number,
    meta: number,
    payload: unknown,
    trace: number,
  ): number {
    const slot = this.queue.push(this.queue.now, target, source, meta, payload);
    this.tracer?.mark(slot, trace);
    return this.queue.pop(this.queue.now);
  }

  private drainSlot(slot: number): void {
    const { targets, sources, metas, payloads } = this.queue;
    const trace = this.tracer?.takeFrom(slot) ?? 0;
    this.drain(targets[slot]!, sources[slot]!, metas[slot]!, payloads[slot], trace);
  }

  private drain(target: number, source: number, meta: number, payload: unknown, trace: number): void {
    const ticket = typeOf(meta) === TIMER ? (payload as TimerEntry).ticket : 0;
    const key = this.laneOf(meta, target, source);
    let lane = this.byKey.get(key);
    if (lane === undefined) {
      lane = { key, events: [], from: 0 };
      this.byKey.set(key, lane);
      this.lanes.push(lane);
    }
    lane.events.push({ target, source, meta, payload, ticket, trace });
  }

  private laneOf(meta: number, target: number, source: number): number {
    switch (typeOf(meta)) {
      case DELIVER:
        return source * ADDRESSES + target;
      case HAND_OFF:
        return HAND_OVERS + source * ADDRESSES + target;
      case CONTROL:
        return CONTROLS;
      default:
        return --this.lastOwnLane;
    }
  }

  private draw(): Drained {
    const { lanes } = this;
    const at = lanes.length === 1 ? 0 : this.stream.below(lanes.length);
    const lane = lanes[at]!;
    const event = lane.events[lane.from++]!;
    if (lane.from === lane.events.length) {
      this.byKey.delete(lane.key);
      const last = lanes.pop()!;
      if (last !== lane) lanes[at] = last;
    }
    return event;
  }
}

/** Whether a timer taken out of the queue has been neither cancelled nor set again since. */
function isSet(entry: TimerEntry, ticket: number): boolean {
  return entry.live && entry.ticket === ticket;
}
