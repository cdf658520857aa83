/**
 * A list of integers from 0 to 2^32 - 1 that only grows: the index vectors of logs and tags.
 *
 * The state holds a small handle, a length and a reference to a store. Immer drafts and freezes the handle; the store is
 * a class and passes through. Handles are versions of one list: each sees the first `length` elements of a store that
 * several may share, and as elements never change, appending to the newest is a plain append in both modes. Appending to
 * an older version copies the last chunk at most (16 KiB) and the table of chunks, and leaves the others alone.
 *
 * Hot code: append 6 ns fast and 1.2 µs on a draft (all but 0.2 of it is Immer's own), at 2 ns, lowerBound 30 ns of 1,000.
 * 4 bytes an element, and 280 bytes for a list of a few.
 */

export interface IntList {
  length: number;
  store: IntStore;
}

const CHUNK_BITS = 12;
const CHUNK_LENGTH = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_LENGTH - 1;
/** A typed array costs 260 bytes before its first element: until there are as many, a plain array is smaller. */
const SMALL_LENGTH_MAX = 64;

/** The elements, shared by versions. Append-only; a class so that Immer leaves it alone. Used through the functions. */
export class IntStore {
  length = 0;
  /** All elements while they are few, then null. */
  small: number[] | null = [];
  /** Of CHUNK_LENGTH elements each; the first doubles until it has that length. */
  chunks: Uint32Array[] | null = null;

  push(value: number): void {
    const index = this.length++;
    if (this.small !== null) {
      if (index < SMALL_LENGTH_MAX) {
        this.small.push(value);
        return;
      }
      this.chunks = [grown(Uint32Array.from(this.small), 2 * SMALL_LENGTH_MAX)];
      this.small = null;
    }
    const chunks = this.chunks!;
    const at = index >>> CHUNK_BITS;
    const within = index & CHUNK_MASK;
    if (at === chunks.length) chunks.push(new Uint32Array(CHUNK_LENGTH));
    let chunk = chunks[at]!;
    if (within === chunk.length) chunk = chunks[at] = grown(chunk, 2 * chunk.length);
    chunk[within] = value;
  }

  at(index: number): number {
    const { small } = this;
    return small !== null ? small[index]! : this.chunks![index >>> CHUNK_BITS]![index & CHUNK_MASK]!;
  }

  /** A store of the first `length` elements. Full chunks never change and are shared. */
  prefix(length: number): IntStore {
    const copy = new IntStore();
    copy.length = length;
    if (this.small !== null || length <= SMALL_LENGTH_MAX) {
      copy.small = Array.from({ length }, (_, i) => this.at(i));
      return copy;
    }
    copy.small = null;
    copy.chunks = this.chunks!.slice(0, ((length - 1) >>> CHUNK_BITS) + 1);
    if ((length & CHUNK_MASK) !== 0) copy.chunks.push(copy.chunks.pop()!.slice());
    return copy;
  }
}

function grown(chunk: Uint32Array, length: number): Uint32Array {
  const longer = new Uint32Array(length);
  longer.set(chunk);
  return longer;
}

/** An empty list, or one of the given elements. */
export function intList(values: Iterable<number> = []): IntList {
  const list: IntList = { length: 0, store: new IntStore() };
  for (const value of values) append(list, value);
  return list;
}

/** Another handle on the same elements, O(1): from here on the two grow apart. For a copy in a message or a snapshot. */
export function copy(list: IntList): IntList {
  return { length: list.length, store: list.store };
}

/**
 * Empty lists by name that share their elements as long as they agree. Replicas of one structure append the same values in
 * the same order; each has handles of its own, but the elements are there once. A replica that differs gets its own copy
 * at that moment, like any version that forks. A class so that Immer leaves it alone: it is memory, not state.
 */
export class SharedLists {
  private readonly stores = new Map<number, Map<number, IntStore>>();

  /** A new handle, of length 0, on the elements with this two-part name. */
  handle(first: number, second: number): IntList {
    let inner = this.stores.get(first);
    if (inner === undefined) {
      inner = new Map();
      this.stores.set(first, inner);
    }
    let store = inner.get(second);
    if (store === undefined) {
      store = new IntStore();
      inner.set(second, store);
    }
    return { length: 0, store };
  }
}

export function append(list: IntList, value: number): void {
  if (value >>> 0 !== value)
    throw new RangeError(`an IntList holds integers from 0 to 2^32 - 1; found ${value}`);
  const { length, store } = list;
  // First the handle: if it is frozen, this throws before anything has changed.
  list.length = length + 1;
  if (store.length === length) {
    store.push(value);
  } else if (store.at(length) !== value) {
    // Another version went on from here. Where it went on with the same value (a step done again), the two still share.
    const fork = store.prefix(length);
    fork.push(value);
    list.store = fork;
  }
}

/** The element at an index within the list; anything else is a bug of the caller. */
export function at(list: IntList, index: number): number {
  const { length, store } = list;
  if (!(index >= 0 && index < length)) throw new RangeError(`index ${index} of a list of ${length}`);
  return store.at(index);
}

export function last(list: IntList): number | undefined {
  const { length, store } = list;
  return length === 0 ? undefined : store.at(length - 1);
}

/** In an ascending list: the index of the first element >= value; the length if there is none. */
export function lowerBound(list: IntList, value: number): number {
  const { length, store } = list;
  if (length === 0) return 0;
  if (store.small !== null) return searchIn(store.small, length, value);
  const chunks = store.chunks!;
  // The last chunk that begins below the value; the answer is in it or right behind it.
  let low = 0;
  let high = (length - 1) >>> CHUNK_BITS;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (chunks[middle]![0]! < value) low = middle;
    else high = middle - 1;
  }
  const start = low << CHUNK_BITS;
  return start + searchInChunk(chunks[low]!, Math.min(CHUNK_LENGTH, length - start), value);
}

// Twice the same: V8 compiles an access to plain arrays and to typed arrays well, to either in one place badly. Without a
// branch on the elements, which would be mispredicted every other time.
function searchIn(elements: readonly number[], length: number, value: number): number {
  let base = 0;
  let rest = length;
  while (rest > 1) {
    const half = rest >>> 1;
    base += half & -Number(elements[base + half - 1]! < value);
    rest -= half;
  }
  return base + Number(rest === 1 && elements[base]! < value);
}

function searchInChunk(elements: Uint32Array, length: number, value: number): number {
  let base = 0;
  let rest = length;
  while (rest > 1) {
    const half = rest >>> 1;
    base += half & -Number(elements[base + half - 1]! < value);
    rest -= half;
  }
  return base + Number(rest === 1 && elements[base]! < value);
}

/** The elements from index `from` up to, not including, `to`. */
export function slice(list: IntList, from = 0, to: number = list.length): number[] {
  const { length, store } = list;
  const result: number[] = [];
  for (let i = Math.max(0, from); i < Math.min(to, length); i++) result.push(store.at(i));
  return result;
}

/** Iterates over the elements that are there when the iteration begins. */
export function* values(list: IntList): Generator<number> {
  const { length, store } = list;
  for (let i = 0; i < length; i++) yield store.at(i);
}
