/** A slice of the runtime's campaign: the design keeps every promise, and what breaks one is found and made small. */

import { describe, expect, test } from "vitest";
import { RELEASED } from "../../../../models/nightcore/config.ts";
import { Bug } from "../../../../models/nightcore/mutations.ts";
import {
  applicationOf,
  CASE_SETTINGS,
  type RuntimeCase,
} from "../../../../scenarios/campaign/runtime/case.ts";
import { generateRuntimeCase } from "../../../../scenarios/campaign/runtime/generate.ts";
import { huntRuntime, runOf } from "../../../../scenarios/campaign/runtime/hunt.ts";
import { runRuntimeCase } from "../../../../scenarios/campaign/runtime/run-case.ts";
import { shrinkRuntimeCase } from "../../../../scenarios/campaign/runtime/shrink.ts";

const INTENDED = { seed: 7, mutation: Bug.none };
const RUNS = 400;

test("as designed no case breaks an invariant, and the same case takes the same course", () => {
  let [faults, ok, failed, unknown] = [0, 0, 0, 0];
  for (let run = 0; run < RUNS; run++) {
    const { verdict } = runOf(INTENDED, run);
    expect(verdict.failures, `run ${run}`).toEqual([]);
    faults += verdict.faults;
    ok += verdict.requests.ok;
    failed += verdict.requests.failed;
    unknown += verdict.requests.unknown;
  }
  // Silence means something only if there was something to break.
  expect(ok).toBeGreaterThan(20 * RUNS);
  expect(faults).toBeGreaterThan(RUNS / 2);
  expect(Math.min(failed, unknown)).toBeGreaterThan(RUNS / 4);
});

describe("cases", () => {
  const cases = Array.from({ length: 300 }, (_, run) => generateRuntimeCase(INTENDED, run));

  test("are the same whichever bug is on", () => {
    const withBug = generateRuntimeCase({ ...INTENDED, mutation: Bug.freedIdle }, 3);
    expect({ ...withBug, mutation: 0 }).toEqual(cases[3]);
  });

  test("reach what a runtime has to cope with", () => {
    const some = (is: (of: RuntimeCase) => boolean) => cases.some(is);
    expect(some(({ functions }) => new Set(functions.map(({ name }) => name[1])).size === 4)).toBe(true);
    expect(
      some(({ functions }) => functions.some(({ steps }) => steps.some(({ op }) => op === "parallel"))),
    ).toBe(true);
    expect(some(({ loads }) => loads.some(({ gapNanos, count }) => gapNanos === 0 && count > 5))).toBe(true);
    for (const min of [undefined, 0, 1, 4]) {
      expect(some(({ functions }) => functions.some(({ minWorkers }) => minWorkers === min))).toBe(true);
    }
    for (const max of [undefined, 1, 4, 20]) {
      expect(some(({ functions }) => functions.some(({ maxWorkers }) => maxWorkers === max))).toBe(true);
    }
    const kinds = new Set(cases.flatMap(({ faults }) => faults.timed.map(({ fault }) => fault.kind)));
    expect([...kinds].sort()).toEqual(["crash", "pause", "reset", "slowCpu"]);
  });

  test("have parallel calls only where a language has them", () => {
    for (const { functions } of cases) {
      for (const { language, steps } of functions) {
        if (language === "cpp") expect(steps.some(({ op }) => op === "parallel")).toBe(false);
      }
    }
  });

  test("name functions that there are", () => {
    expect(() =>
      applicationOf({
        ...cases[0]!,
        loads: [{ fn: "other", inputBytes: 0, atNanos: 0, count: 1, gapNanos: 0, connections: 1 }],
      }),
    ).toThrow("the case has no function other");
  });
});

describe("a bug", () => {
  test("is found and made small", () => {
    const campaign = { seed: 1, mutation: Bug.newWorkerTwice };
    const { runs, found } = huntRuntime({ campaign, runs: 100, shrinkAttempts: 200 });
    expect(runs).toBeLessThan(20);
    expect(found!.shrunk).toEqual({ faults: 0, requests: 1, functions: 1, nodes: 1 });
  });

  test("that does not show is not found", () => {
    const { runs, found } = huntRuntime({ campaign: INTENDED, runs: 20, shrinkAttempts: 1 });
    expect([runs, found]).toEqual([20, undefined]);
  });

  test("is still the same when its case is small, and without the bug the case is harmless", () => {
    const campaign = { seed: 1, mutation: Bug.messageNotCleared };
    const subject = generateRuntimeCase(campaign, 0);
    const { case: small, verdict } = shrinkRuntimeCase(subject, "I2", { attempts: 200 });
    expect(verdict.counts.I2).toBeGreaterThan(0);
    expect(runRuntimeCase(small).digest).toBe(verdict.digest);
    expect(runRuntimeCase({ ...small, mutation: Bug.none }).failures).toEqual([]);
  });
});

describe("as released", () => {
  const broken = (withFaults: boolean): Set<string> => {
    const names = new Set<string>();
    for (let run = 0; run < 200; run++) {
      const drawn = generateRuntimeCase({ seed: 1, mutation: Bug.none }, run);
      const settings = { ...CASE_SETTINGS, ...drawn.settings, ...RELEASED };
      const calm = withFaults ? {} : { faults: { timed: [] }, healNanos: 0 };
      for (const name of Object.keys(runRuntimeCase({ ...drawn, settings, ...calm }).counts)) names.add(name);
    }
    return names;
  };

  test("queues stay beside idle workers and are overtaken, pools grow at the wrong time, calls are forgotten", () => {
    const names = broken(false);
    for (const name of ["I1", "I5", "I6", "I9", "I14"]) expect(names).toContain(name);
    // These hold without faults.
    for (const name of ["I3", "I4", "I7", "I8", "I10", "I11", "I13", "I15", "exception", "abort"]) {
      expect(names).not.toContain(name);
    }
  });

  test("after faults more is lost: what runs is not what is counted, and engines crash", () => {
    const names = broken(true);
    for (const name of ["I2", "I4", "I7", "I12", "abort"]) expect(names).toContain(name);
  });
});
