/** The scenarios of faults, shortened: sessions of 200 ms, a quarter of the load, invariants checked. They show what they say. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadScenario } from "../../scenarios/load.ts";
import { type ReplicationResult, runReplication } from "../../scenarios/replication.ts";
import type { Scenario } from "../../scenarios/scenario.ts";

const MILLISECOND = 1_000_000;

const SHORT = [
  "check=on",
  "warmup=100ms",
  "duration=700ms",
  "boki.zookeeperSessionTimeout=200ms",
  "boki.indexReplicas=4",
  "cluster.engines=4",
  "cluster.workersPerEngine=16",
  "workload.producers.arrival.paced.clients=24",
  "workload.readers.arrival.paced.clients=8",
];

function shortened(name: string, set: readonly string[]): Scenario {
  const text = readFileSync(join(import.meta.dirname, `../../scenarios/${name}.yaml`), "utf8");
  return loadScenario(text, name, { set: [...SHORT, ...set] });
}

const run = (scenario: Scenario): ReplicationResult =>
  runReplication({ scenario, seed: 1, replication: 0, mode: "fast" });

const outageOf = ({ faults }: ReplicationResult, operation: string): number =>
  faults!.outages.find((each) => each.operation === operation)!.longestNanos / MILLISECOND;

const countOf = ({ operations }: ReplicationResult, operation: string) =>
  operations.find((each) => each.operation === operation)!;

/** Phases of the only end of a view, in milliseconds. */
function phasesOf({ faults }: ReplicationResult): { detection: number; seal: number; nextView: number } {
  expect(faults!.viewChanges).toHaveLength(1);
  const { causeNanos, frozenNanos, sealedNanos, firstAppendNanos } = faults!.viewChanges[0]!;
  return {
    detection: (frozenNanos - causeNanos!) / MILLISECOND,
    seal: (sealedNanos! - frozenNanos) / MILLISECOND,
    nextView: (firstAppendNanos! - sealedNanos!) / MILLISECOND,
  };
}

describe("primary-crash", () => {
  const result = run(shortened("primary-crash", ["faults.0.at=250ms"]));

  test("stops appends until the session has expired and the view has changed, and no longer", () => {
    const { detection, seal, nextView } = phasesOf(result);
    expect(detection).toBeGreaterThan(130);
    expect(detection).toBeLessThan(300);
    expect(seal + nextView).toBeLessThan(40);
    expect(Math.abs(outageOf(result, "append") - (detection + seal + nextView))).toBeLessThan(15);
  });

  test("loses nothing, and reads go on", () => {
    expect(result.violations).toEqual([]);
    expect(countOf(result, "append")).toMatchObject({ failed: 0, unknown: 0 });
    expect(outageOf(result, "readPrev")).toBeLessThan(30);
  });

  test("is the same run again, with or without what is looked at", () => {
    expect(run(shortened("primary-crash", ["faults.0.at=250ms", "check=off"])).digest).toBe(result.digest);
  });
});

test("primary-crash is the same run in checked mode", () => {
  const set = ["faults.0.at=100ms", "duration=300ms", "boki.zookeeperSessionTimeout=100ms", "check=off"];
  const scenario = shortened("primary-crash", [...set, "workload.producers.arrival.paced.clients=4"]);
  const [fast, checked] = (["fast", "checked"] as const).map((mode) =>
    runReplication({ scenario, seed: 1, replication: 0, mode }),
  );
  expect(fast!.faults!.viewChanges).toHaveLength(1);
  expect(checked!.digest).toBe(fast!.digest);
});

test("storage-crash stops appends until the view has changed, and loses nothing", () => {
  const result = run(shortened("storage-crash", ["faults.0.at=250ms"]));
  const { detection, seal, nextView } = phasesOf(result);
  expect(Math.abs(outageOf(result, "append") - (detection + seal + nextView))).toBeLessThan(15);
  expect(result.violations).toEqual([]);
  expect(countOf(result, "append").failed).toBe(0);
});

