import { describe, expect, test } from "vitest";
import type { BokiMessage, Role, Topic, ZooKeeperEvent } from "../../../models/boki/messages.ts";
import { type ZooKeeperState, zooKeeper } from "../../../models/boki/zookeeper.ts";
import type { Address } from "../../../sim/machine.ts";
import { type FakeEffects, fakeEffects, takeKind } from "./fake-effects.ts";
import { viewWith } from "./nodes.ts";

const START: ZooKeeperEvent = { topic: "command", command: "start" };
const TIMEOUT_NANOS = 400;
const CREATOR: Address = 99;

function viewEvent(viewId: number): ZooKeeperEvent {
  return { topic: "view", phase: "new", view: viewWith({ viewId }) };
}

interface Session {
  readonly role?: Role;
  readonly id?: number;
  readonly boot?: number;
  readonly birth?: number;
  readonly seen?: number;
}

interface Test {
  readonly state: ZooKeeperState;
  readonly out: FakeEffects;
  connect(from: Address, topics: readonly Topic[], session?: Session): void;
  create(event: ZooKeeperEvent, name?: string, request?: number): void;
  ping(from: Address, seen: number, version?: number, boot?: number): void;
  fetched(from: Address): void;
  /** Its clock ticks, so much later. */
  check(afterNanos: number): void;
  /** What each session is told, in order: topics, with the number of engines known or the view. */
  told(): [session: number, what: string[]][];
}

function createTest(): Test {
  const out = fakeEffects();
  const state = zooKeeper.start({ sessionTimeoutNanos: TIMEOUT_NANOS }, out);
  const receive = (from: Address, message: BokiMessage) => zooKeeper.receive(state, from, message, out);
  let requests = 0;
  const test: Test = {
    state,
    out,
    connect: (from, topics, { role, id = 0, boot = 0, birth, seen = 0 } = {}) =>
      receive(from, { kind: "zkConnect", boot, role, id, topics, birth, seen, confirmed: 0 }),
    create: (event, name, request = ++requests) =>
      receive(CREATOR, { kind: "zkCreate", boot: 0, request, name, event }),
    ping: (from, seen, version = -1, boot = 0) => receive(from, { kind: "zkPing", boot, seen, version }),
    fetched: (from) => receive(from, { kind: "zkFetched", boot: 0 }),
    check(afterNanos) {
      out.now += afterNanos;
      zooKeeper.timeout(state, "checkSessions", out);
    },
    told: () =>
      takeKind(out, "zkEvents").map(({ to, message }) => [
        to,
        message.events.map((event) => wordsFor(event)),
      ]),
  };
  test.connect(CREATOR, []);
  return test;
}

function wordsFor(event: ZooKeeperEvent): string {
  switch (event.topic) {
    case "node":
      return `${event.directory.engine.filter((at) => at !== undefined).length} engines`;
    case "view":
      return `${event.phase} ${event.phase === "new" ? event.view.viewId : event.viewId}`;
    case "seal":
      return `seal ${event.viewId}`;
    case "command":
      return event.command;
  }
}

