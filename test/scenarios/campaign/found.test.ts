/** What campaigns have found wrong in the models, each as the small case that showed it. All of it has been put right. */

import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseCase } from "../../../scenarios/campaign/case-file.ts";
import { runCase } from "../../../scenarios/campaign/run-case.ts";

const FOLDER = "test/scenarios/campaign/found";

for (const file of readdirSync(FOLDER).sort()) {
  test(`${file.replace(".yaml", "").replaceAll("-", " ")} breaks nothing any more`, () => {
    const found = parseCase(readFileSync(`${FOLDER}/${file}`, "utf8"), file);
    expect(runCase(found.case).failures).toEqual([]);
  });
}
