/** The history of a run, as the checker of linearizability reads it. */

import { expect, test } from "vitest";
import { historyLines } from "../../scenarios/history.ts";
import { loadScenario } from "../../scenarios/load.ts";
import { runReplication } from "../../scenarios/replication.ts";
import { parseHistory } from "../../sim/linearizability/format/read.ts";
import { log } from "../../sim/linearizability/models/log.ts";
import type { Outcome } from "../../sim/machine.ts";
import type { HistoryEvent } from "../../sim/recorder.ts";

/** What the checker reads of one operation: begun at 10 ns of a clock that starts at 3, and perhaps ended at 20. */
function readBack(name: string, asked: object, ended?: { type: Outcome; value: unknown }) {
  const of = { operation: 4, name, process: 9 };
  const events: HistoryEvent[] = [
    { type: "invoke", ...of, timeNanos: 10, value: { call: 1, logBook: 5, ...asked } },
    ...(ended === undefined ? [] : [{ ...ended, ...of, timeNanos: 20 }]),
  ];
  const text = [...historyLines(events, 3, (process) => `worker-${process}`)].join("\n");
  return text === "" ? undefined : parseHistory(text, log).operations[0]!;
}

const OK = { invoked: 7, returned: 17, outcome: "ok", key: "5", process: "worker-9" };
const record = { localid: 0, logBook: 5, tags: [2], dataBytes: 1, data: 77 };

test("an append is its data, its tags and its seqnum", () => {
  const value = { outcome: "ok", seqnum: 42, record: undefined };
  expect(readBack("append", { tags: [2], data: 77 }, { type: "ok", value })).toMatchObject({
    ...OK,
    name: "append",
    input: { data: 77, tags: [2] },
    output: 42,
  });
});

test("an append that was discarded failed; one that timed out or is still open may take effect", () => {
  const asked = { tags: [], data: 77 };
  const failed = readBack("append", asked, { type: "failed", value: { outcome: "discarded", seqnum: 0 } });
  expect(failed?.outcome).toBe("failed");
  const unknown = readBack("append", asked, { type: "unknown", value: { outcome: "timedOut", seqnum: 0 } });
  for (const each of [unknown, readBack("append", asked)]) {
    expect(each).toMatchObject({ outcome: "unknown", invoked: 7, returned: Number.POSITIVE_INFINITY });
  }
});

test("a read is its record, or null; tag 0 is every record", () => {
  const found = { type: "ok", value: { outcome: "ok", seqnum: 42, record } } as const;
  const empty = { type: "ok", value: { outcome: "empty", seqnum: 0, record: undefined } } as const;
  const output = { seqnum: 42, data: 77 };
  expect(readBack("readNext", { op: "readNext", tag: 2, seqnum: 40 }, found)).toMatchObject({
    ...OK,
    name: "readNext",
    input: { seqnum: 40, tag: 2 },
    output,
  });
  expect(readBack("readNextBlock", { tag: 0, seqnum: 40 }, empty)).toMatchObject({
    name: "readNext",
    input: { seqnum: 40 },
    output: null,
  });
  expect(readBack("checkTail", { tag: 0, seqnum: 0 }, found)).toMatchObject({ input: {}, output });
});

test("a trim is its bound and its tag, and has no output", () => {
  const done = { type: "ok", value: { outcome: "ok", seqnum: 0, record: undefined } } as const;
  expect(readBack("trim", { tag: 2, seqnum: 40 }, done)).toMatchObject({
    ...OK,
    input: { seqnum: 40, tag: 2 },
    output: undefined,
  });
});

test("aux data and calls are no operations of a log", () => {
  expect(readBack("setAuxData", { seqnum: 1 })).toBeUndefined();
  expect(readBack("invoke", {})).toBeUndefined();
});

test("a run with every operation gives a history that can be read, and is the same run as without", () => {
  const scenario = loadScenario(
    `name: mixed
warmup: 0ms
duration: 20ms
cluster: { engines: 3, storages: 3, sequencers: 3, workersPerEngine: 8 }
workload:
  - name: all
    arrival: { closedLoop: { clients: 4, think: 100us } }
    mix: { append: 30%, readNext: 20%, readPrev: 20%, checkTail: 10%, trim: 10%, setAuxData: 10% }
    keepRecords: 5
`,
    "mixed.yaml",
  );
  const run = (history: boolean) =>
    runReplication({ scenario, seed: 1, replication: 0, mode: "fast", history });
  const [kept, not] = [run(true), run(false)];
  expect(kept.digest).toBe(not.digest);
  expect(not.history).toBeUndefined();
  const { operations } = parseHistory(kept.history!.join("\n"), log);
  expect(new Set(operations.map(({ name }) => name))).toEqual(
    new Set(["append", "readNext", "readPrev", "checkTail", "trim"]),
  );
  expect(operations.filter(({ outcome }) => outcome === "ok").length).toBeGreaterThan(50);
});
