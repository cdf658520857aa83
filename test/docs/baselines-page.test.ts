/** docs/models/baselines.md has the files and the costs of the code, and the published numbers that the scenario has. */

import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { COSTS } from "../../models/baselines/costs.ts";
import { loadAny } from "../../scenarios/load.ts";
import type { RuntimeScenario } from "../../scenarios/scenario.ts";

const page = readFileSync("docs/models/baselines.md", "utf8");

/** Cells of the rows of a section's table, without its head. */
function tableOf(title: string): string[][] {
  const section = page.slice(page.indexOf(`\n## ${title}\n`)).split("\n## ")[1]!;
  const rows = section.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test("the page has every file once", () => {
  const files = tableOf("The parts").map(([file]) => file!.replaceAll("`", ""));
  expect(files.sort()).toEqual(readdirSync("models/baselines").sort());
});

test("the page has every cost with its value", () => {
  const documented = tableOf("Costs").flatMap(([names, values]) => {
    const each = [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => name!);
    const numbers = values!.split(", ").map((value) => Number(value.replaceAll(",", "")));
    expect(numbers, names).toHaveLength(each.length);
    return each.map((name, i) => [name, numbers[i]!] as const);
  });
  expect(Object.fromEntries(documented)).toEqual(COSTS);
  expect(documented).toHaveLength(Object.keys(COSTS).length);
});

test("the published no-ops are those that the scenario measures itself against", () => {
  const file = "scenarios/noop.yaml";
  const { variants } = loadAny(readFileSync(file, "utf8"), file) as RuntimeScenario;
  const measured = variants.map(({ scenario }) => scenario.measurements.map(({ nanos }) => nanos));
  const published = tableOf("A warm no-op").map(([, cell]) => {
    const [, numbers, unit] = /^([\d., ]+) (us|ms)$/.exec(cell!) ?? [];
    const factor = unit === "us" ? 1_000 : 1_000_000;
    return numbers === undefined ? [] : numbers.split(", ").map((each) => Math.round(Number(each) * factor));
  });
  expect(published).toEqual(measured);
});
