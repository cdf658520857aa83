/**
 * What the runtime's work costs, beside the machines and never in them (docs/models/nightcore.md, "Costs").
 *
 * All are micro-costs of one machine type (c5.xlarge and c5.2xlarge, 3.6 GHz): what it takes to read one message, to find a
 * worker, to make a file. A scenario may override any of them by name. What application code costs is
 * models/applications/costs.ts.
 */

import type { CostModel } from "../../sim/machine.ts";
import type { Bytes, Nanos } from "../../sim/units.ts";
import type { Language } from "../applications/application.ts";
import { sizeBytes as applicationBytes } from "../applications/costs.ts";
import type { NightcoreConfig } from "./config.ts";
import { ENGINE_WORK } from "./engine-state.ts";
import {
  CHANNEL_MESSAGE_BYTES,
  GATEWAY_HEADER_BYTES,
  INLINE_BYTES_MAX,
  type NightcoreMessage,
} from "./messages.ts";
import { WORKER_WORK } from "./worker-state.ts";

/** CPU times in nanoseconds. */
export const COSTS = {
  /** Read one message of 1,024 bytes from a pipe: the system call and a copy; its share of waiting for events is in `eventLoop`. */
  pipeRead: 700,
  /** Write one: the system call and a copy, */
  pipeWrite: 800,
  /** and the part of waking the reader that the writer pays: taking its run queue's lock, an interrupt to its processor. */
  wakeReader: 700,
  /** Each message at an event loop: a share of epoll_wait, the callback, a copy into the parse buffer. */
  eventLoop: 500,
  /** What a message costs beyond this on a socket instead of a pipe, each end: a gRPC message of 1 KiB takes 13 us one way, a pipe's 3.4. */
  socketExtra: 4_800,
  /** Engine, a call arrives: find its function, record it, rate and limit, find a worker, build the message: 14 locks, 3 copies. */
  dispatch: 1_300,
  /** Engine, a call ends: averages, free the worker, look at the queue, find the caller: 12 locks, 1 copy. */
  finish: 1_100,
  /** Give a message to another I/O thread: queue and eventfd, the giver's side. What the taker does is the send. */
  handOff: 800,
  /** Take one message off a TCP connection inside the cluster: softirq, the overlay network's decapsulation, epoll, read. */
  tcpReceive: 7_500,
  /** Put one message on it: write, transmit path, encapsulation. */
  tcpSend: 7_500,
  /** Each byte over TCP: three copies at about 5 GB/s each. */
  perByte: 0.6,
  /** Gateway, a request: parse HTTP, find the function, the books under the global lock. With receive and send about 15 us. */
  gatewayRequest: 5_000,
  /** Gateway, a reply: the books, format a date and headers. With receive and send about 12 us. */
  gatewayReply: 2_000,
  /** A payload's file on tmpfs, created and filled: open, truncate, map, zero, copy, */
  fileCreate: 7_000,
  filePerByteWritten: 0.8,
  /** opened and mapped by who reads it: open, stat, map, page faults, */
  fileRead: 4_000,
  filePerByteRead: 0.4,
  /** and unmapped and removed. */
  fileRemove: 1_000,
  /** Create the two pipes of a worker and open them. */
  channelCreate: 20_000,
  /** The first call of a worker, C++: lazy binding, page faults, a connection to each store and what is said before the first request; */
  firstCallCpp: 3_000_000,
  /** in a process that has run others already: less of it. */
  firstCallShared: 300_000,
  /** A pipe for one nested call: create, open, close and remove it, paid by the caller. */
  nestedPipe: 10_000,
  /** A worker's library around a message, in or out. C++: fill or read a header. */
  libraryCpp: 300,
  /** Go: a goroutine parks or is made ready, a channel in between. */
  libraryGo: 1_200,
  /** Node.js: one turn of its event loop, and from C++ to JavaScript or back. */
  libraryNode: 8_000,
  /** Python: one turn of asyncio, and objects made of the message. */
  libraryPython: 20_000,
  /** Fork a C++ worker and link its libraries: the processor's part of it, the time is `launchDelay`. */
  launchCpp: 2_000_000,
  /** One more worker in a process that is there: its pipes, a goroutine or a handler. */
  launchShared: 100_000,
  /** Handshakes and notices of an end: rare, of no weight. */
  control: 2_000,
} as const;

export type CostName = keyof typeof COSTS;
export type Costs = { readonly [Name in CostName]: number };

const LIBRARY: Readonly<Record<Language, CostName>> = {
  cpp: "libraryCpp",
  go: "libraryGo",
  node: "libraryNode",
  python: "libraryPython",
};

/** Size on the wire; what goes over pipes has one size whatever it carries. */
export function sizeBytes(message: NightcoreMessage): Bytes {
  switch (message.kind) {
    case "externalCall":
      return GATEWAY_HEADER_BYTES + message.inputBytes;
    case "externalDone":
      return GATEWAY_HEADER_BYTES + message.output.bytes;
    case "engineHello":
      return GATEWAY_HEADER_BYTES;
    case "launcherHello":
    case "launcherWelcome":
    case "createWorker":
    case "stopWorker":
    case "startWorker":
    case "workerHello":
    case "workerGone":
    case "workerWelcome":
    case "invoke":
    case "done":
    case "dispatch":
    case "returned":
      return CHANNEL_MESSAGE_BYTES;
    default:
      return applicationBytes(message);
  }
}

