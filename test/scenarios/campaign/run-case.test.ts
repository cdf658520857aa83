/** One case: the same every time, watched by every checker, judged by whether it settles. */

import { describe, expect, test } from "vitest";
import { Mutation } from "../../../models/boki/mutations.ts";
import { type Case, EMPTY_CASE } from "../../../scenarios/campaign/case.ts";
import { parseCase } from "../../../scenarios/campaign/case-file.ts";
import { generateCase } from "../../../scenarios/campaign/generate.ts";
import { runCase } from "../../../scenarios/campaign/run-case.ts";
import { caseDiagram } from "../../../scenarios/campaign/space-time.ts";
import { MILLISECOND, SECOND } from "../../../sim/units.ts";

const READ_BACK: Case = {
  ...EMPTY_CASE,
  calls: [
    {
      atNanos: 0,
      logBook: 1,
      operations: [
        { op: "append", tags: [1] },
        { op: "readPrev", tag: 1, at: { back: 0 } },
      ],
    },
  ],
};

describe("the space-time diagram of a case", () => {
  test("ends where something was broken, and is of the same run", () => {
    const subject = { ...READ_BACK, mutation: Mutation.readPrevStrict };
    const { digest, failures } = runCase(subject);
    const { messages, operations, marks, ...diagram } = caseDiagram(subject, "case.yaml")!;
    expect(diagram.digest).toBe(digest);
    expect(marks).toEqual([{ name: failures[0]!.name, atNanos: failures[0]!.atNanos }]);
    // What shows it, and what it is about.
    const marked = operations.filter(({ broken }) => broken).map(({ name, outcome }) => [name, outcome]);
    expect(marked).toEqual([
      ["append", "ok"],
      ["readPrev", "ok"],
    ]);
    expect(messages.map(({ kind }) => kind)).toContain("metalogs");
    for (const { sentNanos } of messages) expect(sentNanos).toBeLessThanOrEqual(diagram.untilNanos);
  });

  test("has what never got an answer", () => {
    // As released, nobody asks a second time for what was damaged on its way.
    const { case: subject } = parseCase(
      `
case:
  seed: 2
  defects: [ P1, P2, P3, P4, P5, P6, P7, P8, P9, P10, P11, P12, P13, P14, P15, P16, P17, P18, P19 ]
  cluster: { engines: 2, storages: 1, sequencers: 1 }
  boki: { metalogReplicas: 1, userlogReplicas: 1, indexReplicas: 2, remoteIndexShare: 0.3 }
  calls: [ { atNanos: 0, logBook: 1, operations: [ { op: readNext, tag: 1, at: start } ] } ]
  faults:
    timed:
      - number: 1
        atNanos: 0
        forNanos: 371000
        fault:
          { kind: link, of: { names: [ engine-2 ] }, to: { part: nodes }, bothWays: false, rule: { corruptShare: 1 } }
  healNanos: 485000
`,
      "lost.yaml",
    );
    const { operations, untilNanos } = caseDiagram(subject, "lost.yaml")!;
    const read = operations.find(({ name }) => name === "readNext");
    expect(read).toMatchObject({ outcome: "open", broken: true, untilNanos });
  });

  test("is small for every case that a campaign draws, whatever broke in it", () => {
    for (let run = 0; run < 40; run++) {
      const diagram = caseDiagram(generateCase({ seed: 3, mutation: 0, defects: ["P8"] }, run), "case.yaml");
      if (diagram === undefined) continue;
      expect(diagram.messages.length).toBeLessThanOrEqual(200);
      expect(diagram.marks.length).toBeLessThanOrEqual(1);
    }
  });

  test("is none where nothing was sent", () => {
    expect(caseDiagram(EMPTY_CASE, "case.yaml")?.messages ?? []).toEqual([]);
  });
});

describe("a case", () => {
  test("that is well breaks nothing, and says how long it took to settle", () => {
    const { failures, settledNanos } = runCase(READ_BACK);
    expect(failures).toEqual([]);
    expect(settledNanos).toBeLessThan(10 * MILLISECOND);
  });

  test("takes the same course every time, and another one under another seed", () => {
    for (let run = 0; run < 10; run++) {
      const subject = generateCase({ seed: 1, mutation: 0, defects: [] }, run);
      const verdict = runCase(subject);
      expect(runCase(subject)).toEqual(verdict);
      expect(runCase({ ...subject, seed: subject.seed + 1 }).digest).not.toBe(verdict.digest);
    }
  });

  test("with a mutation breaks what the mutation breaks, with the time on the case's own clock", () => {
    const { failures, counts } = runCase({ ...READ_BACK, mutation: Mutation.readPrevStrict });
    expect(Object.keys(counts).sort()).toEqual(["H2", "R1", "R2"]);
    expect(failures[0]).toMatchObject({ name: "R1" });
    expect(failures[0]!.atNanos).toBeLessThan(10 * MILLISECOND);
    expect(failures[0]!.message).toMatch(/returns nothing/);
  });

  test("that never finishes breaks L1", () => {
    const { failures, settledNanos } = runCase({
      ...READ_BACK,
      mutation: Mutation.dirtyClearedUnsent,
      boki: { operationTimeoutNanos: 60 * SECOND, repairIntervalNanos: 60 * SECOND },
    });
    expect(failures.map(({ name }) => name)).toContain("L1");
    expect(settledNanos).toBeUndefined();
  });

  test("with shuffled ties is another run", () => {
    const shuffled = runCase({ ...READ_BACK, shuffleTies: true });
    expect(shuffled.failures).toEqual([]);
    expect(shuffled.digest).not.toBe(runCase(READ_BACK).digest);
  });
});

test("a program's children know what their parent knows, and tell it what they learn", () => {
  const nested: Case = {
    ...EMPTY_CASE,
    mutation: Mutation.readPrevStrict,
    calls: [
      {
        atNanos: 0,
        logBook: 1,
        operations: [
          { op: "invoke", operations: [{ op: "append", tags: [] }] },
          { op: "readPrev", tag: 0, at: { back: 0 } },
        ],
      },
    ],
  };
  // The read asks for the child's record: exactly at a record the mutation misses it.
  expect(Object.keys(runCase(nested).counts)).toContain("R1");
});
