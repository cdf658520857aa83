/** A case as a file: written and read it is the same case; what is wrong with one is said with its place. */

import { describe, expect, test } from "vitest";
import { EMPTY_CASE } from "../../../scenarios/campaign/case.ts";
import { formatCase, parseCase } from "../../../scenarios/campaign/case-file.ts";
import { isCaseText } from "../../../scenarios/campaign/case-text.ts";
import { generateCase } from "../../../scenarios/campaign/generate.ts";
import { runCase } from "../../../scenarios/campaign/run-case.ts";
import { ScenarioError } from "../../../scenarios/problems.ts";

const VERDICT = runCase(EMPTY_CASE);

test("every drawn case is read back as it was written", () => {
  for (let run = 0; run < 100; run++) {
    const subject = generateCase({ seed: 1, mutation: run % 60, defects: ["P3", "P20"] }, run);
    const text = formatCase(subject, VERDICT, ["A heading.", "", "With # signs, and more."]);
    const file = parseCase(text, "case.yaml");
    expect(file.case).toEqual(subject);
    expect(file.expected).toMatchObject({ digest: VERDICT.digest, failures: [] });
    expect(isCaseText(text)).toBe(true);
  }
});

test("a case of nothing is a few words", () => {
  const text = formatCase(EMPTY_CASE, VERDICT, ["Nothing."]);
  expect(text).toMatch(/^# Nothing\.\n\ncase: \{ seed: 1 \}\nexpected: /);
});

test("a scenario is no case", () => {
  expect(isCaseText("name: x\nworkload: []\n")).toBe(false);
});

describe("a mistake in a case file is shown at its place", () => {
  const problemsOf = (text: string): string => {
    try {
      parseCase(text, "my.yaml");
    } catch (error) {
      if (error instanceof ScenarioError) return error.message;
      throw error;
    }
    return "none";
  };
  test.each([
    ["case:\n  sede: 1\n", 'my.yaml:2:3  case: unknown field "sede"'],
    ["case:\n  seed: -1\n", "my.yaml:2:9  case.seed: found -1: "],
    ["case:\n  mutation: nope\n", 'my.yaml:2:13  case.mutation: found "nope"; allowed: none, cutUsesMax'],
    ["case:\n  cluster: { engines: 1 }\n", "there must be at least as many nodes of a kind as replicas"],
    ["case:\n  calls:\n    - operations: [{ op: jump }]\n", "my.yaml:3:"],
    [
      "case:\n  faults:\n    timed:\n      - { atNanos: 1, fault: { kind: pause, of: { names: [sotrage-1] } } }\n",
      'my.yaml:4:30  case.faults.timed.0.fault: no process is named "sotrage-1"; did you mean "storage-1"?',
    ],
    [
      "case:\n  faults:\n    repeated:\n      - fromNanos: 1\n        everyNanos: { kind: constant, value: 9 }\n" +
        "        lengthNanos: { kind: constant, value: 9 }\n        fault: { kind: pause, of: { names: [engin-1] } }\n",
      'case.faults.repeated.0.fault: no process is named "engin-1"; did you mean "engine-1"?',
    ],
    ["case:\n  calls: [\n", "my.yaml:"],
  ])("%j", (text, message) => {
    expect(problemsOf(text)).toContain(message);
  });
});
