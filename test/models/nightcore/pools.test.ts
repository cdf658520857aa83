import { expect, test } from "vitest";
import { START_UP_NANOS } from "../../../models/nightcore/cluster.ts";
import { poolSizes } from "../../../models/nightcore/pools.ts";
import { MILLISECOND } from "../../../sim/units.ts";
import { busyApplication, deploy } from "./noop.ts";

test("a function's pool is counted on all nodes, with the calls that run and those that wait", () => {
  const think = { kind: "constant", value: 0 } as const;
  const clients = [{ name: "many", load: { kind: "closedLoop", clients: 60, think } as const }];
  const deployment = deploy(busyApplication(), {}, { clients }, 2);
  deployment.simulation.start();
  expect(poolSizes(deployment, 2)).toEqual([
    { workers: 0, running: 0, waiting: 0 },
    { workers: 0, running: 0, waiting: 0 },
  ]);
  deployment.simulation.run(START_UP_NANOS + 50 * MILLISECOND);
  // Eight workers a node and function; each of the 60 clients has one request, most of them at the caller.
  const [callee, caller] = poolSizes(deployment, 2);
  expect([callee!.workers, caller!.workers]).toEqual([16, 16]);
  expect(caller!.running).toBeGreaterThan(8);
  expect(caller!.running).toBeLessThanOrEqual(16);
  expect(caller!.running + caller!.waiting).toBeGreaterThan(40);
  expect(caller!.running + caller!.waiting).toBeLessThanOrEqual(60);
});
