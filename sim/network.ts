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
   * 0: every message travels alone (datagrams), which needs no state per pair of processes.
   */
  readonly connections: number;
  /**
   * The pair has one connection, which belongs to one thread at each end. A step of another thread that wants to send
   * hands the message to the owner first.
   */
  readonly pinned?: boolean;
  /** Whether the message passes the network interfaces of the hosts; not so for pipes and loopback. */
  readonly local?: boolean;
}

/** What a fault does to one direction of a link; the fault scenarios set it, see `Network.setFault`. */
export interface LinkFault {
  /** Nothing gets through (partition). */
  readonly blocked?: boolean;
  readonly lossShare?: number;
  readonly duplicateShare?: number;
  /** Added to the delay of each message. */
  readonly extraLatency?: Distribution;
  /** Ignores the order within connections while it lasts. */
  readonly reorder?: boolean;
  /** Divides the bandwidth of the sending interface for this link. */
  readonly slowdown?: number;
}

/** One direction between two processes. */
export interface Link {
  readonly profile: LinkProfile;
  readonly sampler: Sampler;
  readonly stream: RandomStream;
  /** Thread of the sender that owns a pinned connection. */
  readonly owner: number;
  /** Per sending thread: the connection its current step uses, and which step that is. */
  readonly connection: number[];
  readonly step: number[];
  /** Per (thread, connection): the latest arrival, which nothing later on it may overtake. */
  readonly lastArrivalNanos: number[];
  fault:
    | { readonly rule: LinkFault; readonly stream: RandomStream; readonly extra: Sampler | undefined }
    | undefined;
}

/**
 * A network interface as a leaky bucket per direction. Sends are booked in the order steps run, which is not quite the
 * order in which they leave; the bucket drains with time and only what is ahead of a message delays it, so a message
 * never waits for one that leaves after it.
 */
export interface Nic {
  readonly nanosPerByte: number;
  backlogNanos: number;
  settledAtNanos: Nanos;
  busyNanos: number;
  frames: number;
  waitNanos: number;
}

export function createNic(bitsPerSecond: number): Nic {
  return {
    nanosPerByte: bitsPerSecond > 0 ? 8e9 / bitsPerSecond : 0,
    backlogNanos: 0,
    settledAtNanos: 0,
    busyNanos: 0,
    frames: 0,
    waitNanos: 0,
  };
}

/** Books a transmission that is ready at `readyNanos`; returns when its last bit has left. */
export function transmitOn(nic: Nic, readyNanos: Nanos, sizeBytes: Bytes, slowdown: number): number {
  const lineNanos = sizeBytes * nic.nanosPerByte * slowdown;
  const elapsed = readyNanos - nic.settledAtNanos;
  if (elapsed >= 0) {
    nic.backlogNanos = nic.backlogNanos > elapsed ? nic.backlogNanos - elapsed : 0;
    nic.settledAtNanos = readyNanos;
  }
  const waitNanos = Math.max(0, nic.backlogNanos + Math.min(0, elapsed));
  nic.backlogNanos += lineNanos;
  nic.busyNanos += lineNanos;
  nic.waitNanos += waitNanos;
  nic.frames++;
  return readyNanos + waitNanos + lineNanos;
}

/** What the network has to know of a process. */
export interface Endpoint {
  readonly address: Address;
  readonly name: string;
  readonly threadCount: number;
  readonly nic: Nic;
  readonly links: Map<Address, Link>;
}

/** Decides how two processes are connected; asked once per pair, at its first message. */
export type Routing = (from: Endpoint, to: Endpoint) => LinkProfile;

/** Returned for a message that will not arrive. */
export const LOST = -1;

export class Network {
  private readonly seed: string;
  private readonly routing: Routing;
  private readonly faults = new Map<string, LinkFault>();
  private readonly samplers = new Map<Distribution, Sampler>();
  /** Whether any link has a fault: the one test the hot path makes. */
  private faulty = false;

  constructor(seed: string, routing: Routing) {
    this.seed = seed;
    this.routing = routing;
  }

  link(from: Endpoint, to: Endpoint): Link {
    const known = from.links.get(to.address);
    if (known !== undefined) return known;
    const profile = this.routing(from, to);
    let sampler = this.samplers.get(profile.latency);
    if (sampler === undefined) {
      sampler = compile(profile.latency);
      this.samplers.set(profile.latency, sampler);
    }
    const name = `${from.name}>${to.name}`;
    const lanes = from.threadCount * Math.max(1, profile.connections);
    const link: Link = {
      profile,
      sampler,
      stream: streamFor(this.seed, `link ${name}`),
      // Both ends of a pinned connection derive the same owner from the pair, whoever speaks first.
      owner: ownerThread(from, to),
      connection: new Array<number>(from.threadCount).fill(0),
      step: new Array<number>(from.threadCount).fill(-1),
      lastArrivalNanos: profile.connections === 0 ? [] : new Array<number>(lanes).fill(0),
      fault: undefined,
    };
    from.links.set(to.address, link);
    this.applyFault(name, link);
    return link;
  }

