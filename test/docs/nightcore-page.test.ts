/** The page of the Nightcore model has the costs that the code has, and the reading order has every file. */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { COSTS } from "../../models/nightcore/costs.ts";
import { RUNTIME_INVARIANTS } from "../../models/nightcore/invariants/violations.ts";
import { Bug } from "../../models/nightcore/mutations.ts";
import { EXPECTED_OF_BUG } from "../../scenarios/campaign/runtime/bugs.ts";

const page = readFileSync("docs/models/nightcore.md", "utf8");
const order = readFileSync("models/nightcore/README.md", "utf8");

/** Names and values of a section's rows: `a`, `b` | 1,000, 2.5 | ... */
function rowsOf(section: string): [string, number][] {
  const text = page.slice(page.indexOf(`\n## ${section}\n`)).split("\n## ")[1]!;
  return text.split("\n").flatMap((line): [string, number][] => {
    const [, names = "", values = ""] = line.split("|");
    const all = [...names.matchAll(/`(\w+)`/g)].map(([, name]) => name!);
    const numbers = values.split(", ").map((value) => Number(value.trim().replaceAll(",", "")));
    return all.map((name, i) => [name, numbers[i]!]);
  });
}

describe("the costs on the page", () => {
  const rows = rowsOf("Costs");

  test("are those of the code", () => {
    expect(Object.fromEntries(rows)).toEqual({ ...COSTS });
  });
});

/** Rows of a section's table: the cells of each. */
function cellsOf(text: string, section: string): string[][] {
  const lines = text
    .slice(text.indexOf(`\n## ${section}\n`))
    .split("\n## ")[1]!
    .split("\n");
  return lines
    .filter((line) => line.startsWith("|") && !/^\| ?-/.test(line))
    .slice(1)
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll("`", "")),
    );
}

test("the invariants on the page are those of the code", () => {
  expect(Object.fromEntries(cellsOf(page, "Invariants"))).toEqual(RUNTIME_INVARIANTS);
});

describe("bugs", () => {
  const { none: _, ...bugs } = Bug;
  const source = readFileSync("models/nightcore/mutations.ts", "utf8");

  test("on the page are those of the code, in its words", () => {
    const rows = cellsOf(page, "Bugs");
    expect(Object.fromEntries(rows.map(([id, name]) => [name, Number(id!.slice(1))]))).toEqual(bugs);
    for (const [id, , words] of rows) expect(source).toContain(`/** ${id}: ${words}. */`);
  });

  test("in the table of mutations are those of the code, each found by what it was expected to break", () => {
    const rows = cellsOf(readFileSync("docs/mutations.md", "utf8"), "The runtime");
    expect(Object.fromEntries(rows.map(([id, name]) => [name, Number(id!.slice(1))]))).toEqual(bugs);
    for (const [, name, expected, broke] of rows) {
      const names = EXPECTED_OF_BUG[name as keyof typeof EXPECTED_OF_BUG] as readonly string[];
      expect(expected).toBe(names.join(" "));
      expect(
        broke!.split(" ").some((each) => names.includes(each)),
        name,
      ).toBe(true);
    }
  });
});

test("every file has its place in the reading order", () => {
  const files = readdirSync("models/nightcore").filter((name) => name.endsWith(".ts"));
  expect(files.filter((name) => !order.includes(`\`${name}\``))).toEqual([]);
  const named = [...order.matchAll(/`([\w-]+\.ts)`/g)].map(([, name]) => name!);
  expect(named.filter((name) => !files.includes(name))).toEqual([]);
});
