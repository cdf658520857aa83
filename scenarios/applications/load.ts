/** Reads an application file: everything that is wrong with it, each at its place, or an application that is ready to run. */

import { z } from "zod";
import type { Application } from "../../models/applications/application.ts";
import { type Finding, findingsOf } from "../findings.ts";
import { createFormat } from "../json-schema.ts";
import { type Problem, ScenarioError } from "../problems.ts";
import { type Path, problemAt, readSource, type Source, spanAt } from "../source.ts";
import { compileApplication } from "./compile.ts";
import { applicationFields } from "./schema.ts";

export const applicationFormat = createFormat(() => z.toJSONSchema(applicationFields, { io: "input" }));

/** Throws a `ScenarioError` with every mistake that was found. `mix`: see `compileApplication`. */
export function loadApplication(text: string, file: string, mix?: string): Application {
  const { source, problems } = readSource(text, file);
  if (problems.length > 0) throw new ScenarioError(problems);
  const parsed = applicationFields.safeParse(source.value);
  const findings = parsed.success
    ? undefined
    : findingsOf(parsed.error.issues, source.value, (path) => applicationFormat.fieldNamesAt(path));
  if (findings !== undefined) throw new ScenarioError(findings.map((finding) => place(source, finding)));
  const compiled = compileApplication(parsed.data!, mix);
  if (!compiled.ok) throw new ScenarioError(compiled.findings.map((finding) => place(source, finding)));
  return compiled.application;
}

function place(source: Source, { path, at, message }: Finding): Problem {
  return problemAt(source, spanAt(source, path, at), shownPath(path), message);
}

const shownPath = (path: Path): string => path.join(".");
