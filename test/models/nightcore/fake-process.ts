/**
 * A launcher or a function process in a test's hands, in either mode: what a step does to the world is a record to look at, and time
 * stands where the test puts it.
 */

import type { Amount, Application, Code, Language } from "../../../models/applications/application.ts";
import { NIGHTCORE_DEFAULTS, type NightcoreConfig } from "../../../models/nightcore/config.ts";
import {
  type CallId,
  type ClientId,
  callIdOf,
  type NightcoreMessage,
} from "../../../models/nightcore/messages.ts";
import type { Observation } from "../../../models/nightcore/observations.ts";
import { worker } from "../../../models/nightcore/worker.ts";
import { WORKER_WORK, type WorkerConfig, type WorkerState } from "../../../models/nightcore/worker-state.ts";
import { type AnyMachine, bind, type Mode } from "../../../sim/interpreter.ts";
import type { Address, Effects, TimerName } from "../../../sim/machine.ts";
import { settled } from "../../../sim/structures/settled.ts";
import type { Nanos } from "../../../sim/units.ts";
import type { Sent } from "./fake-engine.ts";

export interface FakeProcess<State> {
  readonly state: State;
  now: Nanos;
  /** What the steps that follow have taken by the time they look at their clock again. */
  spentNanos: Nanos;
  /** Everything sent since it was last taken, in order. */
  readonly sent: Sent[];
  readonly timers: Map<TimerName, Nanos>;
  readonly counters: Map<string, number>;
  readonly worked: [kind: string, amount: number][];
  /** How often a worker came to its first call; kept apart, as it would stand in every list of work. */
  firstCalls: number;
  readonly watched: Address[];
  readonly observed: Observation[];
  /** Threads that it lets work, as it has set them one after the other. */
  readonly parallelism: number[];
  /** After how long it starts again; undefined: it has not ended. */
  crashed: Nanos | undefined;
  receive(from: Address, message: NightcoreMessage): void;
  timeout(timer: TimerName): void;
}

export function fakeProcess<State>(
  machine: AnyMachine,
  config: unknown,
  mode: Mode = "fast",
): FakeProcess<State> {
  const bound = bind(machine, mode);
  const keep = <Value>(value: Value): Value => (mode === "checked" ? settled(value) : value);
  const cell: unknown[] = [undefined];
  const fake: FakeProcess<State> = {
    get state() {
      return cell[0] as State;
    },
    now: 0,
    spentNanos: 0,
    sent: [],
    timers: new Map(),
    counters: new Map(),
    worked: [],
    firstCalls: 0,
    watched: [],
    observed: [],
    parallelism: [],
    crashed: undefined,
    receive: (from, message) => bound.receive(cell, from, message, out),
    timeout(timer) {
      fake.timers.delete(timer);
      bound.timeout(cell, timer, out);
    },
  };
  const out = {
    get now() {
      return fake.now;
    },
    get spentNanos() {
      return fake.spentNanos;
    },
    thread: 0,
    self: 0,
    send: (to, message, connection) =>
      void fake.sent.push({ to, message: keep(message) as NightcoreMessage, connection }),
    setTimer: (timer, afterNanos) => void fake.timers.set(timer, afterNanos),
    cancelTimer: (timer) => void fake.timers.delete(timer),
    work: (kind, amount) => {
      if (kind === WORKER_WORK.firstCall) fake.firstCalls += amount;
      else fake.worked.push([kind, amount]);
    },
    count: (counter, amount = 1) =>
      void fake.counters.set(counter, (fake.counters.get(counter) ?? 0) + amount),
    watch: (peer) => void fake.watched.push(peer),
    crash(afterNanos) {
      fake.crashed = afterNanos;
    },
    setParallelism: (_pool, threads) => void fake.parallelism.push(threads),
    sample: (distribution) => (distribution?.kind === "constant" ? distribution.value : 0),
    observe: (observation) => void fake.observed.push(keep(observation) as unknown as Observation),
  } as Effects;
  cell[0] = keep(machine.start(config, out));
  return fake;
}

