/**
 * A load generator for applications: makes requests as the load says, over HTTP connections that carry one at a time, and
 * measures each from when it was due (docs/models/applications.md, "Clients").
 *
 * Each kind of request has an entry: servers that take it. Connection i of the load belongs to server i modulo their number; where
 * kinds have different entries it is one to a server of each, and with one of them broken it is not used. Every request is an operation `request`, and one of its own name.
 * What has failed is not tried again. If a connection breaks, nobody knows what became of the request that it carried.
 */

import type { Distribution } from "../../sim/distribution.ts";
import type { Address, Effects, Machine, OperationId, Outcome } from "../../sim/machine.ts";
import { FOREVER, MICROSECOND, type Nanos, SECOND, toNanos } from "../../sim/units.ts";
import { dueNanos, firstDueNanos, sendNanos, waitNanos } from "../workloads/timetable.ts";
import type { Application } from "./application.ts";
import { amountOf } from "./execution.ts";
import { emptyFifo, type Fifo, keepOnly, push, take } from "./fifo.ts";
import { type Load, momentAfter, rateAt } from "./load.ts";
import { type ApplicationMessage, type CallInput, type HttpStatus, RECONNECT_NANOS } from "./messages.ts";

/** Where requests enter: processes of a web server, a gateway, a function's servers; and their number there (`httpRequest.target`). */
export interface Entry {
  readonly targets: readonly Address[];
  readonly number: number;
}

export interface ClientConfig {
  readonly application: Pick<Application, "requests" | "mix" | "variables">;
  readonly load: Load;
  /** By the number of a request. Two entries have the same servers, in the same order, or none in common. */
  readonly entries: readonly Entry[];
  /** When the load begins, and when the last request may; undefined: the load does not end. */
  readonly startNanos: Nanos;
  readonly stopNanos: Nanos | undefined;
  /** Which of how many clients this is, from 0, so that no two requests have the same number. */
  readonly index: number;
  readonly clients: number;
}

/** A request that has been drawn. */
interface Drawn {
  /** Its number in the application. */
  readonly kind: number;
  readonly input: CallInput;
  /** From when on it is measured. */
  readonly dueNanos: Nanos;
}

interface Connection {
  /** The request under way; NOTHING: it is free. */
  request: number;
  /** The same as an operation of all requests, and as one of its name. */
  operation: OperationId;
  named: OperationId;
  /** The server that it went to. */
  server: Address;
  /** Broken, and not opened again yet. */
  broken: boolean;
  /** Of a timetable: when its first request is due, how many it has sent, and when the last. */
  readonly firstNanos: Nanos;
  sent: number;
  lastSentNanos: Nanos;
}
const NOTHING = -1;

export interface ClientState {
  readonly config: ClientConfig;
  /** Of all entries, each once. */
  readonly servers: readonly Address[];
  /** Those of them whose connections are broken. */
  readonly lost: Set<Address>;
  readonly connections: Connection[];
  /** Of an open load: connections that carry nothing, the one that has been free for longest first. */
  readonly free: Fifo<number>;
  /** Requests that wait for a connection. */
  readonly waiting: Fifo<Drawn>;
  /** When this life began. */
  readonly bornNanos: Nanos;
  nextRequest: number;
  /** Of given moments: how many have passed. */
  moment: number;
  /** Operations by request, and the shares of the mix, added up. */
  readonly names: readonly string[];
  readonly shares: readonly number[];
}

const ARRIVAL = "arrival";
/** A number from 0: a connection's next request is due. Below: time to open the connections to server -1 - timer again. */
type ClientTimer = typeof ARRIVAL | number;
type ClientEffects = Effects<ApplicationMessage, ClientTimer>;

/** In requests; the rate makes time of it. */
const GAP: Distribution = { kind: "exponential", mean: 1 };
/**
 * The published client's event loop takes up a due timer this much later still, as its poll counts whole milliseconds too: with
 * the half millisecond of the timer its requests leave 0.78 ms late on average, where its logs have 0.67 to 0.88.
 */
const POLL: Distribution = { kind: "uniform", low: 0, high: 560 * MICROSECOND };

