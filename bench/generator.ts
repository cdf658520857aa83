/**
 * The random numbers of the benchmark: bokisim's own, 8 ns an exponential variate. The C++ peer draws with xor128 and the
 * C library's logarithm, 4 ns, so it has the advantage: V8's logarithm alone would take 12 ns.
 */

import { streamFor } from "../sim/random.ts";
import { exponential as draw } from "../sim/ziggurat.ts";

const stream = streamFor(1, "bench");

/** In [0, 1). */
export function uniform(): number {
  return stream.uniform();
}

/** With mean 1. */
export function exponential(): number {
  return draw(stream);
}
