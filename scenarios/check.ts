/** Checks the content of a scenario against the format, and says in our own words what is wrong. */

import { type Finding, findingsOf, overlap, valueAt } from "./findings.ts";
import { scenarioFormat } from "./json-schema.ts";
import { resolve } from "./resolve.ts";
import { rulesBroken } from "./rules.ts";
import type { Scenario } from "./scenario.ts";
import { scenarioFields } from "./schema.ts";
import type { Path } from "./source.ts";

export type Checked =
  | { readonly ok: true; readonly scenario: Scenario }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** Either the scenario that the content stands for, or everything that is wrong with it. Variants are not looked into. */
export function check(content: Readonly<Record<string, unknown>>, file: string): Checked {
  const parsed = scenarioFields.safeParse(content);
  if (parsed.success) {
    const findings = rulesBroken(parsed.data);
    if (findings.length > 0) return { ok: false, findings };
    const written = scenarioFormat.withDefaults(content) as Record<string, unknown>;
    return { ok: true, scenario: resolve(parsed.data, file, written) };
  }
  const findings = findingsOf(parsed.error.issues, content, scenarioFormat.fieldNamesAt);
  return { ok: false, findings: [...findings, ...rulesBrokenElsewhere(content, findings)] };
}

/**
 * Rules between fields that are right by themselves: those that are wrong or missing are taken to have their defaults, or
 * any value where they have none. Nothing is said of them again.
 */
function rulesBrokenElsewhere(content: object, findings: readonly Finding[]): Finding[] {
  const rest = structuredClone(content);
  for (const { path } of findings) replace(rest, path, scenarioFormat.substituteAt(path));
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
