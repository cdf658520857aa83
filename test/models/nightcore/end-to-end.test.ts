/** Whole deployments: what a call does on its way, how long that takes, and what becomes of calls when parts end. */

import { describe, expect, test } from "vitest";
import { COSTS as APPLICATION_COSTS } from "../../../models/applications/costs.ts";
import { NETWORK_DEFAULTS } from "../../../models/applications/network.ts";
import type { NightcoreDeployment, NightcoreDeploymentConfig } from "../../../models/nightcore/cluster.ts";
import { START_UP_NANOS } from "../../../models/nightcore/cluster.ts";
import type { NightcoreConfig } from "../../../models/nightcore/config.ts";
import { COSTS } from "../../../models/nightcore/costs.ts";
import type { EngineState } from "../../../models/nightcore/engine-state.ts";
import type { Observation } from "../../../models/nightcore/observations.ts";
import type { Address } from "../../../sim/machine.ts";
import { MICROSECOND, MILLISECOND, type Nanos, SECOND } from "../../../sim/units.ts";
import { deploy, mixedApplication, noopApplication, ONE_AT_A_TIME } from "./noop.ts";

function run(deployment: NightcoreDeployment, forNanos: Nanos): NightcoreDeployment {
  deployment.simulation.start();
  deployment.simulation.run(START_UP_NANOS + forNanos);
  return deployment;
}

function requestsOf({ simulation }: NightcoreDeployment) {
  return simulation.recorder.results().find(({ name }) => name === "request")!;
}

/** Messages of a kind for each completed request. */
function perRequest(deployment: NightcoreDeployment, kind: string): number {
  const { count = 0 } = deployment.simulation.messageCounts().find((each) => each.kind === kind) ?? {};
  return count / requestsOf(deployment).count;
}

describe("a call from outside", () => {
  const clients = [{ name: "one", load: ONE_AT_A_TIME, stopNanos: SECOND }];

  test("is six messages: two each to the gateway, the engine and the worker, and back", () => {
    const deployment = run(deploy(noopApplication(0), {}, { clients }), 2 * SECOND);
    expect(requestsOf(deployment).count).toBeGreaterThan(700);
    expect(requestsOf(deployment).failed).toBe(0);
    for (const kind of ["httpRequest", "externalCall", "dispatch", "done", "externalDone", "httpResponse"]) {
      expect([kind, perRequest(deployment, kind)]).toEqual([kind, 1]);
    }
    expect(perRequest(deployment, "invoke")).toBe(0);
  });

  test("that calls another function adds four messages, none of them to the gateway", () => {
    const deployment = run(deploy(noopApplication(3), {}, { clients }), 2 * SECOND);
    for (const kind of ["invoke", "returned"])
      expect([kind, perRequest(deployment, kind)]).toEqual([kind, 3]);
    for (const kind of ["dispatch", "done"]) expect([kind, perRequest(deployment, kind)]).toEqual([kind, 4]);
    for (const kind of ["externalCall", "externalDone"]) {
      expect([kind, perRequest(deployment, kind)]).toEqual([kind, 1]);
    }
  });

  test("without the internal fast path calls through the gateway", () => {
    const deployment = run(deploy(noopApplication(3), { internalFastPath: false }, { clients }), 2 * SECOND);
    expect(perRequest(deployment, "invoke")).toBe(0);
    for (const kind of ["httpRequest", "externalCall", "externalDone", "httpResponse"]) {
      expect([kind, perRequest(deployment, kind)]).toEqual([kind, 4]);
    }
  });
});

describe("without costs a call takes what its links take", () => {
  const network = {
    ...NETWORK_DEFAULTS,
    latency: { kind: "constant", value: 70 * MICROSECOND },
    pipeLatency: { kind: "constant", value: 3 * MICROSECOND },
  } as const;
  test.each([0, 1, 3])("with %i calls of another function", (calls) => {
    const deployment = run(deploy(noopApplication(calls), {}, { network, free: true }), SECOND);
    const { latency, maxNanos, sumNanos, count } = requestsOf(deployment);
    const expected = (4 * 70 + 2 * 3 + calls * 4 * 3) * MICROSECOND;
    expect(latency.minNonZeroValue).toBeGreaterThan(0);
    expect(maxNanos).toBe(expected);
    expect(sumNanos / count).toBe(expected);
  });
});

