/**
 * A process's session with ZooKeeper, as its client library keeps it (docs/models/reconfiguration.md, "Sessions").
 *
 * The session reads ZooKeeper's log in order, keeps itself alive, and carries out what the process wants created, once and in
 * order, whatever gets lost on the way: a ping says how far the session has read, and requests that nobody confirmed go again
 * with it. A session that was not heard of for too long expires, and its process connects anew, with the same memory.
 */

import type { Address, Effects } from "../../sim/machine.ts";
import type { Nanos } from "../../sim/units.ts";
import type { NodeId } from "./identifiers.ts";
import type { Birth, BokiMessage, Boot, Directory, Role, Topic, ZooKeeperEvent } from "./messages.ts";

export interface ZooKeeperSession {
  readonly zooKeeper: Address;
  readonly role: Role | undefined;
  readonly id: NodeId;
  readonly topics: readonly Topic[];
  readonly pingNanos: Nanos;
  /** What ZooKeeper sends to an earlier boot of this process, and may still be on its way, is none of this one's business. */
  readonly boot: Boot;
  /** Which life of the process this is; undefined until ZooKeeper has answered for the first time. */
  birth: Birth | undefined;
  /** The place in ZooKeeper's log before which everything has been read. */
  seen: number;
  directory: Directory | undefined;
  requests: number;
  /** Requests without a confirmation, in order. */
  open: Extract<BokiMessage, { kind: "zkCreate" }>[];
}

export type ZooKeeperEffects = Effects<BokiMessage>;

/** The session's timer in every process that has one. */
export const PING = "zkPing";

/** A client pings three times per session timeout, as ZooKeeper's does. */
const PINGS_PER_TIMEOUT = 3;

export interface SessionOptions {
  readonly zooKeeper: Address;
  readonly sessionTimeoutNanos: Nanos;
  readonly role: Role | undefined;
  readonly id: NodeId;
  readonly topics: readonly Topic[];
}

export function openSession(options: SessionOptions, out: ZooKeeperEffects): ZooKeeperSession {
  const { zooKeeper, role, id, topics, sessionTimeoutNanos } = options;
  const session: ZooKeeperSession = {
    zooKeeper,
    role,
    id,
    topics,
    boot: out.now,
    pingNanos: Math.ceil(sessionTimeoutNanos / PINGS_PER_TIMEOUT),
    birth: undefined,
    seen: 0,
    directory: undefined,
    requests: 0,
    open: [],
  };
  connect(session, out);
  out.setTimer(PING, session.pingNanos);
  return session;
}

function connect(session: ZooKeeperSession, out: ZooKeeperEffects): void {
  const { role, id, topics, birth, seen, boot } = session;
  const confirmed = session.requests - session.open.length;
  out.send(session.zooKeeper, { kind: "zkConnect", boot, role, id, topics, birth, seen, confirmed });
}

/** Has ZooKeeper add something to its log. `name`: at most once, whoever asks. */
export function create(
  session: ZooKeeperSession,
  event: ZooKeeperEvent,
  name: string | undefined,
  out: ZooKeeperEffects,
): void {
  const request = { kind: "zkCreate", boot: session.boot, request: ++session.requests, name, event } as const;
  session.open.push(request);
  out.send(session.zooKeeper, request);
}

/** Takes in what ZooKeeper sends; `handle` is called for each new event, in order, with the directory up to date. */
export function takeZooKeeper(
  session: ZooKeeperSession,
  message: Extract<BokiMessage, { kind: "zkEvents" | "zkCreated" | "zkExpired" }>,
  handle: (event: ZooKeeperEvent) => void,
  out: ZooKeeperEffects,
): void {
  if (message.boot !== session.boot) return;
  switch (message.kind) {
    case "zkExpired":
      connect(session, out);
      for (const request of session.open) out.send(session.zooKeeper, request);
      return;
    case "zkCreated":
      session.open = session.open.filter(({ request }) => request > message.request);
      return;
    case "zkEvents": {
      session.birth ??= message.birth;
      const fresh = message.from === session.seen;
      // What was sent again although it had arrived, or follows something that is lost, is left to the next ping.
      if (fresh) session.seen = message.upTo;
      out.send(session.zooKeeper, { kind: "zkFetched", boot: session.boot });
      for (const event of message.events) {
        if (event.topic === "node") {
          if (event.directory.version <= (session.directory?.version ?? -1)) continue;
          session.directory = event.directory;
        } else if (!fresh) {
          continue;
        }
        handle(event);
      }
      return;
    }
  }
}

/** The session's timer has expired. */
export function ping(session: ZooKeeperSession, out: ZooKeeperEffects): void {
  const { zooKeeper, seen, directory, birth, boot } = session;
  if (birth === undefined) connect(session, out);
  else out.send(zooKeeper, { kind: "zkPing", boot, seen, version: directory?.version ?? -1 });
  for (const request of session.open) out.send(zooKeeper, request);
  out.setTimer(PING, session.pingNanos);
}
