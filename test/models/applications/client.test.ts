import { describe, expect, test } from "vitest";
import type { RequestSpec } from "../../../models/applications/application.ts";
import { type ClientConfig, type ClientState, client } from "../../../models/applications/client.ts";
import type { Load } from "../../../models/applications/load.ts";
import type { ApplicationMessage, HttpStatus } from "../../../models/applications/messages.ts";
import type { Distribution } from "../../../sim/distribution.ts";
import { MICROSECOND, MILLISECOND, type Nanos, SECOND } from "../../../sim/units.ts";
import { addProbe, agree, bareNetwork, LATENCY_NANOS, type Received, receivedBy } from "./probe.ts";
import { fixed, times } from "./structured.ts";

const REQUEST: RequestSpec = {
  name: "read",
  entry: "direct",
  draws: [],
  code: [],
  method: 0,
  inputBytes: fixed(10),
};

interface Setup {
  readonly load: Load;
  readonly requests?: readonly RequestSpec[];
  readonly mix?: readonly number[];
  readonly service?: Distribution;
  readonly answer?: (message: ApplicationMessage) => ApplicationMessage | undefined;
  readonly targets?: number;
  /** By request, if not all go to all targets. */
  readonly entries?: readonly (readonly number[])[];
  readonly stopNanos?: Nanos;
  readonly startNanos?: Nanos;
}

const NONE: Distribution = { kind: "constant", value: 0 };

function createTest(setup: Setup) {
  const { load, requests = [REQUEST], mix = requests.map(() => 1), service = NONE, answer = agree } = setup;
  const { targets = 1, entries, stopNanos, startNanos = 0 } = setup;
  const simulation = bareNetwork({ history: true });
  const config: ClientConfig = {
    application: { requests, mix, variables: ["x", "y"] },
    load,
    entries: requests.map((_, i) => ({
      targets: entries?.[i] ?? Array.from({ length: targets }, (__, target) => 1 + target),
      number: 5 + i,
    })),
    startNanos,
    stopNanos,
    index: 0,
    clients: 1,
  };
  simulation.addProcess({ name: "client", role: "client", machine: client, config });
  for (let i = 0; i < targets; i++) addProbe(simulation, `target ${i}`, { service, answer });
  simulation.start();
  type Arrived = Received & { message: Extract<ApplicationMessage, { kind: "httpRequest" }> };
  return {
    simulation,
    state: () => simulation.stateOf(0) as ClientState,
    /** What has come to a target, at the moment at which it was sent. */
    sent: (target = 0) =>
      (receivedBy(simulation, 1 + target) as Arrived[])
        .filter(({ message }) => message.kind === "httpRequest")
        .map(({ atNanos, message }) => ({ atNanos: atNanos - LATENCY_NANOS, message })),
    results: (name = "request") => simulation.recorder.results().find((each) => each.name === name),
  };
}

const CLOSED: Load = { kind: "closedLoop", clients: 1, think: NONE };

describe("a closed loop", () => {
  test("has each client wait for its answer, think, and go on", () => {
    const load: Load = { kind: "closedLoop", clients: 3, think: { kind: "constant", value: MILLISECOND } };
    const { simulation, sent, results } = createTest({ load, startNanos: MILLISECOND });
    simulation.run(100 * MILLISECOND);
    const round = MILLISECOND + 2 * LATENCY_NANOS;
    expect(sent().map(({ atNanos }) => atNanos)).toEqual(
      sent().map((_, i) => MILLISECOND + Math.floor(i / 3) * round),
    );
    expect(results()!.count).toBe(3 * 90);
    expect(results()!.sumNanos / results()!.count).toBe(2 * LATENCY_NANOS);
  });

  test("stops when it is to", () => {
    const { simulation, sent } = createTest({ load: CLOSED, stopNanos: 10 * MILLISECOND });
    simulation.run(50 * MILLISECOND);
    expect(sent().at(-1)!.atNanos).toBeLessThan(10 * MILLISECOND);
    expect(sent()).toHaveLength(100);
  });
});

