/** What becomes of calls when parts of a whole deployment end, as designed and as released. */

import { describe, expect, test } from "vitest";
import { type NightcoreDeployment, START_UP_NANOS } from "../../../models/nightcore/cluster.ts";
import { type NightcoreConfig, RELEASED } from "../../../models/nightcore/config.ts";
import type { GatewayState } from "../../../models/nightcore/gateway.ts";
import { playersOf } from "../../../models/nightcore/parts.ts";
import type { Address } from "../../../sim/machine.ts";
import { MILLISECOND, type Nanos, SECOND } from "../../../sim/units.ts";
import { busyApplication, deploy } from "./noop.ts";

const STOP: Nanos = 6 * SECOND;
const SETTINGS = { maxRunningPerNode: 8, balancing: "leastLoad" } as const;
const DOWN: Nanos = 500 * MILLISECOND;

/**
 * A client that asks all the time, of a function that works for two milliseconds and calls another that does as well. A second
 * after its beginning whoever plays the part ends, and boots again.
 */
function disturbed(part: string, settings: Partial<NightcoreConfig> = {}, nodes = 2): NightcoreDeployment {
  const application = busyApplication();
  const deployment = deploy(
    application,
    { ...SETTINGS, ...settings },
    {
      clients: [
        { name: "many", load: { kind: "constantRate", rate: 400, connections: 64 }, stopNanos: STOP },
      ],
    },
    nodes,
  );
  const { simulation } = deployment;
  simulation.start();
  let at = START_UP_NANOS + SECOND;
  simulation.run(at);
  let struck: Address[] = [];
  for (let tries = 0; struck.length === 0 && tries < 1_000; tries++) {
    simulation.run((at += 100_000));
    struck = playersOf(
      part,
      deployment,
      application.functions.map(({ name }) => name),
    ).slice(0, 1);
  }
  expect(struck).toHaveLength(1);
  simulation.crash(struck[0]!);
  simulation.run(at + DOWN);
  if (!simulation.isUp(struck[0]!)) simulation.boot(struck[0]!);
  simulation.run(START_UP_NANOS + STOP + 40 * SECOND);
  return deployment;
}

/** A node's machine loses power for a while; nobody tells the gateway. */
function powerLoss(settings: Partial<NightcoreConfig> = {}): NightcoreDeployment {
  const deployment = deploy(
    busyApplication(),
    { ...SETTINGS, ...settings },
    {
      clients: [
        { name: "many", load: { kind: "constantRate", rate: 400, connections: 64 }, stopNanos: 20 * SECOND },
      ],
    },
    2,
  );
  const { simulation, nodes } = deployment;
  simulation.start();
  const at = START_UP_NANOS + SECOND;
  simulation.run(at);
  simulation.crash(nodes[0]!.engine, { wholeHost: true });
  simulation.run(at + DOWN);
  simulation.boot(...playersOf("processes on node 1", deployment, []));
  simulation.run(at + 60 * SECOND);
  return deployment;
}

function outcomes({ simulation }: NightcoreDeployment) {
  const { count, failed, unknown } = simulation.recorder.results().find(({ name }) => name === "request")!;
  return { ok: count, failed, unknown, open: simulation.recorder.pending().length };
}

describe("as designed every request ends once, and later ones as if nothing had been, when there ends", () => {
  test.each([
    "gateway",
    "engine",
    "launcher",
    "launcher of caller",
    "idle worker",
    "running worker",
    "running worker of caller",
    "running worker of callee",
  ])("the %s", (part) => {
    const { ok, failed, unknown, open } = outcomes(disturbed(part));
    expect(open).toBe(0);
    expect(ok + failed + unknown).toBeGreaterThan(2_000);
    // A part of what was under way, and of what came while it was away.
    expect(failed + unknown).toBeLessThan(300);
  });
});

test("as designed a node that comes back after a loss of power gets calls again, and keeps them when word of its end is late", () => {
  const deployment = powerLoss();
  const { ok, failed, unknown, open } = outcomes(deployment);
  // Lost once, when its engine says hello again; the late word of its end, after ten seconds, is of its last life.
  expect(deployment.simulation.recorder.counts().get("gateway.nodeLost")).toBe(1);
  expect(open).toBe(0);
  expect(ok).toBeGreaterThan(7_000);
  expect(failed + unknown).toBeLessThan(100);
  const { nodes, running } = deployment.simulation.stateOf(deployment.gateway) as GatewayState;
  expect(nodes.listed).toHaveLength(2);
  expect(nodes.known.map(({ inFlight, endsOverdue }) => [inFlight, endsOverdue])).toEqual([
    [0, 0],
    [0, 0],
  ]);
  expect(running).toBe(0);
});

describe("as released", () => {
  test("a worker that ends while it waits for a call takes its engine along when that call ends", () => {
    const deployment = disturbed("running worker of caller", RELEASED);
    const crashes = deployment.simulation.recorder.counts().get("engine.crash");
    expect(crashes).toBe(1);
    expect(outcomes(deployment).open).toBeGreaterThan(0);
  });

  test("a node whose engine is gone is given calls, which fail, and those that it had never end", () => {
    const { open, failed } = outcomes(disturbed("engine", RELEASED));
    expect(open).toBeGreaterThan(0);
    expect(failed).toBeGreaterThan(0);
  });

  test("nobody runs anything any more once the gateway has ended", () => {
    const { ok } = outcomes(disturbed("gateway", RELEASED));
    const { ok: designed } = outcomes(disturbed("gateway"));
    expect(ok).toBeLessThan(500);
    expect(designed).toBeGreaterThan(2_000);
  });
});
