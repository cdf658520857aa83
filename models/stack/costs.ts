/** What the processes cost in which runtime and log meet: each message, timer and piece of work what it costs where it comes from. */

import type { CostModel } from "../../sim/machine.ts";
import type { BokiMessage } from "../boki/messages.ts";
import type { NightcoreMessage } from "../nightcore/messages.ts";
import { isOfRuntime, type StackMessage } from "./messages.ts";
import { isRuntimeTimer } from "./timers.ts";

/** Of an engine with a log in it, and of the gateway. The pools: I/O threads, and one thread for what ZooKeeper says. */
export function joinedCosts(
  runtime: CostModel<NightcoreMessage>,
  log: CostModel<BokiMessage>,
): CostModel<StackMessage> {
  return {
    receiveNanos: (message) =>
      isOfRuntime(message) ? runtime.receiveNanos(message) : log.receiveNanos(message),
    sendNanos: (message) => (isOfRuntime(message) ? runtime.sendNanos(message) : log.sendNanos(message)),
    timerNanos: (timer) => (isRuntimeTimer(timer) ? runtime.timerNanos(timer) : log.timerNanos(timer)),
    // Kinds of work have names of their own in both (test/models/stack/costs.test.ts).
    workNanos: (kind, amount) => runtime.workNanos(kind, amount) + log.workNanos(kind, amount),
    sizeBytes: (message) => (isOfRuntime(message) ? runtime.sizeBytes(message) : log.sizeBytes(message)),
    pool(message, timer) {
      const ofRuntime = message === undefined ? isRuntimeTimer(timer!) : isOfRuntime(message);
      return ofRuntime ? 0 : log.pool!(message as BokiMessage | undefined, timer);
    },
  };
}

/** Of a function process: operations of the log what they cost Boki's own worker library, in whatever language; the rest is the runtime's. */
export function workerCosts(
  runtime: CostModel<NightcoreMessage>,
  log: CostModel<BokiMessage>,
): CostModel<StackMessage> {
  return {
    receiveNanos: (message) =>
      isOfRuntime(message) ? runtime.receiveNanos(message) : log.receiveNanos(message),
    sendNanos: (message) => (isOfRuntime(message) ? runtime.sendNanos(message) : log.sendNanos(message)),
    timerNanos: (timer) => runtime.timerNanos(timer),
    workNanos: (kind, amount) => runtime.workNanos(kind, amount),
    sizeBytes: (message) => (isOfRuntime(message) ? runtime.sizeBytes(message) : log.sizeBytes(message)),
  };
}
