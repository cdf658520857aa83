/**
 * The gateway: where function calls from outside come in (docs/models/boki.md, "Calls"). It gives each call a number, sends it to
 * the engines in turn, as the experiments' round-robin balancing does, and returns the output to the client that asked.
 * There is no limit on calls in flight. Calls that come before any engine is known wait.
 *
 * Engines that are not in the view take no appends, so calls go to those of the view while any of them is online. When an engine
 * leaves the directory, or comes back with no memory of its calls, their clients are told that they are lost
 * (docs/models/reconfiguration.md, "Failures").
 */

import type { Address, Effects, Machine } from "../../sim/machine.ts";
import { firstNumber, join } from "./identifiers.ts";
import { onlineOf } from "./membership.ts";
import type { Birth, BokiMessage, CallId, NodeConfig } from "./messages.ts";
import { isMember, type View } from "./view.ts";
import { openSession, ping, takeZooKeeper, type ZooKeeperSession } from "./zookeeper-session.ts";

/** A call that has no output yet. */
interface OpenCall {
  readonly client: Address;
  readonly request: number;
  /** Which life of which engine carries it out. */
  readonly engine: Address;
  readonly birth: Birth | undefined;
}

export interface GatewayState {
  readonly config: NodeConfig;
  readonly session: ZooKeeperSession;
  view: View | undefined;
  /** Where calls are sent, in turn. */
  engines: Address[];
  calls: Map<CallId, OpenCall>;
  nextCall: number;
  turn: number;
  early: { readonly from: Address; readonly message: Extract<BokiMessage, { kind: "request" }> }[];
}

export const gateway: Machine<NodeConfig, GatewayState, BokiMessage> = {
  start(config, out) {
    const session = openSession({ ...config, role: "gateway", topics: ["node", "view"] }, out);
    // No two lives count from the same: an output for an earlier one belongs to no call of this.
    const nextCall = firstNumber(out.now);
    return { config, session, view: undefined, engines: [], calls: new Map(), nextCall, turn: 0, early: [] };
  },

  receive(state, from, message, out) {
    switch (message.kind) {
      case "zkEvents":
      case "zkCreated":
      case "zkExpired":
        takeZooKeeper(
          state.session,
          message,
          (event) => {
            if (event.topic === "view" && event.phase === "new") state.view = event.view;
          },
          out,
        );
        if (message.kind === "zkEvents") followDirectory(state, out);
        return;
      case "request":
        if (state.engines.length === 0) state.early.push({ from, message });
        else dispatch(state, from, message, out);
        return;
      case "complete": {
        const call = state.calls.get(message.call);
        if (call === undefined) {
          out.count("gateway.unknownCall");
          return;
        }
        state.calls.delete(message.call);
        out.send(call.client, { kind: "reply", request: call.request, output: message.output });
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

function followDirectory(state: GatewayState, out: Effects<BokiMessage>): void {
  const { session, view } = state;
  if (session.directory === undefined) return;
  const { engine, births } = session.directory;
  const online = onlineOf(engine);
  const members = online.filter((id) => view && isMember(view, "engines", id, births[engine[id]!]));
  state.engines = (members.length > 0 ? members : online).map((id) => engine[id]!);
  reportLost(state, out);
  if (state.engines.length === 0) return;
  for (const { from, message } of state.early) dispatch(state, from, message, out);
  state.early = [];
}

/** Tells the clients of calls whose engine is gone. The release leaves them waiting. */
function reportLost(state: GatewayState, out: Effects<BokiMessage>): void {
  if (state.config.defects.noFailureDetection) return;
  const { engine: engines, births } = state.session.directory!;
  for (const [call, { client, request, engine, birth }] of [...state.calls]) {
    if (engines.includes(engine) && births[engine] === birth) continue;
    state.calls.delete(call);
    out.count("gateway.callLost");
    out.send(client, { kind: "reply", request, output: { error: "lost" } });
  }
}

function dispatch(
  state: GatewayState,
  client: Address,
  message: Extract<BokiMessage, { kind: "request" }>,
  out: Effects<BokiMessage>,
): void {
  const { request, logBook, input } = message;
  const call = join(out.self, state.nextCall++);
  const engine = state.engines[state.turn % state.engines.length]!;
  state.turn++;
  const birth = state.session.directory?.births[engine];
  state.calls.set(call, { client, request, engine, birth });
  out.send(engine, { kind: "dispatch", call, logBook, input });
}
