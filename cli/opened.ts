/** A run that is to be had again: of a result, or of a scenario. */

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ScenarioResult } from "../scenarios/result.ts";
import type { AnyScenario } from "../scenarios/scenario.ts";
import { scenarioFile } from "./scenario-file.ts";
import { InputError, type Services } from "./services.ts";

export interface OpenedRun {
  readonly scenario: AnyScenario;
  /** Where a result was given, and nothing was changed. */
  readonly result: ScenarioResult | undefined;
}

/** Reads a result, and with it the scenario that it came from, or a scenario. */
export async function openRun(
  services: Services,
  name: string,
  { set = [], seed }: { readonly set?: readonly string[] | undefined; readonly seed?: number | undefined },
): Promise<OpenedRun> {
  const [{ loadAny }, { ScenarioError }] = await Promise.all([
    import("../scenarios/load.ts"),
    import("../scenarios/problems.ts"),
  ]);
  const path = (await isDirectory(name)) ? join(name, "result.json") : name;
  const file = await scenarioFile(services, path);
  const text = await readFile(file, "utf8");
  try {
    if (!text.trimStart().startsWith("{")) {
      const scenario = loadAny(text, file, { set, ...(seed !== undefined && { seed }) });
      return { scenario, result: undefined };
    }
    if (set.length > 0 || seed !== undefined) {
      throw new InputError(
        `${name} is a result, and a result is of one scenario: --set and --seed are for scenarios`,
      );
    }
    const result = resultOf(text, file);
    return { scenario: loadAny(result.source!.text, result.file, result.source!), result };
  } catch (error) {
    if (error instanceof ScenarioError) throw new InputError(error.message);
    throw error;
  }
}

function resultOf(text: string, file: string): ScenarioResult {
  let result: Partial<ScenarioResult>;
  try {
    result = JSON.parse(text) as Partial<ScenarioResult>;
  } catch (error) {
    throw new InputError(`${file} is not JSON: ${(error as Error).message}`);
  }
  if (result.format !== "bokisim-result-1" || !Array.isArray(result.variants)) {
    throw new InputError(
      `${file} is not the result.json of a run: its format is ${JSON.stringify(result.format)}`,
    );
  }
  if (result.source === undefined) {
    throw new InputError(`${file} does not hold its scenario, as results of earlier versions; run it again`);
  }
  return result as ScenarioResult;
}

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
