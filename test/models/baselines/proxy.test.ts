import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ApplicationMessage } from "../../../models/applications/messages.ts";
import { proxy } from "../../../models/baselines/proxy.ts";
import { installFaults } from "../../../sim/faults/injector.ts";
import type { Address, Machine } from "../../../sim/machine.ts";
import type { LinkProfile } from "../../../sim/network.ts";
import { Simulation } from "../../../sim/simulation.ts";
import { MILLISECOND, SECOND } from "../../../sim/units.ts";

/** Answers each request after a millisecond, one on each connection at a time. */
const upstream: Machine<undefined, { most: number; open: Set<number> }, ApplicationMessage, number> = {
  start: () => ({ most: 0, open: new Set() }),
  receive(state, from, message, out) {
    if (message.kind !== "httpRequest") return;
    if (state.open.has(message.connection))
      throw new Error(`two requests on connection ${message.connection}`);
    state.open.add(message.connection);
    state.most = Math.max(state.most, state.open.size);
    waiting.set(`${out.self} ${message.exchange}`, { from, message });
    out.setTimer(message.exchange, MILLISECOND);
  },
  timeout(state, timer, out) {
    const { from, message } = waiting.get(`${out.self} ${timer}`)!;
    const { exchange, connection, input } = message;
    state.open.delete(connection);
    out.send(
      from,
      { kind: "httpResponse", exchange, connection, status: 200, outputBytes: 9, output: input.request },
      connection,
    );
  },
};
type Request = Extract<ApplicationMessage, { kind: "httpRequest" }>;
const waiting = new Map<string, { from: Address; message: Request }>();

type Answer = [atNanos: number, request: number, status: number, output: number];

function client(to: Address, calls: readonly { at: number; target: number }[]) {
  const machine: Machine<undefined, { answers: Answer[] }, ApplicationMessage, number> = {
    start(_config, out) {
      calls.forEach(({ at }, i) => {
        out.setTimer(i, at);
      });
      return { answers: [] };
    },
    receive(state, _from, message, out) {
      if (message.kind !== "httpResponse") return;
      state.answers.push([out.now, message.exchange, message.status, message.output]);
    },
    timeout(_state, i, out) {
      const input = { request: i + 1, variables: [] };
      const { target } = calls[i]!;
      out.send(to, { kind: "httpRequest", exchange: i + 1, connection: i, target, input, inputBytes: 1 }, i);
    },
  };
  return machine;
}

const LINK: LinkProfile = {
  name: "link",
  latency: { kind: "constant", value: 1_000 },
  connections: 64,
  pinned: true,
};

function build(calls: readonly { at: number; target: number }[], delayNanos?: number, connections = 2) {
  const simulation = new Simulation({ seed: 1, mode: "fast", routing: () => LINK });
  const add = (name: string, machine: Machine<never, never, never>, config: unknown) =>
    simulation.addProcess({ name, role: name, machine: machine as never, config });
  const upstreams = ["a", "b"].map((name) => add(name, upstream as never, undefined));
  const through = add("proxy", proxy as never, {
    upstreams: upstreams.map((address) => ({ address, connections })),
    routes: [[0], [0, 1], []],
    delay: delayNanos === undefined ? undefined : { kind: "constant", value: delayNanos },
  });
  const caller = add("client", client(through, calls) as never, undefined);
  return {
    simulation,
    answers: () => (simulation.stateOf(caller) as { answers: Answer[] }).answers,
    most: () => upstreams.map((address) => (simulation.stateOf(address) as { most: number }).most),
  };
}

describe("a proxy", () => {
  test("passes a call on and its answer back, with its delay in between", () => {
    for (const delay of [undefined, 5_000]) {
      const { simulation, answers } = build([{ at: 0, target: 0 }], delay);
      simulation.start();
      simulation.run(SECOND);
      expect(answers()).toEqual([[4_000 + MILLISECOND + (delay ?? 0), 1, 200, 1]]);
    }
  });

  test("lets the places of a method take turns, and has one call on a connection at a time", () => {
    const calls = Array.from({ length: 8 }, () => ({ at: 0, target: 1 }));
    const { simulation, answers, most } = build(calls);
    simulation.start();
    simulation.run(SECOND);
    expect(most()).toEqual([2, 2]);
    expect(answers()).toHaveLength(8);
  });

  test("answers a method that nobody carries out with 404", () => {
    const { simulation, answers } = build([
      { at: 0, target: 2 },
      { at: 0, target: 7 },
    ]);
    simulation.start();
    simulation.run(SECOND);
    expect(answers().map(([, , status]) => status)).toEqual([404, 404]);
  });

  test("answers each call once, whoever it passes it on to crashes when", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.nat(20 * MILLISECOND), target: fc.nat(1) }), { maxLength: 30 }),
        fc.array(fc.record({ at: fc.nat(20 * MILLISECOND), of: fc.constantFrom("a", "b") }), {
          maxLength: 3,
        }),
        fc.option(fc.nat(MILLISECOND), { nil: undefined }),
        (calls, crashes, delay) => {
          const { simulation, answers } = build(calls, delay, 3);
          installFaults(simulation, {
            timed: crashes.map(({ at, of }) => ({
              atNanos: at,
              forNanos: 5 * MILLISECOND,
              fault: { kind: "crash", of: { names: [of] } },
            })),
          });
          simulation.start();
          simulation.run(2 * SECOND);
          const numbers = answers().map(([, request]) => request);
          expect(numbers.toSorted((a, b) => a - b)).toEqual(calls.map((_, i) => i + 1));
          for (const [, request, status, output] of answers()) {
            expect([200, 500]).toContain(status);
            expect(output).toBe(request);
          }
        },
      ),
      { seed: 9, numRuns: 100 },
    );
  });
});
