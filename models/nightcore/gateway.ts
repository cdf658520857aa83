/**
 * The gateway: where calls from outside come in (docs/models/nightcore.md, "The gateway"). It numbers them, lets as many run at
 * a time as the flag allows, the others wait in one queue, gives each to a node, and returns the output over the connection that
 * the request came by. Calls that functions make of each other never get here.
 *
 * Why it is safe: a call is in `calls` from its arrival to its answer, and whatever ends it (a reply, a timeout, the end of its
 * node) takes it out first. So it is answered once, and a reply that comes late or twice finds nothing and is ignored. The
 * calls that were given to nodes and not taken back are those that `running` counts, and each counts at its node as well.
 *
 * As released, a node that is gone stays in the list: calls that are sent there get 404 and keep their place at the node for
 * ever, and those it had are never answered. As designed, it leaves the list, its calls are answered, and it is back when its
 * engine says hello again.
 */

import type { Address, Effects, Machine } from "../../sim/machine.ts";
import type { Nanos } from "../../sim/units.ts";
import { MICROSECOND } from "../../sim/units.ts";
import type { HttpMessage, HttpStatus } from "../applications/messages.ts";
import type { NightcoreConfig } from "./config.ts";
import {
  anyConnection,
  connectNode,
  disconnectNode,
  hasConnection,
  isConnected,
  list,
  type Nodes,
  nextConnection,
  noNodes,
  pickNode,
  placeOf,
  unlist,
} from "./gateway-nodes.ts";
import { type CallId, type CallOutput, callIdOf, type NightcoreMessage } from "./messages.ts";
import { Bug } from "./mutations.ts";
import type { Observation } from "./observations.ts";
import {
  dropHead,
  headOf,
  noPendingCalls,
  type PendingCalls,
  pendingCount,
  pushPending,
} from "./pending-calls.ts";

export interface GatewayConfig {
  readonly settings: NightcoreConfig;
  /** The function of each method of the application. */
  readonly functionOf: readonly number[];
  /** Number of a bug that is built in; 0: none. */
  readonly mutation: number;
}

type Request = Extract<HttpMessage, { kind: "httpRequest" }>;

/** In the place of a node's place: the call waits. */
const WAITING = -1;

interface OpenCall {
  readonly client: Address;
  /** Which of the client's connections in time it came by: what breaks them all ends a life. */
  readonly life: number;
  /** Another one only by the slip of a shared context. */
  request: Request;
  readonly receivedNanos: Nanos;
  dispatchedNanos: Nanos;
  /** Place of the node that has it, or WAITING. */
  place: number;
  /** Somebody waits for its end; not so once an asynchronous call has been taken over. */
  awaited: boolean;
}

/** Who asks, as long as its connections are open. */
interface Client {
  readonly life: number;
  readonly bornNanos: Nanos | undefined;
  /** So often it was there again before word of the end of its last life, which is still to come and means nothing then. */
  endsOverdue: number;
}

export interface GatewayState {
  readonly config: GatewayConfig;
  readonly nodes: Nodes;
  /** In the order of their arrival. */
  readonly calls: Map<CallId, OpenCall>;
  /** How many of them a node has. */
  running: number;
  /** The others, and some that have ended meanwhile: first in, first out, whatever function. */
  readonly pending: PendingCalls;
  /** By client: the life of its connections. */
  readonly clients: Map<Address, Client>;
  lives: number;
  /** Number of the last call. */
  lastCall: number;
  /** For the slip of a buffer that is not cleared: what was sent to a node last. */
  lastSent: Extract<NightcoreMessage, { kind: "externalCall" }> | undefined;
  /** The timer for the oldest call is set. */
  timeoutArmed: boolean;
}

export const CALL_TIMEOUT = "callTimeout";
export type GatewayEffects = Effects<NightcoreMessage, typeof CALL_TIMEOUT>;

export const gateway: Machine<GatewayConfig, GatewayState, NightcoreMessage, typeof CALL_TIMEOUT> = {
  start(config, out) {
    out.observe?.({ kind: "gatewayStarted" } satisfies Observation);
    return {
      config,
      nodes: noNodes(config.settings),
      calls: new Map(),
      running: 0,
      pending: noPendingCalls(),
      clients: new Map(),
      lives: 0,
      lastCall: config.settings.failureHandling ? firstNumber(out.now) : 0,
      lastSent: undefined,
      timeoutArmed: false,
    };
  },

  receive(state, from, message, out) {
    switch (message.kind) {
      case "httpRequest":
        takeRequest(state, from, message, out);
        break;
      case "externalDone":
        takeReply(state, message, out);
        break;
      case "engineHello":
        takeHello(state, from, message, out);
        break;
      case "closed":
        takeClosed(state, from, out);
        break;
      default:
        throw new Error(`the gateway does not take ${message.kind}`);
    }
    settleObserved(state, out);
  },

  timeout(state, _timer, out) {
    state.timeoutArmed = false;
    expireCalls(state, out);
    settleObserved(state, out);
  },
};

