/**
 * The random numbers of the benchmark: Marsaglia's xor128 and the logarithm, exactly what bench/peers/hold.cpp does, so
 * that a comparison is one of queues and not of generators.
 */

let x = 123_456_789;
let y = 362_436_069;
let z = 521_288_629;
let w = 88_675_123;

/** In (0, 1), a multiple of 2^-33. */
export function uniform(): number {
  const t = x ^ (x << 11);
  x = y;
  y = z;
  z = w;
  w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
  return ((w >>> 0) + 0.5) / 4_294_967_296;
}

/** With mean 1. */
export function exponential(): number {
  return -Math.log(uniform());
}
