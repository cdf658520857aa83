/** The operations of a cell, and what is to be known of them. */

import { canonical } from "../canonical.ts";
import type { Operation } from "../history.ts";

export type CellOperation = "read" | "write" | "cas" | "append" | "delete";

/** What a compare-and-set expects and sets; written `{from, to}` or `[from, to]`. */
export function expectationOf({ input }: Operation): { readonly from: unknown; readonly to: unknown } {
  return Array.isArray(input) ? { from: input[0], to: input[1] } : (input as { from: unknown; to: unknown });
}

/** Whether it set the value, as far as the client was told. A compare-and-set without an output did. */
export const matched = ({ output }: Operation): boolean => output !== false;

export function isReadOnly(kind: CellOperation, operation: Operation): boolean {
  if (kind === "read") return true;
  if (kind !== "cas") return false;
  const { from, to } = expectationOf(operation);
  return !matched(operation) || canonical(from) === canonical(to);
}
