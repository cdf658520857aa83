/** What campaigns have found wrong in the models, each as the small case that showed it. All of it has been put right. */

import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseCase } from "../../../scenarios/campaign/case-file.ts";
import { isRuntimeCaseText } from "../../../scenarios/campaign/case-text.ts";
import { runCase } from "../../../scenarios/campaign/run-case.ts";
import { parseRuntimeCase } from "../../../scenarios/campaign/runtime/case-file.ts";
import { runRuntimeCase } from "../../../scenarios/campaign/runtime/run-case.ts";

const FOLDER = "test/scenarios/campaign/found";

for (const file of readdirSync(FOLDER).sort()) {
  test(`${file.replace(".yaml", "").replaceAll("-", " ")} breaks nothing any more`, () => {
    const text = readFileSync(`${FOLDER}/${file}`, "utf8");
    const { failures } = isRuntimeCaseText(text)
      ? runRuntimeCase(parseRuntimeCase(text, file).case)
      : runCase(parseCase(text, file).case);
    expect(failures).toEqual([]);
  });
}
