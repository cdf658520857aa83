/** Every checker fires: in a run with a bug that breaks its invariant, or on observations that do. */

import { describe, expect, test } from "vitest";
import { NIGHTCORE_DEFAULTS } from "../../../models/nightcore/config.ts";
import { createRuntimeInvariants } from "../../../models/nightcore/invariants/invariants.ts";
import { RUNTIME_INVARIANTS } from "../../../models/nightcore/invariants/violations.ts";
import { callIdOf } from "../../../models/nightcore/messages.ts";
import { Bug, type BugName } from "../../../models/nightcore/mutations.ts";
import type { Observation } from "../../../models/nightcore/observations.ts";
import { generateRuntimeCase } from "../../../scenarios/campaign/runtime/generate.ts";
import { runRuntimeCase } from "../../../scenarios/campaign/runtime/run-case.ts";
import type { Observed } from "../../../sim/machine.ts";
import { MILLISECOND, SECOND } from "../../../sim/units.ts";

/** By invariant: a bug that breaks it, and a run of the campaign that shows it. */
const SHOWN_BY = {
  I1: ["sharedContext", 0],
  I2: ["messageNotCleared", 0],
  I3: ["newWorkerTwice", 2],
  I4: ["neverCountedDown", 3],
  I5: ["freedIdle", 0],
  I6: ["arrivalOvertakes", 6],
  I7: ["neverCountedDown", 0],
  I8: ["newWorkerTwice", 0],
  I9: ["admissionOffByOne", 0],
  I11: ["queueingTwice", 2],
  I12: ["bufferNotCleared", 4],
  I13: ["successAsFailure", 0],
  I14: ["throttleInverted", 7],
} as const satisfies Partial<Record<keyof typeof RUNTIME_INVARIANTS, readonly [BugName, number]>>;

describe("an invariant is broken by a bug, and without it kept in the same run", () => {
  test.each(Object.entries(SHOWN_BY))("%s by %s", (invariant, [bug, run]) => {
    const subject = generateRuntimeCase({ system: "nightcore", seed: 1, mutation: Bug[bug] }, run);
    expect(Object.keys(runRuntimeCase(subject).counts)).toContain(invariant);
    expect(runRuntimeCase({ ...subject, mutation: Bug.none }).failures).toEqual([]);
  });
});

/** What the checkers say of observations a millisecond apart, and of a quiet time after them. */
function violationsOf(...observations: readonly Observation[]): string[] {
  const invariants = createRuntimeInvariants({ settings: NIGHTCORE_DEFAULTS, functions: ["f"] });
  for (const [i, observation] of observations.entries()) {
    invariants.observe(0, observation as unknown as Observed, (i + 1) * MILLISECOND);
  }
  invariants.finish(60 * SECOND);
  return invariants.violations.map(({ invariant, message }) => `${invariant}: ${message}`);
}

const NODE = { node: 1, fn: 0 } as const;
const requested = { kind: "workerRequested", ...NODE, why: "refill", max: 4, expected: 0 } as const;

describe("I10", () => {
  test("holds for the last worker that there may be, not for one more", () => {
    expect(violationsOf({ ...requested, client: 1, workers: 1, requested: 2 })).toEqual([]);
    expect(violationsOf({ ...requested, client: 1, workers: 2, requested: 2 })).toEqual([
      "I10: f: one more worker is asked for, with 2 there and 2 on their way, and 4 allowed",
    ]);
  });
});

describe("I15", () => {
  test("is broken by a call of a worker that comes to the gateway", () => {
    const call = callIdOf(3, 7);
    const received = { kind: "externalReceived", call, method: 0, async: false } as const;
    const ended = { kind: "externalEnded", call, status: 200, told: true } as const;
    expect(violationsOf(received, ended)).toEqual([`I15: call ${call} of a worker has come to the gateway`]);
  });

  test("is broken by a call of a worker that comes to an engine from the gateway", () => {
    const call = callIdOf(3, 7);
    expect(violationsOf({ kind: "callArrived", ...NODE, call, parent: 0, internal: false })).toEqual([
      `I15: call ${call} of client 3 comes from the gateway`,
    ]);
  });
});

describe("I1", () => {
  test("is broken by a client that waits for ever, long after everything is whole", () => {
    const pending = [{ name: "request", startNanos: SECOND }];
    const create = (calmFromNanos: number) =>
      createRuntimeInvariants({
        settings: NIGHTCORE_DEFAULTS,
        functions: [],
        calmFromNanos,
        pending: () => pending,
      });
    const late = create(0);
    late.finish(60 * SECOND);
    expect(late.violations.map(({ invariant }) => invariant)).toEqual(["I1"]);
    const early = create(59 * SECOND);
    early.finish(60 * SECOND);
    expect(early.violations).toEqual([]);
  });

  test("is broken by a second answer", () => {
    const received = { kind: "externalReceived", call: 1, method: 0, async: false } as const;
    const ended = { kind: "externalEnded", call: 1, status: 200, told: true } as const;
    expect(violationsOf(received, ended)).toEqual([]);
    expect(violationsOf(received, ended, ended)).toEqual([
      "I1: call 1 is answered with 200, but it has been answered already",
    ]);
  });
});

describe("I9", () => {
  const settled = { kind: "gatewaySettled", waiting: 0, limit: 1 } as const;
  const dispatched = { kind: "externalDispatched", node: 1, queueingNanos: 0 } as const;

  test("is not broken by a limit that falls with a node, only by a call that is given out beyond it", () => {
    expect(violationsOf({ ...settled, running: 2, inFlight: [2] })).toEqual([]);
    expect(violationsOf({ ...dispatched, call: 1 }, { ...settled, running: 2, inFlight: [2] })).toEqual([
      "I9: 2 calls from outside run, 1 may",
    ]);
  });
});

describe("I12", () => {
  const made = {
    kind: "fileCreated",
    node: 1,
    call: callIdOf(2, 0),
    direction: "output",
    sizeBytes: 1_000,
  } as const;
  const removed = { kind: "fileRemoved", node: 1, call: made.call, direction: "output" } as const;
  const swept = { kind: "filesSwept", node: 1, client: 2, output: 0, except: [] } as const;

  test("is kept by whoever removes what was made: its reader, the engine after a worker's death, or a new engine", () => {
    expect(violationsOf(made, removed)).toEqual([]);
    expect(violationsOf(made, swept)).toEqual([]);
    const another = callIdOf(3, 0);
    expect(violationsOf({ ...made, call: another }, { ...swept, output: another })).toEqual([]);
    expect(
      violationsOf({ ...made, call: another, direction: "input" }, { ...swept, output: another }),
    ).toHaveLength(1);
    expect(violationsOf(made, { kind: "engineStarted", node: 1 })).toEqual([]);
  });

  test("is broken by what stays, is removed twice, or would have fit a message", () => {
    expect(violationsOf(made)).toHaveLength(1);
    expect(violationsOf(made, { ...swept, except: [made.call] })).toHaveLength(1);
    expect(violationsOf(made, removed, removed)).toEqual([
      `I12: node 1: the output file of call ${made.call} is removed, but is not there`,
    ]);
    expect(violationsOf({ ...made, sizeBytes: 960 }, removed)).toHaveLength(1);
  });
});

test("every invariant has a test here that makes it fire", () => {
  const shown = [...Object.keys(SHOWN_BY), "I10", "I15"];
  expect(shown.sort()).toEqual(Object.keys(RUNTIME_INVARIANTS).sort());
});
