/**
 * A pass over a case that is to be made smaller: it yields candidates and is told of each whether it was taken; then it goes on from
 * there, else from what it had.
 */

import type { Case } from "./case.ts";

export type Pass = (subject: Case) => Generator<Case, void, boolean>;

/** Leaves out parts of a list: halves first, then ever smaller runs, then single items. */
export function* shorter<T>(
  subject: Case,
  list: (of: Case) => readonly T[],
  withList: (of: Case, items: readonly T[]) => Case,
): Generator<Case, void, boolean> {
  let best = subject;
  for (let size = list(best).length; size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < list(best).length; ) {
      const items = list(best);
      const candidate = withList(best, [...items.slice(0, start), ...items.slice(start + size)]);
      if (yield candidate) best = candidate;
      else start += size;
    }
  }
}

/** Tries each change of a case on what the changes before it left. */
export function* oneByOne(
  subject: Case,
  changes: readonly ((of: Case) => Case | undefined)[],
): Generator<Case, void, boolean> {
  let best = subject;
  for (const change of changes) {
    const candidate = change(best);
    if (candidate !== undefined && (yield candidate)) best = candidate;
  }
}
