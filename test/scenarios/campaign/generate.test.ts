/** What a campaign draws: the same for a seed and a run number, possible, varied, and within what the protocol promises. */

import { describe, expect, test } from "vitest";
import type { Case, Operation } from "../../../scenarios/campaign/case.ts";
import { hasFaults, sizeOf } from "../../../scenarios/campaign/case.ts";
import { isWithinBudget, leavesEnough } from "../../../scenarios/campaign/fault-budget.ts";
import { type Campaign, generateCase } from "../../../scenarios/campaign/generate.ts";
import { isPossible } from "../../../scenarios/campaign/simpler.ts";
import type { Fault, FaultKind } from "../../../sim/faults/fault.ts";

const CAMPAIGN: Campaign = { seed: 1, mutation: 0, defects: [] };
const CASES = Array.from({ length: 400 }, (_, run) => generateCase(CAMPAIGN, run));

const share = (holds: (subject: Case) => boolean): number => CASES.filter(holds).length / CASES.length;
const faultsOf = ({ faults }: Case): Fault[] =>
  [...faults.timed, ...(faults.repeated ?? [])].map(({ fault }) => fault);
const FAULT_KINDS_ALL: readonly FaultKind[] = [
  "crash",
  "pause",
  "slowCpu",
  "reset",
  "partition",
  "link",
  "disk",
  "clock",
];
const kindsOf = (operations: readonly Operation[]): string[] =>
  operations.flatMap((each) => ("operations" in each ? [each.op, ...kindsOf(each.operations)] : [each.op]));

describe("a run of a campaign", () => {
  test("is drawn the same whatever was drawn before it", () => {
    expect(generateCase(CAMPAIGN, 17)).toEqual(CASES[17]);
    expect(generateCase({ ...CAMPAIGN, seed: 2 }, 17)).not.toEqual(CASES[17]);
  });

  test("has the same cluster, workload and faults whichever bug is on", () => {
    const { mutation, defects, ...rest } = generateCase({ ...CAMPAIGN, mutation: 35, defects: ["P3"] }, 5);
    const { mutation: _, defects: _defects, ...plain } = CASES[5]!;
    expect([mutation, defects, rest]).toEqual([35, ["P3"], plain]);
  });

  test("is plain data: text and back changes nothing", () => {
    for (const subject of CASES) expect(JSON.parse(JSON.stringify(subject))).toEqual(subject);
  });

  test("has replicas on different nodes", () => {
    expect(CASES.filter((subject) => !isPossible(subject))).toEqual([]);
  });

  test("takes the deployment of a scenario when one is given", () => {
    const base = { cluster: { engines: 4 }, boki: { indexReplicas: 2 }, network: {} };
    const subject = generateCase({ ...CAMPAIGN, base }, 3);
    expect(subject).toMatchObject(base);
    expect(subject.calls).toEqual(CASES[3]!.calls);
  });
});

describe("the runs of a campaign together", () => {
  test("leave out kinds of operations in most runs, and have each kind in many", () => {
    const kinds = ["readNext", "readPrev", "checkTail", "readNextBlock", "setAuxData", "all", "invoke"];
    for (const kind of kinds) {
      const having = share(({ calls }) => calls.some(({ operations }) => kindsOf(operations).includes(kind)));
      expect(having, kind).toBeGreaterThan(0.4);
      expect(having, kind).toBeLessThan(0.9);
    }
  });

  test("shuffle simultaneous events in half of the runs", () => {
    expect(share(({ shuffleTies }) => shuffleTies)).toBeGreaterThan(0.4);
    expect(share(({ shuffleTies }) => shuffleTies)).toBeLessThan(0.6);
  });

  test("stay within what the protocol promises to survive, nearly always", () => {
    expect(share(isWithinBudget)).toBeGreaterThan(0.95);
    expect(share(isWithinBudget)).toBeLessThan(1);
  });

  test("have faults of every kind, and none in a third of the runs", () => {
    const kinds = new Set(CASES.flatMap(faultsOf).map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual([...FAULT_KINDS_ALL].sort());
    expect(share(({ faults }) => !hasFaults(faults))).toBeGreaterThan(0.25);
    expect(hasFaults(generateCase({ ...CAMPAIGN, calm: true }, 1).faults)).toBe(false);
  });

  test("do all to links and disks that can be done to them, but for writes that nobody would notice under another key", () => {
    const rulesOf = (wanted: "link" | "disk") =>
      CASES.flatMap(faultsOf).flatMap((fault) => (fault.kind === wanted ? Object.keys(fault.rule) : []));
    expect([...new Set(rulesOf("link"))].sort()).toEqual(
      ["corruptShare", "duplicateShare", "extraLatency", "lossShare", "reorder", "slowdown"].sort(),
    );
    expect([...new Set(rulesOf("disk"))].sort()).toEqual(
      [
        "corruptShare",
        "full",
        "readErrorShare",
        "slowdown",
        "stalled",
        "tornShare",
        "unsyncedLossShare",
        "writeErrorShare",
      ].sort(),
    );
  });

  test("have faults that come again and again, in some runs", () => {
    expect(share(({ faults }) => faults.repeated !== undefined)).toBeGreaterThan(0.1);
    expect(share(({ faults }) => faults.repeated !== undefined)).toBeLessThan(0.4);
  });

  test("take CPU time in some runs, and have slow processors and lines only there", () => {
    expect(share(({ costs }) => costs)).toBeGreaterThan(0.1);
    expect(share(({ costs }) => costs)).toBeLessThan(0.2);
    const needsCosts = (fault: Fault): boolean =>
      fault.kind === "slowCpu" || (fault.kind === "link" && fault.rule.slowdown !== undefined);
    expect(CASES.filter((subject) => !subject.costs && faultsOf(subject).some(needsCosts))).toEqual([]);
  });

  test("pull the plug while a disk tears writes or forgets them", () => {
    for (const { faults } of CASES) {
      for (const { fault } of faults.timed) {
        if (fault.kind !== "disk" || !("tornShare" in fault.rule || "unsyncedLossShare" in fault.rule))
          continue;
        const crashed = faults.timed
          .filter((each) => each.fault.kind === "crash")
          .map((each) => each.fault.of);
        expect(crashed).toContainEqual(fault.of);
      }
    }
  });

  test("lose some nodes for good, and leave enough for a view", () => {
    expect(share(({ staysDown }) => staysDown.length > 0)).toBeGreaterThan(0.02);
    expect(CASES.filter((subject) => !leavesEnough(subject))).toEqual([]);
  });

  test("heal after the last fault has begun", () => {
    for (const { faults, healNanos } of CASES) {
      for (const { atNanos } of faults.timed) expect(atNanos).toBeLessThan(healNanos);
    }
  });

  test("have some 150 operations", () => {
    const operations = CASES.reduce((sum, subject) => sum + sizeOf(subject).operations, 0) / CASES.length;
    expect(operations).toBeGreaterThan(100);
    expect(operations).toBeLessThan(200);
  });
});
