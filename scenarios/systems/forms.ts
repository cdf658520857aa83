/** The systems that scenarios can be of: the form of their files, and how they become what models take. */

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { z } from "zod";
import type { Application } from "../../models/applications/application.ts";
import { loadApplication } from "../applications/load.ts";
import type { Finding } from "../findings.ts";
import { type Format, runtimeFormat, scenarioFormat } from "../json-schema.ts";
import { resolve } from "../resolve.ts";
import { resolveRuntime } from "../resolve-runtime.ts";
import { rulesBroken } from "../rules.ts";
import { runtimeRulesBroken } from "../rules-runtime.ts";
import type { AnyScenario, RuntimeScenario, Scenario } from "../scenario.ts";
import { type ScenarioFields, scenarioFields } from "../schema.ts";
import { RUNTIMES, type RuntimeFields, runtimeFields } from "../schema-runtime.ts";

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
    const read = readApplications(fields, file);
    if (!read.ok) return { findings: [{ path: ["application"], message: read.reason }] };
    const findings = runtimeRulesBroken(fields, read.applications[0]!);
    return findings.length > 0
      ? { findings }
      : { scenario: resolveRuntime(fields, read.applications, file, written) };
  },
};

/** The application of each workload, with its mix. What is wrong in its file is said at its place there. */
function readApplications(
  { application, variables, workload }: RuntimeFields,
  file: string,
): { ok: true; applications: Application[] } | { ok: false; reason: string } {
  const path = join(dirname(file), application);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code = String(error) } = error as { code?: string };
    const reason = code === "ENOENT" ? "there is no such file" : `it cannot be read (${code})`;
    return { ok: false, reason: `found "${application}"; ${reason}: ${path}` };
  }
  return {
    ok: true,
    applications: workload.map(({ mix }) => loadApplication(text, path, { mix, variables })),
  };
}
