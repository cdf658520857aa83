/** Whatever a file holds, reading it gives a scenario or a ScenarioError whose every problem has a place. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadScenario } from "../../scenarios/load.ts";
import { ScenarioError } from "../../scenarios/problems.ts";
import { EXAMPLE } from "./example.ts";

const BASE = `${EXAMPLE}variants:
  - { name: a, set: { boki.localCut: 100us } }
sweep: { path: seed, values: [1, 2] }
faults:
  - { at: 1s, for: 200ms, crash: primary }
  - { every: exponential 500ms, for: uniform 5ms 50ms, pause: any 2 storages }
  - { at: 1s, for: 1ms, loss: { of: [storage-1, engine-2], share: 5%, bothWays: on } }
heal: 2s
reconfigure: [{ at: 1s, sequencers: [3, 1, 2] }]
defects: [P3]
`;
const TOKENS = [
  ..."{}[]:,&*!|>-?#%@`'\"\t\n \\~",
  ...[
    "<<",
    "__proto__",
    "constructor",
    "null",
    "300",
    "-1us",
    "1e999",
    ".inf",
    ".nan",
    "0x10",
    "---",
    "...",
    "&a ",
    "*a",
    "!!set ",
    "💥",
    "\u0000",
    "\r",
    "\uFEFF",
  ],
  ...[
    "quantiles",
    "mixture",
    "set",
    "sweep",
    "paths",
    "workload",
    "variants",
    "95%",
    "on",
    "[[]]",
    "{}",
    "append.p50 < 2ms",
  ],
];

function mustNotCrash(text: string, set: string[] = []): void {
  try {
    const scenario = loadScenario(text, "x.yaml", { set });
    expect(scenario.workloads.length).toBeGreaterThan(0);
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    expect(error.problems.length).toBeGreaterThan(0);
    const lines = text.split("\n").length;
    for (const { line = 1, column = 1, length = 1, message } of error.problems) {
      expect(message).not.toBe("");
      expect(line).toBeGreaterThanOrEqual(1);
      expect(line).toBeLessThanOrEqual(lines);
      expect(column).toBeGreaterThanOrEqual(1);
      expect(length).toBeGreaterThanOrEqual(1);
    }
  }
}

const edit = fc.record({
  at: fc.nat(BASE.length),
  remove: fc.oneof(fc.constant(0), fc.nat(12)),
  insert: fc.oneof(fc.constant(""), fc.constantFrom(...TOKENS), fc.string({ maxLength: 6 })),
});

describe("loading", { timeout: 60_000 }, () => {
  test("survives any edits of a right file", () => {
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let text = BASE;
        for (const { at, remove, insert } of edits)
          text = text.slice(0, at) + insert + text.slice(at + remove);
        mustNotCrash(text);
      }),
      { numRuns: 1_000 },
    );
  });

  test("survives any value in place of any other", () => {
    const paths = BASE.split("\n").flatMap((line) => /^ *-? *(\w+):/.exec(line)?.[1] ?? []);
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(...TOKENS));
    fc.assert(
      fc.property(fc.constantFrom(...paths), value, (field, found) => {
        const text = BASE.replace(
          new RegExp(`(\\b${field}:)[^\\n]*`),
          (_, key) => `${key} ${JSON.stringify(found)}`,
        );
        mustNotCrash(text);
      }),
      { numRuns: 1_000 },
    );
  });

  test("survives lines that are moved", () => {
    const lines = BASE.split("\n");
    fc.assert(
      fc.property(fc.shuffledSubarray(lines), (some) => mustNotCrash(some.join("\n"))),
      { numRuns: 500 },
    );
  });

  test("survives any text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => mustNotCrash(text)));
  });

  test("survives any setting of the command line", () => {
    const step = fc.constantFrom(
      "boki",
      "localCut",
      "workload",
      "writers",
      "0",
      "9",
      "arrival",
      "",
      "__proto__",
      "set",
      "variants",
      "a",
      "expect",
      "x",
    );
    const path = fc.array(step, { maxLength: 4 }).map((steps) => steps.join("."));
    const value = fc.oneof(fc.constantFrom(...TOKENS), fc.json({ maxDepth: 2 }), fc.string());
    const setting = fc.tuple(path, fc.constantFrom("=", "", "=="), value).map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.array(setting, { maxLength: 3 }), (set) => mustNotCrash(BASE, set)),
      { numRuns: 1_000 },
    );
  });
});
