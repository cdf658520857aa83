/** `bokisim explain`, end to end: a scenario, the result of a run, and what is wrong with the rest. */

import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

const PROGRAM = new URL("../../cli/bokisim.ts", import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), "bokisim-explain-"));
afterAll(() => rmSync(directory, { recursive: true }));

const bokisim = (...args: string[]): Promise<{ status: number; out: string; err: string }> =>
  new Promise((resolve) => {
    const options = {
      cwd: directory,
      maxBuffer: 64 * 1_024 * 1_024,
      env: { ...process.env, NO_COLOR: "1" },
    };
    execFile(process.execPath, [PROGRAM, ...args], options, (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code), out, err });
    });
  });

writeFileSync(
  join(directory, "tiny.yaml"),
  `
name: tiny
warmup: 10ms
duration: 50ms
cluster: { engines: 3, storages: 3, sequencers: 3, workersPerEngine: 8 }
workload:
  - name: all
    arrival: { closedLoop: { clients: 16, think: 100us } }
    mix: { append: 3, checkTail: 1 }
    tagsPerRecord: 1
    tags: { count: 3 }
`,
);

describe("bokisim explain", { timeout: 60_000 }, () => {
  test("explains the result of a run by running it again, and writes a page", async () => {
    expect((await bokisim("run", "tiny.yaml", "--quiet", "--set", "boki.localCut=200us")).status).toBe(0);
    const { status, out, err } = await bokisim("explain", "out/tiny", "--op", "append", "--quiet");
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(out).toMatch(/The p99 append takes .* longer than the median one/);
    expect(out).toMatch(/which\s+is\s+that\s+of\s+the\s+result/);
    expect(out).toContain("Page: out/tiny/explanation.html");
    for (const name of ["explanation.html", "explanation.svg", "explanation.json"]) {
      expect(existsSync(join(directory, "out/tiny", name))).toBe(true);
    }
    const result = JSON.parse(readFileSync(join(directory, "out/tiny/result.json"), "utf8"));
    const explanation = JSON.parse(readFileSync(join(directory, "out/tiny/explanation.json"), "utf8"));
    expect(explanation.digest).toBe(result.variants[0].digests[0]);
  });

  test("prints JSON for programs, and nothing else", async () => {
    const { status, out } = await bokisim("explain", "tiny.yaml", "--op", "append", "--json", "--quiet");
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ format: "bokisim-explanation-1", operation: "append" });
  });

  test.each([
    [["tiny.yaml", "--op", "apend"], 'there is no operation apend; did you mean "append"?'],
    [["tiny.yaml", "--op", "append", "--percentile", "100"], "A percentile above 0 and below 100 is wanted"],
    [["tiny.yaml"], "required option '--op <operation>' not specified"],
    [["other.json", "--op", "append"], "other.json is not the result.json of a run"],
    [["old.json", "--op", "append"], "old.json does not hold its scenario"],
    [["broken.json", "--op", "append"], "broken.json is not JSON"],
    [["old.json", "--op", "append", "--seed", "2"], "--set and --seed are for scenarios"],
  ])("%j ends with status 2 and says what is wrong", async (args, message) => {
    writeFileSync(join(directory, "other.json"), '{ "format": "something" }');
    writeFileSync(join(directory, "old.json"), '{ "format": "bokisim-result-1", "variants": [] }');
    writeFileSync(join(directory, "broken.json"), "{ ");
    const { status, out, err } = await bokisim("explain", ...args, "--quiet");
    expect({ status, out }).toEqual({ status: 2, out: "" });
    expect(err).toContain(message);
  });
});
