/**
 * What every suite of the benchmark shares: rounds of all contenders in turn, so that a machine that is busy with
 * something else slows all of them alike; the median of the rounds; and a check of each program's result, because a
 * program that computes the wrong thing is not fast.
 *
 * Rates are per second of CPU time. On a shared machine trust ratios within one run, and only differences above a fifth.
 */

export interface Options {
  /** Fewer and shorter rounds: for a look, not for a number to quote. */
  readonly quick: boolean;
}

export interface Row {
  /** What is measured: "HOLD, 1,000 pending". */
  readonly measure: string;
  readonly program: string;
  /** Undefined when the program is not installed. */
  readonly perSecond: number | undefined;
  /** What is counted: "events", "customers". */
  readonly unit: string;
  /** How the rate compares to what the suite compares it to: "1.8 x". */
  readonly compared: string;
  /** Whether the program's result is what theory says. */
  readonly check: string;
}

/** What a module of the benchmark exports as `run`. */
export type Suite = (options: Options) => Promise<Row[]>;

/** What one round of one program did. */
export interface Round {
  readonly count: number;
  readonly cpuSeconds: number;
  /** The measured quantity that is checked: a mean population, a mean wait. */
  readonly result: number;
}

export interface Contender {
  readonly program: string;
  /** Undefined when the program is not installed. */
  round(): Round | undefined;
}

export interface Comparison {
  readonly measure: string;
  readonly unit: string;
  /** What `Round.result` should be, and by how much of it a round may be off. */
  readonly expected: number;
  readonly toleranceRatio: number;
  /** The first one is what the others are compared to. */
  readonly contenders: readonly Contender[];
}

export function roundsOf(options: Options): number {
  return options.quick ? 3 : 7;
}

/** Runs all contenders in interleaved rounds, after one round each that does not count. */
export function compare(comparison: Comparison, rounds: number): Row[] {
  const { measure, unit, contenders, expected, toleranceRatio } = comparison;
  const installed = contenders.map(({ round }) => round() !== undefined);
  const results: Round[][] = contenders.map(() => []);
  for (let n = 0; n < rounds; n++) {
    for (const [i, { round }] of contenders.entries()) {
      const result = installed[i] ? round() : undefined;
      if (result !== undefined) results[i]!.push(result);
    }
  }
  const rates = results.map((of) =>
    of.length === 0 ? undefined : median(of.map((r) => r.count / r.cpuSeconds)),
  );
  return contenders.map(({ program }, i) => {
    const perSecond = rates[i];
    if (perSecond === undefined)
      return { measure, program, unit, perSecond, compared: "", check: "not installed" };
    const result = median(results[i]!.map((r) => r.result));
    const right = Math.abs(result / expected - 1) <= toleranceRatio;
    return {
      measure,
      program,
      perSecond,
      unit,
      compared: i === 0 ? "" : `${contenders[0]!.program} is ${(rates[0]! / perSecond).toFixed(2)} x`,
      check: `${right ? "right" : "WRONG"}: ${result.toPrecision(4)} for ${expected.toPrecision(4)}`,
    };
  });
}

/** Runs `work` and returns the seconds of CPU time that this process took for it. */
export function cpuSecondsOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
