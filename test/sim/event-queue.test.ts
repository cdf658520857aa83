import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventQueue } from "../../sim/event-queue.ts";
import { FOREVER } from "../../sim/units.ts";

/** A small generator of its own, so that the tests repeat exactly. */
function uniformFrom(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

interface Pending {
  readonly time: number;
  readonly order: number;
}

/** What the queue must do, in the plainest way: a binary heap by time, then by order of insertion. */
class Reference {
  private readonly heap: Pending[] = [];

  push(pending: Pending): void {
    let i = this.heap.push(pending) - 1;
    for (; i > 0 && earlier(pending, this.heap[(i - 1) >> 1]!); i = (i - 1) >> 1)
      this.heap[i] = this.heap[(i - 1) >> 1]!;
    this.heap[i] = pending;
  }

  pop(): Pending | undefined {
    const [top] = this.heap;
    const last = this.heap.pop();
    if (last === undefined || last === top) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= this.heap.length) break;
      if (child + 1 < this.heap.length && earlier(this.heap[child + 1]!, this.heap[child]!)) child++;
      if (!earlier(this.heap[child]!, last)) break;
      this.heap[i] = this.heap[child]!;
      i = child;
    }
    this.heap[i] = last;
    return top;
  }

  peek(): Pending | undefined {
    return this.heap[0];
  }
}

function earlier(a: Pending, b: Pending): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}

/** Draws a delay; `pushes` counts the calls. */
type Law = (uniform: () => number, pushes: number) => number;

const exponential: Law = (uniform) => -Math.log(1 - uniform());

const laws: Record<string, Law> = {
  constant: () => 1_000,
  zero: () => 0,
  "uniform reals": (uniform) => uniform(),
  "uniform integers": (uniform) => Math.floor(uniform() * 1_000_000),
  "exponential reals": exponential,
  "exponential nanoseconds": (uniform, n) => Math.floor(exponential(uniform, n) * 20_000),
  ticks: (uniform) => 1_000 * Math.floor(uniform() * 10),
  "half zero delay": (uniform, n) => (uniform() < 0.5 ? 0 : exponential(uniform, n)),
  bimodal: (uniform) => (uniform() < 0.9 ? uniform() * 10 : 100_000 + uniform() * 10),
  Pareto: (uniform) => (1 - uniform()) ** (-1 / 1.1),
  "heavy Pareto": (uniform) => (1 - uniform()) ** -4,
  "rare far outliers": (uniform, n) => (uniform() < 0.001 ? 1e9 : 1) * exponential(uniform, n),
  "two humps": (uniform) => (uniform() < 0.5 ? 1 : 1_000) + 0.1 * uniform(),
  descending: (_, pushes) => Math.max(0, 100_000 - pushes),
  ascending: (_, pushes) => pushes % 5_000,
  "log-uniform": (uniform) => 10 ** (24 * uniform() - 12),
  "a few values": (uniform) => [0, 1, 1, 5, 70][Math.floor(uniform() * 5)]!,
};

const sizes = [1, 2, 17, 32, 33, 65, 130, 1_000, 6_000];

/** Holds `size` events pending for a while, growing and draining in between, and compares every pop. */
function compareUnder(law: Law, size: number, start: number): void {
  const uniform = uniformFrom(size);
  const queue = new EventQueue();
  queue.reset(start);
  const reference = new Reference();
  let pushes = 0;
  const push = () => {
    const time = queue.now + law(uniform, pushes);
    const slot = queue.push(time, pushes, 0, 0, undefined);
    expect(slot).toBeGreaterThanOrEqual(0);
    reference.push({ time, order: pushes++ });
  };
  const popAndCompare = () => {
    const expected = reference.pop()!;
    const slot = queue.pop(Number.POSITIVE_INFINITY);
    if (queue.times[slot] !== expected.time || queue.targets[slot] !== expected.order) {
      expect([queue.times[slot], queue.targets[slot]]).toEqual([expected.time, expected.order]);
    }
  };
  for (let i = 0; i < size; i++) push();
  for (let i = 0; i < 2 * size + 500; i++) {
    popAndCompare();
    push();
  }
  for (let i = 0; i < size >> 1; i++) popAndCompare();
  for (let i = 0; i < size; i++) {
    push();
    popAndCompare();
    push();
  }
  while (queue.size > 0) popAndCompare();
  expect(reference.peek()).toBeUndefined();
  expect(queue.pop(Number.POSITIVE_INFINITY)).toBe(-1);
}

