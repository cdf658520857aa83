/** The largest distance between the empirical distribution of draws and a continuous distribution function. */
export function kolmogorovSmirnov(draws: readonly number[], cumulative: (x: number) => number): number {
  const sorted = Float64Array.from(draws).sort();
  let distance = 0;
  for (let i = 0; i < sorted.length; i++) {
    const expected = cumulative(sorted[i]!);
    distance = Math.max(distance, expected - i / sorted.length, (i + 1) / sorted.length - expected);
  }
  return distance;
}

/** Exceeded with probability 0.001 by draws that do follow the distribution. */
export function kolmogorovSmirnovLimit(draws: number): number {
  return 1.95 / Math.sqrt(draws);
}
