/**
 * The operator: the person, or the script, who starts the log once every node has come online, by writing the `start`
 * command into ZooKeeper, and who has it reconfigured at set times.
 */

import type { Address, Machine } from "../../sim/machine.ts";
import type { Nanos } from "../../sim/units.ts";
import type { NodeId } from "./identifiers.ts";
import { onlineOf } from "./membership.ts";
import type { BokiMessage } from "./messages.ts";
import {
  create,
  openSession,
  PING,
  ping,
  takeZooKeeper,
  type ZooKeeperSession,
} from "./zookeeper-session.ts";

/** An order to move on to a new view. */
export interface Reconfiguration {
  /** Virtual time, the start-up included. */
  readonly atNanos: Nanos;
  /** The sequencers of the next view, in order; undefined: the current ones, shuffled. */
  readonly sequencers?: readonly NodeId[];
}

export interface OperatorConfig {
  readonly zooKeeper: Address;
  readonly sessionTimeoutNanos: Nanos;
  readonly engines: number;
  readonly storages: number;
  readonly sequencers: number;
  readonly reconfigurations: readonly Reconfiguration[];
}

export interface OperatorState {
  readonly config: OperatorConfig;
  readonly session: ZooKeeperSession;
  started: boolean;
}

export const operator: Machine<OperatorConfig, OperatorState, BokiMessage> = {
  start(config, out) {
    config.reconfigurations.forEach(({ atNanos }, i) => {
      if (atNanos >= out.now) out.setTimer(i, atNanos - out.now);
    });
    const session = openSession({ ...config, role: undefined, id: 0, topics: ["node"] }, out);
    return { config, session, started: false };
  },

  receive(state, _from, message, out) {
    switch (message.kind) {
      case "zkEvents":
      case "zkCreated":
      case "zkExpired":
        takeZooKeeper(state.session, message, () => {}, out);
        break;
      default:
        throw new Error(`the operator does not take ${message.kind}`);
    }
    const { directory } = state.session;
    if (state.started || directory === undefined) return;
    const { engines, storages, sequencers } = state.config;
    if (
      onlineOf(directory.engine).length >= engines &&
      onlineOf(directory.storage).length >= storages &&
      onlineOf(directory.sequencer).length >= sequencers
    ) {
      state.started = true;
      create(state.session, { topic: "command", command: "start" }, "start", out);
    }
  },

  timeout(state, timer, out) {
    if (timer === PING) {
      ping(state.session, out);
      return;
    }
    const { sequencers } = state.config.reconfigurations[Number(timer)]!;
    create(
      state.session,
      { topic: "command", command: "reconfigure", sequencers },
      `reconfigure ${timer}`,
      out,
    );
  },
};
