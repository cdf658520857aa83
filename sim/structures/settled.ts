/**
 * Handing a value out of Immer's sight. A draft dies when its step ends, so what a store keeps must hold none; and as
 * nothing else would freeze it there, it is frozen here, so that a later change fails in checked mode.
 */

import { current, freeze, isDraft, isDraftable } from "immer";

/** The value without drafts in it, frozen. New objects are changed in place, drafts replaced by what they stand for. */
export function settled<T>(value: T): T {
  return value === null || typeof value !== "object" ? value : freeze(withoutDrafts(value), true);
}

function withoutDrafts<T>(value: T): T {
  if (value === null || typeof value !== "object") return value;
  if (isDraft(value)) return current(value as object) as T;
  if (!isDraftable(value) || Object.isFrozen(value)) return value;
  if (value instanceof Map) {
    for (const [key, each] of value) value.set(key, withoutDrafts(each));
  } else if (value instanceof Set) {
    const members = [...value];
    value.clear();
    for (const each of members) value.add(withoutDrafts(each));
  } else {
    const fields = value as Record<string, unknown>;
    for (const key of Object.keys(fields)) fields[key] = withoutDrafts(fields[key]);
  }
  return value;
}
