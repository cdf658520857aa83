import { describe, expect, test } from "vitest";
import { LANGUAGES, STORE_KINDS } from "../../../models/applications/application.ts";
import {
  applicationNanos,
  CLIENT_WORK,
  COMMANDS,
  COSTS,
  consumerCosts,
  queueCosts,
  storeCosts,
  WORKS,
  webServerCosts,
} from "../../../models/applications/costs.ts";
import type { ApplicationMessage } from "../../../models/applications/messages.ts";
import { MICROSECOND } from "../../../sim/units.ts";

function storeRequest(command: string, units = 1): ApplicationMessage {
  return {
    kind: "storeRequest",
    exchange: 0,
    connection: 0,
    command,
    units,
    requestBytes: 60,
    replyBytes: 100,
  };
}

const deliver: ApplicationMessage = {
  kind: "deliver",
  delivery: 0,
  input: { request: 0, variables: [] },
  bytes: 100,
};

describe("application work", () => {
  test("of every kind costs something in every language, and twice the amount no less", () => {
    for (const language of LANGUAGES) {
      const nanos = applicationNanos(COSTS, language);
      for (const kind of [...Object.keys(WORKS), ...Object.values(CLIENT_WORK)]) {
        expect(nanos(kind, 1), `${kind} in ${language}`).toBeGreaterThan(0);
        expect(nanos(kind, 1_000), `${kind} in ${language}`).toBeGreaterThanOrEqual(nanos(kind, 500));
      }
    }
  });

  test("of a kind that is not known is a bug", () => {
    expect(() => applicationNanos(COSTS, "go")("tea", 1)).toThrow("no cost is known of work that is tea");
  });

  test("takes longer in slower languages", () => {
    const nanos = LANGUAGES.map((language) => applicationNanos(COSTS, language)("compute", 10));
    expect(nanos).toEqual([10_000, 17_000, 23_000, 110_000]);
  });

  test("follows an override", () => {
    expect(applicationNanos({ ...COSTS, regexScanCpp: 200 }, "cpp")("regexScan", 512)).toBe(102_400);
  });
});

describe("a store", () => {
  test("takes what such a store takes for a command, with its sockets", () => {
    const total = (kind: (typeof STORE_KINDS)[number], command: string, units = 1) => {
      const model = storeCosts(COSTS, kind);
      const reply: ApplicationMessage = {
        kind: "storeReply",
        exchange: 0,
        connection: 0,
        replyBytes: 100,
        last: false,
      };
      return (model.receiveNanos(storeRequest(command, units)) + model.sendNanos(reply)) / MICROSECOND;
    };
    expect(total("redis", "get")).toBeCloseTo(19.6, 0);
    expect(total("redis", "pipeline", 7)).toBeCloseTo(28.6, 0);
    expect(total("memcached", "get")).toBeCloseTo(18.6, 0);
    expect(total("mongodb", "find")).toBeCloseTo(65.4, 0);
    expect(total("mongodb", "findAndModify", 200) - total("mongodb", "findAndModify", 0)).toBeCloseTo(50, 0);
  });

  test("of every kind has a cost for each of its commands", () => {
    for (const kind of STORE_KINDS) {
      const { receiveNanos } = storeCosts(COSTS, kind);
      for (const command of COMMANDS[kind]) {
        expect(receiveNanos(storeRequest(command, 2))).toBeGreaterThan(
          receiveNanos(storeRequest(command, 0)),
        );
      }
    }
  });
});

test("who takes a message in pays for what it does with it", () => {
  const { sendNanos } = queueCosts(COSTS);
  const { receiveNanos } = consumerCosts(COSTS);
  const bytes = 140 * COSTS.perByte;
  expect(sendNanos(deliver)).toBe(COSTS.tcpSend + bytes + COSTS.rabbitmqDeliver);
  expect(receiveNanos(deliver)).toBe(COSTS.tcpReceive + bytes + COSTS.consumerDelivery);
  const web = webServerCosts(COSTS);
  expect(web.receiveNanos({ kind: "closed" })).toBe(COSTS.tcpReceive);
  expect(web.sizeBytes({ kind: "closed" })).toBe(0);
});
