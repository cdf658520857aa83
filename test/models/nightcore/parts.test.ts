import { describe, expect, test } from "vitest";
import { START_UP_NANOS } from "../../../models/nightcore/cluster.ts";
import { playersOf, readPart } from "../../../models/nightcore/parts.ts";
import { SECOND } from "../../../sim/units.ts";
import { busyApplication, deploy, mixedApplication } from "./noop.ts";

describe("a part by its name", () => {
  test.each([
    ["gateway", { part: "gateway" }],
    ["engine on node 2", { part: "engine", node: 2 }],
    ["launcher of front", { part: "launcher", fn: "front" }],
    ["idle worker of front on node 1", { part: "idle worker", fn: "front", node: 1 }],
    ["running worker", { part: "running worker" }],
    ["processes", { part: "processes" }],
  ])("%s", (words, part) => {
    expect(readPart(words)).toEqual(part);
  });

  test.each(["worker", "gateway on node 1", "engine of front", "engine on node 0", "processes of front", ""])(
    "is none: %s",
    (words) => {
      expect(readPart(words)).toBeUndefined();
    },
  );
});

describe("who plays a part", () => {
  const application = mixedApplication();
  const names = application.functions.map(({ name }) => name);
  const deployment = deploy(application, {}, {}, 2);
  const { simulation, gateway, nodes } = deployment;
  simulation.start();
  simulation.run(START_UP_NANOS);
  const players = (words: string) =>
    playersOf(words, deployment, names).map((each) => simulation.processes[each]!.name);

  test("is known of the gateway, engines and launchers by where they are", () => {
    expect(playersOf("gateway", deployment, names)).toEqual([gateway]);
    expect(players("engine")).toEqual(["engine-1", "engine-2"]);
    expect(players("engine on node 2")).toEqual(["engine-2"]);
    expect(players("launcher of writer")).toEqual(["launcher-1.writer", "launcher-2.writer"]);
  });

  test("is, of idle workers, one process for each in C++ and one for all in other languages", () => {
    expect(players("idle worker of writer on node 1").sort()).toEqual([
      "worker-1.writer.1",
      "worker-1.writer.2",
    ]);
    expect(players("idle worker of front")).toEqual(["worker-1.front.1", "worker-2.front.1"]);
    expect(players("running worker")).toEqual([]);
  });

  test("is everybody of the runtime who is one of its processes", () => {
    const { length } = playersOf("processes", deployment, names);
    // Of each node: engine, launchers, four processes that C++ workers may be, and one for each of the other functions.
    expect(length).toBe(1 + 2 * (1 + 4 + 4 + 3));
    expect(playersOf("processes on node 1", deployment, names)).toContain(nodes[0]!.processes[1]![3]);
  });

  test("changes with what runs", () => {
    const busy = busyApplication();
    const load = { kind: "closedLoop", clients: 3, think: { kind: "constant", value: 0 } } as const;
    const running = deploy(busy, {}, { clients: [{ name: "three", load }] });
    running.simulation.start();
    running.simulation.run(START_UP_NANOS + SECOND);
    const callers = playersOf(
      "running worker of caller",
      running,
      busy.functions.map(({ name }) => name),
    );
    expect(callers.length).toBeGreaterThan(0);
    expect(callers.length).toBeLessThanOrEqual(3);
  });

  test("is nobody's of an engine that is down, and an error for a part that there is not", () => {
    const down = deploy(application);
    expect(playersOf("idle worker", down, names)).toEqual([]);
    expect(() => playersOf("primary", down, names)).toThrow('Nightcore has no part "primary"');
  });
});
