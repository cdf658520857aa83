/** `bokisim run --trace`: the file it writes, and what is wrong with the rest. */

import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

const PROGRAM = new URL("../../cli/bokisim.ts", import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), "bokisim-trace-"));
afterAll(() => rmSync(directory, { recursive: true }));

const bokisim = (...args: string[]): Promise<{ status: number; out: string; err: string }> =>
  new Promise((resolve) => {
    const options = {
      cwd: directory,
      maxBuffer: 64 * 1_024 * 1_024,
      env: { ...process.env, NO_COLOR: "1" },
    };
    execFile(
      process.execPath,
      [PROGRAM, "run", "tiny.yaml", "--quiet", ...args],
      options,
      (error, out, err) => {
        resolve({ status: error === null ? 0 : Number(error.code), out, err });
      },
    );
  });

writeFileSync(
  join(directory, "tiny.yaml"),
  `
name: tiny
warmup: 10ms
duration: 20ms
cluster: { engines: 3, storages: 3, sequencers: 3, workersPerEngine: 8 }
workload:
  - name: all
    arrival: { closedLoop: { clients: 8, think: 100us } }
    mix: { append: 1 }
`,
);
const written = (path: string) => JSON.parse(readFileSync(join(directory, path), "utf8"));

describe("bokisim run --trace", { timeout: 60_000 }, () => {
  test("perfetto writes the steps of the window, and the result has the digest it has without", async () => {
    const plain = await bokisim("--json");
    const { status, out, err } = await bokisim("--trace", "perfetto", "--trace-window", "12ms..14ms");
    expect({ status, err }).toEqual({ status: 0, err: "" });
    expect(out).toMatch(
      /Trace: out\/tiny\/trace\.perfetto\.json \([\d,]+ steps and \d+ operations, 12 ms to 14 ms\)/,
    );
    const { traceEvents } = written("out/tiny/trace.perfetto.json");
    const moments = traceEvents.flatMap(({ ph, ts }: { ph: string; ts: number }) => (ph === "X" ? [ts] : []));
    expect(Math.min(...moments)).toBeGreaterThanOrEqual(12_000);
    expect(Math.max(...moments)).toBeLessThanOrEqual(14_000);
    expect(written("out/tiny/result.json").variants[0].digests).toEqual(
      JSON.parse(plain.out).variants[0].digests,
    );
  });

  test("otlp writes a sample of operations, and nothing to standard output but the result", async () => {
    const args = ["--trace", "otlp", "--trace-sample", "5", "--json", "--out", "here"];
    const { status, out } = await bokisim(...args);
    expect(status).toBe(0);
    expect(JSON.parse(out).format).toBe("bokisim-result-1");
    const ids = new Set(
      written("here/trace.otlp.json").resourceSpans.flatMap((each: { scopeSpans: { spans: object[] }[] }) =>
        each.scopeSpans.flatMap(({ spans }) => spans.map((span) => (span as { traceId: string }).traceId)),
      ),
    );
    expect(ids.size).toBeGreaterThan(2);
    expect(ids.size).toBeLessThanOrEqual(5);
  });

  test.each([
    [["--trace", "jaeger"], "Allowed: perfetto, otlp."],
    [["--trace", "otlp", "--trace-sample", "0"], "A number of operations or a share of them is wanted"],
    [["--trace", "otlp", "--trace-sample", "200%"], "A number of operations or a share of them is wanted"],
    [["--trace", "perfetto", "--trace-window", "2s..1s"], "Two moments of the run are wanted"],
    [["--trace", "perfetto", "--trace-window", "1s"], "Two moments of the run are wanted"],
    [["--trace-sample", "5"], "say what --trace records; without it they do nothing"],
    [["--trace", "otlp", "--json"], "--out says where to"],
  ])("%j ends with status 2 and says what is wrong", async (args, message) => {
    const { status, out, err } = await bokisim(...args, "--set", "name=other");
    expect({ status, out }).toEqual({ status: 2, out: "" });
    expect(err).toContain(message);
    expect(existsSync(join(directory, "out/other"))).toBe(false);
  });
});
