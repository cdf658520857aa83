/** Finds the scenario that the user means: a path, or a name of the catalogue. */

import { readFile, stat } from "node:fs/promises";
import { relative } from "node:path";
import { closest, distance } from "fastest-levenshtein";
import { isCaseText } from "../scenarios/campaign/case-text.ts";
import type { Overrides } from "../scenarios/load.ts";
import { InputError, type LoadedScenario, type Services } from "./services.ts";

/** Reads and checks the scenario that `name` stands for. */
export async function openScenario(
  services: Services,
  name: string,
  options: Overrides,
): Promise<LoadedScenario> {
  const file = await scenarioFile(services, name);
  return services.load(await readFile(file, "utf8"), file, options);
}

/** The text of a case that a campaign wrote; undefined for a scenario. */
export async function textOfCase(services: Services, name: string): Promise<string | undefined> {
  const text = await readFile(await scenarioFile(services, name), "utf8");
  return isCaseText(text) ? text : undefined;
}

/** The path of the file that `name` stands for. */
export async function scenarioFile(services: Services, name: string): Promise<string> {
  if (await isFile(name)) return name;
  const catalogue = await services.catalogue();
  const entry = catalogue.find((each) => each.name === name);
  // Relative, so that a result does not tell where bokisim is installed.
  if (entry !== undefined) return relative(process.cwd(), entry.file);
  const names = catalogue.map((each) => each.name);
  throw new InputError(
    `${name}: no such file, and no scenario of the catalogue has this name${suggestion(name, names)}\n` +
      "`bokisim list` shows the catalogue.",
  );
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/** Names the nearest name when it is near enough to be a typo. */
function suggestion(name: string, names: readonly string[]): string {
  if (names.length === 0) return "";
  const wanted = name.replace(/^.*\//, "").replace(/\.ya?ml$/, "");
  const nearest = closest(wanted, names);
  return distance(wanted, nearest) <= Math.max(2, wanted.length / 3) ? `; did you mean ${nearest}?` : "";
}
