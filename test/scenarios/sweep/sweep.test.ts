import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { JournalError } from "../../../scenarios/sweep/journal.ts";
import {
  effectsOf,
  measuredAt,
  questionOf,
  runSweep,
  SweepError,
  type SweepOptions,
} from "../../../scenarios/sweep/sweep.ts";

const TEXT = `
name: small
duration: 100ms
warmup: 20ms
cluster: { engines: 3, workersPerEngine: 8 }
workload:
  - name: callers
    arrival: { poisson: { rate: 3k/s } }
`;
const OVER = [
  { path: "boki.globalCut", values: ["200us", "2ms"] },
  { path: "boki.engineCache", values: ["on", "off"] },
];
const QUESTION = { operation: "append", metric: "p50" } as const;

function directory(): string {
  const made = mkdtempSync(join(tmpdir(), "bokisim-sweep-"));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

const sweep = (journal: string, options: Partial<SweepOptions> = {}) =>
  runSweep(TEXT, "small.yaml", "0", { over: OVER, seeds: 2, set: [], jobs: 2, journal, ...options });

describe("a sweep", { timeout: 60_000 }, () => {
  test("runs every combination with the same seeds, and ranks what moves the result", async () => {
    const result = await sweep(join(directory(), "journal.jsonl"));
    expect(result.points.map(({ values }) => values)).toEqual([
      ["200us", "on"],
      ["200us", "off"],
      ["2ms", "on"],
      ["2ms", "off"],
    ]);
    expect(result).toMatchObject({ seeds: [1, 2], resumed: 0, stopped: false });
    const [fast, , slow] = result.points.map((point) => measuredAt(point, QUESTION)!.mean);
    expect(slow).toBeGreaterThan(1.3 * fast!);
    const [first, second] = effectsOf(result, QUESTION);
    expect([first!.path, second!.path]).toEqual(["boki.globalCut", "boki.engineCache"]);
    expect(first!.range).toBeGreaterThan(0.3);
    // Appends do not read.
    expect(second!.range).toBeLessThan(0.05);
    expect(questionOf(result, undefined)).toEqual({ operation: "append", metric: "p99" });
    expect(() => questionOf(result, "apend.p50")).toThrow(/no operation "apend"; did you mean "append"/);
    expect(() => questionOf(result, "append.p51")).toThrow(/there is no metric "p51"/);
  });

  test("that was stopped goes on where it was: nothing is lost and nothing runs twice", async () => {
    const whole = await sweep(join(directory(), "journal.jsonl"));
    const journal = join(directory(), "journal.jsonl");
    const controller = new AbortController();
    const keys: string[] = [];
    const note = ({ point, seed }: { readonly point: string; readonly seed: number }) =>
      keys.push(`${point} ${seed}`);
    const stopped = await sweep(journal, {
      jobs: 1,
      signal: controller.signal,
      onRun: (run) => {
        note(run);
        if (keys.length === 3) controller.abort();
      },
    });
    expect(stopped.stopped).toBe(true);
    expect(keys).toHaveLength(3);
    // Power was lost while a line was written.
    appendFileSync(journal, '{"key":"boki.globalCut=2ms boki.eng');
    const resumed = await sweep(journal, { onRun: note });
    expect(resumed).toEqual({ ...whole, resumed: 3 });
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toHaveLength(8);
    // Asked for once more it runs nothing; asked for more it runs that.
    expect((await sweep(journal)).resumed).toBe(8);
    expect((await sweep(journal, { seeds: 3 })).resumed).toBe(8);
    expect(readFileSync(journal, "utf8").split("\n")).toHaveLength(1 + 12 + 1);
  });

  test("does not mix runs of different things", async () => {
    const journal = join(directory(), "journal.jsonl");
    const over = [{ path: "boki.globalCut", values: ["1ms"] }];
    await sweep(journal, { over, seeds: 1 });
    const other = (text: string, version: string, set: readonly string[]) =>
      runSweep(text, "small.yaml", version, { over, seeds: 1, set, jobs: 1, journal });
    await expect(other(`${TEXT}# more\n`, "0", [])).rejects.toThrow(/of a scenario that has changed since/);
    await expect(other(TEXT, "1", [])).rejects.toThrow(/of version 0/);
    await expect(other(TEXT, "0", ["seed=4"])).rejects.toThrow(/with other settings/);
    writeFileSync(journal, "what?\n");
    await expect(other(TEXT, "0", [])).rejects.toThrow(JournalError);
  });

  test("is refused before anything runs if it cannot be", async () => {
    const journal = join(directory(), "journal.jsonl");
    const wrong = (over: SweepOptions["over"]) => sweep(journal, { over });
    await expect(wrong([{ path: "boki.globalCutt", values: ["1ms"] }])).rejects.toThrow(
      /boki\.globalCutt: unknown field/,
    );
    await expect(wrong([{ path: "boki.globalCut", values: ["1ms", "soon"] }])).rejects.toThrow(
      /boki\.globalCut=soon/,
    );
    await expect(wrong([OVER[0]!, OVER[0]!])).rejects.toThrow(/--over boki\.globalCut is there twice/);
    await expect(
      runSweep(`${TEXT}variants: [{ name: a }, { name: b }]\n`, "small.yaml", "0", {
        over: OVER,
        seeds: 1,
        set: [],
        jobs: 1,
        journal,
      }),
    ).rejects.toThrow(SweepError);
  });
});
