/**
 * A stateful service: redis, memcached, MongoDB and the like. It answers every request; what that costs is costs.ts's business,
 * and what it holds is not modelled: whether something is found is a probability in the application.
 *
 * The one thing it knows of its data is how often a request of a client has come by, where the application counts: pieces that
 * functions put together here, of which the last one goes on with the whole.
 */

import type { Machine } from "../../sim/machine.ts";
import type { ApplicationMessage } from "./messages.ts";

export interface StoreState {
  /** Arrivals so far of requests that count and have not had their last one, the oldest request first. */
  readonly arrivals: Map<number, number>;
}

/** Requests that fail on their way leave their counts behind; beyond this many the oldest are forgotten, as what expires. */
export const COUNTED_REQUESTS_MAX = 10_000;

export const store: Machine<undefined, StoreState, ApplicationMessage> = {
  start: () => ({ arrivals: new Map() }),

  receive(state, from, message, out) {
    if (message.kind !== "storeRequest") throw new Error(`a store does not take ${message.kind}`);
    const { exchange, connection, replyBytes, request, arrivalOf } = message;
    const last = request !== undefined && arrivalOf !== undefined && isLastArrival(state, request, arrivalOf);
    out.send(from, { kind: "storeReply", exchange, connection, replyBytes, last }, connection);
  },

  timeout() {},
};

/** Counts an arrival of a request. True: it is the last one. */
function isLastArrival({ arrivals }: StoreState, request: number, arrivalOf: number): boolean {
  const count = (arrivals.get(request) ?? 0) + 1;
  if (count >= arrivalOf) {
    arrivals.delete(request);
    return true;
  }
  arrivals.set(request, count);
  if (arrivals.size > COUNTED_REQUESTS_MAX) {
    for (const oldest of arrivals.keys()) {
      arrivals.delete(oldest);
      break;
    }
  }
  return false;
}
