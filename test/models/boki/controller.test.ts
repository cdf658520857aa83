import { describe, expect, test } from "vitest";
import { type ControllerConfig, type ControllerState, controller } from "../../../models/boki/controller.ts";
import { type DefectId, defectsOf, NO_DEFECTS } from "../../../models/boki/defects.ts";
import { onlineOf } from "../../../models/boki/membership.ts";
import type { Directory, ZooKeeperEvent } from "../../../models/boki/messages.ts";
import type { CutEntry } from "../../../models/boki/metalog.ts";
import { Mutation } from "../../../models/boki/mutations.ts";
import { operator } from "../../../models/boki/operator.ts";
import type { View } from "../../../models/boki/view.ts";
import { type FakeEffects, fakeEffects, takeKind, takeSent } from "./fake-effects.ts";
import { cutsOf, directoryOf, ids, viewSpec, ZOOKEEPER } from "./nodes.ts";

const START: ZooKeeperEvent = { topic: "command", command: "start" };
const RECONFIGURE: ZooKeeperEvent = { topic: "command", command: "reconfigure", sequencers: undefined };
const SELF = 0;

type ViewEvent = Extract<ZooKeeperEvent, { topic: "view" }>;

let version = 0;

function online(sequencers: number[], engines: number[], storages: number[]): ZooKeeperEvent {
  return {
    topic: "node",
    directory: directoryOf(viewSpec({ sequencers, engines, storages }), ++version),
  };
}

/** Three of each role, of which some are gone, or live another life. */
function nodes(changes: { sequencers?: number[]; reborn?: number[] } = {}): ZooKeeperEvent {
  const { sequencers = ids(3), reborn = [] } = changes;
  const event = online(sequencers, ids(3), ids(3)) as { topic: "node"; directory: Directory };
  const births = [...event.directory.births];
  for (const id of reborn) births[event.directory.sequencer[id]!] = 5_000 + id;
  return { topic: "node", directory: { ...event.directory, births } };
}

interface Test {
  readonly state: ControllerState;
  readonly out: FakeEffects;
  /** ZooKeeper tells it of these, and of everything it publishes thereupon. */
  tell(...events: ZooKeeperEvent[]): void;
  report(viewId: number, sequencer: number, tail: readonly CutEntry[], logspace?: number): void;
  /** What was published since the last time: `new 0`, `freeze 0`, ... */
  published(): string[];
  readonly log: ZooKeeperEvent[];
  latest(): ViewEvent;
  views(): View[];
}

function createTest(
  changes: Partial<ControllerConfig> = {},
  {
    choices = [],
    defects = [],
    log = [],
  }: { choices?: number[]; defects?: DefectId[]; log?: ZooKeeperEvent[] } = {},
): Test {
  const out = fakeEffects({ choices, self: SELF });
  const config: ControllerConfig = {
    zooKeeper: ZOOKEEPER,
    sessionTimeoutNanos: 1_000,
    metalogReplicas: 3,
    userlogReplicas: 3,
    indexReplicas: 3,
    physicalLogs: 1,
    hashTokens: 8,
    engines: 3,
    storages: 3,
    sequencers: 3,
    mutation: Mutation.none,
    defects: defects.length === 0 ? NO_DEFECTS : defectsOf(defects),
    ...changes,
  };
  const state = controller.start(config, out);
  takeSent(out);
  const names = new Set<string>();
  const unread: string[] = [];
  let told = 0;

  function hear(events: readonly ZooKeeperEvent[]): void {
    const from = told;
    log.push(...events.filter(({ topic }) => topic !== "node"));
    told = log.length;
    const message = { kind: "zkEvents", boot: 0, birth: 1, from, upTo: told, events } as const;
    controller.receive(state, ZOOKEEPER, message, out);
    const requests = takeKind(out, "zkCreate").map(({ message }) => message);
    for (const { request, name, event } of requests) {
      controller.receive(state, ZOOKEEPER, { kind: "zkCreated", boot: 0, request }, out);
      if (names.has(name!)) continue;
      names.add(name!);
      unread.push(name!);
      hear([event]);
    }
  }

  return {
    state,
    out,
    log,
    tell: (...events) => hear(events),
    report: (viewId, sequencer, tail, logspace = state.view!.logspaces[0]!) =>
      hear([{ topic: "seal", viewId, sequencer, logs: [{ logspace, tail }] }]),
    published: () => unread.splice(0),
    latest: () => log.findLast((event): event is ViewEvent => event.topic === "view")!,
    views: () =>
      log.flatMap((event) => (event.topic === "view" && event.phase === "new" ? [event.view] : [])),
  };
}