describe("a request", () => {
  test("is drawn from the mix, with its variables, under the number that the target knows", () => {
    const drawn = (name: string, variable: number): RequestSpec => ({
      ...REQUEST,
      name,
      draws: [{ variable, value: { kind: "uniform", low: 1, high: 4 } }],
      inputBytes: times(10, variable),
    });
    const requests = [drawn("rare", 0), drawn("often", 1), drawn("never", 1)];
    const { simulation, sent, results } = createTest({ load: CLOSED, requests, mix: [1, 3, 0] });
    simulation.run(SECOND);
    const messages = sent().map(({ message }) => message);
    expect(messages.length).toBe(10_000);
    const rare = messages.filter(({ target }) => target === 5);
    expect(rare.length / messages.length).toBeCloseTo(0.25, 1);
    expect(new Set(messages.map(({ target }) => target))).toEqual(new Set([5, 6]));
    expect(rare.every(({ input }) => input.variables[1] === 0)).toBe(true);
    expect(new Set(rare.map(({ input }) => input.variables[0]))).toEqual(new Set([1, 2, 3]));
    expect(rare.every(({ input, inputBytes }) => inputBytes === 10 * input.variables[0]!)).toBe(true);
    expect(results("request rare")!.count).toBe(rare.length);
    expect(new Set(messages.map(({ input }) => input.request)).size).toBe(messages.length);
  });

  test.each<[HttpStatus, string]>([
    [200, "ok"],
    [404, "failed"],
    [429, "failed"],
    [500, "failed"],
    [503, "failed"],
    [504, "unknown"],
  ])("that is answered by %d has ended as %s", (status, outcome) => {
    const answer = (message: ApplicationMessage) => ({ ...agree(message)!, status }) as ApplicationMessage;
    const { simulation } = createTest({ load: CLOSED, answer, stopNanos: 1 });
    simulation.run(MILLISECOND);
    expect(simulation.recorder.history.map(({ type }) => type)).toEqual(["invoke", outcome]);
  });

  test("whose connection breaks has ended as unknown, and the connection is opened again", () => {
    const service: Distribution = { kind: "constant", value: MILLISECOND };
    const { simulation, sent, state } = createTest({
      load: { kind: "closedLoop", clients: 4, think: NONE },
      targets: 2,
      service,
    });
    simulation.run(MILLISECOND);
    simulation.crash(1);
    simulation.run(2 * MILLISECOND);
    expect(state().connections.map(({ broken }) => broken)).toEqual([true, false, true, false]);
    expect(simulation.recorder.results()[0]!.unknown).toBe(2);
    simulation.boot(1);
    simulation.run(SECOND);
    expect(sent(0)[0]!.atNanos).toBeCloseTo(101 * MILLISECOND, -6);
    expect(sent(0).length / sent(1).length).toBeCloseTo(0.9, 1);
    expect(simulation.recorder.results()[0]!.unknown).toBe(2);
  });

  test.each<Load>([
    { kind: "closedLoop", clients: 6, think: { kind: "constant", value: 3 * MILLISECOND } },
    { kind: "poisson", rate: 1_000, connections: 6 },
    { kind: "constantRate", rate: 1_000, connections: 6 },
    { kind: "timetable", rate: 1_000, connections: 6, threads: 2 },
  ])("of a load of the kind $kind goes on after all connections have broken, twice", (load) => {
    const { simulation, sent, state, results } = createTest({ load, targets: 2 });
    simulation.run(100 * MILLISECOND);
    const busyBefore = sent(0).length + sent(1).length;
    for (const at of [100, 150]) {
      simulation.run(at * MILLISECOND);
      simulation.crash(1);
      simulation.crash(2);
      simulation.run((at + 20) * MILLISECOND);
      simulation.boot(1, 2);
    }
    simulation.run(500 * MILLISECOND);
    const { connections, waiting } = state();
    expect(connections.map(({ broken }) => broken)).toEqual(connections.map(() => false));
    expect(waiting.items).toHaveLength(waiting.head);
    const used = [0, 1].map((target) => new Set(sent(target).map(({ message }) => message.connection)));
    expect(used).toEqual([new Set([0, 1, 2]), new Set([0, 1, 2])]);
    expect(sent(0).length + sent(1).length).toBeGreaterThan(busyBefore);
    expect(results()!.count + results()!.unknown).toBeGreaterThan(250);
  });

  test("with another request's output is noticed", () => {
    const answer = (message: ApplicationMessage) =>
      ({ ...agree(message)!, output: -7 }) as ApplicationMessage;
    const { simulation } = createTest({ load: CLOSED, answer, stopNanos: 1 });
    simulation.run(MILLISECOND);
    expect(simulation.recorder.counts().get("client.strangeOutput")).toBe(1);
  });
});

