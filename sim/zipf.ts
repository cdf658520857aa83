/**
 * Zipf's law: which of many things a client asks for when few of them are popular. Rank r (from 0) has a probability
 * proportional to (r + 1)^-exponent.
 *
 * Up to a million things by an alias table (Walker 1977, built as Vose 1991): 20 ns a draw, 12 bytes a thing, 90 ms
 * to build a million. Beyond that by rejection-inversion (Hörmann and Derflinger 1996): 70 ns a draw, no memory.
 */

import { exp, log, pow } from "./deterministic-math.ts";
import type { RandomStream } from "./random.ts";
import type { Sampler } from "./sampling.ts";

export const ALIAS_TABLE_COUNT_MAX = 1_048_576;

/**
 * A sampler of ranks in [0, count); rank 0 is the most popular. An exponent of 0 is uniform, 0.99 the custom of YCSB. The
 * table belongs to the sampler: share one between clients of the same law.
 */
export function zipf(count: number, exponent: number): Sampler {
  if (!(Number.isSafeInteger(count) && count >= 1))
    throw new RangeError(`zipf: count must be a positive integer; found ${count}`);
  if (!(exponent >= 0 && exponent < Infinity))
    throw new RangeError(`zipf: exponent must be finite, not negative; found ${exponent}`);
  return count <= ALIAS_TABLE_COUNT_MAX ? zipfByTable(count, exponent) : zipfByRejection(count, exponent);
}

/** The mean rank, summed in full. */
export function zipfMean(count: number, exponent: number): number {
  let [weights, ranks] = [0, 0];
  for (let rank = count - 1; rank >= 0; rank--) {
    const weight = pow(rank + 1, -exponent);
    weights += weight;
    ranks += rank * weight;
  }
  return ranks / weights;
}

/** Exported for the test that compares both ways; use `zipf`. */
export function zipfByTable(count: number, exponent: number): Sampler {
  const weights = new Float64Array(count);
  for (let rank = 0; rank < count; rank++) weights[rank] = pow(rank + 1, -exponent);
  return aliasTable(weights);
}

/** A sampler of indexes in proportion to their weights, O(1) a draw. `weights` is used up. */
function aliasTable(weights: Float64Array): Sampler {
  const count = weights.length;
  let total = 0;
  // Smallest last in rank, so summing from the end loses least.
  for (let i = count - 1; i >= 0; i--) total += weights[i]!;
  const share = weights;
  for (let i = 0; i < count; i++) share[i] = (weights[i]! / total) * count;

  /** In column i: stay below the threshold, else go to the alias. */
  const threshold = new Float64Array(count).fill(1);
  const alias = new Int32Array(count);
  // One array holds both work lists: columns with room from the front, columns with a surplus from the back.
  const work = new Int32Array(count);
  let poor = 0;
  let rich = count;
  for (let i = 0; i < count; i++) {
    if (share[i]! < 1) work[poor++] = i;
    else work[--rich] = i;
  }
  while (poor > 0 && rich < count) {
    const taker = work[--poor]!;
    const giver = work[rich]!;
    threshold[taker] = share[taker]!;
    alias[taker] = giver;
    share[giver] = share[giver]! - (1 - share[taker]!);
    if (share[giver]! < 1) {
      rich++;
      work[poor++] = giver;
    }
  }
  return (stream: RandomStream) => {
    // The 53 bits of one number choose the column and the place in it: with at most 2^20 columns 33 bits are left.
    const place = stream.uniform53() * count;
    const column = Math.floor(place);
    return place - column < threshold[column]! ? column : alias[column]!;
  };
}

/** Exported for the test that compares both ways; use `zipf`. */
export function zipfByRejection(count: number, exponent: number): Sampler {
  // The hat is the integral of x^-exponent; around 1 the exact antiderivative is replaced by its limit, the logarithm.
  const slope = 1 - exponent;
  const logarithmic = Math.abs(slope) < 1e-7;
  const integral = (x: number): number => (logarithmic ? log(x) : (pow(x, slope) - 1) / slope);
  const inverse = (area: number): number => (logarithmic ? exp(area) : pow(1 + area * slope, 1 / slope));
  const density = (x: number): number => pow(x, -exponent);

  const areaLow = integral(1.5) - 1;
  const areaHigh = integral(count + 0.5);
  const sure = 2 - inverse(integral(2.5) - density(2));
  return (stream) => {
    for (;;) {
      const area = areaHigh + stream.uniform53() * (areaLow - areaHigh);
      const x = inverse(area);
      const rank = Math.min(count, Math.max(1, Math.floor(x + 0.5)));
      if (rank - x <= sure || area >= integral(rank + 0.5) - density(rank)) return rank - 1;
    }
  };
}
