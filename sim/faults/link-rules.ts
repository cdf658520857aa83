/**
 * What is wrong with the network at the moment: rules, each for the messages from some processes to others. All rules that
 * cover a message act on it together (docs/kernel.md, "Faults").
 *
 * A rule draws for every message it covers, whatever the other rules do to it, and from a stream of its own for each pair
 * of processes. So the n-th message from one process to another meets the same fate under a rule whether or not there are
 * other rules and other traffic.
 */

import type { Address } from "../machine.ts";
import type { Endpoint, Link } from "../network.ts";
import { type RandomState, type RandomStream, streamFor } from "../random.ts";
import { compile, type Sampler } from "../sampling.ts";
import type { Nanos } from "../units.ts";
import type { LinkRule } from "./fault.ts";

/** Which messages a rule is for. A message of a process to itself is never covered. */
export interface Coverage {
  readonly from: readonly Address[];
  readonly to: readonly Address[];
  /** Of those, only these pairs, each from and to; undefined: all. */
  readonly pairs?: readonly (readonly [from: Address, to: Address])[];
  /** Also messages that pass no network interface (`LinkProfile.local`): pipes and loopback. */
  readonly local?: boolean;
}

interface ActiveRule {
  readonly name: string;
  readonly streams: string;
  readonly coverage: Coverage;
  readonly rule: LinkRule;
  readonly from: ReadonlySet<Address>;
  readonly to: ReadonlySet<Address>;
  readonly pairs: ReadonlySet<number> | undefined;
  readonly extra: Sampler | undefined;
}

/** What all rules together do to one message. */
export interface Fate {
  lost: boolean;
  reorder: boolean;
  slowdown: number;
  extraNanos: number;
  /** The stream to draw the alteration from; undefined: the message arrives as it was sent. */
  corruptedBy: RandomStream | undefined;
  /** How much later than the message each further copy of it arrives. */
  readonly copiesAfterNanos: Nanos[];
}

/** Addresses stay far below this. */
const PAIR = 2 ** 26;

export class LinkRules {
  private readonly seed: string;
  private readonly rules: ActiveRule[] = [];
  /** By prefix and pair. They outlive their rules, so that a rule that comes back does not repeat its draws. */
  private readonly streams = new Map<string, Map<number, { name: string; stream: RandomStream }>>();
  /** The same object for every message: valid until the next is asked for. */
  private readonly fate: Fate = {
    lost: false,
    reorder: false,
    slowdown: 1,
    extraNanos: 0,
    corruptedBy: undefined,
    copiesAfterNanos: [],
  };

  constructor(seed: string) {
    this.seed = seed;
  }

  get count(): number {
    return this.rules.length;
  }

  /** `streams`: what the names of the rule's random streams begin with; a pair's stream is `${streams} a>b`. */
  add(name: string, streams: string, coverage: Coverage, rule: LinkRule): void {
    const { from, to, pairs } = coverage;
    if (!this.streams.has(streams)) this.streams.set(streams, new Map());
    this.rules.push({
      name,
      streams,
      coverage,
      rule,
      from: new Set(from),
      to: new Set(to),
      pairs: pairs && new Set(pairs.map(([a, b]) => a * PAIR + b)),
      extra: rule.extraLatency && compile(rule.extraLatency),
    });
  }

  remove(name: string): void {
    const at = this.rules.findIndex((each) => each.name === name);
    if (at >= 0) this.rules.splice(at, 1);
  }

  /** What happens to the next message on this link; undefined: nothing. */
  fateOf(link: Link, from: Endpoint, to: Endpoint): Fate | undefined {
    if (from.address === to.address) return undefined;
    let fate: Fate | undefined;
    for (const active of this.rules) {
      if (link.local && active.coverage.local !== true) continue;
      if (!active.from.has(from.address) || !active.to.has(to.address)) continue;
      if (active.pairs?.has(from.address * PAIR + to.address) === false) continue;
      fate ??= this.cleanFate();
      this.suffer(fate, active, link, from, to);
    }
    return fate;
  }

  private cleanFate(): Fate {
    const { fate } = this;
    fate.lost = false;
    fate.reorder = false;
    fate.slowdown = 1;
    fate.extraNanos = 0;
    fate.corruptedBy = undefined;
    fate.copiesAfterNanos.length = 0;
    return fate;
  }

  private suffer(
    fate: Fate,
    { rule, streams, extra }: ActiveRule,
    link: Link,
    from: Endpoint,
    to: Endpoint,
  ): void {
    const { lossShare, corruptShare, duplicateShare } = rule;
    if (rule.blocked === true) fate.lost = true;
    if (rule.reorder === true) fate.reorder = true;
    if (rule.slowdown !== undefined) fate.slowdown *= rule.slowdown;
    if ((lossShare ?? corruptShare ?? duplicateShare ?? extra) === undefined) return;
    const stream = this.streamOf(streams, from, to);
    if (lossShare !== undefined && stream.uniform() < lossShare) fate.lost = true;
    if (extra !== undefined) fate.extraNanos += extra(stream);
    if (duplicateShare !== undefined && stream.uniform() < duplicateShare) {
      fate.copiesAfterNanos.push(link.sampler(stream));
    }
    if (corruptShare !== undefined && stream.uniform() < corruptShare) fate.corruptedBy ??= stream;
  }

  private streamOf(prefix: string, from: Endpoint, to: Endpoint): RandomStream {
    const streams = this.streams.get(prefix)!;
    const pair = from.address * PAIR + to.address;
    let known = streams.get(pair);
    if (known === undefined) {
      const name = `${prefix} ${from.name}>${to.name}`;
      known = { name, stream: streamFor(this.seed, name) };
      streams.set(pair, known);
    }
    return known.stream;
  }

  save(): object {
    return {
      rules: this.rules.map(({ name, streams, coverage, rule }) => ({ name, streams, coverage, rule })),
      streams: [...this.streams].map(([prefix, streams]) => [
        prefix,
        [...streams].map(([pair, { name, stream }]) => [pair, name, stream.save()]),
      ]),
    };
  }

  restore(saved: object): void {
    const { rules, streams } = saved as {
      rules: { name: string; streams: string; coverage: Coverage; rule: LinkRule }[];
      streams: [string, [number, string, RandomState][]][];
    };
    this.streams.clear();
    for (const [prefix, ofPairs] of streams) {
      const restored = new Map<number, { name: string; stream: RandomStream }>();
      for (const [pair, name, state] of ofPairs) {
        const stream = streamFor(this.seed, name);
        stream.restore(state);
        restored.set(pair, { name, stream });
      }
      this.streams.set(prefix, restored);
    }
    this.rules.length = 0;
    for (const { name, streams: prefix, coverage, rule } of rules) this.add(name, prefix, coverage, rule);
  }
}
