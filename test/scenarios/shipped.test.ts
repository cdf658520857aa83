/** The scenario files that come with bokisim, the JSON Schema beside them and the reference page. */

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { catalogue } from "../../scenarios/catalogue.ts";
import { scenarioJsonSchema } from "../../scenarios/json-schema.ts";
import { loadScenario } from "../../scenarios/load.ts";
import { fieldTables, pageWith, schemaText } from "../../scenarios/reference.ts";
import { EXAMPLE, edited } from "./example.ts";

const SCENARIOS = join(import.meta.dirname, "../../scenarios");
const PAGE = readFileSync(join(import.meta.dirname, "../../docs/scenarios.md"), "utf8");
const files = readdirSync(SCENARIOS).filter((name) => name.endsWith(".yaml"));
const accepts = new Ajv2020({ allowUnionTypes: true }).compile(scenarioJsonSchema());

describe.each(files)("%s", (name) => {
  const text = readFileSync(join(SCENARIOS, name), "utf8");

  test("is right, has the name of its file and says what it shows", () => {
    const scenario = loadScenario(text, name);
    expect(scenario.name).toBe(basename(name, ".yaml"));
    expect(scenario.summary).not.toBe("");
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\/scenario\.schema\.json\n#\n# /);
  });

  test("is accepted by the JSON Schema", () => {
    accepts(parse(text));
    expect(accepts.errors).toBe(null);
  });

  test("is right in its written form, with every default", () => {
    const scenario = loadScenario(text, name);
    accepts(scenario.written);
    expect(accepts.errors).toBe(null);
    expect(loadScenario(JSON.stringify(scenario.written), name)).toEqual(scenario);
  });
});

describe("the JSON Schema", () => {
  test.each([
    ["localCut: 300us", "localCut: 300"],
    ["localCut:", "localCutt:"],
    ["engines: 4", "engines: 0"],
    ["latency: 50us", "latency: { uniform: { low: 1us } }"],
    ["latency: 50us", "latency: { constant: 1us, uniform: { low: 1us, high: 2us } }"],
    ["append: 90%", "append: lots"],
    ["read: next", "read: nxt"],
    ["duration: 2s\n", ""],
    ["expect:\n", "faults: [{ at: 1s, crash: 5 }]\nexpect:\n"],
    ["expect:\n", "faults: [{ at: 1s, crsh: primary }]\nexpect:\n"],
    ["expect:\n", "faults: [{ at: 1s, pause: primary, for: exponential }]\nexpect:\n"],
    ["expect:\n", "faults: [{ at: 1s, disk: { of: storages, slow: 10 } }]\nexpect:\n"],
    ["expect:\n", "defects: [P21]\nexpect:\n"],
    ["expect:\n", "reconfigure: [{ sequencers: [1] }]\nexpect:\n"],
  ])("refuses %j replaced by %j", (from, to) => {
    expect(accepts(parse(EXAMPLE))).toBe(true);
    expect(accepts(parse(edited(from, to)))).toBe(false);
  });

  test.each([
    "{ at: 1s, for: 200ms, crash: primary }",
    "{ at: 1s, crash: { of: [storage-1, engine-2], host: off, disk: lost } }",
    "{ every: exponential 500ms, for: uniform 5ms 50ms, pause: any 2 storages }",
    "{ every: { lognormal: { median: 1s, sigma: 0.5 } }, reset: any backup of log 2 }",
    "{ at: 1s, partition: { of: storage-1, from: zookeeper, shape: oneWay } }",
    "{ at: 1s, clock: { of: nodes, offset: -5ms, drift: -100ppm } }",
  ])("accepts the fault %s", (fault) => {
    accepts(parse(edited("expect:\n", `faults: [${fault}]\nexpect:\n`)));
    expect(accepts.errors).toBe(null);
  });

  test("names no hidden field and has no words of our own", () => {
    expect(schemaText()).not.toMatch(/"mutation"|"hidden"|"otherwise"/);
  });

  test("is up to date; `npm run docs:scenarios` makes it so", () => {
    expect(readFileSync(join(SCENARIOS, "scenario.schema.json"), "utf8")).toBe(schemaText());
  });
});

describe("docs/scenarios.md", () => {
  test("has the fields and the example of mistakes as they are; `npm run docs:scenarios` makes it so", () => {
    expect(PAGE).toBe(pageWith(PAGE, fieldTables()));
  });

  test("says of every field what it is", () => {
    const rows = fieldTables()
      .split("\n")
      .filter((line) => line.startsWith("| `"));
    expect(rows.length).toBeGreaterThan(100);
    for (const row of rows) expect(row.split(" | ")[3]?.trim(), row).not.toBe("");
  });

  const blocks = [...PAGE.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text!);

  test("shows parts of scenarios that are right", () => {
    const [first] = blocks as [string];
    expect(loadScenario(first, "first.yaml").name).toBe("first");
    const workload = parse(first).workload;
    for (const text of blocks.filter((each) => !each.startsWith("name: broken"))) {
      const whole = { name: "part", duration: "5s", workload, ...parse(text) };
      expect(() => loadScenario(JSON.stringify(whole), "part.yaml"), text).not.toThrow();
    }
  });
});

test("the catalogue lists every shipped scenario with one line", () => {
  const entries = catalogue();
  expect(entries.map(({ file }) => basename(file))).toEqual(files.toSorted());
  for (const { summary } of entries) expect(summary).toMatch(/^.{10,100}$/);
});
