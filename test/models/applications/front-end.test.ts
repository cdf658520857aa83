import { describe, expect, test } from "vitest";
import type { Code } from "../../../models/applications/application.ts";
import { type FrontEndConfig, type FrontEndState, frontEnd } from "../../../models/applications/front-end.ts";
import type { ApplicationMessage } from "../../../models/applications/messages.ts";
import type { Distribution } from "../../../sim/distribution.ts";
import type { Address } from "../../../sim/machine.ts";
import { MILLISECOND, type Nanos, SECOND } from "../../../sim/units.ts";
import { addProbe, agree, bareNetwork, LATENCY_NANOS, ofKind, receivedBy } from "./probe.ts";
import { call, compile, fixed, type Step, store } from "./structured.ts";

const CLIENT: Address = 0;
const FRONT_END: Address = 1;
const RUNTIME: Address = 2;
const STORE: Address = 3;

interface Setup {
  readonly codes: readonly (readonly Step[])[];
  /** Requests of the client by their numbers, one a microsecond. */
  readonly targets?: readonly number[];
  /** Nobody waits for the end of these requests. */
  readonly async?: boolean;
  readonly deliveries?: number;
  readonly connections?: number;
  readonly callTimeoutNanos?: Nanos;
  readonly service?: Distribution;
  readonly answer?: (message: ApplicationMessage) => ApplicationMessage | undefined;
}

function createTest(setup: Setup) {
  const { codes, targets = [], async = false, deliveries = 0, connections = 8 } = setup;
  const { callTimeoutNanos = 0, service = { kind: "constant", value: MILLISECOND }, answer = agree } = setup;
  const simulation = bareNetwork();
  const messages: ApplicationMessage[] = [];
  targets.forEach((target, i) => {
    const input = { request: 70 + i, variables: [] };
    messages.push({ kind: "httpRequest", exchange: i, connection: i, target, input, inputBytes: 10, async });
  });
  for (let i = 0; i < deliveries; i++) {
    messages.push({ kind: "deliver", delivery: i, input: { request: i, variables: [] }, bytes: 10 });
  }
  const script = messages.map((message, i) => ({ atNanos: 1_000 * i, to: FRONT_END, message }));
  const config: FrontEndConfig = {
    codes: codes.map((steps): Code => compile(steps)),
    runtimes: [{ address: RUNTIME, connections }],
    methods: Array.from({ length: 10 }, (_, method) => ({ runtime: 0, target: method })),
    stores: [{ address: STORE, connections: 4, kind: "redis" }],
    queues: [],
    callTimeoutNanos,
    threads: deliveries > 0 ? 2 : 0,
  };
  addProbe(simulation, "client", { script });
  simulation.addProcess({ name: "front end", role: "frontEnd", machine: frontEnd, config });
  addProbe(simulation, "runtime", { service, answer });
  addProbe(simulation, "store", { answer: agree });
  simulation.start();
  return {
    simulation,
    responses: () =>
      ofKind(simulation, CLIENT, "httpResponse").map(({ exchange, status }) => [exchange, status]),
    calls: () => receivedBy(simulation, RUNTIME).filter(({ message }) => message.kind === "httpRequest"),
    state: () => simulation.stateOf(FRONT_END) as FrontEndState,
    count: (counter: string) => simulation.recorder.counts().get(counter) ?? 0,
  };
}

const failing = (method: number) => (message: ApplicationMessage) => {
  const answer = agree(message);
  return answer?.kind === "httpResponse" && message.kind === "httpRequest" && message.target === method
    ? { ...answer, status: 500 as const }
    : answer;
};

