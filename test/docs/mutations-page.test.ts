/** docs/mutations.md is what `npm run mutations` wrote: a row for every mutation and every defect, as the code has them. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DEFECTS } from "../../models/boki/defects.ts";
import { Mutation } from "../../models/boki/mutations.ts";
import {
  ALLOWED,
  EXPECTED_OF_DEFECT,
  EXPECTED_OF_MUTATION,
  SHOWN_BY,
} from "../../scenarios/campaign/bugs.ts";

const page = readFileSync("docs/mutations.md", "utf8");
const rows = new Map(
  [...page.matchAll(/^\| (\w+) \| `(\w+)` \| ([^|]*) \| ([^|]*) \|/gm)].map(
    ([, id, name, expected, broke]) => [id!, { name, expected, broke }],
  ),
);

test("every mutation has its row, with its name and what it is expected to break", () => {
  for (const [name, id] of Object.entries(Mutation)) {
    if (name === "none") continue;
    const expected = EXPECTED_OF_MUTATION[name as keyof typeof EXPECTED_OF_MUTATION] as
      | readonly string[]
      | undefined;
    expect(rows.get(String(id))).toMatchObject({ name, expected: expected?.join(" ") ?? "nothing" });
  }
});

test("every defect of the released code has its row", () => {
  for (const [id, name] of Object.entries(DEFECTS)) {
    const expected = EXPECTED_OF_DEFECT[id as keyof typeof EXPECTED_OF_DEFECT];
    expect(rows.get(id)).toMatchObject({ name, expected: expected.join(" ") || "nothing" });
  }
});

test("no change that keeps every promise raised an alarm", () => {
  for (const name of ALLOWED) expect(rows.get(String(Mutation[name]))?.broke, name).toBe("nothing");
});

test("nearly all mutations were found", () => {
  const mutations = Object.values(Mutation).filter((id) => id > 0 && id <= 60);
  const found = mutations.filter((id) => rows.get(String(id))?.broke !== "nothing");
  expect(found.length).toBeGreaterThanOrEqual(50);
});

test("a defect that alone breaks nothing is shown by a test", () => {
  for (const [id, expected] of Object.entries(EXPECTED_OF_DEFECT)) {
    const shown = SHOWN_BY[id as keyof typeof SHOWN_BY];
    expect(shown === undefined, id).toBe(expected.length > 0);
    if (shown !== undefined) expect(readFileSync(shown.test, "utf8"), id).toMatch(new RegExp(`\\b${id}\\b`));
  }
});
