/** The scenario files that come with bokisim, the JSON Schema beside them and the reference page. */

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { loadApplication } from "../../scenarios/applications/load.ts";
import { catalogue } from "../../scenarios/catalogue.ts";
import { applicationJsonSchema, scenarioJsonSchema } from "../../scenarios/json-schema.ts";
import { loadAny } from "../../scenarios/load.ts";
import { PAGES, pageWith, SCHEMAS } from "../../scenarios/reference.ts";
import { EXAMPLE, edited } from "./example.ts";

const ROOT = join(import.meta.dirname, "../..");
const SCENARIOS = join(ROOT, "scenarios");
const files = readdirSync(SCENARIOS).filter((name) => name.endsWith(".yaml"));
const applications = readdirSync(join(SCENARIOS, "apps"));
const ajv = new Ajv2020({ allowUnionTypes: true });
const accepts = ajv.compile(scenarioJsonSchema());
const acceptsApplication = ajv.compile(applicationJsonSchema());
const readPage = (file: string): string => readFileSync(join(ROOT, file), "utf8");

describe.each(files)("%s", (name) => {
  const text = readFileSync(join(SCENARIOS, name), "utf8");

  test("is right, has the name of its file and says what it shows", () => {
    const scenario = loadAny(text, join(SCENARIOS, name));
    expect(scenario.name).toBe(basename(name, ".yaml"));
    expect(scenario.summary).not.toBe("");
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\/scenario\.schema\.json\n(#\n)?# /);
  });

  test("is accepted by the JSON Schema", () => {
    accepts(parse(text));
    expect(accepts.errors).toBe(null);
  });

  test("is right in its written form, with every default", () => {
    const file = join(SCENARIOS, name);
    const scenario = loadAny(text, file);
    accepts(scenario.written);
    expect(accepts.errors).toBe(null);
    // Only the text that it was read from is another.
    const again = loadAny(JSON.stringify(scenario.written), file);
    expect({ ...again, source: scenario.source }).toEqual(scenario);
  });
});

describe.each(applications)("apps/%s", (name) => {
  const text = readFileSync(join(SCENARIOS, "apps", name), "utf8");
  const content = parse(text, { merge: true });

  test("is right with each of its mixes, has the name of its file and names the schema", () => {
    for (const mix of Object.keys(content.mixes))
      expect(loadApplication(text, name, { mix }).name).toBe(basename(name, ".yaml"));
    expect(content.summary).not.toBe("");
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\.\/application\.schema\.json\n# /);
  });

  test("is accepted by the JSON Schema", () => {
    acceptsApplication(content);
    expect(acceptsApplication.errors).toBe(null);
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

  test.each([
    ["nightcore: {", "nightcore: { engineTreads: 2,"],
    ["balancing: leastLoad", "balancing: leastload"],
    ["system: nightcore", "system: nightcor"],
    ["application: apps/guestbook.yaml\n", ""],
    ["rate: 5k/s", "rate: 5k"],
    ["name: visitors", "name: visitors\n    recordSize: 1KiB"],
  ])("refuses %j replaced by %j in a scenario of an application", (from, to) => {
    const text = readFileSync(join(SCENARIOS, "nightcore-quickstart.yaml"), "utf8");
    expect(text).toContain(from);
    expect(accepts(parse(text))).toBe(true);
    expect(accepts(parse(text.replace(from, to)))).toBe(false);
  });

  test.each([
    ["language: cpp", "language: rust"],
    ["call: Feed.Add", "cal: Feed.Add"],
    ["call: Feed.Add", "call: Feed"],
    ["kind: redis", "kind: postgres"],
    ["whole: [10, 60]", "whole: [10]"],
    ["branch: { share: 5%, steps:", "branch: { share: 5%, then:"],
  ])("refuses %j replaced by %j in an application", (from, to) => {
    const text = readFileSync(join(SCENARIOS, "apps/guestbook.yaml"), "utf8");
    expect(text).toContain(from);
    expect(acceptsApplication(parse(text))).toBe(true);
    expect(acceptsApplication(parse(text.replace(from, to)))).toBe(false);
  });
});

describe.each(SCHEMAS)("$file", ({ file, text }) => {
  test("names no hidden field and has no words of our own", () => {
    expect(text()).not.toMatch(/"mutation"|"hidden"|"otherwise": "|"kind": "(amount|time|word)"/);
  });

  test("is up to date; `npm run docs:scenarios` makes it so", () => {
    expect(readPage(file)).toBe(text());
  });
});

describe.each(PAGES)("$file", (reference) => {
  const page = readPage(reference.file);

  test("has the fields and the example of mistakes as they are; `npm run docs:scenarios` makes it so", () => {
    expect(page).toBe(pageWith(reference, page));
  });

  test("says of every field what it is", () => {
    const rows = reference
      .tables()
      .split("\n")
      .filter((line) => line.startsWith("| `"));
    expect(rows.length).toBeGreaterThan(60);
    for (const row of rows)
      expect(row.split(" | ").length < 4 || row.split(" | ")[3]!.trim(), row).not.toBe("");
  });

  test("has a section for each of its own links", () => {
    const anchors = [...page.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
      title!
        .toLowerCase()
        .replaceAll(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    );
    const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor!);
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter((each) => !anchors.includes(each))).toEqual([]);
  });
});

const blocksOf = (page: string): string[] =>
  [...readPage(page).matchAll(/```yaml\n([\s\S]*?)```/g)]
    .map(([, text]) => text!)
    .filter((text) => !text.startsWith("name: broken"));

test("docs/scenarios.md shows parts of scenarios that are right", () => {
  const blocks = blocksOf("docs/scenarios.md");
  const [first] = blocks as [string];
  expect(loadAny(first, "first.yaml").name).toBe("first");
  const { workload } = parse(first);
  for (const text of blocks) {
    const whole = { name: "part", duration: "5s", workload, ...parse(text) };
    const file = join(SCENARIOS, "part.yaml");
    expect(() => loadAny(JSON.stringify(whole), file), text).not.toThrow();
  }
});

test("docs/applications.md shows the application that comes with bokisim, and parts that fit into it", () => {
  const [first, ...parts] = blocksOf("docs/applications.md") as [string, ...string[]];
  expect(first).toBe(readPage("scenarios/apps/guestbook.yaml"));
  const functions = (name: string) => ({ [name]: { language: "go", methods: { Write: {}, Store: {} } } });
  for (const text of parts) {
    const { steps, ...part } = parse(text) ?? {};
    const whole = {
      name: "part",
      stores: { parts: { kind: "redis" } },
      ...part,
      functions: {
        ...functions("Timeline"),
        ...functions("Posts"),
        F: { language: "go", methods: { One: { steps: steps ?? [] } } },
      },
      requests: { go: { call: "F.One" } },
    };
    expect(() => loadApplication(JSON.stringify(whole), "part.yaml"), text).not.toThrow();
  }
});

test("the catalogue lists every shipped scenario with one line", () => {
  const entries = catalogue();
  expect(entries.map(({ file }) => basename(file))).toEqual(files.toSorted());
  for (const { summary } of entries) expect(summary).toMatch(/^.{10,100}$/);
});