  /** Sets or clears (`undefined`) what is wrong with one direction between two processes, by their names. */
  setFault(from: Endpoint, to: Endpoint, rule: LinkFault | undefined): void {
    const name = `${from.name}>${to.name}`;
    if (rule === undefined) this.faults.delete(name);
    else this.faults.set(name, rule);
    this.faulty = this.faults.size > 0;
    const link = from.links.get(to.address);
    if (link !== undefined) this.applyFault(name, link);
  }

  private applyFault(name: string, link: Link): void {
    const rule = this.faults.get(name);
    link.fault =
      rule === undefined
        ? undefined
        : {
            rule,
            stream: link.fault?.stream ?? streamFor(this.seed, `fault ${name}`),
            extra: rule.extraLatency === undefined ? undefined : compile(rule.extraLatency),
          };
  }

  /**
   * The lane a message of this step uses, as a number within the link. Messages of one step share a connection; the next
   * step of the thread takes the next.
   */
  lane(link: Link, thread: number, step: number): number {
    const connections = link.profile.connections;
    if (connections <= 1) return link.profile.pinned ? 0 : thread;
    if (link.step[thread] !== step) {
      link.step[thread] = step;
      const next = link.connection[thread]! + 1;
      link.connection[thread] = next === connections ? 0 : next;
    }
    return thread * connections + link.connection[thread]!;
  }

  /** When a message that is ready at `readyNanos` arrives, or LOST. */
  arrivalNanos(link: Link, lane: number, nic: Nic, readyNanos: Nanos, sizeBytes: Bytes): Nanos {
    let leaves: number = readyNanos;
    const fault = this.faulty ? link.fault : undefined;
    if (!link.profile.local && nic.nanosPerByte > 0) {
      leaves = transmitOn(nic, readyNanos, sizeBytes, fault?.rule.slowdown ?? 1);
    }
    let arrival = toNanos(leaves + link.sampler(link.stream));
    if (fault !== undefined) {
      if (fault.rule.blocked === true) return LOST;
      if (fault.rule.lossShare !== undefined && fault.stream.uniform() < fault.rule.lossShare) return LOST;
      if (fault.extra !== undefined) arrival = toNanos(arrival + fault.extra(fault.stream));
      if (fault.rule.reorder === true) return arrival;
    }
    if (link.profile.connections !== 0) {
      if (arrival < link.lastArrivalNanos[lane]!) arrival = link.lastArrivalNanos[lane]!;
      else link.lastArrivalNanos[lane] = arrival;
    }
    return arrival;
  }

  /** Whether the fault on a link calls for a second copy of a message. */
  duplicates(link: Link): boolean {
    if (!this.faulty || link.fault?.rule.duplicateShare === undefined) return false;
    return link.fault.stream.uniform() < link.fault.rule.duplicateShare;
  }

  save(endpoints: readonly Endpoint[]): object {
    return {
      faults: [...this.faults],
      endpoints: endpoints.map((endpoint) => ({
        nic: { ...endpoint.nic },
        links: [...endpoint.links].map(([to, link]) => ({
          to,
          stream: link.stream.save(),
          faultStream: link.fault?.stream.save(),
          connection: [...link.connection],
          step: [...link.step],
          lastArrivalNanos: [...link.lastArrivalNanos],
        })),
      })),
    };
  }

  restore(saved: object, endpoints: readonly Endpoint[]): void {
    const state = saved as ReturnType<Network["save"]> & {
      faults: [string, LinkFault][];
      endpoints: {
        nic: Nic;
        links: {
          to: number;
          stream: never;
          faultStream: never;
          connection: number[];
          step: number[];
          lastArrivalNanos: number[];
        }[];
      }[];
    };
    this.faults.clear();
    for (const [name, rule] of state.faults) this.faults.set(name, rule);
    this.faulty = this.faults.size > 0;
    state.endpoints.forEach((kept, index) => {
      const endpoint = endpoints[index]!;
      Object.assign(endpoint.nic, kept.nic);
      endpoint.links.clear();
      for (const each of kept.links) {
        const link = this.link(endpoint, endpoints[each.to]!);
        link.stream.restore(each.stream);
        if (each.faultStream !== undefined) link.fault?.stream.restore(each.faultStream);
        link.connection.splice(0, link.connection.length, ...each.connection);
        link.step.splice(0, link.step.length, ...each.step);
        link.lastArrivalNanos.splice(0, link.lastArrivalNanos.length, ...each.lastArrivalNanos);
      }
    });
  }
}

/** The thread of `of` that owns its pinned connection to `peer`: connections are dealt to threads in turn. */
export function ownerThread(of: Endpoint, peer: Endpoint): number {
  return peer.address % of.threadCount;
}
