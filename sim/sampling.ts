/**
 * Drawing from the distributions of sim/distribution.ts. A distribution is compiled once into a function of a stream;
 * draws are real numbers, the caller rounds.
 *
 * Hot code: one draw per message on every link. Constant 1 ns, uniform 5, exponential 7, quantiles 6, mixture 14, lognormal 20.
 */

import { exp } from "./deterministic-math.ts";
import type { Distribution } from "./distribution.ts";
import type { RandomStream } from "./random.ts";
import { exponential, normal } from "./ziggurat.ts";
import { zipf, zipfMean } from "./zipf.ts";

export type Sampler = (stream: RandomStream) => number;

/**
 * The sampler of a distribution. Every draw of every kind depends on the stream only, so all who give the same object share one: a
 * large deployment would else draw from tens of thousands of equal tables, none of which is in the processor's caches.
 */
export function compile(distribution: Distribution): Sampler {
  let sampler = compiled.get(distribution);
  if (sampler === undefined) {
    sampler = compileAnew(distribution);
    compiled.set(distribution, sampler);
  }
  return sampler;
}
const compiled = new WeakMap<Distribution, Sampler>();

function compileAnew(distribution: Distribution): Sampler {
  switch (distribution.kind) {
    case "constant": {
      const value = finite(distribution, "value", distribution.value);
      return () => value;
    }
    case "uniform": {
      const low = finite(distribution, "low", distribution.low);
      const width = notNegative(distribution, "high - low", distribution.high - low);
      return (stream) => low + stream.uniform() * width;
    }
    case "exponential": {
      const mean = notNegative(distribution, "mean", distribution.mean);
      const floor = finite(distribution, "floor", distribution.floor ?? 0);
      return (stream) => floor + mean * exponential(stream);
    }
    case "lognormal": {
      const median = notNegative(distribution, "median", distribution.median);
      const sigma = notNegative(distribution, "sigma", distribution.sigma);
      const floor = finite(distribution, "floor", distribution.floor ?? 0);
      return (stream) => floor + median * exp(sigma * normal(stream));
    }
    case "quantiles": {
      const valueAt = quantileFunction(distribution.probabilities, distribution.values);
      return (stream) => valueAt(stream.uniform());
    }
    case "mixture":
      return mixture(distribution);
    case "zipf":
      return zipf(distribution.count, distribution.exponent);
  }
}

/** The exact mean, for offered load and for tests. */
export function meanOf(distribution: Distribution): number {
  switch (distribution.kind) {
    case "constant":
      return distribution.value;
    case "uniform":
      return (distribution.low + distribution.high) / 2;
    case "exponential":
      return (distribution.floor ?? 0) + distribution.mean;
    case "lognormal":
      return (
        (distribution.floor ?? 0) + distribution.median * exp((distribution.sigma * distribution.sigma) / 2)
      );
    case "quantiles": {
      const { probabilities, values } = distribution;
      let sum = 0;
      for (let i = 1; i < values.length; i++) {
        sum += ((values[i - 1]! + values[i]!) / 2) * (probabilities[i]! - probabilities[i - 1]!);
      }
      return sum;
    }
    case "mixture": {
      const weight = distribution.weights.reduce((sum, w) => sum + w, 0);
      return (
        distribution.parts.reduce((sum, part, i) => sum + meanOf(part) * distribution.weights[i]!, 0) / weight
      );
    }
    case "zipf":
      return zipfMean(distribution.count, distribution.exponent);
  }
}

/** The largest number that no draw is below: how far ahead a link is known to be quiet. */
export function minOf(distribution: Distribution): number {
  switch (distribution.kind) {
    case "constant":
      return distribution.value;
    case "uniform":
      return distribution.low;
    case "exponential":
    case "lognormal":
      return distribution.floor ?? 0;
    case "quantiles":
      return distribution.values[0]!;
    case "mixture":
      return Math.min(...distribution.parts.filter((_, i) => distribution.weights[i]! > 0).map(minOf));
    case "zipf":
      return 0;
  }
}

/**
 * The quantile function through the given points, linear in between: from a probability in [0, 1) to a value. Equal
 * values make an atom; of equal probabilities with different values the result is never strictly between the values.
 */
export function quantileFunction(
  probabilities: readonly number[],
  values: readonly number[],
): (probability: number) => number {
  const last = probabilities.length - 1;
  assert(
    last >= 1 && values.length === last + 1,
    "quantiles: as many probabilities as values, at least two",
    [probabilities.length, values.length],
  );
  assert(
    probabilities[0] === 0 && probabilities[last] === 1,
    "quantiles: probabilities from 0 to 1",
    probabilities,
  );
  assert(ascending(probabilities) && ascending(values), "quantiles: probabilities and values ascending", {
    probabilities,
    values,
  });

  const from = Float64Array.from(probabilities);
  const start = Float64Array.from(values);
  // For each of equal parts of [0, 1), the segment its beginning lies in: the search starts there and seldom moves.
  const guide = new Int32Array(GUIDE_CELLS);
  for (let cell = 0, segment = 0; cell < GUIDE_CELLS; cell++) {
    while (from[segment + 1]! <= cell / GUIDE_CELLS) segment++;
    guide[cell] = segment;
  }
  return (probability) => {
    let segment = guide[Math.floor(probability * GUIDE_CELLS)]!;
    while (from[segment + 1]! <= probability) segment++;
    // A share first: a slope would overflow over a very narrow segment.
    const share = (probability - from[segment]!) / (from[segment + 1]! - from[segment]!);
    const value = start[segment]! + share * (start[segment + 1]! - start[segment]!);
    // Rounding must not carry a value past the next point, or the function would not be monotone.
    return Math.min(value, start[segment + 1]!);
  };
}
const GUIDE_CELLS = 256;

function mixture({ weights, parts }: Extract<Distribution, { kind: "mixture" }>): Sampler {
  assert(
    parts.length >= 1 && weights.length === parts.length,
    "mixture: as many weights as parts, at least one",
    [weights.length, parts.length],
  );
  assert(
    weights.every((weight) => weight >= 0 && weight < Infinity),
    "mixture: weights finite, not negative",
    weights,
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  assert(total > 0, "mixture: a weight above 0", weights);
  const samplers = parts.map(compile);
  const until: number[] = [];
  let sum = 0;
  for (const weight of weights) until.push((sum += weight) / total);
  // What rounding leaves above the last sum belongs to the last part that has a weight.
  const lastPart = weights.findLastIndex((weight) => weight > 0);
  return (stream) => {
    const choice = stream.uniform();
    let part = 0;
    while (part < lastPart && choice >= until[part]!) part++;
    return samplers[part]!(stream);
  };
}

function ascending(numbers: readonly number[]): boolean {
  return numbers.every((number, i) => Number.isFinite(number) && (i === 0 || number >= numbers[i - 1]!));
}

function finite(distribution: Distribution, field: string, value: number): number {
  assert(Number.isFinite(value), `${distribution.kind}: ${field} a finite number`, value);
  return value;
}

function notNegative(distribution: Distribution, field: string, value: number): number {
  assert(value >= 0 && value < Infinity, `${distribution.kind}: ${field} finite, not negative`, value);
  return value;
}

/** Scenario files are checked where they are read; what is wrong here comes from code. */
function assert(holds: boolean, expected: string, found: unknown): asserts holds {
  if (!holds)
    throw new RangeError(`distribution ${expected}; found ${JSON.stringify(found) ?? String(found)}`);
}
