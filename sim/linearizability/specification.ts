/**
 * What the search knows of an object: states and operations are numbers, a step is a function of the two. Built from a model
 * for the operations of one object (sim/linearizability/model.ts).
 */

/** What a step returns when the operation cannot take effect in that state with the result it had. */
export const IMPOSSIBLE = -1;

export interface Specification {
  readonly initial: number;
  /** The state after the operation took effect, 0 or more, or `IMPOSSIBLE`. */
  step(state: number, operation: number): number;
  /** 1 for an operation that leaves every state as it is. */
  readonly readOnly: Uint8Array;
  /**
   * 1 for an operation that returned and that takes effect as soon as it can, because any linearization allows that. Read-only ones
   * need not be named; by default there are no others.
   */
  readonly eager?: Uint8Array;
  /** What allows shortcuts; see `Values`. */
  readonly values?: Values;
}

/**
 * For objects whose state is a single value that operations replace as a whole. An operation needs a value or none, and makes one
 * or none; the state after it is the value it made. The search then knows what is yet to be read (search.ts, "Shortcuts").
 */
export interface Values {
  readonly count: number;
  /** The state in which alone the operation is possible, or `ANY`. */
  readonly needs: Int32Array;
  /** The state after it, or `NONE` when it leaves the state. */
  readonly makes: Int32Array;
  /** Some operation is possible in all states but one (a compare-and-set that did not match). */
  readonly excluding: boolean;
}
export const ANY = -1;
export const NONE = -1;
