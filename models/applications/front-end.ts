/**
 * A front end: what stands between clients or queues and a runtime, and runs code of the application there. A web server runs a
 * request's code and answers the client; a consumer runs a queue's code for each message and acknowledges it. A server of
 * remote procedure calls is one as well: it runs its methods, a bounded number at a time, and answers with their output.
 *
 * Calls leave as HTTP requests over kept connections, one under way on each (connections.ts); requests to stores likewise. A call
 * that has no answer in time, whose connection breaks or that comes back with anything but 200 has failed: the code ends there
 * (execution.ts), a web server answers 500, and a consumer acknowledges all the same, as nobody would do better.
 *
 * Why it is safe: an exchange is in `asks` until its answer, its time-out or the end of its connection, whichever comes first, and
 * whatever ends it takes it out. So a task is given one result, and what comes late finds nothing.
 */

import type { Address, Effects, Machine } from "../../sim/machine.ts";
import type { Bytes, Nanos } from "../../sim/units.ts";
import { MICROSECOND } from "../../sim/units.ts";
import type { Amount, Code, StoreKind } from "./application.ts";
import {
  breakConnections,
  type Connections,
  NO_CONNECTION,
  occupy,
  openConnections,
  release,
  reopen,
} from "./connections.ts";
import { CLIENT_WORK } from "./costs.ts";
import {
  advance,
  amountOf,
  type Execution,
  type ExecutionHost,
  fail,
  hasFailed,
  resume,
  startExecution,
} from "./execution.ts";
import { emptyFifo, type Fifo, push, take } from "./fifo.ts";
import { type ApplicationMessage, type HttpStatus, RECONNECT_NANOS } from "./messages.ts";

/** Somebody who is asked, and how many connections to keep. */
export interface Upstream {
  readonly address: Address;
  readonly connections: number;
}

export interface FrontEndConfig {
  /**
   * A web server's by the number of the request; a server's by that of the method, with undefined for those that others have; a
   * consumer's only one.
   */
  readonly codes: readonly (Code | undefined)[];
  readonly runtimes: readonly Upstream[];
  /**
   * By the application's number of a method: which of the runtimes has it, and under which number (`httpRequest.target`).
   * With `replicas`, so many from this one on have it, and calls go to them in turn.
   */
  readonly methods: readonly {
    readonly runtime: number;
    readonly target: number;
    readonly replicas?: number;
  }[];
  readonly stores: readonly (Upstream & { readonly kind: StoreKind })[];
  readonly queues: readonly Upstream[];
  /** A call without an answer for this long has failed; 0: never. */
  readonly callTimeoutNanos: Nanos;
  /** Runs at a time: what comes beyond waits, first in, first out. 0: any number. */
  readonly threads: number;
  /** By code: the size of its answer; undefined: that of its last call's. */
  readonly outputs?: readonly (Amount | undefined)[];
}

type Request = Extract<ApplicationMessage, { kind: "httpRequest" }>;
type Deliver = Extract<ApplicationMessage, { kind: "deliver" }>;

/** Whom a run is for. */
type Origin =
  | {
      readonly kind: "client";
      readonly client: Address;
      readonly exchange: number;
      readonly connection: number;
    }
  | { readonly kind: "queue"; readonly queue: Address; readonly delivery: number }
  /** Who asked has been told that it is taken over, and waits for no end. */
  | { readonly kind: "nobody" };

interface Run {
  readonly code: number;
  readonly origin: Origin;
  readonly execution: Execution;
  /** Of the last call that came back. */
  outputBytes: Bytes;
  /** Whose output its calls brought: another request's, if there was one. */
  output: number;
}

/** Something that a task waits for. */
interface Ask {
  readonly run: number;
  readonly task: number;
  /** Index in `peers`. */
  readonly peer: number;
  readonly askedNanos: Nanos;
  connection: number;
  /** What is sent once there is a connection. */
  unsent: ApplicationMessage | undefined;
}

