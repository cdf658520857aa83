/**
 * The gateway: where function calls from outside come in (docs/models/boki.md, "Calls"). It gives each call a number, sends it to
 * the engines in turn, as the experiments' round-robin balancing does, and returns the output to the client that asked.
 * There is no limit on calls in flight. Calls that come before any engine is known wait.
 */

import type { Address, Effects, Machine } from "../../sim/machine.ts";
import { join } from "./identifiers.ts";
import { onlineOf } from "./membership.ts";
import type { BokiMessage, CallId, NodeConfig } from "./messages.ts";
import { openSession, ping, takeZooKeeper, type ZooKeeperSession } from "./zookeeper-session.ts";

export interface GatewayState {
  readonly config: NodeConfig;
  readonly session: ZooKeeperSession;
  engines: Address[];
  calls: Map<CallId, { readonly client: Address; readonly request: number }>;
  nextCall: number;
  turn: number;
  early: { readonly from: Address; readonly message: Extract<BokiMessage, { kind: "request" }> }[];
}

export const gateway: Machine<NodeConfig, GatewayState, BokiMessage> = {
  start(config, out) {
    const session = openSession({ ...config, role: "gateway", topics: ["node"] }, out);
    return { config, session, engines: [], calls: new Map(), nextCall: 0, turn: 0, early: [] };
  },

  receive(state, from, message, out) {
    switch (message.kind) {
      case "zkEvents":
      case "zkCreated":
      case "zkExpired":
        takeZooKeeper(
          state.session,
          message,
          () => {
            const { engine } = state.session.directory!;
            state.engines = onlineOf(engine).map((id) => engine[id]!);
          },
          out,
        );
        if (state.engines.length === 0) return;
        for (const early of state.early) dispatch(state, early.from, early.message, out);
        state.early = [];
        return;
      case "request":
        if (state.engines.length === 0) state.early.push({ from, message });
        else dispatch(state, from, message, out);
        return;
      case "complete": {
        const { client, request } = state.calls.get(message.call)!;
        state.calls.delete(message.call);
        out.send(client, { kind: "reply", request, output: message.output });
        return;
      }
      default:
        throw new Error(`the gateway does not take ${message.kind}`);
    }
  },

  timeout(state, _timer, out) {
    ping(state.session, out);
  },
};

function dispatch(
  state: GatewayState,
  client: Address,
  message: Extract<BokiMessage, { kind: "request" }>,
  out: Effects<BokiMessage>,
): void {
  const { request, logBook, input } = message;
  const call = join(out.self, state.nextCall++);
  state.calls.set(call, { client, request });
  const engine = state.engines[state.turn % state.engines.length]!;
  state.turn++;
  out.send(engine, { kind: "dispatch", call, logBook, input });
}
