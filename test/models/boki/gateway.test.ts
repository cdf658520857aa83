import { describe, expect, test } from "vitest";
import { type Defects, defectsOf, NO_DEFECTS } from "../../../models/boki/defects.ts";
import { gateway } from "../../../models/boki/gateway.ts";
import { join } from "../../../models/boki/identifiers.ts";
import type { Directory, ZooKeeperEvent } from "../../../models/boki/messages.ts";
import { MICROSECOND, SECOND } from "../../../sim/units.ts";
import { fakeEffects, takeKind, takeSent } from "./fake-effects.ts";
import { directoryOf, engineAt, told, viewSpec, viewWith, ZOOKEEPER } from "./nodes.ts";

const SELF = 40;
const CLIENT = 70;

function createTest(defects: Defects = NO_DEFECTS, now = 0) {
  const out = fakeEffects({ self: SELF, now });
  const config = {
    id: 0,
    zooKeeper: ZOOKEEPER,
    sessionTimeoutNanos: SECOND,
    repairIntervalNanos: SECOND,
    mutation: 0,
    defects,
  };
  const state = gateway.start(config, out);
  takeSent(out);
  let version = 0;
  const tell = (...events: ZooKeeperEvent[]) =>
    gateway.receive(state, ZOOKEEPER, { ...told(SELF, events, state.session.seen), boot: now }, out);
  return {
    out,
    state,
    tell,
    /** The engines that are online now. */
    online(engines: readonly number[], changes: Partial<Directory> = {}) {
      const directory = { ...directoryOf(viewSpec({ engines }), ++version), ...changes };
      tell({ topic: "node", directory });
    },
    request(request: number) {
      const input = { program: "p", args: null };
      gateway.receive(state, CLIENT, { kind: "request", request, logBook: 1, input }, out);
    },
    complete(call: number, output: unknown) {
      gateway.receive(state, engineAt(1), { kind: "complete", call, output }, out);
    },
    dispatched: () => takeKind(out, "dispatch").map(({ to, message }) => [to, message.call]),
    replies: () => takeKind(out, "reply").map(({ message }) => [message.request, message.output]),
  };
}

describe("calls from outside", () => {
  test("go to the engines in turn, and their outputs to the client that asked", () => {
    const { online, request, dispatched, complete, out } = createTest();
    online([1, 2]);
    for (const each of [7, 8, 9]) request(each);
    expect(dispatched()).toEqual([1, 2, 1].map((id, i) => [engineAt(id), join(SELF, i)]));
    complete(join(SELF, 1), "done");
    expect(takeSent(out)).toEqual([{ to: CLIENT, message: { kind: "reply", request: 8, output: "done" } }]);
  });

  test("wait as long as no engine is known", () => {
    const { online, request, dispatched } = createTest();
    request(7);
    expect(dispatched()).toEqual([]);
    online([3]);
    expect(dispatched()).toEqual([[engineAt(3), join(SELF, 0)]]);
  });

  test("go to the members of the view while any of them is online: others take no appends", () => {
    const gate = createTest();
    gate.online([1, 2, 3]);
    gate.tell({ topic: "view", phase: "new", view: viewWith({ engines: [2] }) });
    for (const each of [7, 8]) gate.request(each);
    expect(gate.dispatched().map(([to]) => to)).toEqual([engineAt(2), engineAt(2)]);
    gate.online([1, 3]);
    gate.request(9);
    expect(gate.dispatched().map(([to]) => to)).toEqual([engineAt(1)]);
  });

  test("have numbers that no earlier life of the gateway gave", () => {
    const gate = createTest(NO_DEFECTS, 5 * SECOND);
    gate.online([1]);
    gate.request(7);
    expect(gate.dispatched()).toEqual([[engineAt(1), join(SELF, (5 * SECOND) / MICROSECOND)]]);
    gate.complete(join(SELF, 0), "of an earlier life");
    expect(gate.out.counters.get("gateway.unknownCall")).toBe(1);
  });
});

describe("when an engine leaves the directory", () => {
  test("the clients of its calls are told that they are lost, the others not", () => {
    const gate = createTest();
    gate.online([1, 2]);
    for (const each of [7, 8, 9]) gate.request(each);
    gate.online([2]);
    expect(gate.replies()).toEqual([
      [7, { error: "lost" }],
      [9, { error: "lost" }],
    ]);
    gate.complete(join(SELF, 0), "after all");
    expect(gate.replies()).toEqual([]);
    gate.request(10);
    expect(gate.dispatched().map(([to]) => to)).toEqual([engineAt(2)]);
  });

  test("and is back at the same place in another life, its calls are lost as well", () => {
    const gate = createTest();
    gate.online([1]);
    gate.request(7);
    gate.online([1]);
    expect(gate.replies()).toEqual([]);
    const births: number[] = [];
    births[engineAt(1)] = 4_711;
    gate.online([1], { births });
    expect(gate.replies()).toEqual([[7, { error: "lost" }]]);
  });

  test("the clients of its calls wait for ever in the release (P8)", () => {
    const gate = createTest(defectsOf(["P8"]));
    gate.online([1, 2]);
    gate.request(7);
    gate.online([2]);
    expect(gate.replies()).toEqual([]);
  });
});