/** No two lives count from the same, so that an engine's reply for an earlier one belongs to no call of this. */
function firstNumber(nowNanos: Nanos): number {
  return Math.max(0, Math.floor(nowNanos / MICROSECOND));
}

// ---- Calls ---------------------------------------------------------------------------------------------------------

function takeRequest(state: GatewayState, client: Address, request: Request, out: GatewayEffects): void {
  const { calls, nodes, config, pending } = state;
  const { waitForNode, gatewayFifo, callTimeoutNanos } = config.settings;
  const call = callIdOf(0, ++state.lastCall);
  const { target: method, async = false, bornNanos } = request;
  out.observe?.({ kind: "externalReceived", call, method, async } satisfies Observation);
  const life = lifeOf(state, client, bornNanos, out);
  if (config.mutation === Bug.sharedContext) shareContext(state, client, request);
  calls.set(call, {
    client,
    life,
    request,
    receivedNanos: out.now,
    dispatchedNanos: out.now,
    place: WAITING,
    awaited: true,
  });
  const open = calls.get(call)!;
  if (config.functionOf[method] === undefined) {
    end(state, call, open, 404, undefined, out);
    return;
  }
  if (nodes.listed.length === 0 && !waitForNode) {
    end(state, call, open, 500, undefined, out);
    return;
  }
  if (callTimeoutNanos > 0 && !state.timeoutArmed) armTimeout(state, callTimeoutNanos, out);
  const waiting = pendingCount(pending);
  if (!hasRoom(state) || (gatewayFifo && waiting > 0)) {
    out.count("gateway.queued");
    out.observe?.({ kind: "externalQueued", call, behind: waiting } satisfies Observation);
    pushPending(pending, call);
  } else if (!dispatch(state, call, open, out)) {
    return;
  }
  if (!async) return;
  out.observe?.({ kind: "externalAccepted", call } satisfies Observation);
  respond(open, 200, undefined, out);
  open.awaited = false;
}

/** A slip: a request takes over the context of the one that is under way for the same client. */
function shareContext({ calls }: GatewayState, client: Address, request: Request): void {
  for (const open of calls.values()) {
    if (open.client === client && open.awaited)
      open.request = { ...open.request, exchange: request.exchange };
  }
}

/** Whether one more call may run. */
function hasRoom({ nodes, running, config }: GatewayState): boolean {
  const nodeCount = nodes.listed.length;
  const { maxRunningPerNode, admitOneMore } = config.settings;
  const slack = (admitOneMore ? 1 : 0) + (config.mutation === Bug.admissionOffByOne ? 1 : 0);
  const most = maxRunningPerNode * nodeCount + slack;
  return nodeCount > 0 && (maxRunningPerNode === 0 || running < most);
}

/** Gives a call to a node. False: there is no way there, and the call has ended. */
function dispatch(state: GatewayState, call: CallId, open: OpenCall, out: GatewayEffects): boolean {
  const { nodes, config } = state;
  const { target: method, input, inputBytes, async = false } = open.request;
  const place = pickNode(nodes, config.settings, config.functionOf[method]!, out);
  const node = nodes.known[place]!;
  let connection = nextConnection(node, out.thread);
  const searches = config.settings.failureHandling && config.mutation !== Bug.failedSendCounts;
  if (connection === undefined && searches) connection = anyConnection(node);
  node.inFlight++;
  if (connection === undefined) {
    // The release goes on counting it at the node.
    out.count("gateway.noConnection");
    end(state, call, open, 404, undefined, out);
    return false;
  }
  state.running++;
  open.place = place;
  open.dispatchedNanos = out.now;
  out.observe?.({
    kind: "externalDispatched",
    call,
    node: node.node,
    queueingNanos: out.now - open.receivedNanos,
  } satisfies Observation);
  const sent = { kind: "externalCall", call, connection, method, input, inputBytes, async } as const;
  if (config.mutation === Bug.bufferNotCleared) {
    const before = state.lastSent;
    if (before?.connection === connection) out.send(node.engine, before, connection);
    state.lastSent = sent;
  }
  out.send(node.engine, sent, connection);
  return true;
}