export interface FrontEndState {
  readonly config: FrontEndConfig;
  /** To the runtimes, then the stores, then the queues. */
  readonly peers: Connections[];
  readonly runs: Map<number, Run>;
  /** By exchange, the oldest first. */
  readonly asks: Map<number, Ask>;
  /** When this life began. */
  readonly bornNanos: Nanos;
  /** What waits for a thread. */
  readonly backlog: Fifo<{ readonly from: Address; readonly message: Request | Deliver }>;
  /** Places of code that have been come to once. */
  readonly seen: Set<number>;
  /** Calls of each method so far: whose turn it is of its replicas. */
  readonly calls: number[];
  nextRun: number;
  nextExchange: number;
  /** The run whose code is executed in this step. */
  current: number;
  timeoutArmed: boolean;
}

const CALL_TIMEOUT = "callTimeout";
/** A number: time to open the connections to a peer again. */
type FrontEndTimer = typeof CALL_TIMEOUT | number;
type FrontEndEffects = Effects<ApplicationMessage, FrontEndTimer>;

export const frontEnd: Machine<FrontEndConfig, FrontEndState, ApplicationMessage, FrontEndTimer> = {
  start(config, out) {
    const upstreams: readonly Upstream[] = [...config.runtimes, ...config.stores, ...config.queues];
    for (const { address } of upstreams) out.watch(address);
    return {
      config,
      peers: upstreams.map(({ address, connections }) => openConnections(address, connections)),
      runs: new Map(),
      asks: new Map(),
      backlog: emptyFifo(),
      seen: new Set(),
      calls: config.methods.map(() => 0),
      nextRun: 0,
      bornNanos: out.now,
      // No two lives count from the same, so that an answer to an earlier one belongs to nothing of this.
      nextExchange: Math.max(0, Math.floor(out.now / MICROSECOND)),
      current: 0,
      timeoutArmed: false,
    };
  },

  receive(state, from, message, out) {
    switch (message.kind) {
      case "httpRequest":
      case "deliver": {
        const { threads } = state.config;
        if (threads === 0 || state.runs.size < threads) beginFor(state, from, message, out);
        else push(state.backlog, { from, message });
        return;
      }
      case "httpResponse": {
        const ask = takeAsk(state, message.exchange, out);
        if (ask === undefined) return;
        const run = state.runs.get(ask.run)!;
        run.outputBytes = message.outputBytes;
        if (message.output !== run.execution.request) run.output = message.output;
        goOn(state, ask, message.status === 200, false, out);
        return;
      }
      case "storeReply": {
        const ask = takeAsk(state, message.exchange, out);
        if (ask !== undefined) goOn(state, ask, true, message.last, out);
        return;
      }
      case "closed":
        loseConnections(state, from, out);
        return;
      default:
        throw new Error(`a front end does not take ${message.kind}`);
    }
  },

  timeout(state, timer, out) {
    if (timer === CALL_TIMEOUT) {
      expireCalls(state, out);
      return;
    }
    const connections = state.peers[timer]!;
    reopen(connections);
    out.watch(connections.peer);
    // Everybody who waits gets one of them, as far as they go.
    for (const connection of connections.free.splice(0)) handOn(state, connections, connection, out);
  },
};

// ---- Runs ------------------------------------------------------------------------------------------------------------

function begin(
  state: FrontEndState,
  code: number,
  origin: Origin,
  execution: Execution,
  out: FrontEndEffects,
): void {
  const number = state.nextRun++;
  state.runs.set(number, { code, origin, execution, outputBytes: 0, output: execution.request });
  state.current = number;
  if (advance(execution, 0, state.config.codes[code]!, HOST, state, out)) finish(state, number, out);
}

