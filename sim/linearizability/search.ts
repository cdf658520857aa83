/**
 * The search for a linearization: an order of the operations that respects real time and that the object allows.
 *
 * It is the search of Wing and Gong (1993) with the memory of Lowe (2017): depth first over which operation takes effect next,
 * never twice from the same configuration. A configuration is the state and which operations have taken effect, which
 * `Progress` describes by a few words; so memory grows with the length of the history and not with its square. The search keeps
 * its own stack.
 *
 * Shortcuts. Each leaves the verdict as it is; the tests hold the search with them against the one without and against the
 * enumeration of all orders.
 *
 * 1. An operation that never changes the state takes effect as soon as it can: in any linearization it can be moved to the front.
 *    So does one of which the specification says the same.
 * 2. An operation that never returned and would not change the state now is not tried now.
 * 3. Of operations alike that never returned, the one invoked first goes first.
 *
 * Where the state is a single value (`Values`), and nothing depends on what the value is *not*:
 *
 * 4. A value that is yet to be read and that nobody can make again is not overwritten (with or without that condition).
 * 5. A write of a value that nobody is yet to read takes effect at once when nobody is yet to read the present one either: in any
 *    linearization it can be moved to the front. One that never returned is left out.
 * 6. A state that nobody is yet to read is like any other such state.
 * 7. Let a search go from one such state to another by operations whose values nobody is yet to read afterwards. That block can
 *    be moved to the front of any linearization, so alternatives to it need not be tried.
 *
 * With values written only once, 4 to 7 leave one alternative per cluster of a write and its reads to be tried, and none
 * after a cluster is complete: polynomial, where the problem in general is NP-complete (Gibbons and Korach 1997).
 *
 * Hot code, guarded by bench/linearizability.ts.
 */

import { Configurations } from "./configurations.ts";
import { Progress, ROW_STATE } from "./progress.ts";
import { ANY, IMPOSSIBLE, NONE, type Specification } from "./specification.ts";
import { NO_TWIN, type Timeline } from "./timeline.ts";

export interface SearchResult {
  /** `unknown`: the limit was reached. */
  readonly verdict: "linearizable" | "violated" | "unknown";
  /** Configurations visited. */
  readonly visited: number;
  /** A linearization, when there is one: operations of the timeline in order. Those left out never took effect. */
  readonly order: Int32Array;
}

/** Searches until `limit` configurations were visited. */
export function search(timeline: Timeline, specification: Specification, limit: number): SearchResult {
  const state = new Search(timeline, specification, limit);
  const verdict = state.run();
  return {
    verdict,
    visited: state.visited.size,
    order: verdict === "linearizable" ? state.progress.trail.slice(0, state.progress.trailLength) : NOTHING,
  };
}
const NOTHING = new Int32Array(0);
const UNREAD_STATE = -2;
const USELESS_PASSES_MAX = 8;

/** A choice that can be taken back. */
class Choices {
  private capacity = 64;
  private numbers = new Int32Array(this.capacity * CHOICE_WIDTH);
  length = 0;

  push(operation: number, stateBefore: number, trailLength: number, unread: boolean): void {
    if (this.length === this.capacity) {
      this.capacity *= 2;
      const old = this.numbers;
      this.numbers = new Int32Array(this.capacity * CHOICE_WIDTH);
      this.numbers.set(old);
    }
    const at = this.length++ * CHOICE_WIDTH;
    this.numbers[at] = operation;
    this.numbers[at + 1] = stateBefore;
    this.numbers[at + 2] = trailLength;
    this.numbers[at + 3] = unread ? 1 : 0;
  }

  operation(choice: number): number {
    return this.numbers[choice * CHOICE_WIDTH]!;
  }
  stateBefore(choice: number): number {
    return this.numbers[choice * CHOICE_WIDTH + 1]!;
  }
  trailLength(choice: number): number {
    return this.numbers[choice * CHOICE_WIDTH + 2]!;
  }
  /** Whether nobody was yet to read the state before the choice. */
  unread(choice: number): boolean {
    return this.numbers[choice * CHOICE_WIDTH + 3] === 1;
  }
}
const CHOICE_WIDTH = 4;