describe("an open load", () => {
  test("at a constant rate keeps its pace whatever the answers do", () => {
    const service: Distribution = { kind: "constant", value: 3 * MILLISECOND };
    const load: Load = { kind: "constantRate", rate: 1_000, connections: 10 };
    const { simulation, sent } = createTest({ load, service });
    simulation.run(50 * MILLISECOND);
    expect(sent().map(({ atNanos }) => atNanos)).toEqual(sent().map((_, i) => (i + 1) * MILLISECOND));
  });

  test("takes the connections in turn", () => {
    const load: Load = { kind: "constantRate", rate: 1_000, connections: 6 };
    const { simulation, sent } = createTest({ load, targets: 2 });
    simulation.run(50 * MILLISECOND);
    expect(
      sent(0)
        .slice(0, 6)
        .map(({ message }) => message.connection),
    ).toEqual([0, 1, 2, 0, 1, 2]);
    expect(sent(0)[1]!.atNanos - sent(0)[0]!.atNanos).toBe(2 * MILLISECOND);
  });

  test("makes requests wait that find no connection, and counts their time from when they came", () => {
    const service: Distribution = { kind: "constant", value: 2 * MILLISECOND - 2 * LATENCY_NANOS };
    const load: Load = { kind: "constantRate", rate: 1_000, connections: 1 };
    const { simulation, results, sent } = createTest({ load, service });
    simulation.run(20.5 * MILLISECOND);
    // Request n comes at n ms, leaves at 2n - 1 and is back at 2n + 1.
    expect(sent().map(({ atNanos }) => atNanos)).toEqual(sent().map((_, i) => (2 * i + 1) * MILLISECOND));
    expect(results()!.maxNanos).toBe(10 * MILLISECOND);
  });

  test("of the kind poisson has exponential gaps", () => {
    const load: Load = { kind: "poisson", rate: 2_000, connections: 50 };
    const { simulation, sent } = createTest({ load });
    simulation.run(10 * SECOND);
    const moments = sent().map(({ atNanos }) => atNanos);
    const gaps = moments.map((at, i) => at - (moments[i - 1] ?? 0));
    const mean = moments.at(-1)! / gaps.length;
    expect(mean / (SECOND / 2_000)).toBeCloseTo(1, 1);
    // Of exponential gaps the deviation is the mean, and e to the -1 are longer.
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    expect(deviation / mean).toBeCloseTo(1, 1);
    expect(gaps.filter((gap) => gap > mean).length / gaps.length).toBeCloseTo(1 / Math.E, 1);
  });

  test("at given moments makes its requests then, several at once where a moment is given twice", () => {
    const atNanos = [1, 3, 3, 3, 8].map((millis) => millis * MILLISECOND);
    const load: Load = { kind: "moments", atNanos, connections: 2 };
    const service: Distribution = { kind: "constant", value: MILLISECOND - 2 * LATENCY_NANOS };
    const { simulation, sent, results } = createTest({ load, service });
    simulation.run(50 * MILLISECOND);
    // The third at once finds both connections busy.
    expect(sent().map((each) => each.atNanos / MILLISECOND)).toEqual([1, 3, 3, 4, 8]);
    expect(results()).toMatchObject({ count: 5, maxNanos: 2 * MILLISECOND });
  });

  test("follows the steps of its rate", () => {
    const rate = [
      { fromNanos: 0, perSecond: 100 },
      { fromNanos: SECOND, perSecond: 1_000 },
      { fromNanos: 2 * SECOND, perSecond: 0 },
      { fromNanos: 3 * SECOND, perSecond: 500 },
    ];
    const { simulation, sent } = createTest({
      load: { kind: "constantRate", rate, connections: 50 },
      startNanos: SECOND,
    });
    simulation.run(5 * SECOND + MILLISECOND);
    const perSecond = [0, 0, 0, 0, 0];
    for (const { atNanos } of sent()) perSecond[Math.floor((atNanos - 1) / SECOND)]!++;
    expect(perSecond).toEqual([0, 100, 1_000, 0, 500]);
  });
});