describe("the order of events", () => {
  for (const [name, law] of Object.entries(laws)) {
    it(`is by time, then first in, first out, under the delay law "${name}"`, () => {
      for (const size of sizes) compareUnder(law, size, 0);
    });
  }

  it("is exact for integer times close to the end of the clock", () => {
    const law: Law = (uniform) => Math.floor(uniform() * 4);
    for (const size of sizes) compareUnder(law, size, 2 ** 52);
    compareUnder((uniform) => Math.floor(uniform() * 2 ** 30), 5_000, 2 ** 52);
    compareUnder((uniform) => (uniform() < 0.5 ? 1 : 2 ** 51), 5_000, 2 ** 52);
  });

  it("holds when times that never come are pending", () => {
    const queue = new EventQueue();
    for (let i = 0; i < 300; i++)
      queue.push(i % 3 === 0 ? Number.POSITIVE_INFINITY : i % 3 === 1 ? FOREVER : i, i, 0, 0, undefined);
    const order = drain(queue);
    const key = (i: number) => (i % 3 === 0 ? 2 : i % 3 === 1 ? 1 : 0);
    expect(order).toEqual([...order].sort((a, b) => key(a) - key(b) || a - b));
    expect(order.length).toBe(300);
  });

  it("is that of a sorted list for any sequence of pushes, bounded pops and cancellations", () => {
    const delay = fc.oneof(
      fc.constant(0),
      fc.nat(3),
      fc.nat(1_000_000),
      fc.double({ min: 0, max: 100, noNaN: true }).map((x) => (x < 1e-200 ? 0 : x)),
      fc.integer({ min: 0, max: 2 ** 50 }),
    );
    const command = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant("push"),
          amount: delay,
          count: fc.integer({ min: 1, max: 90 }),
        }),
      },
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant("pop"),
          amount: delay,
          count: fc.integer({ min: 1, max: 90 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant("cancel"),
          amount: fc.nat(1_000),
          count: fc.integer({ min: 1, max: 60 }),
        }),
      },
    );
    fc.assert(
      fc.property(fc.array(command, { size: "+1", maxLength: 60 }), (commands) => {
        const queue = new EventQueue();
        let list: { time: number; order: number; ticket: number }[] = [];
        let order = 0;
        for (const { kind, amount, count } of commands) {
          for (let i = 0; i < count; i++) {
            if (kind === "push") {
              // Some at the same time, some spread out.
              const time = queue.now + (i % 2 === 0 ? amount : amount * (i / 8));
              const slot = queue.push(time, order, 0, 0, undefined);
              list.push({ time, order: order++, ticket: queue.ticket(slot) });
              // Swapping with larger successors only keeps equal times first in, first out.
              for (let j = list.length - 1; j > 0 && list[j - 1]!.time > time; j--) {
                [list[j - 1], list[j]] = [list[j]!, list[j - 1]!];
              }
            } else if (kind === "pop") {
              const limit = queue.now + amount;
              const slot = queue.pop(limit);
              const expected = list.length > 0 && list[0]!.time <= limit ? list.shift() : undefined;
              expect(slot < 0 ? undefined : queue.targets[slot]).toBe(expected?.order);
              if (expected !== undefined) expect(queue.cancel(expected.ticket)).toBe(false);
            } else if (list.length > 0) {
              const [victim] = list.splice((amount + i * 7) % list.length, 1);
              expect(queue.cancel(victim!.ticket)).toBe(true);
              expect(queue.cancel(victim!.ticket)).toBe(false);
            }
          }
          expect(queue.size).toBe(list.length);
        }
        const inOrder: number[] = [];
        queue.forEachInOrder((slot) => inOrder.push(queue.targets[slot]!));
        expect(inOrder).toEqual(list.map((pending) => pending.order));
        expect(drain(queue)).toEqual(inOrder);
        list = [];
      }),
      { numRuns: 150 },
    );
  });
});

