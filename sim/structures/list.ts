/**
 * A list that only grows: log entries, records, results. As sim/structures/int-list.ts, for elements of any kind.
 *
 * An element is a value: once appended it never changes. In checked mode it is frozen when it is appended to a list of
 * the state, and a later change fails there. An element that must change belongs into a GrowMap.
 *
 * Hot code: append 10 ns fast and 1.5 µs on a draft (all but 0.5 of it is Immer's own), at 3 ns.
 */

import { isDraft } from "immer";
import { settled } from "./settled.ts";

export interface List<T> {
  length: number;
  store: ListStore<T>;
}

const CHUNK_BITS = 10;
const CHUNK_LENGTH = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_LENGTH - 1;

/** The elements, shared by versions. Append-only; a class so that Immer leaves it alone. Used through the functions. */
export class ListStore<T> {
  length = 0;
  /** Of CHUNK_LENGTH elements each, but for the last. */
  chunks: T[][] = [[]];

  push(value: T): void {
    const at = this.length++ >>> CHUNK_BITS;
    if (at === this.chunks.length) this.chunks.push([]);
    this.chunks[at]!.push(value);
  }

  at(index: number): T {
    return this.chunks[index >>> CHUNK_BITS]![index & CHUNK_MASK]!;
  }

  /** A store of the first `length` elements. Full chunks never change and are shared. */
  prefix(length: number): ListStore<T> {
    const copy = new ListStore<T>();
    if (length === 0) return copy;
    copy.length = length;
    copy.chunks = this.chunks.slice(0, ((length - 1) >>> CHUNK_BITS) + 1);
    if ((length & CHUNK_MASK) !== 0) copy.chunks.push(copy.chunks.pop()!.slice(0, length & CHUNK_MASK));
    return copy;
  }
}

/** An empty list, or one of the given elements. */
export function list<T>(values: Iterable<T> = []): List<T> {
  const result: List<T> = { length: 0, store: new ListStore<T>() };
  for (const value of values) append(result, value);
  return result;
}

/** Another handle on the same elements, O(1): from here on the two grow apart. For a copy in a message or a snapshot. */
export function copy<T>(original: List<T>): List<T> {
  return { length: original.length, store: original.store };
}

export function append<T>(target: List<T>, value: T): void {
  const { length, store } = target;
  // First the handle: if it is frozen, this throws before anything has changed.
  target.length = length + 1;
  const element =
    typeof value === "object" && value !== null && (isDraft(target) || isDraft(value))
      ? settled(value)
      : value;
  if (store.length === length) {
    store.push(element);
  } else if (store.at(length) !== element) {
    // Another version went on from here. Where it went on with the very same value, the two still share.
    const fork = store.prefix(length);
    fork.push(element);
    target.store = fork;
  }
}

/** The element at an index within the list; anything else is a bug of the caller. */
export function at<T>({ length, store }: List<T>, index: number): T {
  if (!(index >= 0 && index < length)) throw new RangeError(`index ${index} of a list of ${length}`);
  return store.at(index);
}

export function last<T>({ length, store }: List<T>): T | undefined {
  return length === 0 ? undefined : store.at(length - 1);
}

/** The elements from index `from` up to, not including, `to`. */
export function slice<T>({ length, store }: List<T>, from = 0, to: number = length): T[] {
  const result: T[] = [];
  for (let i = Math.max(0, from); i < Math.min(to, length); i++) result.push(store.at(i));
  return result;
}

/** Iterates over the elements that are there when the iteration begins. */
export function* values<T>({ length, store }: List<T>): Generator<T> {
  for (let i = 0; i < length; i++) yield store.at(i);
}
