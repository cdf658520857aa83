/**
 * The operator: the person, or the script, who starts the log once every node has come online, by writing the `start`
 * command into ZooKeeper.
 */

import type { Address, Machine } from "../../sim/machine.ts";
import { onlineOf } from "./controller.ts";
import type { BokiMessage } from "./messages.ts";

export interface OperatorConfig {
  readonly zooKeeper: Address;
  readonly engines: number;
  readonly storages: number;
  readonly sequencers: number;
}

export interface OperatorState {
  readonly config: OperatorConfig;
  started: boolean;
}

export const operator: Machine<OperatorConfig, OperatorState, BokiMessage> = {
  start(config, out) {
    out.send(config.zooKeeper, { kind: "zkConnect", role: undefined, id: 0, topics: ["node"] });
    return { config, started: false };
  },

  receive(state, _from, message, out) {
    if (message.kind !== "zkEvents") throw new Error(`the operator does not take ${message.kind}`);
    const { zooKeeper, engines, storages, sequencers } = state.config;
    for (const event of message.events) {
      if (event.topic !== "node" || state.started) continue;
      const { directory } = event;
      if (
        onlineOf(directory.engine).length >= engines &&
        onlineOf(directory.storage).length >= storages &&
        onlineOf(directory.sequencer).length >= sequencers
      ) {
        state.started = true;
        out.send(zooKeeper, { kind: "zkCreate", event: { topic: "command", command: "start" } });
      }
    }
    out.send(zooKeeper, { kind: "zkFetched" });
  },

  timeout() {},
};