function drain(queue: EventQueue): number[] {
  const order: number[] = [];
  for (
    let slot = queue.pop(Number.POSITIVE_INFINITY);
    slot >= 0;
    slot = queue.pop(Number.POSITIVE_INFINITY)
  ) {
    order.push(queue.targets[slot]!);
  }
  return order;
}

describe("pop", () => {
  it("takes events up to and including the limit", () => {
    const queue = new EventQueue();
    queue.push(10, 1, 0, 0, undefined);
    queue.push(20, 2, 0, 0, undefined);
    expect(queue.pop(9)).toBe(-1);
    expect(queue.targets[queue.pop(10)]).toBe(1);
    expect(queue.pop(19)).toBe(-1);
    expect(queue.now).toBe(10);
    expect(queue.targets[queue.pop(20)]).toBe(2);
    expect(queue.pop(Number.POSITIVE_INFINITY)).toBe(-1);
    expect(queue.now).toBe(20);
  });

  it("leaves room before the next event when the limit held it back, however many are pending", () => {
    for (const size of sizes) {
      const queue = new EventQueue();
      for (let i = 0; i < size; i++) queue.push(1_000_000 + (i % 100), i, 0, 0, undefined);
      for (let time = 0; time < 2_000; time += 10) {
        expect(queue.pop(time)).toBe(-1);
        queue.push(time + 5, -1, 0, 0, undefined);
        expect(queue.targets[queue.pop(time + 5)]).toBe(-1);
        expect(queue.now).toBe(time + 5);
      }
      for (let time = 900_000; time > 400_000; time -= 1_000) {
        expect(queue.pop(300_000)).toBe(-1);
        queue.push(time, time, 0, 0, undefined);
      }
      const order = drain(queue);
      expect(order.slice(0, 500)).toEqual(Array.from({ length: 500 }, (_, i) => 401_000 + 1_000 * i));
      expect(order.length).toBe(500 + size);
    }
  });

  it("honours a limit before the current time", () => {
    const queue = new EventQueue();
    queue.push(10, 1, 0, 0, undefined);
    queue.pop(10);
    queue.push(10, 2, 0, 0, undefined);
    expect(queue.pop(9)).toBe(-1);
    expect(queue.targets[queue.pop(10)]).toBe(2);
  });

  it("keeps every field of the event readable until the next call", () => {
    const queue = new EventQueue();
    const payload = { kind: "hello" };
    for (let i = 0; i < 1_000; i++) queue.push(i, i, 2 * i, 7 - i, i % 2 === 0 ? payload : undefined);
    for (let i = 0; i < 1_000; i++) {
      const slot = queue.pop(FOREVER);
      expect([queue.times[slot], queue.targets[slot], queue.sources[slot], queue.metas[slot]]).toEqual([
        i,
        i,
        2 * i,
        7 - i,
      ]);
      expect(queue.payloads[slot]).toBe(i % 2 === 0 ? payload : undefined);
    }
  });
});

describe("push", () => {
  it("refuses a time before the last event popped, and what is no time", () => {
    const queue = new EventQueue();
    queue.push(10, 0, 0, 0, undefined);
    queue.pop(10);
    expect(() => queue.push(9, 0, 0, 0, undefined)).toThrow("before the current time 10");
    expect(() => queue.push(Number.NaN, 0, 0, 0, undefined)).toThrow(RangeError);
  });
});

