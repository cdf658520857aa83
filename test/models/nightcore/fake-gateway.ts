/**
 * A gateway in a test's hands: its machine is called like any function, and what a step does to the world is a record to look
 * at. Choices are read from a script, time and thread are what the test says.
 */

import type { HttpMessage } from "../../../models/applications/messages.ts";
import { NIGHTCORE_DEFAULTS, type NightcoreConfig } from "../../../models/nightcore/config.ts";
import {
  CALL_TIMEOUT,
  followMembership,
  type GatewayState,
  gateway,
} from "../../../models/nightcore/gateway.ts";
import type { CallId, NightcoreMessage } from "../../../models/nightcore/messages.ts";
import type { Observation } from "../../../models/nightcore/observations.ts";
import type { Address, Effects } from "../../../sim/machine.ts";
import type { Nanos } from "../../../sim/units.ts";

export interface Sent {
  readonly to: Address;
  readonly message: NightcoreMessage;
  readonly connection: number | undefined;
}

export interface FakeGateway {
  readonly state: GatewayState;
  now: Nanos;
  thread: number;
  readonly choices: number[];
  /** Since they were last taken, in order. */
  readonly sent: Sent[];
  readonly observed: Observation[];
  readonly counters: Map<string, number>;
  readonly watched: Set<Address>;
  /** After which the timer for timeouts expires; undefined: it is not set. */
  timeoutAfter: Nanos | undefined;
  /** The engine of a node opens connections. */
  hello(node: number, ...connections: number[]): void;
  request(
    exchange: number,
    extra?: Partial<Extract<HttpMessage, { kind: "httpRequest" }>>,
    client?: Address,
  ): void;
  done(call: CallId, extra?: Partial<Extract<NightcoreMessage, { kind: "externalDone" }>>): void;
  closed(peer: Address): void;
  /** ZooKeeper tells that the engines of these nodes are online, and no others. */
  online(...nodes: number[]): void;
  timeout(): void;
  /** What was dispatched since the last time: to which node which call; forgets all that was sent. */
  dispatched(): [node: number, call: CallId][];
  /** What was answered since the last time: which exchange with which status; forgets all that was sent. */
  answered(): [exchange: number, status: number][];
}

export const CLIENT: Address = 90;
export const engineOf = (node: number): Address => 10 + node;

/** Method m belongs to function m; there are three. */
export function fakeGateway(settings: Partial<NightcoreConfig> = {}, now: Nanos = 0): FakeGateway {
  const out = {
    get now() {
      return fake.now;
    },
    get thread() {
      return fake.thread;
    },
    self: 0,
    send: (to, message, connection) => void fake.sent.push({ to, message, connection }),
    setTimer(_timer, afterNanos) {
      fake.timeoutAfter = afterNanos;
    },
    choose: () => fake.choices.shift() ?? 0,
    count: (counter, amount = 1) =>
      void fake.counters.set(counter, (fake.counters.get(counter) ?? 0) + amount),
    watch: (peer) => void fake.watched.add(peer),
    observe: (observation) => void fake.observed.push(observation as Observation),
  } satisfies Partial<Effects<NightcoreMessage, typeof CALL_TIMEOUT>> as unknown as Effects<
    NightcoreMessage,
    typeof CALL_TIMEOUT
  >;
  const receive = (from: Address, message: NightcoreMessage) =>
    gateway.receive(fake.state, from, message, out);
  const fake: FakeGateway = {
    now,
    thread: 0,
    choices: [],
    sent: [],
    observed: [],
    counters: new Map(),
    watched: new Set(),
    timeoutAfter: undefined,
    state: undefined as unknown as GatewayState,
    hello(node, ...connections) {
      for (const connection of connections) {
        receive(engineOf(node), { kind: "engineHello", node, connection });
      }
    },
    request(exchange, extra = {}, client = CLIENT) {
      receive(client, {
        kind: "httpRequest",
        exchange,
        connection: exchange,
        target: 0,
        input: { request: 1_000 + exchange, variables: [] },
        inputBytes: 100,
        ...extra,
      });
    },
    done(call, extra = {}) {
      receive(engineOf(0), {
        kind: "externalDone",
        call,
        connection: 0,
        ok: true,
        output: { bytes: 50, of: call, request: 7 },
        processingNanos: 10,
        ...extra,
      });
    },
    closed: (peer) => receive(peer, { kind: "closed" }),
    online: (...nodes) => followMembership(fake.state, new Set(nodes.map(engineOf)), out),
    timeout() {
      fake.timeoutAfter = undefined;
      gateway.timeout(fake.state, CALL_TIMEOUT, out);
    },
    dispatched: () =>
      fake.sent
        .splice(0)
        .flatMap(({ to, message }) => (message.kind === "externalCall" ? [[to - 10, message.call]] : [])),
    answered: () =>
      fake.sent
        .splice(0)
        .flatMap(({ message }) =>
          message.kind === "httpResponse" ? [[message.exchange, message.status]] : [],
        ),
  };
  const config = {
    settings: { ...NIGHTCORE_DEFAULTS, ...settings },
    functionOf: [0, 1, 2],
    mutation: 0,
  };
  return Object.assign(fake, { state: gateway.start(config, out) });
}
