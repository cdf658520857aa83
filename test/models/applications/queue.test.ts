import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ApplicationMessage } from "../../../models/applications/messages.ts";
import { type QueueState, queue } from "../../../models/applications/queue.ts";
import type { Distribution } from "../../../sim/distribution.ts";
import { MILLISECOND, type Nanos } from "../../../sim/units.ts";
import { addProbe, bareNetwork, ofKind } from "./probe.ts";

const acknowledge = (message: ApplicationMessage): ApplicationMessage | undefined =>
  message.kind === "deliver" ? { kind: "acknowledge", delivery: message.delivery } : undefined;

interface Setup {
  readonly published: number;
  readonly everyNanos?: Nanos;
  readonly consumers?: number;
  readonly prefetch?: number;
  readonly service: Distribution;
  readonly seed?: number;
}

function createTest({ published, everyNanos = 0, consumers = 1, prefetch = 2, service, seed = 1 }: Setup) {
  const simulation = bareNetwork({ seed });
  const script = Array.from({ length: published }, (_, i) => {
    const input = { request: i, variables: [] };
    const message: ApplicationMessage = { kind: "publish", exchange: i, connection: 0, input, bytes: 1 };
    return { atNanos: i * everyNanos, to: 1, message };
  });
  const publisher = addProbe(simulation, "publisher", { script });
  const addresses = Array.from({ length: consumers }, (_, i) => 2 + i);
  const config = { consumers: addresses, prefetch };
  simulation.addProcess({ name: "queue", role: "queue", machine: queue, config });
  for (const address of addresses) {
    addProbe(simulation, `consumer ${address}`, { service, answer: acknowledge });
  }
  simulation.start();
  return {
    simulation,
    publisher,
    state: () => simulation.stateOf(1) as QueueState,
    deliveredTo: (address: number) =>
      ofKind(simulation, address, "deliver").map(({ input }) => input.request),
  };
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("a queue", () => {
  test("acknowledges what it takes, and delivers it first in, first out", () => {
    const service: Distribution = { kind: "constant", value: MILLISECOND };
    const { simulation, publisher, deliveredTo } = createTest({ published: 20, service });
    simulation.run(100 * MILLISECOND);
    expect(ofKind(simulation, publisher, "storeReply").map(({ exchange }) => exchange)).toEqual(numbers(20));
    expect(deliveredTo(2)).toEqual(numbers(20));
  });

  test("lets a consumer have as many as it may, no more, and no fewer while something waits", () => {
    const some = fc.integer({ min: 1, max: 4 });
    fc.assert(
      fc.property(some, some, fc.nat(), (prefetch, consumers, seed) => {
        const service: Distribution = { kind: "exponential", mean: 2 * MILLISECOND };
        const { simulation, state } = createTest({
          published: 60,
          everyNanos: 100_000,
          consumers,
          prefetch,
          service,
          seed,
        });
        const had = new Set<number>();
        for (let at = 0; at < 500 * MILLISECOND; at += 70_000) {
          simulation.run(at);
          const { waiting } = state();
          for (const { unacknowledged } of state().consumers) {
            expect(unacknowledged.size).toBeLessThanOrEqual(prefetch);
            had.add(unacknowledged.size);
            if (waiting.items.length > waiting.head) expect(unacknowledged.size).toBe(prefetch);
          }
        }
        expect(had.has(prefetch)).toBe(true);
        expect(state().consumers.every(({ unacknowledged }) => unacknowledged.size === 0)).toBe(true);
        expect(state().nextDelivery).toBe(60);
      }),
      { seed: 5, numRuns: 10 },
    );
  });

  test("gives what a consumer had that has crashed to others, before what waits", () => {
    const service: Distribution = { kind: "constant", value: 10 * MILLISECOND };
    const { simulation, deliveredTo } = createTest({
      published: 6,
      everyNanos: 1_000,
      consumers: 2,
      prefetch: 1,
      service,
    });
    simulation.run(5 * MILLISECOND);
    expect([deliveredTo(2), deliveredTo(3)]).toEqual([[0], [1]]);
    simulation.crash(2);
    simulation.run(300 * MILLISECOND);
    expect(deliveredTo(3)).toEqual([1, 0, 2, 3, 4, 5]);
  });

  test("tries a consumer again that was gone, and loses nothing", () => {
    const service: Distribution = { kind: "constant", value: 10 * MILLISECOND };
    const { simulation, deliveredTo } = createTest({ published: 9, prefetch: 3, service });
    simulation.run(15 * MILLISECOND);
    expect(deliveredTo(2)).toEqual([0, 1, 2, 3, 4, 5]);
    simulation.crash(2);
    simulation.run(250 * MILLISECOND);
    simulation.boot(2);
    simulation.run(600 * MILLISECOND);
    expect(deliveredTo(2)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(simulation.recorder.counts().get("queue.redelivered")).toBeGreaterThanOrEqual(3);
  });
});
