/** Reads an application file: everything that is wrong with it, each at its place, or an application that is ready to run. */

import type { Application } from "../../models/applications/application.ts";
import { type Finding, findingsOf } from "../findings.ts";
import { applicationFormat } from "../json-schema.ts";
import { type Problem, ScenarioError } from "../problems.ts";
import { type Path, problemAt, readSource, type Source, spanAt } from "../source.ts";
import { compileApplication } from "./compile.ts";
import { type ApplicationFields, applicationFields } from "./schema.ts";

export interface ApplicationOptions {
  /** See `compileApplication`. */
  readonly mix?: string | undefined;
  /** Variables of the application that are set instead of drawn. */
  readonly variables?: Readonly<Record<string, number>>;
}

/** A file whose form is right; what its names stand for is not looked up yet. */
export interface ReadApplication {
  readonly fields: ApplicationFields;
  readonly source: Source;
}

/** Throws a `ScenarioError` with every mistake that was found in the form of the file. */
export function readApplication(text: string, file: string): ReadApplication {
  const { source, problems } = readSource(text, file);
  if (problems.length > 0) throw new ScenarioError(problems);
  const parsed = applicationFields.safeParse(source.value);
  if (parsed.success) return { fields: parsed.data, source };
  const names = (path: Path) => applicationFormat.fieldNamesAt(path);
  const findings = findingsOf(parsed.error.issues, source.value, names);
  throw new ScenarioError(findings.map((finding) => place(source, finding)));
}

/** Throws a `ScenarioError` with every other mistake. */
export function compileRead(
  { fields, source }: ReadApplication,
  { mix, variables = {} }: ApplicationOptions,
): Application {
  const compiled = compileApplication(withSet(fields, variables), mix);
  if (!compiled.ok) throw new ScenarioError(compiled.findings.map((finding) => place(source, finding)));
  return compiled.application;
}

/** Throws a `ScenarioError` with every mistake that was found. */
export function loadApplication(text: string, file: string, options: ApplicationOptions = {}): Application {
  return compileRead(readApplication(text, file), options);
}

/** The application with some of its variables set. */
function withSet(fields: ApplicationFields, variables: Readonly<Record<string, number>>): ApplicationFields {
  const set = Object.entries(variables).map(([name, value]) => [name, { kind: "constant", value }]);
  return { ...fields, variables: { ...fields.variables, ...Object.fromEntries(set) } };
}

function place(source: Source, { path, at, message }: Finding): Problem {
  return problemAt(source, spanAt(source, path, at), shownPath(path), message);
}

const shownPath = (path: Path): string => path.join(".");
