/** The real program on real scenarios, end to end. */

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

const PROGRAM = new URL("../../cli/bokisim.ts", import.meta.url).pathname;
const QUICKSTART = new URL("../../scenarios/quickstart.yaml", import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), "bokisim-real-"));
afterAll(() => rmSync(directory, { recursive: true }));

const bokisim = (...args: string[]): Promise<{ status: number; out: string; err: string }> =>
  new Promise((resolve) => {
    const options = { cwd: directory, maxBuffer: 64 * 1_024 * 1_024 };
    execFile(process.execPath, [PROGRAM, ...args], options, (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code), out, err });
    });
  });

/** A few milliseconds of three engines, with the mix of operations that is asked for. */
const tiny = (mix: string): string => `
name: tiny
warmup: 0ms
duration: 20ms
cluster: { engines: 3, storages: 3, sequencers: 3, workersPerEngine: 8 }
workload:
  - name: all
    arrival: { closedLoop: { clients: 4, think: 100us } }
    mix: { ${mix} }
    logBooks: { count: 2 }
    tagsPerRecord: 1
    tags: { count: 3 }
`;

describe("bokisim", { timeout: 60_000 }, () => {
  test("names file, line, column and the nearest name for a typo in a scenario", async () => {
    const text = readFileSync(QUICKSTART, "utf8").replace(/^boki:/m, "bokki:");
    const line = text.split("\n").findIndex((each) => each.startsWith("bokki:")) + 1;
    writeFileSync(join(directory, "typo.yaml"), text);
    for (const command of ["run", "validate"]) {
      const { status, out, err } = await bokisim(command, "typo.yaml");
      expect({ status, out }).toEqual({ status: 2, out: "" });
      expect(err).toContain(`typo.yaml:${line}:1  bokki: unknown field; did you mean "boki"?`);
    }
    const { status, out, err } = await bokisim("validate", "typo.yaml", "--json");
    expect({ status, err }).toEqual({ status: 2, err: "" });
    const [{ file, right, problems }] = JSON.parse(out);
    expect({ file, right }).toEqual({ file: "typo.yaml", right: false });
    expect(problems[0]).toMatchObject({
      line,
      column: 1,
      path: "bokki",
      message: 'unknown field; did you mean "boki"?',
    });
  });

  test("writes the history of a run, which bokisim check finds linearizable where only appends were made", async () => {
    writeFileSync(join(directory, "tiny.yaml"), tiny("append: 100%"));
    const ran = await bokisim("run", "tiny.yaml", "--history", "history.jsonl", "--json", "--quiet");
    expect({ status: ran.status, err: ran.err }).toEqual({ status: 0, err: "" });
    const { status, out } = await bokisim("check", "history.jsonl", "--model", "log", "--json");
    const checked = JSON.parse(out);
    expect({ status, verdict: checked.verdict, clock: checked.clock }).toEqual({
      status: 0,
      verdict: "linearizable",
      clock: "nanos",
    });
    expect(checked.objects.map(({ key }: { key: string }) => key).sort()).toEqual(["1", "2"]);
    const [{ count }] = JSON.parse(ran.out).variants[0].operations;
    // Those that were under way at the end are in the history too.
    expect(checked.operations).toBeGreaterThanOrEqual(count);
    expect(checked.operations).toBeLessThanOrEqual(count + 4);
  });

  test("refuses a history that cannot be written, before it runs anything", async () => {
    writeFileSync(join(directory, "tiny.yaml"), tiny("append: 100%"));
    const { status, out, err } = await bokisim("run", "tiny.yaml", "--history", "nowhere/history.jsonl");
    expect({ status, out }).toEqual({ status: 2, out: "" });
    expect(err).toContain("--history: cannot write nowhere/history.jsonl: there is no such directory");
  });

  test("refuses to write the history of a case that a campaign wrote", async () => {
    writeFileSync(join(directory, "case.yaml"), "case:\n");
    const { status, err } = await bokisim("run", "case.yaml", "--history", "history.jsonl");
    expect(status).toBe(2);
    expect(err).toContain("case.yaml is a case of a campaign, which --history does not apply to");
  });

  test("runs a scenario to the same result whatever the number of jobs", async () => {
    const args = ["run", QUICKSTART, "--json", "--quiet", "--set", "warmup=50ms", "--set", "duration=100ms"];
    const one = await bokisim(...args, "--jobs", "1");
    const two = await bokisim(...args, "--jobs", "2");
    expect(one.err).toBe("");
    expect(JSON.parse(one.out).variants[0].operations.length).toBeGreaterThan(0);
    expect(two.out).toBe(one.out);
  });
});
