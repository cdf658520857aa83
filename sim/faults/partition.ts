/** The shapes of partitions: which links are cut. */

import type { Address } from "../machine.ts";
import type { RandomStream } from "../random.ts";
import type { Fault } from "./fault.ts";
import type { Coverage } from "./link-rules.ts";

type Shape = Extract<Fault, { kind: "partition" }>["shape"];
type Pair = readonly [from: Address, to: Address];

/**
 * The links from some peers back to those who are struck, without those that the way there covers already: a message between two who
 * are both on both sides suffers once.
 */
export function wayBack(struck: readonly Address[], peers: readonly Address[]): Coverage {
  const [these, those] = [new Set(struck), new Set(peers)];
  const coverage: Coverage = { from: peers, to: struck };
  const isThere = (from: Address, to: Address) => these.has(from) && those.has(to);
  const pairs = pairsBetween(peers, struck);
  return pairs.some(([from, to]) => isThere(from, to))
    ? { ...coverage, pairs: pairs.filter(([from, to]) => !isThere(from, to)) }
    : coverage;
}

/** The links that a partition cuts, as one or two coverages. */
export function coverageOf(
  shape: Shape,
  struck: readonly Address[],
  peers: readonly Address[],
  stream: RandomStream,
): Coverage[] {
  switch (shape) {
    case "oneWay":
      return [{ from: struck, to: peers }];
    case "symmetric":
      return [
        { from: struck, to: peers },
        { from: peers, to: struck },
      ];
    case "ring":
      return [{ from: struck, to: struck, pairs: beyondNeighbours(struck) }];
    case "partial": {
      const [these, those] = [new Set(struck), new Set(peers)];
      // Two who are both on both sides stand in a pair twice; it is one link.
      const isOther = (a: Address, b: Address) => a > b && those.has(a) && these.has(b);
      const links = pairsBetween(struck, peers).filter(([a, b]) => !isOther(a, b));
      const cut = links.filter(() => stream.uniform() < 0.5);
      const everyone = [...struck, ...peers];
      return [
        { from: everyone, to: everyone, pairs: cut.flatMap(([a, b]) => [[a, b] as const, [b, a] as const]) },
      ];
    }
  }
}

/** Pairs that are not neighbours when these stand in a circle. */
function beyondNeighbours(circle: readonly Address[]): Pair[] {
  const pairs: Pair[] = [];
  for (const [i, a] of circle.entries()) {
    for (const [j, b] of circle.entries()) {
      const apart = Math.abs(i - j);
      if (apart > 1 && apart < circle.length - 1) pairs.push([a, b]);
    }
  }
  return pairs;
}

function pairsBetween(from: readonly Address[], to: readonly Address[]): Pair[] {
  return from.flatMap((a) => to.filter((b) => b !== a).map((b) => [a, b] as const));
}
