/**
 * A map that may reach millions of entries in a state. Immer copies a whole native Map on the first write of a step;
 * here it copies one leaf of at most 512 entries and, of a million, two arrays of 64.
 *
 * A tree over the hash of the key, 6 bits a level, with native Maps as leaves. It begins as a single Map, and a leaf
 * splits when it outgrows its bound. Plain data: values may be objects that later steps change. Leaves are never joined
 * again, as maps that were large tend to become so again.
 *
 * Iteration is a function of the operations done, the same in both modes, but not in the order of insertion.
 *
 * Hot code: get and set 25 ns among a thousand entries, 300 at random among a million (a native Map: 25, 150), in a step of
 * their own in checked mode 8 and 30 µs. 40 bytes an entry.
 */

export interface GrowMap<K extends number | string, V> {
  size: number;
  root: Node<K, V>;
}

type Node<K, V> = Map<K, V> | Node<K, V>[];

const LEVEL_BITS = 6;
const FANOUT = 1 << LEVEL_BITS;
const LEVEL_MASK = FANOUT - 1;
const LEVELS_MAX = 5;
const LEAF_SIZE_MAX = 512;

export function growMap<K extends number | string, V>(
  entriesOf: Iterable<readonly [K, V]> = [],
): GrowMap<K, V> {
  const map: GrowMap<K, V> = { size: 0, root: new Map() };
  for (const [key, value] of entriesOf) set(map, key, value);
  return map;
}

export function get<K extends number | string, V>(map: GrowMap<K, V>, key: K): V | undefined {
  return leafOf(map.root, key).get(key);
}

export function has<K extends number | string, V>(map: GrowMap<K, V>, key: K): boolean {
  return leafOf(map.root, key).has(key);
}

export function set<K extends number | string, V>(map: GrowMap<K, V>, key: K, value: V): void {
  const leaf = leafOf(map.root, key);
  const before = leaf.size;
  leaf.set(key, value);
  if (leaf.size === before) return;
  map.size++;
  if (before === LEAF_SIZE_MAX) split(map, key, leaf);
}

/** Removes a key and tells whether it was there. */
export function remove<K extends number | string, V>(map: GrowMap<K, V>, key: K): boolean {
  if (!leafOf(map.root, key).delete(key)) return false;
  map.size--;
  return true;
}

/** All entries, in an order that the operations so far determine. The map must not change meanwhile. */
export function entries<K extends number | string, V>(map: GrowMap<K, V>): Generator<[K, V]> {
  return entriesBelow(map.root);
}

function* entriesBelow<K, V>(node: Node<K, V>): Generator<[K, V]> {
  if (!Array.isArray(node)) yield* node;
  else for (const child of node) yield* entriesBelow(child);
}

function leafOf<K extends number | string, V>(root: Node<K, V>, key: K): Map<K, V> {
  if (!Array.isArray(root)) return root;
  let hash = hashOf(key);
  let node: Node<K, V> = root;
  do {
    node = node[hash & LEVEL_MASK]!;
    hash >>>= LEVEL_BITS;
  } while (Array.isArray(node));
  return node;
}

/** Puts a node of smaller leaves in the place of the leaf that holds the key. */
function split<K extends number | string, V>(map: GrowMap<K, V>, key: K, leaf: Map<K, V>): void {
  let hash = hashOf(key);
  let level = 0;
  let parent: Node<K, V>[] | undefined;
  let place = 0;
  for (let node = map.root; Array.isArray(node); node = node[place]!) {
    parent = node;
    place = hash & LEVEL_MASK;
    hash >>>= LEVEL_BITS;
    level++;
  }
  // Keys whose hashes agree in all levels stay together; only a chosen set of keys gets there.
  if (level === LEVELS_MAX) return;
  const leaves = Array.from({ length: FANOUT }, () => new Map<K, V>());
  for (const [each, value] of leaf)
    leaves[(hashOf(each) >>> (level * LEVEL_BITS)) & LEVEL_MASK]!.set(each, value);
  if (parent === undefined) map.root = leaves;
  else parent[place] = leaves;
}

function hashOf(key: number | string): number {
  let hash: number;
  if (typeof key === "number") {
    hash = Math.imul(key | 0, 0x9e3779b1) ^ Math.imul((key / 4_294_967_296) | 0, 0x85ebca6b);
  } else {
    hash = 0x811c9dc5;
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  }
  // The final mix of MurmurHash3, as the levels take the low bits first.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
