/**
 * What broken invariants leave behind: which one, when, and a sentence that says what was expected and what was found.
 *
 * A bug that breaks an invariant once tends to break it at every event, so only the first of each invariant are kept in
 * full; the others are counted.
 */

import type { Nanos } from "./units.ts";

export interface Violation<Name extends string = string> {
  readonly invariant: Name;
  readonly atNanos: Nanos;
  readonly message: string;
}

export interface Violations<Name extends string = string> {
  /** The first of each invariant, in the order they were found. */
  readonly list: Violation<Name>[];
  /** How many there were in all, per invariant that was broken. */
  readonly counts: Map<Name, number>;
  report(invariant: Name, atNanos: Nanos, message: string): void;
}

const KEPT_MAX = 20;

export function createViolations<Name extends string>(): Violations<Name> {
  const list: Violation<Name>[] = [];
  const counts = new Map<Name, number>();
  return {
    list,
    counts,
    report(invariant, atNanos, message) {
      const count = (counts.get(invariant) ?? 0) + 1;
      counts.set(invariant, count);
      if (count <= KEPT_MAX) list.push({ invariant, atNanos, message });
    },
  };
}
