/** The critical path of requests: what each of them waited for, at every moment, on the runtime and on its rivals. */

import { describe, expect, test } from "vitest";
import type { Load } from "../../../models/applications/load.ts";
import { START_UP_NANOS } from "../../../models/nightcore/cluster.ts";
import type { NightcoreConfig } from "../../../models/nightcore/config.ts";
import { RUNTIME_PHASES } from "../../../models/nightcore/phases.ts";
import { followPath } from "../../../sim/trace-path.ts";
import type { TracedOperation } from "../../../sim/trace-records.ts";
import { MILLISECOND } from "../../../sim/units.ts";
import { busyApplication, deploy, mixedApplication, noopApplication } from "./noop.ts";

interface Followed {
  readonly operation: TracedOperation;
  readonly complete: boolean;
  readonly phases: ReadonlyMap<string, number>;
}

/** Requests of a deployment, followed when they complete; each path is checked to be whole. */
function followed(
  application: Parameters<typeof deploy>[0],
  load: Load,
  settings: Partial<NightcoreConfig> = {},
): Followed[] {
  const clients = [{ name: "clients", load }];
  const { simulation } = deploy(application, settings, { clients });
  const roleOf = (process: number) => simulation.processes[process]!.role;
  const all: Followed[] = [];
  const tracer = simulation.trace({
    keyOf: RUNTIME_PHASES.keyOf,
    onOperation(operation) {
      const { pieces, complete } = followPath(tracer, operation, (process, kind, name) =>
        RUNTIME_PHASES.takenUpBy(roleOf(process), kind, name),
      );
      const phases = new Map<string, number>();
      let atNanos = operation.startNanos;
      for (const { input, part, fromNanos, toNanos } of pieces) {
        expect(fromNanos).toBe(atNanos);
        expect(toNanos).toBeGreaterThan(fromNanos);
        atNanos = toNanos;
        const role = roleOf(tracer.processOf(input));
        const phase = RUNTIME_PHASES.phaseOf(role, tracer.kindOf(input), tracer.nameOf(input), part);
        phases.set(phase, (phases.get(phase) ?? 0) + toNanos - fromNanos);
      }
      expect(atNanos).toBe(operation.endNanos);
      all.push({ operation, complete, phases });
    },
  });
  simulation.start();
  simulation.run(START_UP_NANOS + 300 * MILLISECOND);
  return all.filter(({ operation }) => operation.name === "request");
}

const closedLoop = (clients: number): Load => ({
  kind: "closedLoop",
  clients,
  think: { kind: "constant", value: 0 },
});

describe("the path of a request", () => {
  test("of an empty function is the way there and back", () => {
    const requests = followed(noopApplication(0), closedLoop(1));
    expect(requests.length).toBeGreaterThan(50);
    expect(requests.every(({ complete }) => complete)).toBe(true);
    expect([...requests[10]!.phases.keys()].sort()).toEqual([
      "caller to gateway",
      "code of functions",
      "engine to gateway",
      "engine to worker",
      "gateway to engine",
      "response to the client",
      "worker to engine",
    ]);
  });

  test("leads through stores, queues and calls side by side", () => {
    const requests = followed(mixedApplication(), closedLoop(8));
    expect(requests.length).toBeGreaterThan(100);
    const names = new Set(requests.flatMap(({ phases }) => [...phases.keys()]));
    for (const phase of ["code of the web server", "stores", "queues", "code of functions"]) {
      expect(names).toContain(phase);
    }
    expect(requests.filter(({ complete }) => complete).length / requests.length).toBeGreaterThan(0.99);
  });

  test("of calls that find every worker busy is waiting for one", () => {
    const requests = followed(busyApplication(), closedLoop(40), { concurrencyLimiter: false });
    const waited = requests.filter(
      ({ phases }) => (phases.get("wait for a worker or the concurrency limit") ?? 0) > 2 * MILLISECOND,
    );
    expect(requests.length).toBeGreaterThan(100);
    expect(waited.length / requests.length).toBeGreaterThan(0.8);
    expect(requests.filter(({ complete }) => complete).length / requests.length).toBeGreaterThan(0.99);
  });
});