describe("threads that are idle are woken", () => {
  /** Nothing takes time but wake-ups, so that a latency counts them. */
  const WAKE = MILLISECOND;
  const nothing = { kind: "constant", value: 0 } as const;
  function wakeUps(calls: number, settings: Partial<NightcoreConfig>): number {
    const costs = Object.fromEntries(
      [...Object.keys(COSTS), ...Object.keys(APPLICATION_COSTS)].map((name) => [name, 0]),
    );
    const network = {
      ...NETWORK_DEFAULTS,
      bitsPerSecond: 0,
      latency: nothing,
      pipeLatency: nothing,
      loopbackLatency: nothing,
      wakeLatency: { kind: "constant", value: WAKE },
      cpuJitter: { kind: "constant", value: 1 },
    } as const;
    const load = {
      ...ONE_AT_A_TIME,
      think: { kind: "uniform", low: MILLISECOND, high: 2 * MILLISECOND },
    } as const;
    const deployment = run(
      deploy(noopApplication(calls), settings, { network, costs, clients: [{ name: "one", load }] }),
      10 * SECOND,
    );
    const { sumNanos, count } = requestsOf(deployment);
    return sumNanos / count / WAKE;
  }

  test("five by a call from outside: gateway, engine, worker, engine, gateway", () => {
    expect(wakeUps(0, {})).toBeCloseTo(5, 2);
  });

  test("and four by a call of another function: engine, worker, engine, worker", () => {
    expect(wakeUps(1, {})).toBeCloseTo(5 + 4, 2);
  });

  test("and one more for each hand-over to another thread", () => {
    // Half of the calls come to the engine by the thread that has no channel to the worker; and one of two threads of the
    // gateway has the client's connection.
    expect(wakeUps(0, { engineThreads: 2 })).toBeCloseTo(5 + 1 / 2, 1);
    expect(wakeUps(0, { engineThreads: 2, gatewayThreads: 2 })).toBeLessThanOrEqual(7);
  });

  test("but none for a channel that any thread writes", () => {
    expect(wakeUps(0, { engineThreads: 2, directWrite: true })).toBeCloseTo(5, 2);
  });
});

describe("a warm call that does nothing takes about what was published", () => {
  function quantiles(values: number[]): number[] {
    const sorted = values.toSorted((a, b) => a - b);
    return [0.5, 0.99].map((share) => sorted[Math.floor(share * sorted.length)]! / MICROSECOND);
  }

  test("from outside: 285 us, and 536 us at the 99th percentile", () => {
    const deployment = run(deploy(noopApplication(0), {}, { completions: true }), 10 * SECOND);
    const [p50, p99] = quantiles([...requestsOf(deployment).latenciesNanos]);
    expect(Math.abs(p50! / 285 - 1)).toBeLessThan(0.15);
    expect(Math.abs(p99! / 536 - 1)).toBeLessThan(0.3);
  });

  test("from another function: 39 us, and 107 us at the 99th percentile", () => {
    const handlers: number[] = [];
    const observer = (_at: Address, observed: unknown) => {
      const observation = observed as Observation;
      if (observation.kind === "callEnded" && observation.fn === 1)
        handlers.push(observation.processingNanos);
    };
    run(deploy(noopApplication(1), {}, { observer }), 10 * SECOND);
    const [p50, p99] = quantiles(handlers);
    expect(Math.abs(p50! / 39 - 1)).toBeLessThan(0.15);
    expect(Math.abs(p99! / 107 - 1)).toBeLessThan(0.3);
  });
});

describe("a deployment with everything in it", () => {
  const CONFIG: Partial<NightcoreDeploymentConfig> = {
    clients: [
      {
        name: "many",
        load: { kind: "poisson", rate: 400, connections: 16 },
        stopNanos: 150 * MILLISECOND,
      },
    ],
    history: true,
  };
  const settings = {
    engineThreads: 2,
    gatewayThreads: 2,
    balancing: "leastLoad",
    maxRunningPerNode: 8,
  } as const;

  test("answers every request", () => {
    const deployment = run(deploy(mixedApplication(), settings, CONFIG), SECOND);
    const { count, failed, unknown } = requestsOf(deployment);
    expect(count).toBeGreaterThan(40);
    expect([failed, unknown]).toEqual([0, 0]);
    expect(deployment.simulation.recorder.pending()).toEqual([]);
  });

  test("runs twice to the same digest, and to another with another seed", () => {
    const digests = [1, 1, 2].map((seed) =>
      run(
        deploy(mixedApplication(), settings, { ...CONFIG, seed }),
        300 * MILLISECOND,
      ).simulation.digest.toString(),
    );
    expect(digests[1]).toBe(digests[0]);
    expect(digests[2]).not.toBe(digests[0]);
  });

  test("runs the same in checked mode, with the same states at its end", () => {
    const [fast, checked] = (["fast", "checked"] as const).map((mode) =>
      run(deploy(mixedApplication(), settings, { ...CONFIG, mode }), 200 * MILLISECOND),
    );
    expect(checked!.simulation.digest.toString()).toBe(fast!.simulation.digest.toString());
    for (const { address, name } of fast!.simulation.processes) {
      expect([name, checked!.simulation.stateOf(address)]).toEqual([name, fast!.simulation.stateOf(address)]);
    }
  });
});

test("hundreds of workers are there by the end of the start-up", () => {
  const deployment = run(deploy(noopApplication(0, { workers: 150 })), 0);
  const { dispatchers } = deployment.simulation.stateOf(deployment.nodes[0]!.engine) as EngineState;
  expect(dispatchers.map(({ workers }) => workers)).toEqual([150, 150]);
});
