/** Who plays which part, as fault plans ask. */

import { describe, expect, test } from "vitest";
import { createDeployment, START_UP_NANOS } from "../../../models/boki/cluster.ts";
import {
  BOKI_DEFAULTS,
  CLUSTER_DEFAULTS,
  DISK_DEFAULTS,
  NETWORK_DEFAULTS,
} from "../../../models/boki/config.ts";
import { playersOf, readPart } from "../../../models/boki/parts.ts";
import { MILLISECOND } from "../../../sim/units.ts";

/** A deployment of two physical logs that moves on to a view of other sequencers after 50 ms. */
function deploy() {
  return createDeployment({
    seed: 1,
    mode: "fast",
    cluster: { ...CLUSTER_DEFAULTS, engines: 3, workersPerEngine: 2, spareSequencers: 1 },
    boki: { ...BOKI_DEFAULTS, physicalLogs: 2 },
    network: NETWORK_DEFAULTS,
    disk: DISK_DEFAULTS,
    costs: {},
    workloads: [],
    mutation: 0,
    reconfigurations: [{ atNanos: 50 * MILLISECOND, sequencers: [4, 2, 1] }],
  });
}

const PARTS = ["primary", "backups", "primary of log 2", "backups of log 2", "primary of log 3"];

describe("a part", () => {
  test("is read by its name", () => {
    expect(readPart("primary")).toEqual({ part: "primary", log: 1 });
    expect(readPart("backups of log 12")).toEqual({ part: "backups", log: 12 });
    expect(readPart("nodes")).toEqual({ part: "nodes", log: 1 });
    for (const other of ["primary of log 0", "backup", "nodes of log 1", ""])
      expect(readPart(other)).toBe(undefined);
  });

  test("is played by nobody before the first view, and by whom the latest view has from then on", () => {
    const deployment = deploy();
    const { simulation } = deployment;
    const names = (part: string) =>
      playersOf(part, deployment).map((each) => simulation.processes[each]!.name);
    simulation.start();
    expect(PARTS.map(names)).toEqual([[], [], [], [], []]);
    simulation.run(START_UP_NANOS + 40 * MILLISECOND);
    expect(PARTS.map(names)).toEqual([
      ["sequencer-1"],
      ["sequencer-2", "sequencer-3"],
      ["sequencer-2"],
      ["sequencer-3", "sequencer-1"],
      [],
    ]);
    simulation.run(START_UP_NANOS + 150 * MILLISECOND);
    expect(PARTS.map(names)).toEqual([
      ["sequencer-4"],
      ["sequencer-2", "sequencer-1"],
      ["sequencer-2"],
      ["sequencer-1", "sequencer-4"],
      [],
    ]);
    // The controller forgets; ZooKeeper's log does not.
    simulation.crash(simulation.addressOf("controller"));
    expect(names("primary")).toEqual(["sequencer-4"]);
  });

  test("may be a group: all nodes, or all processes but ZooKeeper and who is no part of the system", () => {
    const deployment = deploy();
    const roles = (part: string) => [
      ...new Set(playersOf(part, deployment).map((each) => deployment.simulation.processes[each]!.role)),
    ];
    expect(roles("nodes")).toEqual(["sequencer", "storage", "engine"]);
    expect(playersOf("nodes", deployment)).toHaveLength(4 + 3 + 3);
    expect(roles("processes")).toEqual(["controller", "gateway", "sequencer", "storage", "engine", "worker"]);
  });

  test("looking does not change the run", () => {
    const digestWith = (look: boolean): string => {
      const deployment = deploy();
      deployment.simulation.start();
      for (let millis = 1_100; millis < 1_300; millis += 10) {
        deployment.simulation.run(millis * MILLISECOND);
        if (look) for (const part of PARTS) playersOf(part, deployment);
      }
      return deployment.simulation.digest.toString();
    };
    expect(digestWith(true)).toBe(digestWith(false));
  });

  test("that does not exist is a mistake of the program", () => {
    expect(() => playersOf("king", deploy())).toThrow('Boki has no part "king"');
  });
});
