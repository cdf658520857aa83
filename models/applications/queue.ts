/**
 * A message queue: takes messages, acknowledges them, and gives them to its consumers, first in, first out, in turn, to each at
 * most so many that it has not acknowledged.
 *
 * What a consumer had that is gone is given to others, before what waits and in its order, so a message may be worked on
 * twice and is lost only with the queue itself, which keeps its messages in memory. Consumers need not say hello: the queue
 * knows them, and tries one that was gone again after a pause.
 */

import type { Address, Effects, Machine } from "../../sim/machine.ts";
import type { Bytes } from "../../sim/units.ts";
import { emptyFifo, type Fifo, fifoLength, push, putBack, take } from "./fifo.ts";
import { type ApplicationMessage, type CallInput, RECONNECT_NANOS } from "./messages.ts";

export interface QueueConfig {
  readonly consumers: readonly Address[];
  /** Messages that a consumer may have without having acknowledged them. */
  readonly prefetch: number;
}

interface QueueMessage {
  readonly input: CallInput;
  readonly bytes: Bytes;
}

interface Consumer {
  readonly address: Address;
  connected: boolean;
  /** What it has, by the number of the delivery, in the order in which it was given. */
  readonly unacknowledged: Map<number, QueueMessage>;
}

export interface QueueState {
  readonly config: QueueConfig;
  readonly waiting: Fifo<QueueMessage>;
  readonly consumers: Consumer[];
  /** Who is asked first for the next message. */
  next: number;
  nextDelivery: number;
}

/** Timers are numbers of consumers: time to try it again. */
type QueueEffects = Effects<ApplicationMessage, number>;

export const queue: Machine<QueueConfig, QueueState, ApplicationMessage, number> = {
  start(config, out) {
    for (const consumer of config.consumers) out.watch(consumer);
    return {
      config,
      waiting: emptyFifo(),
      consumers: config.consumers.map((address) => ({
        address,
        connected: true,
        unacknowledged: new Map(),
      })),
      next: 0,
      // No two lives count from the same, so that a late acknowledgement belongs to no delivery of this.
      nextDelivery: out.now,
    };
  },

  receive(state, from, message, out) {
    switch (message.kind) {
      case "publish": {
        const { exchange, connection, input, bytes } = message;
        push(state.waiting, { input, bytes });
        out.send(from, { kind: "storeReply", exchange, connection, replyBytes: 0, last: false }, connection);
        break;
      }
      case "acknowledge": {
        const consumer = state.consumers.find(({ address }) => address === from);
        if (consumer?.unacknowledged.delete(message.delivery) !== true) out.count("queue.strangeAcknowledge");
        break;
      }
      case "closed":
        loseConsumer(state, from, out);
        break;
      default:
        throw new Error(`a queue does not take ${message.kind}`);
    }
    deliver(state, out);
  },

  timeout(state, index, out) {
    const consumer = state.consumers[index]!;
    consumer.connected = true;
    out.watch(consumer.address);
    deliver(state, out);
  },
};

/** Gives out what waits, as far as consumers may have more. */
function deliver(state: QueueState, out: QueueEffects): void {
  while (fifoLength(state.waiting) > 0) {
    const consumer = nextConsumer(state);
    if (consumer === undefined) return;
    const message = take(state.waiting)!;
    const delivery = state.nextDelivery++;
    consumer.unacknowledged.set(delivery, message);
    const { input, bytes } = message;
    out.send(consumer.address, { kind: "deliver", delivery, input, bytes });
  }
}

function nextConsumer(state: QueueState): Consumer | undefined {
  const { consumers, config } = state;
  for (let i = 0; i < consumers.length; i++) {
    const index = (state.next + i) % consumers.length;
    const consumer = consumers[index]!;
    if (!consumer.connected || consumer.unacknowledged.size >= config.prefetch) continue;
    state.next = (index + 1) % consumers.length;
    return consumer;
  }
  return undefined;
}

/** Publishers are not watched: only the connections to consumers break here. */
function loseConsumer(state: QueueState, from: Address, out: QueueEffects): void {
  const index = state.consumers.findIndex(({ address }) => address === from);
  const consumer = state.consumers[index]!;
  out.count("queue.redelivered", consumer.unacknowledged.size);
  putBack(state.waiting, [...consumer.unacknowledged.values()]);
  consumer.unacknowledged.clear();
  consumer.connected = false;
  out.setTimer(index, RECONNECT_NANOS);
}
