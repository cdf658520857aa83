/**
 * The network: what happens to a message between the end of the step that sent it and its arrival
 * (docs/kernel.md, "The network").
 *
 * Hot code, guarded by `npm run bench -- --only phold` and `--only boki`. A message draws its delay when it is sent, so it
 * costs one event. Order is kept only within a connection: a pair of processes has several, and consecutive steps of a
 * thread use them in turn, as an event loop does that writes what one iteration produced to the next connection of its
 * pool (docs/models/boki.md, "Transport").
 */

import type { Distribution } from "./distribution.ts";
import type { LinkRule } from "./faults/fault.ts";
import { type Coverage, type Fate, LinkRules } from "./faults/link-rules.ts";
import type { Address } from "./machine.ts";
import type { Nic } from "./nic.ts";
import { type RandomStream, streamFor } from "./random.ts";
import { compile, type Sampler } from "./sampling.ts";
import type { Bytes, Nanos } from "./units.ts";
import { toNanos } from "./units.ts";

/** How two processes are connected. */
export interface LinkProfile {
  readonly name: string;
  /** One-way delay in nanoseconds, without serialisation and without the CPU time of either end. */
  readonly latency: Distribution;
  /**
   * Connections per sending thread; messages of one step share one, and only messages on one connection keep their order.
   * 0: every message travels alone (datagrams) and may overtake any other; those of one sender go to the same thread.
   */
  readonly connections: number;
  /**
   * Connections belong to one thread at each end, and a step of another thread that wants to send hands the message to the
   * owner first. With one connection the pair's threads follow from their addresses; of several the sender names one, and
   * connection c belongs to thread c modulo the number of I/O threads, at either end. At an end whose first pool is shared
   * they belong to the pool, and nothing is handed over.
   */
  readonly pinned?: boolean;
  /** Of pinned connections: any thread of the sender writes them itself, only reading belongs to the owner. */
  readonly sharedWrites?: boolean;
  /**
   * Of several pinned connections: connection c belongs to thread c + `shift` modulo their number, so that the first
   * connections of many peers do not all meet on one thread. The same in both directions. Default: 0.
   */
  readonly shift?: number;
  /** The message does not pass the network interfaces of the hosts: pipes and loopback. */
  readonly local?: boolean;
  /** After this long a process knows that a peer's host has lost power; undefined: it never learns. */
  readonly keepAliveNanos?: Nanos;
}

/** One direction between two processes; or of a process that sends datagrams, to everyone. */
export interface Link {
  readonly sampler: Sampler;
  readonly stream: RandomStream;
  readonly connections: number;
  readonly pinned: boolean;
  /** Whether a step of another thread than the owner hands over what it sends. */
  readonly handsOver: boolean;
  readonly local: boolean;
  /** Thread of the sender that owns the only pinned connection. */
  readonly owner: number;
  /** Of several pinned connections: the threads of the sender that own them in turn. */
  readonly owners: number;
  readonly shift: number;
  readonly keepAliveNanos: Nanos | undefined;
  /**
   * Per sending thread, side by side: the last step that sent something, the connection it used, and for each connection
   * the latest arrival, which nothing later on it may overtake. Empty for datagrams, which keep no order.
   */
  readonly lanes: number[];
}

/** Where a thread's part of `lanes` holds what; behind these its connections. */
const STEP = 0;
const CONNECTION = 1;
const ARRIVALS = 2;

/** In the place of a slot of `lanes`: the message keeps no order. */
const NO_SLOT = -1;

/** What the network has to know of a process. */
export interface Endpoint {
  readonly address: Address;
  readonly name: string;
  /** Threads that share the process's connections among them: those of the first pool. */
  readonly ioThreadCount: number;
  /** Whether the first pool is shared: connections then belong to none of its threads. */
  readonly sharedIo: boolean;
  /** All threads. Those of other pools open connections of their own when they send. */
  readonly threadCount: number;
  readonly nic: Nic;
  readonly links: Map<Address, Link>;
  /** Set for a process that sends datagrams. */
  readonly datagrams: Link | undefined;
}

/** Decides how two processes are connected; asked once per pair, at its first message. */
export type Routing = (from: Endpoint, to: Endpoint) => LinkProfile;

/** Returned for a message that will not arrive. */
export const LOST = -1;

export class Network {
  private readonly seed: string;
  private readonly routing: Routing;
  private readonly rules: LinkRules;
  /** Whether any rule of a fault is in force, and whether any host has a limited line: where not, nobody is asked. */
  faulty = false;
  /** Where a tracer wants to know when a message passes what lies on its way (`Tracer.link`). */
  moments: Float64Array | undefined = undefined;
  private limited = false;
  /** How often the connections from one process to another were reset; no entry: never. */
  private readonly resets = new Map<string, number>();

