/** The tables of docs/models/boki.md are those of the code: invariants, mutations, flags, messages, files. */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { INVARIANTS } from "../../models/boki/invariants/violations.ts";
import { Mutation } from "../../models/boki/mutations.ts";

const page = readFileSync("docs/models/boki.md", "utf8");

/** Rows of the first table of a section, without its head: the cells of each. */
function tableOf(text: string, title: string): string[][] {
  const section = text.slice(text.search(new RegExp(`^#+ ${title}$`, "m"))).split(/\n#+ /)[0]!;
  const lines = section.split("\n");
  const head = lines.findIndex((line) => /^\| ?-/.test(line));
  const rows = lines.slice(head + 1);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  return rows.slice(0, end < 0 ? rows.length : end).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
}

describe("docs/models/boki.md", () => {
  test("says of every invariant what it says in the code", () => {
    expect(Object.fromEntries(tableOf(page, "Invariants"))).toEqual(INVARIANTS);
  });

  test("has every mutation under its number", () => {
    const { none: _, ...mutations } = Mutation;
    const documented = tableOf(page, "Mutations").map(([number, name]) => [name, Number(number)]);
    expect(Object.fromEntries(documented)).toEqual(mutations);
  });

  test("has the default of every flag, and the value that the quickstart takes from the experiments", () => {
    const reference = tableOf(readFileSync("docs/scenarios.md", "utf8"), "`boki`");
    const quickstart = parse(readFileSync("scenarios/quickstart.yaml", "utf8")).boki as Record<
      string,
      unknown
    >;
    const inGibibytes = (value: string) =>
      value.replace(/^(\d+)MiB$/, (_, mebi) => `${Number(mebi) / 1_024}GiB`);
    const written = (value: unknown) => inGibibytes(value === true ? "on" : String(value));
    expect(tableOf(page, "Flags and timers")).toEqual(
      reference.map(([field, , fallback]) => [field, fallback, written(quickstart[field!] ?? fallback)]),
    );
  });

  test("has every kind of message once", () => {
    const documented = tableOf(page, "Messages").flatMap(([kinds]) => kinds!.split(", "));
    const source = readFileSync("models/boki/messages.ts", "utf8");
    const kinds = [...source.matchAll(/readonly kind: "(\w+)"/g)].map(([, kind]) => kind!);
    expect(documented.sort()).toEqual(kinds.sort());
  });
});

test("models/boki/README.md has every file of the folder once", () => {
  const rows = tableOf(readFileSync("models/boki/README.md", "utf8"), "Boki, a role a file");
  const files = readdirSync("models/boki").filter((name) => name.endsWith(".ts") || name === "invariants");
  const listed = rows.flatMap(([names]) => names!.split(", ")).map((name) => name.replace(/\/$/, ""));
  expect(listed.sort()).toEqual(files.sort());
});