describe("a web server", () => {
  test("runs the code of a request, branches at the same time, and answers when all is done", () => {
    const code: Step[] = [{ op: "parallel", branches: [[call(1)], [store(0, "get"), call(2)]] }, call(3)];
    const { simulation, responses, calls, state } = createTest({ codes: [code], targets: [0] });
    simulation.run(100 * MILLISECOND);
    expect(responses()).toEqual([[0, 200]]);
    const hop = LATENCY_NANOS;
    expect(calls().map(({ message, atNanos }) => [(message as { target: number }).target, atNanos])).toEqual([
      [1, 2 * hop],
      [2, 4 * hop],
      [3, 6 * hop + MILLISECOND],
    ]);
    expect(ofKind(simulation, CLIENT, "httpResponse")[0]).toMatchObject({ output: 70, outputBytes: 5 });
    expect([state().runs.size, state().asks.size]).toEqual([0, 0]);
  });

  test("answers 500 if a call has failed, after the branches beside it and without what follows", () => {
    const code: Step[] = [
      {
        op: "parallel",
        branches: [
          [call(1), call(4)],
          [call(2), call(3)],
        ],
      },
      call(5),
    ];
    const { simulation, responses, calls } = createTest({ codes: [code], targets: [0], answer: failing(1) });
    simulation.run(100 * MILLISECOND);
    expect(responses()).toEqual([[0, 500]]);
    expect(calls().map(({ message }) => (message as { target: number }).target)).toEqual([1, 2, 3]);
  });

  test("answers a call that nobody waits for when it has begun it", () => {
    const { simulation, calls, responses, state } = createTest({
      codes: [[{ op: "callAsync", method: 3, inputBytes: fixed(1) }, call(4)]],
      targets: [0],
      async: true,
      service: { kind: "constant", value: 5 * MILLISECOND },
    });
    simulation.run(MILLISECOND);
    expect(responses()).toEqual([[0, 200]]);
    expect(calls()).toMatchObject([{ message: { target: 3, async: true } }]);
    simulation.run(100 * MILLISECOND);
    expect(calls()).toHaveLength(2);
    expect(responses()).toHaveLength(1);
    expect(state().runs.size).toBe(0);
  });

  test("does not know a request that has no code", () => {
    const { simulation, responses } = createTest({ codes: [[]], targets: [0, 1] });
    simulation.run(100 * MILLISECOND);
    expect(responses()).toEqual([
      [0, 200],
      [1, 404],
    ]);
  });

  test("has as many calls under way as connections; the others wait, first in, first out", () => {
    const targets = Array.from({ length: 7 }, () => 0);
    const { simulation, calls, responses } = createTest({ codes: [[call(1)]], targets, connections: 2 });
    simulation.run(100 * MILLISECOND);
    expect(calls().map(({ message }) => (message as { input: { request: number } }).input.request)).toEqual(
      targets.map((_, i) => 70 + i),
    );
    const moments = calls().map(({ atNanos }) => atNanos);
    // One more can come when one of the two connections has carried its answer back.
    for (let i = 2; i < moments.length; i++) {
      expect(moments[i]! - moments[i - 2]!).toBe(MILLISECOND + 2 * LATENCY_NANOS);
    }
    expect(responses()).toHaveLength(7);
  });

  test("gives up a call that has no answer in time, and takes no notice of the late one", () => {
    const slow = (message: ApplicationMessage) =>
      message.kind === "httpRequest" && message.target === 1 ? undefined : agree(message);
    const { simulation, responses, state, count } = createTest({
      codes: [[call(1)], [call(2)]],
      targets: [0, 1, 0],
      answer: slow,
      connections: 1,
      callTimeoutNanos: 10 * MILLISECOND,
    });
    simulation.run(100 * MILLISECOND);
    // The second waits for the connection of the first, and loses its own time by that.
    expect(responses()).toEqual([
      [0, 500],
      [1, 500],
      [2, 500],
    ]);
    expect(count("frontEnd.callTimeout")).toBe(3);
    expect(state().asks.size).toBe(0);
    expect(state().peers[0]!.free).toHaveLength(1);
  });

  test("a late answer is nobody's", () => {
    const { simulation, responses, count } = createTest({
      codes: [[call(1)]],
      targets: [0],
      service: { kind: "constant", value: 20 * MILLISECOND },
      callTimeoutNanos: 10 * MILLISECOND,
    });
    simulation.run(100 * MILLISECOND);
    expect(responses()).toEqual([[0, 500]]);
    expect(count("frontEnd.lateAnswer")).toBe(1);
  });

  test("fails what was under way when its connections break, and opens them again", () => {
    const targets = [0, 0, 0];
    const { simulation, responses, state } = createTest({ codes: [[call(1)]], targets, connections: 2 });
    simulation.run(MILLISECOND);
    simulation.crash(RUNTIME);
    simulation.run(50 * MILLISECOND);
    expect(responses()).toEqual([
      [0, 500],
      [1, 500],
    ]);
    simulation.boot(RUNTIME);
    simulation.run(SECOND);
    // The third has waited for a connection all the time.
    expect(responses()[2]).toEqual([2, 200]);
    expect(state().peers[0]).toMatchObject({ open: true, count: 2 });
    expect(state().peers[0]!.free).toHaveLength(2);
  });
});

describe("a consumer", () => {
  test("works on as many deliveries as it has threads, and acknowledges each", () => {
    const { simulation, calls } = createTest({ codes: [[call(1)]], deliveries: 5 });
    simulation.run(100 * MILLISECOND);
    expect(ofKind(simulation, CLIENT, "acknowledge").map(({ delivery }) => delivery)).toEqual([
      0, 1, 2, 3, 4,
    ]);
    const moments = calls().map(({ atNanos }) => atNanos);
    for (let i = 2; i < moments.length; i++) {
      expect(moments[i]! - moments[i - 2]!).toBeGreaterThanOrEqual(MILLISECOND);
    }
  });

  test("acknowledges what has failed as well", () => {
    const { simulation, count } = createTest({ codes: [[call(1)]], deliveries: 1, answer: failing(1) });
    simulation.run(100 * MILLISECOND);
    expect(ofKind(simulation, CLIENT, "acknowledge")).toHaveLength(1);
    expect(count("consumer.failed")).toBe(1);
  });
});
