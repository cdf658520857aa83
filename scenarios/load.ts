/** Reads a scenario file: everything that is wrong with it, each at its place, or a scenario that is ready to run. */

import { type Checked, check } from "./check.ts";
import { type Finding, overlap, valueAt } from "./findings.ts";
import { type Problem, ScenarioError, shown, suggestion } from "./problems.ts";
import type { AnyScenario, Scenario, VariantOf } from "./scenario.ts";
import { RUNTIMES } from "./schema-runtime.ts";
import { applySetting, readSetting } from "./settings.ts";
import { keyOf, type Path, problemAt, readSource, type Source, spanAt } from "./source.ts";
import { logForm, runtimeForm, SYSTEMS, type SystemForm } from "./systems/forms.ts";
import { countVariants, planVariants, VARIANTS_MAX, type VariantPlan } from "./variants.ts";

export interface Overrides {
  /** `path=value`, as on the command line; the last one counts. */
  readonly set: readonly string[];
  readonly seed?: number;
}

/** A field that was set after the file was read. */
interface Override {
  readonly path: Path;
  /** The command line's text, or the place in the file of a variant's setting. */
  readonly origin: { readonly text: string } | { readonly at: Path };
}

/** A scenario of the log. Throws a `ScenarioError` with every mistake that was found, and nothing else. */
export function loadScenario(text: string, file: string, overrides: Overrides = { set: [] }): Scenario {
  return load(text, file, overrides, () => logForm);
}

/** A scenario of whatever system the file names. Throws as `loadScenario` does. */
export function loadAny(text: string, file: string, overrides: Overrides = { set: [] }): AnyScenario {
  return load<AnyScenario>(text, file, overrides, formOf);
}

