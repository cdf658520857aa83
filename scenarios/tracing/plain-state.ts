/**
 * The state of a machine as data that can be shown, and what differs between two: objects, lists and primitives only. The kernel's structures
 * (sim/structures) appear as what they hold.
 */

import { entries, type GrowMap } from "../../sim/structures/grow-map.ts";
import { type IntList, IntStore, slice as sliceOfInts } from "../../sim/structures/int-list.ts";
import { type List, ListStore, slice } from "../../sim/structures/list.ts";

/** Keys of maps as text; sets and lists as lists. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

/** As Immer writes changes: what to do at a path. */
export interface Patch {
  readonly op: "add" | "remove" | "replace";
  readonly path: readonly (string | number)[];
  /** Absent where something was removed. */
  readonly value?: Plain;
  /** What was there; absent where something was added. */
  readonly was?: Plain;
}

/** A copy: it does not change when the state does. */
export function plainOf(value: unknown): Plain {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      // JSON has neither, and a state may: a timer that never comes.
      return Number.isFinite(value) ? value : String(value);
    case "undefined":
      return null;
    case "object":
      return value === null ? null : plainObject(value);
    default:
      return `(${typeof value})`;
  }
}

function plainObject(value: object): Plain {
  if (Array.isArray(value)) return value.map(plainOf);
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array);
  if (value instanceof Map) return named(value);
  if (value instanceof Set) return [...value].map(plainOf);
  const fields = value as Readonly<Record<string, unknown>>;
  const { store, root, size } = fields;
  if (store instanceof ListStore) return slice(value as List<unknown>).map(plainOf);
  if (store instanceof IntStore) return sliceOfInts(value as IntList);
  if (typeof size === "number" && (root instanceof Map || Array.isArray(root))) {
    // Their order is that of hashes.
    return named([...entries(value as GrowMap<string, unknown>)].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype !== Object.prototype && prototype !== null) return `(${value.constructor.name})`;
  return named(Object.entries(fields).filter(([, each]) => each !== undefined));
}

const named = (pairs: Iterable<readonly [unknown, unknown]>): Plain =>
  Object.fromEntries([...pairs].map(([key, each]) => [keyText(key), plainOf(each)]));

const keyText = (key: unknown): string => (typeof key === "object" ? JSON.stringify(key) : String(key));

/** What makes one state of the other when it is done one after the other. Lists are compared by position. */
export function patchesBetween(before: Plain, after: Plain): Patch[] {
  const patches: Patch[] = [];
  collect(before, after, [], patches);
  return patches;
}

function collect(before: Plain, after: Plain, path: readonly (string | number)[], patches: Patch[]): void {
  if (before === after) return;
  if (isList(before) && isList(after)) {
    for (let i = 0; i < after.length; i++) each(i, before[i], after[i], path, patches);
    // From the end, so that nothing moves up before it is removed.
    for (let i = before.length - 1; i >= after.length; i--) each(i, before[i], undefined, path, patches);
    return;
  }
  if (isObject(before) && isObject(after)) {
    for (const key of Object.keys(before)) each(key, before[key], after[key], path, patches);
    for (const key of Object.keys(after)) {
      if (!Object.hasOwn(before, key)) each(key, undefined, after[key], path, patches);
    }
    return;
  }
  patches.push({ op: "replace", path, value: after, was: before });
}

function each(
  key: string | number,
  before: Plain | undefined,
  after: Plain | undefined,
  path: readonly (string | number)[],
  patches: Patch[],
): void {
  const at = [...path, key];
  if (before === undefined) patches.push({ op: "add", path: at, value: after! });
  else if (after === undefined) patches.push({ op: "remove", path: at, was: before });
  else collect(before, after, at, patches);
}

const isList = (value: Plain): value is readonly Plain[] => Array.isArray(value);
const isObject = (value: Plain): value is { readonly [key: string]: Plain } =>
  typeof value === "object" && value !== null && !Array.isArray(value);
