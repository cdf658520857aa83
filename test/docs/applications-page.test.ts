/** docs/models/applications.md has the files, the kinds of work, the commands and the costs of the code. */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { STORE_KINDS } from "../../models/applications/application.ts";
import { COMMANDS, COSTS, storePools, WORKS } from "../../models/applications/costs.ts";

const page = readFileSync("docs/models/applications.md", "utf8");

/** Rows of the first table of a section, without its head: the cells of each. */
function tableOf(title: string): string[][] {
  const section = page.slice(page.search(new RegExp(`^## ${title}$`, "m"))).split(/\n## /)[0]!;
  const lines = section.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const bare = (cell: string) => cell.replaceAll("`", "");

describe("docs/models/applications.md", () => {
  test("has every file of the folder once", () => {
    const files = tableOf("The parts").map(([file]) => bare(file!));
    expect(files.sort()).toEqual(readdirSync("models/applications").sort());
  });

  test("has every kind of work with what it counts", () => {
    expect(Object.fromEntries(tableOf("Work").map(([kind, amount]) => [bare(kind!), amount]))).toEqual(WORKS);
  });

  test("has every kind of store with its threads and commands", () => {
    const cores = 13;
    const threads = (kind: (typeof STORE_KINDS)[number]) => {
      const [pool] = storePools(kind, cores);
      const count = pool!.threads === cores ? "as many as cores" : String(pool!.threads);
      return pool!.shared === true ? `${count}, shared` : count;
    };
    expect(tableOf("Stores")).toEqual(
      STORE_KINDS.map((kind) => [kind, threads(kind), COMMANDS[kind].join(", ")]),
    );
  });

  test("has the value of every cost", () => {
    const documented = tableOf("Costs").flatMap(([names, values]) => {
      const numbers = values!.split(/, /).map((value) => Number(value.replaceAll(",", "")));
      const each = names!.split(", ").map(bare);
      expect(numbers, names).toHaveLength(each.length);
      return each.map((name, i) => [name, numbers[i]!] as const);
    });
    expect(Object.fromEntries(documented)).toEqual(COSTS);
    expect(documented).toHaveLength(Object.keys(COSTS).length);
  });
});
