import { describe, expect, test } from "vitest";
import { client } from "../../../models/workloads/client.ts";
import type { Arrival, WorkloadConfig } from "../../../models/workloads/config.ts";
import type { TimerName } from "../../../sim/machine.ts";
import { MILLISECOND, type Nanos, SECOND } from "../../../sim/units.ts";
import { fakeEffects, takeKind } from "../boki/fake-effects.ts";

const GATEWAY = 40;
const GIVE_UP_NANOS = SECOND;

const WORKLOAD: Omit<WorkloadConfig, "arrival"> = {
  name: "w",
  mix: { append: 1 },
  logBooks: { count: 1, zipfExponent: 0 },
  tags: { count: 1, zipfExponent: 0 },
  tagsPerRecord: 1,
  recordBytes: { kind: "constant", value: 100 },
  auxBytes: { kind: "constant", value: 10 },
  readPosition: { kind: "anywhere" },
  keepRecords: 10,
  nestedShare: 0,
  startNanos: 0,
};

function createTest(arrival: Arrival, { giveUpNanos = GIVE_UP_NANOS as Nanos | undefined, now = 0 } = {}) {
  const out = fakeEffects({ now });
  const config = {
    gateway: GATEWAY,
    workload: { ...WORKLOAD, arrival },
    readyNanos: now,
    giveUpNanos,
    programs: { once: "once", loop: "loop" },
  };
  const state = client.start(config, out);
  return {
    out,
    state,
    expire(timer: TimerName) {
      out.timers.delete(timer);
      client.timeout(state, timer, out);
    },
    reply: (request: number, output: unknown) =>
      client.receive(state, GATEWAY, { kind: "reply", request, output }, out),
    /** Numbers and arguments of the requests sent since the last time. */
    requests: () => takeKind(out, "request").map(({ message }) => [message.request, message.input.args]),
  };
}

const LOOPS: Arrival = { kind: "closedLoop", clients: 3, think: { kind: "constant", value: 0 } };

describe("a loop", () => {
  test.each(["lost", "cancelled"])(
    "whose call ends with %s is begun anew after a pause, and counted",
    (error) => {
      const { out, expire, reply, requests } = createTest(LOOPS);
      expire("arrival");
      expect(requests().map(([number]) => number)).toEqual([0, 1, 2]);
      reply(1, { error });
      expect(requests()).toEqual([]);
      expect(out.timers.get(1)).toEqual({ afterNanos: 10 * MILLISECOND });
      expire(1);
      expect(requests()).toMatchObject([[3, { index: 1, rounds: 0 }]]);
      expect(out.counters.get("client.callFailed")).toBe(1);
    },
  );

  test("that is over stays so", () => {
    const { out, expire, reply } = createTest(LOOPS);
    expire("arrival");
    reply(0, null);
    expect(out.timers.size).toBe(0);
  });

  test("has as long as it takes", () => {
    const { out, expire } = createTest(LOOPS);
    expire("arrival");
    expect(out.timers.size).toBe(0);
  });
});

describe("a call of one operation", () => {
  const arrival: Arrival = { kind: "timetable", perSecond: 10, connections: 1, threads: 1 };

  function asked(giveUpNanos?: Nanos) {
    const test = createTest(arrival, giveUpNanos === undefined ? {} : { giveUpNanos });
    test.expire(0);
    test.requests();
    return test;
  }

  test.each([
    [null, "ok"],
    [{ error: "discarded" }, "failed"],
    [{ error: "lost" }, "unknown"],
    [{ error: "timedOut" }, "unknown"],
  ] as const)("with the output %j has ended as %s, and its connection goes on", (output, outcome) => {
    const { out, reply } = asked();
    reply(0, output);
    expect(out.operations).toMatchObject([{ ended: { outcome } }]);
    expect(out.timers.has(0)).toBe(true);
  });

  test("without a reply for long is given up, and its connection goes on", () => {
    const { out, expire, reply, state } = asked();
    for (let i = 0; i < 4; i++) {
      expect(out.operations[0]!.ended).toBeUndefined();
      out.now += GIVE_UP_NANOS / 4;
      expire("giveUp");
    }
    expect(out.operations).toMatchObject([{ ended: { outcome: "unknown" } }]);
    expect(out.timers.has(0)).toBe(true);
    expect(out.timers.has("giveUp")).toBe(false);
    expect(state.open.size).toBe(0);
    reply(0, null);
    expect(out.counters.get("client.unknownReply")).toBe(1);
  });
});

test("requests have numbers that no earlier life of the client gave", () => {
  const { expire, requests } = createTest(LOOPS, { now: 7 * MILLISECOND });
  expire("arrival");
  expect(requests()[0]![0]).toBe(7_000);
});