/** The form that a file has to have, by its `system`; undefined: there is no such system. */
function formOf({ system = "boki" }: Readonly<Record<string, unknown>>): AnyForm<AnyScenario> | undefined {
  if (system === "boki") return logForm;
  return (RUNTIMES as readonly unknown[]).includes(system) ? runtimeForm : undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: what a form reads is its own business.
type AnyForm<S extends AnyScenario> = SystemForm<any, S>;
type FormOf<S extends AnyScenario> = (content: Readonly<Record<string, unknown>>) => AnyForm<S> | undefined;

function load<S extends AnyScenario>(text: string, file: string, overrides: Overrides, form: FormOf<S>): S {
  const { source, problems } = readSource(text, file);
  if (problems.length > 0) throw new ScenarioError(problems);
  const loader = new Loader(source, form);
  const content = loader.applyCommandLine(overrides);
  const scenario = loader.checkBase(content);
  const variants = loader.checkVariants(content);
  if (loader.problems.length > 0 || scenario === undefined) throw new ScenarioError(loader.problems);
  return { ...scenario, variants, source: { text, ...overrides } };
}

/** The mistakes found so far, and what is needed to place the next. */
class Loader<S extends AnyScenario> {
  readonly problems: Problem[] = [];
  private readonly source: Source;
  private readonly form: FormOf<S>;
  private readonly commandLine: Override[] = [];
  /** Mistakes of the base, which its variants repeat. */
  private readonly known = new Set<string>();

  constructor(source: Source, form: FormOf<S>) {
    this.source = source;
    this.form = form;
  }

  private check(content: Readonly<Record<string, unknown>>): Checked<S> {
    const form = this.form(content);
    if (form !== undefined) return check(form, content, this.source.file);
    const found = content.system;
    const near =
      typeof found === "string"
        ? suggestion(found, SYSTEMS, "there are")
        : `; there are ${SYSTEMS.join(", ")}`;
    return {
      ok: false,
      findings: [{ path: ["system"], message: `found ${shown(found)}, which is no system${near}` }],
    };
  }

  /** The file's content with the command line's settings. */
  applyCommandLine({ set, seed }: Overrides): Record<string, unknown> {
    const content = structuredClone(this.source.value);
    if (seed !== undefined) {
      content.seed = seed;
      this.commandLine.push({ path: ["seed"], origin: { text: `--seed ${seed}` } });
    }
    for (const each of set) {
      const text = `--set ${each}`;
      const setting = readSetting(each);
      const applied = setting.ok ? applySetting(content, setting.path, setting.value) : setting;
      if (applied.ok) this.commandLine.push({ path: applied.path, origin: { text } });
      else this.problems.push({ where: text, path: "", message: applied.reason });
    }
    return content;
  }

  checkBase(content: Record<string, unknown>): S | undefined {
    const checked = this.check(content);
    if (checked.ok) return checked.scenario;
    for (const finding of checked.findings) {
      this.known.add(identity(finding));
      this.problems.push(this.place(finding, content, this.commandLine));
    }
    return undefined;
  }

  checkVariants(content: Record<string, unknown>): VariantOf<S>[] {
    // What is wrong with the lists themselves has been said.
    if ([...this.known].some((each) => /^\["(variants|sweep)"/.test(each))) return [];
    const count = countVariants(content);
    if (count > VARIANTS_MAX) {
      const message = `found ${count} variants, all combinations counted; at most ${VARIANTS_MAX} make sense`;
      this.problems.push(this.place({ path: ["sweep"], message }, content, this.commandLine));
      return [];
    }
    const plans = planVariants(content);
    this.checkNames(content, plans);
    this.checkOverlap(content, plans);
    const { variants: _, sweep: __, ...base } = content;
    return plans.flatMap((plan) => this.checkVariant(base, plan));
  }

  private checkVariant(base: Readonly<Record<string, unknown>>, plan: VariantPlan): VariantOf<S>[] {
    const content = structuredClone(base);
    const overrides = [...this.commandLine];
    const before = this.problems.length;
    for (const { dotted, value, at } of plan.settings) {
      const applied = /^(variants|sweep|name)\b/.test(dotted)
        ? { ok: false as const, reason: `a variant cannot change ${dotted}` }
        : applySetting(content, dotted, value);
      if (applied.ok) overrides.push({ path: applied.path, origin: { at } });
      else this.add(this.place({ path: at, at: "key", message: applied.reason }, this.source.value, []));
    }
    if (this.problems.length > before) return [];
    const checked = this.check(content);
    if (checked.ok) {
      const settings = Object.fromEntries(plan.settings.map(({ dotted, value }) => [dotted, value]));
      return [{ name: plan.name, settings, scenario: checked.scenario }];
    }
    for (const finding of checked.findings) {
      if (this.known.has(identity(finding))) continue;
      const inVariant = { ...finding, message: `${finding.message} [variant "${plan.name}"]` };
      this.add(this.place(inVariant, content, overrides, plan.at));
    }
    return [];
  }

  /** Results are filed under the names. */
  private checkNames(content: unknown, plans: readonly VariantPlan[]): void {
    const seen = new Set<string>();
    for (const { name, at } of plans) {
      const message = `found the name "${name}", which another variant has too`;
      if (seen.has(name)) this.add(this.place({ path: at, message }, content, this.commandLine));
      seen.add(name);
    }
  }

  /** A field that every variant sets itself cannot be set for all of them: the user would see no effect. */
  private checkOverlap(content: Readonly<Record<string, unknown>>, plans: readonly VariantPlan[]): void {
    if (plans.length === 0) return;
    for (const { path, origin } of this.commandLine) {
      const everywhere = plans.every(({ settings }) =>
        settings.some(({ dotted }) => {
          const applied = applySetting(structuredClone(content), dotted, undefined);
          return applied.ok && applied.path.length <= path.length && overlap(applied.path, path);
        }),
      );
      if (!everywhere) continue;
      const where = "text" in origin ? origin.text : this.source.file;
      const message = "has no effect, because every variant of the scenario sets this field itself";
      this.problems.push({ where, path: this.shownPath(path, content), message });
    }
  }

  /** A sweep may make the same mistake at one place many times. */
  private add(problem: Problem): void {
    const same = (other: Problem): boolean =>
      other.line === problem.line && other.column === problem.column && other.path === problem.path;
    if (!this.problems.some((other) => problem.line !== undefined && same(other)))
      this.problems.push(problem);
  }

  /** Ties a mistake to the setting that made it, or to its field in the file. */
  private place(
    finding: Finding,
    content: unknown,
    overrides: readonly Override[],
    otherwise?: Path,
  ): Problem {
    const { path, related = [], message } = finding;
    const paths = [path, ...related];
    const field = this.shownPath(path, content);
    const guilty = overrides.findLast((each) => paths.some((one) => overlap(each.path, one)));
    if (guilty !== undefined && "text" in guilty.origin)
      return { where: guilty.origin.text, path: field, message };
    const given = paths.find((each) => this.source.places.has(keyOf(each)));
    const at =
      guilty !== undefined && "at" in guilty.origin ? guilty.origin.at : (otherwise ?? given ?? path);
    // The variant itself may come from the command line.
    const lists = this.commandLine.filter(({ path: [first] }) => first === "variants" || first === "sweep");
    const list = lists.findLast((each) => overlap(each.path, at));
    if (list !== undefined && "text" in list.origin) return { where: list.origin.text, path: field, message };
    return problemAt(this.source, spanAt(this.source, at, finding.at), field, message);
  }

  /** The path as `--set` takes it, entries of a list by their names. */
  private shownPath(path: Path, content: unknown): string {
    return path
      .map((step, i) => {
        const name =
          typeof step === "number" ? valueAt(content, [...path.slice(0, i + 1), "name"]) : undefined;
        return typeof name === "string" ? name : step;
      })
      .join(".");
  }
}

function identity({ path, message }: Finding): string {
  return `${keyOf(path)} ${message}`;
}
