import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Line } from "../../sim/nic.ts";

/** A byte a nanosecond. */
const BITS_PER_SECOND = 8e9;

describe("a line", () => {
  test("sends one message after the other", () => {
    const line = new Line(BITS_PER_SECOND);
    expect([line.book(0, 0, 100), line.book(0, 0, 50), line.book(20, 30, 10)]).toEqual([100, 150, 160]);
    expect(line.waitNanos).toBe(0 + 100 + 120);
  });

  test("does not make a message wait for one that is ready later, but for what that had to wait", () => {
    const line = new Line(BITS_PER_SECOND);
    expect(line.book(0, 1_000, 100)).toBe(1_100);
    // Before it, into the gap up to it, and around it.
    expect(line.book(0, 0, 100)).toBe(100);
    expect(line.book(0, 900, 100)).toBe(1_000);
    expect(line.book(0, 50, 850)).toBe(1_150);
  });

  test("was busy for what has passed, not for what is booked", () => {
    const line = new Line(BITS_PER_SECOND);
    line.book(0, 100, 50);
    expect([0, 100, 120, 150, 900].map((now) => line.busyNanos(now))).toEqual([0, 0, 20, 50, 50]);
    line.book(120, 200, 100);
    line.resetCounts(140);
    expect([140, 150, 250, 300].map((now) => line.busyNanos(now))).toEqual([0, 10, 60, 110]);
  });

  // What a line must be: all of its capacity, given once. Checked against slots of one nanosecond.
  const bookings = fc.array(
    fc.record({ pause: fc.nat(30), ahead: fc.nat(120), length: fc.integer({ min: 1, max: 40 }) }),
    { maxLength: 80 },
  );

  test("gives each nanosecond once, the first free ones to each message", () => {
    fc.assert(
      fc.property(bookings, fc.nat(80), (list, cut) => {
        let line = new Line(BITS_PER_SECOND);
        const taken = new Set<number>();
        let now = 0;
        list.forEach(({ pause, ahead, length }, index) => {
          now += pause;
          let slot = now + ahead;
          for (let left = length; left > 0; slot++) {
            if (taken.has(slot)) continue;
            taken.add(slot);
            left--;
          }
          expect(line.book(now, now + ahead, length)).toBe(slot);
          if (index === cut) {
            const copy = new Line(BITS_PER_SECOND);
            copy.restore(structuredClone(line.save()));
            line = copy;
          }
          expect(line.busyNanos(now)).toBe([...taken].filter((each) => each < now).length);
        });
      }),
    );
  });
});
