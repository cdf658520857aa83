/** A history: what clients asked of a shared object and what they were told, with times. */

/**
 * How an operation ended. `failed`: it certainly had no effect. `unknown`: it may take effect at any time after it was
 * invoked, or never, because the client was never told (a time-out, a crash, the end of the recording).
 */
export type Ending = "ok" | "failed" | "unknown";

/** One operation of a client. */
export interface Operation {
  /** Its place in the history it came from, from 0: how messages name it. */
  readonly index: number;
  readonly process: string | number;
  /** What is done: "read", "append". The model says which there are. */
  readonly name: string;
  /** The object it is done to; objects with different keys have nothing to do with each other. */
  readonly key: string | undefined;
  readonly input: unknown;
  /** What the client was told; undefined when there is nothing to tell or the outcome is not `ok`. */
  readonly output: unknown;
  readonly outcome: Ending;
  /** When it was invoked, in nanoseconds or in places of an event list. */
  readonly invoked: number;
  /**
   * When it returned, in the same unit; infinite unless the outcome is `ok`. An operation that is `ok` and never returns need not
   * take effect, but if it does, it is with this output: how a history is cut off at a moment (explain.ts).
   */
  readonly returned: number;
}

/** Whether the operation must have taken effect by some moment. */
export const hasReturned = ({ returned }: Operation): boolean => Number.isFinite(returned);

/** How the unit of `invoked` and `returned` is shown. */
export type Clock = "nanos" | "events";

export interface History {
  readonly operations: readonly Operation[];
  readonly clock: Clock;
}
