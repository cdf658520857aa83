/**
 * A proxy: takes a call, passes it on to where it is carried out, and passes the answer back. What stands between callers and
 * functions in the systems that Nightcore is compared with: the gateway and the watchdogs of an OpenFaaS-like system, and the front of
 * a Lambda-like service (docs/models/baselines.md).
 *
 * Each method has one or several places that carry it out, which take turns. A call leaves over a kept connection, one under way
 * on each. `delay`: what a call waits for here besides the proxy's own work, in a service whose inside nobody knows.
 *
 * A call is in `open` until its answer or the end of its connection, whichever comes first: so it is answered once. One that
 * has come to a place that ends gets 500, as nobody knows how far it came.
 */

import type { Distribution } from "../../sim/distribution.ts";
import type { Address, Effects, Machine } from "../../sim/machine.ts";
import type { Bytes, Nanos } from "../../sim/units.ts";
import { MICROSECOND } from "../../sim/units.ts";
import {
  breakConnections,
  type Connections,
  NO_CONNECTION,
  occupy,
  openConnections,
  release,
  reopen,
} from "../applications/connections.ts";
import { type ApplicationMessage, type HttpStatus, RECONNECT_NANOS } from "../applications/messages.ts";

export interface ProxyConfig {
  readonly upstreams: readonly { readonly address: Address; readonly connections: number }[];
  /** By number of a method: the upstreams that carry it out, which take turns. */
  readonly routes: readonly (readonly number[])[];
  /** From taking a call in to passing it on; undefined: at once. */
  readonly delay: Distribution | undefined;
}

type Request = Extract<ApplicationMessage, { kind: "httpRequest" }>;

interface OpenCall {
  readonly client: Address;
  readonly request: Request;
  /** Index of the upstream. */
  readonly upstream: number;
  /** NO_CONNECTION: it waits for one, or for its delay. */
  connection: number;
  passedOn: boolean;
}

export interface ProxyState {
  readonly config: ProxyConfig;
  readonly peers: Connections[];
  /** By exchange with the upstream. */
  readonly open: Map<number, OpenCall>;
  /** By method: whose turn it is. */
  readonly turns: number[];
  nextExchange: number;
}

/** Below DELAYS: time to open the connections to an upstream again; from there on: an exchange has waited for its delay. */
type ProxyTimer = number;
type ProxyEffects = Effects<ApplicationMessage, ProxyTimer>;

const DELAYS = 65_536;

export const proxy: Machine<ProxyConfig, ProxyState, ApplicationMessage, ProxyTimer> = {
  start(config, out) {
    for (const { address } of config.upstreams) out.watch(address);
    return {
      config,
      peers: config.upstreams.map(({ address, connections }) => openConnections(address, connections)),
      open: new Map(),
      turns: config.routes.map(() => 0),
      // No two lives count from the same: an answer to an earlier one belongs to no call of this.
      nextExchange: Math.max(0, Math.floor(out.now / MICROSECOND)),
    };
  },

  receive(state, from, message, out) {
    switch (message.kind) {
      case "httpRequest":
        takeRequest(state, from, message, out);
        return;
      case "httpResponse":
        takeResponse(state, message, out);
        return;
      case "closed":
        takeClosed(state, from, out);
        return;
      default:
        throw new Error(`a proxy does not take ${message.kind}`);
    }
  },

  timeout(state, timer, out) {
    if (timer >= DELAYS) {
      if (state.open.has(timer - DELAYS)) passOn(state, timer - DELAYS, out);
      return;
    }
    const peer = state.peers[timer]!;
    reopen(peer);
    out.watch(peer.peer);
    for (const connection of peer.free.splice(0)) handOn(state, peer, connection, out);
  },
};

function takeRequest(state: ProxyState, client: Address, request: Request, out: ProxyEffects): void {
  const { config, turns } = state;
  const { target } = request;
  const route = config.routes[target];
  if (route === undefined || route.length === 0) {
    respond(client, request, 404, 0, request.input.request, out);
    return;
  }
  const upstream = route[turns[target]! % route.length]!;
  turns[target]!++;
  const exchange = state.nextExchange++;
  state.open.set(exchange, { client, request, upstream, connection: NO_CONNECTION, passedOn: false });
  if (config.delay === undefined) passOn(state, exchange, out);
  else out.setTimer(DELAYS + exchange, Math.max(0, Math.round(out.sample(config.delay))));
}

function passOn(state: ProxyState, exchange: number, out: ProxyEffects): void {
  const call = state.open.get(exchange)!;
  const peer = state.peers[call.upstream]!;
  call.passedOn = true;
  const connection = occupy(peer, exchange);
  if (connection === NO_CONNECTION) out.count("proxy.connectionAwaited");
  else sendOn(state, exchange, call, connection, out);
}

function sendOn(
  state: ProxyState,
  exchange: number,
  call: OpenCall,
  connection: number,
  out: ProxyEffects,
): void {
  call.connection = connection;
  out.send(state.peers[call.upstream]!.peer, { ...call.request, exchange, connection }, connection);
}

/** A connection is free for the call that waits longest. */
function handOn(state: ProxyState, peer: Connections, connection: number, out: ProxyEffects): void {
  const exchange = release(peer, connection, (waiting) => state.open.has(waiting));
  if (exchange !== undefined) sendOn(state, exchange, state.open.get(exchange)!, connection, out);
}

function takeResponse(
  state: ProxyState,
  { exchange, status, outputBytes, output }: Extract<ApplicationMessage, { kind: "httpResponse" }>,
  out: ProxyEffects,
): void {
  const call = state.open.get(exchange);
  if (call === undefined) {
    out.count("proxy.lateAnswer");
    return;
  }
  state.open.delete(exchange);
  handOn(state, state.peers[call.upstream]!, call.connection, out);
  respond(call.client, call.request, status, outputBytes, output, out);
}

function respond(
  client: Address,
  { exchange, connection }: Request,
  status: HttpStatus,
  outputBytes: Bytes,
  output: number,
  out: ProxyEffects,
): void {
  out.send(client, { kind: "httpResponse", exchange, connection, status, outputBytes, output }, connection);
}

/** What was under way there has failed; what waits for a connection waits until they are open again. */
function takeClosed(state: ProxyState, from: Address, out: ProxyEffects): void {
  const upstream = state.peers.findIndex(({ peer }) => peer === from);
  const wait: Nanos = RECONNECT_NANOS;
  breakConnections(state.peers[upstream]!);
  out.setTimer(upstream, wait);
  for (const [exchange, call] of [...state.open]) {
    if (call.upstream !== upstream || call.connection === NO_CONNECTION) continue;
    state.open.delete(exchange);
    out.count("proxy.callLost");
    respond(call.client, call.request, 500, 0, call.request.input.request, out);
  }
}