class Search {
  readonly progress: Progress;
  readonly visited: Configurations;
  private readonly choices = new Choices();
  private state: number;
  private readonly limit: number;
  private readonly timeline: Timeline;
  private readonly specification: Specification;
  /** Operations that need no choice: read-only ones, and those that the specification names. */
  private readonly eager: Uint8Array;
  private readonly needs: Int32Array | undefined;
  private readonly makes: Int32Array | undefined;
  /** Operations yet to take effect that need a value, those of them that returned, and those that make it. */
  private readonly needing: Int32Array;
  private readonly waiting: Int32Array;
  private readonly making: Int32Array;
  /** Shortcuts 5 to 7 apply. */
  private readonly forgets: boolean;

  constructor(timeline: Timeline, specification: Specification, limit: number) {
    this.timeline = timeline;
    this.specification = specification;
    this.limit = limit;
    this.state = specification.initial;
    const { values, eager, readOnly } = specification;
    this.eager = eager === undefined ? readOnly : readOnly.map((is, number) => is | eager[number]!);
    this.needs = values?.needs;
    this.makes = values?.makes;
    this.needing = new Int32Array(values?.count ?? 0);
    this.waiting = new Int32Array(values?.count ?? 0);
    this.making = new Int32Array(values?.count ?? 0);
    this.forgets = values !== undefined && !values.excluding;
    const skipped = this.uselessOperations();
    this.progress = new Progress(timeline, skipped);
    this.visited = new Configurations(this.progress.row.length);
    for (let operation = 0; operation < timeline.count; operation++) {
      if (skipped[operation] === 0) this.count(operation, 1);
    }
  }

  run(): SearchResult["verdict"] {
    const { progress, choices, timeline, visited, eager } = this;
    const { next, headOfNever } = progress;
    const { invokedAt } = timeline;
    if (this.isDoomed()) return "violated";
    this.settle();
    if (progress.complete) return "linearizable";
    this.remember();
    let cursor = next[progress.headOfReturned]!;
    for (;;) {
      // The next operation to try: first those that returned, then those that never did.
      if (cursor < timeline.count && invokedAt[cursor]! <= progress.limit) {
        if (eager[cursor] === 0 && this.choose(cursor)) {
          if (progress.complete) return "linearizable";
          if (this.remember()) {
            if (visited.size >= this.limit) return "unknown";
            this.commit();
            cursor = next[progress.headOfReturned]!;
            continue;
          }
          cursor = this.takeBackChoice();
        }
        cursor = next[cursor]!;
      } else if (cursor !== headOfNever && this.isOfReturned(cursor)) {
        cursor = next[headOfNever]!;
      } else {
        if (choices.length === 0) return "violated";
        cursor = next[this.takeBackChoice()]!;
      }
    }
  }

  private isOfReturned(cursor: number): boolean {
    return cursor === this.progress.headOfReturned || this.returned(cursor);
  }

  /** Lets the operation take effect, and then what can without a choice; false if it cannot. */
  private choose(operation: number): boolean {
    const { progress, state, waiting, making } = this;
    const after = this.specification.step(state, operation);
    if (after === IMPOSSIBLE) return false;
    if (!this.returned(operation)) {
      if (after === state || this.hasEarlierTwin(operation)) return false;
      if (this.forgets && this.needing[this.makes![operation]!] === 0) return false;
    }
    if (this.needs !== undefined && after !== state && making[state] === 0) {
      const itself = this.needs[operation] === state && this.returned(operation) ? 1 : 0;
      if (waiting[state]! > itself) return false;
    }
    this.choices.push(operation, state, progress.trailLength, this.isUnread(state));
    this.take(operation, after);
    this.settle();
    return true;
  }

  private returned(operation: number): boolean {
    return this.timeline.returnedAt[operation]! < 2 * this.timeline.count;
  }

  private hasEarlierTwin(operation: number): boolean {
    const twin = this.timeline.earlierTwin[operation]!;
    return twin !== NO_TWIN && this.progress.done[twin] === 0;
  }

  private take(operation: number, after: number): void {
    this.state = after;
    this.progress.take(operation);
    this.count(operation, -1);
  }

