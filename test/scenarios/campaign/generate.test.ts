/** What a campaign draws: the same for a seed and a run number, possible, varied, and within what the protocol promises. */

import { describe, expect, test } from "vitest";
import type { Case, Operation } from "../../../scenarios/campaign/case.ts";
import { sizeOf } from "../../../scenarios/campaign/case.ts";
import { isWithinBudget, leavesEnough } from "../../../scenarios/campaign/fault-budget.ts";
import { type Campaign, generateCase } from "../../../scenarios/campaign/generate.ts";
import { isPossible } from "../../../scenarios/campaign/simpler.ts";

const CAMPAIGN: Campaign = { seed: 1, mutation: 0, defects: [] };
const CASES = Array.from({ length: 400 }, (_, run) => generateCase(CAMPAIGN, run));

const share = (holds: (subject: Case) => boolean): number => CASES.filter(holds).length / CASES.length;
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
    const kinds = new Set(CASES.flatMap(({ faults }) => faults.timed.map(({ fault }) => fault.kind)));
    expect([...kinds].sort()).toEqual(["clock", "crash", "disk", "link", "partition", "pause", "reset"]);
    expect(share(({ faults }) => faults.timed.length === 0)).toBeGreaterThan(0.25);
    expect(generateCase({ ...CAMPAIGN, calm: true }, 1).faults.timed).toEqual([]);
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
