import { describe, expect, test } from "vitest";
import { LANGUAGES } from "../../../models/applications/application.ts";
import { COSTS, engineCosts, gatewayCosts, sizeBytes, workerCosts } from "../../../models/nightcore/costs.ts";
import {
  CHANNEL_MESSAGE_BYTES,
  INLINE_BYTES_MAX,
  type NightcoreMessage,
} from "../../../models/nightcore/messages.ts";

const PIPES = { socketChannels: false };
const SOCKETS = { socketChannels: true };
const nothing = () => 0;
const input = { request: 1, variables: [] };

const dispatch = (inputBytes: number): NightcoreMessage => ({
  kind: "dispatch",
  client: 1,
  call: 1,
  method: 0,
  input,
  inputBytes,
  sentNanos: 0,
});
const invoke = (inputBytes: number): NightcoreMessage => ({
  kind: "invoke",
  client: 1,
  call: 1,
  parent: 1,
  method: 0,
  input,
  inputBytes,
  async: false,
  sentNanos: 0,
});

test("a message on a channel has one size, whatever it carries", () => {
  expect([0, INLINE_BYTES_MAX, 100_000].map((bytes) => sizeBytes(invoke(bytes)))).toEqual(
    new Array(3).fill(CHANNEL_MESSAGE_BYTES),
  );
});

describe("a payload above 960 bytes", () => {
  const worker = workerCosts(COSTS, PIPES, "cpp", nothing);
  const costOf = (bytes: number) => worker.sendNanos(invoke(bytes)) + worker.receiveNanos(dispatch(bytes));

  test("costs both sides a file, about 12 us and 1.2 us for a KiB", () => {
    const inline = costOf(INLINE_BYTES_MAX);
    expect(costOf(0)).toBe(inline);
    const beyond = costOf(INLINE_BYTES_MAX + 1) + worker.workNanos("removeFile", 1) - inline;
    expect(beyond).toBeGreaterThan(12_000);
    expect(beyond).toBeLessThan(12_000 + 1_300);
    expect(costOf(11_240) - costOf(1_000)).toBeCloseTo(10 * 1_228.8, 3);
  });
});

test("a message over a socket costs so much more that 13 us go by instead of 3.4", () => {
  const [pipe, socket] = [PIPES, SOCKETS].map((settings) => {
    const engine = engineCosts(COSTS, settings);
    const worker = workerCosts(COSTS, settings, "cpp", nothing);
    return engine.sendNanos(dispatch(0)) + worker.receiveNanos(dispatch(0));
  });
  expect(socket! - pipe!).toBe(13_000 - 3_400);
});

test("languages differ in what their libraries do with a message", () => {
  const costs = LANGUAGES.map((language) =>
    workerCosts(COSTS, PIPES, language, nothing).receiveNanos(dispatch(0)),
  );
  expect(costs).toEqual(costs.toSorted((a, b) => a - b));
  expect(new Set(costs).size).toBe(LANGUAGES.length);
});

test("what is no work of the runtime is the application's", () => {
  const worker = workerCosts(COSTS, PIPES, "go", (kind, amount) => (kind === "compute" ? 10 * amount : 0));
  expect(worker.workNanos("compute", 7)).toBe(70);
});

test("a request and a reply take the gateway about 20 and 17 us", () => {
  const gateway = gatewayCosts(COSTS);
  const request: NightcoreMessage = {
    kind: "httpRequest",
    exchange: 1,
    connection: 0,
    target: 0,
    input,
    inputBytes: 0,
  };
  const call: NightcoreMessage = {
    kind: "externalCall",
    call: 1,
    connection: 0,
    method: 0,
    input,
    inputBytes: 0,
    async: false,
  };
  const output = { bytes: 0, of: 1, request: 1 };
  const done: NightcoreMessage = {
    kind: "externalDone",
    call: 1,
    connection: 0,
    ok: true,
    output,
    processingNanos: 0,
  };
  const response: NightcoreMessage = {
    kind: "httpResponse",
    exchange: 1,
    connection: 0,
    status: 200,
    outputBytes: 0,
    output: 1,
  };
  expect(gateway.receiveNanos(request) + gateway.sendNanos(call)).toBeCloseTo(20_000, -3);
  expect(gateway.receiveNanos(done) + gateway.sendNanos(response)).toBeCloseTo(17_000, -3);
});