describe("times", () => {
  it("too close to tell apart are an error and not an endless search", () => {
    const queue = new EventQueue();
    expect(() => {
      for (let i = 0; i < 100; i++) queue.push(i * Number.MIN_VALUE, i, 0, 0, undefined);
    }).toThrow("too close to tell apart");
  });
});

describe("payloads", () => {
  it("are let go once they were popped or cancelled", () => {
    const queue = new EventQueue();
    const tickets: number[] = [];
    for (let i = 0; i < 500; i++) {
      const slot = queue.push(1 + (i % 90), i, 0, 0, { i });
      if (i % 3 === 0) tickets.push(queue.ticket(slot));
    }
    for (let i = 0; i < 100; i++) queue.pop(FOREVER);
    for (const ticket of tickets) queue.cancel(ticket);
    while (queue.pop(FOREVER) >= 0);
    expect(queue.payloads.filter((payload) => payload !== undefined)).toEqual([]);
  });

  it("of an earlier event do not show up in one without", () => {
    const queue = new EventQueue();
    queue.push(1, 0, 0, 0, "old");
    queue.pop(FOREVER);
    const slot = queue.push(2, 0, 0, 0, undefined);
    expect(queue.payloads[slot]).toBeUndefined();
  });
});

describe("cancel", () => {
  it("is false for an event that has fired, even when its slot is in use again", () => {
    const queue = new EventQueue();
    const ticket = queue.ticket(queue.push(1, 0, 0, 0, undefined));
    queue.pop(FOREVER);
    const slot = queue.push(2, 0, 0, 0, undefined);
    expect(queue.cancel(ticket)).toBe(false);
    const second = queue.ticket(slot);
    expect(queue.cancel(ticket)).toBe(false);
    expect(queue.cancel(second)).toBe(true);
    expect(queue.size).toBe(0);
    expect(queue.pop(FOREVER)).toBe(-1);
  });

  it("is false for what never was a ticket and for tickets from before a reset", () => {
    const queue = new EventQueue();
    expect(queue.cancel(0)).toBe(false);
    expect(queue.cancel(-1)).toBe(false);
    expect(queue.cancel(12_345)).toBe(false);
    const ticket = queue.ticket(queue.push(1, 0, 0, 0, undefined));
    queue.reset(0);
    queue.ticket(queue.push(1, 0, 0, 0, undefined));
    expect(queue.cancel(ticket)).toBe(false);
    expect(queue.size).toBe(1);
  });

  it("gives the slots of cancelled events back, so that timers reset for ever need no more room", () => {
    const queue = new EventQueue();
    for (let i = 0; i < 100; i++) queue.push(1e9 + i, i, 0, 0, undefined);
    for (let i = 0; i < 100_000; i++) {
      const ticket = queue.ticket(queue.push(1_000 + i, 0, 0, 0, undefined));
      expect(queue.cancel(ticket)).toBe(true);
    }
    expect(queue.times.length).toBeLessThanOrEqual(512);
    expect(drain(queue).length).toBe(100);
  });

  it("does not move the clock to events that were cancelled", () => {
    const queue = new EventQueue();
    const tickets = Array.from({ length: 200 }, () => queue.ticket(queue.push(50, 0, 0, 0, undefined)));
    queue.push(90, 1, 0, 0, undefined);
    for (let i = 0; i < 150; i++) queue.push(95, 2, 0, 0, undefined);
    for (const ticket of tickets) queue.cancel(ticket);
    expect(queue.pop(60)).toBe(-1);
    expect(queue.now).toBe(0);
    queue.push(40, 3, 0, 0, undefined);
    expect(queue.targets[queue.pop(60)]).toBe(3);
    expect(queue.targets[queue.pop(90)]).toBe(1);
  });

  for (const [name, law] of Object.entries(laws)) {
    it(`never lets a cancelled event out nor loses another, under the delay law "${name}"`, () => {
      for (const [size, share] of [
        [50, 0.5],
        [400, 0.2],
        [3_000, 0.9],
      ] as const)
        cancelUnder(law, size, share);
    });
  }
});

