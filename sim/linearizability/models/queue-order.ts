/**
 * Decides a queue in n log n where every value is put in at most once and taken out at most once, and no dequeue of unknown outcome
 * can have taken a value. Nothing is searched: at every point one can say what may take effect next.
 *
 * - A dequeue of the oldest value takes effect as soon as it can. Until it does nothing else can be taken, and the queue is not
 *   empty, so in any linearization it can be moved to the front. A dequeue that found nothing changes nothing, likewise.
 * - Values leave in the order in which they came. So when the dequeue of z returned before that of y was invoked, z goes in before
 *   y; and so does each that is taken out before one that never is.
 * - An enqueue takes effect when the frontier is its own return or that of the dequeue of its value: until then the queue may
 *   be empty for longer, and nothing is lost. Which of the enqueues that may go first does go first is all the same: any
 *   order of values that respects the enqueues and the dequeues in real time can be completed.
 *
 * The properties in test/sim/linearizability hold it against the search and against trying all orders.
 */

import { canonical } from "../canonical.ts";
import { hasReturned } from "../history.ts";
import { Progress } from "../progress.ts";
import type { SearchResult } from "../search.ts";
import type { Timeline } from "../timeline.ts";

interface Values {
  /** By value: the operation that puts it in and the one that takes it out, or `NO_OPERATION`. */
  readonly enqueues: Int32Array;
  readonly dequeues: Int32Array;
  /** By operation: its value, or `NO_VALUE` for a dequeue that found nothing and for one whose outcome is unknown. */
  readonly valueBy: Int32Array;
}
const NO_OPERATION = -1;
const NO_VALUE = -1;

/** Undefined when the queue is not of this kind, unless more of a value comes out than goes in. */
export function decideQueue(timeline: Timeline): SearchResult | undefined {
  if (isOverdrawn(timeline)) return { verdict: "violated", visited: 0, order: new Int32Array(0) };
  const values = uniqueValues(timeline);
  return values === undefined ? undefined : new QueueOrder(timeline, values).run();
}

/** Some value comes out more often than it goes in. */
function isOverdrawn({ operations }: Timeline): boolean {
  const there = new Map<string, number>();
  const change = (value: unknown, by: number): void => {
    const text = canonical(value);
    there.set(text, (there.get(text) ?? 0) + by);
  };
  for (const operation of operations) {
    const { name, input, output } = operation;
    if (name === "enqueue") change(input, 1);
    else if (hasReturned(operation) && output !== null) change(output, -1);
  }
  return there.values().some((count) => count < 0);
}

function uniqueValues({ count, operations, neverReturned }: Timeline): Values | undefined {
  const numbers = new Map<string, number>();
  const enqueues = new Int32Array(count).fill(NO_OPERATION);
  const dequeues = new Int32Array(count).fill(NO_OPERATION);
  const valueBy = new Int32Array(count).fill(NO_VALUE);
  for (let number = 0; number < count; number++) {
    const { name, input, output, outcome } = operations[number]!;
    const isEnqueue = name === "enqueue";
    if (!isEnqueue && (outcome === "unknown" || output === null)) continue;
    const text = canonical(isEnqueue ? input : output);
    let value = numbers.get(text);
    if (value === undefined) numbers.set(text, (value = numbers.size));
    const by = isEnqueue ? enqueues : dequeues;
    const other = by[value]!;
    if (other !== NO_OPERATION) {
      // Of two dequeues of a value that is there once, one that never returned has not taken effect.
      const twice = isEnqueue || (hasReturned(operations[other]!) && hasReturned(operations[number]!));
      if (twice) return undefined;
      if (!hasReturned(operations[number]!)) continue;
      valueBy[other] = NO_VALUE;
    }
    by[value] = number;
    valueBy[number] = value;
  }
  const mayTake = neverReturned.some(
    (number) => operations[number]!.outcome === "unknown" && valueBy[number] === NO_VALUE,
  );
  const staysOtherwise = (value: number): boolean =>
    dequeues[value] === NO_OPERATION && hasReturned(operations[enqueues[value]!]!);
  for (let value = 0; mayTake && value < numbers.size; value++) if (staysOtherwise(value)) return undefined;
  return { enqueues: enqueues.slice(0, numbers.size), dequeues: dequeues.slice(0, numbers.size), valueBy };
}

