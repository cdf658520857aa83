import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BALANCINGS, RELEASED } from "../../../models/nightcore/config.ts";
import { MILLISECOND, SECOND } from "../../../sim/units.ts";
import { CLIENT, engineOf, fakeGateway } from "./fake-gateway.ts";

describe("a call from outside", () => {
  test("goes to a node, and its output back over the connection that it came by", () => {
    const gate = fakeGateway();
    gate.hello(0, 0);
    gate.request(5, { target: 2, connection: 3, inputBytes: 2_000 });
    expect(gate.sent.splice(0)).toEqual([
      {
        to: engineOf(0),
        connection: 0,
        message: {
          kind: "externalCall",
          call: 1,
          connection: 0,
          method: 2,
          input: { request: 1_005, variables: [] },
          inputBytes: 2_000,
          async: false,
        },
      },
    ]);
    gate.done(1);
    expect(gate.sent).toEqual([
      {
        to: CLIENT,
        connection: 3,
        message: {
          kind: "httpResponse",
          exchange: 5,
          connection: 3,
          status: 200,
          outputBytes: 50,
          output: 7,
        },
      },
    ]);
  });

  test("gets 500 when it fails, 404 when there is no such method", () => {
    const gate = fakeGateway();
    gate.hello(0, 0);
    gate.request(1);
    gate.done(1, { ok: false });
    gate.request(2, { target: 3 });
    expect(gate.answered()).toEqual([
      [1, 500],
      [2, 404],
    ]);
  });

  test("is answered once: a second reply is ignored", () => {
    const gate = fakeGateway();
    gate.hello(0, 0);
    gate.request(1);
    gate.done(1);
    gate.done(1);
    expect(gate.answered()).toEqual([[1, 200]]);
    expect(gate.counters.get("gateway.lateReply")).toBe(1);
  });

  test("is answered at once if it is asynchronous, and its output goes to nobody", () => {
    const gate = fakeGateway();
    gate.hello(0, 0);
    gate.request(1, { async: true });
    expect(gate.sent[0]!.message).toMatchObject({ kind: "externalCall", async: true });
    expect(gate.answered()).toEqual([[1, 200]]);
    gate.done(1);
    expect(gate.answered()).toEqual([]);
    expect(gate.state.running).toBe(0);
  });

  test("without any node gets 500 in the release, and waits for one in the design", () => {
    const released = fakeGateway(RELEASED);
    released.request(1);
    expect(released.answered()).toEqual([[1, 500]]);
    const designed = fakeGateway();
    designed.request(1);
    expect(designed.sent).toEqual([]);
    designed.hello(4, 0);
    expect(designed.dispatched()).toEqual([[4, 1]]);
  });

  test("has a number that no earlier life of the gateway gave", () => {
    const gate = fakeGateway({}, 3 * MILLISECOND);
    gate.hello(0, 0);
    gate.request(1);
    expect(gate.dispatched()).toEqual([[0, 3_001]]);
  });
});

describe("the nodes are balanced", () => {
  const dispatchedTo = (
    balancing: (typeof BALANCINGS)[number],
    targets: number[],
    choices: number[] = [],
  ) => {
    const gate = fakeGateway({ balancing });
    for (const node of [2, 0, 1]) gate.hello(node, 0);
    gate.choices.push(...choices);
    for (const [i, target] of targets.entries()) gate.request(i, { target });
    return gate;
  };

  test("at random", () => {
    expect(
      dispatchedTo("random", [0, 0, 0], [1, 0, 2])
        .dispatched()
        .map(([node]) => node),
    ).toEqual([0, 2, 1]);
  });

  test("in turn, function by function, in the order in which they came", () => {
    expect(
      dispatchedTo("roundRobin", [0, 0, 1, 0, 1, 0])
        .dispatched()
        .map(([node]) => node),
    ).toEqual([2, 0, 2, 1, 0, 2]);
  });

  test("by what they have in flight, and the first of those that have as little", () => {
    const gate = dispatchedTo("leastLoad", [0, 0, 0, 0]);
    expect(gate.dispatched().map(([node]) => node)).toEqual([2, 0, 1, 2]);
    gate.done(3);
    gate.request(9);
    expect(gate.dispatched()).toEqual([[1, 5]]);
  });
});

