/**
 * What the kernel does with whole states, whatever is in them: copying (snapshots), comparing (fast against checked mode,
 * replay) and hashing (exploration).
 *
 * States are plain data: primitives, plain objects, arrays, Map, Set, typed arrays and the lists of this folder. Anything
 * else is a bug of a model, and named.
 *
 * The order of a Map or Set counts in both comparison and digest, as a step may iterate over it; the order of an object's
 * fields does not. -0 equals 0 and NaN equals NaN. A field that is undefined differs from one that is absent.
 */

import { type IntList, IntStore, SharedLists } from "./int-list.ts";
import { type List, ListStore } from "./list.ts";

type TypedArray = Uint8Array | Int32Array | Uint32Array | Float64Array;

/**
 * A deep copy that shares nothing that can change. What was shared within the value is shared within the copy. Frozen
 * parts are copied like others, so that the copy of a checked state can run in fast mode. The elements of lists are
 * shared: they never change, and the handles of original and copy grow apart by themselves.
 */
export function cloneState<T>(value: T): T {
  return cloneOf(value, new Map()) as T;
}

function cloneOf(value: unknown, copies: Map<object, object>): unknown {
  if (typeof value !== "object" || value === null) return plain(value);
  const known = copies.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    copies.set(value, copy);
    for (const each of value) copy.push(cloneOf(each, copies));
    return copy;
  }
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    copies.set(value, copy);
    for (const [key, each] of value) copy.set(cloneOf(key, copies), cloneOf(each, copies));
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>();
    copies.set(value, copy);
    for (const each of value) copy.add(cloneOf(each, copies));
    return copy;
  }
  if (ArrayBuffer.isView(value)) {
    const copy = (value as TypedArray).slice();
    copies.set(value, copy);
    return copy;
  }
  if (value instanceof IntStore || value instanceof ListStore || value instanceof SharedLists) return value;
  const copy: Record<string, unknown> = {};
  copies.set(value, copy);
  const fields = fieldsOf(value);
  for (const key of Object.keys(fields)) copy[key] = cloneOf(fields[key], copies);
  return copy;
}

/** Whether two states are the same, see the top of the file. */
export function stateEquals(a: unknown, b: unknown): boolean {
  return stateDifference(a, b) === undefined;
}

/** Where two states differ first, for a message: ".entries[3].position: 4 is not 5". Undefined if they are equal. */
export function stateDifference(a: unknown, b: unknown): string | undefined {
  return differenceAt("", a, b);
}

function differenceAt(path: string, a: unknown, b: unknown): string | undefined {
  if (a === b) return undefined;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return Number.isNaN(plain(a)) && Number.isNaN(plain(b)) ? undefined : difference(path, a, b);
  }
  if (Array.isArray(a)) {
    return Array.isArray(b) ? differenceOfSequences(path, a.length, a, b.length, b) : difference(path, a, b);
  }
  // Memory that replicas share, not state.
  if (a instanceof SharedLists && b instanceof SharedLists) return undefined;
  if (a instanceof Map) return b instanceof Map ? differenceOfMaps(path, a, b) : difference(path, a, b);
  if (a instanceof Set) {
    return b instanceof Set ? differenceOfSequences(path, a.size, a, b.size, b) : difference(path, a, b);
  }
  if (ArrayBuffer.isView(a)) {
    if (!ArrayBuffer.isView(b) || a.constructor !== b.constructor) return difference(path, a, b);
    const [left, right] = [a as TypedArray, b as TypedArray];
    return differenceOfSequences(path, left.length, left, right.length, right);
  }
  if (isList(a)) {
    if (!isList(b) || a.store.constructor !== b.store.constructor) return difference(path, a, b);
    if (a.store === b.store && a.length === b.length) return undefined;
    return differenceOfSequences(path, a.length, elements(a), b.length, elements(b));
  }
  if (isCollection(b)) return difference(path, a, b);
  const [left, right] = [fieldsOf(a), fieldsOf(b)];
  for (const key of Object.keys(left)) {
    if (!(key in right)) return `${path}.${key}: ${brief(left[key])} is not there`;
    const found = differenceAt(`${path}.${key}`, left[key], right[key]);
    if (found !== undefined) return found;
  }
  const more = Object.keys(right).find((key) => !(key in left));
  return more === undefined ? undefined : `${path}.${more}: not there is not ${brief(right[more])}`;
}

function differenceOfSequences(
  path: string,
  lengthOfA: number,
  a: Iterable<unknown>,
  lengthOfB: number,
  b: Iterable<unknown>,
): string | undefined {
  const others = b[Symbol.iterator]();
  let index = 0;
  for (const each of a) {
    if (index === lengthOfB) break;
    const found = differenceAt(`${path}[${index}]`, each, others.next().value);
    if (found !== undefined) return found;
    index++;
  }
  return lengthOfA === lengthOfB ? undefined : `${path}.length: ${lengthOfA} is not ${lengthOfB}`;
}

