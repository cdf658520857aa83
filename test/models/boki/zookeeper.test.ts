import { describe, expect, test } from "vitest";
import type { BokiMessage, Role, Topic, ZooKeeperEvent } from "../../../models/boki/messages.ts";
import { type ZooKeeperState, zooKeeper } from "../../../models/boki/zookeeper.ts";
import { type FakeEffects, fakeEffects, takeKind } from "./fake-effects.ts";
import { viewWith } from "./nodes.ts";

const START: ZooKeeperEvent = { topic: "command", command: "start" };

function viewEvent(viewId: number): ZooKeeperEvent {
  return { topic: "view", phase: "new", view: viewWith({ viewId }) };
}

interface Test {
  readonly state: ZooKeeperState;
  readonly out: FakeEffects;
  connect(from: number, topics: readonly Topic[], role?: Role, id?: number): void;
  create(event: ZooKeeperEvent): void;
  fetched(from: number): void;
  /** What each session is told, in order: topics, with the number of engines known or the view. */
  told(): [session: number, what: string[]][];
}

function createTest(): Test {
  const out = fakeEffects();
  const state = zooKeeper.start(undefined, out);
  const receive = (from: number, message: BokiMessage) => zooKeeper.receive(state, from, message, out);
  return {
    state,
    out,
    connect: (from, topics, role, id = 0) => receive(from, { kind: "zkConnect", role, id, topics }),
    create: (event) => receive(99, { kind: "zkCreate", event }),
    fetched: (from) => receive(from, { kind: "zkFetched" }),
    told: () =>
      takeKind(out, "zkEvents").map(({ to, message }) => [
        to,
        message.events.map((event) => wordsFor(event)),
      ]),
  };
}

function wordsFor(event: ZooKeeperEvent): string {
  if (event.topic === "node")
    return `${event.directory.engine.filter((at) => at !== undefined).length} engines`;
  return event.topic === "view" ? `view ${event.view.viewId}` : event.command;
}

describe("a session of ZooKeeper", () => {
  test("is told what is new on the topics it watches and nothing else", () => {
    const { connect, create, told } = createTest();
    connect(1, ["view"]);
    connect(2, ["command"]);
    connect(3, ["node"]);
    expect(told()).toEqual([]);
    create(START);
    create(viewEvent(0));
    connect(4, [], "engine", 1);
    expect(told()).toEqual([
      [2, ["start"]],
      [1, ["view 0"]],
      [3, ["1 engines"]],
    ]);
  });

  test("learns at once what was there before it", () => {
    const { connect, create, told } = createTest();
    connect(1, [], "engine", 1);
    create(viewEvent(0));
    connect(2, ["node", "view"]);
    expect(told()).toEqual([[2, ["1 engines", "view 0"]]]);
  });

  test("is told nothing while it fetches, and all of it in order afterwards", () => {
    const { connect, create, fetched, told } = createTest();
    connect(1, ["view"]);
    create(viewEvent(0));
    create(viewEvent(1));
    create(viewEvent(2));
    expect(told()).toEqual([[1, ["view 0"]]]);
    fetched(1);
    expect(told()).toEqual([[1, ["view 1", "view 2"]]]);
    fetched(1);
    expect(told()).toEqual([]);
    create(viewEvent(3));
    expect(told()).toEqual([[1, ["view 3"]]]);
  });

  test("sees the directory as it is, not each of its changes", () => {
    const { connect, fetched, told } = createTest();
    connect(1, ["node"]);
    for (let id = 1; id <= 4; id++) connect(10 + id, [], "engine", id);
    expect(told()).toEqual([[1, ["1 engines"]]]);
    fetched(1);
    expect(told()).toEqual([[1, ["4 engines"]]]);
  });

  test("reads at its own pace: another that is slow does not hold it up", () => {
    const { connect, create, fetched, told } = createTest();
    connect(1, ["view"]);
    connect(2, ["view"]);
    create(viewEvent(0));
    fetched(1);
    create(viewEvent(1));
    expect(told()).toEqual([
      [1, ["view 0"]],
      [2, ["view 0"]],
      [1, ["view 1"]],
    ]);
    fetched(2);
    expect(told()).toEqual([[2, ["view 1"]]]);
  });
});

describe("the node directory", () => {
  test("has the address of each process that registered, by role and id", () => {
    const { connect, state } = createTest();
    connect(7, [], "engine", 2);
    connect(8, [], "storage", 1);
    connect(9, ["command"]);
    expect(state.directory).toMatchObject({
      version: 2,
      engine: [undefined, undefined, 7],
      storage: [undefined, 8],
      sequencer: [],
      gateway: [],
    });
  });

  test("that somebody was told of is not changed by who registers later", () => {
    const { connect, out } = createTest();
    connect(1, ["node"]);
    connect(7, [], "engine", 1);
    const [told] = takeKind(out, "zkEvents");
    const before = structuredClone(told);
    connect(8, [], "engine", 2);
    expect(told).toEqual(before);
  });
});
