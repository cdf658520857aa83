/** Checks the content of a scenario against the format of its system, and says in our own words what is wrong. */

import { type Finding, findingsOf, overlap, valueAt } from "./findings.ts";
import type { AnyScenario } from "./scenario.ts";
import type { Path } from "./source.ts";
import type { SystemForm } from "./systems/forms.ts";

export type Checked<S> =
  | { readonly ok: true; readonly scenario: S }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** Either the scenario that the content stands for, or everything that is wrong with it. Variants are not looked into. */
export function check<Fields, S extends AnyScenario>(
  form: SystemForm<Fields, S>,
  content: Readonly<Record<string, unknown>>,
  file: string,
): Checked<S> {
  const parsed = form.fields.safeParse(content);
  if (parsed.success) {
    const written = form.format.withDefaults(content) as Record<string, unknown>;
    const { findings, scenario } = form.settle(parsed.data, file, written);
    return scenario === undefined ? { ok: false, findings: findings! } : { ok: true, scenario };
  }
  const findings = findingsOf(parsed.error.issues, content, form.format.fieldNamesAt);
  return { ok: false, findings: [...findings, ...rulesBrokenElsewhere(form, content, file, findings)] };
}

/**
 * Rules between fields that are right by themselves: those that are wrong or missing are taken to have their defaults, or
 * any value where they have none. Nothing is said of them again.
 */
function rulesBrokenElsewhere<Fields, S extends AnyScenario>(
  { fields, format, settle }: SystemForm<Fields, S>,
  content: Readonly<Record<string, unknown>>,
  file: string,
  findings: readonly Finding[],
): Finding[] {
  const rest = structuredClone(content);
  for (const { path } of findings) replace(rest, path, format.substituteAt(path));
  const parsed = fields.safeParse(rest);
  if (!parsed.success) return [];
  const { findings: broken = [] } = settle(parsed.data, file, {});
  return broken.filter(({ path, related = [] }) =>
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
