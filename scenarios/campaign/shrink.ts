/**
 * Makes a failing case small: leaves out faults, calls, operations and nodes, brings times forward and values to their
 * simplest, as long as the same kind of failure stays (delta debugging, Zeller and Hildebrandt, TSE 2002).
 *
 * A failure that needs a rare order of messages is easily lost with anything that shifts the random delays. So a smaller case
 * is also tried under a few other seeds before it is given up.
 */

import { type Case, EMPTY_CASE } from "./case.ts";
import { isWithinBudget } from "./fault-budget.ts";
import { kindOf, runCase, type Verdict } from "./run-case.ts";
import { simplerCases } from "./simpler.ts";

export interface ShrinkOptions {
  /** Runs that may be spent. */
  readonly attempts: number;
}

export interface Shrunk {
  readonly case: Case;
  readonly verdict: Verdict;
  readonly attempts: number;
}

/** How many seeds a smaller case is tried with. */
const SEEDS = 3;

/** `kind`: what has to stay among the failures, see `kindOf`; the name of an invariant, for one. */
export function shrinkCase(subject: Case, kind: string, { attempts }: ShrinkOptions): Shrunk {
  const withinBudget = isWithinBudget(subject);
  let best = subject;
  let verdict = runCase(subject);
  let spent = 1;
  /** Candidates that were tried, as text: passes come again, and what did not fail then does not fail now. */
  const tried = new Set<string>([JSON.stringify(subject)]);
  const fails = (candidate: Case): Verdict | undefined => {
    const text = JSON.stringify(candidate);
    if (tried.has(text)) return undefined;
    tried.add(text);
    spent++;
    const found = runCase(candidate);
    return found.failures.some((failure) => kindOf(failure) === kind) ? found : undefined;
  };
  /** Takes the candidate if it still fails. */
  const accept = (candidate: Case): boolean => {
    // Fewer nodes may survive less: what is impossible to survive proves nothing.
    if (withinBudget && !isWithinBudget(candidate)) return false;
    for (let i = 0; i < SEEDS && spent < attempts; i++) {
      const seeded = i === 0 ? candidate : { ...candidate, seed: EMPTY_CASE.seed + i - 1 };
      const found = fails(seeded);
      if (found === undefined) continue;
      best = seeded;
      verdict = found;
      return true;
    }
    return false;
  };
  for (;;) {
    const before = best;
    for (const pass of simplerCases) {
      const candidates = pass(best);
      let next = candidates.next(false);
      while (next.done !== true && spent < attempts) next = candidates.next(accept(next.value));
    }
    if (best === before || spent >= attempts) break;
  }
  return { case: best, verdict, attempts: spent };
}