export const client: Machine<ClientConfig, ClientState, ApplicationMessage, ClientTimer> = {
  start(config, out) {
    const { load, application, startNanos, entries } = config;
    const total = application.mix.reduce((sum, share) => sum + share, 0);
    let sum = 0;
    const state: ClientState = {
      config,
      servers: [...new Set(entries.flatMap(({ targets }) => targets))],
      lost: new Set(),
      connections: [],
      free: emptyFifo(),
      waiting: emptyFifo(),
      bornNanos: out.now,
      // No two lives count from the same, so that an answer to an earlier one belongs to nothing of this.
      nextRequest: Math.max(0, Math.floor(out.now / MICROSECOND)),
      moment: 0,
      names: namesOf(application),
      shares: application.mix.map((share) => (sum += share) / total),
    };
    for (const server of state.servers) out.watch(server);
    const count = load.kind === "closedLoop" ? load.clients : load.connections;
    for (let i = 0; i < count; i++) {
      const firstNanos =
        load.kind === "timetable" ? firstDueNanos(startNanos, i, count, load.threads) : startNanos;
      state.connections.push({
        request: NOTHING,
        server: NOTHING,
        operation: 0,
        named: 0,
        broken: false,
        firstNanos,
        sent: 0,
        lastSentNanos: 0,
      });
      if (load.kind === "closedLoop") out.setTimer(i, Math.max(0, startNanos - out.now));
      else if (load.kind === "timetable")
        out.setTimer(i, waitNanos(firstNanos, out) + Math.floor(out.sample(POLL)));
      else push(state.free, i);
    }
    if (load.kind !== "closedLoop" && load.kind !== "timetable") nextArrival(state, startNanos, out);
    return state;
  },

  receive(state, from, message, out) {
    switch (message.kind) {
      case "httpResponse":
        takeResponse(state, from, message, out);
        return;
      case "closed":
        loseConnections(state, from, out);
        return;
      default:
        throw new Error(`a client does not take ${message.kind}`);
    }
  },

  timeout(state, timer, out) {
    if (timer === ARRIVAL) {
      takeArrival(state, out);
      return;
    }
    if (timer < 0) {
      reconnect(state, state.servers[-1 - timer]!, out);
      return;
    }
    if (isOver(state, out.now) || state.connections[timer]!.broken) return;
    sendNext(state, timer, out);
  },
};

/** A connection of a closed loop or a timetable makes its next request now. */
function sendNext(state: ClientState, index: number, out: ClientEffects): void {
  const { load } = state.config;
  const connection = state.connections[index]!;
  const due = load.kind === "timetable" ? dueOf(state, connection) : out.now;
  connection.sent++;
  connection.lastSentNanos = out.now;
  send(state, index, draw(state, due, out), out);
}

function isOver({ config }: ClientState, now: Nanos): boolean {
  return config.stopNanos !== undefined && now >= config.stopNanos;
}

// ---- Open loads ------------------------------------------------------------------------------------------------------

function nextArrival(state: ClientState, sinceNanos: Nanos, out: ClientEffects): void {
  const { load, startNanos } = state.config;
  if (load.kind === "moments") {
    // Who boots again has missed what was due before.
    while (startNanos + load.atNanos[state.moment]! < out.now) state.moment++;
    const atNanos = load.atNanos[state.moment++];
    if (atNanos !== undefined && !isOver(state, startNanos + atNanos))
      out.setTimer(ARRIVAL, startNanos + atNanos - out.now);
    return;
  }
  if (load.kind !== "poisson" && load.kind !== "constantRate") return;
  const requests = load.kind === "poisson" ? out.sample(GAP) : 1;
  const at = startNanos + toNanos(momentAfter(load.rate, sinceNanos - startNanos, requests));
  if (at < FOREVER && !isOver(state, at)) out.setTimer(ARRIVAL, Math.max(0, at - out.now));
}

function takeArrival(state: ClientState, out: ClientEffects): void {
  const drawn = draw(state, out.now, out);
  const index = take(state.free);
  if (index !== undefined) send(state, index, drawn, out);
  else {
    out.count("client.connectionAwaited");
    push(state.waiting, drawn);
  }
  nextArrival(state, out.now, out);
}

// ---- Requests --------------------------------------------------------------------------------------------------------

function draw(state: ClientState, due: Nanos, out: ClientEffects): Drawn {
  const { application, index, clients } = state.config;
  const { shares } = state;
  let kind = 0;
  if (shares.length > 1) {
    const drawn = out.sample();
    while (kind < shares.length - 1 && drawn >= shares[kind]!) kind++;
  }
  const variables = new Array<number>(application.variables.length).fill(0);
  for (const { variable, value } of application.requests[kind]!.draws) {
    variables[variable] = Math.max(0, Math.floor(out.sample(value)));
  }
  return { kind, input: { request: state.nextRequest++ * clients + index, variables }, dueNanos: due };
}

/** What the requests of each kind are measured as beside all of them; with only one kind that would be the same twice. */
function namesOf({ requests }: Pick<Application, "requests">): string[] {
  return requests.length === 1 ? [] : requests.map(({ name }) => `request ${name}`);
}

