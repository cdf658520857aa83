import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ProgramCache } from "../../sim/machine.ts";
import { type Program, type ProgramRun, resumeProgram, startProgram } from "../../sim/program.ts";

/** Sums what it is given until the sum passes a limit; then it asks once more, and ends. */
const summing: Program<{ limit: number }, string, number, { last: number; sum: number }> = function* ({
  limit,
}) {
  let sum = 0;
  while (sum < limit) sum += yield `sum is ${sum}`;
  const last = yield "the last one";
  return { last, sum };
};

function cache(): ProgramCache & { size: number } {
  const generators = new Map<number, Generator>();
  return {
    get: (run) => generators.get(run),
    set: (run, generator) => void generators.set(run, generator),
    delete: (run) => void generators.delete(run),
    get size() {
      return generators.size;
    },
  };
}

const nothing: ProgramCache = { get: () => undefined, set: () => {}, delete: () => {} };

describe("a program", () => {
  test("asks, is resumed with results and ends with an answer", () => {
    const live = cache();
    const run: ProgramRun<{ limit: number }, number> = { id: 1, args: { limit: 5 }, results: [] };
    expect(startProgram(summing, run, live)).toEqual({ done: false, request: "sum is 0" });
    expect(resumeProgram(summing, run, 3, live)).toEqual({ done: false, request: "sum is 3" });
    expect(resumeProgram(summing, run, 4, live)).toEqual({ done: false, request: "the last one" });
    expect(live.size).toBe(1);
    expect(resumeProgram(summing, run, 9, live)).toEqual({ done: true, answer: { last: 9, sum: 7 } });
    expect(run.results).toEqual([3, 4, 9]);
    expect(live.size).toBe(0);
  });

  test("that asks nothing ends at once", () => {
    const silent: Program<number, string, number, number> = function* (args) {
      if (args < 0) yield "never asked";
      return args * 2;
    };
    expect(startProgram(silent, { id: 1, args: 21, results: [] }, nothing)).toEqual({
      done: true,
      answer: 42,
    });
  });

  test("is the same resumed where it stands, rebuilt from its results at every step, or rebuilt at some", () => {
    fc.assert(
      fc.property(
        fc.nat(50),
        fc.array(fc.nat(10), { minLength: 60 }),
        fc.array(fc.boolean()),
        (limit, results, forget) => {
          const runOf = () => ({ id: 1, args: { limit }, results: [] as number[] });
          const [resumed, rebuilt, mixed] = [runOf(), runOf(), runOf()];
          const live = cache();
          let partly = cache();
          let step = [
            startProgram(summing, resumed, live),
            startProgram(summing, rebuilt, nothing),
            startProgram(summing, mixed, partly),
          ];
          for (let i = 0; i < results.length && !step[0]!.done; i++) {
            // As after a restore: the list of results is all there is.
            if (forget[i]) partly = cache();
            step = [
              resumeProgram(summing, resumed, results[i]!, live),
              resumeProgram(summing, rebuilt, results[i]!, nothing),
              resumeProgram(summing, mixed, results[i]!, partly),
            ];
            expect(step[1]).toEqual(step[0]);
            expect(step[2]).toEqual(step[0]);
          }
          expect(rebuilt).toEqual(resumed);
          expect(mixed).toEqual(resumed);
        },
      ),
    );
  });
});
