/** What is wrong with the content of a file, by the paths of its fields; loaders tie it to places in the text. */

import type { z } from "zod";
import { shown, suggestion } from "./problems.ts";
import type { Path } from "./source.ts";

/** A mistake in the content, not yet tied to a place in the file. */
export interface Finding {
  readonly path: Path;
  /** Other fields that the mistake depends on; it is shown at the one that was set last. */
  readonly related?: readonly Path[];
  /** What to point at, where that is the name of the field and not its value. */
  readonly at?: "key";
  readonly message: string;
}

/** Whether one path leads to or into the other. */
export function overlap(a: Path, b: Path): boolean {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function valueAt(content: unknown, path: Path): unknown {
  let value = content;
  for (const step of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

type Issue = z.core.$ZodIssue;
/** Names of the fields that the mapping at a path may have. */
type FieldNames = (path: Path) => readonly string[];

/** What a format finds wrong with content, in our own words. */
export function findingsOf(issues: readonly Issue[], content: unknown, names: FieldNames): Finding[] {
  return issues.flatMap((issue) => findingsOfIssue(issue, [], content, names));
}

function findingsOfIssue(issue: Issue, base: Path, content: unknown, names: FieldNames): Finding[] {
  const path = [...base, ...(issue.path as (string | number)[])];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        path: [...path, key],
        at: "key",
        message: `unknown field${suggestion(key, names(path))}`,
      }));
    case "invalid_union":
      return findingsOfUnion(issue.errors, path, content, names);
    case "invalid_type": {
      const found = valueAt(content, path);
      const wanted = issue.expected === "array" ? "a list" : "a mapping of fields";
      return [
        {
          path,
          message:
            found === undefined
              ? `is missing; it is ${wanted}`
              : `found ${shown(found)}, which is not ${wanted}`,
        },
      ];
    }
    default:
      return [{ path, message: issue.message }];
  }
}

/** Speaks of the alternative that was meant: the mapping where a mapping was found. */
function findingsOfUnion(
  branches: readonly Issue[][],
  path: Path,
  content: unknown,
  names: FieldNames,
): Finding[] {
  const fitting = branches.filter((issues) =>
    issues.every(({ code, path: within }) => code !== "invalid_type" || within.length > 0),
  );
  const found = valueAt(content, path);
  const meant = typeof found === "object" ? fitting.at(-1) : fitting[0];
  if (meant === undefined)
    return [{ path, message: `found ${shown(found)}, which is neither a mapping nor a list` }];
  return meant.flatMap((issue) => findingsOfIssue(issue, path, content, names));
}
