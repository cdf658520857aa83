/** Checks the content of a scenario against the format, and says in our own words what is wrong. */

import type { z } from "zod";
import { fieldNamesAt, substituteAt, withDefaults } from "./json-schema.ts";
import { shown, suggestion } from "./problems.ts";
import { resolve } from "./resolve.ts";
import { rulesBroken } from "./rules.ts";
import type { Scenario } from "./scenario.ts";
import { scenarioFields } from "./schema.ts";
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

export type Checked =
  | { readonly ok: true; readonly scenario: Scenario }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** Either the scenario that the content stands for, or everything that is wrong with it. Variants are not looked into. */
export function check(content: Readonly<Record<string, unknown>>, file: string): Checked {
  const parsed = scenarioFields.safeParse(content);
  if (parsed.success) {
    const findings = rulesBroken(parsed.data);
    if (findings.length > 0) return { ok: false, findings };
    const written = withDefaults(content) as Record<string, unknown>;
    return { ok: true, scenario: resolve(parsed.data, file, written) };
  }
  const findings = parsed.error.issues.flatMap((issue) => findingsOf(issue, [], content));
  return { ok: false, findings: [...findings, ...rulesBrokenElsewhere(content, findings)] };
}

/**
 * Rules between fields that are right by themselves: those that are wrong or missing are taken to have their defaults, or
 * any value where they have none. Nothing is said of them again.
 */
function rulesBrokenElsewhere(content: object, findings: readonly Finding[]): Finding[] {
  const rest = structuredClone(content);
  for (const { path } of findings) replace(rest, path, substituteAt(path));
  const parsed = scenarioFields.safeParse(rest);
  if (!parsed.success) return [];
  return rulesBroken(parsed.data).filter(({ path, related = [] }) =>
    [path, ...related].every((each) => findings.every((finding) => !overlap(each, finding.path))),
  );
}

function replace(content: object, path: Path, value: unknown): void {
  const parent = valueAt(content, path.slice(0, -1));
  if (typeof parent !== "object" || parent === null || Array.isArray(parent)) return;
  const name = String(path.at(-1));
  if (value === undefined) delete (parent as Record<string, unknown>)[name];
  else (parent as Record<string, unknown>)[name] = value;
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

function findingsOf(issue: Issue, base: Path, content: unknown): Finding[] {
  const path = [...base, ...(issue.path as (string | number)[])];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        path: [...path, key],
        at: "key",
        message: `unknown field${suggestion(key, fieldNamesAt(path))}`,
      }));
    case "invalid_union":
      return findingsOfUnion(issue.errors, path, content);
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
function findingsOfUnion(branches: readonly Issue[][], path: Path, content: unknown): Finding[] {
  const fitting = branches.filter((issues) =>
    issues.every(({ code, path: within }) => code !== "invalid_type" || within.length > 0),
  );
  const found = valueAt(content, path);
  const meant = typeof found === "object" ? fitting.at(-1) : fitting[0];
  if (meant === undefined)
    return [{ path, message: `found ${shown(found)}, which is neither a mapping nor a list` }];
  return meant.flatMap((issue) => findingsOf(issue, path, content));
}
