/** How a gateway that asks ZooKeeper which engines there are differs from one that goes by connections, end to end. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { RELEASED_WITH_BOKI } from "../../models/nightcore/config.ts";
import { loadAny } from "../../scenarios/load.ts";
import { runReplication } from "../../scenarios/replication.ts";
import type { RuntimeScenario } from "../../scenarios/scenario.ts";

const FILE = "scenarios/functions-on-log.yaml";
const TEXT = readFileSync(FILE, "utf8");

function load(fault: string, set: readonly string[]): RuntimeScenario {
  const text = fault === "" ? TEXT : `${TEXT}\nfaults:\n  - ${fault}\n`;
  const light = ["warmup=100ms", "expect=[]", "workload.clients.arrival.poisson.rate=500/s"];
  return loadAny(text, FILE, { set: [...light, ...set] }) as RuntimeScenario;
}

function requestsUnder(fault: string, ...set: string[]) {
  const result = runReplication({ scenario: load(fault, set), seed: 1, replication: 0, mode: "fast" });
  const { failed, maxNanos } = result.operations.find(({ operation }) => operation === "request")!;
  const stuck = result.stuck.find(({ operation }) => operation === "request")?.count ?? 0;
  return { failed, stuck, maxMillis: maxNanos / 1e6, violations: result.violationCounts };
}

describe("membership by ZooKeeper", () => {
  const CUT_OFF = "{ at: 500ms, for: 3s, partition: { of: engine-3, from: zookeeper } }";

  test("keeps calls away from an engine that ZooKeeper does not hear, whose appends no view counts", () => {
    const byZooKeeper = requestsUnder(CUT_OFF, "duration=4500ms");
    const byConnections = requestsUnder(CUT_OFF, "duration=4500ms", "nightcore.membership=connections");
    expect(byZooKeeper).toMatchObject({ failed: 0, stuck: 0, violations: {} });
    expect(byConnections).toMatchObject({ failed: 0, stuck: 0, violations: {} });
    expect(byZooKeeper.maxMillis).toBeLessThan(100);
    expect(byConnections.maxMillis).toBeGreaterThan(1_000);
  });

  test("misses an engine whose machine has lost power sooner than its connections do", () => {
    const outage = "{ at: 500ms, for: 4s, crash: engine-3 }";
    const byZooKeeper = requestsUnder(outage, "duration=7s");
    const byConnections = requestsUnder(outage, "duration=7s", "nightcore.membership=connections");
    expect(byZooKeeper.violations).toEqual({});
    expect(byConnections.violations).toEqual({});
    // A quarter of 500 requests a second, for as long as nobody has noticed.
    expect(byZooKeeper.failed).toBeGreaterThan(100);
    expect(byConnections.failed).toBeGreaterThan(1.5 * byZooKeeper.failed);
  });
});

describe("the profiles of functions on the log", () => {
  test("are the copy of the runtime as released, with every defect of the released log, or both as designed", () => {
    const published = load("", ["profile=published"]);
    expect(published.nightcore).toMatchObject(RELEASED_WITH_BOKI);
    expect(published.log.defects).toContain("P15");
    const intended = load("", []);
    expect(intended.nightcore).toMatchObject({ membership: "zookeeper", failureHandling: true });
    expect(intended.log.defects).toEqual([]);
    expect(load("", ["profile=published", "nightcore.workerLost=fail"]).nightcore.workerLost).toBe("fail");
  });

  test("as released calls of an engine that is gone are never answered; as designed all are", () => {
    const crash = "{ at: 500ms, for: 100ms, crash: engine-3 }";
    expect(requestsUnder(crash, "duration=3s")).toMatchObject({ stuck: 0, violations: {} });
    expect(requestsUnder(crash, "duration=3s", "profile=published", "check=off").stuck).toBeGreaterThan(5);
  });

  test("as released every engine stops when the gateway is gone, and what functions had under way is lost", () => {
    const crash = "{ at: 500ms, for: 500ms, crash: gateway }";
    const engineCrashes = (...set: string[]) => {
      const scenario = load(crash, ["duration=2s", "check=off", ...set]);
      const { counters } = runReplication({ scenario, seed: 1, replication: 0, mode: "fast" });
      return counters["engine.crash"] ?? 0;
    };
    expect(engineCrashes()).toBe(0);
    expect(engineCrashes("profile=published")).toBeGreaterThanOrEqual(4);
  });
});
