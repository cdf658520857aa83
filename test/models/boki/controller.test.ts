import { describe, expect, test } from "vitest";
import {
  type ControllerConfig,
  type ControllerState,
  controller,
  onlineOf,
} from "../../../models/boki/controller.ts";
import type { ZooKeeperEvent } from "../../../models/boki/messages.ts";
import { operator } from "../../../models/boki/operator.ts";
import type { View } from "../../../models/boki/view.ts";
import { type FakeEffects, fakeEffects, takeKind, takeSent } from "./fake-effects.ts";
import { directoryOf, ids, viewSpec, ZOOKEEPER } from "./nodes.ts";

const START: ZooKeeperEvent = { topic: "command", command: "start" };

function online(sequencers: number[], engines: number[], storages: number[]): ZooKeeperEvent {
  return { topic: "node", directory: directoryOf(viewSpec({ sequencers, engines, storages })) };
}

interface Test {
  readonly state: ControllerState;
  readonly out: FakeEffects;
  tell(...events: ZooKeeperEvent[]): void;
  published(): View[];
}

function createTest(changes: Partial<ControllerConfig> = {}, choices: number[] = []): Test {
  const out = fakeEffects({ choices });
  const config: ControllerConfig = {
    zooKeeper: ZOOKEEPER,
    metalogReplicas: 3,
    userlogReplicas: 3,
    indexReplicas: 3,
    physicalLogs: 1,
    hashTokens: 8,
    ...changes,
  };
  const state = controller.start(config, out);
  takeSent(out);
  return {
    state,
    out,
    tell: (...events) => controller.receive(state, ZOOKEEPER, { kind: "zkEvents", events }, out),
    published: () =>
      takeKind(out, "zkCreate").flatMap(({ message: { event } }) =>
        event.topic === "view" ? [event.view] : [],
      ),
  };
}

describe("the controller", () => {
  test("publishes the first view at the operator's start, of the nodes that are online, ascending", () => {
    const { tell, published } = createTest();
    tell(online([3, 1, 2], [8, 5, 6, 7], [4, 2, 3]));
    expect(published()).toEqual([]);
    tell(START);
    expect(published()).toMatchObject([
      { viewId: 0, sequencers: [1, 2, 3], engines: [5, 6, 7, 8], storages: [2, 3, 4], logspaces: [1] },
    ]);
  });

  test("fetches on after each notification", () => {
    const { tell, out } = createTest();
    tell(online([1], [1], [1]));
    tell(START);
    expect(takeKind(out, "zkFetched").map(({ to }) => to)).toEqual([ZOOKEEPER, ZOOKEEPER]);
  });

  test("deals the tokens over the active sequencers evenly, then shuffles them", () => {
    const nodes = online(ids(3), ids(3), ids(3));
    const tokensWith = (choices: number[]) => {
      const { tell, published } = createTest({ physicalLogs: 2 }, choices);
      tell(nodes, START);
      return published()[0]!.hashTokens;
    };
    // The shuffle goes from the last token down and picks its partner; picking itself each time leaves all in place.
    expect(tokensWith([7, 6, 5, 4, 3, 2, 1])).toEqual([1, 2, 1, 2, 1, 2, 1, 2]);
    expect(tokensWith([6, 6, 5, 4, 3, 2, 1])).toEqual([1, 2, 1, 2, 1, 2, 2, 1]);
    expect([...tokensWith([])].sort()).toEqual([1, 1, 1, 1, 2, 2, 2, 2]);
  });

  test.each([
    ["sequencers", online(ids(2), ids(3), ids(3))],
    ["engines", online(ids(3), ids(2), ids(3))],
    ["storage nodes", online(ids(3), ids(3), ids(2))],
  ])("drops a start for which there are too few %s, and counts it", (_, nodes) => {
    const { tell, published, out, state } = createTest();
    tell(nodes, START);
    expect(out.counters.get("controller.commandDropped")).toBe(1);
    expect(published()).toEqual([]);
    expect(state.phase).toBe("created");
  });

  test("drops a start that comes before any node, and counts it", () => {
    const { tell, published, out } = createTest();
    tell(START);
    expect(out.counters.get("controller.commandDropped")).toBe(1);
    expect(published()).toEqual([]);
  });

  test("can be started after a start was dropped, once enough nodes are there", () => {
    const { tell, published } = createTest();
    tell(online(ids(2), ids(3), ids(3)), START);
    tell(online(ids(3), ids(3), ids(3)));
    tell(START);
    expect(published()).toHaveLength(1);
  });

  test("publishes one first view however often it is started", () => {
    const { tell, published, state } = createTest();
    tell(online(ids(3), ids(3), ids(3)), START, START);
    tell(START);
    expect(published()).toHaveLength(1);
    expect(state.views).toHaveLength(1);
  });

  test("takes nothing but what ZooKeeper tells it", () => {
    const { state, out } = createTest();
    expect(() => controller.receive(state, 5, { kind: "zkFetched" }, out)).toThrow("does not take zkFetched");
  });
});

describe("the nodes that are online", () => {
  test("are those with an address, by id", () => {
    expect(onlineOf([undefined, 10, undefined, 12])).toEqual([1, 3]);
    expect(onlineOf([])).toEqual([]);
  });
});

describe("the operator", () => {
  test("starts the log when every node it waits for is online, once", () => {
    const out = fakeEffects();
    const state = operator.start({ zooKeeper: ZOOKEEPER, engines: 2, storages: 1, sequencers: 1 }, out);
    const commandsAfter = (event: ZooKeeperEvent) => {
      takeSent(out);
      operator.receive(state, ZOOKEEPER, { kind: "zkEvents", events: [event] }, out);
      return takeKind(out, "zkCreate").map(({ message }) => message.event);
    };
    expect(commandsAfter(online([1], [1], [1]))).toEqual([]);
    expect(commandsAfter(online([1], [1, 2], []))).toEqual([]);
    expect(commandsAfter(online([1], [1, 2], [1]))).toEqual([START]);
    expect(commandsAfter(online([1, 2], [1, 2], [1]))).toEqual([]);
  });
});
