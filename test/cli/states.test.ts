/** `bokisim replay` and `bokisim spacetime`, end to end. */

import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

const PROGRAM = new URL("../../cli/bokisim.ts", import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), "bokisim-states-"));
afterAll(() => rmSync(directory, { recursive: true }));

const bokisim = (...args: string[]): Promise<{ status: number; out: string; err: string }> =>
  new Promise((resolve) => {
    const env = { ...process.env, NO_COLOR: "1" };
    execFile(process.execPath, [PROGRAM, ...args], { cwd: directory, env }, (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code), out, err });
    });
  });

writeFileSync(
  join(directory, "tiny.yaml"),
  `
name: tiny
warmup: 10ms
duration: 30ms
cluster: { engines: 3, workersPerEngine: 8 }
workload:
  - { name: all, arrival: { poisson: { rate: 1k/s } }, mix: { append: 1 } }
`,
);

describe("bokisim replay", { timeout: 60_000 }, () => {
  test("shows the state of a process in the run of a result, and what its steps changed", async () => {
    expect((await bokisim("run", "tiny.yaml", "--quiet")).status).toBe(0);
    const args = [
      "replay",
      "out/tiny",
      "--at",
      "20ms",
      "--until",
      "25ms",
      "--node",
      "sequencer-1",
      "--quiet",
    ];
    const { status, out, err } = await bokisim(...args);
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(out).toContain("sequencer-1 at 0.020s (tiny, seed 1)");
    expect(out).toMatch(/metalogPosition: \d+/);
    expect(out).toMatch(/\d+ steps up to 0\.025s/);
    expect(out).toContain("shardProgress from storage-");
    const json = JSON.parse((await bokisim(...args, "--json")).out);
    expect(json).toMatchObject({
      format: "bokisim-states-1",
      node: "sequencer-1",
      atNanos: 20_000_000,
      up: true,
    });
    expect(json.changes.length).toBeGreaterThan(3);
    // Off a terminal the steps are lines.
    expect((await bokisim(...args, "--step")).out).toBe(out);
  });

  test.each([
    [["--node", "storage-1"], /required option '--at <time>' not specified/],
    [["--at", "soon", "--node", "storage-1"], /A time from the start of the warm-up is wanted/],
    [["--at", "20ms", "--node", "storag-1"], /no process is named storag-1; did you mean "storage-1"/],
    [["--at", "20ms", "--until", "10ms", "--node", "storage-1"], /--until must be after --at/],
    [["--at", "20ms", "--step", "--node", "storage-1"], /--step goes through the steps up to --until/],
  ])("%j is wrong", async (args, message) => {
    const { status, err } = await bokisim("replay", "tiny.yaml", ...args, "--quiet");
    expect(status).toBe(2);
    expect(err).toMatch(message);
  });
});

describe("bokisim spacetime", { timeout: 60_000 }, () => {
  test("writes the diagram of an operation as data, page and picture", async () => {
    const { status, out, err } = await bokisim(
      "spacetime",
      "tiny.yaml",
      "--op",
      "append",
      "--out",
      "st",
      "--quiet",
    );
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(out).toMatch(/^\d+ messages between \d+ processes: one append, which began at/);
    for (const ending of ["html", "svg"])
      expect(existsSync(join(directory, `st/space-time.${ending}`))).toBe(true);
    const diagram = JSON.parse(readFileSync(join(directory, "st/space-time.json"), "utf8"));
    expect(diagram.format).toBe("bokisim-space-time-1");
  });

  test.each([
    [[], /either an operation \(--op append\) or an interval/],
    [["--op", "append", "--window", "1ms..2ms"], /either an operation/],
    [["--op", "apend"], /no operation apend .* did you mean "append"/],
    [["--window", "2ms..1ms"], /Two moments of the run are wanted/],
  ])("%j is wrong", async (args, message) => {
    const { status, err } = await bokisim("spacetime", "tiny.yaml", ...args, "--quiet");
    expect(status).toBe(2);
    expect(err).toMatch(message);
  });
});