function differenceOfMaps(
  path: string,
  a: Map<unknown, unknown>,
  b: Map<unknown, unknown>,
): string | undefined {
  for (const key of a.keys()) {
    if (typeof key !== "object" && !b.has(key)) return `${path}(${brief(key)}): only on the left`;
  }
  for (const key of b.keys()) {
    if (typeof key !== "object" && !a.has(key)) return `${path}(${brief(key)}): only on the right`;
  }
  const others = b.entries();
  let index = 0;
  for (const [key, each] of a) {
    const other = others.next().value;
    if (other === undefined) break;
    const found =
      differenceAt(`${path} key ${index} in order`, key, other[0]) ??
      differenceAt(`${path}(${brief(key)})`, each, other[1]);
    if (found !== undefined) return found;
    index++;
  }
  return a.size === b.size ? undefined : `${path}.size: ${a.size} is not ${b.size}`;
}

function difference(path: string, a: unknown, b: unknown): string {
  return `${path || "the state"}: ${brief(a)} is not ${brief(b)}`;
}

function brief(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
  if (typeof value !== "object" || value === null) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value instanceof Map || value instanceof Set) return `a ${value.constructor.name} of ${value.size}`;
  if (isList(value)) return `a list of ${value.length}`;
  return `an object {${Object.keys(value).slice(0, 8).join(", ")}}`;
}

/**
 * A 32-bit hash of a state: equal states have equal digests. Different seeds give independent hashes, of which two tell
 * apart what one of 32 bits would confuse (a chance of 1 in 1,000 among 3,000 states).
 */
export function stateDigest(value: unknown, seed = 0): number {
  return finished(digestOf(value, mixed(0x9e3779b9, seed)));
}

function digestOf(value: unknown, hash: number): number {
  switch (typeof value) {
    case "number":
      return digestOfNumber(value, hash);
    case "string":
      return digestOfString(value, hash);
    case "object":
      return value === null ? mixed(hash, 3) : digestOfObject(value, hash);
    case "boolean":
      return mixed(hash, value ? 5 : 7);
    case "undefined":
      return mixed(hash, 11);
    default:
      return digestOfString(String(plain(value)), mixed(hash, 13));
  }
}

function digestOfObject(value: object, hash: number): number {
  if (Array.isArray(value)) return digestOfSequence(value, mixed(hash, 17));
  if (value instanceof Map) {
    let result = mixed(hash, 19);
    for (const [key, each] of value) result = digestOf(each, digestOf(key, result));
    return mixed(result, value.size);
  }
  if (value instanceof Set) return digestOfSequence(value, mixed(hash, 23));
  if (ArrayBuffer.isView(value)) return digestOfSequence(value as TypedArray, mixed(hash, 29));
  if (isList(value)) return digestOfSequence(elements(value), mixed(hash, 31));
  if (value instanceof SharedLists) return mixed(hash, 43);
  // A sum over the fields, each hashed on its own, does not depend on their order.
  const fields = fieldsOf(value);
  let sum = 37;
  for (const key of Object.keys(fields))
    sum = (sum + finished(digestOf(fields[key], digestOfString(key, hash)))) | 0;
  return mixed(hash, sum);
}

function digestOfSequence(values: Iterable<unknown>, hash: number): number {
  let result = hash;
  let length = 0;
  for (const each of values) {
    result = digestOf(each, result);
    length++;
  }
  return mixed(result, length);
}

const float = new DataView(new ArrayBuffer(8));

function digestOfNumber(value: number, hash: number): number {
  if (value === (value | 0)) return mixed(hash, value | 0);
  float.setFloat64(0, Number.isNaN(value) ? Number.NaN : value);
  return mixed(mixed(mixed(hash, 41), float.getInt32(0)), float.getInt32(4));
}

function digestOfString(value: string, hash: number): number {
  let result = mixed(hash, value.length ^ 0x5bd1e995);
  for (let i = 0; i < value.length; i++) result = Math.imul(result ^ value.charCodeAt(i), 0x01000193);
  return result;
}

/** One round of MurmurHash3. */
function mixed(hash: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const h = hash ^ k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

function finished(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function isList(value: object): value is IntList | List<unknown> {
  const { store } = value as { store?: unknown };
  return store instanceof IntStore || store instanceof ListStore;
}

function* elements({ length, store }: IntList | List<unknown>): Generator<unknown> {
  for (let i = 0; i < length; i++) yield store.at(i);
}

function isCollection(value: object): boolean {
  return (
    Array.isArray(value) ||
    value instanceof Map ||
    value instanceof Set ||
    ArrayBuffer.isView(value) ||
    isList(value)
  );
}

function plain(value: unknown): unknown {
  if (typeof value === "function" || typeof value === "symbol") {
    throw new TypeError(
      `a state holds plain data only; found a ${typeof value} (${String(value).slice(0, 80)})`,
    );
  }
  return value;
}

function fieldsOf(value: object): Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`a state holds plain data only; found an instance of ${value.constructor.name}`);
  }
  return value as Record<string, unknown>;
}
