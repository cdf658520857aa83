/**
 * A cache of bounded size in bytes that gives up what was not used for longest.
 *
 * Entries have numbered places, and their links are numbers of places: an object an entry, and links that are keys (which lie
 * beyond what V8 keeps without a box), were 56 bytes more of each, and a lookup for each neighbour. Plain data; places come in
 * chunks, so that a step in checked mode, which changes at most four entries, copies a few short arrays.
 *
 * Hot code: 90 bytes an entry.
 */

import { type GrowMap, get, growMap, remove, set } from "./grow-map.ts";

export interface Lru<K extends number | string, V> {
  readonly capacityBytes: number;
  usedBytes: number;
  /** Places, or NONE. */
  newest: number;
  oldest: number;
  /** The first place that is free; each holds the next in `older`. */
  free: number;
  places: GrowMap<K, number>;
  chunks: LruChunk<K, V>[];
}

/** Parallel arrays. */
interface LruChunk<K, V> {
  keys: K[];
  /** Undefined in a place that is free. */
  values: (V | undefined)[];
  sizesBytes: number[];
  newer: number[];
  older: number[];
}

const NONE = -1;
const CHUNK_BITS = 7;
const CHUNK_LENGTH = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_LENGTH - 1;

export function lru<K extends number | string, V>(capacityBytes: number): Lru<K, V> {
  return {
    ...{ capacityBytes, usedBytes: 0, newest: NONE, oldest: NONE, free: NONE },
    ...{ places: growMap(), chunks: [] },
  };
}

/** The value of a key, which is now the most recently used; undefined if it is not held. */
export function lruGet<K extends number | string, V>(cache: Lru<K, V>, key: K): V | undefined {
  const place = get(cache.places, key);
  if (place === undefined) return undefined;
  touch(cache, place);
  return chunkOf(cache, place).values[place & CHUNK_MASK];
}

/** The value of a key, without counting as a use. */
export function lruPeek<K extends number | string, V>(cache: Lru<K, V>, key: K): V | undefined {
  const place = get(cache.places, key);
  return place === undefined ? undefined : chunkOf(cache, place).values[place & CHUNK_MASK];
}

/**
 * Holds a value as the most recently used and gives up the oldest until all fits; returns how many were given up. A value
 * larger than the cache is not held, and what its key held before is dropped.
 */
export function lruPut<K extends number | string, V>(
  cache: Lru<K, V>,
  key: K,
  value: V,
  sizeBytes: number,
): number {
  if (!(sizeBytes >= 0))
    throw new RangeError(`the size of a cached value must not be negative; found ${sizeBytes}`);
  if (sizeBytes > cache.capacityBytes) {
    lruRemove(cache, key);
    return 0;
  }
  const place = get(cache.places, key);
  if (place !== undefined) {
    const { values, sizesBytes } = chunkOf(cache, place);
    cache.usedBytes += sizeBytes - sizesBytes[place & CHUNK_MASK]!;
    values[place & CHUNK_MASK] = value;
    sizesBytes[place & CHUNK_MASK] = sizeBytes;
    touch(cache, place);
  } else {
    cache.usedBytes += sizeBytes;
    const taken = takePlace(cache, key, value, sizeBytes);
    set(cache.places, key, taken);
    lead(cache, taken);
  }
  let evicted = 0;
  // The entry just put fits alone, so it is never the oldest here.
  while (cache.usedBytes > cache.capacityBytes) {
    lruRemove(cache, lruOldest(cache)!);
    evicted++;
  }
  return evicted;
}

/** Drops a key and tells whether it was held. */
export function lruRemove<K extends number | string, V>(cache: Lru<K, V>, key: K): boolean {
  const place = get(cache.places, key);
  if (place === undefined) return false;
  unlink(cache, place);
  const chunk = chunkOf(cache, place);
  cache.usedBytes -= chunk.sizesBytes[place & CHUNK_MASK]!;
  chunk.values[place & CHUNK_MASK] = undefined;
  chunk.older[place & CHUNK_MASK] = cache.free;
  cache.free = place;
  return remove(cache.places, key);
}

/** How many entries are held. */
export function lruSize<K extends number | string, V>(cache: Lru<K, V>): number {
  return cache.places.size;
}

/** The key that was not used for longest, which is given up next; undefined if nothing is held. */
export function lruOldest<K extends number | string, V>(cache: Lru<K, V>): K | undefined {
  const { oldest } = cache;
  return oldest === NONE ? undefined : chunkOf(cache, oldest).keys[oldest & CHUNK_MASK];
}

function chunkOf<K extends number | string, V>({ chunks }: Lru<K, V>, place: number): LruChunk<K, V> {
  return chunks[place >>> CHUNK_BITS]!;
}

/** A place that was given up, or a new one, with everything but its links. */
function takePlace<K extends number | string, V>(
  cache: Lru<K, V>,
  key: K,
  value: V,
  sizeBytes: number,
): number {
  const { chunks, free } = cache;
  if (free !== NONE) {
    const { keys, values, sizesBytes, older } = chunkOf(cache, free);
    const within = free & CHUNK_MASK;
    cache.free = older[within]!;
    keys[within] = key;
    values[within] = value;
    sizesBytes[within] = sizeBytes;
    return free;
  }
  if (chunks.length === 0 || chunks.at(-1)!.keys.length === CHUNK_LENGTH)
    chunks.push({ keys: [], values: [], sizesBytes: [], newer: [], older: [] });
  const chunk = chunks.at(-1)!;
  const place = (chunks.length - 1) * CHUNK_LENGTH + chunk.keys.length;
  chunk.keys.push(key);
  chunk.values.push(value);
  chunk.sizesBytes.push(sizeBytes);
  chunk.newer.push(NONE);
  chunk.older.push(NONE);
  return place;
}

function touch<K extends number | string, V>(cache: Lru<K, V>, place: number): void {
  if (cache.newest === place) return;
  unlink(cache, place);
  lead(cache, place);
}

/** Makes a place that is in no list the newest. */
function lead<K extends number | string, V>(cache: Lru<K, V>, place: number): void {
  const { newest } = cache;
  const { newer, older } = chunkOf(cache, place);
  newer[place & CHUNK_MASK] = NONE;
  older[place & CHUNK_MASK] = newest;
  if (newest === NONE) cache.oldest = place;
  else chunkOf(cache, newest).newer[newest & CHUNK_MASK] = place;
  cache.newest = place;
}

function unlink<K extends number | string, V>(cache: Lru<K, V>, place: number): void {
  const chunk = chunkOf(cache, place);
  const newer = chunk.newer[place & CHUNK_MASK]!;
  const older = chunk.older[place & CHUNK_MASK]!;
  if (newer === NONE) cache.newest = older;
  else chunkOf(cache, newer).older[newer & CHUNK_MASK] = older;
  if (older === NONE) cache.oldest = newer;
  else chunkOf(cache, older).newer[older & CHUNK_MASK] = newer;
}
