/**
 * A node without costs: an engine between a gateway that does nothing but call, and for each function a process that is its
 * launcher and all its workers. What the engine decides shows undisturbed.
 */

import type { FunctionSpec } from "../../../models/applications/application.ts";
import {
  CHANNELS_PER_PROCESS,
  NIGHTCORE_DEFAULTS,
  type NightcoreConfig,
} from "../../../models/nightcore/config.ts";
import { engine } from "../../../models/nightcore/engine.ts";
import type { EngineConfig, EngineState } from "../../../models/nightcore/engine-state.ts";
import {
  type CallId,
  type ClientId,
  callIdOf,
  type NightcoreMessage,
} from "../../../models/nightcore/messages.ts";
import type { Observation } from "../../../models/nightcore/observations.ts";
import type { Distribution } from "../../../sim/distribution.ts";
import type { Address, Effects, Machine, OperationId } from "../../../sim/machine.ts";
import { Simulation } from "../../../sim/simulation.ts";
import type { Nanos } from "../../../sim/units.ts";
import { FOREVER, MILLISECOND, SECOND } from "../../../sim/units.ts";

/** From `fromNanos` on, until the next phase. */
export interface Phase {
  readonly fromNanos: Nanos;
  readonly gap: Distribution;
}

interface CallerState {
  readonly phases: readonly Phase[];
  readonly engine: Address;
  lastCall: CallId;
  readonly open: Map<CallId, OperationId>;
}

/** Calls function 0, as often as its phases say. */
const caller: Machine<Pick<CallerState, "phases" | "engine">, CallerState, NightcoreMessage> = {
  start({ phases, engine: to }, out) {
    out.setTimer("call", phases[0]!.fromNanos);
    return { phases, engine: to, lastCall: 0, open: new Map() };
  },
  receive(state, _from, message, out) {
    if (message.kind !== "externalDone") return;
    out.complete(state.open.get(message.call)!, message.ok ? "ok" : "failed");
    state.open.delete(message.call);
  },
  timeout(state, _timer, out) {
    const call = ++state.lastCall;
    state.open.set(call, out.begin("call"));
    const input = { request: call, variables: [] };
    out.send(
      state.engine,
      { kind: "externalCall", call, connection: 0, method: 0, input, inputBytes: 0, async: false },
      0,
    );
    const phase = state.phases.findLast(({ fromNanos }) => fromNanos <= out.now)!;
    out.setTimer("call", out.sample(phase.gap));
  },
};

/** What one of the pool's workers does with every call: first half its time, then what it calls, then the other half. */
export interface Work {
  readonly service: Distribution;
  readonly calls?: readonly number[];
}

interface PoolConfig {
  readonly engine: Address;
  readonly fn: number;
  readonly work: Work;
  readonly launch: Distribution;
}

interface PoolWorker {
  call: CallId;
  called: number;
  /** Calls that it has made in its life. */
  counter: number;
  startedNanos: Nanos;
}

interface PoolState {
  readonly config: PoolConfig;
  readonly workers: Map<ClientId, PoolWorker>;
}

type PoolEffects = Effects<NightcoreMessage>;

