/**
 * Kept connections to one peer, of which each carries one request at a time: what a web server has to its upstreams, and a
 * client library to its store. A request that finds none free waits for one, first in, first out.
 *
 * A connection that breaks breaks with all others to the peer. Whoever has them fails what was under way, and opens them again
 * after a pause; what waits, waits for that.
 */

import type { Address } from "../../sim/machine.ts";
import { emptyFifo, type Fifo, push, take } from "./fifo.ts";

export interface Connections {
  readonly peer: Address;
  readonly count: number;
  open: boolean;
  /** Numbers of connections on the link; the last one is taken next, so that as few as possible are in use. */
  readonly free: number[];
  /** Exchanges that wait for one; some of them may have ended meanwhile. */
  readonly waiting: Fifo<number>;
}

/** In the place of a connection's number: none yet. */
export const NO_CONNECTION = -1;

export function openConnections(peer: Address, count: number): Connections {
  const connections = { peer, count, open: true, free: [], waiting: emptyFifo<number>() };
  freeAll(connections);
  return connections;
}

/** A free connection for an exchange; NO_CONNECTION: the exchange waits for one. */
export function occupy({ open, free, waiting }: Connections, exchange: number): number {
  const connection = open ? free.pop() : undefined;
  if (connection !== undefined) return connection;
  push(waiting, exchange);
  return NO_CONNECTION;
}

/** A connection is free. The exchange that has it now, of those that `isWaiting` still knows; undefined: nobody waits. */
export function release(
  { free, waiting }: Connections,
  connection: number,
  isWaiting: (exchange: number) => boolean,
): number | undefined {
  for (let next = take(waiting); next !== undefined; next = take(waiting)) {
    if (isWaiting(next)) return next;
  }
  free.push(connection);
  return undefined;
}

export function breakConnections(connections: Connections): void {
  connections.open = false;
  connections.free.length = 0;
}

/** All are open and free; whoever opens them then gives them to those who wait. */
export function reopen(connections: Connections): void {
  connections.open = true;
  freeAll(connections);
}

function freeAll({ free, count }: Pick<Connections, "free" | "count">): void {
  for (let connection = count - 1; connection >= 0; connection--) free.push(connection);
}
