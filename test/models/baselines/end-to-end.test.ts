/** RPC servers, an OpenFaaS-like and a Lambda-like service, from their clients to their stores. */

import { describe, expect, test } from "vitest";
import { CLUSTER_DEFAULTS, type DeploymentConfig } from "../../../models/applications/deployment.ts";
import type { FrontEndState } from "../../../models/applications/front-end.ts";
import type { Load } from "../../../models/applications/load.ts";
import { RPC_DEFAULTS } from "../../../models/baselines/config.ts";
import { BASELINE_ROLES, BASELINES, baselineProcesses } from "../../../models/baselines/parts.ts";
import type { Simulation } from "../../../sim/simulation.ts";
import { MILLISECOND, SECOND } from "../../../sim/units.ts";
import { busyApplication, mixedApplication, noopApplication } from "../nightcore/noop.ts";
import { createBaseline, requestsOf, run } from "./baseline.ts";

const POISSON: Load = { kind: "poisson", rate: 300, connections: 32 };
const MIXED: Partial<DeploymentConfig> = {
  application: mixedApplication(),
  cluster: { ...CLUSTER_DEFAULTS, nodes: 2 },
  clients: [{ name: "many", load: POISSON, stopNanos: 300 * MILLISECOND }],
  history: true,
};

function sent(simulation: Simulation, kind: string): number {
  return simulation.messageCounts().find((each) => each.kind === kind)!.count;
}

describe.each(BASELINES)("%s", (system) => {
  test("answers every request once, with its own output", () => {
    const simulation = run(createBaseline(system, MIXED), 3 * SECOND);
    const { count, failed, unknown } = requestsOf(simulation);
    expect(count).toBeGreaterThan(60);
    expect([failed, unknown]).toEqual([0, 0]);
    expect(simulation.recorder.pending()).toEqual([]);
    expect(simulation.recorder.counts().get("client.strangeOutput")).toBeUndefined();
    const ended = simulation.recorder.history.filter(({ type }) => type !== "invoke");
    expect(new Set(ended.map(({ operation }) => operation)).size).toBe(ended.length);
  });

  test("does the same in both modes, and the same again", () => {
    const digestOf = (mode: "fast" | "checked") =>
      `${run(createBaseline(system, { ...MIXED, mode }), 2 * SECOND).digest}`;
    const [first, ...others] = [digestOf("fast"), digestOf("fast"), digestOf("checked")];
    expect(others).toEqual([first, first]);
  });

  test("does something else with another seed", () => {
    const digestOf = (seed: number) =>
      `${run(createBaseline(system, { ...MIXED, seed }), 500 * MILLISECOND).digest}`;
    expect(digestOf(1)).not.toBe(digestOf(2));
  });

  test("has the processes that faults can name", () => {
    const { processes } = createBaseline(system, MIXED);
    const carrying = processes.filter(({ role }) => BASELINE_ROLES[system].includes(role));
    const functions = mixedApplication().functions.map(({ name }) => name);
    expect(carrying.map(({ name }) => name)).toEqual(baselineProcesses(system, functions, 2));
  });

  test("answers again after all its processes have crashed and have been started", () => {
    const simulation = createBaseline(system, { clients: [{ name: "one", load: POISSON }] });
    run(simulation, 200 * MILLISECOND);
    const carrying = simulation.processes
      .filter(({ role }) => BASELINE_ROLES[system].includes(role))
      .map(({ address }) => address);
    for (const address of carrying) simulation.crash(address);
    simulation.run(250 * MILLISECOND);
    simulation.boot(...carrying);
    simulation.run(600 * MILLISECOND);
    const before = requestsOf(simulation).count;
    simulation.run(1_600 * MILLISECOND);
    expect(requestsOf(simulation).count - before).toBeGreaterThan(250);
  });
});

describe("a warm call that does nothing takes about what was published", () => {
  test.each([
    ["openfaas", 60, [1.09, 3.66, 5.54]],
    ["lambda", 600, [10.4, 25.8, 59.9]],
  ] as const)("on %s", (system, seconds, [p50, p99, p999]) => {
    const simulation = run(createBaseline(system, { completions: true }), seconds * SECOND);
    const sorted = [...requestsOf(simulation).latenciesNanos].sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor(share * sorted.length)]! / MILLISECOND;
    expect(Math.abs(at(0.5) / p50 - 1)).toBeLessThan(0.15);
    expect(Math.abs(at(0.99) / p99 - 1)).toBeLessThan(0.3);
    expect(Math.abs(at(0.999) / p999 - 1)).toBeLessThan(0.3);
  });
});

describe("a server of C++ functions", () => {
  test("never runs more calls than it has handlers, and runs that many when more come", () => {
    const simulation = createBaseline("rpc", {
      application: busyApplication(),
      cluster: { ...CLUSTER_DEFAULTS, coresPerNode: 4 },
      clients: [{ name: "many", load: { kind: "poisson", rate: 5_000, connections: 100 } }],
    });
    simulation.start();
    let most = 0;
    for (let at = 0; at < 300 * MILLISECOND; at += MILLISECOND / 4) {
      simulation.run(at);
      for (const { role, address } of simulation.processes) {
        if (role !== "server") continue;
        most = Math.max(most, (simulation.stateOf(address) as FrontEndState).runs.size);
      }
    }
    expect(most).toBe(RPC_DEFAULTS.handlers);
  });
});

describe("a call of another function", () => {
  const calls = (system: (typeof BASELINES)[number], nested: number) => {
    const simulation = run(
      createBaseline(system, { application: noopApplication(nested), free: true }),
      5 * SECOND,
    );
    return requestsOf(simulation);
  };
  const messages = (system: (typeof BASELINES)[number], nested: number) => {
    const simulation = run(createBaseline(system, { application: noopApplication(nested) }), 5 * SECOND);
    return sent(simulation, "httpRequest") / requestsOf(simulation).count;
  };

  test("goes from server to server, and by gateway and watchdog or the front", () => {
    expect(messages("rpc", 1) - messages("rpc", 0)).toBeCloseTo(1, 1);
    expect(messages("openfaas", 1) - messages("openfaas", 0)).toBeCloseTo(3, 1);
    expect(messages("lambda", 1) - messages("lambda", 0)).toBeCloseTo(2, 1);
  });

  test("waits for the delay of an OpenFaaS gateway or a Lambda front again", () => {
    const mean = ({ sumNanos, count }: { sumNanos: number; count: number }) => sumNanos / count;
    expect(mean(calls("openfaas", 1)) / mean(calls("openfaas", 0))).toBeGreaterThan(1.7);
    expect(mean(calls("lambda", 1)) / mean(calls("lambda", 0))).toBeGreaterThan(1.9);
  });

  test("of RPC servers on two machines goes to both in turn", () => {
    const simulation = run(
      createBaseline("rpc", {
        application: noopApplication(10),
        cluster: { ...CLUSTER_DEFAULTS, nodes: 2 },
      }),
      SECOND,
    );
    const began = simulation.processes
      .filter(({ name }) => name.endsWith(".noop"))
      .map(({ address }) => (simulation.stateOf(address) as FrontEndState).nextRun);
    expect(began[0]! + began[1]!).toBeGreaterThan(1_000);
    expect(Math.abs(began[0]! - began[1]!)).toBeLessThanOrEqual(1);
  });
});
