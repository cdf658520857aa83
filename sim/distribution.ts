/** Distributions of delays, sizes and choices, as data. Sampling is in sim/sampling.ts. */

/** Parameters are in the unit of what is drawn (nanoseconds for delays, bytes for sizes). */
export type Distribution =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number }
  /** `floor` is added to the exponential part; `mean` is the mean of that part. */
  | { readonly kind: "exponential"; readonly mean: number; readonly floor?: number }
  /** By its median and the standard deviation of the logarithm; `floor` is added. */
  | { readonly kind: "lognormal"; readonly median: number; readonly sigma: number; readonly floor?: number }
  /** Empirical quantiles: probabilities ascending from 0 to 1, values ascending; linear in between. */
  | {
      readonly kind: "quantiles";
      readonly probabilities: readonly number[];
      readonly values: readonly number[];
    }
  /** One of several distributions, by weight: a common case and a rare slow one. */
  | {
      readonly kind: "mixture";
      readonly weights: readonly number[];
      readonly parts: readonly Distribution[];
    }
  /** Ranks from 0 to count - 1; rank r with a weight of (r + 1)^-exponent. */
  | { readonly kind: "zipf"; readonly count: number; readonly exponent: number };
