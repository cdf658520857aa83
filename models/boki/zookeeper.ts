/**
 * ZooKeeper, as far as Boki uses it: one totally ordered log of changes that every session reads at its own pace
 * (docs/models/boki.md, "ZooKeeper and the controller"; docs/models/reconfiguration.md, "Sessions").
 *
 * A session is told what is new on the topics it watches, fetches it, and watches again; what happens in between reaches
 * it with the next notification. Changes of the node directory coalesce, because a watcher fetches the directory and not
 * its changes; views, reports and commands are sequential nodes and all arrive, in order. A process that was not heard of for
 * the session timeout is taken out of the directory.
 */

import type { Address, Effects, Machine } from "../../sim/machine.ts";
import type { Nanos } from "../../sim/units.ts";
import type { NodeId } from "./identifiers.ts";
import type { Birth, BokiMessage, Boot, Directory, Role, Topic, ZooKeeperEvent } from "./messages.ts";

export interface ZooKeeperConfig {
  readonly sessionTimeoutNanos: Nanos;
}

interface Session {
  readonly role: Role | undefined;
  readonly id: NodeId;
  readonly topics: readonly Topic[];
  readonly boot: Boot;
  readonly birth: Birth;
  /** Next event of the log this session has not been sent. */
  cursor: number;
  /** The directory version it has been sent. */
  sentVersion: number;
  /** It watches; otherwise it has been told of something and is still fetching it. */
  watching: boolean;
  heardNanos: Nanos;
  /** Requests of this session up to this number have been carried out. */
  request: number;
}

export interface ZooKeeperState {
  readonly config: ZooKeeperConfig;
  /** Views, reports and commands; `directory` stands apart because only its latest contents matter. */
  log: ZooKeeperEvent[];
  /** Names of the nodes that exist once. */
  names: Set<string>;
  directory: Directory;
  sessions: Map<Address, Session>;
  births: number;
  checkDueNanos: Nanos;
}

type ZooKeeperEffects = Effects<BokiMessage>;

const CHECK = "checkSessions";
/** Sessions are looked at this often per timeout, as ZooKeeper expires them in buckets. */
const CHECKS_PER_TIMEOUT = 4;

export const zooKeeper: Machine<ZooKeeperConfig, ZooKeeperState, BokiMessage> = {
  start(config, out) {
    const everyNanos = checkNanos(config);
    out.setTimer(CHECK, everyNanos);
    return {
      config,
      log: [],
      names: new Set(),
      directory: {
        version: 0,
        gateway: [],
        engine: [],
        sequencer: [],
        storage: [],
        births: [],
      },
      sessions: new Map(),
      births: 0,
      checkDueNanos: out.now + everyNanos,
    };
  },

  receive(state, from, message, out) {
    if (message.kind === "zkConnect") {
      connect(state, from, message, out);
      return;
    }
    const session = state.sessions.get(from);
    if (!isFromSession(message)) throw new Error(`ZooKeeper does not take ${message.kind}`);
    if (session === undefined) {
      out.send(from, { kind: "zkExpired", boot: message.boot });
      return;
    }
    // A late word of an earlier boot; or the connection of this one got lost, and it will try again.
    if (message.boot !== session.boot) return;
    session.heardNanos = out.now;
    switch (message.kind) {
      case "zkCreate":
        if (message.request === session.request + 1) {
          session.request = message.request;
          add(state, message.name, message.event, out);
        }
        out.send(from, { kind: "zkCreated", boot: session.boot, request: session.request });
        return;
      case "zkPing":
        // What it has not read got lost, or crosses this ping: from there on again. The session drops what it has.
        session.cursor = message.seen;
        session.sentVersion = message.version;
        session.watching = true;
        notify(state, from, session, out);
        return;
      case "zkFetched":
        session.watching = true;
        notify(state, from, session, out);
        return;
    }
  },

  timeout(state, _timer, out) {
    const { sessionTimeoutNanos } = state.config;
    const everyNanos = checkNanos(state.config);
    // When ZooKeeper itself stood still, nobody's session has run out: it did not listen.
    const stoodStill = out.now > state.checkDueNanos + everyNanos;
    for (const [address, session] of state.sessions) {
      if (stoodStill) session.heardNanos = out.now;
      else if (out.now - session.heardNanos >= sessionTimeoutNanos) expire(state, address, session, out);
    }
    state.checkDueNanos = out.now + everyNanos;
    out.setTimer(CHECK, everyNanos);
  },
};

