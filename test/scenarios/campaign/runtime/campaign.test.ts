/** A slice of the runtime's campaign: the design keeps every promise, and what breaks one is found and made small. */

import { describe, expect, test } from "vitest";
import { RELEASED } from "../../../../models/nightcore/config.ts";
import { Bug } from "../../../../models/nightcore/mutations.ts";
import { runBatch } from "../../../../scenarios/campaign/batch.ts";
import { isRuntimeCaseText } from "../../../../scenarios/campaign/case-text.ts";
import { hunt } from "../../../../scenarios/campaign/hunt.ts";
import {
  applicationOf,
  CASE_SETTINGS,
  type RuntimeCase,
} from "../../../../scenarios/campaign/runtime/case.ts";
import { formatRuntimeCase, parseRuntimeCase } from "../../../../scenarios/campaign/runtime/case-file.ts";
import {
  generateRuntimeCase,
  type RuntimeCampaign,
} from "../../../../scenarios/campaign/runtime/generate.ts";
import { RUNTIME_MARKS } from "../../../../scenarios/campaign/runtime/marks.ts";
import { type RuntimeVerdict, runRuntimeCase } from "../../../../scenarios/campaign/runtime/run-case.ts";
import { shrinkRuntimeCase } from "../../../../scenarios/campaign/runtime/shrink.ts";
import { runtimeCaseDiagram } from "../../../../scenarios/campaign/runtime/space-time.ts";
import { ScenarioError } from "../../../../scenarios/problems.ts";

const INTENDED: RuntimeCampaign = { system: "nightcore", seed: 7, mutation: Bug.none };
const RUNS = 400;

describe("a slice of the campaign, as designed", () => {
  const { failed, marks, settledNanosMax } = runBatch(INTENDED, 0, RUNS);

  test("breaks no invariant, takes the same course twice, and answers everything", () => {
    expect(failed).toEqual([]);
    expect(settledNanosMax).toBeGreaterThan(0);
  });

  // Silence means something only if there was something to break.
  test("reaches every situation that it has to", () => {
    expect(Object.keys(RUNTIME_MARKS).filter((name) => !Object.hasOwn(marks, name))).toEqual([]);
    expect(Object.keys(marks).filter((name) => !Object.hasOwn(RUNTIME_MARKS, name))).toEqual([]);
  });
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
    const campaign: RuntimeCampaign = { system: "nightcore", seed: 1, mutation: Bug.newWorkerTwice };
    const { runs, found } = hunt({ campaign, runs: 100, shrinkAttempts: 200 });
    expect(runs).toBeLessThan(20);
    expect(found!.shrunk).toEqual({ faults: 0, requests: 1, functions: 1, nodes: 1 });
  });

  test("that does not show is not found", () => {
    const { runs, found } = hunt({ campaign: INTENDED, runs: 20, shrinkAttempts: 1 });
    expect([runs, found]).toEqual([20, undefined]);
  });

  test("is still the same when its case is small, and without the bug the case is harmless", () => {
    const campaign: RuntimeCampaign = { system: "nightcore", seed: 1, mutation: Bug.messageNotCleared };
    const subject = generateRuntimeCase(campaign, 0);
    const { case: small, verdict } = shrinkRuntimeCase(subject, "I2", { attempts: 200 });
    expect(verdict.counts.I2).toBeGreaterThan(0);
    expect(runRuntimeCase(small).digest).toBe(verdict.digest);
    expect(runRuntimeCase({ ...small, mutation: Bug.none }).failures).toEqual([]);
  });
});

describe("a case as a file", () => {
  test("is the same case again, whatever was drawn", () => {
    for (let run = 0; run < 150; run++) {
      const subject = generateRuntimeCase(
        { ...INTENDED, mutation: Bug.freedIdle, released: run % 3 === 0 },
        run,
      );
      const verdict = { digest: "0", counts: {} } as RuntimeVerdict;
      const text = formatRuntimeCase(subject, verdict, ["What was found."]);
      expect(isRuntimeCaseText(text)).toBe(true);
      const plain = JSON.parse(JSON.stringify(subject));
      expect(JSON.parse(JSON.stringify(parseRuntimeCase(text, "x.yaml").case)), `run ${run}`).toEqual(plain);
    }
  });

  const right = `case:
  system: nightcore
  functions:
    - { name: a, language: go, steps: [ { op: call, fn: b } ] }
    - { name: b, language: cpp }
  loads: [ { fn: a, count: 3, connections: 1 } ]
  faults: { timed: [ { atNanos: 0, fault: { kind: crash, of: { part: idle worker of b } } } ] }
`;

  test.each([
    ["language: go", "language: rust", "case.functions.0.language", "allowed: cpp, go, node, python"],
    ["fn: b", "fn: c", "case.functions.0.steps.0", 'there is no function "c"'],
    ["{ name: b,", "{ name: a,", "case.functions.1.name", 'a second "a"'],
    ["{ fn: a,", "{ fn: aa,", "case.loads.0.fn", 'there is no function "aa"'],
    ["worker of b", "worker of d", "case.faults.timed.0.fault", 'there is no part "idle worker of d"'],
    [
      "part: idle worker of b",
      "names: [ client-load1 ]",
      "case.faults.timed.0.fault",
      'did you mean "client-load0"',
    ],
    ["count: 3", "count: 0", "case.loads.0.count", "found 0"],
    [
      "  loads",
      "  settings: { balancing: best }\n  loads",
      "case.settings.balancing",
      "allowed: random, roundRobin",
    ],
  ])("has %s; %s is a mistake at its place", (from, to, path, message) => {
    expect(parseRuntimeCase(right, "x.yaml").case.functions).toHaveLength(2);
    expect(right).toContain(from);
    const wrong = () => parseRuntimeCase(right.replace(from, to), "x.yaml");
    expect(wrong).toThrow(ScenarioError);
    expect(wrong).toThrow(new RegExp(`^x\\.yaml:\\d+:\\d+ +${path.replaceAll(".", "\\.")}: `));
    expect(wrong).toThrow(message);
  });

  test("has a diagram, with what never got an answer", () => {
    const { case: subject } = parseRuntimeCase(
      right.replace("nightcore", "nightcore\n  mutation: dropSilent"),
      "x",
    );
    const diagram = runtimeCaseDiagram(subject, "x.yaml")!;
    expect(diagram.digest).toBe(runRuntimeCase(subject).digest);
    expect(diagram.messages.length).toBeGreaterThan(10);
    expect(diagram.nodes).toContain("gateway");
  });
});

describe("as released", () => {
  const broken = (withFaults: boolean): Set<string> => {
    const names = new Set<string>();
    for (let run = 0; run < 200; run++) {
      const drawn = generateRuntimeCase({ system: "nightcore", seed: 1, mutation: Bug.none }, run);
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
