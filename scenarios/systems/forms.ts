/** The systems that scenarios can be of: the form of their files, and how they become what models take. */

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { z } from "zod";
import { compileRead, type ReadApplication, readApplication } from "../applications/load.ts";
import type { Finding } from "../findings.ts";
import { type Format, runtimeFormat, scenarioFormat } from "../json-schema.ts";
import { suggestion } from "../problems.ts";
import { resolve } from "../resolve.ts";
import { resolveRuntime } from "../resolve-runtime.ts";
import { rulesBroken } from "../rules.ts";
import { runtimeRulesBroken } from "../rules-runtime.ts";
import type { AnyScenario, RuntimeScenario, Scenario } from "../scenario.ts";
import { type ScenarioFields, scenarioFields } from "../schema.ts";
import { RUNTIMES, type RuntimeFields, runtimeFields } from "../schema-runtime.ts";
import type { Path } from "../source.ts";

/** One form of scenario. `Fields`: a file that was read. */
export interface SystemForm<Fields, S extends AnyScenario> {
  readonly fields: z.ZodType<Fields>;
  readonly format: Format;
  /** What is wrong between fields that are right by themselves; and if nothing is, the scenario. */
  settle(fields: Fields, file: string, written: Readonly<Record<string, unknown>>): Settled<S>;
}

export type Settled<S> =
  | { readonly findings: readonly Finding[]; readonly scenario?: undefined }
  | { readonly findings?: undefined; readonly scenario: S };

export const SYSTEMS = ["boki", ...RUNTIMES] as const;
export type SystemName = (typeof SYSTEMS)[number];

export const logForm: SystemForm<ScenarioFields, Scenario> = {
  fields: scenarioFields,
  format: scenarioFormat,
  settle(fields, file, written) {
    const findings = rulesBroken(fields);
    return findings.length > 0 ? { findings } : { scenario: resolve(fields, file, written) };
  },
};

export const runtimeForm: SystemForm<RuntimeFields, RuntimeScenario> = {
  fields: runtimeFields,
  format: runtimeFormat,
  settle(fields, file, written) {
    const read = readNamed(fields, file);
    if (!read.ok) return { findings: [{ path: ["application"], message: read.reason }] };
    const unknown = namesUnknown(fields, read.application.fields);
    if (unknown.length > 0) return { findings: unknown };
    const { variables } = fields;
    const applications = fields.workload.map(({ mix }) => compileRead(read.application, { mix, variables }));
    const findings = runtimeRulesBroken(fields, applications[0]!);
    return findings.length > 0
      ? { findings }
      : { scenario: resolveRuntime(fields, applications, file, written) };
  },
};

/** The application that a scenario names. What is wrong in its file is said at its place there. */
function readNamed(
  { application }: RuntimeFields,
  file: string,
): { ok: true; application: ReadApplication } | { ok: false; reason: string } {
  const path = join(dirname(file), application);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code = String(error) } = error as { code?: string };
    const reason = code === "ENOENT" ? "there is no such file" : `it cannot be read (${code})`;
    return { ok: false, reason: `found "${application}"; ${reason}: ${path}` };
  }
  return { ok: true, application: readApplication(text, path) };
}

/** What a scenario says of its application that the application does not have. */
function namesUnknown(
  { variables, workload }: RuntimeFields,
  application: ReadApplication["fields"],
): Finding[] {
  const related: readonly Path[] = [["application"]];
  const names = Object.keys(application.variables);
  const mixes = Object.keys(application.mixes);
  const ofVariables = Object.keys(variables).flatMap((name): Finding[] => {
    if (names.includes(name)) return [];
    const message = `the application has no variable "${name}"${suggestion(name, names, "it has")}`;
    return [{ path: ["variables", name], at: "key", related, message }];
  });
  const ofMixes = workload.flatMap(({ mix }, i): Finding[] => {
    if (mix === undefined) {
      const message = `the application has several mixes; "mix" says which is meant: ${mixes.join(", ")}`;
      return mixes.length > 1 ? [{ path: ["workload", i], related, message }] : [];
    }
    if (mixes.includes(mix)) return [];
    const message = `the application has no mix "${mix}"${suggestion(mix, mixes, "it has")}`;
    return [{ path: ["workload", i, "mix"], related, message }];
  });
  return [...ofVariables, ...ofMixes];
}