/** CPU time to read a message, without what is done with it. */
function transportReceive(costs: Costs, socket: number, message: NightcoreMessage): Nanos {
  switch (message.kind) {
    case "invoke":
    case "done":
    case "dispatch":
    case "returned":
      return costs.pipeRead + socket;
    case "closed":
    case "launcherHello":
    case "launcherWelcome":
    case "createWorker":
    case "stopWorker":
    case "startWorker":
    case "workerHello":
    case "workerGone":
    case "workerWelcome":
      return costs.control;
    default:
      return costs.tcpReceive + costs.perByte * sizeBytes(message);
  }
}

/** CPU time to write a message. */
function transportSend(costs: Costs, socket: number, message: NightcoreMessage): Nanos {
  switch (message.kind) {
    case "invoke":
    case "done":
    case "dispatch":
    case "returned":
      return costs.pipeWrite + costs.wakeReader + socket;
    case "closed":
    case "launcherHello":
    case "launcherWelcome":
    case "createWorker":
    case "stopWorker":
    case "startWorker":
    case "workerHello":
    case "workerGone":
    case "workerWelcome":
      return costs.control;
    default:
      return costs.tcpSend + costs.perByte * sizeBytes(message);
  }
}

export function gatewayCosts(costs: Costs): CostModel<NightcoreMessage> {
  return {
    receiveNanos(message) {
      const transport = transportReceive(costs, 0, message);
      if (message.kind === "httpRequest") return transport + costs.gatewayRequest;
      return message.kind === "externalDone" ? transport + costs.gatewayReply : transport;
    },
    sendNanos: (message) => transportSend(costs, 0, message),
    timerNanos: () => costs.control,
    workNanos: () => 0,
    sizeBytes,
  };
}

export function engineCosts(
  costs: Costs,
  { socketChannels }: Pick<NightcoreConfig, "socketChannels">,
): CostModel<NightcoreMessage> {
  const socket = socketChannels ? costs.socketExtra : 0;
  return {
    receiveNanos(message) {
      const transport = transportReceive(costs, socket, message);
      switch (message.kind) {
        case "externalCall":
          return transport + costs.dispatch;
        case "invoke":
          return transport + costs.eventLoop + costs.dispatch;
        case "done":
          return transport + costs.eventLoop + costs.finish;
        default:
          return transport;
      }
    },
    sendNanos: (message) => transportSend(costs, socket, message),
    timerNanos: () => costs.control,
    workNanos: (kind, amount) => runtimeWork(costs, kind, amount) ?? 0,
    sizeBytes,
  };
}

/**
 * A function process. Its channel's messages cost what its library needs for them; `applicationNanos` has what its code and its
 * stateful services cost, in its language.
 */
export function workerCosts(
  costs: Costs,
  { socketChannels }: Pick<NightcoreConfig, "socketChannels">,
  language: Language,
  applicationNanos: (kind: string, amount: number) => Nanos,
): CostModel<NightcoreMessage> {
  const socket = socketChannels ? costs.socketExtra : 0;
  const library = costs[LIBRARY[language]];
  const launch = language === "cpp" ? costs.launchCpp : costs.launchShared;
  const firstCall = language === "cpp" ? costs.firstCallCpp : costs.firstCallShared;
  return {
    receiveNanos(message) {
      const transport = transportReceive(costs, socket, message);
      switch (message.kind) {
        case "dispatch":
          return transport + library + payload(message.inputBytes, costs.fileRead, costs.filePerByteRead);
        case "returned":
          return (
            transport +
            library +
            payload(message.output.bytes, costs.fileRead + costs.fileRemove, costs.filePerByteRead)
          );
        case "startWorker":
          return transport + launch;
        default:
          return transport;
      }
    },
    sendNanos(message) {
      const transport = transportSend(costs, socket, message);
      switch (message.kind) {
        case "invoke":
          return (
            transport + library + payload(message.inputBytes, costs.fileCreate, costs.filePerByteWritten)
          );
        case "done":
          return (
            transport + library + payload(message.output.bytes, costs.fileCreate, costs.filePerByteWritten)
          );
        default:
          return transport;
      }
    },
    timerNanos: () => 0,
    workNanos: (kind, amount) =>
      kind === WORKER_WORK.firstCall
        ? firstCall * amount
        : (runtimeWork(costs, kind, amount) ?? applicationNanos(kind, amount)),
    sizeBytes,
  };
}

/** What a payload that does not fit its message costs more. */
function payload(bytes: Bytes, perFile: Nanos, perByte: number): Nanos {
  return bytes > INLINE_BYTES_MAX ? perFile + perByte * bytes : 0;
}

export function launcherCosts(costs: Costs): CostModel<NightcoreMessage> {
  return {
    receiveNanos: (message) => transportReceive(costs, 0, message),
    sendNanos: (message) => transportSend(costs, 0, message),
    timerNanos: () => costs.control,
    workNanos: () => 0,
    sizeBytes,
  };
}

function runtimeWork(costs: Costs, kind: string, amount: number): Nanos | undefined {
  switch (kind) {
    case ENGINE_WORK.createChannel:
      return costs.channelCreate * amount;
    case ENGINE_WORK.createFile:
      return costs.fileCreate + costs.filePerByteWritten * amount;
    case ENGINE_WORK.readFile:
      return costs.fileRead + costs.filePerByteRead * amount;
    case ENGINE_WORK.removeFile:
      return costs.fileRemove * amount;
    case WORKER_WORK.nestedPipe:
      return costs.nestedPipe * amount;
    default:
      return undefined;
  }
}
