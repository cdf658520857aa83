/** docs/property-tests.md shows a test file that runs with all others, and names what the package exports. */

import { readFileSync } from "node:fs";
import * as bokisim from "bokisim";
import { expect, test } from "vitest";

const page = readFileSync("docs/property-tests.md", "utf8");

test("the example of docs/property-tests.md is a test file of at most 30 lines, word for word", () => {
  const shown = /<!-- example -->\n```ts\n(.*?)```/s.exec(page)?.[1] ?? "";
  expect(shown).toBe(readFileSync("test/docs/property-example.test.ts", "utf8"));
  expect(shown.trimEnd().split("\n").length).toBeLessThanOrEqual(30);
});

test("what the page says is exported is exported", () => {
  const rows = [...page.matchAll(/^\| (`.*?) \|/gm)].map(([, names]) => names!);
  const names = rows.flatMap((cell) => [...cell.matchAll(/`(\w+)/g)].map(([, name]) => name!));
  expect(names.length).toBeGreaterThan(10);
  expect(Object.keys(bokisim)).toEqual(expect.arrayContaining(names));
});
