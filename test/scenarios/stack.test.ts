import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createInvariants } from "../../models/boki/invariants/invariants.ts";
import { createStack, type StackDeployment } from "../../models/stack/cluster.ts";
import { isOfLog, logPart } from "../../models/stack/inspect.ts";
import { loadApplication } from "../../scenarios/applications/load.ts";
import { loadAny } from "../../scenarios/load.ts";
import { runReplication } from "../../scenarios/replication.ts";
import type { RuntimeScenario } from "../../scenarios/scenario.ts";
import { SECOND } from "../../sim/units.ts";

const FILE = "scenarios/functions-on-log.yaml";
const TEXT = readFileSync(FILE, "utf8");
const SHORT = ["duration=300ms", "warmup=100ms", "expect=[]"];

const load = (...set: string[]) => loadAny(TEXT, FILE, { set: [...SHORT, ...set] }) as RuntimeScenario;

function run(scenario: RuntimeScenario, mode: "fast" | "checked" = "fast") {
  return runReplication({ scenario, seed: 1, replication: 0, mode });
}

const countOf = ({ operations }: ReturnType<typeof run>, name: string): number =>
  operations.find(({ operation }) => operation === name)!.count;

describe("functions on the shared log", () => {
  test("append and read end to end, and break no rule of either model; the same in both modes", () => {
    const result = run(load());
    expect(result.violationCounts).toEqual({});
    expect(result.stuck).toEqual([]);
    const deposits = countOf(result, "request deposit");
    const balances = countOf(result, "request balance");
    expect(deposits).toBeGreaterThan(300);
    // A deposit appends, and so does the function that it calls; up to what is under way at the edges of the window.
    expect(Math.abs(countOf(result, "append") - 2 * deposits)).toBeLessThan(30);
    expect(Math.abs(countOf(result, "checkTail") - deposits)).toBeLessThan(30);
    expect(Math.abs(countOf(result, "readPrev") / balances - 1.2)).toBeLessThan(0.1);
    for (const { operation, failed, unknown } of result.operations) {
      expect({ operation, failed, unknown }).toEqual({ operation, failed: 0, unknown: 0 });
    }
    expect(run(load(), "checked").digest).toBe(result.digest);
  });

  test.each([
    ["primary", "{ crash: primary }"],
    ["a storage node", "{ crash: storage-2 }"],
    ["an engine", "{ crash: engine-3 }"],
    ["the gateway", "{ crash: gateway }"],
    ["a process with workers", "{ crash: worker-1.Audit.1 }"],
    ["a link between engine and storage node", "{ partition: { of: storage-1, from: engine-1 } }"],
  ])("keep the rules of both models while %s fails and comes back", { timeout: 60_000 }, (_, fault) => {
    const [, words] = /^\{ (.*) \}$/.exec(fault)!;
    const text = `${TEXT}\nfaults:\n  - { at: 200ms, for: 100ms, ${words} }\n`;
    const set = ["duration=4s", "warmup=100ms", "expect=[]", "workload.clients.arrival.poisson.rate=500/s"];
    const result = run(loadAny(text, FILE, { set }) as RuntimeScenario);
    expect(result.violationCounts).toEqual({});
    expect(result.faults!.periods).toHaveLength(1);
    expect(countOf(result, "request")).toBeGreaterThan(1_500);
  });

  test("whose engine ends with all its workers are lost, and do not wait for anything", () => {
    const text = `${TEXT}\nfaults:\n  - { at: 200ms, for: 100ms, crash: { of: engine-3, host: off } }\n`;
    const set = ["duration=2s", "warmup=100ms", "expect=[]", "check=off"];
    const { stuck, lost } = run(loadAny(text, FILE, { set }) as RuntimeScenario);
    expect(stuck).toEqual([]);
    expect(lost.map(({ operation }) => operation)).toContain("append");
  });

  test("that a caller has not seen what it has called has seen is found: a defect of the released log (P15)", () => {
    const { application, cluster, nightcore, network, clients, log } = load("check=off");
    const invariants = createInvariants({
      blockingReadLimitNanos: log.boki.blockingReadLimitNanos,
      inspected: () => logPart(deployment),
    });
    const [deposit] = application.methods;
    // After the call the body looks at the tail again, and what it is shown lies before what the called function has appended.
    const check = deposit!.code.find(({ op }) => op === "log")!;
    const look = { ...check, operation: "readPrev", tag: { factor: 2_000, variables: [] } } as typeof check;
    const methods = application.methods.map((each) =>
      each === deposit ? { ...each, code: each.code.toSpliced(-1, 0, look) } : each,
    );
    const deployment: StackDeployment = createStack({
      ...{ seed: 1, mode: "fast", cluster, nightcore, network, clients, costs: {}, mutation: 0 },
      application: { ...application, methods },
      boki: log.boki,
      logCluster: log.cluster,
      disk: log.disk,
      zookeeperDelay: log.zookeeperDelay,
      defects: ["P15"],
      observer: (at, observed, nowNanos) => {
        if (isOfLog(deployment, at, observed)) invariants.observe(at, observed, nowNanos);
      },
    });
    deployment.simulation.start();
    deployment.simulation.run(2 * SECOND);
    expect([...invariants.counts.keys()]).toContain("H2");
  });
});

describe("a scenario of functions on the log", () => {
  const problems = (...set: string[]): string => {
    try {
      load(...set);
      return "";
    } catch (error) {
      return (error as Error).message;
    }
  };

  test("needs a system that has a log, which is said", () => {
    expect(problems("system=nightcore")).toMatch(
      /Account\.Deposit uses the shared log, which nightcore does not have; nightcore-boki has/,
    );
  });

  test("has no more replicas than nodes", () => {
    expect(problems("boki.indexReplicas=5")).toMatch(
      /boki\.indexReplicas: found 5 replicas, but cluster\.nodes is 4/,
    );
    expect(problems("log.storages=2")).toMatch(/userlogReplicas: found 3 replicas, but log\.storages is 2/);
  });

  test("names the log's nodes in faults, and nobody who is not there", () => {
    expect(problems('faults=[{at: 1ms, for: 1ms, crash: "sequencer-3"}]')).toBe("");
    expect(problems('faults=[{at: 1ms, for: 1ms, crash: "sequencer-4"}]')).toMatch(
      /there is no process "sequencer-4"/,
    );
  });

  test("lets only functions use the log", () => {
    const text = readFileSync("scenarios/apps/ledger.yaml", "utf8").replace(
      "deposit: { call: { to: Account.Deposit, input: 256B } }",
      "deposit: { web: [{ log: { operation: append } }] }",
    );
    expect(() => loadApplication(text, "ledger.yaml")).toThrow(
      /requests\.deposit\.web\.0\.log: only functions use the log: web servers and consumers call them/,
    );
  });
});
