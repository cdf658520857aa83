/** `bokisim fuzz`, and `bokisim run` of what it wrote: the real program, end to end. */

import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { campaignFacts } from "../../cli/fuzz-progress.ts";

const PROGRAM = new URL("../../cli/bokisim.ts", import.meta.url).pathname;
const QUICKSTART = new URL("../../scenarios/quickstart.yaml", import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), "bokisim-fuzz-"));
afterAll(() => rmSync(directory, { recursive: true }));

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

const bokisim = (...args: string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { ...process.env, NO_COLOR: "1" };
    execFile(process.execPath, [PROGRAM, ...args], { cwd: directory, env }, (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code), out, err });
    });
  });

describe("bokisim fuzz", { timeout: 60_000 }, () => {
  test("finds a bug that is switched on, writes a small case, and the case replays", async () => {
    const found = await bokisim("fuzz", "--calm", "--runs", "20", "--mutation", "readPrevStrict", "--quiet");
    expect({ status: found.status, err: found.err }).toEqual({ status: 1, err: "" });
    expect(found.out).toMatch(/R1 a read shows the log as of the position it returns/);
    const files = readdirSync(join(directory, "out", "fuzz"));
    const file = files.find((each) => each.endsWith(".yaml"));
    // Its space-time diagram lies beside it.
    for (const ending of ["svg", "html"]) expect(files).toContain(file!.replace(/yaml$/, ending));
    expect(file).toMatch(/^R1-seed1-run\d+\.yaml$/);
    const path = join("out", "fuzz", file!);
    expect(found.out).toContain(`replay: bokisim run ${path}`);

    const replayed = await bokisim("run", path);
    expect({ status: replayed.status, err: replayed.err }).toEqual({ status: 1, err: "" });
    expect(replayed.out).toContain("This is what the file says: same digest, same verdict.");
    // The operations of the small case, with the read that is wrong.
    expect(replayed.out).toMatch(/from \(ms\) +to \(ms\) +who +what +result\n/);
    expect(replayed.out).toMatch(/worker-1\.\d +append \[.*\] in LogBook 1 +0000000100000000\n/);
    expect(replayed.out).toMatch(/worker-1\.\d +readPrev from 0000000100000000 .*in LogBook 1 +nothing\n/);
    expect(await bokisim("validate", path)).toEqual({ status: 0, out: `${path}: right\n`, err: "" });

    // Without the bug nothing is broken, and the file says otherwise.
    const text = readFileSync(join(directory, path), "utf8");
    writeFileSync(join(directory, "mended.yaml"), text.replace("mutation: readPrevStrict", "mutation: none"));
    const mended = await bokisim("run", "mended.yaml");
    expect(mended.status).toBe(0);
    expect(mended.out).toMatch(/^Nothing is broken\.\n/);
    expect(mended.out).toContain("This is not what the file says");
  });

  test("prints JSON, the same for one job and for two, and nothing else", async () => {
    const args = ["fuzz", "--calm", "--runs", "40", "--json", "--quiet"];
    const [one, two] = await Promise.all(
      ["1", "2"].map(async (jobs) => {
        const { status, out } = await bokisim(...args, "--jobs", jobs);
        expect(status).toBe(0);
        const { wallMillis, ...rest } = JSON.parse(out);
        expect(wallMillis).toBeGreaterThan(0);
        return rest;
      }),
    );
    expect(one).toMatchObject({ format: "bokisim-campaign-1", runs: 40, failedRuns: 0, findings: [] });
    expect(two).toEqual(one);
  });

  test("tries the function runtime, and replays what it finds there", async () => {
    const args = ["fuzz", "--system", "nightcore", "--runs", "20", "--mutation", "B14", "--quiet"];
    const found = await bokisim(...args, "--out", "runtime");
    expect({ status: found.status, err: found.err }).toEqual({ status: 1, err: "" });
    expect(found.out).toContain("I8 workers that are connected run a call or are idle");
    const file = readdirSync(join(directory, "runtime")).find((each) =>
      /^I8-seed1-run\d+\.yaml$/.test(each),
    )!;
    for (const ending of ["svg", "html"])
      expect(readdirSync(join(directory, "runtime"))).toContain(file.replace(/yaml$/, ending));
    const path = join("runtime", file);
    expect(await bokisim("validate", path)).toEqual({ status: 0, out: `${path}: right\n`, err: "" });
    const replayed = await bokisim("run", path);
    expect(replayed.status).toBe(1);
    expect(replayed.out).toContain("This is what the file says: same digest, same verdict.");
    const text = readFileSync(join(directory, path), "utf8");
    writeFileSync(join(directory, "well.yaml"), text.replace("mutation: newWorkerTwice", "mutation: none"));
    expect((await bokisim("run", "well.yaml")).out).toMatch(
      /^Nothing is broken\.\n\nRequests: 1 answered, 0 /,
    );
    writeFileSync(join(directory, "bad.yaml"), text.replace("language: ", "language: x"));
    expect((await bokisim("validate", "bad.yaml")).err).toMatch(
      /^bad\.yaml:\d+:\d+ +case\.functions\.0\.language: found "x/,
    );
  });

  test("takes the cluster of a scenario", async () => {
    const { status, out } = await bokisim("fuzz", QUICKSTART, "--calm", "--runs", "10", "--quiet");
    expect(status).toBe(0);
    expect(out).toContain("No run of 10 broke anything.");
  });

  test.each([
    [["--mutation", "nope"], "a number or a name of docs/models/boki.md"],
    [["--system", "nightcore", "--mutation", "B99"], "a number or a name of docs/models/nightcore.md"],
    [["--system", "nightcore", "--defect", "P1"], "--defect names defects of the log"],
    [["quickstart", "--system", "nightcore"], "a scenario is for --system boki"],
    [["--system", "lambda"], "Allowed: boki, nightcore"],
    [["--defect", "P99"], "Allowed: P1, P2"],
    [["--time", "5"], "A time such as 30s"],
    [["--runs", "0"], "A whole number from 1 on"],
    [["nowhere"], "no such file"],
  ])("refuses %j with a reason", async (args, reason) => {
    const { status, err } = await bokisim("fuzz", ...args);
    expect(status).toBe(2);
    expect(err).toContain(reason);
  });

  test("does not pretend that a setting changes a case", async () => {
    writeFileSync(join(directory, "case.yaml"), "case: { seed: 1 }\n");
    const { status, err } = await bokisim("run", "case.yaml", "--set", "boki.localCut=1ms");
    expect(status).toBe(2);
    expect(err).toContain("--set does not apply");
  });
});

test("a campaign's progress tells runs, their rate, simulated time and failures", () => {
  const progress = {
    runsDone: 50,
    runs: 200,
    failedRuns: 3,
    simulatedNanos: 7_200_000_000_000,
    phase: "running",
  } as const;
  expect(campaignFacts(progress, 1_000)).toEqual({
    runs: "50 of 200 runs",
    perSecond: "50 runs/s",
    hours: "7200.0 simulated hours per hour",
    failed: "3 failed",
  });
  expect(campaignFacts({ ...progress, phase: "shrinking" }, 1_000).runs).toBe("making what failed small");
});