  constructor(seed: string, routing: Routing) {
    this.seed = seed;
    this.routing = routing;
    this.rules = new LinkRules(seed);
  }

  link(from: Endpoint, to: Endpoint): Link {
    if (from.datagrams !== undefined) return from.datagrams;
    const known = from.links.get(to.address);
    if (known !== undefined) return known;
    const profile = this.routing(from, to);
    const stream = streamFor(this.seed, `link ${pairName(from, to)}`);
    // Both ends of a pinned connection derive the same owner from the pair, whoever speaks first.
    const link = createLink(profile, stream, from, ownerThread(from, to));
    from.links.set(to.address, link);
    return link;
  }

  /** A host of the network has a line of limited rate. */
  limitLines(): void {
    this.limited = true;
  }

  /** Sets or lifts (`undefined`) what is wrong with one direction between two processes, beside what other rules do. */
  setFault(from: Endpoint, to: Endpoint, rule: LinkRule | undefined): void {
    const name = pairName(from, to);
    this.removeRule(name);
    if (rule === undefined) return;
    this.addRule(name, "fault", { from: [from.address], to: [to.address], local: true }, rule);
  }

  /**
   * From now on a rule acts on the messages it covers, when they are sent. `streams`: what the names of the random streams
   * it draws from begin with.
   */
  addRule(name: string, streams: string, coverage: Coverage, rule: LinkRule): void {
    this.rules.add(name, streams, coverage, rule);
    this.faulty = true;
  }

  removeRule(name: string): void {
    this.rules.remove(name);
    this.faulty = this.rules.count > 0;
  }

  /**
   * The connections of a link break, and new ones owe no order to what was on the old ones. False: there is none that could
   * break, as with pipes, datagrams and what a process sends to itself.
   */
  reset(link: Link, from: Endpoint, to: Endpoint): boolean {
    if (link.connections === 0 || link.local || from.address === to.address) return false;
    this.resets.set(pairName(from, to), this.resetsOf(from, to) + 1);
    forgetArrivals(link);
    return true;
  }

  /** How often the connections from one process to another were reset. */
  resetsOf(from: Endpoint, to: Endpoint): number {
    return this.resets.size === 0 ? 0 : (this.resets.get(pairName(from, to)) ?? 0);
  }

  /** A process has crashed: its connections are gone, and what is sent on new ones owes no order to what was on them. */
  disconnect(endpoint: Endpoint, endpoints: readonly Endpoint[]): void {
    for (const link of endpoint.links.values()) forgetArrivals(link);
    for (const other of endpoints) {
      const link = other.links.get(endpoint.address);
      if (link !== undefined) forgetArrivals(link);
    }
  }

  /** Whether nothing happens to a message on this link but its delay. */
  isPlain(link: Link): boolean {
    return link.connections === 0 && !this.faulty && (link.local || !this.limited);
  }

  /**
   * Where in `lanes` the connection that a message of this step uses keeps its latest arrival. Messages of one step share a
   * connection; the next step of the thread takes the next.
   */
  slot(link: Link, thread: number, step: number, connection: number): number {
    const { connections, lanes } = link;
    if (connections === 0) return NO_SLOT;
    if (link.pinned) return ARRIVALS + connection;
    const at = thread * (ARRIVALS + connections);
    if (lanes[at + STEP] !== step) {
      lanes[at + STEP] = step;
      const next = lanes[at + CONNECTION]! + 1;
      lanes[at + CONNECTION] = next === connections ? 0 : next;
    }
    return at + ARRIVALS + lanes[at + CONNECTION]!;
  }

  /** The connection of a slot, numbered within the link: those of its first thread, then of the next. */
  connectionOf(link: Link, thread: number, slot: number): number {
    return slot === NO_SLOT ? 0 : slot - ARRIVALS * (link.pinned ? 1 : thread + 1);
  }

  /** When what follows everything that is under way on a link may arrive at the earliest. */
  behindEverything({ lanes, connections }: Link): Nanos {
    let latest: Nanos = 0;
    for (let at = 0; at < lanes.length; at += ARRIVALS + connections) {
      for (let i = 0; i < connections; i++) latest = Math.max(latest, lanes[at + ARRIVALS + i]!);
    }
    return latest;
  }

  /** Nothing that is sent from now on arrives earlier, on any connection of the link. */
  holdBack({ lanes, connections }: Link, untilNanos: Nanos): void {
    for (let at = 0; at < lanes.length; at += ARRIVALS + connections) {
      for (let i = 0; i < connections; i++) {
        const last = at + ARRIVALS + i;
        lanes[last] = Math.max(lanes[last]!, untilNanos);
      }
    }
  }

  /** What the faults in force do to the next message; to be asked once a message, and only where `faulty`. */
  fateOf(link: Link, from: Endpoint, to: Endpoint): Fate | undefined {
    return this.rules.fateOf(link, from, to);
  }

