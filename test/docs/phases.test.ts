/** What waiting is called in the pages of the models is what the code calls it. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { LOG_ROWS } from "../../models/boki/phases.ts";
import { RUNTIME_ROWS } from "../../models/nightcore/phases.ts";
import type { PhaseTable } from "../../models/phases.ts";

/** The last column of the table of a section. */
function names(page: string, section: string): string[] {
  const text = readFileSync(page, "utf8");
  const from = text.indexOf(`\n## ${section}\n`);
  const part = text.slice(from, text.indexOf("\n## ", from + 4));
  const rows = part.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(1).flatMap((line) => line.split("|").at(-2)!.trim().split(", "));
}

/** Of every row that takes something up: what waiting for it is called. */
function called(table: PhaseTable): Set<string> {
  return new Set(
    Object.values(table)
      .flat()
      .flatMap(({ takesUp, waiting, waitingWith = {} }) =>
        takesUp === undefined
          ? []
          : [...(waiting === undefined ? [] : [waiting]), ...Object.values(waitingWith)],
      ),
  );
}

describe.each([
  ["docs/models/boki.md", "Where the time of an operation goes", LOG_ROWS],
  ["docs/models/nightcore.md", "Where the time of a request goes", RUNTIME_ROWS],
] as const)("%s", (page, section, table) => {
  test("names waits as the code does", () => {
    const known = called(table);
    const named = names(page, section);
    expect(named.length).toBeGreaterThan(4);
    for (const name of named) expect([...known]).toContain(name);
  });
});
