/** The program of docs/experiments.md, "From TypeScript": it runs, and finds what it looks for. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compare, load, report, run, ScenarioError } from "bokisim";
import { expect, onTestFinished, test } from "vitest";

const [, program = ""] =
  /## From TypeScript[\s\S]*?```ts\n([\s\S]*?)```/.exec(readFileSync("docs/experiments.md", "utf8")) ?? [];
const [, text = ""] = /const text = `\n([\s\S]*?)`;/.exec(program) ?? [];

test("the program of the page runs, compares and reports", { timeout: 60_000 }, async () => {
  for (const name of ["compare", "load", "report", "run"]) expect(program).toContain(`${name}(`);
  const directory = mkdtempSync(join(tmpdir(), "bokisim-example-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const result = await run(load(text, "two.yaml"), { jobs: 2, checked: false });
  expect(result.variants.map(({ variant }) => variant)).toEqual(["slow", "fast"]);
  await report(result, directory);
  expect(existsSync(join(directory, "report.html"))).toBe(true);
  const { variants } = await compare([{ text, file: "two.yaml" }], "mine", {
    ...{ metric: "append.p50", precision: 0.05, replicationsMin: 3, replicationsMax: 10, jobs: 2, set: [] },
  });
  expect(variants[1]!.compared[0]!.difference!.high).toBeLessThan(0);
});

test("a text that is wrong is told as the commands tell it", () => {
  expect(() => load("nmae: x\n", "wrong.yaml")).toThrow(ScenarioError);
});
