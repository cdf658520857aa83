/**
 * Executes simultaneous events in an order drawn at random, in the place of the order in which they were scheduled
 * (docs/kernel.md, "Time and order"). Messages from one process to another keep their order, as do the controls of a run.
 *
 * Events of the moment that has come are taken out of the queue into lanes, each first in, first out; the next one comes
 * from a lane drawn at random. It passes through the empty moment of the queue once more, so that the loop of the
 * simulation finds it in a slot like any other.
 */

import type { EventQueue } from "./event-queue.ts";
import { CONTROL, DELIVER, HAND_OFF, TIMER, threadOf, typeOf } from "./events.ts";
import type { RandomStream } from "./random.ts";
import type { TimerEntry } from "./timers.ts";

interface Drained {
  readonly target: number;
  readonly source: number;
  readonly meta: number;
  readonly payload: unknown;
  /** Of a timer, to see whether it was cancelled or set again since. */
  readonly ticket: number;
}

interface Lane {
  readonly key: string;
  readonly events: Drained[];
  /** The first that has not been executed. */
  from: number;
}

export class TieShuffler {
  private readonly queue: EventQueue;
  readonly stream: RandomStream;
  private readonly lanes: Lane[] = [];
  private readonly byKey = new Map<string, Lane>();
  private unique = 0;

  constructor(queue: EventQueue, stream: RandomStream) {
    this.queue = queue;
    this.stream = stream;
  }

  /** As `EventQueue.pop`. Between two runs nothing is left in the lanes. */
  pop(limitNanos: number): number {
    const { queue, lanes } = this;
    for (;;) {
      if (lanes.length > 0) {
        for (let slot = queue.pop(queue.now); slot >= 0; slot = queue.pop(queue.now)) this.drain(slot);
      } else {
        const slot = queue.pop(limitNanos);
        if (slot < 0) return -1;
        this.drain(slot);
        continue;
      }
      const event = this.draw();
      if (typeOf(event.meta) === TIMER) {
        const { live, ticket } = event.payload as TimerEntry;
        if (!live || ticket !== event.ticket) continue;
      }
      queue.push(queue.now, event.target, event.source, event.meta, event.payload);
      return queue.pop(queue.now);
    }
  }

  private drain(slot: number): void {
    const { queue } = this;
    const [target, source, meta] = [queue.targets[slot]!, queue.sources[slot]!, queue.metas[slot]!];
    const payload = queue.payloads[slot];
    const ticket = typeOf(meta) === TIMER ? (payload as TimerEntry).ticket : 0;
    const key = this.laneOf(meta, target, source);
    let lane = this.byKey.get(key);
    if (lane === undefined) {
      lane = { key, events: [], from: 0 };
      this.byKey.set(key, lane);
      this.lanes.push(lane);
    }
    lane.events.push({ target, source, meta, payload, ticket });
  }

  private laneOf(meta: number, target: number, source: number): string {
    switch (typeOf(meta)) {
      case DELIVER:
        return `${source}>${target}`;
      case HAND_OFF:
        return `${target}/${threadOf(meta)}>${source}`;
      case CONTROL:
        return "control";
      default:
        return `#${this.unique++}`;
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
