/**
 * Sending: from the end of a step to the event of the message's arrival, and the counts of messages by kind.
 *
 * Hot code, guarded by `npm run bench -- --only phold` and `--only boki`.
 */

import type { EventQueue } from "./event-queue.ts";
import { DELIVER, HAND_OFF, KINDS_MAX, metaOf, typeOf } from "./events.ts";
import type { Fate } from "./faults/link-rules.ts";
import { type Address, CLOSED, type Tagged } from "./machine.ts";
import { connectionOwner, type Link, LOST, type Network, ownerThread } from "./network.ts";
import type { Process } from "./process.ts";
import type { Tracer } from "./trace.ts";
import { type Bytes, type Nanos, toNanos } from "./units.ts";

export interface MessageCount {
  readonly kind: string;
  readonly count: number;
  readonly bytes: Bytes;
}

/** A message on its way to the thread that owns the connection to its receiver. */
export interface HandOff {
  readonly to: Address;
  readonly message: Tagged;
  readonly connection: number;
  /** How often that connection had been reset by then. */
  readonly resets: number;
}

/** What a receiver gets for a message that was altered on its way; see `SimulationOptions.corrupt`. */
export type Corrupt = (message: Tagged, below: (n: number) => number) => Tagged | undefined;

export class Transport {
  /** Messages that found their receiver crashed or restarted, or that a fault swallowed. */
  lostMessages = 0;
  /** Number of the current step: sends of one step share a connection. */
  stepNumber = 0;
  tracer: Tracer | undefined = undefined;

  private readonly queue: EventQueue;
  private readonly network: Network;
  private readonly processes: readonly Process[];
  private readonly incarnations: readonly number[];
  private readonly corrupt: Corrupt;
  private readonly kindIndex = new Map<string, number>();
  private readonly kindNames: string[] = [];
  private readonly counts = new Float64Array(KINDS_MAX);
  private readonly bytes = new Float64Array(KINDS_MAX);
  /** The kind looked up last: runs of one kind are common. */
  private lastKind = "";
  private lastKindIndex = 0;

  constructor(
    queue: EventQueue,
    network: Network,
    processes: readonly Process[],
    incarnations: readonly number[],
    corrupt: Corrupt,
  ) {
    this.queue = queue;
    this.network = network;
    this.processes = processes;
    this.incarnations = incarnations;
    this.corrupt = corrupt;
    this.kindOf("");
  }

  /** The link from a process to an address; an address nobody has is a bug of the machine. */
  linkTo(from: Process, to: Address): Link {
    const target = this.processes[to];
    if (target === undefined) throw new RangeError(`${from.name} sends to address ${to}, which nobody has`);
    return this.network.link(from, target);
  }

  /** Puts a message on the wire at `readyNanos`, sent by `thread`; `named`: the connection, where the sender names one. */
  transmit(
    link: Link,
    from: Process,
    thread: number,
    to: Address,
    message: Tagged,
    named: number,
    nowNanos: Nanos,
    readyNanos: Nanos,
  ): void {
    const kind = message.kind === this.lastKind ? this.lastKindIndex : this.kindOf(message.kind);
    const sizeBytes = from.costs === undefined ? 0 : from.costs.sizeBytes(message);
    this.counts[kind]!++;
    this.bytes[kind]! += sizeBytes;
    const target = this.processes[to]!;
    const network = this.network;
    let connection = 0;
    let arrival: number;
    let fate: Fate | undefined;
    if (network.isPlain(link)) {
      arrival = toNanos(readyNanos + link.sampler(link.stream));
      this.tracer?.link.fill(readyNanos, 0, 2).fill(arrival, 2);
    } else {
      if (network.faulty) fate = network.fateOf(link, from, target);
      const slot = network.slot(link, thread, this.stepNumber, named);
      connection = network.connectionOf(link, thread, slot);
      arrival = network.arrivalNanos(link, slot, from, target, nowNanos, readyNanos, sizeBytes, fate);
    }
    if (arrival === LOST) {
      this.lostMessages++;
      this.tracer?.lost(message.kind, from.address, to, readyNanos);
      return;
    }
    if (fate !== undefined) {
      this.deliverFaulty(link, from, target, connection, readyNanos, arrival, message, fate);
      return;
    }
    const takes = target.costs === undefined ? 0 : receivingThread(link, connection, from, target, message);
    const meta = metaOf(DELIVER, takes, this.incarnations[to]!, kind);
    const event = this.queue.push(arrival, to, from.address, meta, message);
    this.tracer?.sent(event, message, from.address, to, readyNanos, arrival);
  }