describe("connections belong to threads", () => {
  test("a thread uses its own in turn", () => {
    const gate = fakeGateway({ gatewayThreads: 2 });
    gate.hello(0, 0, 1, 2, 3);
    const used = [0, 1, 0, 1, 0].map((thread, exchange) => {
      gate.thread = thread;
      gate.request(exchange);
      return gate.sent.pop()!.connection;
    });
    expect(used).toEqual([0, 1, 2, 3, 0]);
  });

  test("a thread that has none answers 404 in the release; the node's count keeps the call, and nobody takes its turn", () => {
    const gate = fakeGateway({ ...RELEASED, gatewayThreads: 2 });
    gate.hello(0, 0);
    gate.thread = 1;
    gate.request(1);
    expect(gate.answered()).toEqual([[1, 404]]);
    expect(gate.state.running).toBe(0);
    expect(gate.state.nodes.known[0]!.inFlight).toBe(1);
  });

  test("a thread that has none hands the call to one that has, in the design", () => {
    const gate = fakeGateway({ gatewayThreads: 2 });
    gate.hello(0, 0);
    gate.thread = 1;
    gate.request(1);
    expect(gate.sent).toEqual([expect.objectContaining({ to: engineOf(0), connection: 0 })]);
  });
});

describe("admission", () => {
  test("lets as many run as the flag says for each node; the others wait in one queue", () => {
    const gate = fakeGateway({ maxRunningPerNode: 1, balancing: "leastLoad" });
    gate.hello(0, 0);
    gate.hello(1, 0);
    for (const [exchange, target] of [0, 0, 1, 2].entries()) gate.request(exchange, { target });
    expect(gate.dispatched()).toEqual([
      [0, 1],
      [1, 2],
    ]);
    gate.done(2);
    expect(gate.sent.map(({ message }) => message.kind)).toEqual(["httpResponse", "externalCall"]);
    expect(gate.dispatched()).toEqual([[1, 3]]);
  });

  test("passes over those whose clients are gone", () => {
    const gate = fakeGateway({ maxRunningPerNode: 1 });
    gate.hello(0, 0);
    gate.request(1);
    gate.request(2, {}, CLIENT + 1);
    gate.request(3);
    expect(gate.watched).toContain(CLIENT + 1);
    gate.closed(CLIENT + 1);
    gate.dispatched();
    gate.done(1);
    expect(gate.dispatched()).toEqual([[0, 3]]);
  });

  test("a client that is back before word of its end is answered; what its last life still asked for is not", () => {
    const gate = fakeGateway();
    gate.hello(0, 0);
    gate.request(1, { bornNanos: 0 });
    gate.request(2, { bornNanos: 50 });
    // By a thread that was behind.
    gate.request(3, { bornNanos: 0 });
    gate.closed(CLIENT);
    gate.request(4, { bornNanos: 50 });
    for (const call of [1, 2, 3, 4]) gate.done(call);
    expect(gate.answered()).toEqual([
      [2, 200],
      [4, 200],
    ]);
    gate.request(5, { bornNanos: 50 });
    gate.closed(CLIENT);
    gate.done(5);
    expect(gate.answered()).toEqual([]);
  });

  test("a client that is gone gets nothing, and its running call keeps its place until its reply", () => {
    const gate = fakeGateway({ maxRunningPerNode: 1 });
    gate.hello(0, 0);
    gate.request(1);
    gate.closed(CLIENT);
    gate.request(2);
    gate.dispatched();
    gate.done(1);
    expect(gate.sent.map(({ message }) => message.kind)).toEqual(["externalCall"]);
    gate.done(2);
    expect(gate.answered()).toEqual([[2, 200]]);
  });
});

describe("a node that is gone", () => {
  test("leaves the list in the design: its calls get 500, others take their turn elsewhere", () => {
    const gate = fakeGateway({ maxRunningPerNode: 2, balancing: "leastLoad" });
    gate.hello(0, 0);
    gate.hello(1, 0);
    for (let exchange = 1; exchange <= 6; exchange++) gate.request(exchange);
    gate.done(2);
    gate.dispatched();
    gate.closed(engineOf(0));
    // Calls 2 and 4 went to node 1, and 5 took the place of 2; with one node two may run.
    expect(gate.answered()).toEqual([
      [1, 500],
      [3, 500],
    ]);
    expect(gate.state.nodes.known.map(({ inFlight }) => inFlight)).toEqual([0, 2]);
    gate.done(1);
    expect(gate.answered()).toEqual([]);
    gate.hello(0, 0);
    expect(gate.dispatched()).toEqual([[0, 6]]);
  });

  test("whose end nobody noticed is lost when it says hello again, and word of it comes too late then", () => {
    const gate = fakeGateway();
    gate.hello(0, 0, 1);
    gate.request(1);
    gate.hello(0, 0, 1);
    expect(gate.answered()).toEqual([[1, 500]]);
    gate.closed(engineOf(0));
    gate.request(2);
    expect(gate.dispatched()).toEqual([[0, 2]]);
    gate.closed(engineOf(0));
    expect(gate.answered()).toEqual([[2, 500]]);
  });

  test("that lost power several times before anybody noticed keeps what its last life has", () => {
    const gate = fakeGateway();
    for (let life = 0; life < 3; life++) gate.hello(0, 0, 1);
    gate.request(1);
    gate.closed(engineOf(0));
    gate.closed(engineOf(0));
    expect(gate.answered()).toEqual([]);
    gate.closed(engineOf(0));
    expect(gate.answered()).toEqual([[1, 500]]);
  });

  test("stays in the list in the release: 404 for what is sent there, nothing for what it had", () => {
    const gate = fakeGateway({ ...RELEASED, balancing: "roundRobin" });
    gate.hello(0, 0);
    gate.hello(1, 0);
    gate.request(1);
    gate.request(2);
    gate.closed(engineOf(0));
    gate.request(3);
    gate.request(4);
    expect(gate.answered()).toEqual([[3, 404]]);
    expect(gate.state.running).toBe(3);
    gate.hello(0, 0);
    gate.request(5);
    expect(gate.dispatched()).toEqual([[0, 5]]);
    expect(gate.state.nodes.known.map(({ inFlight }) => inFlight)).toEqual([3, 2]);
  });
});

