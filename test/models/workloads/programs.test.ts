import { describe, expect, test } from "vitest";
import { join, logspaceId } from "../../../models/boki/identifiers.ts";
import type { LogRequest, ProgramEnd, RequestResult } from "../../../models/boki/log-api.ts";
import type { OperationOutcome } from "../../../models/boki/messages.ts";
import type { OperationName, WorkloadConfig } from "../../../models/workloads/config.ts";
import { createPrograms, PROGRAM_LOOP, PROGRAM_ONCE } from "../../../models/workloads/programs.ts";

const LOG = logspaceId(2, 1);

function workload(operation: OperationName, changes: Partial<WorkloadConfig> = {}): WorkloadConfig {
  return {
    name: "w",
    arrival: { kind: "closedLoop", clients: 1, think: { kind: "constant", value: 0 } },
    mix: { [operation]: 1 },
    logBooks: { count: 1, zipfExponent: 0 },
    tags: { count: 0, zipfExponent: 0 },
    tagsPerRecord: 0,
    recordBytes: { kind: "constant", value: 100 },
    auxBytes: { kind: "constant", value: 10 },
    readPosition: { kind: "next" },
    keepRecords: 10,
    nestedShare: 0,
    startNanos: 0,
    ...changes,
  };
}

/** Runs a program to its end; the log's operations have the results given, draws and times are 0. */
function runProgram(config: WorkloadConfig, program: string, args: object, results: RequestResult[] = []) {
  const asked: LogRequest[] = [];
  const body = createPrograms([config])[program]! as (
    args: object,
  ) => Generator<LogRequest, ProgramEnd, RequestResult>;
  const generator = body({ workload: config.name, ...args });
  let step = generator.next();
  while (step.done !== true) {
    const { op } = step.value;
    if (op === "sample") {
      const { distribution } = step.value;
      step = generator.next(distribution.kind === "constant" ? distribution.value : 0);
    } else if (op === "now" || op === "choose") {
      step = generator.next(0);
    } else {
      asked.push(step.value);
      step = generator.next(results.shift()!);
    }
  }
  return { asked, end: step.value };
}

function resultOf(outcome: OperationOutcome, seqnum = 0): RequestResult {
  const record = { localid: 0, logBook: 1, tags: [], dataBytes: 1, data: 1 };
  return { outcome, seqnum, record: outcome === "ok" ? record : undefined, aux: undefined };
}

const LOOP = { stopNanos: 1_000, index: 0, rounds: 1 };

describe("a loop", () => {
  test("remembers the newest record and goes on", () => {
    const { end } = runProgram(workload("append"), PROGRAM_LOOP, LOOP, [resultOf("ok", 5)]);
    expect(end).toMatchObject({ again: { rounds: 2, newest: 5 } });
  });

  test.each(["discarded", "timedOut", "dataLost"] as const)(
    "pauses behind an operation that ends %s, and goes on with what it knew",
    (outcome) => {
      const known = { ...LOOP, newest: 7, cursor: 6 };
      const { asked, end } = runProgram(workload("append"), PROGRAM_LOOP, known, [resultOf(outcome), 0]);
      expect(asked.map(({ op }) => op)).toEqual(["append", "sleep"]);
      expect(end).toMatchObject({ again: { rounds: 2, newest: 7, cursor: 6 } });
    },
  );
});

describe("a trim", () => {
  test.each([
    {
      name: "gives up what lies further behind the newest record than is to be kept",
      position: 25,
      from: 16,
    },
    {
      name: "of a log that is as long as what is to be kept gives up nothing but what older views have",
      position: 10,
      from: 1,
    },
    { name: "of a shorter log does nothing", position: 9, from: undefined },
  ])("$name", ({ position, from }) => {
    const results = [resultOf("ok", join(LOG, position)), resultOf("ok")];
    const { asked, end } = runProgram(workload("trim"), PROGRAM_LOOP, { ...LOOP, cursor: 3 }, results);
    const trims = asked.filter(({ op }) => op === "trim");
    expect(trims).toEqual(from === undefined ? [] : [{ op: "trim", tag: 0, seqnum: join(LOG, from) }]);
    // Who follows the log is not moved to its end by a trim.
    expect(end).toMatchObject({ again: { newest: join(LOG, position), cursor: 3 } });
  });
});

test("a call of one operation fails with it", () => {
  expect(() => runProgram(workload("append"), PROGRAM_ONCE, {}, [resultOf("discarded")])).toThrow(
    "append: discarded",
  );
});
