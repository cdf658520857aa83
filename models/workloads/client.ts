/**
 * A load generator: the client outside the cluster that issues function calls (docs/models/boki.md, "Workloads").
 *
 * Closed and paced loops are long calls: the client issues each once, and the function loops inside it, as the published
 * queue experiments do. The open arrivals issue a call per operation and measure it here, from when it was due.
 */

import type { Distribution } from "../../sim/distribution.ts";
import type { Address, Effects, Machine, OperationId } from "../../sim/machine.ts";
import { FOREVER, MILLISECOND, type Nanos, SECOND } from "../../sim/units.ts";
import type { BokiMessage } from "../boki/messages.ts";
import type { WorkloadConfig } from "./config.ts";
import type { ClientArgs } from "./programs.ts";

export interface ClientConfig {
  readonly gateway: Address;
  readonly workload: WorkloadConfig;
  /** When the cluster is up: the origin of the workload's times. */
  readonly readyNanos: Nanos;
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

export interface ClientState {
  readonly config: ClientConfig;
  nextRequest: number;
  /** Requests without a reply: the operation measured, and the connection that carries it. */
  open: Map<number, { readonly operation: OperationId | undefined; readonly connection: number }>;
  connections: Connection[];
  /** Kept as objects because a compiled sampler is found by its distribution. */
  readonly gap: Distribution;
  readonly logBook: Distribution;
}

const ARRIVAL = "arrival";
/** A connection of the published load generator that has fallen behind sends at most this much faster than its pace. */
const CATCH_UP = 1.2;
/** Connections of one thread of it start this far apart. */
const CONNECTION_STAGGER_NANOS: Nanos = 5 * MILLISECOND;

export const client: Machine<ClientConfig, ClientState, BokiMessage> = {
  start(config, out) {
    const { arrival, logBooks, startNanos } = config.workload;
    const perSecond = "perSecond" in arrival ? arrival.perSecond : 1;
    const state: ClientState = {
      config,
      nextRequest: 0,
      open: new Map(),
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
    const perThread = Math.ceil(arrival.connections / arrival.threads);
    for (let i = 0; i < arrival.connections; i++) {
      // Connection i of every thread shares its phase, as the threads start together.
      const originNanos = start + (i % perThread) * CONNECTION_STAGGER_NANOS;
      state.connections.push({ originNanos, sent: 0, lastSentNanos: 0 });
      out.setTimer(i, waitUntil(originNanos, out));
    }
    return state;
  },

  receive(state, _from, message, out) {
    if (message.kind !== "reply") throw new Error(`a client does not take ${message.kind}`);
    const { operation, connection } = state.open.get(message.request)!;
    state.open.delete(message.request);
    const failed = typeof message.output === "object" && message.output !== null && "error" in message.output;
    if (operation !== undefined) out.complete(operation, failed ? "failed" : "ok", message.output);
    const { arrival } = state.config.workload;
    if (arrival.kind !== "timetable") return;
    const used = state.connections[connection]!;
    const periodNanos = (arrival.connections * SECOND) / arrival.perSecond;
    // Behind its timetable, a connection catches up, but not faster than it may.
    const earliestNanos = used.lastSentNanos + Math.floor(periodNanos / CATCH_UP);
    out.setTimer(connection, waitUntil(Math.max(dueNanos(used, periodNanos), earliestNanos), out));
  },

  timeout(state, timer, out) {
    const { workload, programs } = state.config;
    const { arrival } = workload;
    if (out.now >= stopOf(state)) return;
    switch (arrival.kind) {
      case "closedLoop":
      case "paced":
        for (let index = 0; index < arrival.clients; index++) {
          const args: ClientArgs = { workload: workload.name, stopNanos: stopOf(state), index, rounds: 0 };
          request(state, programs.loop, args, -1, undefined, out);
        }
        return;
      case "poisson":
      case "constantRate":
        request(state, programs.once, { workload: workload.name }, -1, undefined, out);
        out.setTimer(ARRIVAL, out.sample(state.gap));
        return;
      case "timetable": {
        const connection = Number(timer);
        const used = state.connections[connection]!;
        const due = dueNanos(used, (arrival.connections * SECOND) / arrival.perSecond);
        used.sent++;
        used.lastSentNanos = out.now;
        request(state, programs.once, { workload: workload.name }, connection, due, out);
        return;
      }
    }
  },
};

/** Issues one function call. Those that are one operation are measured from here, or from when they were due. */
function request(
  state: ClientState,
  program: string,
  args: object,
  connection: number,
  due: Nanos | undefined,
  out: Effects<BokiMessage>,
): void {
  const { workload, gateway, programs } = state.config;
  const number = state.nextRequest++;
  // LogBook 0 is the default of a function that names none; workloads count from 1.
  const logBook = 1 + out.sample(state.logBook);
  const operation =
    program === programs.once ? out.begin(`call ${workload.name}`, undefined, due) : undefined;
  state.open.set(number, { operation, connection });
  out.send(gateway, { kind: "request", request: number, logBook, input: { program, args } });
}

function dueNanos(connection: Connection, periodNanos: number): Nanos {
  return connection.originNanos + Math.floor(connection.sent * periodNanos);
}

/** The published client waits with a timer of whole milliseconds, so a request leaves up to one late. */
function waitUntil(timeNanos: Nanos, out: Effects<BokiMessage>): Nanos {
  return Math.max(0, timeNanos - out.now) + Math.floor(out.sample() * MILLISECOND);
}

function stopOf(state: ClientState): Nanos {
  const { workload, readyNanos } = state.config;
  return workload.stopNanos === undefined ? FOREVER : readyNanos + workload.stopNanos;
}
