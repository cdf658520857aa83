/**
 * Named random streams, split from the seed of a run by name alone: a new stream never shifts another, and two variants
 * of a scenario draw the same numbers on every link they share (docs/kernel.md, "Randomness").
 *
 * The generator is Alea (a multiply-with-carry over 96 bits, period about 2^116) from seedrandom. Of that package's fast
 * algorithms it is the only one that is not linear over bits: xor128 and xorshift7 fail rank and linear complexity tests,
 * and as they also mix their seed linearly, streams with similar names would be correlated.
 *
 * Hot code: 7 ns a draw. Creating a stream costs 3 µs and 80 bytes, so create those of rarely used links on first use.
 */

import alea from "seedrandom/lib/alea.js";

/** Where a stream stands, as plain data. */
export interface RandomState {
  readonly c: number;
  readonly s0: number;
  readonly s1: number;
  readonly s2: number;
}

const DRAWS_DISCARDED = 16;
/** Numbers of a stream's state, side by side so that a draw touches one line of memory: s0, s1, s2, c. */
const WORDS = 4;
const STREAMS_PER_CHUNK = 1_024;
const TWO_POW_MINUS_32 = 2 ** -32;
const TWO_POW_MINUS_53 = 2 ** -53;

/** Where the next streams are put. A chunk lives as long as one of its streams. */
let chunk = new Float64Array(WORDS * STREAMS_PER_CHUNK);
let used = 0;

/**
 * The package seeds the generator and says where it stands; the steps are taken here, on numbers in an array, because the
 * package keeps them in objects and closures that cost an allocation a draw and five lines of memory a stream. A test
 * holds both against each other bit for bit.
 */
export class RandomStream {
  private readonly words: Float64Array;
  private readonly at: number;

  /** Use `streamFor`, which keeps the seeds of different streams apart. */
  constructor(seed: string) {
    if (used === STREAMS_PER_CHUNK) {
      chunk = new Float64Array(WORDS * STREAMS_PER_CHUNK);
      used = 0;
    }
    this.words = chunk;
    this.at = WORDS * used++;
    this.restore(alea(seed, { state: true }).state());
    // The first draws after seeding are correlated between similar seeds (measured: chi-squared 6 sigma off for the
    // first draws of "link 1", "link 2", ...; none left after 8 draws, over a million names).
    for (let i = 0; i < DRAWS_DISCARDED; i++) this.uniform();
  }

  /** Reads the state, for who wants it in the cache. What it returns means nothing. */
  touch(): number {
    return this.words[this.at]! < 0.5 ? 1 : 0;
  }

  /** 32 random bits, as a signed integer. */
  next32(): number {
    return (this.uniform() * 0x100000000) | 0;
  }

  /**
   * In [0, 1), a multiple of 2^-32: fine enough for delays and choices at half the price of 53 bits. What would show the
   * grain (a value below 2^-32, a range above 2^32) needs `uniform53`.
   */
  uniform(): number {
    const { words, at } = this;
    const t = 2_091_639 * words[at]! + words[at + 3]! * TWO_POW_MINUS_32;
    const carry = t | 0;
    words[at] = words[at + 1]!;
    words[at + 1] = words[at + 2]!;
    const draw = t - carry;
    words[at + 2] = draw;
    words[at + 3] = carry;
    return draw;
  }

  /** In [0, 1), a multiple of 2^-53. Two draws. */
  uniform53(): number {
    return this.uniform() + ((this.uniform() * 0x200000) | 0) * TWO_POW_MINUS_53;
  }

  /**
   * An integer in [0, n), for n from 1 to 2^53. No value is more likely than another by more than 1 in 65,000 of its
   * probability: beyond 2^16 values 53 bits are drawn.
   */
  below(n: number): number {
    return Math.floor((n <= 65_536 ? this.uniform() : this.uniform53()) * n);
  }

  save(): RandomState {
    const { words, at } = this;
    return { s0: words[at]!, s1: words[at + 1]!, s2: words[at + 2]!, c: words[at + 3]! };
  }

  /** Continues exactly where the stream stood when `saved` was taken. */
  restore({ s0, s1, s2, c }: RandomState): void {
    const { words, at } = this;
    words[at] = s0;
    words[at + 1] = s1;
    words[at + 2] = s2;
    words[at + 3] = c;
  }
}

/**
 * The stream of a name in a run, always at its beginning. The numbers depend on both and on nothing else; a seed given as
 * a number or as its decimal digits is the same seed.
 */
export function streamFor(runSeed: number | string, name: string): RandomStream {
  // With its length in front, no seed and name can be read as another seed and name.
  const seed = String(runSeed);
  return new RandomStream(`${seed.length}:${seed}:${name}`);
}
