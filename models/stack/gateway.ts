/**
 * The gateway of the stack: Nightcore's, which ZooKeeper tells which engines there are (docs/models/stack.md, "The runtime's copy").
 *
 * An engine that is not in the view takes no appends, so calls go to those of the view while any of them is online. As long as
 * ZooKeeper has told of none, calls wait.
 */

import type { Address, Machine } from "../../sim/machine.ts";
import { onlineOf } from "../boki/membership.ts";
import { isMember, type View } from "../boki/view.ts";
import {
  openSession,
  PING,
  ping,
  takeZooKeeper,
  type ZooKeeperEffects,
  type ZooKeeperSession,
} from "../boki/zookeeper-session.ts";
import {
  CALL_TIMEOUT,
  followMembership,
  type GatewayConfig,
  type GatewayEffects,
  type GatewayState,
  gateway,
} from "../nightcore/gateway.ts";
import type { StackMessage } from "./messages.ts";

export interface StackGatewayConfig {
  readonly runtime: GatewayConfig;
  readonly zooKeeper: Address;
  readonly sessionTimeoutNanos: number;
}

export interface StackGatewayState {
  readonly runtime: GatewayState;
  readonly session: ZooKeeperSession;
  /** The newest view; undefined: there was none. */
  view: View | undefined;
}

export const stackGateway: Machine<StackGatewayConfig, StackGatewayState, StackMessage> = {
  start({ runtime, zooKeeper, sessionTimeoutNanos }, out) {
    const session = {
      zooKeeper,
      sessionTimeoutNanos,
      role: "gateway",
      id: 0,
      topics: ["node", "view"],
    } as const;
    return {
      runtime: gateway.start(runtime, out as GatewayEffects),
      session: openSession(session, out as ZooKeeperEffects),
      view: undefined,
    };
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
          out as ZooKeeperEffects,
        );
        followMembership(state.runtime, enginesOf(state), out as GatewayEffects);
        return;
      default:
        gateway.receive(state.runtime, from, message as never, out as GatewayEffects);
    }
  },

  timeout(state, timer, out) {
    if (timer === PING) ping(state.session, out as ZooKeeperEffects);
    else gateway.timeout(state.runtime, CALL_TIMEOUT, out as GatewayEffects);
  },
};

/** The engines that get calls. */
function enginesOf({ session, view }: StackGatewayState): ReadonlySet<Address> {
  const { engine: engines = [], births = [] } = session.directory ?? {};
  const online = onlineOf(engines);
  const members = online.filter((id) => view && isMember(view, "engines", id, births[engines[id]!]));
  return new Set((members.length > 0 ? members : online).map((id) => engines[id]!));
}
