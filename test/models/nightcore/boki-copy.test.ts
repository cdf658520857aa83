/** In what the runtime that was released with Boki departs from Nightcore's, and from the design: a switch each. */

import { describe, expect, test } from "vitest";
import {
  NIGHTCORE_DEFAULTS,
  type NightcoreConfig,
  RELEASED,
  RELEASED_WITH_BOKI,
} from "../../../models/nightcore/config.ts";
import { RECONNECT } from "../../../models/nightcore/engine-state.ts";
import { callIdOf } from "../../../models/nightcore/messages.ts";
import { MILLISECOND } from "../../../sim/units.ts";
import {
  callFromGateway,
  done,
  fakeEngine,
  GATEWAY,
  invoke,
  processOf,
  startWorkers,
  takeKind,
  takeSent,
} from "./fake-engine.ts";
import { engineOf, fakeGateway } from "./fake-gateway.ts";

/** The copy, where nobody asks ZooKeeper. */
const COPY: Partial<NightcoreConfig> = { ...RELEASED_WITH_BOKI, membership: "connections" };
const ONE = { minWorkers: 1, maxWorkers: 1 };

describe("the gateway of the copy", () => {
  test("lets a call wait for a node while there is none", () => {
    const gate = fakeGateway(COPY);
    gate.request(1);
    gate.request(2);
    expect(gate.answered()).toEqual([]);
    gate.hello(3, 0);
    expect(gate.dispatched()).toEqual([
      [3, 1],
      [3, 2],
    ]);
  });

  test("lets one call more run than the limit says", () => {
    const admitted = (settings: Partial<NightcoreConfig>) => {
      const gate = fakeGateway({ ...settings, maxRunningPerNode: 2 });
      gate.hello(0, 0);
      for (let exchange = 1; exchange <= 5; exchange++) gate.request(exchange);
      return gate.dispatched().length;
    };
    expect(admitted(RELEASED)).toBe(2);
    expect(admitted(COPY)).toBe(3);
    expect(admitted({ admitOneMore: true })).toBe(3);
  });

  test("admits with a reply whatever there is room for, where Nightcore admits one", () => {
    const admitted = (settings: Partial<NightcoreConfig>) => {
      const gate = fakeGateway({ ...settings, maxRunningPerNode: 2, waitForNode: false });
      gate.hello(0, 0);
      for (let exchange = 1; exchange <= 6; exchange++) gate.request(exchange);
      // Room for two more, of which nobody makes use by itself here.
      gate.hello(1, 0);
      gate.dispatched();
      gate.done(1);
      return gate.dispatched().map(([, call]) => call);
    };
    expect(admitted({})).toEqual([3]);
    expect(admitted({ drainAll: true })).toEqual([3, 4, 5]);
  });

  test("lets a call that comes overtake those that wait, if there is room", () => {
    const first = (settings: Partial<NightcoreConfig>) => {
      const gate = fakeGateway({ ...settings, maxRunningPerNode: 1, waitForNode: false });
      gate.hello(0, 0);
      gate.request(1);
      gate.request(2);
      gate.hello(1, 0);
      gate.dispatched();
      gate.request(3);
      return gate.dispatched().map(([, call]) => call);
    };
    expect(first({})).toEqual([]);
    expect(first({ gatewayFifo: false })).toEqual([3]);
  });

  test("forgets a node that is gone, and goes on counting the calls that it had", () => {
    const gate = fakeGateway({ ...COPY, balancing: "roundRobin" });
    gate.hello(0, 0);
    gate.hello(1, 0);
    gate.request(1);
    gate.request(2);
    gate.dispatched();
    gate.closed(engineOf(0));
    expect(gate.answered()).toEqual([]);
    expect(gate.state.running).toBe(2);
    gate.request(3);
    gate.request(4);
    expect(gate.dispatched().map(([node]) => node)).toEqual([1, 1]);
  });
});

describe("a gateway that asks ZooKeeper which nodes there are", () => {
  const membership = "zookeeper" as const;

  test("gives calls to a node once it is connected and online, whichever comes first", () => {
    const gate = fakeGateway({ membership, balancing: "roundRobin" });
    gate.request(1);
    gate.hello(0, 0);
    gate.online(1);
    expect(gate.dispatched()).toEqual([]);
    gate.hello(1, 0);
    expect(gate.dispatched()).toEqual([[1, 1]]);
    gate.online(0, 1);
    gate.request(2);
    gate.request(3);
    expect(
      gate
        .dispatched()
        .map(([node]) => node)
        .sort(),
    ).toEqual([0, 1]);
  });

  test("gives none to a node that ZooKeeper has given up, though its connections are whole, until it is online again", () => {
    const gate = fakeGateway({ membership });
    gate.hello(0, 0);
    gate.online(0);
    gate.request(1);
    gate.dispatched();
    gate.online();
    expect(gate.answered()).toEqual([[1, 500]]);
    gate.done(1);
    gate.request(2);
    expect(gate.sent).toEqual([]);
    gate.online(0);
    expect(gate.dispatched()).toEqual([[0, 2]]);
    expect(gate.state.running).toBe(1);
  });

  test("as released waits for its word: until then calls go where no connection is, and what the node had is lost", () => {
    const gate = fakeGateway({ ...RELEASED_WITH_BOKI, membership });
    gate.hello(0, 0);
    gate.online(0);
    gate.request(1);
    gate.dispatched();
    gate.closed(engineOf(0));
    gate.request(2);
    expect(gate.answered()).toEqual([[2, 404]]);
    gate.online();
    gate.request(3);
    expect(gate.answered()).toEqual([]);
    gate.hello(0, 0);
    expect(gate.dispatched()).toEqual([]);
    gate.online(0);
    expect(gate.dispatched()).toEqual([[0, 3]]);
    // Of the first nobody will hear.
    expect(gate.state.running).toBe(2);
  });

  test("as designed goes by what it hears first: a node whose connections are gone is gone", () => {
    const gate = fakeGateway({ membership });
    gate.hello(0, 0);
    gate.online(0);
    gate.request(1);
    gate.dispatched();
    gate.closed(engineOf(0));
    expect(gate.answered()).toEqual([[1, 500]]);
    gate.request(2);
    gate.hello(0, 0);
    expect(gate.dispatched()).toEqual([[0, 2]]);
  });
});

