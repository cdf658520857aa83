/** Reads an application file: everything that is wrong with it, each at its place, or an application that is ready to run. */

import type { Application } from "../../models/applications/application.ts";
import { type Finding, findingsOf } from "../findings.ts";
import { applicationFormat } from "../json-schema.ts";
import { type Problem, ScenarioError, suggestion } from "../problems.ts";
import { type Path, problemAt, readSource, type Source, spanAt } from "../source.ts";
import { compileApplication } from "./compile.ts";
import { type ApplicationFields, applicationFields } from "./schema.ts";

export interface ApplicationOptions {
  /** See `compileApplication`. */
  readonly mix?: string | undefined;
  /** Variables that are set instead of drawn. */
  readonly variables?: Readonly<Record<string, number>>;
}

/** Throws a `ScenarioError` with every mistake that was found. */
export function loadApplication(
  text: string,
  file: string,
  { mix, variables = {} }: ApplicationOptions = {},
): Application {
  const { source, problems } = readSource(text, file);
  if (problems.length > 0) throw new ScenarioError(problems);
  const parsed = applicationFields.safeParse(source.value);
  const findings = parsed.success
    ? undefined
    : findingsOf(parsed.error.issues, source.value, (path) => applicationFormat.fieldNamesAt(path));
  if (findings !== undefined) throw new ScenarioError(findings.map((finding) => place(source, finding)));
  const fields = parsed.data!;
  const set = setVariables(fields, variables);
  const compiled = set.ok ? compileApplication(set.fields, mix) : set;
  if (!compiled.ok) throw new ScenarioError(compiled.findings.map((finding) => place(source, finding)));
  return compiled.application;
}

/** The application with some variables set; those have to be among its own. */
function setVariables(
  fields: ApplicationFields,
  variables: Readonly<Record<string, number>>,
): { ok: true; fields: ApplicationFields } | { ok: false; findings: Finding[] } {
  const names = Object.keys(fields.variables);
  const findings = Object.keys(variables).flatMap((name): Finding[] =>
    names.includes(name)
      ? []
      : [
          {
            path: ["variables"],
            message: `there is no variable "${name}" that a scenario could set${suggestion(name, names, "there are")}`,
          },
        ],
  );
  if (findings.length > 0) return { ok: false, findings };
  const set = Object.entries(variables).map(([name, value]) => [name, { kind: "constant", value }]);
  return { ok: true, fields: { ...fields, variables: { ...fields.variables, ...Object.fromEntries(set) } } };
}

function place(source: Source, { path, at, message }: Finding): Problem {
  return problemAt(source, spanAt(source, path, at), shownPath(path), message);
}

const shownPath = (path: Path): string => path.join(".");