/** Every event is followed by a ticket; after each pop an arbitrary pending one is cancelled with probability `share`. */
function cancelUnder(law: Law, size: number, share: number): void {
  const uniform = uniformFrom(size + 7);
  const queue = new EventQueue();
  const reference = new Reference();
  const tickets = new Map<number, number>();
  let pushes = 0;
  const push = () => {
    const time = queue.now + law(uniform, pushes);
    tickets.set(pushes, queue.ticket(queue.push(time, pushes, 0, 0, undefined)));
    reference.push({ time, order: pushes++ });
  };
  const wrong: string[] = [];
  for (let i = 0; i < size; i++) push();
  for (let i = 0; queue.size > 0; i++) {
    let expected = reference.pop();
    while (expected !== undefined && !tickets.has(expected.order)) expected = reference.pop();
    const slot = queue.pop(Number.POSITIVE_INFINITY);
    const order = queue.targets[slot]!;
    if (order !== expected?.order) wrong.push(`${order} instead of ${expected?.order}`);
    if (queue.cancel(tickets.get(order)!)) wrong.push(`${order} fired and could be cancelled`);
    tickets.delete(order);
    if (i < 2 * size) push();
    if (uniform() >= share) continue;
    const victim = pushes - 1 - Math.floor(uniform() * Math.min(pushes, 2 * size));
    const ticket = tickets.get(victim);
    if (ticket === undefined) continue;
    if (!queue.cancel(ticket)) wrong.push(`${victim} is pending and could not be cancelled`);
    tickets.delete(victim);
    if (i < 2 * size && uniform() < 0.9) push();
  }
  expect(wrong).toEqual([]);
  expect(tickets.size).toBe(0);
}

describe("a copy by forEachInOrder", () => {
  it("holds as many events as there are", () => {
    const queue = new EventQueue();
    for (let i = 0; i < 300_000; i++) queue.push(1 + (i % 2), i, 0, 0, undefined);
    let visited = 0;
    let ordered = true;
    queue.forEachInOrder((slot) => {
      ordered &&= queue.targets[slot] === (visited < 150_000 ? 2 * visited : 2 * (visited - 150_000) + 1);
      visited++;
    });
    expect([visited, ordered]).toEqual([300_000, true]);
  });

  for (const [name, law] of Object.entries(laws)) {
    it(`goes on exactly like the original, under the delay law "${name}"`, () => {
      for (const size of [3, 64, 500, 2_000]) {
        const uniform = uniformFrom(size + 99);
        const original = new EventQueue();
        let pushes = 0;
        for (let i = 0; i < size; i++) original.push(law(uniform, pushes), pushes++, 0, 0, undefined);
        for (let i = 0; i < size; i++) {
          original.pop(Number.POSITIVE_INFINITY);
          const slot = original.push(original.now + law(uniform, pushes), pushes++, 0, 0, undefined);
          if (i % 5 === 0) original.cancel(original.ticket(slot));
        }
        const copy = new EventQueue();
        copy.push(1, 0, 0, 0, "forgotten by reset");
        copy.reset(original.now);
        original.forEachInOrder((slot) => {
          copy.push(original.times[slot]!, original.targets[slot]!, 0, 0, undefined);
        });
        expect(copy.size).toBe(original.size);
        // Both get the same later events, among them some at the current time.
        for (let i = 0; i < size; i++) {
          const time = original.now + (i % 4 === 0 ? 0 : law(uniform, pushes));
          for (const queue of [original, copy]) queue.push(time, pushes, 0, 0, undefined);
          pushes++;
          for (const queue of [original, copy]) queue.pop(Number.POSITIVE_INFINITY);
          expect(copy.now).toBe(original.now);
        }
        expect(drain(copy)).toEqual(drain(original));
      }
    });
  }
});