describe("the engine of the copy", () => {
  test("stops when its gateway is gone, and does not look for it", () => {
    for (const [settings, crashed] of [
      [{}, undefined],
      [RELEASED, undefined],
      [RELEASED_WITH_BOKI, NIGHTCORE_DEFAULTS.restartNanos],
    ] as const) {
      const fake = fakeEngine([ONE], settings);
      startWorkers(fake);
      fake.receive(GATEWAY, { kind: "closed" });
      expect(fake.crashed).toBe(crashed);
      expect(fake.timers.has(RECONNECT)).toBe(settings !== RELEASED && settings !== RELEASED_WITH_BOKI);
    }
  });

  test("stops when a worker has died that runs a call, and only then", () => {
    const fake = fakeEngine([{ minWorkers: 2, maxWorkers: 2 }], RELEASED_WITH_BOKI);
    const [[first, second]] = startWorkers(fake) as [[number, number]];
    callFromGateway(fake, 1);
    expect(takeKind(fake, "dispatch")[0]!.client).toBe(second);
    fake.receive(processOf(first), { kind: "closed" });
    expect(fake.crashed).toBeUndefined();
    fake.receive(processOf(second), { kind: "closed" });
    expect(fake.crashed).toBe(NIGHTCORE_DEFAULTS.restartNanos);
  });

  test("asks whether the worker that made a call is there when the call ends, and drops the result if it is not", () => {
    const fake = fakeEngine([ONE, ONE], { ...RELEASED_WITH_BOKI, workerLost: "forget" });
    const [[a], [b]] = startWorkers(fake) as [[number], [number]];
    callFromGateway(fake, 1);
    invoke(fake, a, callIdOf(a, 0), 1, 1);
    fake.receive(processOf(a), { kind: "closed" });
    takeSent(fake);
    done(fake, b, callIdOf(a, 0));
    expect(takeSent(fake)).toEqual([]);
    expect(fake.crashed).toBeUndefined();
    expect(fake.counters.get("engine.replyDropped")).toBe(1);
  });

  test("stops when a call from inside has waited too long; Nightcore's forgets the call, and as designed its caller is told", () => {
    for (const [droppedCalls, told, crashed] of [
      ["fail", 1, undefined],
      ["forget", 0, undefined],
      ["stop", 0, NIGHTCORE_DEFAULTS.restartNanos],
    ] as const) {
      const fake = fakeEngine([ONE, { minWorkers: 1, maxWorkers: 1 }], {
        droppedCalls,
        queueingLimit: 1,
        averageSamplesMin: 1,
        concurrencyLimiter: false,
      });
      const [[a], [b]] = startWorkers(fake) as [[number], [number]];
      callFromGateway(fake, 1);
      callFromGateway(fake, 2, 1);
      done(fake, b, 2, { processingNanos: MILLISECOND });
      callFromGateway(fake, 3, 1);
      invoke(fake, a, callIdOf(a, 0), 1, 1);
      takeSent(fake);
      fake.now = 5 * MILLISECOND;
      done(fake, b, 3, { processingNanos: MILLISECOND });
      expect(takeKind(fake, "returned")).toHaveLength(told);
      expect(fake.crashed).toBe(crashed);
    }
  });
});

test("a worker's death alone can be forgotten, and alone be answered, whatever else is handled", () => {
  const outcome = (settings: Partial<NightcoreConfig>) => {
    const fake = fakeEngine([ONE], settings);
    const [[worker]] = startWorkers(fake) as [[number]];
    callFromGateway(fake, 1);
    takeSent(fake);
    fake.receive(processOf(worker), { kind: "closed" });
    const kinds = takeSent(fake).map(({ message }) => message.kind);
    return { kinds, running: fake.state.dispatchers[0]!.running };
  };
  expect(outcome({ workerLost: "forget" })).toEqual({ kinds: ["createWorker"], running: 1 });
  expect(outcome({ ...RELEASED, workerLost: "fail" })).toEqual({ kinds: ["externalDone"], running: 0 });
});