test("backup-crash stops nothing but for the change of view", () => {
  const result = run(shortened("backup-crash", ["faults.0.at=250ms"]));
  const { detection, seal, nextView } = phasesOf(result);
  expect(detection).toBeGreaterThan(130);
  expect(outageOf(result, "append")).toBeLessThan(seal + nextView + 10);
  expect(result.violations).toEqual([]);
  expect(countOf(result, "append")).toMatchObject({ failed: 0, unknown: 0 });
});

test("engine-crash takes its share of the load until its functions have begun anew", () => {
  const result = run(shortened("engine-crash", ["faults.0.at=250ms"]));
  const { seal, nextView } = phasesOf(result);
  expect(outageOf(result, "append")).toBeLessThan(seal + nextView + 10);
  expect(result.violations).toEqual([]);
  const { before, during, after } = result.faults!.periods[0]!.operations.find(
    ({ operation }) => operation === "append",
  )!;
  const level = before!.throughputPerSecond;
  expect(during.throughputPerSecond / level).toBeGreaterThan(0.65);
  expect(during.throughputPerSecond / level).toBeLessThan(0.85);
  expect(after!.throughputPerSecond / level).toBeGreaterThan(0.95);
});

test("lossy-network costs time as designed, and everything as released", () => {
  const scenario = shortened("lossy-network", ["faults.0.at=200ms", "faults.0.for=200ms"]);
  const [designed, released] = scenario.variants.map((variant) => run(variant.scenario));
  expect(designed!.violations).toEqual([]);
  expect(outageOf(designed!, "append")).toBeLessThan(100);
  expect(countOf(designed!, "append").p99Nanos).toBeGreaterThan(15 * MILLISECOND);
  expect(outageOf(released!, "append")).toBeGreaterThan(300);
});

test("slow-disk is felt with a journal only", () => {
  const scenario = shortened("slow-disk", ["faults.0.at=250ms", "faults.0.for=300ms"]);
  const [without, withJournal] = scenario.variants.map((variant) => run(variant.scenario));
  const p50 = ({ faults }: ReplicationResult) =>
    faults!.periods[0]!.operations.find(({ operation }) => operation === "append")!.during.p50Nanos!;
  expect(p50(without!)).toBeLessThan(2 * MILLISECOND);
  expect(p50(withJournal!)).toBeGreaterThan(4 * MILLISECOND);
  expect([...without!.violations, ...withJournal!.violations]).toEqual([]);
});

test("power-loss loses acknowledged records without a journal, and none with it", () => {
  const set = ["faults.0.at=250ms", "faults.0.for=100ms", "duration=900ms"];
  const [without, withJournal] = shortened("power-loss", set).variants.map((variant) =>
    run(variant.scenario),
  );
  expect(without!.violationCounts.D1).toBeGreaterThan(100);
  expect(without!.violations.find(({ invariant }) => invariant === "D1")?.rule).toMatch(
    /acknowledged record/,
  );
  expect(withJournal!.violations).toEqual([]);
  expect(countOf(withJournal!, "append").count).toBeGreaterThan(countOf(without!, "append").count / 2);
});

test("partition-from-zookeeper changes the view without need, for an outage of milliseconds", () => {
  const result = run(shortened("partition-from-zookeeper", ["faults.0.at=250ms", "faults.0.for=400ms"]));
  const { detection, seal, nextView } = phasesOf(result);
  expect(detection).toBeGreaterThan(130);
  expect(outageOf(result, "append")).toBeLessThan(seal + nextView + 10);
  expect(result.violations).toEqual([]);
});

test("published-primary-crash stops appends until the operator acts", () => {
  const set = ["faults.0.at=200ms", "reconfigure.0.at=600ms", "check=off"];
  const result = run(shortened("published-primary-crash", set));
  expect(outageOf(result, "append")).toBeGreaterThan(390);
  expect(outageOf(result, "append")).toBeLessThan(450);
  expect(result.faults!.viewChanges).toMatchObject([
    { cause: "reconfiguration", causeNanos: 600 * MILLISECOND },
  ]);
});