export function takeMessages<Kind extends NightcoreMessage["kind"]>(
  fake: FakeProcess<unknown>,
  kind: Kind,
): Extract<NightcoreMessage, { kind: Kind }>[] {
  return fake.sent
    .splice(0)
    .map(({ message }) => message)
    .filter((each): each is Extract<NightcoreMessage, { kind: Kind }> => each.kind === kind);
}

// ---- Function processes ----------------------------------------------------------------------------------------------

export const ENGINE: Address = 1;
export const LAUNCHER: Address = 2;
export const GATEWAY: Address = 3;
/** A memcached, and a queue. */
export const STORE: Address = 4;
export const QUEUE: Address = 5;
export const OTHER_PROCESS: Address = 6;

export const fixed = (factor: number): Amount => ({ factor, variables: [] });

export interface FakeMethod {
  readonly code: Code;
  readonly outputBytes?: number;
}

/** A function with these methods, which may call any of them, and one of another function behind them. */
export function fakeWorker(
  language: Language,
  methods: readonly FakeMethod[],
  {
    settings = {},
    mode = "fast",
    ...more
  }: Partial<Omit<WorkerConfig, "settings">> & { settings?: Partial<NightcoreConfig>; mode?: Mode } = {},
): FakeProcess<WorkerState> {
  const bounds = { minWorkers: undefined, maxWorkers: undefined };
  const application: Application = {
    name: "test",
    functions: [
      { name: "f", language, ...bounds },
      { name: "g", language: "go", ...bounds },
    ],
    methods: [
      ...methods.map(({ code, outputBytes = 0 }, i) => ({
        name: `f.m${i}`,
        fn: 0,
        code,
        outputBytes: fixed(outputBytes),
      })),
      { name: "g.m", fn: 1, code: [{ op: "end" }], outputBytes: fixed(0) },
    ],
    stores: [{ name: "cache", kind: "memcached", machine: "cache" }],
    queues: [
      { name: "queue", machine: "cache", consumer: { name: "consumer", threads: 1, code: [{ op: "end" }] } },
    ],
    variables: ["n"],
    requests: [],
    mix: [],
  };
  const config: WorkerConfig = {
    node: 0,
    fn: 0,
    engine: ENGINE,
    launcher: LAUNCHER,
    gateway: GATEWAY,
    application,
    services: { stores: [STORE], queues: [QUEUE] },
    connections: 1,
    threads: 4,
    settings: { ...NIGHTCORE_DEFAULTS, ...settings },
    mutation: 0,
    ...more,
  };
  return fakeProcess<WorkerState>(worker, config, mode);
}

/** The launcher starts a worker in the process, and the engine welcomes it. */
export function startWorker(fake: FakeProcess<WorkerState>, client: ClientId): void {
  fake.receive(LAUNCHER, { kind: "startWorker", client });
  fake.receive(ENGINE, { kind: "workerWelcome", client });
  fake.sent.length = 0;
}

export function dispatch(
  fake: FakeProcess<WorkerState>,
  client: ClientId,
  call: CallId,
  {
    method = 0,
    request = 7,
    variables = [1],
    inputBytes = 0,
    replyTo,
  }: {
    method?: number;
    request?: number;
    variables?: number[];
    inputBytes?: number;
    replyTo?: { process: Address; client: ClientId };
  } = {},
): void {
  const input = { request, variables };
  const message = { kind: "dispatch", client, call, method, input, inputBytes, sentNanos: fake.now } as const;
  fake.receive(ENGINE, replyTo === undefined ? message : { ...message, replyTo });
}

/** The result of the n-th call that a worker has made. */
export function returned(
  fake: FakeProcess<WorkerState>,
  client: ClientId,
  n: number,
  {
    ok = true,
    bytes = 0,
    request = 7,
    from = ENGINE,
  }: { ok?: boolean; bytes?: number; request?: number; from?: Address } = {},
): void {
  const call = callIdOf(client, n);
  const output = { bytes, of: call, request };
  fake.receive(from, { kind: "returned", client, call, ok, output, sentNanos: fake.now });
}
