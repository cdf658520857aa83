/**
 * ZooKeeper, as far as Boki uses it: one totally ordered log of changes that every session reads at its own pace
 * (docs/models/boki.md, "ZooKeeper and the controller").
 *
 * A session is told what is new on the topics it watches, fetches it, and watches again; what happens in between reaches
 * it with the next notification. Changes of the node directory coalesce, because a watcher fetches the directory and not
 * its changes; views and commands are sequential nodes and all arrive, in order.
 */

import type { Address, Effects, Machine } from "../../sim/machine.ts";
import type { BokiMessage, Directory, Topic, ZooKeeperEvent } from "./messages.ts";

interface Session {
  readonly topics: readonly Topic[];
  /** Next event of the log this session has not been sent. */
  cursor: number;
  /** The directory version it has been sent. */
  seenVersion: number;
}

export interface ZooKeeperState {
  /** Views and commands; `directory` stands apart because only its latest contents matter. */
  log: ZooKeeperEvent[];
  directory: Directory;
  sessions: Map<Address, Session>;
  /** Sessions that watch; the others have been told of something and are still fetching it. */
  watching: Set<Address>;
}

export const zooKeeper: Machine<undefined, ZooKeeperState, BokiMessage> = {
  start: () => ({
    log: [],
    directory: { version: 0, gateway: [], engine: [], sequencer: [], storage: [] },
    sessions: new Map(),
    watching: new Set(),
  }),

  receive(state, from, message, out) {
    switch (message.kind) {
      case "zkConnect":
        state.sessions.set(from, { topics: message.topics, cursor: 0, seenVersion: 0 });
        state.watching.add(from);
        if (message.role !== undefined) {
          const addresses = [...state.directory[message.role]];
          addresses[message.id] = from;
          const version = state.directory.version + 1;
          state.directory = { ...state.directory, version, [message.role]: addresses };
          for (const address of [...state.watching]) notify(state, address, out);
        } else {
          notify(state, from, out);
        }
        return;
      case "zkCreate":
        state.log.push(message.event);
        for (const address of [...state.watching]) notify(state, address, out);
        return;
      case "zkFetched":
        state.watching.add(from);
        notify(state, from, out);
        return;
      default:
        throw new Error(`ZooKeeper does not take ${message.kind}`);
    }
  },

  timeout() {},
};

/** Tells a session that watches everything new on its topics, if there is anything. */
function notify(state: ZooKeeperState, address: Address, out: Effects<BokiMessage>): void {
  const session = state.sessions.get(address)!;
  const events: ZooKeeperEvent[] = [];
  if (session.topics.includes("node") && session.seenVersion < state.directory.version) {
    events.push({ topic: "node", directory: state.directory });
    session.seenVersion = state.directory.version;
  }
  for (; session.cursor < state.log.length; session.cursor++) {
    const event = state.log[session.cursor]!;
    if (session.topics.includes(event.topic)) events.push(event);
  }
  if (events.length === 0) return;
  state.watching.delete(address);
  out.send(address, { kind: "zkEvents", events });
}
