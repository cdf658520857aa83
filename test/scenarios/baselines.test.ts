/** Scenarios of the systems that Nightcore is compared with. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BASELINES } from "../../models/baselines/parts.ts";
import { loadAny } from "../../scenarios/load.ts";
import { runReplication } from "../../scenarios/replication.ts";
import type { RuntimeScenario } from "../../scenarios/scenario.ts";
import { runtimePool } from "../../scenarios/systems/application.ts";

const QUICKSTART = "scenarios/nightcore-quickstart.yaml";
const NOOP = "scenarios/noop.yaml";
const SHORT = ["warmup=100ms", "duration=400ms", "workload.visitors.arrival.timetable.rate=1k/s"];

function read(file: string, set: readonly string[]): RuntimeScenario {
  return loadAny(readFileSync(file, "utf8"), file, { set }) as RuntimeScenario;
}

const run = (scenario: RuntimeScenario) =>
  runReplication({ scenario, seed: 1, replication: 0, mode: "fast" });

describe.each(BASELINES)("system: %s", (system) => {
  const quickstart = (...set: string[]) => read(QUICKSTART, [...SHORT, `system=${system}`, ...set]);

  test("runs the application of any other", () => {
    const { operations } = run(quickstart());
    const all = operations.find(({ operation }) => operation === "request")!;
    expect(all.count).toBeGreaterThan(350);
    expect([all.failed, all.unknown]).toEqual([0, 0]);
    expect(operations.map(({ operation }) => operation)).toContain("request write");
  });

  test("has no invariants, no bugs and no handlers to measure", () => {
    expect(() => quickstart("check=on")).toThrow(`${system} has no invariants`);
    expect(() => quickstart("mutation=3")).toThrow(`${system} has no bugs`);
    expect(() =>
      read(NOOP, ["variants=[]", `system=${system}`, "measured={ handler Noop.p50: 1us }"]),
    ).toThrow('there is no operation "handler Noop"');
  });

  test("is struck by faults that name its processes, and not by others'", () => {
    const name = { rpc: "server-1.Feed", openfaas: "watchdog-1.Feed", lambda: "worker-Feed" }[system];
    const { operations, faults } = run(quickstart(`faults=[{ at: 200ms, crash: ${name}, for: 50ms }]`));
    const all = operations.find(({ operation }) => operation === "request")!;
    // Connections are opened again after 100 ms; requests that were due meanwhile have waited.
    expect(all.maxNanos).toBeGreaterThan(95_000_000);
    expect(all.count).toBeGreaterThan(100);
    expect(faults).toBeDefined();
    expect(() => quickstart("faults=[{ at: 200ms, crash: engine-1 }]")).toThrow("there is no process");
    expect(() => quickstart("faults=[{ at: 200ms, crash: any launcher }]")).toThrow("no such processes");
  });
});

test("handlers are measured in Nightcore where a measurement is of them", () => {
  const short = ["warmup=0s", "duration=2s"];
  const [external, internal] = read(NOOP, short).variants.map(({ scenario }) => run(scenario));
  const of = (result: typeof external) => result!.operations.map(({ operation }) => operation);
  expect(of(external)).toEqual(["request", "request external"]);
  expect(of(internal).toSorted()).toEqual(["handler Caller", "request", "request internal"]);
  const [handler, request] = ["handler Caller", "request"].map(
    (name) => internal!.operations.find(({ operation }) => operation === name)!,
  );
  expect(handler!.count).toBe(request!.count);
  expect(handler!.p50Nanos).toBeLessThan(request!.p50Nanos / 4);
});

test("stations of a function are one row for each machine", () => {
  expect(runtimePool("worker-2.Text.7/handlers", "worker")).toBe("node-2/Text");
  expect(runtimePool("worker-2.Text/handlers", "worker")).toBe("node-2/Text");
  expect(runtimePool("server-1.Text/handlers", "server")).toBe("node-1/Text");
  expect(runtimePool("watchdog-1.Text/handlers", "watchdog")).toBe("node-1/watchdogs");
  expect(runtimePool("launcher-3.Text/main", "launcher")).toBe("node-3/launchers");
  expect(runtimePool("worker-Text/environments", "worker")).toBeUndefined();
  expect(runtimePool("node-1/cores", "server")).toBeUndefined();
});
