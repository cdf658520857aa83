/**
 * A load generator: the client outside the cluster that issues function calls (docs/models/boki.md, "Workloads").
 *
 * Closed and paced loops are long calls: the client issues each once, and the function loops inside it, as the published
 * queue experiments do. The open arrivals issue a call per operation and measure it here, from when it was due.
 *
 * A loop whose call has failed, or was lost with its engine, is begun anew. A call of one operation that has no reply for long is
 * given up: nobody knows what became of it.
 */

import type { Distribution } from "../../sim/distribution.ts";
import type { Address, Effects, Machine, OperationId, Outcome } from "../../sim/machine.ts";
import { FOREVER, MILLISECOND, type Nanos, SECOND } from "../../sim/units.ts";
import { firstNumber } from "../boki/identifiers.ts";
import type { BokiMessage } from "../boki/messages.ts";
import type { WorkloadConfig } from "./config.ts";
import type { ClientArgs } from "./programs.ts";
import { dueNanos, firstDueNanos, sendNanos, waitNanos } from "./timetable.ts";

export interface ClientConfig {
  readonly gateway: Address;
  readonly workload: WorkloadConfig;
  /** When the cluster is up: the origin of the workload's times. */
  readonly readyNanos: Nanos;
  /** A call of one operation without a reply for this long is given up; undefined: never. */
  readonly giveUpNanos: Nanos | undefined;
  /** Name of the program that carries out one operation, and of the one that loops. */
  readonly programs: { readonly once: string; readonly loop: string };
}

/** One connection of the timetable client. */
interface Connection {
  /** When its request 0 was due; the others follow at the connection's period. */
  readonly originNanos: Nanos;
  sent: number;
  lastSentNanos: Nanos;
}

interface OpenRequest {
  /** What is measured: a call of one operation. */
  readonly operation: OperationId | undefined;
  /** The connection that carries it, or the number of the loop that it is; -1: neither. */
  readonly index: number;
  readonly sentNanos: Nanos;
}

export interface ClientState {
  readonly config: ClientConfig;
  nextRequest: number;
  /** Requests without a reply, in the order they were sent. */
  open: Map<number, OpenRequest>;
  /** The timer that looks for requests to be given up is set. */
  giveUpArmed: boolean;
  connections: Connection[];
  /** Kept as objects because a compiled sampler is found by its distribution. */
  readonly gap: Distribution;
  readonly logBook: Distribution;
}

const ARRIVAL = "arrival";
const GIVE_UP = "giveUp";
/** Looks for requests to be given up, per time after which they are. */
const LOOKS_PER_GIVE_UP = 4;
/** A loop that has failed is begun anew after this long. */
const LOOP_PAUSE_NANOS: Nanos = 10 * MILLISECOND;

export const client: Machine<ClientConfig, ClientState, BokiMessage> = {
  start(config, out) {
    const { arrival, logBooks, startNanos } = config.workload;
    const perSecond = "perSecond" in arrival ? arrival.perSecond : 1;
    const state: ClientState = {
      config,
      // No two lives count from the same: a reply to an earlier one belongs to no request of this.
      nextRequest: firstNumber(out.now),
      open: new Map(),
      giveUpArmed: false,
      connections: [],
      gap:
        arrival.kind === "poisson"
          ? { kind: "exponential", mean: SECOND / perSecond }
          : { kind: "constant", value: SECOND / perSecond },
      logBook: { kind: "zipf", count: logBooks.count, exponent: logBooks.zipfExponent },
    };
    const start = config.readyNanos + startNanos;
    if (arrival.kind !== "timetable") {
      out.setTimer(ARRIVAL, start - out.now);
      return state;
    }
    for (let i = 0; i < arrival.connections; i++) {
      const originNanos = firstDueNanos(start, i, arrival.connections, arrival.threads);
      state.connections.push({ originNanos, sent: 0, lastSentNanos: 0 });
      out.setTimer(i, waitNanos(originNanos, out));
    }
    return state;
  },

  receive(state, _from, message, out) {
    if (message.kind !== "reply") throw new Error(`a client does not take ${message.kind}`);
    const open = state.open.get(message.request);
    if (open === undefined) {
      out.count("client.unknownReply");
      return;
    }
    state.open.delete(message.request);
    const failed = typeof message.output === "object" && message.output !== null && "error" in message.output;
    if (failed) out.count("client.callFailed");
    if (open.operation !== undefined) out.complete(open.operation, outcomeOf(message.output), message.output);
    goOn(state, open, failed, out);
  },

  timeout(state, timer, out) {
    if (timer === GIVE_UP) {
      giveUp(state, out);
      return;
    }
    const { workload, programs } = state.config;
    const { arrival } = workload;
    if (out.now >= stopOf(state)) return;
    switch (arrival.kind) {
      case "closedLoop":
      case "paced":
        if (timer !== ARRIVAL) {
          startLoop(state, Number(timer), out);
          return;
        }
        for (let index = 0; index < arrival.clients; index++) startLoop(state, index, out);
        return;
      case "poisson":
      case "constantRate":
        request(state, programs.once, { workload: workload.name }, -1, undefined, out);
        out.setTimer(ARRIVAL, out.sample(state.gap));
        return;
      case "timetable": {
        const connection = Number(timer);
        const used = state.connections[connection]!;
        const periodNanos = (arrival.connections * SECOND) / arrival.perSecond;
        const due = dueNanos(used.originNanos, used.sent, periodNanos);
        used.sent++;
        used.lastSentNanos = out.now;
        request(state, programs.once, { workload: workload.name }, connection, due, out);
        return;
      }
    }
  },
};

