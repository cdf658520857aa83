import { describe, expect, test } from "vitest";
import type { ApplicationMessage } from "../../../models/applications/messages.ts";
import { COUNTED_REQUESTS_MAX, type StoreState, store } from "../../../models/applications/store.ts";
import { MILLISECOND } from "../../../sim/units.ts";
import { addProbe, bareNetwork, ofKind } from "./probe.ts";

/** Sends these requests, one a microsecond, and returns which replies said that they were the last. */
function lasts(requests: readonly { request: number; arrivalOf?: number }[]) {
  const simulation = bareNetwork();
  const address = 1;
  const script = requests.map((counted, i) => {
    const message: ApplicationMessage = {
      kind: "storeRequest",
      exchange: i,
      connection: i % 4,
      command: "set",
      units: 1,
      requestBytes: 10,
      replyBytes: 30,
      ...counted,
    };
    return { atNanos: 1_000 * i, to: address, message };
  });
  const asking = addProbe(simulation, "asking", { script });
  simulation.addProcess({ name: "store", role: "store", machine: store, config: undefined });
  simulation.start();
  simulation.run(100 * MILLISECOND);
  const replies = ofKind(simulation, asking, "storeReply");
  expect(replies.map(({ exchange }) => exchange)).toEqual(requests.map((_, i) => i));
  expect(replies.every(({ connection, exchange }) => connection === exchange % 4)).toBe(true);
  expect(replies.every(({ replyBytes }) => replyBytes === 30)).toBe(true);
  const { arrivals } = simulation.stateOf(address) as StoreState;
  return { lasts: replies.filter(({ last }) => last).map(({ exchange }) => exchange), open: arrivals.size };
}

describe("a store", () => {
  test("says which arrival of a request is the last, and forgets it then", () => {
    const of3 = (request: number) => ({ request, arrivalOf: 3 });
    expect(lasts([of3(1), of3(2), of3(1), of3(1), of3(2), of3(1), of3(2)])).toEqual({
      lasts: [3, 6],
      open: 1,
    });
  });

  test("counts nothing where the application does not", () => {
    expect(lasts([{ request: 1 }, { request: 1 }])).toEqual({ lasts: [], open: 0 });
  });

  test("forgets the oldest of too many requests that never came to their last", () => {
    const halves = Array.from({ length: COUNTED_REQUESTS_MAX + 1 }, (_, request) => ({
      request,
      arrivalOf: 2,
    }));
    const again = [
      { request: 1, arrivalOf: 2 },
      { request: 0, arrivalOf: 2 },
    ];
    expect(lasts([...halves, ...again])).toEqual({
      lasts: [COUNTED_REQUESTS_MAX + 1],
      open: COUNTED_REQUESTS_MAX,
    });
  });
});
