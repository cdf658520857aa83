/**
 * What the code of a worker asks of others (docs/models/nightcore.md, "Workers"): calls of methods, through its engine or,
 * without the internal fast path, through the gateway, and requests to stores and queues.
 *
 * Calls go over the slot's channel. Everything else goes over connections that the process keeps and opens when it first needs
 * them, with one request under way on each.
 */

import type { Address, Effects } from "../../sim/machine.ts";
import { MILLISECOND, type Nanos } from "../../sim/units.ts";
import {
  breakConnections,
  type Connections,
  NO_CONNECTION,
  occupy,
  openConnections,
  release,
  reopen,
} from "../applications/connections.ts";
import { CLIENT_WORK } from "../applications/costs.ts";
import type { ExecutionHost } from "../applications/execution.ts";
import { RECONNECT_NANOS } from "../applications/messages.ts";
import { CHANNELS_PER_PROCESS } from "./config.ts";
import { ENGINE_WORK } from "./engine-state.ts";
import { type CallId, callIdOf, INLINE_BYTES_MAX, type NightcoreMessage } from "./messages.ts";
import type { FileDirection, Observation } from "./observations.ts";
import { askLog, endCallOf, sessionForCall } from "./worker-log.ts";
import {
  type Ask,
  clock,
  type OpenCall,
  type Slot,
  WORKER_WORK,
  type WorkerEffects,
  type WorkerState,
} from "./worker-state.ts";

/** How long a C++ worker waits for a pipe of a call's own. */
export const NESTED_PIPE_NANOS: Nanos = 100 * MILLISECOND;

const GATEWAY = 0;
/** Places of one method that are come to only once have smaller numbers. */
const PLACES_MAX = 65_536;

export const HOST: ExecutionHost<WorkerState> = {
  call(state, { request, variables }, task, method, inputBytes, async, out) {
    const input = { request, variables };
    if (state.config.settings.internalFastPath) {
      invoke(state, task, { method, input, inputBytes, async }, out as WorkerEffects);
      return;
    }
    const exchange = state.nextExchange++;
    const connection = connect(state, GATEWAY, exchange, out);
    const { bornNanos } = state;
    const common = { kind: "httpRequest", exchange, connection, input, inputBytes, bornNanos } as const;
    const message = { ...common, target: method };
    ask(state, task, GATEWAY, exchange, connection, async ? { ...message, async } : message, out);
  },

  store(state, { request }, task, { store, command, arrivalOf }, { units, requestBytes, replyBytes }, out) {
    const peer = 1 + store;
    out.work(CLIENT_WORK[state.config.application.stores[store]!.kind], units);
    const exchange = state.nextExchange++;
    const connection = connect(state, peer, exchange, out);
    const message: NightcoreMessage =
      arrivalOf === undefined
        ? { kind: "storeRequest", exchange, connection, command, units, requestBytes, replyBytes }
        : {
            kind: "storeRequest",
            exchange,
            connection,
            command,
            units,
            requestBytes,
            replyBytes,
            request,
            arrivalOf,
          };
    ask(state, task, peer, exchange, connection, message, out);
  },

  publish(state, { request, variables }, task, queue, bytes, out) {
    const peer = 1 + state.config.services.stores.length + queue;
    out.work(CLIENT_WORK.rabbitmq, 1);
    const exchange = state.nextExchange++;
    const connection = connect(state, peer, exchange, out);
    const input = { request, variables };
    ask(
      state,
      task,
      peer,
      exchange,
      connection,
      { kind: "publish", exchange, connection, input, bytes },
      out,
    );
  },

  log(state, _execution, task, step, amounts, out) {
    askLog(state, task, step, amounts, out as WorkerEffects);
  },

  isFirst(state, once) {
    const { seen, run } = state.slots.get(state.current)!;
    const place = run!.method * PLACES_MAX + once;
    if (seen.has(place)) return false;
    seen.add(place);
    return true;
  },
};

// ---- Calls through the engine ----------------------------------------------------------------------------------------

type Invoke = Pick<
  Extract<NightcoreMessage, { kind: "invoke" }>,
  "method" | "input" | "inputBytes" | "async"
>;

function invoke(
  state: WorkerState,
  task: number,
  { method, input, inputBytes, async }: Invoke,
  out: WorkerEffects,
): void {
  const { engine, settings } = state.config;
  const client = state.current;
  const slot = state.slots.get(client)!;
  const call = callIdOf(client, slot.counter++);
  const parent = slot.run!.call;
  if (state.language === "cpp" && slot.open.length > 0) {
    throw new Error(`worker ${client} is written in C++ and calls ${method} while it waits for another call`);
  }
  const session = sessionForCall(state, slot.run!, out);
  slot.open.push({ call, task, inputBytes, async, session: session?.call });
  if (inputBytes > INLINE_BYTES_MAX) noteFile(state, call, "input", inputBytes, out);
  if (settings.nestedPipes && !async) {
    out.work(WORKER_WORK.nestedPipe, 1);
    if (state.language === "cpp") out.setTimer(-client, NESTED_PIPE_NANOS);
  }
  const sentNanos = clock(out);
  const message = {
    kind: "invoke",
    client,
    call,
    parent,
    method,
    input,
    inputBytes,
    async,
    sentNanos,
  } as const;
  out.send(engine, session === undefined ? message : { ...message, session }, client % CHANNELS_PER_PROCESS);
}

