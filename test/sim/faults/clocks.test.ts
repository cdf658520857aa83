import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clockUnder, momentOf, readingAt } from "../../../sim/faults/clock.ts";
import type { Fault } from "../../../sim/faults/fault.ts";
import { add, logging, note, simulate } from "../kit.ts";
import { sender, suffer, timed } from "./kit.ts";

const clock = (wrong: { offsetNanos?: number; driftPpm?: number }): Fault => ({
  kind: "clock",
  of: { names: ["victim"] },
  ...wrong,
});

/** What the victim's clock shows at some moments. */
function readings(moments: readonly number[], faults: Parameters<typeof suffer>[1]) {
  const simulation = simulate();
  const shown: number[] = [];
  const victim = add(
    simulation,
    "victim",
    logging({
      receive: (_, out) => {
        shown.push(out.now);
      },
    }),
  );
  add(simulation, "source", sender([victim], moments));
  suffer(simulation, faults, 1e9);
  return shown;
}

describe("a wrong clock", () => {
  test("stands off the true time, runs faster or slower, and is set right at the end", () => {
    expect(readings([10, 50, 150], [timed(20, 100, clock({ offsetNanos: 1_000 }))])).toEqual([
      10, 1_050, 150,
    ]);
    expect(readings([10, 50, 150], [timed(20, 100, clock({ offsetNanos: -1_000 }))])).toEqual([
      10, -950, 150,
    ]);
    expect(readings([500, 2_000, 9_000], [timed(1_000, 5_000, clock({ driftPpm: 100_000 }))])).toEqual([
      500, 2_100, 9_000,
    ]);
  });

  test("adds up what several faults do to it", () => {
    const faults = [
      timed(1_000, 5_000, clock({ driftPpm: 100_000, offsetNanos: 7 })),
      timed(2_000, 2_000, clock({ driftPpm: -50_000 })),
    ];
    expect(readings([3_000, 5_000], faults)).toEqual([3_000 + 200 + 7 - 50, 5_000 + 400 + 7]);
  });

  test("that is fast shortens the timers that are set by it, and those only", () => {
    const simulation = simulate();
    const fired: [unknown, number][] = [];
    const victim = add(
      simulation,
      "victim",
      logging({
        start: (out) => out.setTimer("before", 10_000),
        receive: (_, out) => out.setTimer("during", 1_000),
        timeout: (timer, out) => {
          out.send(1, note(String(timer)));
        },
      }),
    );
    add(simulation, "sink", logging({ receive: ({ kind }, out) => void fired.push([kind, out.now]) }));
    add(simulation, "source", sender([victim], [2_000]));
    suffer(simulation, [timed(1_000, 1e6, clock({ driftPpm: 250_000, offsetNanos: 5e6 }))], 1e5);
    expect(fired).toEqual([
      ["during", 2_800],
      ["before", 10_000],
    ]);
  });

  test("takes time to go on, however fast it is: who waits for the rest of a time does not wait for ever", () => {
    const simulation = simulate({ eventsMax: 100 });
    let done = 0;
    add(
      simulation,
      "victim",
      logging({
        start: (out) => out.setTimer("rest", 1_000),
        timeout: (_, out) => {
          if (out.now < 5_003) out.setTimer("rest", 1);
          else done = out.now;
        },
      }),
    );
    suffer(simulation, [timed(1, 10_000, clock({ driftPpm: 4_000_000 }))], 20_000);
    expect(done).toBeGreaterThanOrEqual(5_003);
  });

  test("moves ticks, none of which is missed or comes twice", () => {
    fc.assert(
      fc.property(fc.integer({ min: -900_000, max: 900_000 }), fc.nat(1_000), (driftPpm, offsetNanos) => {
        const simulation = simulate();
        const ticks: number[] = [];
        add(
          simulation,
          "victim",
          logging({
            start: (out) => out.setTimer("begin", 500),
            timeout: (timer, out) => {
              if (timer === "tick") ticks.push(Math.floor((out.now - 13) / 100));
              out.setTimerAtTick("tick", 100, 13);
            },
          }),
        );
        suffer(simulation, [timed(400, undefined, clock({ driftPpm, offsetNanos }))], 20_000);
        expect(ticks.length).toBeGreaterThan(10);
        expect(ticks).toEqual(ticks.map((_, i) => ticks[0]! + i));
      }),
      { numRuns: 50 },
    );
  });

  test("does not change when operations are recorded, nor how late they were", () => {
    const simulation = simulate({ history: true });
    const victim = add(
      simulation,
      "victim",
      logging({
        receive: (_, out) => {
          const operation = out.begin("write", undefined, out.now - 10);
          out.complete(operation, "ok");
        },
      }),
    );
    add(simulation, "source", sender([victim], [1_000]));
    suffer(simulation, [timed(0, undefined, clock({ offsetNanos: 777_777 }))], 10_000);
    expect(simulation.recorder.history).toMatchObject([
      { type: "invoke", timeNanos: 990 },
      { type: "ok", timeNanos: 1_000 },
    ]);
  });
});

test("the moment at which a clock shows a reading is the first one that shows it", () => {
  const faults = fc.array(
    fc.record({
      offsetNanos: fc.integer({ min: -1e9, max: 1e9 }),
      driftPpm: fc.integer({ min: -2_000_000, max: 2_000_000 }),
      sinceNanos: fc.nat(1e9),
    }),
    { minLength: 1, maxLength: 3 },
  );
  fc.assert(
    fc.property(faults, fc.nat(1e9), fc.nat(1e6), (wrong, now, ahead) => {
      const clock = clockUnder(wrong)!;
      const reading = readingAt(clock, now) + ahead;
      const moment = momentOf(clock, now, reading);
      expect(readingAt(clock, moment)).toBeGreaterThanOrEqual(reading);
      if (moment > now) expect(readingAt(clock, moment - 1)).toBeLessThan(reading);
    }),
  );
});