/** Begins a run for a client or a queue. */
function beginFor(
  state: FrontEndState,
  from: Address,
  message: Request | Deliver,
  out: FrontEndEffects,
): void {
  const execution = startExecution(message.input);
  if (message.kind === "deliver") {
    begin(state, 0, { kind: "queue", queue: from, delivery: message.delivery }, execution, out);
    return;
  }
  const { exchange, connection, target, input } = message;
  const origin: Origin = { kind: "client", client: from, exchange, connection };
  if (state.config.codes[target] === undefined) {
    respond(origin, 404, 0, input.request, out);
  } else if (message.async === true) {
    respond(origin, 200, 0, input.request, out);
    begin(state, target, { kind: "nobody" }, execution, out);
  } else begin(state, target, origin, execution, out);
}

/** A task has its result, and its run goes on. */
function goOn(
  state: FrontEndState,
  { run: number, task }: Ask,
  ok: boolean,
  last: boolean,
  out: FrontEndEffects,
): void {
  const run = state.runs.get(number)!;
  const code = state.config.codes[run.code]!;
  state.current = number;
  const ended = ok
    ? resume(run.execution, task, last, code, HOST, state, out)
    : fail(run.execution, task, code, HOST, state, out);
  if (ended) finish(state, number, out);
}

function finish(state: FrontEndState, number: number, out: FrontEndEffects): void {
  const { code, origin, execution, outputBytes, output } = state.runs.get(number)!;
  const failed = hasFailed(execution);
  state.runs.delete(number);
  if (failed) out.count(origin.kind === "queue" ? "consumer.failed" : "frontEnd.failed");
  if (origin.kind === "client") {
    const own = state.config.outputs?.[code];
    const bytes = own === undefined ? outputBytes : Math.round(amountOf(own, execution.variables));
    respond(origin, failed ? 500 : 200, failed ? 0 : bytes, output, out);
  } else if (origin.kind === "queue") {
    out.send(origin.queue, { kind: "acknowledge", delivery: origin.delivery });
  }
  const { threads } = state.config;
  while (threads > 0 && state.runs.size < threads) {
    const next = take(state.backlog);
    if (next === undefined) return;
    beginFor(state, next.from, next.message, out);
  }
}

function respond(
  { client, exchange, connection }: Extract<Origin, { kind: "client" }>,
  status: HttpStatus,
  outputBytes: Bytes,
  output: number,
  out: FrontEndEffects,
): void {
  out.send(client, { kind: "httpResponse", exchange, connection, status, outputBytes, output }, connection);
}

// ---- What runs ask for -----------------------------------------------------------------------------------------------

/** Places of one code that are come to only once have smaller numbers. */
const PLACES_MAX = 65_536;

