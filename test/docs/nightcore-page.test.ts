/** The page of the Nightcore model has the costs that the code has, and the reading order has every file. */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { COSTS } from "../../models/nightcore/costs.ts";

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

test("every file has its place in the reading order", () => {
  const files = readdirSync("models/nightcore").filter((name) => name.endsWith(".ts"));
  expect(files.filter((name) => !order.includes(`\`${name}\``))).toEqual([]);
  const named = [...order.matchAll(/`([\w-]+\.ts)`/g)].map(([, name]) => name!);
  expect(named.filter((name) => !files.includes(name))).toEqual([]);
});