/**
 * A call of a slot is over, and the slot removes its input's file. That of an asynchronous call is the engine's. `at`: its place
 * among those that are open.
 */
export function closeCall(
  state: WorkerState,
  { client, open, run }: Slot,
  at: number,
  out: WorkerEffects,
): OpenCall {
  const closed = open[at]!;
  open.splice(at, 1);
  endCallOf(run!, closed, out);
  if (closed.async) return closed;
  if (state.config.settings.nestedPipes && state.language === "cpp") out.cancelTimer(-client);
  if (closed.inputBytes > INLINE_BYTES_MAX) {
    out.work(ENGINE_WORK.removeFile, 1);
    noteFileRemoved(state, closed.call, "input", out);
  }
  return closed;
}

export function noteFile(
  { config }: WorkerState,
  call: CallId,
  direction: FileDirection,
  sizeBytes: number,
  out: Effects,
): void {
  out.observe?.({
    kind: "fileCreated",
    node: config.node,
    call,
    direction,
    sizeBytes,
  } satisfies Observation);
}

export function noteFileRemoved(
  { config }: WorkerState,
  call: CallId,
  direction: FileDirection,
  out: Effects,
): void {
  out.observe?.({ kind: "fileRemoved", node: config.node, call, direction } satisfies Observation);
}

// ---- Services --------------------------------------------------------------------------------------------------------

/** A connection for a request to a peer; NO_CONNECTION: it waits for one. */
function connect(state: WorkerState, peer: number, exchange: number, out: Effects): number {
  let connections = state.peers[peer];
  if (connections === undefined) {
    connections = openConnections(addressOf(state, peer), state.config.connections);
    state.peers[peer] = connections;
    out.watch(connections.peer);
  }
  return occupy(state.peers[peer]!, exchange);
}

function addressOf({ config }: WorkerState, peer: number): Address {
  if (peer === GATEWAY) return config.gateway;
  const { stores, queues } = config.services;
  return peer <= stores.length ? stores[peer - 1]! : queues[peer - 1 - stores.length]!;
}

function ask(
  state: WorkerState,
  task: number,
  peer: number,
  exchange: number,
  connection: number,
  message: NightcoreMessage,
  out: Effects,
): void {
  const waits = connection === NO_CONNECTION;
  state.asks.set(exchange, {
    client: state.current,
    task,
    peer,
    connection,
    unsent: waits ? message : undefined,
  });
  if (waits) out.count("worker.connectionAwaited");
  else out.send(state.peers[peer]!.peer, message, connection);
}

/** The answer to a request is here: its connection goes to the next. Undefined: nobody waits for it any more. */
export function takeAsk(state: WorkerState, exchange: number, out: WorkerEffects): Ask | undefined {
  const taken = state.asks.get(exchange);
  if (taken === undefined) {
    out.count("worker.lateAnswer");
    return undefined;
  }
  state.asks.delete(exchange);
  handOn(state, state.peers[taken.peer]!, taken.connection, out);
  return taken;
}

/** A connection is free for who waits longest. */
function handOn(
  { asks }: WorkerState,
  connections: Connections,
  connection: number,
  out: WorkerEffects,
): void {
  const exchange = release(connections, connection, (waiting) => asks.has(waiting));
  if (exchange === undefined) return;
  const next = asks.get(exchange)!;
  const message = { ...next.unsent!, connection } as NightcoreMessage;
  next.connection = connection;
  next.unsent = undefined;
  out.send(connections.peer, message, connection);
}

/** A peer is gone, with all that was under way to it: this. What waits for a connection waits on until there is one again. */
export function loseConnections(state: WorkerState, from: Address, out: WorkerEffects): Ask[] {
  const peer = state.peers.findIndex((each) => each?.peer === from);
  const connections = state.peers[peer];
  if (connections === undefined) return [];
  breakConnections(connections);
  out.setTimer(peer, RECONNECT_NANOS);
  const lost: Ask[] = [];
  for (const [exchange, each] of [...state.asks]) {
    if (each.peer !== peer || each.connection === NO_CONNECTION) continue;
    state.asks.delete(exchange);
    lost.push(each);
  }
  return lost;
}

/** The connections to a peer are opened again, and everybody who waits gets one of them, as far as they go. */
export function reconnect(state: WorkerState, peer: number, out: WorkerEffects): void {
  const connections = state.peers[peer]!;
  reopen(connections);
  out.watch(connections.peer);
  for (const connection of connections.free.splice(0)) handOn(state, connections, connection, out);
}