const HOST: ExecutionHost<FrontEndState> = {
  log() {
    throw new Error("web servers and consumers of queues have no log: its operations are for functions");
  },

  call(state, { request, variables }, task, method, inputBytes, async, out) {
    const { runtime: first, target, replicas = 1 } = state.config.methods[method]!;
    const runtime = first + (state.calls[method]!++ % replicas);
    const exchange = state.nextExchange++;
    const connection = occupy(state.peers[runtime]!, exchange);
    const input = { request, variables };
    const { bornNanos } = state;
    const common = {
      kind: "httpRequest",
      exchange,
      connection,
      target,
      input,
      inputBytes,
      bornNanos,
    } as const;
    ask(state, task, runtime, exchange, connection, async ? { ...common, async } : common, out);
    const { callTimeoutNanos } = state.config;
    if (callTimeoutNanos === 0 || state.timeoutArmed) return;
    state.timeoutArmed = true;
    out.setTimer(CALL_TIMEOUT, callTimeoutNanos);
  },

  store(state, { request }, task, { store, command, arrivalOf }, sizes, out) {
    const { stores, runtimes } = state.config;
    const peer = runtimes.length + store;
    const exchange = state.nextExchange++;
    const connection = occupy(state.peers[peer]!, exchange);
    out.work(CLIENT_WORK[stores[store]!.kind], sizes.units);
    const { units, requestBytes, replyBytes } = sizes;
    const common = {
      kind: "storeRequest",
      exchange,
      connection,
      command,
      units,
      requestBytes,
      replyBytes,
    } as const;
    const message = arrivalOf === undefined ? common : { ...common, request, arrivalOf };
    ask(state, task, peer, exchange, connection, message, out);
  },

  publish(state, { request, variables }, task, queue, bytes, out) {
    const { runtimes, stores } = state.config;
    const peer = runtimes.length + stores.length + queue;
    const exchange = state.nextExchange++;
    const connection = occupy(state.peers[peer]!, exchange);
    out.work(CLIENT_WORK.rabbitmq, 1);
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

  isFirst(state, once) {
    const place = state.runs.get(state.current)!.code * PLACES_MAX + once;
    if (state.seen.has(place)) return false;
    state.seen.add(place);
    return true;
  },
};

function ask(
  state: FrontEndState,
  task: number,
  peer: number,
  exchange: number,
  connection: number,
  message: ApplicationMessage,
  out: Effects,
): void {
  const waits = connection === NO_CONNECTION;
  state.asks.set(exchange, {
    run: state.current,
    task,
    peer,
    askedNanos: out.now,
    connection,
    unsent: waits ? message : undefined,
  });
  if (waits) out.count("frontEnd.connectionAwaited");
  else out.send(state.peers[peer]!.peer, message, connection);
}

/** The answer to an exchange is here: its connection goes to the next. Undefined: nobody waits for it any more. */
function takeAsk(state: FrontEndState, exchange: number, out: FrontEndEffects): Ask | undefined {
  const taken = state.asks.get(exchange);
  if (taken === undefined) {
    out.count("frontEnd.lateAnswer");
    return undefined;
  }
  state.asks.delete(exchange);
  handOn(state, state.peers[taken.peer]!, taken.connection, out);
  return taken;
}

/** A connection is free for who waits longest. */
function handOn(
  { asks }: FrontEndState,
  connections: Connections,
  connection: number,
  out: FrontEndEffects,
): void {
  const exchange = release(connections, connection, (waiting) => asks.has(waiting));
  if (exchange === undefined) return;
  const next = asks.get(exchange)!;
  const message = { ...next.unsent!, connection } as ApplicationMessage;
  next.connection = connection;
  next.unsent = undefined;
  out.send(connections.peer, message, connection);
}

// ---- What fails ------------------------------------------------------------------------------------------------------

/** One timer, for the oldest call: all have the same time, so they expire in the order in which they were asked for. */
function expireCalls(state: FrontEndState, out: FrontEndEffects): void {
  const { callTimeoutNanos, runtimes } = state.config;
  state.timeoutArmed = false;
  for (const [exchange, waiting] of state.asks) {
    if (waiting.peer >= runtimes.length) continue;
    const leftNanos = waiting.askedNanos + callTimeoutNanos - out.now;
    if (leftNanos > 0) {
      state.timeoutArmed = true;
      out.setTimer(CALL_TIMEOUT, leftNanos);
      return;
    }
    out.count("frontEnd.callTimeout");
    state.asks.delete(exchange);
    // Its connection is closed, so that a late answer finds nobody, and another one opened in its place.
    if (waiting.connection !== NO_CONNECTION)
      handOn(state, state.peers[waiting.peer]!, waiting.connection, out);
    goOn(state, waiting, false, false, out);
  }
}

/** What was under way to a peer has failed; what waits for a connection goes on waiting until they are open again. */
function loseConnections(state: FrontEndState, from: Address, out: FrontEndEffects): void {
  const peer = state.peers.findIndex((each) => each.peer === from);
  breakConnections(state.peers[peer]!);
  out.setTimer(peer, RECONNECT_NANOS);
  for (const [exchange, lost] of [...state.asks]) {
    if (lost.peer !== peer || lost.connection === NO_CONNECTION) continue;
    state.asks.delete(exchange);
    goOn(state, lost, false, false, out);
  }
}