describe("timeouts", () => {
  test("answer 504 to who has waited long enough, whether in the queue or at a node, and free the place", () => {
    const gate = fakeGateway({ callTimeoutNanos: SECOND, maxRunningPerNode: 1 });
    gate.hello(0, 0);
    gate.request(1);
    gate.request(2);
    gate.now = SECOND / 2;
    gate.request(3);
    expect(gate.timeoutAfter).toBe(SECOND);
    gate.sent.length = 0;
    gate.now = SECOND;
    gate.timeout();
    expect(gate.sent.map(({ message }) => message)).toEqual([
      expect.objectContaining({ kind: "httpResponse", exchange: 1, status: 504 }),
      expect.objectContaining({ kind: "httpResponse", exchange: 2, status: 504 }),
      expect.objectContaining({ kind: "externalCall", call: 3 }),
    ]);
    expect(gate.timeoutAfter).toBe(SECOND / 2);
    gate.done(3);
    gate.timeout();
    expect(gate.timeoutAfter).toBeUndefined();
    gate.request(4);
    expect(gate.timeoutAfter).toBe(SECOND);
  });
});

/** What can happen to a gateway; numbers are taken modulo what there is. */
const event = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("request" as const), client: fc.nat(1), async: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("reply" as const), which: fc.nat(20), ok: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("nodeEnds" as const), node: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("hello" as const), node: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clientEnds" as const), client: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("later" as const) }) },
);

test("whatever happens, calls are answered at most once, as many run as may, and nodes are counted right", () => {
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 60 }),
      fc.constantFrom(...BALANCINGS),
      fc.nat(3),
      (events, balancing, maxRunningPerNode) => {
        const gate = fakeGateway({ balancing, maxRunningPerNode, callTimeoutNanos: SECOND });
        const lost = new Set<number>();
        let exchange = 0;
        for (const each of events) {
          switch (each.kind) {
            case "request":
              gate.request(++exchange, { async: each.async }, CLIENT + each.client);
              break;
            case "reply": {
              const running = [...gate.state.calls].filter(([, { place }]) => place >= 0);
              if (running.length > 0) gate.done(running[each.which % running.length]![0], { ok: each.ok });
              break;
            }
            case "nodeEnds":
              gate.closed(engineOf(each.node));
              break;
            case "hello":
              gate.hello(each.node, 0);
              break;
            case "clientEnds":
              for (const { client, request } of gate.state.calls.values()) {
                if (client === CLIENT + each.client) lost.add(request.exchange);
              }
              gate.closed(CLIENT + each.client);
              break;
            case "later":
              gate.now += SECOND / 2;
              if (gate.timeoutAfter !== undefined) gate.timeout();
          }
          const { running, nodes, calls } = gate.state;
          const atNodes = [...calls.values()].filter(({ place }) => place >= 0).length;
          expect(running).toBe(atNodes);
          expect(nodes.known.reduce((sum, { inFlight }) => sum + inFlight, 0)).toBe(running);
          if (each.kind === "request" && maxRunningPerNode > 0 && nodes.listed.length > 0) {
            const started = gate.sent.at(-1)?.message.kind === "externalCall";
            if (started) expect(running).toBeLessThanOrEqual(maxRunningPerNode * nodes.listed.length);
          }
        }
        // At the end everybody has waited too long.
        gate.now += 2 * SECOND;
        if (gate.timeoutAfter !== undefined) gate.timeout();
        const answers = gate.answered().map(([of]) => of);
        expect(new Set(answers).size).toBe(answers.length);
        expect(gate.state.calls.size).toBe(0);
        for (let each = 1; each <= exchange; each++) {
          expect(answers.includes(each) || lost.has(each)).toBe(true);
        }
      },
    ),
    { seed: 1, numRuns: 300 },
  );
});