class QueueOrder {
  private readonly timeline: Timeline;
  private readonly values: Values;
  private readonly progress: Progress;
  /** Values in the order in which they went in, and how many have left. */
  private readonly entered: Int32Array;
  private enteredCount = 0;
  private left = 0;
  /** Values that are taken out, by the return of that; those before the place have all gone in. */
  private readonly byDequeue: Int32Array;
  private soonest = 0;

  constructor(timeline: Timeline, values: Values) {
    const { enqueues, dequeues, valueBy } = values;
    this.timeline = timeline;
    this.values = values;
    const skipped = new Uint8Array(timeline.count);
    for (const number of timeline.neverReturned) {
      const value = valueBy[number]!;
      // A dequeue that took nothing or what another took, or an enqueue of what nobody took, may as well never have been.
      if (value === NO_VALUE || dequeues[value] === NO_OPERATION) skipped[number] = 1;
    }
    this.progress = new Progress(timeline, skipped);
    this.entered = new Int32Array(enqueues.length);
    this.byDequeue = timeline.byReturn
      .filter((number) => valueBy[number] !== NO_VALUE && dequeues[valueBy[number]!] === number)
      .map((number) => valueBy[number]!);
  }

  run(): SearchResult {
    const { progress } = this;
    for (;;) {
      this.settle();
      if (progress.complete) {
        return {
          verdict: "linearizable",
          visited: progress.trailLength,
          order: progress.trail.slice(0, progress.trailLength),
        };
      }
      if (!this.enqueueForFrontier()) {
        return { verdict: "violated", visited: progress.trailLength, order: new Int32Array(0) };
      }
    }
  }

  /** Takes out what can be taken out, and lets those find nothing that can. */
  private settle(): void {
    const { progress, timeline, values } = this;
    for (;;) {
      if (this.left < this.enteredCount) {
        const dequeue = values.dequeues[this.entered[this.left]!]!;
        if (dequeue === NO_OPERATION || timeline.invokedAt[dequeue]! > progress.limit) return;
        progress.take(dequeue);
        this.left++;
        continue;
      }
      const head = progress.headOfReturned;
      let took = false;
      for (let number = progress.next[head]!; number !== head; number = progress.next[number]!) {
        if (timeline.invokedAt[number]! > progress.limit) break;
        if (values.valueBy[number] !== NO_VALUE) continue;
        progress.take(number);
        took = true;
      }
      if (!took) return;
    }
  }

  /** Lets an enqueue take effect that must before the frontier is passed; false when nothing helps. */
  private enqueueForFrontier(): boolean {
    const { progress, timeline, values, byDequeue } = this;
    const { enqueues, dequeues, valueBy } = values;
    const frontier = timeline.byReturn[progress.rank]!;
    const value = valueBy[frontier]!;
    if (value === NO_VALUE || this.hasEntered(value)) return false;
    while (this.soonest < byDequeue.length && this.hasEntered(byDequeue[this.soonest]!)) this.soonest++;
    const first = byDequeue[this.soonest];
    const dequeue = dequeues[value]!;
    const isBehind =
      first !== undefined &&
      (dequeue === NO_OPERATION || timeline.returnedAt[dequeues[first]!]! < timeline.invokedAt[dequeue]!);
    const next = isBehind ? first : value;
    const enqueue = enqueues[next]!;
    if (enqueue === NO_OPERATION || timeline.invokedAt[enqueue]! > progress.limit) return false;
    progress.take(enqueue);
    this.entered[this.enteredCount++] = next;
    return true;
  }

  private hasEntered(value: number): boolean {
    const enqueue = this.values.enqueues[value]!;
    return enqueue !== NO_OPERATION && this.progress.done[enqueue] === 1;
  }
}