  /**
   * When a message that is ready at `readyNanos` arrives, or LOST. The delay is drawn and the sender's line used even if
   * the message is lost, so that a fault does not shift what later messages draw.
   */
  arrivalNanos(
    link: Link,
    slot: number,
    from: Endpoint,
    to: Endpoint,
    nowNanos: Nanos,
    readyNanos: Nanos,
    sizeBytes: Bytes,
    fate: Fate | undefined,
  ): Nanos {
    const remote = this.limited && !link.local;
    const { moments } = this;
    let arrival: number = readyNanos;
    let outNanos = 0;
    if (remote && from.nic.out.nanosPerByte > 0) {
      outNanos = sizeBytes * from.nic.out.nanosPerByte * (fate === undefined ? 1 : fate.slowdown);
      arrival = from.nic.out.book(nowNanos, readyNanos, outNanos);
    }
    if (moments !== undefined) {
      moments[0] = arrival - outNanos;
      moments[1] = arrival;
    }
    arrival += link.sampler(link.stream);
    if (moments !== undefined) moments[2] = arrival;
    if (fate !== undefined) {
      if (fate.lost) return LOST;
      arrival += fate.extraNanos;
    }
    if (moments !== undefined) moments[3] = arrival;
    if (remote && to.nic.in.nanosPerByte > 0) {
      // It comes in as it goes out, bit by bit: on an idle line the last one arrives when it would have anyway.
      const lineNanos = sizeBytes * to.nic.in.nanosPerByte;
      arrival = to.nic.in.book(nowNanos, Math.max(nowNanos, arrival - lineNanos), lineNanos);
    }
    if (moments !== undefined) moments[4] = arrival;
    arrival = toNanos(arrival);
    if (slot !== NO_SLOT && fate?.reorder !== true) {
      const last = link.lanes[slot]!;
      if (arrival < last) return last;
      link.lanes[slot] = arrival;
    }
    return arrival;
  }

  save(endpoints: readonly Endpoint[]): object {
    return {
      rules: this.rules.save(),
      resets: [...this.resets],
      endpoints: endpoints.map(({ links, datagrams }) => ({
        links: [...links].map(([to, link]) => ({
          to,
          stream: link.stream.save(),
          lanes: [...link.lanes],
        })),
        datagrams: datagrams?.stream.save(),
      })),
    };
  }

  restore(saved: object, endpoints: readonly Endpoint[]): void {
    const state = saved as {
      rules: object;
      resets: [string, number][];
      endpoints: {
        links: { to: Address; stream: never; lanes: number[] }[];
        datagrams: never;
      }[];
    };
    this.rules.restore(state.rules);
    this.faulty = this.rules.count > 0;
    this.resets.clear();
    for (const [name, count] of state.resets) this.resets.set(name, count);
    state.endpoints.forEach((kept, index) => {
      const endpoint = endpoints[index]!;
      endpoint.links.clear();
      for (const each of kept.links) {
        const link = this.link(endpoint, endpoints[each.to]!);
        link.stream.restore(each.stream);
        link.lanes.splice(0, link.lanes.length, ...each.lanes);
      }
      endpoint.datagrams?.stream.restore(kept.datagrams);
    });
  }
}

export function createLink(
  profile: LinkProfile,
  stream: RandomStream,
  { threadCount, ioThreadCount, sharedIo }: Pick<Endpoint, "threadCount" | "ioThreadCount" | "sharedIo">,
  owner: number,
): Link {
  const { pinned = false, local = false, sharedWrites = false, shift = 0, keepAliveNanos } = profile;
  const handsOver = pinned && !sharedWrites && !sharedIo;
  const connections = pinned ? Math.max(1, profile.connections) : profile.connections;
  const lanesOf = pinned ? 1 : threadCount;
  const lanes = new Array<number>(connections === 0 ? 0 : lanesOf * (ARRIVALS + connections)).fill(0);
  return {
    connections,
    pinned,
    handsOver,
    local,
    owner,
    owners: ioThreadCount,
    shift,
    keepAliveNanos,
    sampler: compile(profile.latency),
    stream,
    lanes,
  };
}

/** The sender's thread that owns a connection of a pinned link. */
export function connectionOwner(link: Link, connection: number): number {
  return link.connections === 1 ? link.owner : (connection + link.shift) % link.owners;
}

function forgetArrivals({ lanes, connections }: Link): void {
  for (let at = 0; at < lanes.length; at += ARRIVALS + connections) {
    lanes.fill(0, at + ARRIVALS, at + ARRIVALS + connections);
  }
}

/** The thread of `of` that owns its pinned connection to `peer`: connections are dealt to threads in turn. */
export function ownerThread(of: Endpoint, peer: Endpoint): number {
  return peer.address % of.ioThreadCount;
}

function pairName(from: Endpoint, to: Endpoint): string {
  return `${from.name}>${to.name}`;
}