/** The answer goes out first, then the call that takes its place: one at most, or with `drainAll` whatever there is room for. */
function takeReply(
  state: GatewayState,
  { call, ok, output, processingNanos }: Extract<NightcoreMessage, { kind: "externalDone" }>,
  out: GatewayEffects,
): void {
  const open = state.calls.get(call);
  if (open === undefined) {
    out.count("gateway.lateReply");
    return;
  }
  out.observe?.({
    kind: "externalReplied",
    call,
    ok,
    overheadNanos: out.now - open.dispatchedNanos - processingNanos,
  } satisfies Observation);
  end(state, call, open, ok ? 200 : 500, output, out);
  const ignoresLimit = state.config.mutation === Bug.drainIgnoresLimit;
  if (ignoresLimit) admit(state, out);
  if (state.config.settings.drainAll) admitAll(state, out);
  else if (ignoresLimit || hasRoom(state)) admit(state, out);
}

/** Gives the call that waits longest to a node. Those whose clients are gone are passed over. False: nobody waits. */
function admit(state: GatewayState, out: GatewayEffects): boolean {
  const { pending, calls } = state;
  while (pendingCount(pending) > 0) {
    const call = headOf(pending);
    dropHead(pending);
    const open = calls.get(call);
    // Timeouts leave the numbers of their calls behind.
    if (open === undefined) continue;
    if (open.awaited && !isThere(state, open)) {
      end(state, call, open, 500, undefined, out);
      continue;
    }
    dispatch(state, call, open, out);
    return true;
  }
  return false;
}

function admitAll(state: GatewayState, out: GatewayEffects): void {
  while (hasRoom(state) && admit(state, out));
}

/** A call has come to its end: it leaves the books, and who waits for it is told. */
function end(
  state: GatewayState,
  call: CallId,
  open: OpenCall,
  status: HttpStatus,
  output: CallOutput | undefined,
  out: GatewayEffects,
): void {
  state.calls.delete(call);
  if (open.place !== WAITING) {
    state.running--;
    state.nodes.known[open.place]!.inFlight--;
  }
  const told = open.awaited && isThere(state, open);
  out.observe?.({ kind: "externalEnded", call, status, told } satisfies Observation);
  if (told) respond(open, status, output, out);
  else if (open.awaited) out.count("gateway.clientGone");
}

function respond(
  { client, request }: OpenCall,
  status: HttpStatus,
  output: CallOutput | undefined,
  out: GatewayEffects,
): void {
  const { exchange, connection, input } = request;
  const outputBytes = status === 200 && output !== undefined ? output.bytes : 0;
  const of = output === undefined ? input.request : output.request;
  out.send(
    client,
    { kind: "httpResponse", exchange, connection, status, outputBytes, output: of },
    connection,
  );
}

// ---- Timeouts ------------------------------------------------------------------------------------------------------

/** One timer, for the oldest call: all have the same time, so they expire in the order of their arrival. */
function armTimeout(state: GatewayState, afterNanos: Nanos, out: GatewayEffects): void {
  state.timeoutArmed = true;
  out.setTimer(CALL_TIMEOUT, afterNanos);
}

function expireCalls(state: GatewayState, out: GatewayEffects): void {
  const { callTimeoutNanos } = state.config.settings;
  for (const [call, open] of state.calls) {
    const leftNanos = open.receivedNanos + callTimeoutNanos - out.now;
    if (leftNanos > 0) {
      armTimeout(state, leftNanos, out);
      break;
    }
    out.count("gateway.timeout");
    end(state, call, open, 504, undefined, out);
  }
  admitAll(state, out);
}

// ---- Nodes and clients that come and go ------------------------------------------------------------------------------

function takeHello(
  state: GatewayState,
  engine: Address,
  { node, connection }: Extract<NightcoreMessage, { kind: "engineHello" }>,
  out: GatewayEffects,
): void {
  const { nodes, config } = state;
  const { settings } = config;
  const before = placeOf(nodes, engine);
  if (before >= 0 && hasConnection(nodes.known[before]!, connection)) {
    // The connections that are open are of a life of the engine whose end nobody has noticed.
    loseNode(state, before, out);
    nodes.known[before]!.endsOverdue++;
  }
  const listedBefore = nodes.listed.length;
  const place = connectNode(nodes, settings, engine, node, connection);
  if (isFirst(nodes.known[place]!.connections)) out.watch(engine);
  if (nodes.listed.length > listedBefore) noteListed(state, node, out);
}

