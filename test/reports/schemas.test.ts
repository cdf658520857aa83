import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv } from "ajv";
import { afterAll, describe, expect, test } from "vitest";
import {
  RESULT_SCHEMAS,
  type ResultSchema,
  resultSchema,
  resultSchemaFile,
} from "../../reports/result-schemas.ts";
import { resultSchemaText } from "../../reports/schemas.ts";
import { findCapacity } from "../../scenarios/capacity/capacity.ts";
import { compareScenarios } from "../../scenarios/comparison/comparison.ts";
import { loadAny } from "../../scenarios/load.ts";
import { runScenario } from "../../scenarios/run.ts";
import { parseOver } from "../../scenarios/sweep/over.ts";
import { runSweep } from "../../scenarios/sweep/sweep.ts";
import { runExplain, runStates } from "../../scenarios/tracing/run-explain.ts";
import { runSpaceTime } from "../../scenarios/tracing/space-time.ts";

const LOG = `
name: log
warmup: 20ms
duration: 120ms
cluster: { engines: 3, workersPerEngine: 8, spareEngines: 1 }
check: on
workload:
  - { name: all, arrival: { poisson: { rate: 3k/s } }, mix: { append: 3, checkTail: 1 } }
faults:
  - { crash: engine-1, at: 60ms, for: 20ms }
expect:
  - append.p50 < 5ms
`;
const TWO = `${LOG}
variants:
  - { name: slow, set: { boki.globalCut: 800us } }
  - { name: fast, set: { boki.globalCut: 200us } }
`;
const RUNTIME = readFileSync("scenarios/nightcore-quickstart.yaml", "utf8");

const directory = mkdtempSync(join(tmpdir(), "bokisim-schemas-"));
afterAll(() => rmSync(directory, { recursive: true }));

const QUIET = { jobs: 2, checked: false };
const swept = () => {
  const over = parseOver("boki.globalCut=200us,1ms");
  if (!over.ok) throw new Error(over.reason);
  return [over.swept];
};

/** What each schema is of, made. */
const MADE: Readonly<Record<ResultSchema, readonly (() => Promise<unknown>)[]>> = {
  result: [
    () => runScenario(loadAny(LOG, "log.yaml"), QUIET),
    () => runScenario(loadAny(TWO, "two.yaml", { set: ["faults=[]", "warmup=auto"] }), QUIET),
    () =>
      runScenario(
        loadAny(RUNTIME, "scenarios/nightcore-quickstart.yaml", { set: ["duration=100ms", "warmup=50ms"] }),
        QUIET,
      ),
  ],
  comparison: [
    () =>
      compareScenarios([{ file: "two.yaml", text: TWO }], "0", {
        ...{ metric: "append.p50", precision: 0.2, replicationsMin: 2, replicationsMax: 2, jobs: 2, set: [] },
      }),
  ],
  sweep: [
    () =>
      runSweep(LOG, "log.yaml", "0", {
        ...{ over: swept(), seeds: 2, set: [], jobs: 2, journal: join(directory, "journal.jsonl") },
      }),
  ],
  capacity: [
    () =>
      findCapacity(LOG, "log.yaml", "0", {
        ...{ slo: ["append.p99<8ms"], precision: 0.4, seeds: 2, jobs: 2, set: [], curve: true },
      }),
  ],
  explanation: [
    () =>
      runExplain(
        loadAny(LOG, "log.yaml"),
        { operation: "append", percentile: 90, usualPercentile: 50, replication: 0 },
        undefined,
        {},
      ),
  ],
  "space-time": [
    () =>
      runSpaceTime(
        loadAny(LOG, "log.yaml"),
        { of: { operation: "append", percentile: 50 }, nodes: [], replication: 0 },
        undefined,
        {},
      ),
    () =>
      runSpaceTime(
        loadAny(LOG, "log.yaml"),
        { of: { fromNanos: 59_500_000, untilNanos: 60_200_000 }, nodes: [], replication: 0 },
        undefined,
        {},
      ),
  ],
  states: [
    () =>
      runStates(
        loadAny(LOG, "log.yaml"),
        { node: "sequencer-1", atNanos: 50_000_000, untilNanos: 51_000_000, replication: 0 },
        {},
      ),
  ],
};

describe.each(RESULT_SCHEMAS)("the schema of %s", (kind) => {
  test("is that of the types; `npm run docs:schemas` makes it so", { timeout: 60_000 }, () => {
    expect(readFileSync(resultSchemaFile(kind), "utf8")).toBe(resultSchemaText(kind));
  });

  test("describes what is written, and nothing else", { timeout: 120_000 }, async () => {
    const accepts = new Ajv({ allowUnionTypes: true }).compile((await resultSchema(kind)) as object);
    for (const make of MADE[kind]) {
      const made = JSON.parse(JSON.stringify(await make())) as Record<string, unknown>;
      accepts(made);
      expect(accepts.errors ?? []).toEqual([]);
      expect(accepts({ ...made, unheardOf: 1 })).toBe(false);
      const { bokisimVersion: _, ...lacking } = made;
      expect(accepts(lacking)).toBe(false);
    }
  });
});