describe("a session of ZooKeeper", () => {
  test("is told what is new on the topics it watches and nothing else", () => {
    const { connect, create, told } = createTest();
    connect(1, ["view"]);
    connect(2, ["command"]);
    create(START);
    create(viewEvent(0));
    expect(told()).toEqual([
      [2, ["start"]],
      [1, ["new 0"]],
    ]);
    connect(3, ["node"]);
    expect(told()).toEqual([[3, ["0 engines"]]]);
  });

  test("learns at once what was there before it", () => {
    const { connect, create, told } = createTest();
    connect(1, [], { role: "engine", id: 1 });
    create(viewEvent(0));
    connect(2, ["node", "view"]);
    expect(told()).toEqual([[2, ["1 engines", "new 0"]]]);
  });

  test("is told nothing while it fetches, and all of it in order afterwards", () => {
    const { connect, create, fetched, told } = createTest();
    connect(1, ["view"]);
    for (const viewId of [0, 1, 2]) create(viewEvent(viewId));
    expect(told()).toEqual([[1, ["new 0"]]]);
    fetched(1);
    expect(told()).toEqual([[1, ["new 1", "new 2"]]]);
    fetched(1);
    expect(told()).toEqual([]);
    create(viewEvent(3));
    expect(told()).toEqual([[1, ["new 3"]]]);
  });

  test("sees the directory as it is, not each of its changes", () => {
    const { connect, fetched, told } = createTest();
    connect(1, ["node"]);
    for (let id = 1; id <= 4; id++) connect(10 + id, [], { role: "engine", id });
    expect(told()).toEqual([[1, ["0 engines"]]]);
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
      [1, ["new 0"]],
      [2, ["new 0"]],
      [1, ["new 1"]],
    ]);
    fetched(2);
    expect(told()).toEqual([[2, ["new 1"]]]);
  });

  test("is sent again what a ping says it has not read", () => {
    const { connect, create, ping, told } = createTest();
    connect(1, ["view"]);
    create(viewEvent(0));
    create(viewEvent(1));
    expect(told()).toEqual([[1, ["new 0"]]]);
    ping(1, 0);
    expect(told()).toEqual([[1, ["new 0", "new 1"]]]);
    ping(1, 2);
    expect(told()).toEqual([]);
  });

  test("ends when nothing is heard of it for the timeout, and its process leaves the directory", () => {
    const { connect, check, ping, out, state } = createTest();
    connect(1, [], { role: "engine", id: 1 });
    connect(2, [], { role: "engine", id: 2 });
    for (let i = 0; i < 3; i++) {
      ping(1, 0);
      check(100);
    }
    expect(state.directory.engine).toEqual([undefined, 1, 2]);
    ping(1, 0);
    check(100);
    expect(state.directory.engine).toEqual([undefined, 1, undefined]);
    expect(out.counters.get("zooKeeper.sessionExpired")).toBe(2);
    takeKind(out, "zkExpired");
    ping(2, 0, -1, 7);
    expect(takeKind(out, "zkExpired")).toEqual([{ to: 2, message: { kind: "zkExpired", boot: 7 } }]);
  });

  test("does not end while ZooKeeper itself stands still", () => {
    const { connect, check, state } = createTest();
    connect(1, [], { role: "engine", id: 1 });
    check(5_000);
    expect(state.directory.engine).toEqual([undefined, 1]);
    for (let i = 0; i < 4; i++) check(100);
    expect(state.directory.engine).toEqual([undefined, undefined]);
  });
});

describe("a request", () => {
  test("is carried out once and in order, however often it comes", () => {
    const { create, state, out } = createTest();
    create(viewEvent(1), undefined, 2);
    expect(state.log).toEqual([]);
    create(viewEvent(0), undefined, 1);
    create(viewEvent(0), undefined, 1);
    create(viewEvent(1), undefined, 2);
    expect(state.log.map(wordsFor)).toEqual(["new 0", "new 1"]);
    expect(takeKind(out, "zkCreated").map(({ message }) => message.request)).toEqual([0, 1, 1, 2]);
  });

  test("for a name that there is does nothing", () => {
    const { create, state } = createTest();
    create(viewEvent(0), "new 0");
    create(viewEvent(0), "new 0");
    create(viewEvent(1), "new 1");
    expect(state.log).toHaveLength(2);
  });
});

describe("a process", () => {
  const born = ({ state }: Test, address: Address) => state.directory.births[address];

  test("has another number after each boot, and keeps it when it connects again", () => {
    const test = createTest();
    test.connect(1, [], { role: "engine", id: 1, boot: 0 });
    const first = born(test, 1);
    test.connect(1, [], { role: "engine", id: 1, boot: 0 });
    expect(born(test, 1)).toBe(first);
    test.connect(1, [], { role: "engine", id: 1, boot: 50 });
    const second = born(test, 1)!;
    expect(second).not.toBe(first);
    for (let i = 0; i < 4; i++) test.check(100);
    expect(born(test, 1)).toBeUndefined();
    test.connect(1, [], { role: "engine", id: 1, boot: 50, birth: second });
    expect(born(test, 1)).toBe(second);
  });

  test("is not answered for what an earlier boot of it still says", () => {
    const { connect, create, ping, told, out, state } = createTest();
    connect(1, ["view"], { boot: 50 });
    create(viewEvent(0));
    takeKind(out, "zkEvents");
    ping(1, 0, -1, 0);
    expect(told()).toEqual([]);
    expect(state.sessions.get(1)!.cursor).toBe(1);
  });
});

describe("the node directory", () => {
  test("has the address of each process that registered, by role and id", () => {
    const { connect, state } = createTest();
    connect(7, [], { role: "engine", id: 2 });
    connect(8, [], { role: "storage", id: 1 });
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
    connect(7, [], { role: "engine", id: 1 });
    connect(1, ["node"]);
    const [told] = takeKind(out, "zkEvents");
    const before = structuredClone(told);
    connect(8, [], { role: "engine", id: 2 });
    expect(told).toEqual(before);
  });
});
