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
   * The pair has one connection, which belongs to one thread at each end. A step of another thread that wants to send
   * hands the message to the owner first.
   */
  readonly pinned?: boolean;
  /** The message does not pass the network interfaces of the hosts: pipes and loopback. */
  readonly local?: boolean;
}

/** What a fault does to one direction of a link; see `Network.setFault`. */
export interface LinkFault {
  /** Nothing gets through (partition). */
  readonly blocked?: boolean;
  readonly lossShare?: number;
  /** A second copy follows, later by one more draw of the link's delay, and keeps no order. */
  readonly duplicateShare?: number;
  /** Added to the delay of each message. */
  readonly extraLatency?: Distribution;
  /** Ignores the order within connections while it lasts. */
  readonly reorder?: boolean;
  /** Divides the bandwidth of the sending interface for this link. */
  readonly slowdown?: number;
}

/** The fault of a pair of processes. Its stream goes on when the fault is lifted and comes back. */
interface Fault {
  rule: LinkFault | undefined;
  readonly stream: RandomStream;
  extra: Sampler | undefined;
}

/** One direction between two processes; or of a process that sends datagrams, to everyone. */
export interface Link {
  readonly sampler: Sampler;
  readonly stream: RandomStream;
  readonly connections: number;
  readonly pinned: boolean;
  readonly local: boolean;
  /** Thread of the sender that owns a pinned connection. */
  readonly owner: number;
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
  private readonly faults = new Map<string, Fault>();
  private readonly samplers = new Map<Distribution, Sampler>();
  /** Whether any pair has a fault, and whether any host a limited line: where there is none, nobody is asked. */
  private faulty = false;
  private limited = false;

  constructor(seed: string, routing: Routing) {
    this.seed = seed;
    this.routing = routing;
  }

  link(from: Endpoint, to: Endpoint): Link {
    if (from.datagrams !== undefined) return from.datagrams;
    const known = from.links.get(to.address);
    if (known !== undefined) return known;
    const profile = this.routing(from, to);
    let sampler = this.samplers.get(profile.latency);
    if (sampler === undefined) {
      sampler = compile(profile.latency);
      this.samplers.set(profile.latency, sampler);
    }
    const stream = streamFor(this.seed, `link ${pairName(from, to)}`);
    // Both ends of a pinned connection derive the same owner from the pair, whoever speaks first.
    const link = createLink(profile, sampler, stream, ownerThread(from, to), from.threadCount);
    from.links.set(to.address, link);
    return link;
  }

  /** A host of the network has a line of limited rate. */
  limitLines(): void {
    this.limited = true;
  }

  /** Sets or lifts (`undefined`) what is wrong with one direction between two processes. */
  setFault(from: Endpoint, to: Endpoint, rule: LinkFault | undefined): void {
    const name = pairName(from, to);
    let fault = this.faults.get(name);
    if (fault === undefined) {
      if (rule === undefined) return;
      fault = { rule, stream: streamFor(this.seed, `fault ${name}`), extra: undefined };
      this.faults.set(name, fault);
    }
    fault.rule = rule;
    fault.extra = rule?.extraLatency && compile(rule.extraLatency);
    this.faulty = [...this.faults.values()].some((each) => each.rule !== undefined);
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
  slot(link: Link, thread: number, step: number): number {
    const { connections, lanes } = link;
    if (connections === 0) return NO_SLOT;
    const at = link.pinned ? 0 : thread * (ARRIVALS + connections);
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
  ): Nanos {
    const fault = this.faulty ? this.faultOf(from, to) : undefined;
    const remote = this.limited && !link.local;
    let arrival: number = readyNanos;
    if (remote && from.nic.out.nanosPerByte > 0) {
      const lineNanos = sizeBytes * from.nic.out.nanosPerByte * (fault?.rule?.slowdown ?? 1);
      arrival = from.nic.out.book(nowNanos, readyNanos, lineNanos);
    }
    arrival += link.sampler(link.stream);
    if (fault !== undefined) {
      const rule = fault.rule!;
      if (rule.blocked === true) return LOST;
      if (rule.lossShare !== undefined && fault.stream.uniform() < rule.lossShare) return LOST;
      if (fault.extra !== undefined) arrival += fault.extra(fault.stream);
    }
    if (remote && to.nic.in.nanosPerByte > 0) {
      // It comes in as it goes out, bit by bit: on an idle line the last one arrives when it would have anyway.
      const lineNanos = sizeBytes * to.nic.in.nanosPerByte;
      arrival = to.nic.in.book(nowNanos, Math.max(nowNanos, arrival - lineNanos), lineNanos);
    }
    arrival = toNanos(arrival);
    if (slot !== NO_SLOT && fault?.rule?.reorder !== true) {
      const last = link.lanes[slot]!;
      if (arrival < last) return last;
      link.lanes[slot] = arrival;
    }
    return arrival;
  }

  /** When the second copy of a message arrives, if a fault calls for one; else LOST. */
  duplicateNanos(link: Link, from: Endpoint, to: Endpoint, arrivalNanos: Nanos): Nanos {
    const fault = this.faulty ? this.faultOf(from, to) : undefined;
    if (fault?.rule?.duplicateShare === undefined) return LOST;
    if (!(fault.stream.uniform() < fault.rule.duplicateShare)) return LOST;
    return toNanos(arrivalNanos + link.sampler(fault.stream));
  }

  private faultOf(from: Endpoint, to: Endpoint): Fault | undefined {
    const fault = this.faults.get(pairName(from, to));
    return fault?.rule === undefined ? undefined : fault;
  }

  save(endpoints: readonly Endpoint[]): object {
    return {
      faults: [...this.faults].map(([name, { rule, stream }]) => [name, rule, stream.save()]),
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
      faults: [string, LinkFault | undefined, never][];
      endpoints: {
        links: { to: Address; stream: never; lanes: number[] }[];
        datagrams: never;
      }[];
    };
    this.faults.clear();
    for (const [name, rule, streamState] of state.faults) {
      const stream = streamFor(this.seed, `fault ${name}`);
      stream.restore(streamState);
      this.faults.set(name, { rule, stream, extra: rule?.extraLatency && compile(rule.extraLatency) });
    }
    this.faulty = [...this.faults.values()].some(({ rule }) => rule !== undefined);
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
  sampler: Sampler,
  stream: RandomStream,
  owner: number,
  threadCount: number,
): Link {
  const { pinned = false, local = false } = profile;
  const connections = pinned ? 1 : profile.connections;
  const lanes = new Array<number>(connections === 0 ? 0 : threadCount * (ARRIVALS + connections)).fill(0);
  return { connections, pinned, local, owner, sampler, stream, lanes };
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