function noteListed(state: GatewayState, node: number, out: GatewayEffects): void {
  out.observe?.({ kind: "nodeListed", node } satisfies Observation);
  if (state.config.settings.waitForNode) admitAll(state, out);
}

/** ZooKeeper has told which engines are online. Those that are not any more are gone, whatever their connections say. */
export function followMembership(
  state: GatewayState,
  engines: ReadonlySet<Address>,
  out: GatewayEffects,
): void {
  const { nodes } = state;
  const { online, known, listed } = nodes;
  if (online === undefined) return;
  for (const engine of [...online]) {
    if (engines.has(engine)) continue;
    online.delete(engine);
    const place = placeOf(nodes, engine);
    if (listed.includes(place)) giveUpNode(state, place, out);
  }
  for (const engine of engines) {
    online.add(engine);
    const place = placeOf(nodes, engine);
    if (place < 0 || listed.includes(place) || !isConnected(known[place]!)) continue;
    list(nodes, place);
    noteListed(state, known[place]!.node, out);
  }
  settleObserved(state, out);
}

function isFirst(connections: readonly (readonly number[])[]): boolean {
  let count = 0;
  for (const { length } of connections) count += length;
  return count === 1;
}

/** What breaks the connections to a peer breaks all of them at once. */
function takeClosed(state: GatewayState, peer: Address, out: GatewayEffects): void {
  const place = placeOf(state.nodes, peer);
  const node = state.nodes.known[place];
  if (node === undefined) loseClient(state, peer);
  else if (node.endsOverdue > 0) node.endsOverdue--;
  else loseNode(state, place, out);
}

function loseNode(state: GatewayState, place: number, out: GatewayEffects): void {
  const { nodes, config } = state;
  disconnectNode(nodes.known[place]!);
  out.count("gateway.nodeLost");
  const { nodesLeave, membership, failureHandling } = config.settings;
  // Who asks ZooKeeper leaves it at that until it has heard from there; as designed whatever comes first counts.
  if (nodesLeave && (membership === "connections" || failureHandling)) giveUpNode(state, place, out);
}

function giveUpNode(state: GatewayState, place: number, out: GatewayEffects): void {
  const { nodes, calls, config } = state;
  const node = nodes.known[place]!;
  if (nodes.listed.includes(place)) {
    if (config.mutation !== Bug.deadNodeListed) unlist(nodes, place);
    out.observe?.({ kind: "nodeUnlisted", node: node.node } satisfies Observation);
  }
  // The copy with Boki forgets the node, and goes on counting what it had.
  if (!config.settings.failureHandling) return;
  for (const [call, open] of calls) {
    if (open.place === place) end(state, call, open, 500, undefined, out);
  }
  admitAll(state, out);
}

/**
 * The life of a client's connections; its first request begins one. A process that is there again has other connections than before, also
 * if another thread has not come to the end of those yet, or not to a last request that came by them.
 */
function lifeOf(
  state: GatewayState,
  client: Address,
  bornNanos: Nanos | undefined,
  out: GatewayEffects,
): number {
  const known = state.clients.get(client);
  if (known !== undefined && known.bornNanos === bornNanos) return known.life;
  const life = ++state.lives;
  const isPast = known?.bornNanos !== undefined && bornNanos !== undefined && bornNanos < known.bornNanos;
  if (isPast) return life;
  const endsOverdue = known === undefined ? 0 : known.endsOverdue + 1;
  state.clients.set(client, { life, bornNanos, endsOverdue });
  out.watch(client);
  return life;
}

function loseClient({ clients }: GatewayState, client: Address): void {
  const known = clients.get(client);
  if (known !== undefined && known.endsOverdue > 0) known.endsOverdue--;
  else clients.delete(client);
}

function isThere({ clients }: GatewayState, { client, life }: OpenCall): boolean {
  return clients.get(client)?.life === life;
}

function settleObserved({ config, nodes, calls, running }: GatewayState, out: GatewayEffects): void {
  out.observe?.({
    kind: "gatewaySettled",
    running,
    waiting: calls.size - running,
    limit:
      config.settings.maxRunningPerNode === 0
        ? Infinity
        : config.settings.maxRunningPerNode * nodes.listed.length,
    inFlight: nodes.known.map((node) => node.inFlight),
  } satisfies Observation);
}