describe("the published client", () => {
  const load: Load = { kind: "timetable", rate: 1_000, connections: 8, threads: 4 };

  test("has every connection follow its timetable, as late as its timers make it", () => {
    const { simulation, sent, results } = createTest({ load });
    simulation.run(20 * SECOND);
    const late: number[] = [];
    for (let connection = 0; connection < 8; connection++) {
      const own = sent().filter(({ message }) => message.connection === connection);
      own.forEach(({ atNanos }, k) => {
        late.push(atNanos - ((connection % 2) * 5 * MILLISECOND + k * 8 * MILLISECOND));
      });
    }
    expect(late).toHaveLength(sent().length);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...late)).toBeLessThan(1_560 * MICROSECOND);
    const mean = late.reduce((sum, each) => sum + each, 0) / late.length;
    // The published logs have 0.67 to 0.88 ms.
    expect(mean / MILLISECOND).toBeCloseTo(0.78, 1);
    expect(results()!.sumNanos / results()!.count - mean).toBeCloseTo(2 * LATENCY_NANOS, -3);
  });

  test("catches up at 1.2 times its pace when it has fallen behind, and counts from when requests were due", () => {
    const { simulation, sent, state, results } = createTest({
      load: { kind: "timetable", rate: 100, connections: 1, threads: 1 },
    });
    simulation.run(15 * MILLISECOND);
    simulation.pause(1);
    simulation.run(115 * MILLISECOND);
    simulation.resume(1);
    simulation.run(700 * MILLISECOND);
    const moments = sent().map(({ atNanos }) => atNanos);
    // Ten periods behind, it makes up for a sixth of a period with each request.
    const gaps = moments.slice(4, 40).map((at, i) => at - moments[i + 3]!);
    for (const gap of gaps)
      expect(Math.abs(gap - (10 / 1.2) * MILLISECOND)).toBeLessThan(1_560 * MICROSECOND);
    expect(results()!.maxNanos).toBeGreaterThan(90 * MILLISECOND);
    expect(state().connections[0]!.sent).toBeLessThanOrEqual(70);
  });

  test("follows the steps of its rate", () => {
    const rate = [
      { fromNanos: 0, perSecond: 200 },
      { fromNanos: SECOND, perSecond: 1_000 },
    ];
    const { simulation, sent } = createTest({
      load: { kind: "timetable", rate, connections: 16, threads: 4 },
    });
    simulation.run(3 * SECOND);
    const count = (fromNanos: Nanos, toNanos: Nanos) =>
      sent().filter(({ atNanos }) => atNanos >= fromNanos && atNanos < toNanos).length;
    expect(Math.abs(count(0, SECOND) - 200)).toBeLessThan(17);
    expect(Math.abs(count(2 * SECOND, 3 * SECOND) - 1_000)).toBeLessThan(17);
  });
});

describe("requests that enter at different servers", () => {
  const CONNECTIONS = 6;
  const requests = [REQUEST, { ...REQUEST, name: "write" }];
  const load: Load = { kind: "poisson", rate: 2_000, connections: CONNECTIONS };
  // Reads go to the first two, writes to the third.
  const split = { load, requests, targets: 3, entries: [[1, 2], [3]], service: fixedTime(MILLISECOND) };

  function fixedTime(value: number): Distribution {
    return { kind: "constant", value };
  }

  test("go each to their own", () => {
    const { simulation, sent, results } = createTest({ ...split, stopNanos: SECOND });
    simulation.run(2 * SECOND);
    const kinds = [0, 1, 2].map((target) => new Set(sent(target).map(({ message }) => message.target)));
    expect(kinds).toEqual([new Set([5]), new Set([5]), new Set([6])]);
    expect(sent(0).length + sent(1).length).toBe(results("request read")!.count);
    expect(sent(2)).toHaveLength(results("request write")!.count);
    const used = [0, 1, 2].map((target) => new Set(sent(target).map(({ message }) => message.connection)));
    expect(used.map(({ size }) => size)).toEqual([CONNECTIONS / 2, CONNECTIONS / 2, CONNECTIONS]);
  });

  test("fail only where the server is that has ended, and come again when all connections are open", () => {
    const { simulation, sent, state, results } = createTest({ ...split, stopNanos: SECOND });
    simulation.run(200 * MILLISECOND);
    simulation.crash(1);
    simulation.run(210 * MILLISECOND);
    expect(state().connections.map(({ broken }) => broken)).toEqual([true, false, true, false, true, false]);
    expect(results("request write")!.unknown).toBe(0);
    simulation.crash(3);
    simulation.run(220 * MILLISECOND);
    expect(state().connections.every(({ broken }) => broken)).toBe(true);
    simulation.boot(1);
    // The third is still away when the first connections are opened again.
    simulation.run(308 * MILLISECOND);
    expect(state().connections.every(({ broken }) => broken)).toBe(true);
    simulation.boot(3);
    const before = sent(0).length;
    simulation.run(2 * SECOND);
    expect(state().connections.some(({ broken }) => broken)).toBe(false);
    expect(sent(0).length).toBeGreaterThan(before);
    const { unknown, count } = results()!;
    expect(unknown).toBeLessThanOrEqual(2 * CONNECTIONS);
    expect(count).toBe(results("request read")!.count + results("request write")!.count);
    expect(simulation.recorder.pending()).toEqual([]);
  });
});
