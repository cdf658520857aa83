import { describe, expect, test } from "vitest";
import {
  COSTS as LOG_COSTS,
  engineCosts as logEngineCosts,
  workerCosts as logWorkerCosts,
} from "../../../models/boki/costs.ts";
import { PING } from "../../../models/boki/zookeeper-session.ts";
import { NIGHTCORE_DEFAULTS } from "../../../models/nightcore/config.ts";
import { COSTS, engineCosts, workerCosts as runtimeWorkerCosts } from "../../../models/nightcore/costs.ts";
import { ENGINE_WORK, LAUNCHES, RECONNECT } from "../../../models/nightcore/engine-state.ts";
import { CALL_TIMEOUT } from "../../../models/nightcore/gateway.ts";
import { joinedCosts, workerCosts } from "../../../models/stack/costs.ts";
import { isOfRuntime, type StackMessage } from "../../../models/stack/messages.ts";
import { isRuntimeTimer } from "../../../models/stack/timers.ts";

const runtime = engineCosts(COSTS, NIGHTCORE_DEFAULTS);
const log = logEngineCosts(LOG_COSTS);
const costs = joinedCosts(runtime, log);

describe("an engine with a log in it", () => {
  test("knows whose timers are whose", () => {
    for (const timer of [RECONNECT, LAUNCHES, CALL_TIMEOUT]) expect(isRuntimeTimer(timer)).toBe(true);
    // Those of indexes are the numbers of their logs.
    for (const timer of [PING, "repair", 0, 65_537]) expect(isRuntimeTimer(timer)).toBe(false);
  });

  test("has what ZooKeeper says on a thread of its own, and everything else on the I/O threads", () => {
    const poolOf = (message: object) => costs.pool!(message as StackMessage, undefined);
    expect(poolOf({ kind: "zkEvents" })).toBe(1);
    for (const kind of ["dispatch", "invoke", "append", "metalogs"]) expect(poolOf({ kind })).toBe(0);
    expect(costs.pool!(undefined, PING)).toBe(1);
    expect(costs.pool!(undefined, RECONNECT)).toBe(0);
  });

  test("takes for messages what they take in the model that they are of", () => {
    const append = { kind: "append", dataBytes: 100, tags: [] } as unknown as StackMessage;
    const done = { kind: "done", output: { bytes: 10 } } as unknown as StackMessage;
    expect([append, done].map((each) => isOfRuntime(each))).toEqual([false, true]);
    expect(costs.receiveNanos(append)).toBe(log.receiveNanos(append as never));
    expect(costs.receiveNanos(done)).toBe(runtime.receiveNanos(done as never));
    expect(costs.receiveNanos(append)).not.toBe(costs.receiveNanos(done));
  });

  test("counts no work twice: its kinds have other names in both models", () => {
    for (const kind of Object.values(ENGINE_WORK)) {
      expect(costs.workNanos(kind, 3)).toBe(runtime.workNanos(kind, 3));
      expect(runtime.workNanos(kind, 3)).toBeGreaterThan(0);
    }
    for (const kind of ["complete", "indexSearch", "blockedReadCheck"]) {
      expect(costs.workNanos(kind, 3)).toBe(log.workNanos(kind, 3));
      expect(log.workNanos(kind, 3)).toBeGreaterThan(0);
    }
  });
});

describe("a function process whose code uses the log", () => {
  const ofRuntime = runtimeWorkerCosts(COSTS, NIGHTCORE_DEFAULTS, "python", (kind) =>
    kind === "json" ? 7 : 0,
  );
  const ofLog = logWorkerCosts(LOG_COSTS);
  const ofBoth = workerCosts(ofRuntime, ofLog);

  test("pays for operations of the log what Boki's library takes, and for everything else what its own language takes", () => {
    const read = { kind: "read" } as unknown as StackMessage;
    const result = { kind: "opResult", record: undefined } as unknown as StackMessage;
    const invoke = { kind: "invoke", inputBytes: 10 } as unknown as StackMessage;
    expect(ofBoth.sendNanos(read)).toBe(ofLog.sendNanos(read as never));
    expect(ofBoth.receiveNanos(result)).toBe(ofLog.receiveNanos(result as never));
    expect(ofBoth.sendNanos(invoke)).toBe(ofRuntime.sendNanos(invoke as never));
    expect(ofBoth.sizeBytes(read)).toBe(2_560);
    expect(ofBoth.sizeBytes(invoke)).toBe(1_024);
    expect(ofBoth.workNanos("json", 1)).toBe(7);
    expect(ofBoth.timerNanos("log")).toBe(ofRuntime.timerNanos("log"));
  });
});
