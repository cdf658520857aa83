import { describe, expect, test } from "vitest";
import { renderTimeline } from "../../../reports/timeline.ts";
import { type Case, EMPTY_CASE } from "../../../scenarios/campaign/case.ts";
import { runCase } from "../../../scenarios/campaign/run-case.ts";
import { type Happening, timelineOf } from "../../../scenarios/campaign/timeline.ts";

function timelineOfRun(subject: Case): Happening[] {
  let timeline: Happening[] = [];
  const watched = runCase(subject, {
    onEnd: (seen) => {
      timeline = timelineOf(subject, seen);
    },
  });
  // Being watched changes nothing.
  expect(watched).toEqual(runCase(subject));
  return timeline;
}

describe("what happened in a case", () => {
  const subject: Case = {
    ...EMPTY_CASE,
    cluster: { engines: 1 },
    boki: { indexReplicas: 1 },
    calls: [
      {
        atNanos: 1_000_000,
        logBook: 3,
        operations: [
          { op: "append", tags: [2, 5] },
          { op: "readPrev", tag: 2, at: "end" },
          { op: "readNext", tag: 7, at: "start" },
          { op: "checkTail", tag: 0 },
          { op: "setAuxData", at: { back: 0 } },
          { op: "trim", tag: 2, at: { back: 0 } },
        ],
      },
    ],
    reconfigurations: [{ atNanos: 30_000_000 }],
    faults: {
      timed: [
        { atNanos: 20_000_000, forNanos: 5_000_000, fault: { kind: "pause", of: { names: ["storage-2"] } } },
      ],
    },
    healNanos: 25_000_000,
  };

  test("is told in order of time: operations with their results, faults, orders of the operator", () => {
    const told = timelineOfRun(subject).map(({ who, what, result }) => [who, what, result]);
    expect(told).toEqual([
      ["worker-1.2", "append [2, 5] in LogBook 3", "0000000100000000"],
      ["worker-1.2", "readPrev from the end with tag 2 in LogBook 3", "0000000100000000"],
      ["worker-1.2", "readNext from the start with tag 7 in LogBook 3", "nothing"],
      ["worker-1.2", "checkTail in LogBook 3", "0000000100000000"],
      ["worker-1.2", "setAuxData from 0000000100000000 in LogBook 3", "done"],
      ["worker-1.2", "trim from 0000000100000000 with tag 2 in LogBook 3", "done"],
      ["storage-2", "fault: pause", ""],
      ["operator", "orders the next view", ""],
    ]);
  });

  test("has times from the moment the cluster is up, of a period both", () => {
    const timeline = timelineOfRun(subject);
    expect(timeline[0]!.fromNanos).toBeGreaterThan(1_000_000);
    for (const { fromNanos, untilNanos } of timeline.slice(0, 7))
      expect(untilNanos).toBeGreaterThan(fromNanos);
    expect(timeline.slice(6).map(({ fromNanos, untilNanos }) => [fromNanos, untilNanos])).toEqual([
      [20_000_000, 25_000_000],
      [30_000_000, undefined],
    ]);
  });

  test("is cut where a case was not made small, and that is said", () => {
    const one: Happening = { fromNanos: 1_500_000, untilNanos: undefined, who: "a", what: "b", result: "c" };
    const lines = renderTimeline(new Array(75).fill(one)).split("\n");
    expect(lines).toHaveLength(62);
    expect(lines[1]).toMatch(/1\.500 +a +b +c/);
    expect(lines.at(-1)).toBe("  and 15 more");
  });
});
