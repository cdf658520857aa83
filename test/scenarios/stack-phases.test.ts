/** The critical path of requests whose functions use the log: through both models, and its own way all along. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { loadAny } from "../../scenarios/load.ts";
import type { RuntimeScenario } from "../../scenarios/scenario.ts";
import { startStack } from "../../scenarios/systems/stack.ts";
import { followPath } from "../../sim/trace-path.ts";
import { SECOND } from "../../sim/units.ts";

const FILE = "scenarios/functions-on-log.yaml";

interface Followed {
  readonly complete: boolean;
  readonly latencyNanos: number;
  readonly phases: ReadonlyMap<string, number>;
}

function follow(name: string): Followed[] {
  const set = ["check=off", "expect=[]"];
  const scenario = loadAny(readFileSync(FILE, "utf8"), FILE, { set }) as RuntimeScenario;
  const { simulation, phases } = startStack(scenario, {
    ...{ seed: 1, mode: "fast", completions: false, history: false, anatomy: false },
    ...{ seriesIntervalNanos: 0, calmFromNanos: 0 },
  });
  const roleOf = (process: number) => simulation.processes[process]!.role;
  const all: Followed[] = [];
  const tracer = simulation.trace({
    keyOf: phases.keyOf,
    onOperation(operation) {
      if (operation.name !== name) return;
      const { pieces, complete } = followPath(tracer, operation, (process, kind, input) =>
        phases.takenUpBy(roleOf(process), kind, input),
      );
      const spent = new Map<string, number>();
      for (const { input, part, waiting, fromNanos, toNanos } of pieces) {
        const role = roleOf(tracer.processOf(input));
        const waits = waiting === 0 ? undefined : tracer.nameOf(waiting);
        const phase = phases.phaseOf(role, tracer.kindOf(input), tracer.nameOf(input), part, waits);
        spent.set(phase, (spent.get(phase) ?? 0) + toNanos - fromNanos);
      }
      all.push({ complete, latencyNanos: operation.endNanos - operation.startNanos, phases: spent });
    },
  });
  simulation.start();
  simulation.run(1.35 * SECOND);
  return all;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

const mean = (followed: readonly Followed[], phase: string): number =>
  sum(followed.map(({ phases }) => phases.get(phase) ?? 0)) / followed.length;

test("of a deposit it is the call's way, and that of two appends and a read, and nobody else's", () => {
  const deposits = follow("request deposit");
  expect(deposits.length).toBeGreaterThan(150);
  expect(deposits.every(({ complete }) => complete)).toBe(true);
  for (const { latencyNanos, phases } of deposits) expect(sum([...phases.values()])).toBe(latencyNanos);
  for (const phase of ["caller to gateway", "gateway to engine", "engine to worker", "code of functions"])
    expect(mean(deposits, phase)).toBeGreaterThan(0);
  // Clients have connections enough: what is here anyway is the way of another request that this one's has run into.
  expect(mean(deposits, "client")).toBeLessThan(100_000);
  const appends = follow("append");
  for (const phase of ["wait for the local cut", "wait for the global cut", "metalog quorum"])
    expect(Math.abs(mean(deposits, phase) / mean(appends, phase) - 2)).toBeLessThan(0.2);
});
