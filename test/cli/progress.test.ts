import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { progressDisplay, progressFacts, progressStyle } from "../../cli/progress.ts";
import type { Progress } from "../../scenarios/replications.ts";

const HALF: Progress = {
  variant: "cut-300us",
  replication: 1,
  runs: 6,
  runsDone: 2,
  simulatedNanos: 5e9,
  totalNanos: 10e9,
  events: 10_000_000,
};

describe("progress", () => {
  test("tells simulated time, events per second, time left and the run", () => {
    expect(progressFacts(HALF, 4_000)).toEqual({
      share: 0.5,
      simulated: "5 s",
      end: "10 s",
      rate: "2.500 M events/s",
      left: "4 s",
      run: "run 3 of 6, cut-300us",
    });
  });

  test("does not claim to know the end before anything was simulated", () => {
    expect(progressFacts({ ...HALF, simulatedNanos: 0, events: 0 }, 10)).toMatchObject({
      share: 0,
      left: "?",
    });
  });

  test("is a bar on a terminal, lines elsewhere and nothing when quiet", () => {
    const terminal = { isTTY: true } as NodeJS.WriteStream;
    const file = {} as NodeJS.WriteStream;
    expect([
      progressStyle(false, terminal),
      progressStyle(false, file),
      progressStyle(true, terminal),
    ]).toEqual(["bar", "lines", "none"]);
  });

  describe("as lines", () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    test("writes one every few seconds, however often it is told", () => {
      const stream = new PassThrough();
      const display = progressDisplay("lines", stream as unknown as NodeJS.WriteStream);
      for (let millis = 0; millis < 10_000; millis += 10) {
        display.update(HALF);
        vi.advanceTimersByTime(10);
      }
      display.stop();
      const lines = String(stream.read()).trimEnd().split("\n");
      expect(lines).toHaveLength(3);
      expect(lines[0]).toMatch(
        /^50 %: 5 s of 10 s simulated, .* events\/s, \d+ s left \(run 3 of 6, cut-300us\)$/,
      );
    });
  });
});