describe("the controller", () => {
  test("publishes the first view at the operator's start, of the nodes that are online, ascending", () => {
    const { tell, views, published } = createTest({ engines: 4 });
    tell(online([3, 1, 2], [8, 5, 6, 7], [4, 2, 3]));
    expect(published()).toEqual([]);
    tell(START);
    expect(published()).toEqual(["new 0"]);
    expect(views()).toMatchObject([
      { viewId: 0, sequencers: [1, 2, 3], engines: [5, 6, 7, 8], storages: [2, 3, 4], logspaces: [1] },
    ]);
  });

  test("takes as many nodes as a view has places, and knows in which life", () => {
    const { tell, views } = createTest({ sequencers: 3 });
    tell(online(ids(5), ids(4), ids(4)), START);
    expect(views()[0]).toMatchObject({ sequencers: ids(3), engines: ids(3), storages: ids(3) });
    expect(views()[0]!.births.sequencers).toEqual([1_101, 1_102, 1_103]);
  });

  test("deals the tokens over the active sequencers evenly, then shuffles them", () => {
    const tokensWith = (choices: number[]) => {
      const { tell, views } = createTest({ physicalLogs: 2 }, { choices });
      tell(nodes(), START);
      return views()[0]!.hashTokens;
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
  ])("drops a start for which there are too few %s, counts it, and can be started later", (_, few) => {
    const { tell, published, out, state } = createTest();
    tell(few, START);
    expect(out.counters.get("controller.commandDropped")).toBe(1);
    expect(published()).toEqual([]);
    expect(state.phase).toBe("created");
    tell(nodes());
    tell(START);
    expect(published()).toEqual(["new 0"]);
  });

  test("publishes one first view however often it is started", () => {
    const { tell, published } = createTest();
    tell(nodes(), START, START);
    tell(START);
    expect(published()).toEqual(["new 0"]);
  });

  test("takes nothing but what ZooKeeper tells it", () => {
    const { state, out } = createTest();
    expect(() => controller.receive(state, 5, { kind: "zkFetched", boot: 0 }, out)).toThrow(
      "does not take zkFetched",
    );
  });
});

/** A controller whose first view has begun, three sequencers with a metalog of four entries. */
function running(
  changes: Partial<ControllerConfig> = {},
  more: Parameters<typeof createTest>[1] = {},
): Test & { readonly entries: readonly CutEntry[] } {
  const test = createTest(changes, more);
  const all = Math.max(3, changes.sequencers ?? 3);
  test.tell(online(ids(all), ids(3), ids(3)), START);
  test.published();
  return { ...test, entries: cutsOf(1, [[1], [1], [1], [1]]) };
}

describe("a seal", () => {
  test("takes the union of what half of the sequencers report, rounded up, and the next view follows", () => {
    const { tell, report, published, log, entries, views } = running();
    tell(RECONFIGURE);
    expect(published()).toEqual(["freeze 0"]);
    report(0, 2, entries.slice(0, 2));
    expect(published()).toEqual([]);
    report(0, 3, entries.slice(1, 3));
    expect(published()).toEqual(["finalize 0", "new 1"]);
    const end = log.find((event) => event.topic === "view" && event.phase === "finalize");
    expect(end).toMatchObject({ logs: [{ logspace: 1, final: 3, tail: entries.slice(0, 3) }] });
    expect(views()[1]!.viewId).toBe(1);
    expect([...views()[1]!.sequencers].sort()).toEqual([1, 2, 3]);
  });

  test.each([
    [2, 1],
    [3, 2],
    [4, 2],
    [5, 3],
  ])("of %i replicas needs %i reports, each sequencer's once", (metalogReplicas, needed) => {
    const { tell, report, published, entries } = running({ metalogReplicas, sequencers: 5 });
    tell(RECONFIGURE);
    for (let sequencer = 1; sequencer < needed; sequencer++) {
      report(0, sequencer, entries);
      report(0, sequencer, entries);
    }
    expect(published()).toEqual(["freeze 0"]);
    report(0, 5, entries);
    expect(published()).toEqual(["finalize 0", "new 1"]);
  });

  test("of a log without entries ends it at 0, and waits for every log", () => {
    const { tell, report, published, log } = running({ physicalLogs: 2 });
    tell(RECONFIGURE);
    for (const sequencer of [1, 2]) report(0, sequencer, [], 1);
    expect(published()).toEqual(["freeze 0"]);
    for (const sequencer of [2, 3]) report(0, sequencer, [], 2);
    expect(published()).toEqual(["finalize 0", "new 1"]);
    expect(log).toContainEqual({
      topic: "view",
      phase: "finalize",
      viewId: 0,
      logs: [
        { logspace: 1, final: 0, tail: [] },
        { logspace: 2, final: 0, tail: [] },
      ],
    });
  });

  test("counts no report of another view, nor one that comes late", () => {
    const { tell, report, published, entries, out } = running();
    tell(RECONFIGURE);
    report(0, 1, entries);
    report(0, 2, entries);
    published();
    report(0, 3, entries);
    tell(RECONFIGURE);
    report(0, 3, entries);
    report(0, 1, entries);
    expect(published()).toEqual(["freeze 1"]);
    expect(out.counters.get("controller.lateReport")).toBe(3);
  });

  test.each([
    ["sealQuorumTooSmall", 1, 4],
    ["tailOfFirstReport", 2, 2],
    ["finalFromCount", 2, 3],
  ] as const)("goes wrong with %s", (mutation, reports, final) => {
    const { tell, report, log, entries } = running({ mutation: Mutation[mutation] });
    tell(RECONFIGURE);
    const tails = mutation === "sealQuorumTooSmall" ? [entries] : [entries.slice(1, 2), entries.slice(2, 4)];
    tails.slice(0, reports).forEach((tail, i) => {
      report(0, i + 1, tail);
    });
    expect(log.find((event) => event.topic === "view" && event.phase === "finalize")).toMatchObject({
      logs: [{ final }],
    });
  });

  test("goes on where an earlier life of the controller has left it, and publishes nothing twice", () => {
    const before = running();
    before.tell(RECONFIGURE);
    before.report(0, 1, before.entries);
    const after = createTest({}, { log: [] });
    after.tell(nodes(), ...before.log);
    expect(after.published()).toEqual([]);
    after.report(0, 2, before.entries);
    expect(after.published()).toEqual(["finalize 0", "new 1"]);
  });
});

describe("the controller, of its own accord,", () => {
  function sealed(test: ReturnType<typeof running>, viewId: number): void {
    const [logspace] = test.state.view!.logspaces;
    for (const sequencer of test.state.view!.sequencers.slice(0, 2))
      test.report(viewId, sequencer, [], logspace);
  }

  test("puts a spare in the place of a member that is gone", () => {
    const test = running({ sequencers: 3 });
    test.tell(nodes({ sequencers: [1, 3, 4] }));
    expect(test.published()).toEqual(["freeze 0"]);
    sealed(test, 0);
    expect(test.published()).toEqual(["finalize 0", "new 1"]);
    expect([...test.views()[1]!.sequencers].sort()).toEqual([1, 3, 4]);
  });

  test("takes a member that lives another life for one that is gone, and in again as that", () => {
    const test = running();
    test.tell(nodes({ reborn: [2] }));
    expect(test.published()).toEqual(["freeze 0"]);
    sealed(test, 0);
    const { sequencers, births } = test.views()[1]!;
    expect(births.sequencers[sequencers.indexOf(2)]).toBe(5_002);
    test.published();
    test.tell(nodes({ reborn: [2] }));
    expect(test.published()).toEqual([]);
  });

  test("waits while too few are left, and goes on when one joins", () => {
    const test = running();
    test.tell(nodes({ sequencers: [1, 3] }));
    expect(test.published()).toEqual([]);
    expect(test.out.counters.get("controller.tooFewNodes")).toBeGreaterThan(0);
    test.tell(nodes({ sequencers: [1, 3, 9] }));
    expect(test.published()).toEqual(["freeze 0"]);
  });

  test("does nothing as released", () => {
    const test = running({}, { defects: ["P8"] });
    test.tell(nodes({ sequencers: [1, 3, 4] }));
    expect(test.published()).toEqual([]);
  });
});

test("an operator may name the sequencers of the next view, in their order", () => {
  const test = running({ sequencers: 4 });
  test.tell({ topic: "command", command: "reconfigure", sequencers: [4, 2, 1] });
  for (const sequencer of [1, 2]) test.report(0, sequencer, []);
  expect(test.views()[1]!.sequencers).toEqual([4, 2, 1]);
});

test("an order that comes while a view is being sealed is dropped, and counted", () => {
  const test = running();
  test.tell(RECONFIGURE);
  test.tell(RECONFIGURE);
  expect(test.out.counters.get("controller.commandDropped")).toBe(1);
  expect(test.published()).toEqual(["freeze 0"]);
});

test("the nodes that are online are those with an address, by id", () => {
  expect(onlineOf([undefined, 10, undefined, 12])).toEqual([1, 3]);
  expect(onlineOf([])).toEqual([]);
});

describe("the operator", () => {
  const CONFIG = { zooKeeper: ZOOKEEPER, sessionTimeoutNanos: 1_000, engines: 2, storages: 1, sequencers: 1 };

  test("starts the log when every node it waits for is online, once", () => {
    const out = fakeEffects();
    const state = operator.start({ ...CONFIG, reconfigurations: [] }, out);
    const commandsAfter = (event: ZooKeeperEvent) => {
      takeSent(out);
      const message = { kind: "zkEvents", boot: 0, birth: 1, from: 0, upTo: 0, events: [event] } as const;
      operator.receive(state, ZOOKEEPER, message, out);
      return takeKind(out, "zkCreate").map((each) => each.message.event);
    };
    expect(commandsAfter(online([1], [1], [1]))).toEqual([]);
    expect(commandsAfter(online([1], [1, 2], []))).toEqual([]);
    expect(commandsAfter(online([1], [1, 2], [1]))).toEqual([START]);
    expect(commandsAfter(online([1, 2], [1, 2], [1]))).toEqual([]);
  });

  test("orders what it was told to, when its time has come", () => {
    const out = fakeEffects();
    const reconfigurations = [{ atNanos: 500 }, { atNanos: 900, sequencers: [2, 1] }];
    const state = operator.start({ ...CONFIG, reconfigurations }, out);
    expect(out.timers.get(1)).toEqual({ afterNanos: 900 });
    takeSent(out);
    operator.timeout(state, 1, out);
    expect(takeKind(out, "zkCreate").map(({ message }) => message.event)).toEqual([
      { topic: "command", command: "reconfigure", sequencers: [2, 1] },
    ]);
  });
});