function startLoop(state: ClientState, index: number, out: Effects<BokiMessage>): void {
  const { workload, programs } = state.config;
  const args: ClientArgs = { workload: workload.name, stopNanos: stopOf(state), index, rounds: 0 };
  request(state, programs.loop, args, index, undefined, out);
}

/** A request is over: what its connection or its loop does next. */
function goOn(state: ClientState, open: OpenRequest, failed: boolean, out: Effects<BokiMessage>): void {
  const { arrival } = state.config.workload;
  const isLoop = arrival.kind === "closedLoop" || arrival.kind === "paced";
  if (isLoop && failed) out.setTimer(open.index, LOOP_PAUSE_NANOS);
  if (arrival.kind !== "timetable") return;
  const used = state.connections[open.index]!;
  const periodNanos = (arrival.connections * SECOND) / arrival.perSecond;
  const due = dueNanos(used.originNanos, used.sent, periodNanos);
  out.setTimer(open.index, waitNanos(sendNanos(due, used.lastSentNanos, periodNanos), out));
}

/** A call that was lost, or whose operation ended so, may have done what it was to do. */
function outcomeOf(output: unknown): Outcome {
  if (typeof output !== "object" || output === null || !("error" in output)) return "ok";
  const { error } = output;
  return error === "lost" || error === "timedOut" || error === "trimFailed" ? "unknown" : "failed";
}

/** Gives up the requests that have waited for too long, and looks again as long as there are others. */
function giveUp(state: ClientState, out: Effects<BokiMessage>): void {
  const { giveUpNanos } = state.config;
  state.giveUpArmed = false;
  for (const [number, open] of [...state.open]) {
    if (out.now - open.sentNanos < giveUpNanos!) break;
    if (open.operation === undefined) continue;
    state.open.delete(number);
    out.count("client.callGivenUp");
    out.complete(open.operation, "unknown");
    goOn(state, open, true, out);
  }
  if (state.open.size > 0) armGiveUp(state, out);
}

function armGiveUp(state: ClientState, out: Effects<BokiMessage>): void {
  const { giveUpNanos } = state.config;
  if (state.giveUpArmed || giveUpNanos === undefined) return;
  state.giveUpArmed = true;
  out.setTimer(GIVE_UP, Math.ceil(giveUpNanos / LOOKS_PER_GIVE_UP));
}

/** Issues one function call. Those that are one operation are measured from here, or from when they were due. */
function request(
  state: ClientState,
  program: string,
  args: object,
  index: number,
  due: Nanos | undefined,
  out: Effects<BokiMessage>,
): void {
  const { workload, gateway, programs } = state.config;
  const number = state.nextRequest++;
  // LogBook 0 is the default of a function that names none; workloads count from 1.
  const logBook = 1 + out.sample(state.logBook);
  const operation =
    program === programs.once ? out.begin(`call ${workload.name}`, undefined, due) : undefined;
  state.open.set(number, { operation, index, sentNanos: out.now });
  if (operation !== undefined) armGiveUp(state, out);
  out.send(gateway, { kind: "request", request: number, logBook, input: { program, args } });
}

function stopOf(state: ClientState): Nanos {
  const { workload, readyNanos } = state.config;
  return workload.stopNanos === undefined ? FOREVER : readyNanos + workload.stopNanos;
}
