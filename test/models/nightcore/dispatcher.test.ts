import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NIGHTCORE_DEFAULTS, type NightcoreConfig } from "../../../models/nightcore/config.ts";
import { callIdOf } from "../../../models/nightcore/messages.ts";
import { MICROSECOND, MILLISECOND } from "../../../sim/units.ts";
import {
  callFromGateway,
  connect,
  done,
  type FakeEngine,
  fakeEngine,
  invoke,
  processOf,
  startWorkers,
  takeSent,
} from "./fake-engine.ts";
import { type Decision, ReferenceDispatcher } from "./reference-dispatcher.ts";

/** What the engine has decided about function 0, in order. */
function takeDecisions(fake: FakeEngine): Decision[] {
  const decisions: Decision[] = [];
  for (const { message } of takeSent(fake)) {
    if (message.kind === "dispatch") decisions.push(["dispatch", message.client, message.call]);
    else if (message.kind === "createWorker") decisions.push(["create", message.client]);
    else if (message.kind === "stopWorker") decisions.push(["stop", message.client]);
    else if (message.kind === "externalDone" || message.kind === "returned")
      decisions.push(["answer", message.call, message.ok]);
  }
  return decisions;
}

type Event =
  | { readonly kind: "arrive"; readonly internal: boolean }
  | { readonly kind: "done"; readonly which: number; readonly ok: boolean; readonly handlerMicros: number }
  | { readonly kind: "connect" | "die"; readonly which: number };

const which = fc.nat(1_000);
const eventArbitrary: fc.Arbitrary<Event> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ kind: fc.constant("arrive" as const), internal: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("done" as const),
      which,
      ok: fc.boolean(),
      handlerMicros: fc.nat(3_000),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("connect" as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("die" as const), which }) },
);
const gapMicros = fc.oneof(
  { weight: 4, arbitrary: fc.nat(2_000) },
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 150_000, max: 250_000 }) },
);
const settingsArbitrary: fc.Arbitrary<Partial<NightcoreConfig>> = fc.record({
  averageSamplesMin: fc.integer({ min: 1, max: 6 }),
  averageWeight: fc.constantFrom(0.001, 0.3),
  concurrencyLimiter: fc.boolean(),
  alwaysGrow: fc.boolean(),
  growthIntervalNanos: fc.constantFrom(0, 200 * MILLISECOND),
  growthThrottle: fc.constantFrom("intended", "shipped", "none"),
  limitTime: fc.constantFrom("processing", "running"),
  limitRounding: fc.constantFrom("up", "nearest"),
  limitOnDrain: fc.boolean(),
  fifo: fc.boolean(),
  limitAtLeastOne: fc.boolean(),
  shrinking: fc.boolean(),
  failureHandling: fc.boolean(),
  workerLost: fc.constantFrom("fail", "forget"),
  droppedCalls: fc.constantFrom("fail", "forget"),
  queueingLimit: fc.constantFrom(0, 0, 0.5, 2),
});
const poolArbitrary = fc.record({
  minWorkers: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
  maxWorkers: fc.option(fc.integer({ min: 4, max: 12 }), { nil: undefined }),
});

describe("the dispatcher", () => {
  test("decides as its description does, whatever the switches and the order of events", () => {
    fc.assert(
      fc.property(
        settingsArbitrary,
        poolArbitrary,
        fc.array(fc.tuple(gapMicros, eventArbitrary), { minLength: 20, maxLength: 120 }),
        (changed, pool, events) => {
          const settings = { ...NIGHTCORE_DEFAULTS, ...changed };
          const fake = fakeEngine([pool, { minWorkers: 1, maxWorkers: 1 }], settings);
          const [clients, [caller]] = startWorkers(fake) as [number[], [number]];
          const { min, max } = fake.state.dispatchers[0]!;
          const reference = new ReferenceDispatcher(settings, min, max, clients, fake.state.workers.length);
          let micros = 0;
          let calls = 0;
          for (const [gap, event] of events) {
            micros += gap;
            fake.now = micros * MICROSECOND;
            carryOut(event);
            // What is written to a worker that is just being greeted leaves at the end of the step.
            const order = event.kind === "connect" ? byKind : (decisions: Decision[]) => decisions;
            expect(order(takeDecisions(fake))).toEqual(order(reference.take()));
          }

          function carryOut(event: Event): void {
            switch (event.kind) {
              case "arrive": {
                const id = ++calls;
                if (event.internal) invoke(fake, caller, callIdOf(caller, id), 0, 0);
                else callFromGateway(fake, id);
                reference.arrive(event.internal ? callIdOf(caller, id) : id, event.internal, micros);
                return;
              }
              case "done": {
                const chosen = pick([...reference.running], event.which);
                if (chosen === undefined) return;
                const { ok, handlerMicros } = event;
                done(fake, chosen[0], chosen[1].id, { ok, processingNanos: handlerMicros * MICROSECOND });
                reference.done(chosen[0], ok, handlerMicros, micros);
                return;
              }
              case "connect": {
                const chosen = pick([...reference.requested], event.which);
                if (chosen === undefined) return;
                connect(fake, chosen, 0);
                reference.connect(chosen, micros);
                return;
              }
              case "die": {
                const chosen = pick([...reference.connected], event.which);
                if (chosen === undefined) return;
                fake.receive(processOf(chosen), { kind: "closed" });
                reference.die(chosen, micros);
                return;
              }
            }
          }
        },
      ),
      { numRuns: 1_500, seed: 5 },
    );
  });
});

function pick<Item>(items: readonly Item[], which: number): Item | undefined {
  return items[which % Math.max(1, items.length)];
}

function byKind(decisions: Decision[]): Decision[] {
  return decisions.toSorted(([a], [b]) => a.localeCompare(b));
}
