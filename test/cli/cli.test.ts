import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";

const PROGRAM = new URL("fake-bokisim.ts", import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), "bokisim-cli-"));
afterAll(() => rmSync(directory, { recursive: true }));
beforeEach(() => {
  for (const word of ["held", "failed", "wrong", "defect", "slow"]) {
    writeFileSync(join(directory, `${word}.yaml`), `${word}\n`);
  }
});

interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in a directory of its own. */
function bokisim(
  args: readonly string[],
  onErr?: (kill: (signal: NodeJS.Signals) => void) => void,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let told = false;
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      cwd: directory,
      env: { ...process.env, FAKE_QUICKSTART: join(directory, "held.yaml"), NO_COLOR: "1" },
    });
    let out = "";
    let err = "";
    child.stdout.on("data", (data) => {
      out += data;
    });
    child.stderr.on("data", (data) => {
      err += data;
      if (!told) onErr?.((signal) => child.kill(signal));
      told = true;
    });
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, out, err }));
  });
}

describe("help", { timeout: 20_000 }, () => {
  test.each([
    [["--help"], "bokisim run my-scenario.yaml --seed 7"],
    [["run", "--help"], "bokisim run quickstart --set boki.globalCut=100us"],
    [["help", "run"], "--checked"],
    [["validate", "--help"], "bokisim validate scenarios/*.yaml"],
    [["list", "--help"], "bokisim list"],
    [["schema", "--help"], "bokisim schema > scenario.schema.json"],
  ])("of %j shows examples", async (args, example) => {
    const { status, out, err } = await bokisim(args);
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(out).toContain("Usage: bokisim");
    expect(out).toContain(example);
  });

  test("documents the exit status", async () => {
    for (const args of [["--help"], ["run", "--help"]]) {
      expect((await bokisim(args)).out).toMatch(/Exit status:\n {2}0 .*\n {2}1 .*\n {2}2 .*\n/);
    }
  });

  test("of the version is the version of the package", async () => {
    const { out } = await bokisim(["--version"]);
    expect(out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe("a wrong command line ends with status 2 and says what is wrong", { timeout: 20_000 }, () => {
  test.each([
    [["rum", "quickstart"], "Did you mean run?"],
    [[], "Usage: bokisim"],
    [["run"], "missing required argument 'file'"],
    [["run", "quickstart", "--sed", "1"], "Did you mean one of --seed, --set?"],
    [["run", "quickstart", "--seed", "x"], "A whole number from 0 on is wanted."],
    [["run", "quickstart", "--jobs", "0"], "A whole number from 1 on is wanted."],
    [["run", "quickstart", "--set", "boki.globalCut"], "It has the form path=value"],
    [["run", "quikstart"], "did you mean quickstart?"],
    [["run", "nowhere/to-be-found.yaml"], "no such file"],
    [["run", "wrong.yaml"], "wrong.yaml:1:1: unknown field wrong"],
    [["validate", "wrong.yaml"], "wrong.yaml:1:1: unknown field wrong"],
  ])("%j", async (args, message) => {
    const { status, out, err } = await bokisim(args);
    expect({ status, out }).toEqual({ status: 2, out: "" });
    expect(err).toContain(message);
    expect(err).not.toContain("    at ");
  });
});

describe("run", { timeout: 20_000 }, () => {
  test("prints the table and writes the report beside it, status 0 when everything held", async () => {
    const { status, out } = await bokisim(["run", "quickstart"]);
    expect(status).toBe(0);
    expect(out).toContain("Every expectation held");
    expect(out).toContain(`Report: ${join("out", "quickstart", "report.html")}`);
    for (const file of ["result.json", "report.html", "charts/latency-cdf.svg"]) {
      expect(existsSync(join(directory, "out", "quickstart", file)), file).toBe(true);
    }
  });

  test("ends with status 1 when an expectation or an invariant failed", async () => {
    const { status, out } = await bokisim(["run", "failed.yaml", "--out", "elsewhere"]);
    expect(status).toBe(1);
    expect(out).toContain("A3 violated");
    expect(existsSync(join(directory, "elsewhere", "report.html"))).toBe(true);
  });

  test("prints the result as JSON and nothing else", async () => {
    const { status, out, err } = await bokisim(["run", "quickstart", "--json", "--quiet", "--seed", "9"]);
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(JSON.parse(out)).toMatchObject({ format: "bokisim-result-1", seed: 9 });
    const written = await bokisim(["run", "quickstart", "--json", "--out", "json"]);
    expect(readFileSync(join(directory, "json", "result.json"), "utf8")).toBe(written.out);
  });

  test("ends without a word when its reader has seen enough", async () => {
    const child = spawn(process.execPath, [PROGRAM, "run", "held.yaml", "--json", "--quiet"], {
      cwd: directory,
    });
    let err = "";
    child.stderr.on("data", (data) => {
      err += data;
    });
    child.stdout.once("data", () => child.stdout.destroy());
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect({ status, err }).toEqual({ status: 0, err: "" });
  });

  test("hands every --set to the loader, in order", async () => {
    const { out } = await bokisim(["run", "quickstart", "--json", "--set", "a.b=1", "--set", "c=x=y"]);
    expect(JSON.parse(out).summary).toBe("a.b=1 c=x=y");
  });

  test("ends with status 70, a message and the stack when bokisim itself is wrong", async () => {
    const { status, err } = await bokisim(["run", "defect.yaml"]);
    expect(status).toBe(70);
    expect(err).toContain("this is a defect of bokisim");
    expect(err).toContain("assertion failed: defect");
    expect(err).toContain("    at ");
  });

  test("ends with status 130 and a line when it is interrupted", async () => {
    const { status, out, err } = await bokisim(["run", "slow.yaml"], (kill) => kill("SIGINT"));
    expect({ status, out }).toEqual({ status: 130, out: "" });
    expect(err).toContain("bokisim: interrupted");
  });
});

test("run writes no history where there is no log", { timeout: 20_000 }, async () => {
  const { status, err } = await bokisim(["run", "failed.yaml", "--history", "seen.jsonl"]);
  expect({ status, err }).toEqual({
    status: 2,
    err: "--history: there is no log in quickstart, so nothing is seen of one\n",
  });
});

describe("the other commands", { timeout: 20_000 }, () => {
  test("validate goes through all files", async () => {
    const { status, out, err } = await bokisim(["validate", "held.yaml", "wrong.yaml", "quickstart"]);
    expect(status).toBe(2);
    expect(out).toBe("held.yaml: right\nquickstart: right\n");
    expect(err).toContain("wrong.yaml:1:1");
  });

  test("list shows one line each, or JSON", async () => {
    const { out } = await bokisim(["list"]);
    expect(out).toBe(
      "quickstart    Appends and reads on the published deployment\ncut-interval  Append latency against the cut interval\n",
    );
    expect(JSON.parse((await bokisim(["list", "--json"])).out)).toHaveLength(2);
  });

  test("schema prints JSON", async () => {
    expect(JSON.parse((await bokisim(["schema"])).out)).toEqual({ type: "object", title: "scenario" });
    const ofApplications = await bokisim(["schema", "application"]);
    expect(JSON.parse(ofApplications.out)).toEqual({ type: "object", title: "application" });
    expect(await bokisim(["schema", "applications"])).toMatchObject({
      status: 2,
      err: expect.stringContaining(
        "Allowed choices are scenario, application, result, comparison, sweep, capacity, explanation, space-time, states.",
      ),
    });
  });
});
