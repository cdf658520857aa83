/**
 * How much load a scenario carries while what is asked of it holds: bisection on a factor of its load. Knows nothing of
 * scenarios; `holds` runs one.
 *
 * Whether a run holds is taken to be monotonic in the load, up to noise: each search has its own seed and sees the same
 * random numbers at every load, and the spread of several searches says how much noise there is.
 */

export interface Probe<Evidence> {
  readonly factor: number;
  readonly held: boolean;
  readonly evidence: Evidence;
}

export interface SearchOptions {
  /** The interval that is left is at most this share of its lower end, such as 0.02. */
  readonly precision: number;
  /** Loads tried lie within 1 / `spread` and `spread` times the first. */
  readonly spread: number;
  /** The first factor that is tried. Searches that begin apart do not all end on the same few values. */
  readonly start: number;
}

export type SearchResult<Evidence> = {
  readonly probes: readonly Probe<Evidence>[];
} & (
  | { readonly kind: "found"; readonly factor: number }
  /** What is asked for does not hold even at the smallest load that was tried. */
  | { readonly kind: "never" }
  /** It holds even at the largest load that was tried. */
  | { readonly kind: "always" }
);

/** The middle, by ratio, between the largest factor that was seen to hold and one that was seen not to. */
export async function searchCapacity<Evidence>(
  holds: (factor: number) => Promise<{ readonly held: boolean; readonly evidence: Evidence }>,
  { precision, spread, start }: SearchOptions,
): Promise<SearchResult<Evidence>> {
  if (!(precision > 0 && spread > 1)) {
    throw new RangeError(
      `a search needs a precision above 0 and a spread above 1, not ${precision} and ${spread}`,
    );
  }
  const probes: Probe<Evidence>[] = [];
  const probe = async (factor: number): Promise<boolean> => {
    const { held, evidence } = await holds(factor);
    probes.push({ factor, held, evidence });
    return held;
  };
  let low = start;
  let high = start;
  if (await probe(start)) {
    do {
      low = high;
      if (low >= start * spread) return { kind: "always", probes };
      high = Math.min(2 * high, start * spread);
    } while (await probe(high));
  } else {
    do {
      high = low;
      if (high <= start / spread) return { kind: "never", probes };
      low = Math.max(low / 2, start / spread);
    } while (!(await probe(low)));
  }
  while (high / low > 1 + precision) {
    // The middle by ratio: precision is a ratio, too.
    const middle = Math.sqrt(low * high);
    if (await probe(middle)) low = middle;
    else high = middle;
  }
  return { kind: "found", factor: Math.sqrt(low * high), probes };
}
