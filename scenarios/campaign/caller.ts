/** The client of a case: makes each call at its time, and knows which of them have been answered. */

import type { BokiMessage, CallInput } from "../../models/boki/messages.ts";
import type { Address, Machine } from "../../sim/machine.ts";
import type { Nanos } from "../../sim/units.ts";

export interface CallerConfig {
  readonly gateway: Address;
  readonly readyNanos: Nanos;
  readonly calls: readonly { readonly atNanos: Nanos; readonly logBook: number; readonly input: CallInput }[];
}

export interface CallerState {
  readonly config: CallerConfig;
  /** Calls without an answer, by their place in the list; those not made yet are among them. */
  readonly open: Set<number>;
}

export const caller: Machine<CallerConfig, CallerState, BokiMessage> = {
  start(config, out) {
    config.calls.forEach(({ atNanos }, i) => {
      out.setTimer(i, config.readyNanos + atNanos - out.now);
    });
    return { config, open: new Set(config.calls.keys()) };
  },

  receive(state, _from, message) {
    if (message.kind !== "reply") throw new Error(`a caller does not take ${message.kind}`);
    state.open.delete(message.request);
  },

  timeout(state, timer, out) {
    const { gateway, calls } = state.config;
    const { logBook, input } = calls[Number(timer)]!;
    out.send(gateway, { kind: "request", request: Number(timer), logBook, input });
  },
};
