import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Load } from "../../../models/applications/load.ts";
import type { Simulation } from "../../../sim/simulation.ts";
import { stateDifference } from "../../../sim/structures/clone.ts";
import { MILLISECOND, SECOND } from "../../../sim/units.ts";
import { PUBLISHED, type SmallNetwork, smallNetwork } from "./small-network.ts";

const LOAD: Load = { kind: "poisson", rate: 500, connections: 48 };

function run(setup: Partial<SmallNetwork>, nanos: number): Simulation {
  const simulation = smallNetwork({ load: LOAD, ...setup });
  simulation.start();
  simulation.run(nanos);
  return simulation;
}

function messages(simulation: Simulation, kind: string): number {
  return simulation.messageCounts().find((each) => each.kind === kind)?.count ?? 0;
}

const finished = (simulation: Simulation) => simulation.recorder.results()[0]!;

describe("composing a post", () => {
  test("makes the published number of calls and of round trips to each store", () => {
    const simulation = run({ stopNanos: 8 * SECOND }, 8.5 * SECOND);
    const { count, failed, unknown } = finished(simulation);
    expect(count).toBeGreaterThan(3_500);
    expect([failed, unknown]).toEqual([0, 0]);
    // Beside the calls there is the client's own request.
    expect(messages(simulation, "httpRequest") / count).toBe(1 + PUBLISHED.calls);
    expect(messages(simulation, "httpResponse") / count).toBe(1 + PUBLISHED.calls);
    expect(messages(simulation, "publish") / count).toBe(PUBLISHED.published);
    expect(messages(simulation, "acknowledge") / count).toBe(1);
    for (const [name, expected] of Object.entries(PUBLISHED.roundTrips)) {
      const row = simulation.stations().find(({ station }) => station.startsWith(`${name}/`))!;
      const perRequest = row.counts.jobs / count;
      if (Number.isInteger(expected)) expect(perRequest, name).toBe(expected);
      else expect(Math.abs(perRequest / expected - 1), name).toBeLessThan(0.03);
    }
  });

  test("keeps Little's law between the client and what is open in it", () => {
    const clients = 12;
    const load: Load = { kind: "closedLoop", clients, think: { kind: "constant", value: 0 } };
    const simulation = run({ load }, 2 * SECOND);
    const { count, sumNanos } = finished(simulation);
    const perSecond = count / 2;
    const meanSeconds = sumNanos / count / SECOND;
    expect(perSecond * meanSeconds).toBeCloseTo(clients, 1);
  });

  test("is slower where more of it comes", () => {
    const p50 = (rate: number) => {
      const load: Load = { kind: "timetable", rate, connections: 48, threads: 4 };
      return finished(run({ load }, 2 * SECOND)).latency.getValueAtPercentile(50);
    };
    expect(p50(2_000)).toBeGreaterThan(p50(200));
  });
});

describe("both modes", () => {
  test("give the same run", () => {
    const loads: Load[] = [
      { kind: "closedLoop", clients: 6, think: { kind: "exponential", mean: MILLISECOND } },
      { kind: "poisson", rate: 1_500, connections: 4 },
      {
        kind: "constantRate",
        rate: [
          { fromNanos: 0, perSecond: 100 },
          { fromNanos: 10 * MILLISECOND, perSecond: 2_000 },
        ],
        connections: 8,
      },
      { kind: "timetable", rate: 1_000, connections: 8, threads: 4 },
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...loads),
        fc.boolean(),
        fc.boolean(),
        fc.nat(),
        (load, costs, crash, seed) => {
          const [fast, checked] = (["fast", "checked"] as const).map((mode) => {
            const simulation = smallNetwork({ load, costs, seed, mode });
            simulation.start();
            simulation.run(12 * MILLISECOND);
            if (crash) {
              simulation.crash(3);
              simulation.crash(4);
              simulation.run(15 * MILLISECOND);
              simulation.boot(3, 4);
            }
            simulation.run(25 * MILLISECOND);
            if (crash) simulation.run(130 * MILLISECOND);
            return simulation;
          });
          for (const { address, name } of fast!.processes) {
            const difference = stateDifference(fast!.stateOf(address), checked!.stateOf(address));
            expect(difference && `${name}${difference}`).toBeUndefined();
          }
          expect(checked!.messageCounts()).toEqual(fast!.messageCounts());
          expect([...checked!.recorder.counts()]).toEqual([...fast!.recorder.counts()]);
          expect(checked!.digest.toString()).toBe(fast!.digest.toString());
          expect(finished(fast!).count).toBeGreaterThan(0);
        },
      ),
      { seed: 11, numRuns: 6 },
    );
  });
});