type FromSession = Extract<BokiMessage, { kind: "zkCreate" | "zkPing" | "zkFetched" }>;

function isFromSession(message: BokiMessage): message is FromSession {
  return message.kind === "zkCreate" || message.kind === "zkPing" || message.kind === "zkFetched";
}

function checkNanos({ sessionTimeoutNanos }: ZooKeeperConfig): Nanos {
  return Math.ceil(sessionTimeoutNanos / CHECKS_PER_TIMEOUT);
}

function connect(
  state: ZooKeeperState,
  from: Address,
  message: Extract<BokiMessage, { kind: "zkConnect" }>,
  out: ZooKeeperEffects,
): void {
  const { role, id, topics, seen, confirmed, boot } = message;
  const known = state.sessions.get(from);
  // One that asks again, because the answer is late, keeps its number. One that has booted anew while its old session lives on
  // takes that session's place, and has another.
  const numbered = known?.boot === boot ? known.birth : undefined;
  const session: Session = {
    role,
    id,
    topics,
    boot,
    birth: message.birth ?? numbered ?? ++state.births,
    cursor: seen,
    sentVersion: -1,
    watching: true,
    heardNanos: out.now,
    request: confirmed,
  };
  state.sessions.set(from, session);
  if (role === undefined) notify(state, from, session, out);
  else register(state, from, session, out);
}

function register(state: ZooKeeperState, address: Address, session: Session, out: ZooKeeperEffects): void {
  const addresses = [...state.directory[session.role!]];
  addresses[session.id] = address;
  const births = [...state.directory.births];
  births[address] = session.birth;
  changeDirectory(state, { [session.role!]: addresses, births }, out);
}

function expire(state: ZooKeeperState, address: Address, session: Session, out: ZooKeeperEffects): void {
  state.sessions.delete(address);
  out.count("zooKeeper.sessionExpired");
  if (session.role === undefined) return;
  const addresses = [...state.directory[session.role]];
  addresses[session.id] = undefined;
  const births = [...state.directory.births];
  births[address] = undefined;
  changeDirectory(state, { [session.role]: addresses, births }, out);
}

function changeDirectory(state: ZooKeeperState, change: Partial<Directory>, out: ZooKeeperEffects): void {
  state.directory = { ...state.directory, ...change, version: state.directory.version + 1 };
  for (const [address, session] of state.sessions) notify(state, address, session, out);
}

function add(
  state: ZooKeeperState,
  name: string | undefined,
  event: ZooKeeperEvent,
  out: ZooKeeperEffects,
): void {
  if (name !== undefined) {
    if (state.names.has(name)) return;
    state.names.add(name);
  }
  state.log.push(event);
  for (const [address, session] of state.sessions) notify(state, address, session, out);
}

/** Tells a session that watches everything new on its topics, if there is anything. */
function notify(state: ZooKeeperState, address: Address, session: Session, out: ZooKeeperEffects): void {
  if (!session.watching) return;
  const events: ZooKeeperEvent[] = [];
  if (session.topics.includes("node") && session.sentVersion < state.directory.version) {
    events.push({ topic: "node", directory: state.directory });
    session.sentVersion = state.directory.version;
  }
  const from = session.cursor;
  for (; session.cursor < state.log.length; session.cursor++) {
    const event = state.log[session.cursor]!;
    if (session.topics.includes(event.topic)) events.push(event);
  }
  if (events.length === 0) {
    session.cursor = from;
    return;
  }
  session.watching = false;
  out.send(address, {
    kind: "zkEvents",
    boot: session.boot,
    birth: session.birth,
    from,
    upTo: session.cursor,
    events,
  });
}