  /** Takes back the last choice and all that followed; returns its operation. */
  private takeBackChoice(): number {
    const { progress, choices } = this;
    const choice = --choices.length;
    const trailLength = choices.trailLength(choice);
    while (progress.trailLength > trailLength) this.count(progress.takeBack(), 1);
    this.state = choices.stateBefore(choice);
    return choices.operation(choice);
  }

  /** Shortcuts 1 and 5. */
  private settle(): void {
    const { progress, timeline, specification, eager, forgets, needs, makes, needing } = this;
    const { invokedAt } = timeline;
    const { next } = progress;
    let passedUnreadWrite = false;
    let changed = false;
    let cursor = next[progress.headOfReturned]!;
    for (;;) {
      if (cursor === progress.headOfReturned || invokedAt[cursor]! > progress.limit) {
        // Once more when the last reads of the state were found behind a write that can go now, or the state is another.
        if (!changed && !(passedUnreadWrite && this.isUnread(this.state))) return;
        passedUnreadWrite = changed = false;
        cursor = next[progress.headOfReturned]!;
        continue;
      }
      const operation = cursor;
      cursor = next[cursor]!;
      if (eager[operation] === 1) {
        const after = specification.step(this.state, operation);
        if (after === IMPOSSIBLE) continue;
        if (after !== this.state) changed = true;
        this.take(operation, after);
      } else if (forgets && needs![operation] === ANY && needing[makes![operation]!] === 0) {
        if (needing[this.state] === 0) this.take(operation, makes![operation]!);
        else passedUnreadWrite = true;
      }
    }
  }

  /** Adds the configuration to those visited; false if it was there. Shortcut 6. */
  private remember(): boolean {
    const { row } = this.progress;
    row[ROW_STATE] = this.isUnread(this.state) ? UNREAD_STATE : this.state;
    return this.visited.add(row);
  }

  /** Shortcut 7: forgets the choices since the last state that nobody was yet to read. */
  private commit(): void {
    if (!this.isUnread(this.state)) return;
    const { choices, makes, needing } = this;
    for (let choice = choices.length - 1; choice >= 0; choice--) {
      if (needing[makes![choices.operation(choice)]!] !== 0) return;
      if (choices.unread(choice)) {
        choices.length = choice;
        return;
      }
    }
  }

  private isUnread(state: number): boolean {
    return this.forgets && this.needing[state] === 0;
  }

  /** Operations that never returned and that nobody could tell from such that never took effect. */
  private uselessOperations(): Uint8Array {
    const { timeline, specification, needs, makes, needing } = this;
    const useless = new Uint8Array(timeline.count);
    for (const operation of timeline.neverReturned) useless[operation] = specification.readOnly[operation]!;
    if (!this.forgets) return useless;
    for (let operation = 0; operation < timeline.count; operation++) {
      if (useless[operation] === 0 && needs![operation] !== ANY) needing[needs![operation]!]!++;
    }
    // A chain of compare-and-sets is taken off link by link; what the passes leave costs time, not correctness.
    for (let pass = 0; pass < USELESS_PASSES_MAX; pass++) {
      let found = false;
      for (const operation of timeline.neverReturned) {
        if (useless[operation] === 1 || needing[makes![operation]!] !== 0) continue;
        useless[operation] = 1;
        found = true;
        if (needs![operation] !== ANY) needing[needs![operation]!]!--;
      }
      if (!found) break;
    }
    needing.fill(0);
    return useless;
  }

  /** A value that is to be read can never be there. */
  private isDoomed(): boolean {
    const { waiting, making } = this;
    for (let value = 0; value < waiting.length; value++) {
      if (waiting[value]! > 0 && making[value] === 0 && value !== this.state) return true;
    }
    return false;
  }

  private count(operation: number, change: 1 | -1): void {
    if (this.needs === undefined) return;
    const needed = this.needs[operation]!;
    if (needed !== ANY) {
      this.needing[needed]! += change;
      if (this.returned(operation)) this.waiting[needed]! += change;
    }
    const made = this.makes![operation]!;
    if (made !== NONE) this.making[made]! += change;
  }
}
