/**
 * What is wrong with a disk at the moment: rules, all of which act together (docs/kernel.md, "Faults"). Each draws from a
 * stream of its own, for every write and every read, whatever the others do to it.
 */

import type { RandomState, RandomStream } from "../random.ts";
import type { DiskRule } from "./fault.ts";

interface ActiveRule {
  readonly name: string;
  readonly streams: string;
  readonly rule: DiskRule;
  readonly stream: RandomStream;
}

/** What all rules together do to one write. */
interface WriteFate {
  /** Nothing is written, and the machine is told. */
  refused: boolean;
  /** It is undone at the next loss of power, synced or not. */
  lostAtCrash: boolean;
  corrupt: boolean;
  /** The stream to draw the key from that it lands on instead; undefined: it lands where it should. */
  misdirectedBy: RandomStream | undefined;
}

export class DiskRules {
  private readonly streamOf: (prefix: string) => RandomStream;
  private readonly rules: ActiveRule[] = [];
  /** By prefix. They outlive their rules, so that a rule that comes back does not repeat its draws. */
  private readonly streams = new Map<string, RandomStream>();
  /** Product over the rules. */
  slowdown = 1;

  constructor(streamOf: (prefix: string) => RandomStream) {
    this.streamOf = streamOf;
  }

  get count(): number {
    return this.rules.length;
  }

  add(name: string, streams: string, rule: DiskRule): void {
    let stream = this.streams.get(streams);
    if (stream === undefined) {
      stream = this.streamOf(streams);
      this.streams.set(streams, stream);
    }
    this.rules.push({ name, streams, rule, stream });
    this.multiply();
  }

  remove(name: string): void {
    const at = this.rules.findIndex((each) => each.name === name);
    if (at >= 0) this.rules.splice(at, 1);
    this.multiply();
  }

  /** Multiplied anew each time, so that rules that end leave no rounding behind. */
  private multiply(): void {
    this.slowdown = 1;
    for (const { rule } of this.rules) this.slowdown *= rule.slowdown ?? 1;
  }

  fateOfWrite(): WriteFate {
    const fate: WriteFate = {
      refused: false,
      lostAtCrash: false,
      corrupt: false,
      misdirectedBy: undefined,
    };
    for (const { rule, stream } of this.rules) {
      if (rule.full === true || hits(stream, rule.writeErrorShare)) fate.refused = true;
      if (hits(stream, rule.unsyncedLossShare)) fate.lostAtCrash = true;
      if (hits(stream, rule.corruptShare)) fate.corrupt = true;
      if (hits(stream, rule.misdirectedShare)) fate.misdirectedBy ??= stream;
    }
    return fate;
  }

  readFails(): boolean {
    return this.drawn((rule) => rule.readErrorShare);
  }

  /** Whether of a write that a loss of power finds unsynced a part has reached the device. */
  tears(): boolean {
    return this.drawn((rule) => rule.tornShare);
  }

  private drawn(shareOf: (rule: DiskRule) => number | undefined): boolean {
    let any = false;
    for (const { rule, stream } of this.rules) if (hits(stream, shareOf(rule))) any = true;
    return any;
  }

  save(): object {
    return {
      rules: this.rules.map(({ name, streams, rule }) => ({ name, streams, rule })),
      streams: [...this.streams].map(([prefix, stream]) => [prefix, stream.save()]),
    };
  }

  restore(saved: object): void {
    const { rules, streams } = saved as {
      rules: { name: string; streams: string; rule: DiskRule }[];
      streams: [string, RandomState][];
    };
    this.streams.clear();
    for (const [prefix, state] of streams) {
      const stream = this.streamOf(prefix);
      stream.restore(state);
      this.streams.set(prefix, stream);
    }
    this.rules.length = 0;
    for (const { name, streams: prefix, rule } of rules) this.add(name, prefix, rule);
  }
}

function hits(stream: RandomStream, share: number | undefined): boolean {
  return share !== undefined && stream.uniform() < share;
}
