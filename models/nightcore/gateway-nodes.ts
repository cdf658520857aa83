/**
 * The nodes that a gateway knows, which of them gets the next call, and over which connection (docs/models/nightcore.md, "The
 * gateway").
 *
 * A connection belongs to one I/O thread at each end: connection i of a node to thread i modulo their number. The node that
 * connected first is first in the list.
 */

import type { Address, Effects } from "../../sim/machine.ts";
import type { NightcoreConfig } from "./config.ts";
import type { NightcoreMessage } from "./messages.ts";

export interface GatewayNode {
  readonly engine: Address;
  /** Its number, as its engine says. */
  readonly node: number;
  /** By I/O thread of the gateway: the connections that are open, and which of them is next. */
  readonly connections: number[][];
  readonly turns: number[];
  /** Calls that it was given and has not answered. */
  inFlight: number;
  /** So often its engine has come back before word of the end of its last life, which is still to come and means nothing then. */
  endsOverdue: number;
}

export interface Nodes {
  /** Every node that ever connected. */
  readonly known: GatewayNode[];
  /** Places in `known` of those that get calls, in the order in which they came. */
  readonly listed: number[];
  /** By function: the next in turn. */
  readonly turns: number[];
  /** Engines that are online, as ZooKeeper says; undefined: it is not asked, and whoever has a connection is. */
  readonly online: Set<Address> | undefined;
}

export function noNodes({ membership }: Pick<NightcoreConfig, "membership">): Nodes {
  return { known: [], listed: [], turns: [], online: membership === "zookeeper" ? new Set() : undefined };
}

/** The node's place in `known`; -1: it never connected. */
export function placeOf({ known }: Nodes, engine: Address): number {
  return known.findIndex((each) => each.engine === engine);
}

/** Opens a connection of a node. The place of the node. */
export function connectNode(
  nodes: Nodes,
  { gatewayThreads }: NightcoreConfig,
  engine: Address,
  node: number,
  connection: number,
): number {
  let place = placeOf(nodes, engine);
  if (place < 0) {
    const connections = Array.from({ length: gatewayThreads }, (): number[] => []);
    const turns = new Array<number>(gatewayThreads).fill(0);
    place = nodes.known.push({ engine, node, connections, turns, inFlight: 0, endsOverdue: 0 }) - 1;
  }
  nodes.known[place]!.connections[connection % gatewayThreads]!.push(connection);
  list(nodes, place);
  return place;
}

/** A node gets calls from now on, if it is online. */
export function list({ known, listed, online }: Nodes, place: number): void {
  if (listed.includes(place)) return;
  if (online === undefined || online.has(known[place]!.engine)) listed.push(place);
}

export function isConnected({ connections }: GatewayNode): boolean {
  return connections.some((ofThread) => ofThread.length > 0);
}

export function hasConnection({ connections }: GatewayNode, connection: number): boolean {
  return connections.some((ofThread) => ofThread.includes(connection));
}

/** All connections of a node are gone. It keeps its place in the list until `unlist`. */
export function disconnectNode({ connections, turns }: GatewayNode): void {
  for (const ofThread of connections) ofThread.length = 0;
  turns.fill(0);
}

export function unlist({ listed }: Nodes, place: number): void {
  const at = listed.indexOf(place);
  if (at >= 0) listed.splice(at, 1);
}

/** The place of the node that gets the next call of a function. At least one must be listed. */
export function pickNode(
  { known, listed, turns }: Nodes,
  { balancing }: NightcoreConfig,
  fn: number,
  out: Effects<NightcoreMessage>,
): number {
  switch (balancing) {
    case "random":
      return listed[out.choose(listed.length)]!;
    case "roundRobin": {
      const turn = turns[fn] ?? 0;
      turns[fn] = turn + 1;
      return listed[turn % listed.length]!;
    }
    case "leastLoad": {
      let least = listed[0]!;
      for (const place of listed) {
        if (known[place]!.inFlight < known[least]!.inFlight) least = place;
      }
      return least;
    }
  }
}

/** The next of a thread's connections to a node; undefined: it has none. */
export function nextConnection({ connections, turns }: GatewayNode, thread: number): number | undefined {
  const own = connections[thread]!;
  if (own.length === 0) return undefined;
  const turn = turns[thread]!;
  turns[thread] = turn + 1 < own.length ? turn + 1 : 0;
  return own[turn]!;
}

/** A connection of any thread; the kernel hands a message over to the one that it belongs to. */
export function anyConnection(node: GatewayNode): number | undefined {
  const thread = node.connections.findIndex((ofThread) => ofThread.length > 0);
  return thread < 0 ? undefined : nextConnection(node, thread);
}