  /** Faults act on the message, but it is not lost, or not yet: it may be altered, and there may be more copies of it. */
  private deliverFaulty(
    link: Link,
    from: Process,
    target: Process,
    connection: number,
    readyNanos: Nanos,
    arrivalNanos: Nanos,
    sent: Tagged,
    { corruptedBy, copiesAfterNanos }: Fate,
  ): void {
    const arriving = corruptedBy === undefined ? sent : this.corrupt(sent, (n) => corruptedBy.below(n));
    if (arriving === undefined) {
      this.lostMessages++;
      this.tracer?.lost(sent.kind, from.address, target.address, readyNanos);
      return;
    }
    const takes = target.costs === undefined ? 0 : receivingThread(link, connection, from, target, arriving);
    const kind = this.kindOf(arriving.kind);
    const meta = metaOf(DELIVER, takes, this.incarnations[target.address]!, kind);
    for (const after of [0, ...copiesAfterNanos]) {
      const arrival = toNanos(arrivalNanos + after);
      const event = this.queue.push(arrival, target.address, from.address, meta, arriving);
      this.tracer?.sent(event, arriving, from.address, target.address, readyNanos, arrival);
    }
  }

  /** Gives a message to the thread that owns the connection. */
  handOff(
    link: Link,
    from: Process,
    to: Address,
    message: Tagged,
    connection: number,
    readyNanos: Nanos,
  ): void {
    const owner = connectionOwner(link, connection);
    const meta = metaOf(HAND_OFF, owner, this.incarnations[from.address]!, 0);
    const resets = this.network.resetsOf(from, this.processes[to]!);
    const handOff: HandOff = { to, message, connection, resets };
    const event = this.queue.push(readyNanos, from.address, to, meta, handOff);
    this.tracer?.handedOver(event, message.kind, from.address, readyNanos);
  }

  /** Naming a connection that there is not is a bug of the machine. */
  checkConnection(link: Link, from: Process, to: Address, connection: number): void {
    if (link.pinned && Number.isInteger(connection) && connection >= 0 && connection < link.connections)
      return;
    const there = link.pinned ? `which has ${link.connections}` : "whose connections are not pinned";
    throw new RangeError(
      `${from.name} names connection ${connection} to ${this.processes[to]!.name}, ${there}`,
    );
  }

  /** Whoever watches hears, behind all that the peer has sent, that the connection to it is gone. Returns when, or LOST. */
  close(peer: Process, watcher: Process, nowNanos: Nanos, afterNanos: Nanos): Nanos {
    const { network } = this;
    const link = network.link(peer, watcher);
    const fate = network.faulty ? network.fateOf(link, peer, watcher) : undefined;
    const delay = link.sampler(link.stream) + (fate?.extraNanos ?? 0);
    if (fate?.lost === true) {
      this.lostMessages++;
      return LOST;
    }
    const arrival = Math.max(toNanos(nowNanos + afterNanos + delay), network.behindEverything(link));
    const takes = watcher.costs === undefined ? 0 : receivingThread(link, 0, peer, watcher, CLOSED);
    const meta = metaOf(DELIVER, takes, this.incarnations[watcher.address]!, this.kindOf(CLOSED.kind));
    const event = this.queue.push(arrival, watcher.address, peer.address, meta, CLOSED);
    this.tracer?.link.fill(nowNanos, 0, 2).fill(arrival, 2);
    this.tracer?.sent(event, CLOSED, peer.address, watcher.address, nowNanos, arrival);
    return arrival;
  }

  /** Whether the connection that a message was handed over for has been reset since; it is lost then. */
  isStale(from: Process, { to, resets }: HandOff): boolean {
    if (resets === this.network.resetsOf(from, this.processes[to]!)) return false;
    this.lostMessages++;
    return true;
  }