function send(state: ClientState, index: number, drawn: Drawn, out: ClientEffects): void {
  const { application, entries } = state.config;
  const { kind, input, dueNanos: due } = drawn;
  const connection = state.connections[index]!;
  connection.request = input.request;
  connection.operation = out.begin("request", input.request, due);
  const name = state.names[kind];
  if (name !== undefined) connection.named = out.begin(name, input.request, due);
  const { targets, number } = entries[kind]!;
  const onLink = Math.floor(index / targets.length);
  connection.server = targets[index % targets.length]!;
  out.send(
    connection.server,
    {
      kind: "httpRequest",
      exchange: input.request,
      connection: onLink,
      target: number,
      input,
      inputBytes: Math.round(amountOf(application.requests[kind]!.inputBytes, input.variables)),
      bornNanos: state.bornNanos,
    },
    onLink,
  );
}

function takeResponse(
  state: ClientState,
  from: Address,
  { exchange, connection: onLink, status, output }: Extract<ApplicationMessage, { kind: "httpResponse" }>,
  out: ClientEffects,
): void {
  const targets = targetsWith(state, from);
  const index = onLink * targets.length + targets.indexOf(from);
  const connection = state.connections[index];
  if (connection === undefined || connection.request !== exchange || connection.server !== from) {
    out.count("client.lateResponse");
    return;
  }
  if (status === 200 && output !== exchange) out.count("client.strangeOutput");
  end(connection, outcomeOf(status), status, out);
  goOn(state, index, out);
}

function outcomeOf(status: HttpStatus): Outcome {
  if (status === 200) return "ok";
  return status === 504 ? "unknown" : "failed";
}

function end(
  connection: Connection,
  outcome: Outcome,
  status: HttpStatus | undefined,
  out: ClientEffects,
): void {
  connection.request = NOTHING;
  out.complete(connection.operation, outcome, status);
  if (connection.named !== 0) out.complete(connection.named, outcome, status);
}

/** A connection is free: what it does next. */
function goOn(state: ClientState, index: number, out: ClientEffects): void {
  const { load, startNanos } = state.config;
  const connection = state.connections[index]!;
  // It goes on once it is opened again.
  if (connection.broken) return;
  switch (load.kind) {
    case "closedLoop":
      out.setTimer(index, out.sample(load.think));
      return;
    case "poisson":
    case "constantRate":
    case "moments": {
      const next = take(state.waiting);
      if (next !== undefined) send(state, index, next, out);
      else push(state.free, index);
      return;
    }
    case "timetable": {
      const due = dueOf(state, connection);
      if (due >= FOREVER || isOver(state, out.now)) return;
      const perSecond = rateAt(load.rate, Math.max(0, due - startNanos));
      const periodNanos = (load.connections * SECOND) / perSecond;
      // Only who is behind is slowed down to the pace of catching up.
      const at = due > out.now ? due : sendNanos(due, connection.lastSentNanos, periodNanos);
      // Only who waits meets the timer and its whole milliseconds.
      if (at > out.now) out.setTimer(index, waitNanos(at, out) + Math.floor(out.sample(POLL)));
      else sendNext(state, index, out);
    }
  }
}

/** When the next request of a timetable's connection is due. */
function dueOf({ config }: ClientState, { firstNanos, sent }: Connection): Nanos {
  const { load, startNanos } = config;
  if (load.kind !== "timetable") throw new Error(`a connection of ${load.kind} has no timetable`);
  const { rate, connections } = load;
  if (typeof rate === "number") return dueNanos(firstNanos, sent, (connections * SECOND) / rate);
  return startNanos + Math.floor(momentAfter(rate, firstNanos - startNanos, sent * connections));
}

// ---- Connections that break ------------------------------------------------------------------------------------------

function loseConnections(state: ClientState, from: Address, out: ClientEffects): void {
  const { servers, lost, connections } = state;
  const targets = targetsWith(state, from);
  const { length } = targets;
  const target = targets.indexOf(from);
  lost.add(from);
  keepOnly(state.free, (index) => index % length !== target);
  for (let i = target; i < connections.length; i += length) {
    const connection = connections[i]!;
    connection.broken = true;
    if (connection.request !== NOTHING && connection.server === from) {
      end(connection, "unknown", undefined, out);
    }
  }
  out.count("client.connectionsLost");
  out.setTimer(-1 - servers.indexOf(from), RECONNECT_NANOS);
}

function reconnect(state: ClientState, server: Address, out: ClientEffects): void {
  const { connections, lost } = state;
  const targets = targetsWith(state, server);
  lost.delete(server);
  out.watch(server);
  for (let i = targets.indexOf(server); i < connections.length; i += targets.length) {
    const connection = connections[i]!;
    connection.broken = state.config.entries.some(({ targets: each }) => lost.has(each[i % each.length]!));
    if (!connection.broken && connection.request === NOTHING) goOn(state, i, out);
  }
}

/** The servers that share an entry with one. */
function targetsWith({ config }: ClientState, server: Address): readonly Address[] {
  return config.entries.find(({ targets }) => targets.includes(server))!.targets;
}
