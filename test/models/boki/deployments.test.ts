import { expect, test } from "vitest";
import { createDeployments, type Deployment, START_UP_NANOS } from "../../../models/boki/cluster.ts";
import {
  BOKI_DEFAULTS,
  CLUSTER_DEFAULTS,
  DISK_DEFAULTS,
  NETWORK_DEFAULTS,
} from "../../../models/boki/config.ts";
import type { StorageState } from "../../../models/boki/storage-state.ts";
import type { WorkloadConfig } from "../../../models/workloads/config.ts";
import { stateDifference } from "../../../sim/structures/clone.ts";
import { MILLISECOND } from "../../../sim/units.ts";

const WORKLOAD: WorkloadConfig = {
  name: "producers",
  arrival: { kind: "paced", clients: 4, intervalNanos: MILLISECOND },
  mix: { append: 1 },
  logBooks: { count: 2, zipfExponent: 0 },
  tags: { count: 10, zipfExponent: 0 },
  tagsPerRecord: 1,
  recordBytes: { kind: "constant", value: 1_024 },
  auxBytes: { kind: "constant", value: 64 },
  readPosition: { kind: "recent", records: 100 },
  keepRecords: 100,
  nestedShare: 0,
  startNanos: 0,
};

/** Deployments side by side, after they have appended for a while. */
function deployments(prefixes: readonly string[]): readonly Deployment[] {
  const all = createDeployments(
    {
      seed: 1,
      mode: "fast",
      cluster: { ...CLUSTER_DEFAULTS, engines: 4, workersPerEngine: 2 },
      boki: { ...BOKI_DEFAULTS, indexReplicas: 3 },
      network: NETWORK_DEFAULTS,
      disk: DISK_DEFAULTS,
      costs: {},
      workloads: [WORKLOAD],
      mutation: 0,
    },
    prefixes,
  );
  const { simulation } = all[0]!;
  simulation.start();
  simulation.run(START_UP_NANOS + 30 * MILLISECOND);
  return all;
}

function logsOf({ simulation, storages }: Deployment): unknown[] {
  return storages.map((storage) => [...(simulation.stateOf(storage) as StorageState).logs.values()]);
}

test("a deployment does beside another what it does alone", () => {
  const [alone] = deployments(["one/"]);
  const [first, second] = deployments(["one/", "two/"]);
  expect(logsOf(alone!).flat()).not.toEqual([]);
  expect(stateDifference(logsOf(first!), logsOf(alone!))).toBeUndefined();
  expect(first!.simulation).toBe(second!.simulation);
});

test("deployments beside each other draw from streams of their own, and their clients measure together", () => {
  const [first, second] = deployments(["one/", "two/"]);
  const [alone] = deployments(["one/"]);
  expect(stateDifference(logsOf(second!), logsOf(first!))).toBeDefined();
  const appended = ({ simulation }: Deployment) =>
    simulation.recorder.results().find(({ name }) => name === "append")!.count;
  expect(appended(first!)).toBeGreaterThan(1.9 * appended(alone!));
});

test("all names begin with the prefix of the deployment", () => {
  const [first, second] = deployments(["one/", "two/"]);
  const { processes, hosts } = first!.simulation;
  const own = second!.zooKeeper;
  for (const [address, { name }] of processes.entries())
    expect(name).toMatch(address < own ? /^one\// : /^two\//);
  expect(hosts.every(({ name }) => /^(one|two)\//.test(name))).toBe(true);
});