  /**
   * The connections between processes of one group and of another break: what is under way on them, in both directions, is
   * lost, also what waits in a sender for the thread that owns the connection.
   */
  reset(group: ReadonlySet<Address>, other: ReadonlySet<Address>, nowNanos: Nanos): void {
    const { queue, network } = this;
    const broken = new Set<number>();
    for (const from of this.processes) {
      for (const [to, link] of from.links) {
        const { address } = from;
        const meant = (group.has(address) && other.has(to)) || (other.has(address) && group.has(to));
        if (!meant || !network.reset(link, from, this.processes[to]!)) continue;
        broken.add(address * this.processes.length + to);
      }
    }
    if (broken.size === 0) return;
    const lost: number[] = [];
    queue.forEachInOrder((slot) => {
      if (typeOf(queue.metas[slot]!) !== DELIVER) return;
      // Word of an end comes from the system that has closed the connection: there is nothing left to break.
      if ((queue.payloads[slot] as Tagged).kind === CLOSED.kind) return;
      if (broken.has(queue.sources[slot]! * this.processes.length + queue.targets[slot]!)) lost.push(slot);
    });
    for (const slot of lost) {
      this.tracer?.lostOnTheWay(slot);
      queue.cancel(queue.ticket(slot));
    }
    this.lostMessages += lost.length;
    this.closeBroken(broken, nowNanos);
  }

  /** Both ends of a connection that has been reset hear of it, if they watch. */
  private closeBroken(broken: ReadonlySet<number>, nowNanos: Nanos): void {
    const { processes } = this;
    for (const peer of processes) {
      for (const watching of [...peer.watchers]) {
        const [one, other] = [peer.address, watching];
        if (!broken.has(one * processes.length + other) && !broken.has(other * processes.length + one))
          continue;
        peer.watchers.delete(watching);
        this.close(peer, processes[watching]!, nowNanos, 0);
      }
    }
  }

  /** Messages sent since the end of the warm-up, by kind in the order of first use. */
  messageCounts(): MessageCount[] {
    return this.kindNames
      .map((kind, index) => ({ kind, count: this.counts[index]!, bytes: this.bytes[index]! }))
      .filter(({ count }) => count > 0);
  }

  resetCounts(): void {
    this.counts.fill(0);
    this.bytes.fill(0);
  }

  /** The number of a kind of message, given at its first use. */
  kindOf(name: string): number {
    let index = this.kindIndex.get(name);
    if (index === undefined) {
      index = this.kindNames.length;
      if (index === KINDS_MAX) throw new RangeError(`more than ${KINDS_MAX} kinds of messages`);
      this.kindIndex.set(name, index);
      this.kindNames.push(name);
    }
    this.lastKind = name;
    this.lastKindIndex = index;
    return index;
  }

  save(): object {
    const { lostMessages, stepNumber } = this;
    const kinds = this.kindNames.map((name, index) => [name, this.counts[index]!, this.bytes[index]!]);
    return { kinds, numbers: { lostMessages, stepNumber } };
  }

  restore(saved: object): void {
    const { kinds, numbers } = saved as { kinds: [string, number, number][]; numbers: object };
    Object.assign(this, numbers);
    this.kindIndex.clear();
    this.kindNames.length = 0;
    for (const [name, count, bytes] of kinds) {
      const index = this.kindOf(name);
      this.counts[index] = count;
      this.bytes[index] = bytes;
    }
  }
}

/** Receivers deal incoming connections to the threads of a pool in turn; a pinned one belongs to its owner for good. */
function receivingThread(
  link: Link,
  connection: number,
  from: Process,
  target: Process,
  message: Tagged,
): number {
  const pool = target.costs!.pool?.(message, undefined) ?? 0;
  const size = target.poolStations[pool]!;
  if (size === 1) return target.poolStart[pool]!;
  let turn = from.address + connection;
  if (link.pinned) turn = link.connections === 1 ? ownerThread(target, from) : connection + link.shift;
  return target.poolStart[pool]! + (turn % size);
}
