/** Drawing from a random stream, in the words of a generator. */

import { exp, log } from "../../sim/deterministic-math.ts";
import type { RandomStream } from "../../sim/random.ts";

export interface Draw {
  /** An integer from low to high, both included. */
  between(low: number, high: number): number;
  chance(share: number): boolean;
  pick<T>(options: readonly T[]): T;
  /** By weight; what weighs nothing is never drawn. */
  weighted<T extends string>(weights: Readonly<Record<T, number>>): T;
  /** A time between two bounds, each order of magnitude alike, in whole microseconds. */
  spread(lowNanos: number, highNanos: number): number;
  /** `count` different ones, in their order. */
  some<T>(options: readonly T[], count: number): T[];
}

export function drawFrom(stream: RandomStream): Draw {
  const draw: Draw = {
    between: (low, high) => low + stream.below(high - low + 1),
    chance: (share) => stream.uniform() < share,
    pick: (options) => options[stream.below(options.length)]!,
    weighted(weights) {
      const entries = Object.entries(weights) as [keyof typeof weights, number][];
      let left = stream.uniform() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [name, weight] of entries) {
        left -= weight;
        if (left < 0) return name;
      }
      return entries.findLast(([, weight]) => weight > 0)![0];
    },
    spread(lowNanos, highNanos) {
      const nanos = exp(log(lowNanos) + stream.uniform() * log(highNanos / lowNanos));
      return Math.max(1, Math.round(nanos / 1_000)) * 1_000;
    },
    some(options, count) {
      const left = [...options.keys()];
      while (left.length > count) left.splice(stream.below(left.length), 1);
      return left.map((i) => options[i]!);
    },
  };
  return draw;
}
