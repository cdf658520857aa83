/** `bokisim check` as a program: what it prints, how it ends, and that the page about it says the same. */

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { check } from "../../sim/linearizability/check.ts";
import { parseHistory } from "../../sim/linearizability/format/read.ts";
import { MODELS, type ModelName } from "../../sim/linearizability/models/models.ts";

const PROGRAM = new URL("../../cli/bokisim.ts", import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), "bokisim-check-"));
afterAll(() => rmSync(directory, { recursive: true }));

const bokisim = (
  args: readonly string[],
  input = "",
): Promise<{ status: number; out: string; err: string }> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [PROGRAM, ...args], (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code), out, err });
    });
    child.stdin!.end(input);
  });

const PAGE = readFileSync("docs/histories.md", "utf8");

describe("bokisim check", { timeout: 60_000 }, () => {
  test("prints what the page shows, and ends with 1 for a history that is not linearizable", async () => {
    const [, args, block] = /<!-- output of: (.*) -->\n```\n([\s\S]*?)```/.exec(PAGE)!;
    const { status, out, err } = await bokisim(args!.split(" "));
    expect({ status, err }).toEqual({ status: 1, err: "" });
    expect(out.trim()).toBe(block!.trim());
  });

  test("ends with 0 for one that is, and reads standard input", async () => {
    const text = readFileSync("docs/histories/register-crash.edn", "utf8");
    const { status, out } = await bokisim(["check", "-", "--model", "register"], text);
    expect({ status, out }).toEqual({
      status: 0,
      out: "-: linearizable (register, 5 operations, 2 configurations visited)\n",
    });
  });

  test("ends with 3 when the limit is reached, and says so", async () => {
    // Concurrent writes of the same values, and a read at the end of one that nobody wrote first.
    const history = [..."ababab"].map((input, process) => ({
      process,
      operation: process === 0 ? "cas" : "append",
      key: process < 5 ? "x" : "y",
      input: process === 0 ? [null, "z"] : input,
      invokedNanos: 0,
      returnedNanos: 10,
    }));
    const text = JSON.stringify(history);
    const limited = await bokisim(["check", "-", "--model", "kv", "--limit", "2"], text);
    expect(limited.status).toBe(3);
    expect(limited.out).toContain("undecided, the limit was reached first");
    expect(limited.out).toContain("Undecided: key x.");
    const json = await bokisim(["check", "-", "--model", "kv", "--limit", "2", "--json"], text);
    expect(JSON.parse(json.out)).toMatchObject({
      verdict: "unknown",
      objects: [
        { key: "x", verdict: "unknown" },
        { key: "y", verdict: "linearizable" },
      ],
    });
  });

  test("gives a violation as data, and its part is a history that is not linearizable either", async () => {
    const { status, out } = await bokisim([
      "check",
      "docs/histories/register-stale-read.json",
      "--model",
      "register",
      "--json",
    ]);
    expect(status).toBe(1);
    const result = JSON.parse(out);
    expect(result).toMatchObject({
      format: "bokisim-check-1",
      verdict: "violated",
      clock: "nanos",
      violation: {
        key: null,
        operation: { index: 5, process: 3, operation: "read", output: 1 },
        returnedBefore: 3,
        states: [{ state: "2", expected: "2", possible: false }],
      },
    });
    const file = join(directory, "part.json");
    writeFileSync(file, JSON.stringify(result.violation.part));
    expect((await bokisim(["check", file, "--model", "register"])).status).toBe(1);
  });

  test("takes the initial value of every object", async () => {
    const text = JSON.stringify([
      { process: 0, operation: "read", output: 0, invokedNanos: 0, returnedNanos: 1 },
    ]);
    expect((await bokisim(["check", "-", "--model", "register"], text)).status).toBe(1);
    expect((await bokisim(["check", "-", "--model", "register", "--initial", "0"], text)).status).toBe(0);
  });

  test.each([
    [["check", "nowhere.json", "--model", "kv"], "nowhere.json: no such file"],
    [["check", "docs/histories/log-gap.jsonl"], "required option '--model <name>' not specified"],
    [["check", "-", "--model", "stack"], "Allowed choices are register, kv, log, queue"],
    [["check", "-", "--model", "kv", "--initial", "{"], "JSON is wanted"],
    [["check", "-", "--model", "kv", "--limit", "0"], "A whole number from 1 on is wanted."],
    [["check", "-", "--model", "queue", "--initial", "3"], "--initial: a list of values is wanted"],
    [["check", "-", "--model", "log", "--initial", '[{"seqnum": 2}]'], "--initial: a list of {"],
    [
      ["check", "docs/histories/log-gap.jsonl", "--model", "register"],
      'log-gap.jsonl:1  operation 0, operation: is "append"; ',
    ],
  ])("%j ends with 2 and says what is wrong", async (args, message) => {
    const { status, out, err } = await bokisim(args, "[]");
    expect({ status, out }).toEqual({ status: 2, out: "" });
    expect(err).toContain(message);
    expect(err).not.toContain("    at ");
  });
});

describe("the page about histories", () => {
  const rows = [...PAGE.matchAll(/^\| \[.*\]\((histories\/.*)\) \| (\w+) \| (.*) \|$/gm)];

  test("has examples of every model", () => {
    expect(new Set(rows.map(([, , model]) => model))).toEqual(new Set(Object.keys(MODELS)));
  });

  test.each(rows.map(([, file, model, verdict]) => ({ file: file!, model: model!, verdict: verdict! })))(
    "says the verdict of $file",
    ({ file, model, verdict }) => {
      const itsModel = MODELS[model as ModelName];
      const history = parseHistory(readFileSync(join("docs", file), "utf8"), itsModel);
      const said = verdict === "linearizable" ? "linearizable" : "violated";
      expect(check(history, itsModel).verdict).toBe(said);
    },
  );

  test("names the operations of every model", () => {
    const section = PAGE.slice(PAGE.indexOf("\n## Models"), PAGE.indexOf("\n## The result as data"));
    const found = new Map<string, string[]>();
    let model = "";
    for (const [, name, operation] of section.matchAll(/^\| (\w*) ?\| `(\w+)` \|/gm)) {
      if (name !== "") model = name!;
      found.set(model, [...(found.get(model) ?? []), operation!]);
    }
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(Object.entries(MODELS).map(([name, { operations }]) => [name, operations])),
    );
  });
});
