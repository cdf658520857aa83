/**
 * An engine in a test's hands: its machine is called like any function, and what a step does to the world is a record to look at.
 * Time stands where the test puts it.
 */

import type { Application, FunctionSpec } from "../../../models/applications/application.ts";
import { NIGHTCORE_DEFAULTS, type NightcoreConfig } from "../../../models/nightcore/config.ts";
import { engine } from "../../../models/nightcore/engine.ts";
import type {
  EngineConfig,
  EngineEffects,
  EngineState,
  EngineTimer,
} from "../../../models/nightcore/engine-state.ts";
import type { CallId, ClientId, NightcoreMessage } from "../../../models/nightcore/messages.ts";
import type { Observation } from "../../../models/nightcore/observations.ts";
import type { Address } from "../../../sim/machine.ts";
import type { Nanos } from "../../../sim/units.ts";

export interface Sent {
  readonly to: Address;
  readonly message: NightcoreMessage;
  readonly connection: number | undefined;
}

export interface FakeEngine {
  readonly state: EngineState;
  now: Nanos;
  /** The I/O thread that the next step runs on. */
  thread: number;
  /** Everything sent since it was last taken, in order. */
  readonly sent: Sent[];
  readonly timers: Map<EngineTimer, Nanos>;
  readonly counters: Map<string, number>;
  readonly worked: Map<string, number>;
  readonly watched: Set<Address>;
  readonly observed: Observation[];
  /** After how long it starts again; undefined: it has not crashed. */
  crashed: Nanos | undefined;
  receive(from: Address, message: NightcoreMessage): void;
  timeout(timer: EngineTimer): void;
}

/** Where everybody is: the launcher of function f, and the process of its worker c. */
export const GATEWAY: Address = 1;
export const launcherOf = (fn: number): Address => 100 + fn;
export const processOf = (client: ClientId): Address => 1_000 + client;

export const INPUT = { request: 7, variables: [] };

/** Function f has method f. */
export function fakeEngine(
  functions: readonly Partial<FunctionSpec>[],
  settings: Partial<NightcoreConfig> = {},
): FakeEngine {
  const config: EngineConfig = {
    node: 0,
    gateway: GATEWAY,
    settings: { ...NIGHTCORE_DEFAULTS, ...settings },
    functions: functions.map((spec, fn) => ({
      name: `f${fn}`,
      language: "cpp",
      minWorkers: undefined,
      maxWorkers: undefined,
      ...spec,
    })) satisfies Application["functions"],
    functionOf: functions.map((_, fn) => fn),
    mutation: 0,
  };
  const sent: Sent[] = [];
  const timers = new Map<EngineTimer, Nanos>();
  const counters = new Map<string, number>();
  const worked = new Map<string, number>();
  const watched = new Set<Address>();
  const observed: Observation[] = [];
  const out = {
    get now() {
      return fake.now;
    },
    get thread() {
      return fake.thread;
    },
    self: 0,
    send: (to, message, connection) => void sent.push({ to, message, connection }),
    setTimer: (timer, afterNanos) => void timers.set(timer, afterNanos),
    cancelTimer: (timer) => void timers.delete(timer),
    work: (kind, amount) => void worked.set(kind, (worked.get(kind) ?? 0) + amount),
    count: (counter, amount = 1) => void counters.set(counter, (counters.get(counter) ?? 0) + amount),
    watch: (peer) => void watched.add(peer),
    crash: (afterNanos) => {
      fake.crashed = afterNanos;
    },
    observe: (observation) => void observed.push(observation as Observation),
  } as EngineEffects;
  const fake = {
    now: 0,
    thread: 0,
    sent,
    timers,
    counters,
    worked,
    watched,
    observed,
    crashed: undefined,
  } as Omit<FakeEngine, "state" | "receive" | "timeout">;
  const state = engine.start(config, out);
  return Object.assign(fake, {
    state,
    receive: (from: Address, message: NightcoreMessage) => engine.receive(state, from, message, out),
    timeout: (timer: EngineTimer) => engine.timeout(state, timer, out),
  });
}

export function takeSent(fake: FakeEngine): Sent[] {
  return fake.sent.splice(0);
}

/** The messages of one kind among those sent since the last time; forgets all. */
export function takeKind<Kind extends NightcoreMessage["kind"]>(
  fake: FakeEngine,
  kind: Kind,
): Extract<NightcoreMessage, { kind: Kind }>[] {
  return takeSent(fake)
    .map(({ message }) => message)
    .filter((each): each is Extract<NightcoreMessage, { kind: Kind }> => each.kind === kind);
}

/** Launchers come, and all workers that they are asked for connect. Returns these, by function. */
export function startWorkers(fake: FakeEngine): ClientId[][] {
  takeSent(fake);
  return fake.state.dispatchers.map(({ fn }) => {
    fake.receive(launcherOf(fn), { kind: "launcherHello", fn });
    const clients = takeKind(fake, "createWorker").map(({ client }) => client);
    for (const client of clients) connect(fake, client, fn);
    takeSent(fake);
    return clients;
  });
}

export function connect(fake: FakeEngine, client: ClientId, fn: number): void {
  fake.receive(processOf(client), { kind: "workerHello", client, fn });
}

export function callFromGateway(
  fake: FakeEngine,
  call: CallId,
  method = 0,
  inputBytes = 0,
  async = false,
): void {
  fake.receive(GATEWAY, {
    kind: "externalCall",
    call,
    connection: 0,
    method,
    input: INPUT,
    inputBytes,
    async,
  });
}

export function invoke(
  fake: FakeEngine,
  client: ClientId,
  call: CallId,
  parent: CallId,
  method: number,
  { inputBytes = 0, async = false }: { inputBytes?: number; async?: boolean } = {},
): void {
  fake.receive(processOf(client), {
    kind: "invoke",
    client,
    call,
    parent,
    method,
    input: INPUT,
    inputBytes,
    async,
    sentNanos: fake.now,
  });
}

export function done(
  fake: FakeEngine,
  client: ClientId,
  call: CallId,
  {
    ok = true,
    bytes = 0,
    processingNanos = 0,
  }: { ok?: boolean; bytes?: number; processingNanos?: Nanos } = {},
): void {
  fake.receive(processOf(client), {
    kind: "done",
    client,
    call,
    ok,
    output: { bytes, of: call, request: INPUT.request },
    processingNanos,
    dispatchDelayNanos: 0,
    sentNanos: fake.now,
  });
}