/** A timer is a worker's number: negative until it has been launched. */
const pool: Machine<PoolConfig, PoolState, NightcoreMessage> = {
  start(config, out) {
    out.send(config.engine, { kind: "launcherHello", fn: config.fn }, config.fn);
    return { config, workers: new Map() };
  },
  receive(state, _from, message, out) {
    switch (message.kind) {
      case "createWorker":
        out.setTimer(-message.client, out.sample(state.config.launch));
        return;
      case "stopWorker":
        state.workers.delete(message.client);
        return;
      case "dispatch": {
        const worker = state.workers.get(message.client)!;
        if (worker.call !== 0) throw new Error(`worker ${message.client} is given two calls at a time`);
        Object.assign(worker, { call: message.call, called: 0, startedNanos: out.now });
        workOn(state, message.client, out);
        return;
      }
      case "returned":
        workOn(state, message.client, out);
        return;
      default:
        return;
    }
  },
  timeout(state, timer, out) {
    const client = Math.abs(timer as number);
    const { engine: to, fn, work } = state.config;
    const connection = client % CHANNELS_PER_PROCESS;
    if ((timer as number) < 0) {
      state.workers.set(client, { call: 0, called: 0, counter: 0, startedNanos: 0 });
      out.send(to, { kind: "workerHello", client, fn }, connection);
      return;
    }
    const worker = state.workers.get(client)!;
    const { call } = worker;
    const input = { request: 0, variables: [] };
    const method = work.calls?.[worker.called++];
    if (method === undefined) {
      worker.call = 0;
      const times = {
        processingNanos: out.now - worker.startedNanos,
        dispatchDelayNanos: 0,
        sentNanos: out.now,
      };
      out.send(
        to,
        { kind: "done", client, call, ok: true, output: { bytes: 0, of: call, request: 0 }, ...times },
        connection,
      );
      return;
    }
    const child = callIdOf(client, worker.counter++);
    out.send(
      to,
      {
        kind: "invoke",
        client,
        call: child,
        parent: call,
        method,
        input,
        inputBytes: 0,
        async: false,
        sentNanos: out.now,
      },
      connection,
    );
  },
};

/** Its time is split evenly around the calls that it makes. */
function workOn({ config }: PoolState, client: ClientId, out: PoolEffects): void {
  const parts = 1 + (config.work.calls?.length ?? 0);
  out.setTimer(client, out.sample(config.work.service) / parts);
}

export interface LoneNode {
  readonly simulation: Simulation;
  readonly observed: Observation[];
  readonly pools: readonly Address[];
  engine(): EngineState;
}

export interface LoneNodeOptions {
  readonly functions: readonly (Partial<FunctionSpec> & Work)[];
  readonly phases: readonly Phase[];
  readonly settings?: Partial<NightcoreConfig>;
  readonly mode?: "fast" | "checked";
  readonly seed?: number;
  readonly launch?: Distribution;
  readonly latency?: Distribution;
  /** Kinds to keep; default: none. */
  readonly observe?: readonly Observation["kind"][];
}

/** Everybody is up; phases should begin when the first workers are there. */
export function loneNode({
  functions,
  phases,
  settings = {},
  mode = "fast",
  seed = 1,
  launch = { kind: "constant", value: 20 * MILLISECOND },
  latency = { kind: "constant", value: 0 },
  observe = [],
}: LoneNodeOptions): LoneNode {
  const observed: Observation[] = [];
  const kinds = new Set<string>(observe);
  const link = { name: "pipe", latency, connections: CHANNELS_PER_PROCESS, pinned: true };
  const simulation = new Simulation({
    seed,
    mode,
    routing: () => link,
    completions: true,
    ...(kinds.size === 0
      ? {}
      : {
          observer: (_at, observation) =>
            void (kinds.has(observation.kind) && observed.push(observation as Observation)),
        }),
  });
  const config: EngineConfig = {
    node: 0,
    gateway: 0,
    settings: { ...NIGHTCORE_DEFAULTS, ...settings },
    functions: functions.map(({ minWorkers, maxWorkers }, fn) => ({
      name: `f${fn}`,
      language: "go",
      minWorkers,
      maxWorkers,
    })),
    functionOf: functions.map((_, fn) => fn),
    mutation: 0,
  };
  simulation.addProcess({ name: "gateway", role: "gateway", machine: caller, config: { phases, engine: 1 } });
  const address = simulation.addProcess({ name: "engine", role: "engine", machine: engine, config });
  const pools = functions.map(({ service, calls = [] }, fn) =>
    simulation.addProcess({
      name: `pool ${fn}`,
      role: "pool",
      machine: pool,
      config: { engine: address, fn, work: { service, calls }, launch },
    }),
  );
  simulation.start();
  return { simulation, observed, pools, engine: () => simulation.stateOf(address) as EngineState };
}

export function perSecond(rate: number): Distribution {
  return { kind: "exponential", mean: SECOND / rate };
}

/** No more calls. */
export const NEVER: Distribution = { kind: "constant", value: FOREVER / 2 };
